import { hasAnyCase } from '../binary.ts';
import { argument, arrays, type Implementation, texts } from '../call.ts';
import { fail, refuse } from '../scope.ts';
import { type Bag, toText, type Value } from '../values.ts';
import { parseXml } from './xml.ts';

/** Functions over text that has a structure: URLs, XML, CSV, paths, command lines, and addresses within lines. */

const mapped =
  (map: (text: string) => Value): Implementation =>
  (call) => {
    const read = texts(call, 0);
    // The same text often comes several times, for several paths into its parts.
    let last: string | undefined;
    let value: Value = null;
    return (row) => {
      const text = read(row);
      if (text !== last) {
        last = text;
        value = map(text);
      }
      return value;
    };
  };

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function queryParameters(text: string): Bag {
  const bag: Bag = Object.create(null);
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    bag[decoded(at < 0 ? pair : pair.slice(0, at))] = at < 0 ? '' : decoded(pair.slice(at + 1));
  }
  return bag;
}

const URL_PARTS =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^\s/?#@:]*)(?::([^\s/?#@]*))?@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d{1,5}))?)?([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/;

function parseUrl(text: string): Value {
  const m = URL_PARTS.exec(text);
  const part = (i: number): string => m?.[i] ?? '';
  return bagOf({
    Scheme: part(1),
    Host: part(4),
    Port: part(5),
    Path: part(6),
    Username: part(2),
    Password: part(3),
    'Query Parameters': queryParameters(part(7)),
    Fragment: part(8),
  });
}

function bagOf(values: { [key: string]: Value }): Bag {
  return Object.assign(Object.create(null), values);
}

const PATH = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:\\\\\?\\)?([A-Za-z]:)?([\s\S]*)$/;

function parsePath(text: string): Value {
  const m = PATH.exec(text);
  const [scheme, root] = [m?.[1] ?? '', m?.[2] ?? ''];
  const rest = m?.[3] ?? '';
  const cut = Math.max(rest.lastIndexOf('\\'), rest.lastIndexOf('/'));
  const directory = cut < 0 ? '' : rest.slice(0, cut);
  const [file = '', stream = ''] = splitOnce(rest.slice(cut + 1), ':');
  const dot = file.lastIndexOf('.');
  return bagOf({
    Scheme: scheme,
    RootPath: root,
    DirectoryPath: `${root}${directory}`,
    DirectoryName: directory.slice(Math.max(directory.lastIndexOf('\\'), directory.lastIndexOf('/')) + 1),
    Filename: file,
    Extension: dot < 0 ? '' : file.slice(dot + 1),
    AlternateDataStreamName: stream,
  });
}

function splitOnce(text: string, by: string): string[] {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}

/** The fields of the first record of CSV text (RFC 4180). */
function parseCsv(text: string): Value {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quoted) {
      if (c !== '"') field += c;
      else if (text.charAt(i + 1) === '"') {
        field += '"';
        i += 1;
      } else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') {
      fields.push(field);
      field = '';
    } else if (c === '\n' || c === '\r') break;
    else field += c;
  }
  fields.push(field);
  return fields;
}

/**
 * The arguments of a Windows command line by CommandLineToArgvW's rules: the program ends at its quote or at a blank;
 * after it 2n backslashes before a quote are n and the quote counts, 2n+1 are n and a literal quote.
 */
export function commandLine(text: string): string[] {
  const line = text.trimStart();
  if (line === '') return [];
  const found: string[] = [];
  let at: number;
  if (line.startsWith('"')) {
    const end = line.indexOf('"', 1);
    found.push(line.slice(1, end < 0 ? undefined : end));
    at = end < 0 ? line.length : end + 1;
  } else {
    const end = line.search(/[ \t]/);
    found.push(line.slice(0, end < 0 ? undefined : end));
    at = end < 0 ? line.length : end;
  }
  while (at < line.length) {
    while (line[at] === ' ' || line[at] === '\t') at += 1;
    if (at >= line.length) break;
    let word = '';
    let quoted = false;
    while (at < line.length) {
      const c = line.charAt(at);
      if (c === '\\') {
        let end = at;
        while (line[end] === '\\') end += 1;
        const slashes = end - at;
        if (line[end] === '"') {
          word += '\\'.repeat(slashes >> 1);
          if (slashes % 2 === 1) {
            word += '"';
            end += 1;
          }
        } else word += '\\'.repeat(slashes);
        at = end;
        continue;
      }
      if (c === '"') {
        if (quoted && line[at + 1] === '"') {
          word += '"';
          at += 2;
          continue;
        }
        quoted = !quoted;
      } else if (!quoted && (c === ' ' || c === '\t')) break;
      else word += c;
      at += 1;
    }
    found.push(word);
  }
  return found;
}

/** The valid IPv4 addresses of a text that are separated from letters and digits. */
function addressesIn(text: string): string[] {
  const found: string[] = [];
  for (const m of text.matchAll(/(?<![0-9A-Za-z.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![0-9A-Za-z]|\.\d)/g)) {
    if (m[0].split('.').every((part) => Number(part) <= 255)) found.push(m[0]);
  }
  return found;
}

const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;
const PREFIX = /^(\d{1,3}\.){1,3}$/;
const octets = (text: string): boolean => text.split('.').every((part) => Number(part) <= 255);

/** has_ipv4() and its kin: whether an address, or one that begins with a prefix, is in a text. */
const hasAddress =
  (prefix: boolean): Implementation =>
  (call) => {
    const read = texts(call, 0);
    const single = call.args.slice(1).map((a, i) => {
      const list = a.type === 'dynamic' ? arrays(call, i + 1) : undefined;
      const one = texts(call, i + 1);
      return (row: number): string[] => (list ? (list(row) ?? []).map((v) => toText(v, 'dynamic')) : [one(row)]);
    });
    return (row) => {
      const addresses = addressesIn(read(row));
      return single.some((sought) =>
        sought(row).some((s) => {
          if (ADDRESS.test(s) && octets(s)) return addresses.includes(s);
          return prefix && PREFIX.test(s) && octets(s) && addresses.some((a) => a.startsWith(s));
        }),
      );
    };
  };

export const STRUCTURED_FUNCTIONS: Record<string, Implementation> = {
  parse_url: mapped(parseUrl),
  parseurl: mapped(parseUrl),
  parse_urlquery: mapped((t) => bagOf({ 'Query Parameters': queryParameters(t.replace(/^\?/, '')) })),
  parseurlquery: mapped((t) => bagOf({ 'Query Parameters': queryParameters(t.replace(/^\?/, '')) })),
  parse_path: mapped(parsePath),
  parse_csv: mapped(parseCsv),
  parsecsv: mapped(parseCsv),
  parse_xml: mapped(parseXml),
  parsexml: mapped(parseXml),
  parse_command_line: (call) => {
    const parser = argument(call, 1).at(0);
    if (parser !== 'windows')
      fail('semantic', 'The parser of a command line must be "windows".', call.node, call.scope);
    return mapped(commandLine)(call);
  },
  has_ipv4: hasAddress(false),
  has_any_ipv4: hasAddress(false),
  has_ipv4_prefix: hasAddress(true),
  has_any_ipv4_prefix: hasAddress(true),
  has_any_index: (call) => {
    if (call.args.length !== 2) refuse('This has_any_index()', call.node, call.scope);
    const read = texts(call, 0);
    const sought = arrays(call, 1);
    return (row) => (sought(row) ?? []).findIndex((s) => hasAnyCase(read(row), toText(s, 'dynamic')));
  },
};

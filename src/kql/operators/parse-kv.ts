import { convert, regexAt, textReader } from '../call.ts';
import { type Frame, vectorOf } from '../frame.ts';
import { child, list, type Node, optional, resultColumns, simpleName } from '../language.ts';
import { constantOf, fail, refuse, type Scope, within } from '../scope.ts';
import { missing, type Value } from '../values.ts';

interface Quotes {
  pairs: readonly { open: string; close: string }[];
  escapes: ReadonlySet<string>;
}

/** The pairs of a text, in their order. */
type Pairs = (text: string) => [key: string, value: string][];

/** parse-kv: columns from the pairs of key and value of a text (Microsoft Learn, "parse-kv operator"). */
export function parseKv(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const value = scope.run.expression(child(node, 'Expression'), scope);
  // A dynamic is read as its text, as parse does.
  if (value.type !== 'string' && value.type !== 'dynamic') return refuse(`parse-kv of a ${value.type}`, node, scope);
  const text = textReader(value);
  const wanted = new Set(list(optional(child(node, 'Keys'), 'Columns')).map((c) => simpleName(child(c, 'Name'))));
  const again = input.names.find((name) => wanted.has(name));
  if (again !== undefined) {
    const message = `parse-kv would make '${again}', a column that is there already, and which of the two is kept is not documented; rename that first: | project-rename ${again}_ = ${again}`;
    fail('unsupported', message, node, scope);
  }
  const pairs = reader(node, wanted, scope);
  const found: Map<string, string>[] = [];
  for (let row = 0; row < input.length; row++) {
    const values = new Map<string, string>();
    for (const [key, v] of pairs(text(row))) {
      // The first appearance counts ("parse-kv operator", read 2026-11-30).
      if (wanted.has(key) && !values.has(key)) values.set(key, v);
    }
    found.push(values);
  }
  const columns = resultColumns(node).slice(input.names.length);
  return {
    names: [...input.names, ...columns.map((c) => c.name)],
    vectors: [
      ...input.vectors,
      ...columns.map(({ name, type }) =>
        vectorOf(
          type,
          found.map((values): Value => {
            const v = values.get(name);
            return v === undefined ? missing(type) : (convert(v, 'string', type) ?? missing(type));
          }),
        ),
      ),
    ],
    length: input.length,
    serialized: input.serialized,
  };
}

function reader(node: Node, wanted: ReadonlySet<string>, scope: Scope): Pairs {
  const options = new Map<string, Value[]>();
  for (const p of list(optional(optional(node, 'WithClause') ?? node, 'Properties'))) {
    const name = simpleName(child(p, 'Name'));
    options.set(name, [...(options.get(name) ?? []), constantOf(child(p, 'Expression'), scope).value]);
  }
  const one = (name: string): string | undefined => {
    const [v] = options.get(name) ?? [];
    return v === undefined ? undefined : String(v);
  };
  const quotes: Quotes = {
    pairs: (options.get('quote') ?? []).map((q) => {
      const [open = '', close = open] = String(q);
      return { open, close };
    }),
    escapes: new Set((options.get('escape') ?? []).map(String)),
  };
  const pattern = one('regex');
  if (pattern !== undefined) {
    const regex = regexAt(pattern, node, scope);
    return (text) => [...regex.matchAll(text)].map((m) => [m[1] ?? '', m[2] ?? '']);
  }
  const [pair, kv] = [one('pair_delimiter'), one('kv_delimiter')];
  if (pair === undefined && kv === undefined) return (text) => anyDelimiters(text, wanted, quotes, node, scope);
  if (!pair || !kv) return fail('semantic', 'parse-kv needs both delimiters, or none.', node, scope);
  const greedy = options.get('greedy')?.[0] === true;
  return (text) => delimited(text, pair, kv, greedy, quotes);
}

/** The quoted text that begins at a place, and where it ends; undefined where none begins or it is not closed. */
function quoted(text: string, at: number, quotes: Quotes): { text: string; end: number } | undefined {
  const pair = quotes.pairs.find(({ open }) => text.startsWith(open, at));
  if (!pair) return undefined;
  let out = '';
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charAt(i);
    if (quotes.escapes.has(c) && i + 1 < text.length) {
      out += text.charAt(i + 1);
      i += 1;
    } else if (c === pair.close) return { text: out, end: i + 1 };
    else out += c;
  }
  return undefined;
}

/** Splits at a delimiter outside of quotes, which begin a piece or follow another delimiter. */
function pieces(text: string, delimiter: string, other: string, quotes: Quotes): string[] {
  const out: string[] = [];
  let from = 0;
  let fresh = true;
  for (let at = 0; at < text.length; ) {
    const q = fresh ? quoted(text, at, quotes) : undefined;
    if (q) {
      at = q.end;
      fresh = false;
    } else if (text.startsWith(delimiter, at)) {
      out.push(text.slice(from, at));
      at += delimiter.length;
      from = at;
      fresh = true;
    } else if (text.startsWith(other, at)) {
      at += other.length;
      fresh = true;
    } else {
      fresh = fresh && /\s/.test(text.charAt(at));
      at += 1;
    }
  }
  return [...out, text.slice(from)];
}

function bare(text: string, quotes: Quotes): string {
  const trimmed = text.trim();
  const q = quoted(trimmed, 0, quotes);
  return q && q.end === trimmed.length ? q.text : trimmed;
}

function delimited(text: string, pair: string, kv: string, greedy: boolean, quotes: Quotes): [string, string][] {
  const found: { key: string; value: string }[] = [];
  for (const piece of pieces(text, pair, kv, quotes)) {
    const [key = '', ...values] = pieces(piece, kv, pair, quotes);
    const last = found.at(-1);
    if (values.length > 0) found.push({ key: bare(key, quotes), value: values.join(kv) });
    // What has no key of its own belongs to the value before it.
    else if (greedy && last) last.value += pair + piece;
  }
  return found.map(({ key, value }) => [key, bare(value, quotes)]);
}

/** Every character that is neither letter nor digit is a delimiter: the word after a key is its value. */
function anyDelimiters(
  text: string,
  wanted: ReadonlySet<string>,
  quotes: Quotes,
  node: Node,
  scope: Scope,
): [string, string][] {
  const found: [string, string][] = [];
  for (const key of wanted) {
    const places = wordPlaces(text, key);
    const [place] = places;
    if (place === undefined) continue;
    if (places.length > 1) refuse(`parse-kv of a text with '${key}' twice`, node, scope);
    let at = place + key.length;
    let value: string | undefined;
    while (at < text.length && value === undefined && !/[\p{L}\p{N}]/u.test(text.charAt(at))) {
      value = quoted(text, at, quotes)?.text;
      at += 1;
    }
    found.push([key, value ?? /^[\p{L}\p{N}]*/u.exec(text.slice(at))?.[0] ?? '']);
  }
  return found;
}

function wordPlaces(text: string, word: string): number[] {
  const letter = /[\p{L}\p{N}]/u;
  const places: number[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!letter.test(text.charAt(at - 1)) && !letter.test(text.charAt(at + word.length))) places.push(at);
  }
  return places;
}

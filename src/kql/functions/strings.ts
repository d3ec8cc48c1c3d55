import { createHash } from 'node:crypto';
import {
  argument,
  arrays,
  type Call,
  convert,
  counts,
  dynamics,
  type Implementation,
  reals,
  regexes,
  texts,
} from '../call.ts';
import { long } from '../longs.ts';
import { fail, refuse } from '../scope.ts';
import { isNumeric, toText, type Value } from '../values.ts';
import { xxhash64 } from './xxhash.ts';

/** The most characters one function may make out of one cell. */
const MAX_TEXT = 16_000_000;

function bounded(text: string, call: Call): string {
  if (text.length > MAX_TEXT)
    fail('limit', `${call.name}() makes more than ${MAX_TEXT} characters.`, call.node, call.scope);
  return text;
}

const mapText =
  (map: (text: string) => Value): Implementation =>
  (call) => {
    const read = texts(call, 0);
    return (row) => map(read(row));
  };

/** Characters as Kusto counts them: code points, not UTF-16 units. From before the first there is no text (kql-to-sql, as above). */
const SURROGATE = /[\ud800-\udfff]/;

function sliceCharacters(text: string, start: number, length: number | undefined): string {
  if (!SURROGATE.test(text)) {
    const from = start < 0 ? text.length + start : start;
    if (from < 0) return '';
    return text.slice(from, length === undefined ? undefined : from + Math.max(0, length));
  }
  const characters = [...text];
  const from = start < 0 ? characters.length + start : start;
  if (from < 0) return '';
  return characters.slice(from, length === undefined ? undefined : from + Math.max(0, length)).join('');
}

function countCharacters(text: string): number {
  return SURROGATE.test(text) ? [...text].length : text.length;
}

/** trim() and its kin take off the pattern once at an end, as the documentation says. */
const trim =
  (left: boolean, right: boolean): Implementation =>
  (call) => {
    const pattern = texts(call, 0);
    const read = texts(call, 1);
    const start = regexes({ ...call, args: [wrapped(call, pattern, '^(?:', ')'), ...call.args.slice(1)] }, 0);
    const end = regexes({ ...call, args: [wrapped(call, pattern, '(?:', ')$'), ...call.args.slice(1)] }, 0);
    return (row) => {
      let text = read(row);
      if (left) text = start(row).replace(text, () => '', 'first');
      if (right) text = end(row).replace(text, () => '', 'first');
      return text;
    };
  };

function wrapped(call: Call, pattern: (row: number) => string, before: string, after: string) {
  const { constant } = argument(call, 0);
  return {
    type: 'string' as const,
    constant,
    at: (row: number) => {
      const text = pattern(row);
      // An inline flag must stay in front.
      const flags = /^\(\?[imsU]+\)/.exec(text)?.[0] ?? '';
      return `${flags}${before}${text.slice(flags.length)}${after}`;
    },
  };
}

const extract: Implementation = (call) => {
  const regex = regexes(call, 0);
  const group = counts(call, 1);
  const read = texts(call, 2);
  // A fourth argument, typeof(…), is the type that the analyser gives the call.
  const type = call.type === 'dynamic' ? 'string' : call.type;
  return (row) => {
    const found = regex(row).exec(read(row));
    const text = found?.[group?.(row) ?? 0] ?? '';
    return type === 'string' ? text : text === '' ? null : convert(text, 'string', type);
  };
};

const extractAll: Implementation = (call) => {
  const regex = regexes(call, 0);
  const chosen = call.args.length > 2 ? arrays(call, 1) : undefined;
  const read = texts(call, chosen ? 2 : 1);
  return (row) => {
    const found: Value[] = [];
    const groups = chosen?.(row);
    for (const m of regex(row).matchAll(read(row))) {
      const captures = groups
        ? groups.map((g) => (typeof g === 'number' ? m[g] : m.groups?.[toText(g, 'dynamic')]) ?? '')
        : m.slice(1).map((g) => g ?? '');
      found.push(captures.length === 1 ? (captures[0] ?? '') : captures);
      if (found.length >= 100_000) break;
    }
    if (found.length === 0) return null;
    return found;
  };
};

const split: Implementation = (call) => {
  const read = texts(call, 0);
  const delimiter = texts(call, 1);
  const index = counts(call, 2);
  return (row) => {
    const by = delimiter(row);
    const text = read(row);
    const parts = by === '' ? [text] : text.split(by);
    if (!index) return parts;
    const at = index(row);
    const part = at === null ? undefined : parts[at];
    // A part that is not there is null (kql-to-sql's verdicts of Microsoft's emulator, read 2026-11-30).
    return part === undefined ? null : [part];
  };
};

const countof: Implementation = (call) => {
  const read = texts(call, 0);
  const kind = call.args.length > 2 ? texts(call, 2)(0) : 'normal';
  if (kind === 'regex') {
    const regex = regexes(call, 1);
    return (row) => {
      let found = 0;
      for (const _ of regex(row).matchAll(read(row))) found += 1;
      return found;
    };
  }
  const needle = texts(call, 1);
  // The plain kind counts overlapping occurrences.
  return (row) => {
    const text = read(row);
    const sought = needle(row);
    if (sought === '') return 0;
    let found = 0;
    for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) found += 1;
    return found;
  };
};

const indexof: Implementation = (call) => {
  const read = texts(call, 0);
  const needle = texts(call, 1);
  const start = counts(call, 2);
  const length = counts(call, 3);
  const occurrence = counts(call, 4);
  return (row) => {
    const text = read(row);
    const sought = needle(row);
    // Nothing is nowhere (kql-to-sql's verdicts of Microsoft's emulator, read 2026-11-30).
    if (sought === '') return null;
    let from = start?.(row) ?? 0;
    if (from < 0) from = Math.max(0, countCharacters(text) + from);
    const size = countCharacters(sought);
    const span = length?.(row) ?? -1;
    // The span holds for each occurrence anew, from where its search begins: so has the documentation's last example but one.
    let begin = sliceCharacters(text, 0, from).length;
    for (let left = occurrence?.(row) ?? 1; ; left--) {
      const at = text.indexOf(sought, begin);
      if (at < 0 || (span >= 0 && countCharacters(text.slice(begin, at)) + size > span)) return -1;
      if (left <= 1) return countCharacters(text.slice(0, at));
      begin = at + String.fromCodePoint(text.codePointAt(at) ?? 0).length;
    }
  };
};

const substring: Implementation = (call) => {
  const read = texts(call, 0);
  const start = counts(call, 1);
  const length = counts(call, 2);
  return (row) => {
    const from = start?.(row) ?? null;
    const size = length ? length(row) : undefined;
    if (from === null || size === null) return '';
    return sliceCharacters(read(row), from, size);
  };
};

const replaceRegex: Implementation = (call) => {
  const read = texts(call, 0);
  const regex = regexes(call, 1);
  const rewrite = texts(call, 2);
  return (row) => {
    // \1 is Kusto's word for a group; every other character of the rewrite stands for itself.
    const by = rewrite(row);
    return bounded(
      regex(row).replace(read(row), (found) =>
        by.replace(/\\(\d|\\)/g, (_, d: string) => (d === '\\' ? '\\' : (found[Number(d)] ?? ''))),
      ),
      call,
    );
  };
};

/** replace() takes its text last. */
const replaceOld: Implementation = (call) => {
  const [regex, rewrite, text] = call.args;
  const [n0, n1, n2] = call.argumentNodes;
  if (!regex || !rewrite || !text || !n0 || !n1 || !n2) return refuse('this replace()', call.node, call.scope);
  return replaceRegex({ ...call, args: [text, regex, rewrite], argumentNodes: [n2, n0, n1] });
};

const replaceString: Implementation = (call) => {
  const read = texts(call, 0);
  const from = texts(call, 1);
  const to = texts(call, 2);
  return (row) => {
    const sought = from(row);
    return sought === ''
      ? read(row)
      : bounded(
          read(row).replaceAll(sought, () => to(row)),
          call,
        );
  };
};

/**
 * Each text in its turn, wherever none before it was found; one whose replacement is no text stays, and is found all the same
 * (https://learn.microsoft.com/kusto/query/replace-strings-function, read 2026-11-30).
 */
const replaceStrings: Implementation = (call) => {
  const read = texts(call, 0);
  const [lookups, rewrites] = [arrays(call, 1), arrays(call, 2)];
  return (row) => {
    const [from, to] = [lookups(row), rewrites(row)];
    if (from === null || to === null) return refuse('replace_strings() without arrays', call.node, call.scope);
    let pieces: { text: string; done: boolean }[] = [{ text: read(row), done: false }];
    from.forEach((sought, i) => {
      if (typeof sought !== 'string' || sought === '') return;
      const given = to[i];
      const by = typeof given === 'string' ? given : sought;
      pieces = pieces.flatMap((piece) => {
        if (piece.done || !piece.text.includes(sought)) return [piece];
        const parts = piece.text.split(sought).map((text) => ({ text, done: false }));
        return parts.flatMap((part, at) => (at === 0 ? [part] : [{ text: by, done: true }, part]));
      });
    });
    return bounded(pieces.map(({ text }) => text).join(''), call);
  };
};

const hash =
  (algorithm: string): Implementation =>
  (call) => {
    const read = texts(call, 0);
    // Kusto gives the empty string for the empty string.
    return (row) => {
      const text = read(row);
      return text === '' ? '' : createHash(algorithm).update(text).digest('hex');
    };
  };

/**
 * The service hashes with xxHash of 64 bits (Microsoft Learn, "hash()"), which is known here for texts, and for a datetime by the
 * page's example: 8 bytes of its ticks since the year 1, the least first.
 */
const xxhash: Implementation = (call) => {
  const { type, at } = argument(call, 0);
  if (type !== 'string' && type !== 'datetime') return refuse(`${call.name}() of a ${type}`, call.node, call.scope);
  const text = texts(call, 0);
  const bytes = (row: number): Buffer => {
    if (type === 'string') return Buffer.from(text(row));
    const ticks = convert(at(row), type, 'long');
    if (!isNumeric(ticks)) return refuse(`${call.name}() of a datetime that is null`, call.node, call.scope);
    const made = Buffer.alloc(8);
    made.writeBigInt64LE(BigInt(ticks));
    return made;
  };
  const modulo = call.args.length > 1 ? counts(call, 1) : undefined;
  return (row) => {
    const hash = BigInt.asIntN(64, xxhash64(bytes(row)));
    const by = modulo?.(row) ?? null;
    if (by === null) return long(hash);
    // Of a negative hash only the range of the answer is documented.
    return hash < 0n || by <= 0
      ? refuse(`${call.name}() modulo ${by} of this text`, call.node, call.scope)
      : Number(hash % BigInt(by));
  };
};

/** A version of up to four parts as the decimal that Microsoft Learn describes ("parse_version()"): 8 digits a part. */
function parseVersion(text: string): Value {
  const parts = text.trim().split('.');
  if (parts.length > 4 || !parts.every((part) => /^\d{1,8}$/.test(part))) return null;
  const value = [0, 1, 2, 3].reduce((sum, i) => sum * 100_000_000n + BigInt(parts[i] ?? 0), 0n);
  return value <= 9_007_199_254_740_991n ? Number(value) : value;
}

/** Where a regular expression is found for the nth time from a start; -1 for nowhere, null for a start that is none. */
const indexofRegex: Implementation = (call) => {
  const read = texts(call, 0);
  const regex = regexes(call, 1);
  const [start, length, occurrence] = [counts(call, 2), counts(call, 3), counts(call, 4)];
  return (row) => {
    const text = read(row);
    const from = start?.(row) ?? 0;
    const most = length?.(row) ?? -1;
    const nth = occurrence?.(row) ?? 1;
    if (from < 0 || nth < 1 || most < -1) return null;
    const part = sliceCharacters(text, from, most === -1 ? undefined : most);
    const found = [...regex(row).matchAll(part)][nth - 1];
    return found ? from + countCharacters(part.slice(0, found.index)) : -1;
  };
};

function decodeBase64(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64'));
  } catch {
    return '';
  }
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/['~]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
    .replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

const isnotempty: Implementation = (call) => {
  const { at } = argument(call, 0);
  return (row) => {
    const value = at(row);
    return value !== null && value !== '';
  };
};

const byteUnits = ['Bytes', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** A size in bytes in the greatest unit that it fills, or in the one that is asked for (kusto/query/format-bytes-function). */
const formatBytes: Implementation = (call) => {
  const size = reals(call, 0);
  const precision = counts(call, 1);
  const unit = call.args.length > 2 ? texts(call, 2) : undefined;
  return (row) => {
    const bytes = size(row);
    if (bytes === null || !Number.isFinite(bytes)) return '';
    const wanted = unit?.(row) ?? '';
    const power =
      wanted === ''
        ? Math.min(byteUnits.length - 1, Math.max(0, Math.floor(Math.log2(Math.abs(bytes) || 1) / 10)))
        : byteUnits.indexOf(wanted);
    if (power < 0) return refuse(`format_bytes() in ${wanted}`, call.node, call.scope);
    const digits = Math.min(20, Math.max(0, precision?.(row) ?? 0));
    return `${Number((bytes / 1024 ** power).toFixed(digits))} ${byteUnits[power]}`;
  };
};

const strcatArray: Implementation = (call) => {
  const array = dynamics(call, 0);
  const delimiter = texts(call, 1);
  return (row) => {
    const value = array(row);
    return Array.isArray(value) ? bounded(value.map((v) => toText(v, 'dynamic')).join(delimiter(row)), call) : '';
  };
};

export const STRING_FUNCTIONS: Record<string, Implementation> = {
  tolower: mapText((t) => t.toLowerCase()),
  toupper: mapText((t) => t.toUpperCase()),
  strlen: mapText(countCharacters),
  string_size: mapText((t) => Buffer.byteLength(t)),
  reverse: (call) => {
    const read = texts(call, 0);
    return (row) => [...read(row)].reverse().join('');
  },
  isempty: (call) => {
    const { at } = argument(call, 0);
    return (row) => {
      const value = at(row);
      return value === null || value === '';
    };
  },
  isnotempty,
  notempty: isnotempty,
  strcat: (call) => {
    const parts = call.args.map((_, i) => texts(call, i));
    return (row) => {
      let text = '';
      for (const part of parts) text += part(row);
      return bounded(text, call);
    };
  },
  strcat_delim: (call) => {
    const [delimiter, ...parts] = call.args.map((_, i) => texts(call, i));
    return (row) => bounded(parts.map((p) => p(row)).join(delimiter?.(row) ?? ''), call);
  },
  strcat_array: strcatArray,
  array_strcat: strcatArray,
  strrep: (call) => {
    const read = texts(call, 0);
    const times = counts(call, 1);
    const delimiter = call.args.length > 2 ? texts(call, 2) : () => '';
    return (row) => {
      const n = Math.min(1024, Math.max(0, times?.(row) ?? 0));
      return bounded(new Array<string>(n).fill(read(row)).join(delimiter(row)), call);
    };
  },
  strcmp: (call) => {
    const left = texts(call, 0);
    const right = texts(call, 1);
    return (row) => {
      const a = left(row);
      const b = right(row);
      return a < b ? -1 : a > b ? 1 : 0;
    };
  },
  substring,
  split,
  extract,
  extract_all: extractAll,
  extractall: extractAll,
  countof,
  indexof,
  translate: (call) => {
    const from = texts(call, 0);
    const to = texts(call, 1);
    const read = texts(call, 2);
    return (row) => {
      const [sought, by] = [[...from(row)], [...to(row)]];
      // A shorter replacement continues with its last character; an empty one deletes.
      const map = new Map(sought.map((c, i) => [c, by[i] ?? by.at(-1) ?? '']));
      return [...read(row)].map((c) => map.get(c) ?? c).join('');
    };
  },
  isascii: mapText((t) => !/[^\0-\x7f]/.test(t)),
  trim: trim(true, true),
  trim_start: trim(true, false),
  trim_end: trim(false, true),
  replace_regex: replaceRegex,
  replace: replaceOld,
  replace_string: replaceString,
  replace_strings: replaceStrings,
  hash_md5: hash('md5'),
  hash_sha1: hash('sha1'),
  hash_sha256: hash('sha256'),
  base64_encode_tostring: mapText((t) => Buffer.from(t).toString('base64')),
  base64_encodestring: mapText((t) => Buffer.from(t).toString('base64')),
  base64_decode_tostring: mapText(decodeBase64),
  base64_decodestring: mapText(decodeBase64),
  // As .NET's UrlEncode: lower-case digits, a blank is +, and %20 in a component.
  url_encode: mapText((t) => percentEncoded(t).replaceAll('%20', '+')),
  url_encode_component: mapText(percentEncoded),
  url_decode: mapText((t) => {
    try {
      return decodeURIComponent(t.replaceAll('+', ' '));
    } catch {
      return t;
    }
  }),
  format_bytes: formatBytes,
  hash: xxhash,
  hash_xxhash64: xxhash,
  parse_version: mapText(parseVersion),
  regex_quote: mapText((t) => t.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')),
  indexof_regex: indexofRegex,
  tohex: (call) => {
    const { at, type } = argument(call, 0);
    const width = counts(call, 1);
    const bits = type === 'int' ? 32 : 64;
    return (row) => {
      const value = at(row);
      if (!isNumeric(value)) return '';
      const digits = BigInt.asUintN(bits, BigInt(value)).toString(16);
      return digits.padStart(Math.min(64, width?.(row) ?? 0), '0');
    };
  },
  unicode_codepoints_from_string: mapText((t) => [...t].slice(0, 100_000).map((c) => c.codePointAt(0) ?? 0)),
};

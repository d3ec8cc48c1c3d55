import { type EntryKind, entryKind } from '../documents/transcript.ts';

const quote = 0x22;
const backslash = 0x5c;
const deepest = 64;

/** Bytes that a string holds without an escape. */
const plain = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte += 1) plain[byte] = byte === quote || byte === backslash ? 0 : 1;

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const names = {
  actor: bytesOf('{"actor":"'),
  at: bytesOf('","at":"'),
  body: bytesOf('","body":{'),
  hash: bytesOf(',"hash":"'),
  kind: bytesOf('","kind":"'),
  prev: bytesOf('","prev":"'),
  seq: bytesOf('","seq":'),
};
const kinds = entryKind.options.map((kind) => ({ kind, bytes: bytesOf(kind) }));
const words = { true: bytesOf('true'), false: bytesOf('false'), null: bytesOf('null') };

/** The place after the digits from here on. */
function afterDigits(bytes: Uint8Array, at: number): number {
  let place = at;
  for (;;) {
    const byte = bytes[place] ?? 0;
    if (byte < 0x30 || byte > 0x39) return place;
    place += 1;
  }
}

/** The place after these bytes, or -1 where others are. */
function after(bytes: Uint8Array, at: number, wanted: Uint8Array): number {
  for (let index = 0; index < wanted.length; index += 1) if (bytes[at + index] !== wanted[index]) return -1;
  return at + wanted.length;
}

/** The place of the closing quote of a string that began before `at`; -1 where it is not plain enough. */
function closingQuote(bytes: Uint8Array, at: number, escapes: boolean): number {
  let place = at;
  for (;;) {
    while (plain[bytes[place] ?? 0] === 1) place += 1;
    if (bytes[place] === quote) return place;
    if (!escapes || bytes[place] !== backslash) return -1;
    // As JSON.stringify escapes them: a quote, a backslash, a line feed, a carriage return, a tab.
    const next = bytes[place + 1];
    if (next !== quote && next !== backslash && next !== 0x6e && next !== 0x72 && next !== 0x74) return -1;
    place += 2;
  }
}

/**
 * The place after a number that is written as JavaScript writes it: of at most 15 digits, 6 of them after the point, no
 * double is between two of which.
 */
function afterNumber(bytes: Uint8Array, at: number): number {
  const first = bytes[at] === 0x2d ? at + 1 : at;
  const point = afterDigits(bytes, first);
  const whole = point - first;
  const zero = bytes[first] === 0x30;
  if (whole === 0 || whole > 15 || (zero && whole > 1)) return -1;
  // JavaScript writes a negative zero as 0.
  if (bytes[point] !== 0x2e) return zero && first > at ? -1 : endOfNumber(bytes, point);
  const end = afterDigits(bytes, point + 1);
  const fraction = end - point - 1;
  if (fraction === 0 || fraction > 6 || whole > 9 || bytes[end - 1] === 0x30) return -1;
  return endOfNumber(bytes, end);
}

/** Nothing but a comma or a bracket follows: no exponent. */
function endOfNumber(bytes: Uint8Array, at: number): number {
  const next = bytes[at];
  return next === 0x2c || next === 0x7d || next === 0x5d ? at : -1;
}

/** Is the second name behind the first, by code units? Equal names are not. */
function follows(bytes: Uint8Array, before: number, beforeEnd: number, from: number, to: number): boolean {
  const shorter = Math.min(beforeEnd - before, to - from);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (bytes[from + index] ?? 0) - (bytes[before + index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return to - from > beforeEnd - before;
}

/** "2026-11-23T02:20:11.123Z" with any number of decimals, or none. */
function isInstant(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length < 20 || length === 21 || bytes[to - 1] !== 0x5a) return false;
  for (let index = 0; index < length - 1; index += 1) {
    const wanted = index < pattern.length ? (pattern[index] ?? 0) : 0;
    const byte = bytes[from + index] ?? 0;
    if (wanted === 0 ? byte < 0x30 || byte > 0x39 : byte !== wanted) return false;
  }
  return true;
}

/** Separators of an instant where they are, 0 for a digit. */
const pattern = Uint8Array.from('0000-00-00T00:00:00.', (character) =>
  character === '0' ? 0 : character.charCodeAt(0),
);

/**
 * Recognises the line of an entry if it is plain: canonical JSON (RFC 8785) of ASCII, each property of an entry and no
 * other, numbers of few digits. What is recognised would be found right by parsers too, but for its hashes, which are not
 * looked at: 64 bytes each; every other line, right or wrong, is for parsers to decide. The places of the last line are kept, in bytes,
 * those of texts without their quotes.
 */
export class LineScanner {
  seq = 0;
  kind: EntryKind = 'case';
  actorFrom = 0;
  actorTo = 0;
  atFrom = 0;
  atTo = 0;
  bodyFrom = 0;
  bodyTo = 0;
  hashFrom = 0;
  prevFrom = 0;
  /** The part that is not hashed: the hash with its name and a comma. */
  unhashedFrom = 0;
  unhashedTo = 0;
  /** Does the body name evidence, or where the whole of it is kept? */
  namesEvidence = false;
  #bytes: Uint8Array = new Uint8Array();

  /** Is the line between two places plain? */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.namesEvidence = false;
    const actor = after(bytes, start, names.actor);
    if (actor < 0) return false;
    this.actorFrom = actor;
    this.actorTo = closingQuote(bytes, actor, true);
    if (this.actorTo < 0) return false;
    this.atFrom = after(bytes, this.actorTo, names.at);
    if (this.atFrom < 0) return false;
    this.atTo = closingQuote(bytes, this.atFrom, false);
    if (this.atTo < 0 || !isInstant(bytes, this.atFrom, this.atTo)) return false;
    const inside = after(bytes, this.atTo, names.body);
    if (inside < 0) return false;
    this.bodyFrom = inside - 1;
    this.bodyTo = this.#object(inside, 1);
    return this.bodyTo >= 0 && this.#end(this.bodyTo, end);
  }

  /** What follows the body: hash, kind, hash before, number. */
  #end(at: number, end: number): boolean {
    const bytes = this.#bytes;
    const hash = after(bytes, at, names.hash);
    if (hash < 0 || bytes[hash + 64] !== quote) return false;
    const kindFrom = after(bytes, hash + 64, names.kind);
    if (kindFrom < 0) return false;
    const kindTo = this.#kindAt(kindFrom);
    const prev = kindTo < 0 ? -1 : after(bytes, kindTo, names.prev);
    if (prev < 0 || bytes[prev + 64] !== quote) return false;
    const seq = after(bytes, prev + 64, names.seq);
    const seqTo = seq < 0 ? -1 : afterNumber(bytes, seq);
    if (seqTo !== end - 1 || bytes[seqTo] !== 0x7d) return false;
    this.seq = 0;
    for (let place = seq; place < seqTo; place += 1) {
      const byte = bytes[place] ?? 0;
      if (byte < 0x30 || byte > 0x39) return false;
      this.seq = this.seq * 10 + byte - 0x30;
    }
    this.hashFrom = hash;
    this.prevFrom = prev;
    this.unhashedFrom = at + 1;
    this.unhashedTo = hash + 66;
    return true;
  }

  #kindAt(from: number): number {
    for (const { kind, bytes: word } of kinds) {
      const to = after(this.#bytes, from, word);
      if (to < 0 || this.#bytes[to] !== quote) continue;
      this.kind = kind;
      return to;
    }
    return -1;
  }

  /** The place after the object whose opening bracket is before `at`; -1 where it is not canonical, or not plain. */
  #object(at: number, depth: number): number {
    const bytes = this.#bytes;
    if (bytes[at] === 0x7d) return at + 1;
    if (depth > deepest) return -1;
    let before = 0;
    let beforeEnd = -1;
    for (let place = at; ; place += 1) {
      if (bytes[place] !== quote) return -1;
      const from = place + 1;
      const to = closingQuote(bytes, from, false);
      // "__proto__" is a name of which parsers differ.
      if (to < 0 || bytes[to + 1] !== 0x3a || bytes[from] === 0x5f) return -1;
      if (beforeEnd >= 0 && !follows(bytes, before, beforeEnd, from, to)) return -1;
      before = from;
      beforeEnd = to;
      if (depth === 1 && to - from === 8 && (bytes[from] === 0x65 || bytes[from] === 0x6f)) this.namesEvidence = true;
      place = this.#value(to + 2, depth);
      if (place < 0) return -1;
      if (bytes[place] === 0x7d) return place + 1;
      if (bytes[place] !== 0x2c) return -1;
    }
  }

  #array(at: number, depth: number): number {
    const bytes = this.#bytes;
    if (bytes[at] === 0x5d) return at + 1;
    if (depth > deepest) return -1;
    for (let place = at; ; place += 1) {
      place = this.#value(place, depth);
      if (place < 0) return -1;
      if (bytes[place] === 0x5d) return place + 1;
      if (bytes[place] !== 0x2c) return -1;
    }
  }

  #value(at: number, depth: number): number {
    const bytes = this.#bytes;
    switch (bytes[at]) {
      case quote: {
        const end = closingQuote(bytes, at + 1, true);
        return end < 0 ? -1 : end + 1;
      }
      case 0x7b:
        return this.#object(at + 1, depth + 1);
      case 0x5b:
        return this.#array(at + 1, depth + 1);
      case 0x74:
        return after(bytes, at, words.true);
      case 0x66:
        return after(bytes, at, words.false);
      case 0x6e:
        return after(bytes, at, words.null);
      default:
        return afterNumber(bytes, at);
    }
  }
}

/** Are the bytes from this place on those of an ASCII text? */
export function isTextAt(bytes: Uint8Array, from: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[from + index] !== text.charCodeAt(index)) return false;
  return true;
}

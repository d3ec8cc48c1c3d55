// Cells of CSV in a block of its bytes, in AssemblyScript (a TypeScript whose numbers are those of WebAssembly), since only
// WebAssembly looks at 16 bytes at a time. `npm run wasm` compiles it into src/evidence/csv-module.ts. Whoever calls it lays
// out the memory (src/evidence/cell-memory.ts); addresses are bytes from its beginning, and behind each text are at least
// 64 bytes that may be read.

const LF: u8 = 10;
const CR: u8 = 13;
const QUOTE: u8 = 34;

/** Of 64 bytes those that equal one, a bit each. */
function equalTo(a: v128, b: v128, c: v128, d: v128, byte: v128): u64 {
  return bits(i8x16.eq(a, byte), i8x16.eq(b, byte), i8x16.eq(c, byte), i8x16.eq(d, byte));
}

function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>(<u32>i8x16.bitmask(a)) |
    ((<u64>(<u32>i8x16.bitmask(b))) << 16) |
    ((<u64>(<u32>i8x16.bitmask(c))) << 32) |
    ((<u64>(<u32>i8x16.bitmask(d))) << 48)
  );
}

/** Does a byte end a field where it is not quoted? `separators` are 16 of what separates fields. */
function endsField(bytes: v128, separators: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(bytes, separators), i8x16.eq(bytes, i8x16.splat(LF))),
    i8x16.eq(bytes, i8x16.splat(CR)),
  );
}

/** The first `count` bits, all from 64 on. */
function first(count: u32): u64 {
  return count < 64 ? ((<u64>1) << count) - 1 : ~(<u64>0);
}

/** 1 where the bytes hold an odd number of quotes, else 0. */
export function oddQuotes(from: usize, to: usize): u32 {
  const quote = i8x16.splat(QUOTE);
  let at = from;
  // A bit of a byte says of all the bytes at its place, 16 apart, whether an odd number of them are quotes.
  let odd = i32x4.splat(0);
  for (; at + 16 <= to; at += 16) odd = v128.xor(odd, i8x16.eq(v128.load(at), quote));
  let count: u32 = popcnt<u32>(<u32>i8x16.bitmask(odd));
  for (; at < to; at++) if (load<u8>(at) === QUOTE) count++;
  return count & 1;
}

// ---- the cells of records -----------------------------------------------------------------------------------------

// What `scan` takes and leaves, 32 bits each, by their places.
const FROM: usize = 0;
const TO: usize = 4;
const LINE: usize = 8;
const FOUND: usize = 12;
const MOST: usize = 16;
const SLOTS: usize = 20;
const KNOWN: usize = 24;
const SPANS: usize = 28;
const EACH: usize = 32;
const LINES: usize = 36;
const SEPARATOR: usize = 40;

/** Why `scan` came back: all was read, there is room for no more, or the next record is not as all should be. */
const ALL: u32 = 0;
const FULL: u32 = 1;
const IRREGULAR: u32 = 2;

/** An end below 0 is `-1 - end` of a cell in which quotes are doubled. */
function put(span: usize, from: usize, to: usize): void {
  let begin = from;
  let end = <i32>to;
  if (from < to && load<u8>(from) === QUOTE) {
    begin = from + 1;
    end = hasQuote(begin, to - 1) ? -(<i32>to) : <i32>to - 1;
  }
  store<u32>(span, <u32>begin);
  store<i32>(span, end, 4);
}

function hasQuote(from: usize, to: usize): bool {
  const quote = i8x16.splat(QUOTE);
  for (let at = from; at < to; at += 16) {
    const found = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), quote));
    if (found !== 0) return at + ctz<u32>(found) < to;
  }
  return false;
}

/**
 * Finds records, from FROM to TO, the first of which begins in line LINE. After the FOUND that there are, MOST is how many
 * there can be. A record must have KNOWN cells, with a byte SEPARATOR between them; where SLOTS has a number for the place of one, that is where between the
 * numbers of the record, EACH bytes from SPANS on, its beginning and its end are put. LINES gets the line of each record.
 * FROM and LINE are left as the beginning of the next record, which is wrong by RFC 4180 or in its number of cells where
 * IRREGULAR is given. Quotes may be doubled within quotes, and lines end with CRLF, LF or CR; empty ones are passed over.
 */
export function scan(state: usize): u32 {
  const start: usize = load<u32>(state, FROM);
  const to: usize = load<u32>(state, TO);
  const most = load<u32>(state, MOST);
  const slots: usize = load<u32>(state, SLOTS);
  const known = load<u32>(state, KNOWN);
  const each: usize = load<u32>(state, EACH);
  const separator = load<u8>(state, SEPARATOR);
  const separators = i8x16.splat(separator);
  let line = load<u32>(state, LINE);
  let found = load<u32>(state, FOUND);
  let spans: usize = <usize>load<u32>(state, SPANS) + each * found;
  let lines: usize = <usize>load<u32>(state, LINES) + 4 * found;

  let record = start;
  let recordLine = line;
  let cell = start;
  let place: u32 = 0;
  /** All bits are set where the bytes before end within quotes. */
  let inside: u64 = 0;
  /** 1 where the byte before may stand before a quote that opens or is doubled. */
  let before: u64 = 1;
  /** 1 where the byte before is a quote that closes, or the first of two. */
  let closed: u64 = 0;
  let fault: u64 = 0;
  let why = found < most ? ALL : FULL;

  for (let at = start; at < to && why === ALL; at += 64) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const there = first(<u32>min<usize>(to - at, 64));
    const quotes = equalTo(a, b, c, d, i8x16.splat(QUOTE)) & there;
    let events =
      bits(endsField(a, separators), endsField(b, separators), endsField(c, separators), endsField(d, separators)) &
      there;
    let within = inside;
    if ((quotes | inside | closed) !== 0) {
      // Each bit the exclusive or of all up to it: whether an odd number of quotes came.
      within = quotes ^ (quotes << 1);
      within ^= within << 2;
      within ^= within << 4;
      within ^= within << 8;
      within ^= within << 16;
      within ^= within << 32;
      within ^= inside;
      inside = <u64>(<i64>within >> 63);
      const ends = events & ~within;
      const closing = quotes & ~within;
      fault =
        ((quotes & within & ~(((ends | quotes) << 1) | before)) | (((closing << 1) | closed) & ~(ends | quotes))) &
        there;
      before = (ends | quotes) >> 63;
      closed = closing >> 63;
      // Lines are counted within quotes too.
      events = ends | (equalTo(a, b, c, d, i8x16.splat(LF)) & within & there);
      if (fault !== 0) events &= first(<u32>ctz<u64>(fault));
    } else before = events >> 63;
    while (events !== 0) {
      const bit = ctz<u64>(events);
      const end = at + <usize>bit;
      const byte = load<u8>(end);
      events &= events - 1;
      if (byte === separator) {
        if (place < known) {
          const slot = load<i32>(slots + 4 * place);
          if (slot >= 0) put(spans + slot, cell, end);
        }
        place++;
        cell = end + 1;
        continue;
      }
      if (((within >> bit) & 1) !== 0) {
        line++;
        continue;
      }
      if (end !== record) {
        if (place + 1 !== known) {
          why = IRREGULAR;
          break;
        }
        const slot = load<i32>(slots + 4 * place);
        if (slot >= 0) put(spans + slot, cell, end);
        store<u32>(lines, recordLine);
        lines += 4;
        spans += each;
        found++;
        line++;
      } else if (byte === CR || end === start || load<u8>(end - 1) !== CR) line++;
      place = 0;
      record = end + 1;
      cell = record;
      recordLine = line;
      if (found === most) {
        why = FULL;
        if (byte === CR && record < to && load<u8>(record) === LF) record++;
        break;
      }
    }
    if (fault !== 0 && why === ALL) why = IRREGULAR;
  }
  if (why === ALL && record < to) {
    // The last line has no end.
    if (inside !== 0 || place + 1 !== known) why = IRREGULAR;
    else {
      const slot = load<i32>(slots + 4 * place);
      if (slot >= 0) put(spans + slot, cell, to);
      store<u32>(lines, recordLine);
      found++;
      record = to;
      recordLine = line;
    }
  }
  store<u32>(state, <u32>record, FROM);
  store<u32>(state, recordLine, LINE);
  store<u32>(state, found, FOUND);
  return why;
}

/** Where the next cell is put of which quotes are made single. */
let singles: usize = 0;

/** Gives room for cells with single quotes, as large as the text that they are in. */
export function singlesTo(room: usize): void {
  singles = room;
}

/** The end of a cell; where its quotes are doubled, that of a copy with single ones, which the cell is from now on: its beginning too. */
export function single(span: usize): u32 {
  const end = load<i32>(span, 4);
  if (end >= 0) return end;
  const quote = i8x16.splat(QUOTE);
  const to: usize = <usize>(-1 - end);
  let at: usize = load<u32>(span);
  store<u32>(span, <u32>singles);
  while (at < to) {
    const some = v128.load(at);
    const found = <u32>i8x16.bitmask(i8x16.eq(some, quote));
    v128.store(singles, some);
    // Up to a quote, and then past the other one.
    const taken = min<usize>(found !== 0 ? <usize>ctz<u32>(found) + 1 : 16, to - at);
    singles += taken;
    at += found !== 0 ? taken + 1 : taken;
  }
  store<u32>(span, <u32>singles, 4);
  return <u32>singles;
}

// ---- the numbers of texts -----------------------------------------------------------------------------------------

// Texts that are numbered in order of their first appearance: what is kept of them, 32 bits each, by their places.
/** By the low bits of the hashes: in 16 bits the number of a text, and 1 more; above them the high bits of its hash. */
const TABLE: usize = 0;
/** One less than the places in it, a power of 2. */
const MASK: usize = 4;
/** Where each text begins, and the end of the last. */
const STARTS: usize = 8;
/** How many there are, how many there can be, and the end of the room for their bytes. */
const COUNT: usize = 12;
const ROOM: usize = 16;
const BYTES_END: usize = 20;

const NUMBER: u32 = 0xffff;

/** A table is at most half full: only texts that somebody chose for it are further than this from their place. */
const MOST_STEPS: u32 = 256;

/** A number that texts seldom share: eight bytes at a time, the last perhaps with some of those before them. */
function hashOf(from: usize, to: usize): u32 {
  const length = to - from;
  let hash: u64 = <u64>length;
  if (length >= 8) {
    const last = to - 8;
    for (let at = from; at < last; at += 8) hash = mixed(hash ^ load<u64>(at));
    hash = mixed(hash ^ load<u64>(last));
  } else if (length >= 4) hash = mixed(mixed(hash) ^ (<u64>load<u32>(from) | ((<u64>load<u32>(to - 4)) << 32)));
  else {
    for (let at = from; at < to; at++) hash = (hash << 8) | <u64>load<u8>(at);
    hash = mixed(hash);
  }
  // What differs in the last bytes of a word is in the highest bits so far, and now in all that are taken.
  return <u32>(mixed(hash) >> 32);
}

function mixed(word: u64): u64 {
  const product = word * (((<u64>0x9e3779b9) << 32) | 0x7f4a7c15);
  return product ^ (product >> 32);
}

function same(a: usize, b: usize, length: usize): bool {
  if (length >= 8) {
    const last = length - 8;
    for (let at: usize = 0; at < last; at += 8) if (load<u64>(a + at) !== load<u64>(b + at)) return false;
    return load<u64>(a + last) === load<u64>(b + last);
  }
  for (let at: usize = 0; at < length; at++) if (load<u8>(a + at) !== load<u8>(b + at)) return false;
  return true;
}

/**
 * The number of a text, which is new where it is what COUNT was before; -1 where there is no room for a new one, and where too
 * many others are in its place.
 */
export function numberOf(texts: usize, from: usize, to: usize): i32 {
  const hash = hashOf(from, to);
  const table: usize = load<u32>(texts, TABLE);
  const mask = load<u32>(texts, MASK);
  const starts: usize = load<u32>(texts, STARTS);
  const length = to - from;
  let place = hash & mask;
  for (let steps: u32 = 0; ; steps++) {
    const there = load<u32>(table + 4 * place);
    if (there === 0) break;
    if (steps === MOST_STEPS) return -1;
    if (((there ^ hash) & ~NUMBER) === 0) {
      const number = (there & NUMBER) - 1;
      const start: usize = load<u32>(starts + 4 * number);
      const end: usize = load<u32>(starts + 4 * number, 4);
      if (end - start === length && same(start, from, length)) return <i32>number;
    }
    place = (place + 1) & mask;
  }
  const count = load<u32>(texts, COUNT);
  const start: usize = load<u32>(starts + 4 * count);
  if (count >= load<u32>(texts, ROOM) || start + length > <usize>load<u32>(texts, BYTES_END)) return -1;
  memory.copy(start, from, length);
  store<u32>(starts + 4 * count, <u32>(start + length), 4);
  store<u32>(table + 4 * place, (hash & ~NUMBER) | (count + 1));
  store<u32>(texts, count + 1, COUNT);
  return <i32>count;
}

/** Puts all texts into a new, empty table. */
export function placeAll(texts: usize): void {
  const table: usize = load<u32>(texts, TABLE);
  const mask = load<u32>(texts, MASK);
  const starts: usize = load<u32>(texts, STARTS);
  const count = load<u32>(texts, COUNT);
  for (let number: u32 = 0; number < count; number++) {
    const hash = hashOf(load<u32>(starts + 4 * number), load<u32>(starts + 4 * number, 4));
    let place = hash & mask;
    while (load<u32>(table + 4 * place) !== 0) place = (place + 1) & mask;
    store<u32>(table + 4 * place, (hash & ~NUMBER) | (number + 1));
  }
}

/** The cell of a row: of the nth row, or of the nth of those that are picked. */
function spanOf(spans: usize, each: usize, picked: usize, n: u32): usize {
  return spans + each * <usize>(picked !== 0 ? load<u32>(picked + 4 * n) : n);
}

/**
 * Numbers the cells of a column, whose beginnings and ends are EACH bytes apart from `spans` on, from the `from`th of `rows` rows on. Gives how many
 * are numbered: fewer where there is no room for a new text.
 */
export function numbers(
  texts: usize,
  spans: usize,
  each: usize,
  picked: usize,
  from: u32,
  rows: u32,
  into: usize,
): u32 {
  for (let n = from; n < rows; n++) {
    const span = spanOf(spans, each, picked, n);
    const to: usize = single(span);
    const number = numberOf(texts, load<u32>(span), to);
    if (number < 0) return n;
    store<i32>(into + 4 * n, number);
  }
  return rows;
}

// ---- plain values -------------------------------------------------------------------------------------------------

/** A whole number of at most 15 digits, as every log writes it; not a number for any other text. */
function plainLong(from: usize, to: usize): f64 {
  let at = from;
  const negative = at < to && load<u8>(at) === 45;
  if (negative) at++;
  const digits = to - at;
  if (digits < 1 || digits > 15) return NaN;
  if (load<u8>(at) === 48 && (digits > 1 || negative)) return NaN;
  let value: i64 = 0;
  for (; at < to; at++) {
    const digit = <u32>load<u8>(at) - 48;
    if (digit > 9) return NaN;
    value = value * 10 + <i64>digit;
  }
  return <f64>(negative ? -value : value);
}

/** The number that two digits make; more than any where they are none. */
function two(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 48;
  const ones = <u32>load<u8>(at, 1) - 48;
  return tens > 9 || ones > 9 ? 10_000 : tens * 10 + ones;
}

/**
 * `2026-11-23T02:14:09Z`, with up to 7 digits of a second, as ticks of 100 ns since 2020-01-01; not a number for any other
 * text, and for years whose ticks a number does not hold (before 1992 and from 2048 on).
 */
function plainDatetime(from: usize, to: usize): f64 {
  const length = to - from;
  if (length < 20 || length > 28 || length === 21) return NaN;
  if (load<u8>(from, 4) !== 45 || load<u8>(from, 7) !== 45 || load<u8>(from, 10) !== 84) return NaN;
  if (load<u8>(from, 13) !== 58 || load<u8>(from, 16) !== 58 || load<u8>(to - 1) !== 90) return NaN;
  const year = two(from) * 100 + two(from + 2);
  const month = two(from + 5);
  const day = two(from + 8);
  const hour = two(from + 11);
  const minute = two(from + 14);
  const second = two(from + 17);
  if (year < 1992 || year >= 2048 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return NaN;
  // None of these years is divisible by 100 and not by 400.
  const leap: u32 = (year & 3) === 0 ? 1 : 0;
  const longest: u32 = month === 2 ? 28 + leap : 30 + ((month + (month >> 3)) & 1);
  if (day < 1 || day > longest) return NaN;
  const dayOfYear = (367 * month - 362) / 12 - (month > 2 ? 2 - leap : 0) + day - 1;
  const days = <i64>365 * (<i64>year - 2020) + <i64>((year - 1) >> 2) - 504 + <i64>dayOfYear;
  let ticks = (((days * 24 + <i64>hour) * 60 + <i64>minute) * 60 + <i64>second) * 10_000_000;
  if (length === 20) return <f64>ticks;
  if (load<u8>(from, 19) !== 46) return NaN;
  let unit: i64 = 1_000_000;
  for (let at = from + 20; at < to - 1; at++) {
    const digit = <u32>load<u8>(at) - 48;
    if (digit > 9) return NaN;
    ticks += <i64>digit * unit;
    unit /= 10;
  }
  return <f64>ticks;
}

/** The cells of a column as numbers, 64 bits each: whole numbers, or times. Those that are not plain are not a number. */
export function plain(times: bool, spans: usize, each: usize, picked: usize, rows: u32, into: usize): void {
  for (let n: u32 = 0; n < rows; n++) {
    const span = spanOf(spans, each, picked, n);
    const to: usize = single(span);
    const from: usize = load<u32>(span);
    store<f64>(into + 8 * n, times ? plainDatetime(from, to) : plainLong(from, to));
  }
}

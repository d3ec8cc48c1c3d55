import * as zlib from 'node:zlib';
import { count, counted } from '../text/counts.ts';
import { isWanted, type JournalFields } from './journal.ts';
import { type Hash64, lookup3, sipHash } from './journal-hashes.ts';
import { lz4Block } from './lz4-block.ts';

/** Of a file as systemd keeps it ("Journal File Format", systemd.io/JOURNAL_FILE_FORMAT, v255). */
const signature = 'LPKSHHRH';
export const beginsAsJournal = (head: string): boolean => head.startsWith(signature);

const incompatible = { xz: 1, lz4: 2, keyed: 4, zstd: 8, compact: 16 };
const known = 31;
const objectType = { data: 1, entry: 3, last: 7 };
const packedBy = { xz: 1, lz4: 2, zstd: 4 };
/** journald takes no larger field. */
const largestObject = 768 * 1024 * 1024 + 1024;
/** Objects that are looked into; larger ones pass by. */
const largestRead = 1024 * 1024;
/** Messages that are kept for entries that repeat them, in characters, and values of other fields. */
const messagesKept = 64 * 1024 * 1024;
const valuesKept = 1_000_000;
const damagesTold = 3;
const headBytes = 208;
/** From 2000 to 2100, microseconds since 1970. */
const earliest = 946_684_800_000_000;
const latest = 4_102_444_800_000_000;

interface Value {
  name: string;
  text: string;
}

interface Header {
  flags: number;
  online: boolean;
  sealed: boolean;
  fileId: Buffer;
  entries: number;
  size: number;
}

/**
 * Reads the entries of a journal as its bytes pass by, in bounded memory: what an entry refers to was written before it. A
 * value whose hash does not match is left out; where no object begins that should, the next one is looked for.
 */
export class JournalFileParser {
  #rest: Buffer = Buffer.alloc(0);
  /** Of `#rest` in the file. */
  #at = 0;
  #skip = 0;
  #header: Header | null = null;
  readonly #values = new Map<number, Value>();
  readonly #messages = new Map<number, Value>();
  #messageSize = 0;
  #lostFrom = -1;
  #entries = 0;
  #partial = 0;
  #wrongHashes = 0;
  #unpacked = 0;
  #damaged = 0;
  readonly #damages: string[] = [];

  /** Throws an Error where it is no journal that can be read. */
  *push(bytes: Buffer): Generator<JournalFields> {
    let more = bytes;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, more.length);
      more = more.subarray(skipped);
      this.#skip -= skipped;
      this.#at += skipped;
    }
    if (more.length === 0) return;
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, more]) : more;
    if (!this.#header) {
      if (this.#rest.length < headBytes) return;
      this.#header = headerOf(this.#rest);
      this.#drop(this.#header.size);
    }
    for (let size = this.#next(); size > 0 && this.#skip === 0; size = this.#next()) {
      const object = this.#rest.subarray(0, size);
      const fields = object[0] === objectType.entry ? this.#entry(object) : null;
      if (object[0] === objectType.data) this.#data(object, this.#at);
      if (fields) yield fields;
      this.#drop(filled(size));
    }
    this.#rest = Buffer.from(this.#rest);
  }

  /** Remarks, once all was read. */
  finish(): string[] {
    const header = this.#header;
    if (!header) throw new Error('its beginning is missing');
    if (this.#lostFrom >= 0) this.#damage(`no object begins at byte ${count(this.#lostFrom)}, nor behind it`);
    else if (this.#skip > 0 || nonZero(this.#rest) >= 0)
      this.#damage(`it ends within an object, at byte ${count(this.#at)}`);
    const some = (number: number, noun: string, rest: string, plural = `${noun}s`): string[] =>
      number > 0 ? [`${counted(number, noun, plural)} ${rest}`] : [];
    return [
      ...(header.online ? ['it was in use when it was copied'] : []),
      ...(header.sealed ? ['it is sealed, and its seals are not checked (journalctl --verify does)'] : []),
      ...this.#damages,
      ...some(this.#damaged - this.#damages.length, 'more place', 'of damage'),
      ...(this.#entries < header.entries
        ? [`its header counts ${counted(header.entries, 'entry', 'entries')}, and ${count(this.#entries)} are there`]
        : []),
      ...some(this.#wrongHashes, 'value', 'left out whose hash does not match'),
      ...some(
        this.#unpacked,
        'value',
        'left out that could not be unpacked (journalctl --file FILE -o export unpacks xz)',
      ),
      ...some(this.#partial, 'entry', 'with values that are not there', 'entries'),
    ];
  }

  #drop(bytes: number): void {
    const there = Math.min(bytes, this.#rest.length);
    this.#rest = this.#rest.subarray(there);
    this.#skip = bytes - there;
    this.#at += there;
  }

  #damage(because: string): void {
    this.#damaged += 1;
    if (this.#damages.length < damagesTold) this.#damages.push(because);
  }

  /** The size of the object at the beginning of what is there; 0 where more is needed, or none follows. */
  #next(): number {
    for (;;) {
      const size = objectSize(this.#rest, 0);
      if (size === null) return 0;
      if (size > 0 && (this.#lostFrom < 0 || this.#isFollowed(size))) {
        if (this.#lostFrom >= 0)
          this.#damage(
            `no object begins at byte ${count(this.#lostFrom)}: ${count(this.#at - this.#lostFrom)} bytes are not read`,
          );
        this.#lostFrom = -1;
        if (size <= this.#rest.length && size <= largestRead) return size;
        if (size <= largestRead) return 0;
        if (this.#rest[0] === objectType.data) this.#unpacked += 1;
        this.#drop(filled(size));
        return 0;
      }
      if (size > 0 && this.#rest.length < size + 16 && size <= largestRead) return 0;
      // Room for objects to come is zero, to the end.
      const lost = nonZero(this.#rest);
      if (this.#lostFrom < 0 && lost !== 0) {
        if (lost < 0) {
          this.#drop(this.#rest.length & ~7);
          return 0;
        }
        this.#drop(lost & ~7);
      }
      if (this.#lostFrom < 0) this.#lostFrom = this.#at;
      this.#drop(8);
    }
  }

  /** Does another object follow on one of that size? By chance none does. */
  #isFollowed(size: number): boolean {
    const next = objectSize(this.#rest, filled(size));
    return next !== null && next > 0;
  }

  #data(object: Buffer, offset: number): void {
    const header = this.#header;
    const from = header && (header.flags & incompatible.compact) !== 0 ? 72 : 64;
    if (!header || object.length <= from) return;
    const packed = (object[1] ?? 0) & 7;
    const payload = packed === 0 ? object.subarray(from) : unpackedData(object.subarray(from), packed);
    if (!payload) {
      this.#unpacked += 1;
      return;
    }
    const equals = payload.indexOf(0x3d);
    if (equals < 0 || equals > 64) return;
    const name = payload.toString('latin1', 0, equals);
    // An entry has its time itself.
    if (!isWanted(name) || name.endsWith('REALTIME_TIMESTAMP')) return;
    const hash: Hash64 = (header.flags & incompatible.keyed) === 0 ? lookup3(payload) : sipHash(payload, header.fileId);
    if (hash[0] !== object.readUInt32LE(16) || hash[1] !== object.readUInt32LE(20)) {
      this.#wrongHashes += 1;
      return;
    }
    this.#keep(offset, { name, text: payload.toString('utf8', equals + 1) });
  }

  #keep(offset: number, value: Value): void {
    if (value.name !== 'MESSAGE') {
      if (this.#values.size < valuesKept) this.#values.set(offset, value);
      return;
    }
    this.#messages.set(offset, value);
    this.#messageSize += value.text.length;
    for (const [oldest, { text }] of this.#messages) {
      if (this.#messageSize <= messagesKept) break;
      this.#messages.delete(oldest);
      this.#messageSize -= text.length;
    }
  }

  #entry(object: Buffer): JournalFields | null {
    const compact = ((this.#header?.flags ?? 0) & incompatible.compact) !== 0;
    const realtime = Number(object.readBigUInt64LE(24));
    if (object.length < 64 || realtime < earliest || realtime > latest) {
      this.#damage(`the entry at byte ${count(this.#at)} has no time`);
      return null;
    }
    this.#entries += 1;
    const fields = new Map([['__REALTIME_TIMESTAMP', String(realtime)]]);
    let missing = false;
    for (let at = 64; at + (compact ? 4 : 16) <= object.length; at += compact ? 4 : 16) {
      const offset = compact ? object.readUInt32LE(at) : Number(object.readBigUInt64LE(at));
      // What an entry refers to lies before it.
      if (offset >= this.#at) missing = true;
      const value = this.#values.get(offset) ?? this.#messages.get(offset);
      if (value && !fields.has(value.name)) fields.set(value.name, value.text);
    }
    if (missing) this.#partial += 1;
    return fields;
  }
}

const filled = (size: number): number => Math.ceil(size / 8) * 8;

/** The size of an object at a place; 0 where none can be, null where more bytes are needed. */
function objectSize(bytes: Buffer, at: number): number | null {
  if (bytes.length < at + 16) return null;
  const type = bytes[at] ?? 0;
  const flags = bytes[at + 1] ?? 0;
  if (type < 1 || type > objectType.last || flags > 7 || bytes.readUIntLE(at + 2, 6) !== 0) return 0;
  const size = bytes.readBigUInt64LE(at + 8);
  const least = type === objectType.data || type === objectType.entry ? 64 : 16;
  return size < least || size > largestObject ? 0 : Number(size);
}

/** The place of the first byte that is not zero; -1 where there is none. */
function nonZero(bytes: Buffer): number {
  const zeros = Buffer.alloc(4096);
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) return at + part.findIndex((byte) => byte !== 0);
  }
  return -1;
}

function headerOf(bytes: Buffer): Header {
  if (!beginsAsJournal(bytes.toString('latin1', 0, 8))) throw new Error('it is no journal of systemd');
  const flags = bytes.readUInt32LE(12);
  if ((flags & ~known) !== 0)
    throw new Error('its form is newer than the known one: export it (journalctl --file FILE -o export > FILE.export)');
  const size = bytes.readBigUInt64LE(88);
  if (size < 208n || size > 65_536n) throw new Error('its header is damaged');
  return {
    flags,
    online: bytes[16] === 1,
    sealed: (bytes.readUInt32LE(8) & 1) !== 0,
    fileId: Buffer.from(bytes.subarray(24, 40)),
    entries: Number(bytes.readBigUInt64LE(152)),
    size: Number(size),
  };
}

function unpackedData(packed: Buffer, by: number): Buffer | null {
  try {
    if (by === packedBy.zstd && typeof zlib.zstdDecompressSync === 'function')
      return zlib.zstdDecompressSync(packed, { maxOutputLength: largestRead });
    if (by !== packedBy.lz4 || packed.length < 8) return null;
    const size = packed.readBigUInt64LE(0);
    return size > largestRead ? null : lz4Block(packed.subarray(8), Number(size));
  } catch {
    return null;
  }
}

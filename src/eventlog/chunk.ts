import { crc32 } from 'node:zlib';

/** Bytes of a chunk: the unit in which Windows writes event logs ([MS-EVEN6] and libevtx's description of the format). */
export const chunkSize = 0x10000;
/** Where the records of a chunk begin. */
export const recordsAt = 0x200;
/** Bytes before a record's payload: signature, size, record id, time; its size stands again behind the payload. */
export const recordHead = 24;
const recordTail = 4;
const signature = 0x2a2a;

/** The bytes of one chunk, which nothing may look beyond. */
export interface Chunk {
  bytes: Buffer;
  view: DataView;
}

/** A chunk in a buffer of at least 64 KiB behind `at`. */
export function chunkAt(buffer: Buffer, at: number): Chunk {
  return {
    bytes: buffer.subarray(at, at + chunkSize),
    view: new DataView(buffer.buffer, buffer.byteOffset + at, chunkSize),
  };
}

/** What a chunk's header says of it. */
export interface ChunkHeader {
  /** Record ids of the first and the last record, as far as a number holds them exactly. */
  firstId: number;
  lastId: number;
  /** Where the records end; 0 when the header cannot be believed. */
  free: number;
  /** Do the checksums of header and records hold? */
  verified: boolean;
  /** Why they do not; "" when they do. */
  because: string;
}

/** Is it all zeros where header and first record should be: space that was never written? */
export function isBlank({ bytes }: Chunk): boolean {
  for (let i = 0; i < recordsAt + recordHead; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Reads the header; null when neither a chunk's header nor a record is here. */
export function readHeader({ bytes, view }: Chunk): ChunkHeader | null {
  // "ElfChnk\0"
  const signed = view.getUint32(0, true) === 0x43666c45 && view.getUint32(4, true) === 0x006b6e68;
  if (!signed && sizeAt(view, recordsAt, chunkSize) === 0) return null;
  const said = view.getUint32(0x30, true);
  const free = said >= recordsAt && said <= chunkSize ? said : 0;
  const headerSum = view.getUint32(0x7c, true);
  const recordsSum = view.getUint32(0x34, true);
  let because = '';
  if (!signed) because = 'the chunk’s signature is wrong';
  else if (headerSum === 0 && recordsSum === 0) because = 'the chunk carries no checksum';
  else if (free === 0) because = 'the chunk’s header says that its records end where they cannot';
  else if (crc32(bytes.subarray(0x80, recordsAt), crc32(bytes.subarray(0, 0x78))) !== headerSum)
    because = 'the checksum of the chunk’s header is wrong';
  else if (crc32(bytes.subarray(recordsAt, free)) !== recordsSum) because = 'the checksum of the records is wrong';
  return {
    firstId: Number(view.getBigUint64(0x18, true)),
    lastId: Number(view.getBigUint64(0x20, true)),
    free: signed ? free : 0,
    verified: because === '',
    because,
  };
}

/** The size of the record at a place, or 0 when no whole record stands there before `end`. */
function sizeAt(view: DataView, at: number, end: number): number {
  if (at + recordHead + recordTail > end || view.getUint32(at, true) !== signature) return 0;
  const size = view.getUint32(at + 4, true);
  if (size < recordHead + recordTail || at + size > end) return 0;
  return view.getUint32(at + size - recordTail, true) === size ? size : 0;
}

/** The next place on which a record can begin, with a whole record, or -1. Records are aligned to 8 bytes. */
function resynchronise(view: DataView, from: number, end: number): number {
  for (let at = (from + 7) & ~7; at + recordHead + recordTail <= end; at += 8) if (sizeAt(view, at, end) > 0) return at;
  return -1;
}

/** How far the ids of records that follow one another may lie apart where damage has swallowed some. */
const mostMissing = 10_000;

/**
 * Walks over the records of a chunk: `record` gets the place and the size of each, `damage` each place where the walk had
 * to look for the next one. Behind the end that the header names a log that was copied while it was written may hold
 * newer records than the header knows: they count while their ids go on where the others ended, as `beyond`; what lies
 * there from an earlier turn of the log does not. Without a header that can be believed all are such.
 */
export function walkRecords(
  { view }: Chunk,
  { free }: Pick<ChunkHeader, 'free'>,
  record: (at: number, size: number, beyond: boolean) => void,
  damage: (at: number, because: string) => void,
): void {
  const headless = free === 0;
  let at = recordsAt;
  let last = headless ? (view.getUint32(recordsAt + 8, true) - 1) >>> 0 : -1;
  while (at + recordHead + recordTail <= free) {
    const size = sizeAt(view, at, free);
    if (size > 0) {
      record(at, size, false);
      last = view.getUint32(at + 8, true);
      at += size;
      continue;
    }
    const next = resynchronise(view, at + 8, free);
    if (next < 0) {
      damage(at, 'no record where one should be, and none behind it');
      return;
    }
    damage(at, `no record where one should be; the next is ${next - at} bytes further`);
    at = next;
  }
  if (!headless && at !== free) return;
  while (last >= 0) {
    let size = sizeAt(view, at, chunkSize);
    if (size === 0 && headless) {
      const next = resynchronise(view, at + 8, chunkSize);
      if (next < 0) return;
      const id = view.getUint32(next + 8, true);
      if (id <= last || id > last + mostMissing) return;
      damage(at, `no record where one should be; the next is ${next - at} bytes further`);
      at = next;
      last = (id - 1) >>> 0;
      size = sizeAt(view, at, chunkSize);
    }
    if (size === 0 || view.getUint32(at + 8, true) !== (last + 1) >>> 0) return;
    record(at, size, true);
    last = view.getUint32(at + 8, true);
    at += size;
  }
}

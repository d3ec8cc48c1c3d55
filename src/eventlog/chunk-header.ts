import { crc32 } from 'node:zlib';
import { type ChunkView, chunkSize, recordsFrom } from './chunk-view.ts';

const signature = Buffer.from('ElfChnk\0', 'latin1');
const zeros = Buffer.alloc(chunkSize);
/** Set in a chunk's flags, and a file's, when it was written without checksums. */
export const withoutChecksums = 4;

/** What a chunk's first 512 bytes say of the rest. */
export interface ChunkHeader {
  /** `foreign`: it does not begin as a chunk does, yet records may be in it. */
  kind: 'chunk' | 'empty' | 'foreign';
  /** Do the checksums of header and records both match? */
  verified: boolean;
  /** Why not; "" when they do. */
  because: string;
  /** Where the records end; the whole chunk when the header cannot be believed. */
  end: number;
  /** Is the end known, whether or not the records before it are whole? */
  endKnown: boolean;
  /** Two chunks of the same content have the same; null when it is not verified. */
  identity: number | null;
}

/** Does a chunk begin here? */
export function hasChunkSignature({ bytes }: ChunkView): boolean {
  return signature.equals(bytes.subarray(0, 8));
}

/** Is there nothing in it at all? Windows makes room for chunks before it writes them. */
export function isEmpty({ bytes }: ChunkView): boolean {
  return bytes.equals(zeros);
}

/** The next place after `from` where a chunk could begin, or -1. */
export function nextChunkSignature({ bytes }: ChunkView, from: number): number {
  return bytes.indexOf(signature, from);
}

/**
 * Reads a chunk's header: number of its last record (offset 0x10), end of its records (0x30), CRC-32 of its records
 * (0x34), flags (0x78), CRC-32 of the header without these two (0x7c). `available` bytes of it are in the file.
 */
export function readChunkHeader(chunk: ChunkView, available: number): ChunkHeader {
  const { bytes, view } = chunk;
  const unverified = { verified: false, identity: null, end: available, endKnown: false };
  if (!hasChunkSignature(chunk)) {
    if (isEmpty(chunk)) return { ...unverified, kind: 'empty', because: '' };
    return { ...unverified, kind: 'foreign', because: 'no chunk begins here' };
  }
  const end = view.getUint32(0x30, true);
  if (end < recordsFrom || end > chunkSize)
    return { ...unverified, kind: 'chunk', because: "the chunk's header gives an impossible end of its records" };
  if (end > available) return { ...unverified, kind: 'chunk', because: 'the file ends within the chunk' };
  const recordsSum = view.getUint32(0x34, true);
  const headerSum = crc32(bytes.subarray(0x80, recordsFrom), crc32(bytes.subarray(0, 0x78)));
  const headerMatches = headerSum === view.getUint32(0x7c, true);
  if (headerMatches && crc32(bytes.subarray(recordsFrom, end)) === recordsSum)
    return {
      kind: 'chunk',
      verified: true,
      because: '',
      end,
      endKnown: true,
      identity: recordsSum * 65_536 + (end - 1),
    };
  const none = (view.getUint32(0x78, true) & withoutChecksums) !== 0;
  const because = none
    ? 'the chunk was written without checksums'
    : headerMatches
      ? "the checksum of the chunk's records does not match"
      : "the checksum of the chunk's header does not match";
  return { kind: 'chunk', verified: false, because, end, endKnown: headerMatches || none, identity: null };
}

/** The number of the chunk's last record, as its header reports it. */
export function lastRecordNumber({ view }: ChunkView): number {
  return view.getUint32(0x20, true) + view.getUint32(0x24, true) * 4_294_967_296;
}

import { crc32 } from 'node:zlib';
import { withoutChecksums } from './chunk-header.ts';

/** Bytes before the first chunk. */
export const fileHeaderSize = 4096;

/** What a file's first 128 bytes say. None of it is needed to read the chunks, and in a live copy it is stale. */
export interface FileHeader {
  /** Does it begin with `ElfFile`? */
  recognised: boolean;
  /** Its own CRC-32 matches, or it was written without checksums. */
  sound: boolean;
  /** The log was open when the file was copied: its numbers may be behind what the chunks hold. */
  dirty: boolean;
  checksums: boolean;
  /** How many chunks it declares. */
  chunks: number;
  nextRecord: number;
}

const signature = 'ElfFile\0';

/** Do bytes begin as the header of an event log does? */
export const startsAsEventLog = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 8) === signature;

/** Reads a file's header ([MS-EVEN6] names none; this is the layout that Windows writes since Vista, version 3). */
export function readFileHeader(bytes: Buffer): FileHeader {
  if (bytes.length < 128 || !startsAsEventLog(bytes))
    return { recognised: false, sound: false, dirty: false, checksums: true, chunks: 0, nextRecord: 0 };
  const flags = bytes.readUInt32LE(0x78);
  const checksums = (flags & withoutChecksums) === 0;
  return {
    recognised: true,
    sound: !checksums || crc32(bytes.subarray(0, 0x78)) === bytes.readUInt32LE(0x7c),
    dirty: (flags & 1) !== 0,
    checksums,
    chunks: bytes.readUInt16LE(0x2a),
    nextRecord: Number(bytes.readBigUInt64LE(0x18)),
  };
}

/** Names the format of a file that is no event log, in words. */
export function describeStranger(bytes: Buffer): string {
  if (bytes.length === 0) return 'the file is empty';
  if (bytes.toString('latin1', 4, 8) === 'LfLe') return 'it is a log of Windows XP or 2003 (.evt), not .evtx';
  const text = bytes
    .toString('latin1', 0, 64)
    .replace(/^\xef\xbb\xbf/, '')
    .replace(/\0|^\xff\xfe/g, '')
    .trimStart();
  if (text.startsWith('<')) return 'it is XML: export the log as .evtx';
  if (text.startsWith('PK')) return 'it is an archive: unpack it first';
  return 'not an event log (.evtx)';
}

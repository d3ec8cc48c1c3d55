import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Chunk, chunkAt, chunkSize, isBlank, readHeader, walkRecords } from './chunk.ts';
import { Templates } from './templates.ts';

/** A place where a file is damaged. */
export interface Damage {
  /** Bytes from the beginning of the file. */
  offset: number;
  because: string;
}

/** What was found in a file beside its events. */
export interface LogFile {
  path: string;
  bytes: number;
  /** Of the whole file as it was read, lower case. */
  sha256: string;
  records: number;
  /** Records of chunks whose checksums do not hold, or that have none. */
  unverified: number;
  /** Was the log written to when it was copied? */
  dirty: boolean;
  /** The first thousand places; `damages` counts them all. */
  damaged: Damage[];
  damages: number;
}

/** A record that was found. The chunk's bytes are used again: nothing may be kept of them. */
export type VisitRecord = (chunk: Chunk, templates: Templates, at: number, size: number, verified: boolean) => void;

export interface ReadOptions {
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
  /** Is told of each chunk before its records: the ids that its header names. */
  onChunk?: (firstId: number, lastId: number, verified: boolean) => void;
}

/** Says which file could not be read, and why. */
export class EventLogError extends Error {
  override name = 'EventLogError';
}

const fileHead = 4096;
/** How much is read at once. */
const pieceSize = 4 << 20;
const chunkMagic = 'ElfChnk\0';
const mostDamages = 1000;
/** How many chunks may be looked at to find out that a file without a header is an event log all the same. */
const lookedAt = 16;

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
};

function failureOf(path: string, error: unknown): EventLogError {
  const code = typeof error === 'object' && error !== null ? String(Reflect.get(error, 'code') ?? '') : '';
  const because = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new EventLogError(`${path}: ${because}`, { cause: error });
}

/** Fills `buffer` from `position` on; resolves to how much there was. */
async function fill(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

const isFileHead = (buffer: Buffer): boolean => buffer.toString('latin1', 0, 8) === 'ElfFile\0';

/**
 * Reads an event log from beginning to end, read-only and in constant memory: every record of every chunk, whatever the
 * file's header says of their number. Damage is told with its place, and what lies behind it is read. Rejects with an
 * `EventLogError` when the file cannot be read or is no event log.
 */
export async function readLogFile(path: string, visit: VisitRecord, options: ReadOptions = {}): Promise<LogFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw failureOf(path, error);
  }
  try {
    return await new Reading(path, handle, visit, options).run();
  } catch (error) {
    throw error instanceof EventLogError || options.signal?.aborted ? error : failureOf(path, error);
  } finally {
    await handle.close();
  }
}

/** Bytes of a file in a buffer: room for what the piece before left over, then the piece. */
interface Piece {
  buffer: Buffer;
  /** How much of the room in front is in use. */
  carried: number;
  length: number;
}

class Reading {
  readonly #file: LogFile;
  readonly #handle: FileHandle;
  readonly #visit: VisitRecord;
  readonly #options: ReadOptions;
  readonly #templates = new Templates();
  /** Where the next chunk begins in the file. */
  #next = fileHead;

  constructor(path: string, handle: FileHandle, visit: VisitRecord, options: ReadOptions) {
    this.#handle = handle;
    this.#visit = visit;
    this.#options = options;
    this.#file = { path, bytes: 0, sha256: '', records: 0, unverified: 0, dirty: false, damaged: [], damages: 0 };
  }

  async run(): Promise<LogFile> {
    const file = this.#file;
    const { signal, onProgress } = this.#options;
    const hash = createHash('sha256');
    const { size } = await this.#handle.stat();
    const room = (): Piece => ({ buffer: Buffer.alloc(chunkSize + pieceSize), carried: 0, length: 0 });
    const load = async (piece: Piece, position: number): Promise<Piece> => {
      piece.length = await fill(this.#handle, piece.buffer.subarray(chunkSize), position);
      return piece;
    };
    let spare = room();
    let piece = await load(room(), 0);
    this.#readFileHeader(piece.buffer.subarray(chunkSize, chunkSize + piece.length));
    while (piece.length > 0) {
      signal?.throwIfAborted();
      const position = file.bytes;
      file.bytes += piece.length;
      // The next piece comes while this one is looked at.
      const coming = piece.length === pieceSize ? load(spare, file.bytes) : null;
      hash.update(piece.buffer.subarray(chunkSize, chunkSize + piece.length));
      this.#readChunks(piece, position);
      onProgress?.(size > 0 ? Math.min(1, file.bytes / size) : 1);
      const left = piece;
      piece = coming ? await coming : { buffer: spare.buffer, carried: 0, length: 0 };
      this.#carry(left, piece);
      spare = left;
    }
    this.#readRest(piece);
    file.sha256 = hash.digest('hex');
    return file;
  }

  #damage(offset: number, because: string): void {
    this.#file.damages += 1;
    if (this.#file.damaged.length < mostDamages) this.#file.damaged.push({ offset, because });
  }

  /** Finds out whether this is an event log at all, and where its first chunk begins. */
  #readFileHeader(bytes: Buffer): void {
    const { path } = this.#file;
    if (bytes.length === 0) throw new EventLogError(`${path}: it is empty`);
    if (isFileHead(bytes) && bytes.length >= 128) {
      const size = bytes.readUInt16LE(0x28);
      if (size >= 128 && size <= chunkSize) this.#next = size;
      this.#file.dirty = (bytes.readUInt32LE(0x78) & 1) !== 0;
      if (crc32(bytes.subarray(0, 0x78)) !== bytes.readUInt32LE(0x7c))
        this.#damage(0, 'the checksum of the file’s header is wrong');
      return;
    }
    const chunk = bytes.indexOf(chunkMagic, 0, 'latin1');
    if (chunk < 0 || chunk > fileHead + lookedAt * chunkSize) {
      throw new EventLogError(`${path}: not an event log: it begins with neither ElfFile nor a chunk of one`);
    }
    this.#next = chunk;
    this.#damage(0, 'the file’s header is not there');
  }

  /** Looks at every chunk that is whole in the piece whose bytes begin at `position` in the file. */
  #readChunks({ buffer, carried, length }: Piece, position: number): void {
    const end = position + length;
    const origin = position - chunkSize;
    if (this.#next < position - carried) this.#next = position - carried;
    while (this.#next + chunkSize <= end)
      this.#next += this.#readChunk(chunkAt(buffer, this.#next - origin), this.#next);
  }

  /** Copies what is left of a piece in front of the next one. */
  #carry(from: Piece, to: Piece): void {
    const left = Math.max(0, Math.min(chunkSize, this.#file.bytes - this.#next));
    const end = chunkSize + from.length;
    from.buffer.copy(to.buffer, chunkSize - left, end - left, end);
    to.carried = left;
  }

  /** A file may end within a chunk. */
  #readRest({ buffer, carried }: Piece): void {
    if (carried === 0) return;
    const last = Buffer.alloc(chunkSize);
    buffer.copy(last, 0, chunkSize - carried, chunkSize);
    const chunk = chunkAt(last, 0);
    if (isBlank(chunk)) return;
    this.#damage(this.#next, `the file ends ${chunkSize - carried} bytes before the end of this chunk`);
    this.#readChunk(chunk, this.#next);
  }

  /** Looks at one chunk; returns how far the next one is. */
  #readChunk(chunk: Chunk, offset: number): number {
    const header = readHeader(chunk);
    if (header === null) {
      if (isBlank(chunk)) return chunkSize;
      const next = chunk.bytes.indexOf(chunkMagic, 1, 'latin1');
      this.#damage(offset, next > 0 ? `no chunk here; the next is ${next} bytes further` : 'no chunk here');
      return next > 0 ? next : chunkSize;
    }
    if (!header.verified) this.#damage(offset, `unverified: ${header.because}`);
    this.#options.onChunk?.(header.firstId, header.lastId, header.verified);
    this.#templates.begin(header.verified);
    const file = this.#file;
    walkRecords(
      chunk,
      header,
      (at, size, beyond) => {
        const verified = header.verified && !beyond;
        file.records += 1;
        if (!verified) file.unverified += 1;
        try {
          this.#visit(chunk, this.#templates, at, size, verified);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          this.#damage(offset + at, `a record that cannot be read: ${error.message}`);
        }
      },
      (at, because) => this.#damage(offset + at, because),
    );
    return chunkSize;
  }
}

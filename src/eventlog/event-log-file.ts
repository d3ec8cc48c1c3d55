import { ArchiveError } from '../archives/archive-error.ts';
import { openFile, type RandomAccessFile } from '../archives/open-file.ts';
import { type Digest, digestOf } from '../digest/digest.ts';
import { errorCode } from '../text/error-code.ts';
import { printable } from '../text/printable.ts';
import { hasChunkSignature, isEmpty, nextChunkSignature } from './chunk-header.ts';
import { type ChunkView, chunkSize, chunkViewAt } from './chunk-view.ts';
import { describeStranger, type FileHeader, fileHeaderSize, readFileHeader } from './file-header.ts';

/** A file that cannot be read as an event log: one line that names it, and the code of the system's error or "". */
export class EventLogError extends Error {
  override readonly name = 'EventLogError';
  readonly path: string;
  readonly because: string;
  readonly code: string;

  constructor(path: string, because: string, code = '', options?: ErrorOptions) {
    super(`${path}: ${because}`, options);
    this.path = path;
    this.because = because;
    this.code = code;
  }
}

/** A piece of a file that is to be read for records; its bytes are valid until the next is asked for. */
export interface PlacedChunk {
  chunk: ChunkView;
  /** Bytes from the beginning of the file. */
  offset: number;
  /** How many of its bytes are in the file. */
  available: number;
  /** Bytes before a chunk that begins where none is expected: no chunk of their own. */
  loose: boolean;
}

/** How many chunks are read at once, at most. */
const chunksABlock = 32;
/** One block is read from while the next is filled; as many more can wait for their digest. */
const blocksDecoded = 2;
const blocksDigested = 2;
/** A sound file needs none; each costs that a block is read again. */
const mostRealignments = 64;

interface Block {
  memory: SharedArrayBuffer;
  bytes: Buffer;
  chunks: ChunkView[];
}

function newBlock(count: number): Block {
  const memory = new SharedArrayBuffer(count * chunkSize);
  const chunks = Array.from({ length: count }, (_, i) => chunkViewAt(memory, i * chunkSize));
  return { memory, bytes: Buffer.from(memory), chunks };
}

function reason(error: unknown): { because: string; code: string } {
  const code = errorCode(error);
  if (error instanceof ArchiveError) return { because: error.message, code };
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'no permission to read it',
    EPERM: 'no permission to read it',
    EIO: 'the disk reports an error',
  };
  return { because: known[code] ?? `it cannot be read (${code || String(error)})`, code };
}

/** An event log, on disk or in an archive, open for reading alone. */
export class EventLogFile {
  readonly path: string;
  readonly header: FileHeader;
  /** Bytes read so far. */
  position = 0;
  /** SHA-256 of the whole file, once all chunks were read and a digest was asked for; else "". */
  sha256 = '';
  /** Why what was read may be no single state of the file; "" when it stayed as it was. */
  changed = '';

  readonly #handle: RandomAccessFile;
  #own: Block | undefined;
  readonly #head: Buffer;
  /** Of the file as it is stored, where it is packed. */
  #stored: { bytes: number; sha256: string } | null = null;

  private constructor(path: string, handle: RandomAccessFile, head: Buffer) {
    this.path = path;
    this.header = readFileHeader(head);
    this.#handle = handle;
    this.#head = head;
  }

  /** Of the event log itself; of a .gz as far as it was read. */
  get size(): number {
    return this.#handle.size;
  }

  /** Of the file that the digest is of: what is stored, of a .gz packed. */
  get storedBytes(): number {
    return this.#stored?.bytes ?? this.size;
  }

  /** Opens a file. Throws an EventLogError when it is not there, not readable, or no event log. */
  static async open(path: string): Promise<EventLogFile> {
    let handle: RandomAccessFile | undefined;
    try {
      handle = await openFile(path);
      const head = Buffer.alloc(fileHeaderSize);
      const { bytesRead } = await handle.read(head, 0, fileHeaderSize, 0);
      const file = new EventLogFile(path, handle, head.subarray(0, bytesRead));
      if (!file.header.recognised && !(await file.#holdsChunks()))
        throw new EventLogError(path, describeStranger(head.subarray(0, bytesRead)));
      return file;
    } catch (error) {
      await handle?.close();
      if (error instanceof EventLogError) throw error;
      const { because, code } = reason(error);
      throw new EventLogError(path, because, code, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /**
   * The file's chunks in their order. Where none begins that should, the next is looked for. With `digest` the SHA-256
   * of the very bytes that were read is made beside it. Throws an EventLogError when the disk gives up.
   */
  async *chunks(options: { digest?: boolean; signal?: AbortSignal } = {}): AsyncGenerator<PlacedChunk> {
    const count = Math.min(chunksABlock, 1 + Math.ceil(this.#handle.atMost / chunkSize));
    const blocks = blocksDecoded + (options.digest ? blocksDigested : 0);
    const ring = Array.from({ length: blocks }, () => newBlock(count));
    const digest = options.digest
      ? digestOf(
          this.size,
          ring.map(({ memory }) => memory),
        )
      : null;
    try {
      if (ring[0]) this.#head.copy(ring[0].bytes);
      digest?.give(0, this.#head.length);
      yield* this.#placed(ring, digest, options.signal);
      this.changed = await this.#handle.changed();
      this.#stored = digest ? await this.#handle.storedDigest() : null;
      this.sha256 = this.#stored?.sha256 ?? (digest ? await digest.hex() : '');
    } finally {
      digest?.drop();
    }
  }

  /** The chunks of a place, as far as there are so many; valid until the next are asked for. Throws an EventLogError. */
  async block(offset: number, count: number): Promise<PlacedChunk[]> {
    this.#own ??= newBlock(count);
    const length = await this.#read(this.#own, offset);
    return this.#own.chunks.slice(0, Math.ceil(length / chunkSize)).map((chunk, i) => ({
      chunk,
      offset: offset + i * chunkSize,
      available: Math.min(chunkSize, length - i * chunkSize),
      loose: false,
    }));
  }

  async *#placed(
    ring: readonly Block[],
    digest: Digest | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PlacedChunk> {
    // The file's header lies in the first.
    let turn = 0;
    const next = (): Block | undefined => ring[(turn + 1) % ring.length];
    const last = chunkViewAt(new ArrayBuffer(chunkSize), 0);
    let digested = this.#head.length;
    // Of a log that lost its header the first chunk begins earlier.
    const first = this.header.recognised ? -1 : this.#head.indexOf('ElfChnk\0', 0, 'latin1');
    let at = first >= 0 ? first : digested;
    let realigned = 0;
    let before: ChunkView | null = null;
    let ahead = this.#fill(next(), at, digest);
    for (;;) {
      signal?.throwIfAborted();
      const length = await ahead;
      const block = next();
      if (length === 0 || block === undefined) return;
      const blockSize = block.bytes.length;
      // The buffer past the file's end still holds an earlier block.
      if (length < blockSize) block.bytes.fill(0, length);
      digest?.give(Math.min(length, Math.max(0, digested - at)), length);
      digested = Math.max(digested, at + length);
      turn += 1;
      ahead = length < blockSize ? Promise.resolve(0) : this.#fill(next(), at + length, digest);
      ahead.catch(() => {});
      let onward = at + length;
      for (let i = 0; i * chunkSize < length; i++) {
        const chunk = block.chunks[i];
        const offset = at + i * chunkSize;
        const available = Math.min(chunkSize, length - i * chunkSize);
        if (chunk === undefined) break;
        if (realigned < mostRealignments && !hasChunkSignature(chunk)) {
          // Where bytes are missing, the chunk that should begin here has begun within the one before.
          const earlier = before && !isEmpty(chunk) ? nextChunkSignature(before, 1) : -1;
          const begins = earlier > 0 ? -1 : nextChunkSignature(chunk, 1);
          if (earlier > 0 || (begins > 0 && begins < available)) {
            realigned += 1;
            if (earlier < 0) yield { chunk, offset, available: begins, loose: true };
            onward = earlier > 0 ? offset - chunkSize + earlier : offset + begins;
            before = null;
            break;
          }
        }
        yield { chunk, offset, available, loose: false };
        before = chunk;
      }
      const realign = onward !== at + length;
      at = onward;
      this.position = at;
      if (realign) {
        await ahead.catch(() => 0);
        ahead = this.#fill(next(), at, digest);
      } else if (before) {
        // Its block is filled again while the next is looked at.
        before.bytes.copy(last.bytes);
        before = last;
      }
    }
  }

  /** Fills a block from the file, once the digest has what was in it. */
  async #fill(block: Block | undefined, at: number, digest: Digest | null): Promise<number> {
    await digest?.room();
    return block ? this.#read(block, at) : 0;
  }

  /** Fills a block from the file; less than asked for only at its end. */
  async #read({ bytes }: Block, at: number): Promise<number> {
    try {
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await this.#handle.read(bytes, length, bytes.length - length, at + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return length;
    } catch (error) {
      const { because, code } = reason(error);
      throw new EventLogError(this.path, `${because}, at ${at}`, code, { cause: error });
    }
  }

  /** Does a chunk begin near the beginning of a file whose header is not that of an event log? */
  async #holdsChunks(): Promise<boolean> {
    const block = newBlock(chunksABlock);
    const length = await this.#read(block, 0);
    return block.bytes.subarray(0, length).includes('ElfChnk\0', 0, 'latin1');
  }
}

/** Why a file holds no event log, not even parts of one; "" where it does. Throws as the system does, or an ArchiveError. */
export async function notAnEventLog(path: string): Promise<string> {
  try {
    await (await EventLogFile.open(path)).close();
    return '';
  } catch (error) {
    if (!(error instanceof EventLogError)) throw error;
    if (error.cause !== undefined) throw error.cause;
    return error.because;
  }
}

/** The error that a file of text cannot be opened, or not read on. */
export function openingError(path: string, error: unknown): EventLogError {
  const code = errorCode(error);
  const known: Record<string, string> = { ENOENT: 'there is no such file', EACCES: 'no permission to read it' };
  const because = known[code] ?? (error instanceof Error ? printable(error.message, 300) : String(error));
  return new EventLogError(path, because, code, { cause: error });
}

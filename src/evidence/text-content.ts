import { contentOf } from '../archives/open-file.ts';
import type { FileDigest } from './file-digest.ts';
import type { ReadThreads } from './read-threads.ts';
import { fileBlocks, type RoomFor } from './record-blocks.ts';

/** The bytes of a text, wherever its file is. */
export interface TextContent {
  /** Its size unpacked, about. */
  readonly bytes: number;
  /** Is it read again from its file for each piece, also where that is packed? Else there is little of it. */
  readonly inPieces: boolean;
  /**
   * The bytes in pieces, `atOnce` or as is good for all, each valid until the next; where it reads a file, into a `room`. Only
   * threads that do nothing else read so.
   */
  blocks(atOnce?: number, room?: RoomFor): Iterable<Buffer>;
  /** The same for others, which may take no more than the beginning. */
  passing(atOnce?: number): Promise<AsyncIterable<Buffer> | Iterable<Buffer>>;
  /** Was all of it taken when its beginning was? */
  beginningWasAll(all: boolean): void;
}

/** The text of a file on disk; its digest is made meanwhile. */
export class DiskText implements TextContent {
  readonly inPieces = true;
  readonly #digest: FileDigest;
  readonly #threads: ReadThreads | undefined;

  /** Without threads all of it is read by the one that asks. */
  constructor(digest: FileDigest, threads: ReadThreads | undefined) {
    this.#digest = digest;
    this.#threads = threads;
  }

  get bytes(): number {
    return this.#digest.bytes;
  }

  *blocks(atOnce?: number, room?: RoomFor): Generator<Buffer> {
    const { path, bytes: size, known } = this.#digest;
    if (this.#threads?.pastCache(path, size)) {
      const { bytes, sha256 } = yield* this.#threads.bytes(path, { uncached: true, digest: !known });
      if (sha256 !== undefined) this.#digest.made(sha256, bytes);
      return;
    }
    for (const { bytes, offset } of fileBlocks(this.#digest.path, atOnce, 0, room)) {
      this.#digest.seen(bytes, offset);
      yield bytes;
    }
  }

  async passing(atOnce?: number): Promise<Iterable<Buffer>> {
    return atOnce === undefined ? this.blocks() : beginning(this.#digest.path, atOnce);
  }

  beginningWasAll(): void {}
}

/** Without the digest, which is made when all is read. */
function* beginning(file: string, atOnce: number): Generator<Buffer> {
  for (const { bytes } of fileBlocks(file, atOnce)) yield bytes;
}

/** The text of a file that is packed or in an archive: a thread unpacks it, where it is not small. */
export class PackedText implements TextContent {
  readonly #path: string;
  readonly #stored: number;
  readonly #threads: ReadThreads | undefined;
  /** Bytes of the text for each that is stored, by those that were read. */
  #ratio = 1;
  #small = false;

  /** `stored`: bytes of the file as it is stored. Without threads all of it is taken at once. */
  constructor(path: string, stored: number, threads: ReadThreads | undefined) {
    this.#path = path;
    this.#stored = stored;
    this.#threads = threads;
  }

  get bytes(): number {
    return this.#stored * this.#ratio;
  }

  get inPieces(): boolean {
    return this.#threads !== undefined && !this.#small;
  }

  blocks(): Iterable<Buffer> {
    return this.#threads?.bytes(this.#path) ?? [];
  }

  async passing(): Promise<AsyncIterable<Buffer>> {
    let content = 0;
    const measured = (consumed: number): void => {
      if (consumed > 0 && content > 0) this.#ratio = content / consumed;
    };
    const bytes = await contentOf(this.#path, { consumed: measured });
    return (async function* () {
      for await (const piece of bytes) {
        content += piece.length;
        yield piece;
      }
    })();
  }

  beginningWasAll(all: boolean): void {
    this.#small = all;
  }
}

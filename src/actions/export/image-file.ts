import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { type Digest, digestOf } from '../../digest/digest.ts';
import { errorCode } from '../../text/error-code.ts';
import { pieceBytes, piecesOf, type Span } from './in-order.ts';
import type { BlobHead } from './signed-blob.ts';

/** Beside a part of an image: what it is a part of, and how much of it is surely on disk. */
const partState = z.object({
  schema: z.literal('cordon.part/1'),
  snapshot: z.string(),
  etag: z.string(),
  bytes: z.int(),
  done: z.int().min(0),
});

/** Beside a whole image: of what it is, and its digest. */
export const imageManifest = z.object({
  schema: z.literal('cordon.image/1'),
  /** Where the image is, absolute. */
  file: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  /** So many of the bytes came from the storage; the others are pages of which it says that they were never written, or cleared. */
  transferred: z.int().optional(),
  /** The id of the snapshot that it is a copy of, and of the disk that the snapshot is of. */
  snapshot: z.string(),
  disk: z.string(),
  /** When the snapshot was taken; "" when Azure does not report it. */
  taken: z.string(),
  etag: z.string(),
  /** ISO 8601 UTC */
  finished: z.string(),
});
export type ImageManifest = z.infer<typeof imageManifest>;

/** After so many bytes a flush to disk begins beside the transfer; a transfer so far ahead of the disk waits for it. */
const flushBytes = 64 * 1024 * 1024;
const mostUnflushed = 1024 * 1024 * 1024;

const goesOn = 'What is there stays, and the next export of it goes on from there.';

/** Why the system refused, for people: "the disk is full (ENOSPC)". */
function reasonOf(error: unknown): string {
  const code = errorCode(error);
  const known = new Map([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the quota of the disk is used up'],
    ['EFBIG', 'a file may not be as large here'],
    ['EIO', 'the disk reports an error'],
  ]).get(code);
  if (known) return `${known} (${code})`;
  return code || (error instanceof Error ? error.message : String(error));
}

/** Does a file take no room for zeros that are not written to it? Windows gives it all of its length. */
export const leavesOutZeros = process.platform !== 'win32';
const zeros = Buffer.alloc(pieceBytes);

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Replaces a small file: it is whole at any time. */
async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** The manifest beside a whole image; null when there is no whole image of that name. */
export async function wholeImage(file: string): Promise<ImageManifest | null> {
  const read = imageManifest.safeParse(await readJson(`${file}.json`));
  if (!read.success) return null;
  const there = await stat(file).catch(() => null);
  return there?.isFile() && there.size === read.data.bytes ? read.data : null;
}

/** How many bytes of this image are here already, by the state beside it. */
export async function partDone(file: string): Promise<number> {
  const state = partState.safeParse(await readJson(`${file}.part.json`));
  return state.success ? state.data.done : 0;
}

/** Bytes that may still be written to the folder, or to the first one above it that exists. */
export async function freeBytes(folder: string): Promise<number> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return bavail * bsize;
    } catch (error) {
      if (place === dirname(place)) throw error;
    }
  }
}

/** The SHA-256 of a file of so many bytes, in hex. Throws when it has fewer. */
export async function hashOf(file: string, bytes: number, each: (done: number) => void): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, bytes)));
  const handle = await open(file, 'r');
  try {
    for (let done = 0; done < bytes; each(done)) {
      const piece = buffer.subarray(0, Math.min(buffer.length, bytes - done));
      await readWhole(handle, done, piece);
      hash.update(piece);
      done += piece.length;
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Throws when the file ends before the buffer is full. */
async function readWhole(handle: FileHandle, first: number, into: Buffer): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, first + done);
    if (bytesRead === 0) throw new Error(`the file has ${first + done} bytes only, more were expected`);
    done += bytesRead;
  }
}

/** How many bytes of the part are those of this blob, as the state beside it says; whole pieces alone. */
async function keptOf(file: string, about: { snapshot: string } & BlobHead): Promise<number> {
  const state = partState.safeParse(await readJson(`${file}.part.json`));
  const there = await stat(`${file}.part`).catch(() => null);
  const same =
    state.success &&
    state.data.snapshot.toLowerCase() === about.snapshot.toLowerCase() &&
    state.data.etag === about.etag &&
    state.data.bytes === about.bytes &&
    (there?.size ?? 0) >= state.data.done;
  if (!same) return 0;
  return state.data.done >= about.bytes ? about.bytes : state.data.done - (state.data.done % pieceBytes);
}

/** An image that is being written: its bytes come in order, and their SHA-256 is made on the way. */
export class ImageFile {
  /** So many bytes were here from the start: they are to be read again (`reread`), and go into the digest like the others. */
  readonly kept: number;
  /** The pieces to append in their order, and the memory that they must be in. */
  readonly pieces: Span;
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #digest: Digest;
  readonly #about: { snapshot: string } & BlobHead;
  #done = 0;
  /** Bytes that are surely on disk, by the state beside it. */
  #flushed: number;
  #flushing: Promise<void> | null = null;
  #failure: { error: unknown } | null = null;

  private constructor(file: string, handle: FileHandle, about: { snapshot: string } & BlobHead, kept: number) {
    this.pieces = piecesOf(about.bytes);
    this.kept = kept;
    this.#file = file;
    this.#handle = handle;
    this.#digest = digestOf(about.bytes, this.pieces.blocks);
    this.#about = about;
    this.#flushed = kept;
  }

  /** Opens the part that an earlier export of the same blob left; begins anew where the blob is another. */
  static async open(file: string, about: { snapshot: string } & BlobHead): Promise<ImageFile> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const kept = await keptOf(file, about);
    const handle = await open(`${file}.part`, kept > 0 ? 'r+' : 'w+', 0o600);
    try {
      await handle.truncate(kept);
      return new ImageFile(file, handle, about, kept);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get done(): number {
    return this.#done;
  }

  /** Fills a piece with what is here already. */
  reread(first: number, into: Buffer): Promise<void> {
    return readWhole(this.#handle, first, into);
  }

  /** Takes the next piece, which lies in the next block. Resolves when the pieces under way may be one more. */
  async append(bytes: Buffer): Promise<void> {
    this.#digest.give(0, bytes.length);
    if (this.#done >= this.kept) await this.#write(bytes);
    this.#done += bytes.length;
    if (this.#done - this.#flushed >= flushBytes) this.#flushBeside();
    if (this.#done - this.#flushed >= mostUnflushed) await this.#flushing;
    if (this.#failure) throw this.#failure.error;
    await this.#digest.room(this.pieces.atOnce);
  }

  /** Puts a piece behind the others. Zeros take no room where the file system can leave them out. */
  async #write(bytes: Buffer): Promise<void> {
    try {
      if (bytes.equals(zeros.subarray(0, bytes.length))) {
        await this.#handle.truncate(this.#done + bytes.length);
        return;
      }
      // A disk that becomes full takes a part, and says why when it is given the rest.
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.#done + written);
        if (bytesWritten === 0) throw new Error('it takes no more');
        written += bytesWritten;
      }
    } catch (error) {
      throw new Error(`${this.#file}.part cannot be written: ${reasonOf(error)}. ${goesOn}`, { cause: error });
    }
  }

  /** Flushes while more comes, one flush at a time; the next piece fails where it failed. */
  #flushBeside(): void {
    this.#flushing ??= this.#flush()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#flushing = null;
      });
  }

  /** Brings to disk what was written, and then says so in the state beside it. */
  async flush(): Promise<void> {
    await this.#flushing;
    // The bytes from the start are there still, however many were read again.
    if (this.#done <= this.#flushed) return;
    await this.#flush().catch(async () => {
      // A full disk has no room for the state either: the last piece gives way to it.
      this.#done = Math.max(this.#flushed, this.#done - pieceBytes);
      await this.#handle.truncate(this.#done);
      await this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const done = this.#done;
    await this.#handle.datasync();
    const { snapshot, etag, bytes } = this.#about;
    const state = { schema: 'cordon.part/1', snapshot, etag, bytes, done } satisfies z.infer<typeof partState>;
    await writeJson(`${this.#file}.part.json`, state);
    this.#flushed = done;
  }

  /** Gives the file its name, with its manifest beside it. Throws when it is not whole. */
  async finish(
    about: Omit<ImageManifest, 'schema' | 'file' | 'bytes' | 'sha256' | 'etag' | 'snapshot'>,
  ): Promise<ImageManifest> {
    const { bytes, etag, snapshot } = this.#about;
    await this.#flushing;
    const { size } = await this.#handle.stat();
    if (this.#done !== bytes || size !== bytes) throw new Error(`${this.#file}.part has ${size} of ${bytes} bytes`);
    await this.#handle.sync();
    const sha256 = await this.#digest.hex();
    const manifest = { schema: 'cordon.image/1' as const, file: this.#file, bytes, sha256, snapshot, etag, ...about };
    await writeJson(`${this.#file}.json`, manifest);
    await rename(`${this.#file}.part`, this.#file);
    await rm(`${this.#file}.part.json`, { force: true });
    return manifest;
  }

  /** Keeps what came for the next time. */
  async close(): Promise<void> {
    this.#digest.drop();
    await this.#flushing;
    const { size } = await this.#handle.stat();
    await this.#handle.close();
    // A part of nothing says nothing.
    if (size === 0) await rm(`${this.#file}.part`, { force: true });
  }
}

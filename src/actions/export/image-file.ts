import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
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

/** How many bytes are written between two flushes to disk. */
const flushBytes = 256 * 1024 * 1024;
const readBytes = 4 * 1024 * 1024;

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

/** The SHA-256 of the first bytes of a file, in hex by `digest`. Throws when it has fewer. */
export async function hashOf(handle: FileHandle, bytes: number, each: (done: number) => void): Promise<Hash> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, bytes)));
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - done), done);
    if (bytesRead === 0) throw new Error(`the file has ${done} bytes only, ${bytes} were expected`);
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
    each(done);
  }
  return hash;
}

/** An image that is being written: its bytes come in order, and their SHA-256 is made on the way. */
export class ImageFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash;
  readonly #about: { snapshot: string } & BlobHead;
  #done: number;
  #flushed: number;

  private constructor(
    file: string,
    handle: FileHandle,
    hash: Hash,
    about: { snapshot: string } & BlobHead,
    done: number,
  ) {
    this.#file = file;
    this.#handle = handle;
    this.#hash = hash;
    this.#about = about;
    this.#done = done;
    this.#flushed = done;
  }

  /**
   * Opens the part that an earlier export of the same blob left, and reads what is there into the digest again; begins anew
   * where the blob is another.
   */
  static async open(
    file: string,
    about: { snapshot: string } & BlobHead,
    reread: (done: number, of: number) => void,
  ): Promise<ImageFile> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const state = partState.safeParse(await readJson(`${file}.part.json`));
    const there = await stat(`${file}.part`).catch(() => null);
    const same =
      state.success &&
      state.data.snapshot.toLowerCase() === about.snapshot.toLowerCase() &&
      state.data.etag === about.etag &&
      state.data.bytes === about.bytes &&
      (there?.size ?? 0) >= state.data.done;
    const done = same ? Math.min(state.data.done, about.bytes) : 0;
    const handle = await open(`${file}.part`, done > 0 ? 'r+' : 'w+', 0o600);
    try {
      const hash = await hashOf(handle, done, (read) => reread(read, done));
      await handle.truncate(done);
      return new ImageFile(file, handle, hash, about, done);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get done(): number {
    return this.#done;
  }

  /** Takes the next bytes. */
  async append(bytes: Buffer): Promise<void> {
    const writing = this.#handle.write(bytes, 0, bytes.length, this.#done);
    // One core makes the digest while the system writes.
    this.#hash.update(bytes);
    const { bytesWritten } = await writing;
    if (bytesWritten !== bytes.length)
      throw new Error(`${this.#file}.part took ${bytesWritten} of ${bytes.length} bytes`);
    this.#done += bytes.length;
    if (this.#done - this.#flushed >= flushBytes) await this.flush();
  }

  /** Brings to disk what was written, and then says so in the state beside it. */
  async flush(): Promise<void> {
    await this.#handle.datasync();
    const { snapshot, etag, bytes } = this.#about;
    const state = { schema: 'cordon.part/1', snapshot, etag, bytes, done: this.#done } satisfies z.infer<
      typeof partState
    >;
    await writeJson(`${this.#file}.part.json`, state);
    this.#flushed = this.#done;
  }

  /** Gives the file its name, with its manifest beside it. Throws when it is not whole. */
  async finish(
    about: Omit<ImageManifest, 'schema' | 'file' | 'bytes' | 'sha256' | 'etag' | 'snapshot'>,
  ): Promise<ImageManifest> {
    const { bytes, etag, snapshot } = this.#about;
    const { size } = await this.#handle.stat();
    if (this.#done !== bytes || size !== bytes) throw new Error(`${this.#file}.part has ${size} of ${bytes} bytes`);
    await this.#handle.sync();
    const sha256 = this.#hash.digest('hex');
    const manifest = { schema: 'cordon.image/1' as const, file: this.#file, bytes, sha256, snapshot, etag, ...about };
    await writeJson(`${this.#file}.json`, manifest);
    await rename(`${this.#file}.part`, this.#file);
    await rm(`${this.#file}.part.json`, { force: true });
    return manifest;
  }

  /** Keeps what came for the next time. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

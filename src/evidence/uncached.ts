import { closeSync, constants, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '../text/error-code.ts';

/** Of so many small reads, spread over a file, the cache may have answered so many of one that comes from the disk. */
const PROBES = 8;
const MOST_CACHED = 3;
const PROBE_BYTES = 512;

/**
 * Does most of a file come from the disk, and not from the system's page cache? The system counts what it reads for a process
 * (`ru_inblock` of getrusage(2)). False where it does not count it, where the cache cannot be passed by, and where the file cannot be read:
 * its reader says why.
 */
export function isUncached(path: string, bytes: number): boolean {
  if (constants.O_DIRECT === undefined) return false;
  const probe = Buffer.allocUnsafe(PROBE_BYTES);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    let cached = 0;
    for (let n = 1; n <= PROBES; n++) {
      const before = process.resourceUsage().fsRead;
      readSync(descriptor, probe, 0, PROBE_BYTES, Math.floor((bytes * n) / (PROBES + 1)));
      if (process.resourceUsage().fsRead === before) cached += 1;
    }
    return cached <= MOST_CACHED;
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Reads a file in its order past the page cache (open(2), O_DIRECT): to copy from the cache and to make room in it takes longer than to
 * digest the bytes, and what is larger than the cache is not found there again. Addresses, places and lengths must be
 * multiples of the disk's blocks; where the file system or the disk wants others, and at the end of the file, the cache is used.
 */
export class UncachedFile {
  readonly #path: string;
  #file: FileHandle;
  #direct: boolean;
  #offset = 0;

  private constructor(path: string, file: FileHandle, direct: boolean) {
    this.#path = path;
    this.#file = file;
    this.#direct = direct;
  }

  /** Throws as the system does. */
  static async open(path: string): Promise<UncachedFile> {
    try {
      return new UncachedFile(path, await open(path, constants.O_RDONLY | (constants.O_DIRECT ?? 0)), true);
    } catch (error) {
      if (errorCode(error) !== 'EINVAL') throw error;
      return new UncachedFile(path, await open(path, 'r'), false);
    }
  }

  /** Puts the next bytes into memory that begins and ends with a page; gives how many, 0 at the end of the file. */
  async next(into: Uint8Array): Promise<number> {
    const got = await this.#read(into);
    this.#offset += got;
    // The next place is no multiple of a block.
    if (got > 0 && got < into.length) await this.#fallBack();
    return got;
  }

  async #read(into: Uint8Array): Promise<number> {
    try {
      return (await this.#file.read(into, 0, into.length, this.#offset)).bytesRead;
    } catch (error) {
      if (!this.#direct || errorCode(error) !== 'EINVAL') throw error;
      await this.#fallBack();
      return this.#read(into);
    }
  }

  async #fallBack(): Promise<void> {
    if (!this.#direct) return;
    this.#direct = false;
    await this.#file.close();
    this.#file = await open(this.#path, 'r');
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

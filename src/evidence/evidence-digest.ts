import { digestOfStored, type PlacedFile, placedFile } from '../archives/open-file.ts';
import { fileFailure } from './evidence-error.ts';
import type { Progress } from './source.ts';

/** A file as it was when it was read. */
export interface EvidenceDigest {
  path: string;
  bytes: number;
  /** In hexadecimal digits. */
  sha256: string;
}

/**
 * The digest of a file that is not read in place, as it is stored. Where the thread that reads it has not made it, it is made
 * when it is asked for.
 */
export class StoredDigest {
  readonly path: string;
  readonly #file: PlacedFile;
  readonly #read: Progress;
  #found: { bytes: number; sha256: string } | undefined;

  private constructor(path: string, file: PlacedFile, read: Progress) {
    this.path = path;
    this.#file = file;
    this.#read = read;
  }

  /** Looks the file up. Throws an EvidenceError that names it. */
  static async of(path: string, read: Progress): Promise<StoredDigest> {
    try {
      return new StoredDigest(path, await placedFile(path), read);
    } catch (error) {
      throw fileFailure(path, error);
    }
  }

  /** As it is stored. */
  get bytes(): number {
    return this.#file.bytes;
  }

  /** Takes the digest that was made of all of the file. */
  made(sha256: string): void {
    this.#found ??= { bytes: this.#file.bytes, sha256 };
  }

  /** Throws an EvidenceError that names the file. */
  async digest(): Promise<EvidenceDigest> {
    try {
      this.#found ??= await digestOfStored(this.#file, this.#read);
      return { path: this.path, ...this.#found };
    } catch (error) {
      throw fileFailure(this.path, error);
    }
  }

  /** Is it another file than when it was looked up? */
  async changed(): Promise<boolean> {
    return (await this.#file.changed()) !== '';
  }
}

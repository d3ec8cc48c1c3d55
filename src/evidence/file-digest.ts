import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { changeBetween } from '../archives/file-change.ts';
import type { EvidenceDigest } from './evidence-digest.ts';
import { fileFailure } from './evidence-error.ts';
import { fileBlocks } from './record-blocks.ts';
import type { Progress } from './source.ts';

/** The digest of a file on disk, made of the very bytes that are read for something else, and of those that are not. */
export class FileDigest {
  readonly path: string;
  readonly bytes: number;
  readonly #before;
  readonly #hash = createHash('sha256');
  readonly #progress: Progress;
  #reached = 0;
  #sha256: string | undefined;

  constructor(path: string, progress: Progress) {
    this.path = path;
    this.#progress = progress;
    try {
      this.#before = statSync(path);
    } catch (error) {
      throw fileFailure(path, error);
    }
    this.bytes = this.#before.size;
  }

  /** Takes bytes that were read at a place of the file; those that it has already are passed over. */
  seen(bytes: Buffer, offset: number): void {
    this.#progress(bytes.length);
    if (offset !== this.#reached || this.#sha256 !== undefined) return;
    this.#hash.update(bytes);
    this.#reached += bytes.length;
  }

  /** Is the digest made? */
  get known(): boolean {
    return this.#sha256 !== undefined;
  }

  /** Takes the digest of all of the file, which another thread has made of so many bytes. */
  made(sha256: string, bytes: number): void {
    if (this.#sha256 !== undefined) return;
    this.#sha256 = sha256;
    this.#reached = bytes;
  }

  /** The digest of the whole file: reads what is left of it. */
  get sha256(): string {
    if (this.#sha256 !== undefined) return this.#sha256;
    if (this.#reached < this.bytes || this.#reached === 0) {
      for (const { bytes, offset } of fileBlocks(this.path, undefined, this.#reached)) this.seen(bytes, offset);
    }
    this.#sha256 = this.#hash.digest('hex');
    return this.#sha256;
  }

  /** Reads what is left, and says whether the file is still the one that was read first. */
  finish(): { digest: EvidenceDigest; changed: boolean } {
    const { sha256 } = this;
    let after = null;
    try {
      after = statSync(this.path);
    } catch {
      // It is gone.
    }
    return {
      digest: { path: this.path, bytes: this.#reached, sha256 },
      changed: changeBetween(this.#before, after) !== '',
    };
  }
}

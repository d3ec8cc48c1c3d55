import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { changeBetween } from '../eventlog/file-change.ts';
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
 * The digest of a file, and a question to ask when all of it has been read: is it still the file that was digested?
 * Throws an EvidenceError that names it.
 */
export async function digestOfEvidence(
  path: string,
  read: Progress,
): Promise<{ digest: EvidenceDigest; changed(): Promise<boolean> }> {
  try {
    const before = await stat(path);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const piece: Buffer = chunk;
      hash.update(piece);
      bytes += piece.length;
      read(piece.length);
    }
    return {
      digest: { path, bytes, sha256: hash.digest('hex') },
      async changed() {
        return changeBetween(before, await stat(path).catch(() => null)) !== '';
      },
    };
  } catch (error) {
    throw fileFailure(path, error);
  }
}

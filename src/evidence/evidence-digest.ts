import { digestOfStored, placedFile } from '../archives/open-file.ts';
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
    const file = await placedFile(path);
    const { bytes, sha256 } = await digestOfStored(file, read);
    return { digest: { path, bytes, sha256 }, changed: async () => (await file.changed()) !== '' };
  } catch (error) {
    throw fileFailure(path, error);
  }
}

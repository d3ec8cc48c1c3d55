import { ArchiveError } from '../archives/archive-error.ts';
import { printable } from '../text/printable.ts';

/** Why a file cannot serve as evidence: one line that names the file and, where there is one, the place in it. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';

  /** Why, without file and place. */
  readonly why: string;
  readonly line: number | undefined;

  /** `unit`: what the lines of the file are; elements of a JSON list are counted too. */
  constructor(file: string, why: string, place?: { line: number; unit?: 'line' | 'element' | undefined }) {
    super(`${printable(file, 500)}${place ? `, ${place.unit ?? 'line'} ${place.line}` : ''}: ${why}`);
    this.why = why;
    this.line = place?.line;
  }

  /** The same error on this side of a thread. */
  static fromMessage(message: string): EvidenceError {
    const error = new EvidenceError('', '');
    error.message = message;
    return error;
  }
}

/** What went wrong with a file, in words. */
export function fileFailure(file: string, error: unknown): EvidenceError {
  if (error instanceof EvidenceError) return error;
  if (error instanceof ArchiveError) return new EvidenceError(file, error.message);
  const code = typeof error === 'object' && error !== null ? String(Reflect.get(error, 'code') ?? '') : '';
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'no permission to read it',
    EPERM: 'no permission to read it',
    EIO: 'it cannot be read: the disk reports an error',
    ESTALE: 'it went away while it was read',
  };
  return new EvidenceError(
    file,
    known[code] ?? (code === '' ? printable(error instanceof Error ? error.message : String(error), 300) : code),
  );
}

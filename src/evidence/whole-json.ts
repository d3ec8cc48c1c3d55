import { contentOf } from '../archives/open-file.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';

/** A whole JSON file is held in memory; JSON lines and CSV are not. */
const MAX_JSON = 256 * 1024 * 1024;

/** The value of a JSON file. Throws an EvidenceError. */
export async function wholeJson(file: string): Promise<unknown> {
  try {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of await contentOf(file)) {
      bytes += piece.length;
      if (bytes > MAX_JSON)
        throw new EvidenceError(file, 'JSON of more than 256 MiB; use JSON lines, one object a line');
      pieces.push(piece);
    }
    return JSON.parse(
      Buffer.concat(pieces)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
  } catch (error) {
    if (error instanceof SyntaxError) throw new EvidenceError(file, `it is no JSON (${error.message.slice(0, 200)})`);
    throw fileFailure(file, error);
  }
}

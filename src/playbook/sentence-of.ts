import { redactText } from '../casefile/redaction.ts';
import { printable } from '../text/printable.ts';

/** What an error says, without secrets, safe to draw, and not too long. */
export function sentenceOf(error: unknown): string {
  return printable(redactText((error instanceof Error ? error.message : String(error)).slice(0, 8000)), 600);
}

import { redact } from '../casefile/redaction.ts';
import { jsonText } from '../text/json-text.ts';

/** A document as a command prints it: without secrets, as on disk, and safe for a terminal. */
export function printedJson(document: unknown, indent: number | undefined = 2): string {
  return jsonText(redact(document), indent);
}

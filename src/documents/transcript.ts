import * as z from 'zod';
import { instant } from './fact-schema.ts';

export const entryKind = z.enum([
  'case',
  'open',
  'fact',
  'query',
  'plan',
  'confirm',
  'intent',
  'outcome',
  'verify',
  'undo',
  'note',
  'export',
  'error',
  'close',
]);
export type EntryKind = z.infer<typeof entryKind>;

/**
 * One line of `transcript.jsonl`, RFC 8785 canonical JSON. `hash` is the SHA-256 (hex) of the line without `hash`,
 * `prev` the hash before it; the first entry has 64 zeros.
 */
export const entry = z.object({
  seq: z.int(),
  at: instant,
  kind: entryKind,
  actor: z.string(),
  body: z.record(z.string(), z.unknown()),
  prev: z.string(),
  hash: z.string(),
});
export type Entry = z.infer<typeof entry>;

import { EvidenceError } from './evidence-error.ts';
import type { Source } from './source.ts';
export function eventLogSource(file: string): Source {
  throw new EvidenceError(file, 'not yet');
}

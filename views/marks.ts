import type { Severity } from '../src/documents/triage.ts';
import { mark, severityMarks, type Tone } from '../src/words/severity.ts';
import { type Span, span } from './line.ts';

const tones: Record<Severity | 'unknown', Tone> = {
  critical: 'critical',
  high: 'high',
  medium: 'medium',
  low: 'dim',
  info: 'dim',
  unknown: 'unknown',
};

/** The mark of a severity in its colour. */
export function severityMark(severity: Severity | 'unknown'): Span {
  return span(severityMarks[severity], tones[severity]);
}

/** The colour of a severity. */
export function severityTone(severity: Severity | 'unknown'): Tone {
  return tones[severity];
}

/** ✓, ✗ or ?: held, not held, not known. */
export function truthMark(truth: boolean | null): Span {
  if (truth === null) return span(mark.unknown, 'unknown');
  return truth ? span(mark.verified, 'good') : span(mark.failed, 'critical');
}

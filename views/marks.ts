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

/** The mark of a severity in its colour, or of what is in order. */
export function severityMark(severity: Severity | 'unknown' | 'good'): Span {
  return severity === 'good' ? span(mark.verified, 'good') : span(severityMarks[severity], tones[severity]);
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

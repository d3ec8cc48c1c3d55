import type { Severity } from '../src/documents/triage.ts';
import { type Span, span, type Tone } from './line.ts';

/** One cell each, no emoji: they must mean the same without colour. */
export const mark = {
  critical: '▲',
  high: '△',
  medium: '●',
  low: '·',
  unknown: '?',
  verified: '✓',
  failed: '✗',
  loading: '…',
  selected: '❯',
  stale: '◷',
} as const;

const ofSeverity: Record<Severity | 'unknown', { mark: string; tone: Tone }> = {
  critical: { mark: mark.critical, tone: 'critical' },
  high: { mark: mark.high, tone: 'high' },
  medium: { mark: mark.medium, tone: 'medium' },
  low: { mark: mark.low, tone: 'dim' },
  info: { mark: mark.low, tone: 'dim' },
  unknown: { mark: mark.unknown, tone: 'unknown' },
};

/** The mark of a severity in its colour. */
export function severityMark(severity: Severity | 'unknown'): Span {
  const shown = ofSeverity[severity];
  return span(shown.mark, shown.tone);
}

/** The colour of a severity. */
export function severityTone(severity: Severity | 'unknown'): Tone {
  return ofSeverity[severity].tone;
}

/** ✓, ✗ or ?: held, not held, not known. */
export function truthMark(truth: boolean | null): Span {
  if (truth === null) return span(mark.unknown, 'unknown');
  return truth ? span(mark.verified, 'good') : span(mark.failed, 'critical');
}

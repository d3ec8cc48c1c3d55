import type { MissingPatch, Severity } from '../documents/triage.ts';

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

/** What a piece of text means; its colour follows from that, and never says what no mark or word says. */
export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'unknown' | 'good' | 'dim' | 'accent' | 'plain';

/** The mark of each severity, on every screen and in every report. */
export const severityMarks: Readonly<Record<Severity | 'unknown', string>> = {
  critical: mark.critical,
  high: mark.high,
  medium: mark.medium,
  low: mark.low,
  info: mark.low,
  unknown: mark.unknown,
};

/** How bad it is that an update is missing, by Microsoft's classification alone. */
export function patchSeverity({ classification }: Pick<MissingPatch, 'classification'>): Severity {
  if (/critical/i.test(classification)) return 'critical';
  return /security/i.test(classification) ? 'high' : 'low';
}

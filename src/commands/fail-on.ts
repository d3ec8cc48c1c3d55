import { severityOrder } from '../documents/severity.ts';
import type { ScanRow, TriageDocument } from '../documents/triage.ts';
import { exitCode } from '../failure.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { severityAtWorst } from '../triage/suspicion.ts';
import type { Streams } from './options.ts';

/** What `--fail-on` takes. */
export type FailOn = 'critical' | 'high' | 'medium' | 'low';

const mostNamed = 10;

/**
 * The exit code of `scan --fail-on`: 1 when a VM is at or above the severity, or could be for what is not known of it
 * (exposure, failed logons, patches). The latter are named on stderr: an answer that failed never passes for a good one.
 */
export function scanExit(rows: readonly ScanRow[], failOn: FailOn, streams: Pick<Streams, 'stderr'>): number {
  const reached = (severity: FailOn) => severityOrder[severity] <= severityOrder[failOn];
  const found = rows.some((row) => row.severity !== 'unknown' && reached(row.severity));
  const perhaps = rows.flatMap((row) => {
    if (row.severity !== 'unknown' && reached(row.severity)) return [];
    const { severity, unknown } = severityAtWorst(row);
    return unknown.length > 0 && reached(severity) ? [`${printable(row.name, 80)} (${unknown.join(', ')})`] : [];
  });
  if (perhaps.length > 0) {
    const named = perhaps.slice(0, mostNamed).join(', ');
    const more = perhaps.length > mostNamed ? ` and ${perhaps.length - mostNamed} more` : '';
    const what = `${counted(perhaps.length, 'VM')} could be ${failOn}${failOn === 'critical' ? '' : ' or worse'}`;
    streams.stderr.write(`cordon: ${what} for what is not known: ${named}${more}\n`);
  }
  return found || perhaps.length > 0 ? exitCode.findings : exitCode.done;
}

/** What one VM's triage does not know of its three questions. */
function unansweredBy({ exposure, logons, patches }: TriageDocument): string[] {
  const open = logons.state === 'known' && logons.value.bursts.some(({ success }) => success.state === 'unknown');
  return [
    ...(exposure.state === 'unknown' ? ['exposure'] : []),
    ...(logons.state === 'unknown' ? ['failed logons'] : []),
    ...(open ? ['whether a logon succeeded'] : []),
    ...(patches.state === 'unknown' ? ['patches'] : []),
  ];
}

/** The exit code of `triage --fail-on`: 1 for a finding at or above the severity, or where a question has no answer. */
export function triageExit(document: TriageDocument, failOn: FailOn, streams: Pick<Streams, 'stderr'>): number {
  const found = document.findings.some((finding) => severityOrder[finding.severity] <= severityOrder[failOn]);
  const unanswered = unansweredBy(document);
  if (unanswered.length > 0) {
    const worse = failOn === 'critical' ? '' : ' or worse';
    streams.stderr.write(
      `cordon: ${printable(document.vm.name, 80)} could be ${failOn}${worse} for what is not known: ${unanswered.join(', ')}\n`,
    );
  }
  return found || unanswered.length > 0 ? exitCode.findings : exitCode.done;
}

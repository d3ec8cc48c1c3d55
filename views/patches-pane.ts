import type { Known } from '../src/documents/fact.ts';
import { severityOf } from '../src/documents/severity.ts';
import type { Patches, Software } from '../src/documents/triage.ts';
import { count, counted } from '../src/text/counts.ts';
import { age, day } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { exploitedAmong, patchName, serviceText, supportText, unlistedUpdates } from '../src/words/fact-lines.ts';
import { mark, patchSeverity } from '../src/words/severity.ts';
import { loadingRows, notSeenRows, unknownRows } from './fact-rows.ts';
import { between, type Line, line, ofItem, type Span, span } from './line.ts';
import { severityMark, severityTone } from './marks.ts';

/** The word that is beside what CISA lists as exploited; nothing otherwise. */
function exploitedSpans(part: TriageInProgress, cves: readonly string[], width: number): Span[] {
  const matches = exploitedAmong(part, cves);
  if (matches.length === 0) return [];
  const word = width >= 60 && matches.some(({ ransomware }) => ransomware) ? 'exploited, ransomware' : 'exploited';
  return [span(`  ${word}`, 'critical', true)];
}

/** How a vulnerability is drawn; one that Defender does not rate is not drawn as a harmless one. */
function holeSeverity(severity: string) {
  if (/critical/i.test(severity)) return 'critical' as const;
  if (/high/i.test(severity)) return 'high' as const;
  return /medium|low/i.test(severity) ? ('medium' as const) : ('unknown' as const);
}

/** The end of a vulnerability's row: its first CVE, or in a narrow pane only that it is exploited. */
function holeSpans(part: TriageInProgress, one: Software['vulnerabilities'][number], width: number): Span[] {
  const exploited = exploitedSpans(part, one.cves, width);
  const cve = span(` ${one.cves[0] ?? ''} `);
  return exploited.length > 0 && width < 60 ? [...exploited, span(' ')] : [...exploited, cve];
}

/** Without CISA's list nothing is marked, which must not look like "not exploited". */
function exploitedRows(part: TriageInProgress): Line[] {
  const fact = part.knownExploited;
  if (fact?.state !== 'unknown') return [];
  return [line(span(` ${mark.unknown} exploited? ${fact.because}`, 'unknown'))];
}

/** What the assessment counts and does not list; "none" only where it counts none. */
function unlistedRows(patches: Patches): Line[] {
  const unlisted = unlistedUpdates(patches);
  if (unlisted.length === 0 && patches.missing.length === 0)
    return [line(span(` ${mark.low} `, 'dim'), 'No patch was missing when it was assessed.')];
  return unlisted.map(({ severity, text }) =>
    line(' ', severityMark(severity), ' ', span(text, severityTone(severity)), ' missing, not listed'),
  );
}

function rebootRow({ rebootPending, rebootPendingSince }: Patches): Line[] {
  if (rebootPending === null) return [line(span(` ${mark.unknown} whether a reboot is pending`, 'unknown'))];
  if (!rebootPending) return [];
  const since = rebootPendingSince === null ? '' : ` since ${day(rebootPendingSince)}`;
  return [line(span(` ${mark.medium} reboot pending${since}`, 'medium'))];
}

/** The missing patches, what of them is not listed, a pending reboot, and where updates come from. */
function missingRows(part: TriageInProgress, patches: Patches, width: number): Line[] {
  const rows = patches.missing.map((patch, at) => {
    const severity = severityOf(part.findings, `patches.missing[${at}]`) ?? patchSeverity(patch);
    const days = patch.ageDays === null ? '?' : `${count(patch.ageDays)}d`;
    const name = line(
      ' ',
      severityMark(severity),
      ' ',
      span(patchName(patch), severityTone(severity)),
      ...exploitedSpans(part, patch.cves, width),
      `  ${patch.classification || 'unclassified'}`,
      patch.lastAttempt && /failed/i.test(patch.lastAttempt.state) ? span(' failed', 'medium') : '',
    );
    return ofItem(between(name, line(` ${days} `), width), at);
  });
  const service =
    patches.service === '' ? [] : [line(span(`   updates come from ${serviceText(patches.service)}`, 'dim'))];
  return [...rows, ...unlistedRows(patches), ...rebootRow(patches), ...service];
}

/** Third-party software with known holes; `first` is the place of the first in the pane. */
function softwareRows(part: TriageInProgress, software: Known<Software>, first: number, width: number): Line[] {
  const { vulnerabilities, items: installed, scan } = software.value;
  const rows = vulnerabilities.map((one, at) => {
    const name = line(' ', severityMark(holeSeverity(one.severity)), ` ${one.title}`);
    return ofItem(between(name, line(...holeSpans(part, one, width)), width), first + at);
  });
  for (const one of installed.filter((program) => supportText(program, software.asOf) !== '').slice(0, 20)) {
    rows.push(line(span(` ${mark.medium} ${one.name} ${one.version}: ${supportText(one, software.asOf)}`, 'medium')));
  }
  if (vulnerabilities.length === 0 && scan.state === 'scanned') {
    const where = installed.length === 0 ? '' : ` in ${counted(installed.length, 'program')}`;
    rows.push(line(span(` ${mark.low} `, 'dim'), `no known vulnerability${where}`));
  }
  return [...rows, ...notSeenRows(software.notSeen, width)];
}

/** The pane that answers: what is it missing? Patches first, then third-party software with known holes. */
export function patchesRows(part: TriageInProgress, width: number): Line[] {
  const { patches } = part;
  const { software } = part.posture;
  const rows: Line[] = [];
  if (!patches) rows.push(...loadingRows('asking for missing patches'));
  else if (patches.state === 'unknown') rows.push(...unknownRows(patches, width));
  else rows.push(...missingRows(part, patches.value, width));
  const missing = patches?.state === 'known' ? patches.value.missing.length : 0;
  rows.push(line(span(' Third party', 'plain', true)));
  if (!software) rows.push(...loadingRows('asking for installed software'));
  else if (software.state === 'unknown') rows.push(...unknownRows(software, width));
  else rows.push(...softwareRows(part, software, missing, width));
  if (missing > 0 || (software?.state === 'known' && software.value.vulnerabilities.length > 0)) {
    rows.push(...exploitedRows(part));
  }
  if (patches?.state === 'known') rows.push(...notSeenRows(patches.notSeen, width));
  return rows;
}

/** "assessed 2d": how old the assessment is, which matters more than when it was read. */
export function assessedNote(part: TriageInProgress, now: Date): Line | null {
  const fact = part.patches;
  if (fact?.state !== 'known') return null;
  const days = (now.getTime() - Date.parse(fact.value.assessedAt)) / 86_400_000;
  const stale = days > 7;
  return line(
    span(`${stale ? `${mark.stale} ` : ''}assessed ${age(fact.value.assessedAt, now)}`, stale ? 'high' : 'dim'),
  );
}

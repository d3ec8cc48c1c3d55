import type { MissingPatch } from '../src/documents/triage.ts';
import type { TriageInProgress } from '../src/session/ports.ts';
import { count } from '../src/text/counts.ts';
import { age } from '../src/text/times.ts';
import { loadingRows, notSeenRows, unknownRows } from './fact-rows.ts';
import { between, type Line, line, ofItem, span } from './line.ts';
import { mark, severityMark, severityTone } from './marks.ts';
import { severityOf } from './words.ts';

/** "KB5034439", or the package's name. */
export function patchName(patch: MissingPatch): string {
  return patch.kb === '' ? [patch.name, patch.version].filter(Boolean).join(' ') : `KB${patch.kb}`;
}

/** What Defender says of a program's support, in words; "" when it is supported or nothing is said. */
function supportText(endOfSupport: string): string {
  if (endOfSupport === '' || /^none$/i.test(endOfSupport)) return '';
  if (/^\d{4}-/.test(endOfSupport)) return `support ends ${endOfSupport.slice(0, 10)}`;
  return /upcoming/i.test(endOfSupport) ? 'support ends soon' : 'no longer supported';
}

function usualSeverity(patch: MissingPatch) {
  if (/critical/i.test(patch.classification)) return 'critical' as const;
  return /security/i.test(patch.classification) ? ('high' as const) : ('low' as const);
}

/** The pane that answers: what is it missing? Patches first, then third-party software with known holes. */
export function patchesRows(part: TriageInProgress, width: number): Line[] {
  const fact = part.patches;
  const rows: Line[] = [];
  let items = 0;
  if (!fact) rows.push(...loadingRows('asking for missing patches'));
  else if (fact.state === 'unknown') rows.push(...unknownRows(fact, width));
  else {
    const { missing, rebootPending } = fact.value;
    items = missing.length;
    for (const [at, patch] of missing.entries()) {
      const severity = severityOf(part.findings, `patches.missing[${at}]`) ?? usualSeverity(patch);
      const days = patch.ageDays === null ? '?' : `${count(patch.ageDays)}d`;
      rows.push(
        ofItem(
          between(
            line(
              ' ',
              severityMark(severity),
              ' ',
              span(patchName(patch), severityTone(severity)),
              `  ${patch.classification || 'unclassified'}`,
            ),
            line(`${days} `),
            width,
          ),
          at,
        ),
      );
    }
    if (missing.length === 0)
      rows.push(line(span(` ${mark.low} `, 'dim'), 'No patch was missing when it was assessed.'));
    if (rebootPending) rows.push(line(span(` ${mark.medium} reboot pending`, 'medium')));
    if (rebootPending === null) rows.push(line(span(` ${mark.unknown} whether a reboot is pending`, 'unknown')));
    if (fact.value.service !== '') rows.push(line(span(`   updates come from ${fact.value.service}`, 'dim')));
  }
  rows.push(line(span(' Third party', 'plain', true)));
  const software = part.posture.software;
  if (!software) rows.push(...loadingRows('asking for installed software'));
  else if (software.state === 'unknown') rows.push(...unknownRows(software, width));
  else {
    const { vulnerabilities, items: installed } = software.value;
    for (const [at, one] of vulnerabilities.entries()) {
      const severity = /critical/i.test(one.severity) ? 'critical' : /high/i.test(one.severity) ? 'high' : 'medium';
      rows.push(
        ofItem(
          between(line(' ', severityMark(severity), ` ${one.title}`), line(` ${one.cves[0] ?? ''} `), width),
          items + at,
        ),
      );
    }
    for (const one of installed.filter((program) => supportText(program.endOfSupport) !== '').slice(0, 20)) {
      rows.push(line(span(` ${mark.medium} ${one.name} ${one.version}: ${supportText(one.endOfSupport)}`, 'medium')));
    }
    if (vulnerabilities.length === 0) {
      rows.push(line(span(` ${mark.low} `, 'dim'), `no known vulnerability in ${count(installed.length)} programs`));
    }
    rows.push(...notSeenRows(software.notSeen, width));
  }
  if (fact?.state === 'known') rows.push(...notSeenRows(fact.notSeen, width));
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

import type { IncidentDocument, IncidentVm, Lead } from '../documents/incident.ts';
import { printable } from '../text/printable.ts';
import { moment } from '../text/times.ts';
import { followedTexts, type LeadSource, leadSourceNames, unfoundText } from '../words/incident.ts';
import { severityMarks } from '../words/severity.ts';

function leadLine(lead: Lead): string {
  const to = lead.to.kind === 'vm' ? lead.to.name : `${lead.to.kind === 'disk' ? 'disk ' : ''}${lead.to.name}`;
  return printable(
    `  ${severityMarks[lead.severity]} ${lead.reached ? '→' : '⇢'} ${to}  ${moment(lead.first)}  ${lead.text}`,
    400,
  );
}

function factLines(one: IncidentVm, source: LeadSource): string[] {
  const [title, fact] = [leadSourceNames[source], one[source]];
  if (fact.state === 'unknown') {
    return [
      `  ? ${title}: not known: ${printable(fact.because, 400)} (${printable(fact.source, 80)})`,
      `    to fix: ${printable(fact.cure, 400)}`,
    ];
  }
  const unfound = unfoundText(one, source);
  return [
    `  ${title} — ${printable(`${fact.source}; ${fact.coverage}; as of ${moment(fact.asOf)}`, 300)}`,
    ...fact.value.map(leadLine),
    ...(unfound === '' ? [] : [`  · ${printable(unfound, 400)}`]),
    ...fact.notSeen.map((what) => `    ? not seen: ${printable(what, 400)}`),
  ];
}

function followedLine(one: IncidentVm): string {
  const since = one.followed.since === null ? [] : [`since ${moment(one.followed.since)}`];
  return printable(`  followed: ${[...followedTexts(one), ...since].join('; ')}`, 600);
}

/** What leads from one VM to the next, as text: `→` reached, `⇢` attempted. */
export function incidentText(document: IncidentDocument): string {
  const lines = [`cordon incident  ${moment(document.asOf)}`];
  for (const one of document.vms) {
    const reached = one.because === '' ? '' : `  (step ${one.hop}: ${printable(one.because, 300)})`;
    lines.push('', `${printable(one.vm.name, 64)}${reached}`, followedLine(one));
    lines.push(...factLines(one, 'logons'), ...factLines(one, 'operations'));
  }
  for (const { name, because } of document.notFollowed) {
    lines.push('', `  ? ${printable(name, 64)} was reached and not read: ${because}`);
  }
  return `${lines.join('\n')}\n`;
}

import type { Fact } from '../documents/fact.ts';
import type { IncidentDocument, IncidentVm, Lead } from '../documents/incident.ts';
import { printable } from '../text/printable.ts';
import { moment } from '../text/times.ts';
import { severityMarks } from '../words/severity.ts';

function leadLine(lead: Lead): string {
  const to = lead.to.kind === 'vm' ? lead.to.name : `${lead.to.kind === 'disk' ? 'disk ' : ''}${lead.to.name}`;
  return printable(
    `  ${severityMarks[lead.severity]} ${lead.reached ? '→' : '⇢'} ${to}  ${moment(lead.first)}  ${lead.text}`,
    400,
  );
}

function factLines(title: string, fact: Fact<Lead[]>): string[] {
  if (fact.state === 'unknown') {
    return [
      `  ? ${title}: not known: ${printable(fact.because, 400)} (${printable(fact.source, 80)})`,
      `    to fix: ${printable(fact.cure, 400)}`,
    ];
  }
  return [
    `  ${title} — ${printable(`${fact.source}; ${fact.coverage}; as of ${moment(fact.asOf)}`, 300)}`,
    ...(fact.value.length === 0 ? ['  · nothing leads on'] : fact.value.map(leadLine)),
    ...fact.notSeen.map((what) => `    ? not seen: ${printable(what, 400)}`),
  ];
}

function followedLine({ followed }: IncidentVm): string {
  const part = (what: string, values: readonly string[] | null) =>
    `${what} ${values === null ? '? not read' : values.length === 0 ? 'none' : values.slice(0, 8).join(', ')}${(values?.length ?? 0) > 8 ? ` and ${(values?.length ?? 0) - 8} more` : ''}`;
  return printable(
    `  followed: ${part('addresses', followed.addresses)}; ${part('accounts', followed.accounts)}; ${part('its own addresses', followed.privateAddresses)}${followed.since === null ? '' : `; since ${moment(followed.since)}`}`,
    600,
  );
}

/** What leads from one VM to the next, as text: `→` reached, `⇢` attempted. */
export function incidentText(document: IncidentDocument): string {
  const lines = [`cordon incident  ${moment(document.asOf)}`];
  for (const one of document.vms) {
    const reached = one.because === '' ? '' : `  (step ${one.hop}: ${printable(one.because, 300)})`;
    lines.push('', `${printable(one.vm.name, 64)}${reached}`, followedLine(one));
    lines.push(...factLines('Logons on other VMs', one.logons), ...factLines('Done in Azure', one.operations));
  }
  for (const { name, because } of document.notFollowed) {
    lines.push('', `  ? ${printable(name, 64)} was reached and not read: ${because}`);
  }
  return `${lines.join('\n')}\n`;
}

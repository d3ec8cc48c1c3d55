import { type Fact, known } from '../../documents/fact.ts';
import type { IncidentDocument } from '../../documents/incident.ts';
import { counted } from '../../text/counts.ts';
import { knownLeads } from '../../words/incident.ts';

/** The leads of an incident as a fact of their own, so that the notes say how it went from VM to VM. */
export function incidentFact(document: IncidentDocument): {
  name: string;
  summary: string;
  fact: Fact<IncidentDocument>;
} {
  const facts = document.vms.flatMap(({ logons, operations }) => [logons, operations]);
  const count = document.vms.flatMap(knownLeads).length;
  const names = document.vms.map(({ vm }) => vm.name).join(', ');
  const fact = known(document, {
    source: 'cordon, from the logs and the activity log',
    asOf: document.asOf,
    coverage: names,
    notSeen: facts.flatMap((one) => (one.state === 'unknown' ? [`${one.source}: ${one.because}`] : one.notSeen)),
  });
  return { name: 'incident', summary: `${counted(count, 'lead')} from ${names}`, fact };
}

import type { Fact } from '../documents/fact.ts';
import type { IncidentInProgress, IncidentVmInProgress, Lead } from '../documents/incident.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { hasWords } from '../text/fuzzy.ts';
import { kindsOf, type LeadSource, unfoundText } from '../words/incident.ts';
import type { Layer, SessionState } from './state.ts';
import { vmInReach } from './vm-in-reach.ts';

type Shown = Extract<Layer, { kind: 'incident' }>;

/** One row of an incident: a VM, a lead from it, what a source did not show, or a VM that was not read any more. */
export type IncidentRow = { id: string } & (
  | { kind: 'vm'; one: IncidentVmInProgress }
  | { kind: 'lead'; one: IncidentVmInProgress; lead: Lead; fact: Fact<Lead[]> }
  /** null: it is awaited. */
  | { kind: 'source'; one: IncidentVmInProgress; source: LeadSource; fact: Fact<Lead[]> | null }
  | { kind: 'not-followed'; vm: IncidentInProgress['notFollowed'][number] }
);

const sources: readonly LeadSource[] = ['logons', 'operations'];

function rowsOfVm(one: IncidentVmInProgress): IncidentRow[] {
  const leads = sources.flatMap((source): IncidentRow[] => {
    const fact = one[source];
    if (fact?.state !== 'known') return [];
    return fact.value.map((lead) => ({
      kind: 'lead',
      id: `lead ${one.vm.id} ${lead.kind} ${lead.to.id || lead.to.name} ${lead.from} ${lead.first} ${lead.correlationId ?? ''}`,
      one,
      lead,
      fact,
    }));
  });
  // Those that reached come before attempts; else the order of time.
  const rank = (row: IncidentRow) => (row.kind === 'lead' ? `${Number(!row.lead.reached)} ${row.lead.first}` : '');
  const gaps = sources.flatMap((source): IncidentRow[] => {
    const fact = one[source];
    const whole =
      fact?.state === 'known' && kindsOf(source).every((kind) => fact.value.some((lead) => lead.kind === kind));
    return whole && fact.notSeen.length === 0
      ? []
      : [{ kind: 'source', id: `${source} ${one.vm.id}`, one, source, fact }];
  });
  return [
    { kind: 'vm', id: `vm ${one.vm.id}`, one },
    ...leads.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)),
    ...gaps,
  ];
}

const made = new WeakMap<IncidentInProgress, IncidentRow[]>();

/** The rows of the incident of a VM, each VM with what leads on from it; made once for each answer. */
function rowsOf(part: IncidentInProgress): IncidentRow[] {
  const known = made.get(part);
  if (known) return known;
  const rows = [
    ...part.vms.flatMap(rowsOfVm),
    ...part.notFollowed.map((vm): IncidentRow => ({ kind: 'not-followed', id: `not followed ${vm.id}`, vm })),
  ];
  made.set(part, rows);
  return rows;
}

function textOf(row: IncidentRow): string {
  if (row.kind === 'not-followed') return `${row.vm.name} ${row.vm.because}`;
  const { name } = row.one.vm;
  if (row.kind === 'vm') return `${name} ${row.one.because}`;
  if (row.kind === 'lead') return `${name} ${row.lead.kind} ${row.lead.to.name} ${row.lead.text} ${row.lead.first}`;
  return `${name} ${unfoundText(row.one, row.source)}`;
}

/** The rows that contain every word of the search. */
export function foundIncidentRows(
  state: SessionState,
  { vmId, search }: Pick<Shown, 'vmId' | 'search'>,
): IncidentRow[] {
  const part = state.incidents.get(vmId)?.part;
  const rows = part ? rowsOf(part) : [];
  return search.trim() === '' ? rows : rows.filter((row) => hasWords(textOf(row), search));
}

/** Where the cursor is: it stays on its row while others arrive. */
export function incidentRowAt(found: readonly IncidentRow[], selected: string | null): number {
  return Math.max(
    0,
    found.findIndex(({ id }) => id === selected),
  );
}

/** The row under the cursor. */
export function incidentRowInHand(state: SessionState, layer: Shown): IncidentRow | undefined {
  const found = foundIncidentRows(state, layer);
  return found[incidentRowAt(found, layer.selected)];
}

/** The id of the VM that a row is or leads to; "" for none. */
export function leadsTo(row: IncidentRow): string {
  if (row.kind === 'vm') return row.one.vm.id;
  if (row.kind === 'not-followed') return row.vm.id;
  return row.kind === 'lead' && row.lead.to.kind === 'vm' ? row.lead.to.id : '';
}

/** The VM in reach that the row under the cursor is or leads to. */
export function vmOfRowInHand(state: SessionState, layer: Shown): VirtualMachine | undefined {
  const row = incidentRowInHand(state, layer);
  const id = row ? leadsTo(row) : '';
  return id === '' ? undefined : vmInReach(state, id);
}

/** Why Enter opens nothing. */
export function whyNotOpened(row: IncidentRow): string {
  if (row.kind === 'source') {
    return row.fact?.state === 'unknown' ? row.fact.cure : 'This row leads to no VM.';
  }
  if (row.kind !== 'lead') return 'This VM is not among those in reach.';
  const { to } = row.lead;
  if (to.kind === 'vm') return `${to.name} is not among the VMs in reach.`;
  const answer = row.lead.kind === 'disk-link' ? ' p offers revoke-disk-links.' : '';
  return `${to.name} is no VM: y copies its id.${answer}`;
}

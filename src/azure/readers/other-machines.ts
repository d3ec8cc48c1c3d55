import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { parentOf, sameId, shortName } from '../../arm/resource-id.ts';
import { count, counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';

export type OtherKind = 'scale-set' | 'instance' | 'arc' | 'classic';

/** A machine, or a set of them, that is not among the VMs in reach. */
export interface OtherMachine {
  id: string;
  name: string;
  resourceGroup: string;
  kind: OtherKind;
  /** How many instances a scale set is to have; null where Azure does not report it, and for single machines. */
  capacity: number | null;
}

const kinds: Record<string, OtherKind> = {
  'microsoft.hybridcompute/machines': 'arc',
  'microsoft.classiccompute/virtualmachines': 'classic',
  'microsoft.compute/virtualmachinescalesets': 'scale-set',
  'microsoft.compute/virtualmachinescalesets/virtualmachines': 'instance',
};

/** A row of Resource Graph that is a machine and no VM; undefined for all others. */
export function otherMachineOf(row: Json): OtherMachine | undefined {
  const kind = kinds[textAt(row, 'type')];
  if (!kind) return undefined;
  return {
    id: textAt(row, 'id'),
    name: printable(textAt(row, 'name'), 80),
    resourceGroup: printable(textAt(row, 'resourceGroup'), 90),
    kind,
    capacity: numberAt(row, 'capacity') ?? null,
  };
}

/**
 * The machines with the instances of their Uniform scale sets, which are asked for only where there are such sets. A
 * cloud whose Resource Graph has no table of instances reports the sets alone.
 */
export async function withInstances(
  connection: Connection,
  machines: readonly OtherMachine[],
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<OtherMachine[]> {
  if (!machines.some(({ kind }) => kind === 'scale-set')) return [...machines];
  const query = await loadQuery('scale-set-instances');
  const { rows } = await queryGraph(connection, query, subscriptions, signal).catch(() => ({ rows: [] }));
  return [...machines, ...rows.flatMap((row) => otherMachineOf(row) ?? [])];
}

/** What cordon cannot do for a kind of machine, and where to look instead. */
const instead: Record<OtherKind, string> = {
  'scale-set': 'their exposure and logs are not read here: look at the scale set’s own network profile and logs',
  instance: 'its exposure and logs are not read here: look at the scale set’s own network profile and logs',
  arc: 'Azure does not know their network: look at them where they stand; their logs and alerts are in the portal under Azure Arc',
  classic: 'Azure has retired classic VMs: none of them should run',
};

const named = (machines: readonly OtherMachine[]): string => {
  const shown = machines.slice(0, 3).map(({ name, resourceGroup }) => `${name} (${resourceGroup})`);
  return machines.length > 3 ? `${shown.join(', ')} and ${count(machines.length - 3)} more` : shown.join(', ');
};

/** The machines that no list of VMs holds, counted and named, one sentence a kind. */
export function otherMachinesText(machines: readonly OtherMachine[]): string[] {
  const of = (kind: OtherKind) => machines.filter((one) => one.kind === kind);
  const sets = of('scale-set');
  const instances = of('instance');
  const told: string[] = [];
  const inSets = sets.reduce((sum, set) => {
    const listed = instances.filter(({ id }) => sameId(parentOf(id), set.id)).length;
    return sum + Math.max(listed, set.capacity ?? 0);
  }, 0);
  const orphans = instances.filter(({ id }) => !sets.some((set) => sameId(parentOf(id), set.id))).length;
  if (sets.length + instances.length > 0) {
    const where = sets.length > 0 ? ` of ${counted(sets.length, 'Uniform scale set')}: ${named(sets)}` : '';
    told.push(`${counted(inSets + orphans, 'instance')}${where}; ${instead['scale-set']}`);
  }
  const arc = of('arc');
  if (arc.length > 0) told.push(`${counted(arc.length, 'Arc server')}: ${named(arc)}; ${instead.arc}`);
  const classic = of('classic');
  if (classic.length > 0) told.push(`${counted(classic.length, 'classic VM')}: ${named(classic)}; ${instead.classic}`);
  return told;
}

const kindNames: Record<OtherKind, string> = {
  'scale-set': 'a Uniform scale set',
  instance: 'an instance of a Uniform scale set',
  arc: 'an Arc server',
  classic: 'a classic VM',
};

/** Explains a name or id of a machine that is no VM: "onprem01 is an Arc server: …"; "" when it means none. */
export function otherMachineNamed(machines: readonly OtherMachine[], wanted: string): string {
  const set = machines.find(({ id, kind }) => kind === 'scale-set' && sameId(id, parentOf(wanted)));
  const found =
    machines.find(({ id, name }) => sameId(id, wanted) || name.toLowerCase() === wanted.toLowerCase()) ??
    // Where the instances themselves cannot be listed, their ids show what they are.
    (set ? { ...set, name: `${shortName(wanted)} of ${set.name}`, kind: 'instance' as const } : undefined);
  if (!found) return '';
  return `${printable(found.name, 120)} is ${kindNames[found.kind]}, which cordon cannot triage: ${instead[found.kind]}`;
}

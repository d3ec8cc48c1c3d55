import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { sameId, shortName } from '../../arm/resource-id.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import { count, counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';

export type OtherKind = 'scale-set' | 'arc' | 'classic';

/** A machine, or a set of them, that is not among the VMs in reach. */
export interface OtherMachine {
  id: string;
  name: string;
  resourceGroup: string;
  kind: OtherKind;
  /** How many instances a scale set is to have; null where Azure does not report it, and for single machines. */
  capacity: number | null;
  /** How many of them are among the machines in reach. */
  listed: number;
}

const kinds: ReadonlyMap<string, OtherKind> = new Map(
  Object.entries<OtherKind>({
    'microsoft.hybridcompute/machines': 'arc',
    'microsoft.classiccompute/virtualmachines': 'classic',
    'microsoft.compute/virtualmachinescalesets': 'scale-set',
  }),
);

/** A row of Resource Graph that is a machine, or a scale set, and no VM; undefined for all others. */
export function otherMachineOf(row: Json): OtherMachine | undefined {
  const kind = kinds.get(textAt(row, 'type'));
  if (!kind) return undefined;
  return {
    id: textAt(row, 'id'),
    name: printable(textAt(row, 'name'), 80),
    resourceGroup: printable(textAt(row, 'resourceGroup'), 90),
    kind,
    capacity: numberAt(row, 'capacity') ?? null,
    listed: 0,
  };
}

/** What cordon cannot do for a kind of machine, and where to look instead. */
const instead: Record<Exclude<OtherKind, 'scale-set'>, string> = {
  arc: 'Azure does not know their network: look at them where they stand; their logs and alerts are in the portal under Azure Arc',
  classic: 'Azure has retired classic VMs: none of them should run',
};

const named = (machines: readonly OtherMachine[]): string => {
  const shown = machines.slice(0, 3).map(({ name, resourceGroup }) => `${name} (${resourceGroup})`);
  return machines.length > 3 ? `${shown.join(', ')} and ${count(machines.length - 3)} more` : shown.join(', ');
};

/** Scale sets of which Resource Graph lists fewer instances than they are to have. */
function unlistedText(machines: readonly OtherMachine[]): string[] {
  const short = machines.filter(
    ({ kind, capacity, listed }) => kind === 'scale-set' && (capacity === null ? listed === 0 : listed < capacity),
  );
  const [first] = short;
  if (!first) return [];
  const missing = short.reduce((sum, { capacity, listed }) => sum + Math.max(0, (capacity ?? 0) - listed), 0);
  const many = missing > 0 ? counted(missing, 'instance') : 'instances';
  const sets = counted(short.length, 'Uniform scale set');
  return [
    `${many} of ${sets}: ${named(short)}; Resource Graph does not list them: triage one by its number (${first.name}/0)`,
  ];
}

/** The machines that no list of VMs holds, counted and named, one sentence a kind. */
export function otherMachinesText(machines: readonly OtherMachine[]): string[] {
  const of = (kind: OtherKind) => machines.filter((one) => one.kind === kind);
  const told = unlistedText(machines);
  const arc = of('arc');
  if (arc.length > 0) told.push(`${counted(arc.length, 'Arc server')}: ${named(arc)}; ${instead.arc}`);
  const classic = of('classic');
  if (classic.length > 0) told.push(`${counted(classic.length, 'classic VM')}: ${named(classic)}; ${instead.classic}`);
  return told;
}

/** Explains a name or id that is no VM: "onprem01 is an Arc server: …"; "" when it means nothing of these. */
export function otherMachineNamed(machines: readonly OtherMachine[], wanted: string): string {
  const found = machines.find(({ id, name }) => sameId(id, wanted) || name.toLowerCase() === wanted.toLowerCase());
  if (found?.kind === 'scale-set') {
    const { name } = found;
    return `${name} is a Uniform scale set: name one of its instances, "${name}/0" or its id; cordon scan lists them`;
  }
  if (found) {
    const kind = found.kind === 'arc' ? 'an Arc server' : 'a classic VM';
    return `${printable(found.name, 120)} is ${kind}, which cordon cannot triage: ${instead[found.kind]}`;
  }
  const instance = scaleSetInstanceOf(wanted);
  const set = instance && machines.find(({ id }) => sameId(id, instance.scaleSet));
  return set ? `scale set ${set.name} has no instance ${printable(shortName(wanted), 60)}, or you may not read it` : '';
}

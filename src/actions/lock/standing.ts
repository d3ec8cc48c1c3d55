import type { Json } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { interfacesOf, readMachine } from '../../azure/readers/machine.ts';
import { groupOf, networkResource, readIfThere } from '../../azure/readers/network-interface.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { foundLock } from './found-lock.ts';

/** The security groups in front of the VM now. */
export interface Standing {
  interfaces: Json[];
  /** Security groups of the interfaces, by id in lower case. */
  groups: ReadonlyMap<string, Json>;
  /** The VM as Azure prints it. */
  machine: Json;
}

/** The group that is at an interface, as Azure prints it. */
export const groupAt = (standing: Standing, networkInterface: Json): Json | null =>
  standing.groups.get(groupOf(networkInterface).toLowerCase()) ?? null;

/** Reads the interfaces of the VM and their groups. */
export async function readStanding(connection: Connection, context: Pick<ActionContext, 'target'>): Promise<Standing> {
  const machine = await readMachine(connection, context.target);
  const interfaces = await Promise.all(interfacesOf(machine).map((id) => networkResource(connection, id)));
  const groups = new Map<string, Json>();
  for (const id of new Set(interfaces.map(groupOf).filter((one) => one !== ''))) {
    const group = await readIfThere(connection, id);
    if (group) groups.set(id.toLowerCase(), group);
  }
  return { interfaces, groups, machine };
}

/** Interfaces that another case has locked: each with the lock. */
export function locksOf(standing: Standing, caseId: string) {
  return standing.interfaces.flatMap((one) => {
    const lock = foundLock(groupAt(standing, one));
    return lock !== undefined && lock.caseId !== caseId ? [{ networkInterface: one, lock }] : [];
  });
}

import { listAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { briefly } from '../../azure/client/failure.ts';
import { interfacesOf, readMachine } from '../../azure/readers/machine.ts';
import { groupOf, networkResource, subnetsOf } from '../../azure/readers/network-interface.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { count } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';

/** Rules that a network security group may have: MicrosoftDocs/azure-docs, includes/azure-virtual-network-limits.md, "NSG rules per NSG". */
const mostRules = 1000;

/** The security groups that decide on the VM: those of its interfaces and of their subnets, each once. */
async function groupsOf(connection: Connection, { target }: ActionContext): Promise<string[]> {
  const machine = await readMachine(connection, target);
  const interfaces = await Promise.all(interfacesOf(machine).map((id) => networkResource(connection, id)));
  const subnetIds = [...new Set(interfaces.flatMap(subnetsOf))];
  const subnets = await Promise.all(subnetIds.map((id) => networkResource(connection, id)));
  const ids = [...interfaces, ...subnets].map(groupOf).filter((id) => id !== '');
  return [...new Map(ids.map((id) => [id.toLowerCase(), id])).values()];
}

/**
 * That a group of the VM has no room for so many rules, which Defender for Cloud writes for just-in-time access: a request is taken
 * all the same, and then opens nothing.
 */
export async function littleRoomForRules(
  connection: Connection,
  context: ActionContext,
  needed: number,
): Promise<string[]> {
  try {
    const groups = await groupsOf(connection, context);
    const bodies = await Promise.all(groups.map((id) => networkResource(connection, id)));
    return bodies.flatMap((body, index) => {
      const there = listAt(body, 'properties', 'securityRules').length;
      if (there + needed <= mostRules) return [];
      const name = printable(shortName(groups[index] ?? ''), 80);
      return [
        `${name} has ${count(there)} of the ${count(mostRules)} rules that Azure allows a group: Defender for Cloud cannot write ${needed} more there, and access may then not open. Ask the customer to take some out.`,
      ];
    });
  } catch (error) {
    if (context.signal.aborted) throw error;
    return [
      `Not seen: whether the security groups have room for the rules of the access (${printable(briefly(error), 120)}).`,
    ];
  }
}

import type { Fact } from '../documents/fact.ts';
import type { IdentityPosture, VirtualMachine } from '../documents/triage.ts';
import { known } from '../triage/fact.ts';
import type { Connection } from './connection.ts';
import { azureError, unknownFrom } from './failure.ts';
import { at, booleanAt, isObject, listAt, textAt } from './json.ts';
import { rawBody } from './raw-body.ts';
import { shortName } from './resource-id.ts';

const source = 'Azure Resource Manager · virtual machine, role assignments';

/** Names of the roles that a principal holds at the machine's scope or above it. */
async function rolesOf(connection: Connection, vm: VirtualMachine, principalId: string): Promise<string[]> {
  const client = await connection.authorization(vm.subscriptionId);
  const definitions: string[] = [];
  const filter = `assignedTo('${principalId.replace(/[^0-9a-f-]/gi, '')}')`;
  for await (const assignment of client.roleAssignments.listForSubscription({ filter })) {
    if (assignment.roleDefinitionId) definitions.push(assignment.roleDefinitionId);
  }
  const roles = await Promise.all(
    [...new Set(definitions)].map(
      async (id) => (await client.roleDefinitions.getById(id.replace(/^\//, ''))).roleName ?? shortName(id),
    ),
  );
  return roles.sort();
}

/** Who can sign in to the machine, and what the machine itself may do in Azure. */
export async function readIdentityPosture(connection: Connection, vm: VirtualMachine): Promise<Fact<IdentityPosture>> {
  try {
    const compute = await connection.compute(vm.subscriptionId);
    const [machine, extensions] = await Promise.all([
      rawBody((options) => compute.virtualMachines.get(vm.resourceGroup, vm.name, options)),
      rawBody((options) => compute.virtualMachineExtensions.list(vm.resourceGroup, vm.name, options)).catch(
        (error: unknown) => azureError(error),
      ),
    ]);
    const notSeen: string[] = [];
    const seen = !('status' in extensions && typeof extensions.status === 'number');
    if (!seen) notSeen.push('extensions: ask for Reader on the machine');
    const types = seen
      ? listAt(extensions, 'value').map((extension) => textAt(extension, 'properties', 'type').toLowerCase())
      : undefined;
    const assigned = at(machine, 'identity', 'userAssignedIdentities');
    const identities = [
      ...(textAt(machine, 'identity', 'principalId')
        ? [{ kind: 'system-assigned', name: vm.name, principal: textAt(machine, 'identity', 'principalId') }]
        : []),
      ...Object.entries(isObject(assigned) ? assigned : {}).map(([id, value]) => ({
        kind: 'user-assigned',
        name: shortName(id),
        principal: textAt(value, 'principalId'),
      })),
    ];
    const managedIdentities = await Promise.all(
      identities.map(async ({ kind, name, principal }) => {
        try {
          return { kind, name, roles: principal ? await rolesOf(connection, vm, principal) : [] };
        } catch (error) {
          notSeen.push(
            `what ${name} may do (${azureError(error).code || 'no answer'}): ask for Reader on the subscription`,
          );
          return { kind, name, roles: [] };
        }
      }),
    );
    const linux = at(machine, 'properties', 'osProfile', 'linuxConfiguration');
    const keysOnly = booleanAt(linux, 'disablePasswordAuthentication');
    return known(
      {
        localAdmin: textAt(machine, 'properties', 'osProfile', 'adminUsername'),
        passwordAuthentication: vm.os === 'windows' ? true : keysOnly === undefined ? null : !keysOnly,
        domainJoined: types ? types.some((type) => type.includes('jsonaddomainextension')) : null,
        entraLogin: types ? types.some((type) => /aadlogin|aadsshlogin/.test(type)) : null,
        managedIdentities,
      },
      {
        source,
        asOf: connection.clock.now().toISOString(),
        coverage: 'this machine; a join made inside the guest is not visible to Azure',
        notSeen,
      },
    );
  } catch (error) {
    return unknownFrom(error, source, {
      permission: 'Microsoft.Compute/virtualMachines/read',
      role: 'Reader',
      scope: vm.name,
    });
  }
}

import { at, booleanAt, type Json, listAt, textAt } from '../../arm/json.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact, Gap, WhyUnknown } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import type { IdentityPosture, VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { signInText } from '../../triage/identity.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, unknownFrom, whyOf } from '../client/failure.ts';
import { rawBody } from '../client/raw-body.ts';
import { managedIdentitiesOf } from './machine.ts';
import { roleReader } from './role-assignments.ts';
import { readSubscriptions } from './subscriptions.ts';

const source = 'Azure Resource Manager · virtual machine, role assignments';
const subscriptionLimit = 20;

/** Types of the VM's extensions, in lower case; why not, when they cannot be read. */
async function extensionTypes(
  connection: Connection,
  vm: VirtualMachine,
): Promise<string[] | Pick<Gap, 'why' | 'because'>> {
  try {
    const compute = await connection.compute(vm.subscriptionId);
    const inSet = scaleSetInstanceOf(vm.id);
    const body = await rawBody((options) =>
      inSet
        ? compute.virtualMachineScaleSetVMExtensions.list(vm.resourceGroup, inSet.scaleSetName, inSet.instance, options)
        : compute.virtualMachineExtensions.list(vm.resourceGroup, vm.name, options),
    );
    return listAt(body, 'value').map((extension) => textAt(extension, 'properties', 'type').toLowerCase());
  } catch (error) {
    return { why: whyOf(error), because: azureError(error).code || 'no answer' };
  }
}

/** The subscriptions that an identity may have roles in, as far as they are in reach: its own first. */
async function subscriptionsOf(
  connection: Connection,
  vm: VirtualMachine,
): Promise<{ ids: string[]; notSeen: string }> {
  const others = await readSubscriptions(connection)
    .then((all) => all.map(({ id }) => id).filter((id) => id.toLowerCase() !== vm.subscriptionId.toLowerCase()))
    .catch(() => null);
  const ids = [vm.subscriptionId, ...(others ?? [])];
  if (others === null) return { ids, notSeen: 'roles in other subscriptions: they could not be listed' };
  const left = ids.length - subscriptionLimit;
  return { ids: ids.slice(0, subscriptionLimit), notSeen: left > 0 ? `roles in ${left} further subscriptions` : '' };
}

/** Who can sign in to the VM, and what the VM itself may do in Azure. `machine` is its own GET. */
export async function readIdentityPosture(
  connection: Connection,
  vm: VirtualMachine,
  machine: Promise<Json>,
): Promise<Fact<IdentityPosture>> {
  try {
    const [body, extensions, subscriptions] = await Promise.all([
      machine,
      extensionTypes(connection, vm),
      subscriptionsOf(connection, vm),
    ]);
    const identities = managedIdentitiesOf(body, vm);
    const notSeen: string[] = [];
    const notSeenWhy: WhyUnknown[] = [];
    const types = Array.isArray(extensions) ? extensions : undefined;
    if (!Array.isArray(extensions)) {
      notSeen.push(`extensions (${extensions.because}): ask for Reader on the VM`);
      notSeenWhy.push(extensions.why);
    }
    if (identities.length > 0 && subscriptions.notSeen) notSeen.push(subscriptions.notSeen);
    const rolesOf = roleReader(connection, vm);
    const managedIdentities = await Promise.all(
      identities.map(async ({ kind, name, principalId }) => {
        const roles =
          principalId === ''
            ? { held: [], known: false, notSeenWhy: [], notSeen: ['Azure does not report its principal'] }
            : await rolesOf(principalId, subscriptions.ids);
        notSeenWhy.push(...roles.notSeenWhy);
        notSeen.push(
          ...roles.notSeen.map((what) => `what ${name} may do: ${what}; ask for Reader on the subscription`),
        );
        return {
          kind,
          name: printable(name, 90),
          rolesKnown: roles.known,
          roles: [...new Set(roles.held.map(({ role }) => printable(role, 120)))],
          assignments: roles.held.map(({ role, scope, can }) => ({
            role: printable(role, 120),
            scope: printable(scope, 400),
            can,
          })),
        };
      }),
    );
    const linux = at(body, 'properties', 'osProfile', 'linuxConfiguration');
    const keysOnly = booleanAt(linux, 'disablePasswordAuthentication');
    const about = {
      localAdmin: printable(textAt(body, 'properties', 'osProfile', 'adminUsername'), 64),
      passwordAuthentication: vm.os === 'windows' ? true : keysOnly === undefined ? null : !keysOnly,
      sshKeys: linux === undefined ? null : listAt(linux, 'ssh', 'publicKeys').length,
      domainJoined: types ? types.some((type) => type.includes('jsonaddomainextension')) : null,
      entraLogin: types ? types.some((type) => /aadlogin|aadsshlogin/.test(type)) : null,
    };
    return known(
      { ...about, signIn: signInText(vm.os, about), managedIdentities },
      {
        source,
        asOf: connection.clock.now().toISOString(),
        coverage: 'this VM; a join made inside the guest is not visible to Azure',
        notSeen: [...new Set(notSeen)].map((text) => printable(text, 300)),
        notSeenWhy,
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

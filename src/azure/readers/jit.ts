import type { JitNetworkAccessPolicy } from '@azure/arm-security';
import { instantAt } from '../../arm/json.ts';
import { sameId, shortName } from '../../arm/resource-id.ts';
import type { Fact, WhyUnknown } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import type { Jit, VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { isForbidden, unknownFrom } from '../client/failure.ts';
import type { ServersPlan } from './defender-plan.ts';

const source = 'Defender for Cloud · JIT policies';

function epoch(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : instantAt({ value }, 'value');
}

/**
 * Is the plan on that just-in-time access needs: Defender for Servers P2 (Microsoft Learn, "Just-in-time access
 * overview")? A plan without a name is the one from before there were two, which has it. null: not readable.
 */
function hasJit({ servers }: ServersPlan): boolean | null {
  return servers === 'unreadable' ? null : servers === 'P2' || servers === 'on';
}

/** The policies that may name the machine: of the subscription, or of its resource group where no more may be read. */
async function policiesOf(
  connection: Connection,
  vm: VirtualMachine,
): Promise<{ policies: JitNetworkAccessPolicy[]; coverage: string; notSeen: string[]; notSeenWhy: WhyUnknown[] }> {
  const client = await connection.security(vm.subscriptionId);
  const collect = async (pages: AsyncIterable<JitNetworkAccessPolicy>) => {
    const policies: JitNetworkAccessPolicy[] = [];
    for await (const policy of pages) policies.push(policy);
    return policies;
  };
  try {
    const policies = await collect(client.jitNetworkAccessPolicies.list());
    return { policies, coverage: 'policies of the subscription', notSeen: [], notSeenWhy: [] };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return {
      policies: await collect(client.jitNetworkAccessPolicies.listByResourceGroup(vm.resourceGroup)),
      coverage: `policies of ${vm.resourceGroup}`,
      notSeen: ['policies in other resource groups: ask for Security Reader on the subscription'],
      notSeenWhy: ['denied'],
    };
  }
}

const anywhere = (sources: string[]) => (sources.length === 0 ? ['*'] : sources);

/** The just-in-time policy that names this machine, and its grants: an open one is a way in. */
export async function readJit(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
): Promise<Fact<Jit>> {
  try {
    const [{ policies, coverage, notSeen, notSeenWhy }, available] = await Promise.all([
      policiesOf(connection, vm),
      plan.then(hasJit, () => null),
    ]);
    const now = connection.clock.now();
    const jit: Jit = { policy: '', policyId: '', available, ports: [], grants: [] };
    for (const policy of policies) {
      const mine = policy.virtualMachines.find((machine) => sameId(machine.id, vm.id));
      if (mine) {
        jit.policyId = policy.id ?? '';
        jit.policy = printable(policy.name ?? shortName(jit.policyId), 90);
        jit.ports.push(
          ...mine.ports.map((port) => ({
            number: port.number,
            protocol: printable(port.protocol, 10),
            maxDuration: printable(port.maxRequestAccessDuration, 20),
            sources: anywhere(
              [port.allowedSourceAddressPrefix ?? '', ...(port.allowedSourceAddressPrefixes ?? [])]
                .filter((text) => text !== '')
                .map((text) => printable(text, 60)),
            ),
          })),
        );
      }
      for (const request of policy.requests ?? []) {
        for (const machine of request.virtualMachines.filter((candidate) => sameId(candidate.id, vm.id))) {
          for (const port of machine.ports) {
            const endsAt = epoch(port.endTimeUtc);
            const startedAt = epoch(request.startTimeUtc);
            if (!endsAt || !startedAt) continue;
            const sources = [port.allowedSourceAddressPrefix ?? '', ...(port.allowedSourceAddressPrefixes ?? [])];
            jit.grants.push({
              requestor: printable(request.requestor, 128),
              port: port.number,
              source: printable(anywhere(sources.filter((text) => text !== '')).join(', '), 200),
              justification: printable(request.justification ?? '', 300),
              status: printable([port.status, port.statusReason ? `(${port.statusReason})` : ''].join(' ').trim(), 60),
              startedAt,
              endsAt,
              open: /initiated/i.test(port.status) && Date.parse(endsAt) > now.getTime(),
            });
          }
        }
      }
    }
    jit.grants.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
    return known(jit, { source, asOf: now.toISOString(), coverage, notSeen, notSeenWhy });
  } catch (error) {
    return unknownFrom(error, source, {
      permission: 'Microsoft.Security/locations/jitNetworkAccessPolicies/read',
      role: 'Security Reader',
      scope: 'the subscription',
    });
  }
}

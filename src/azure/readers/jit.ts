import { instantAt, listAt, numberAt, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Fact } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import type { Jit, VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import type { ServersPlan } from './defender-plan.ts';
import { jitEntryOf, jitGrantsOf, jitSourcesOf, readJitPolicies } from './jit-policies.ts';

const source = 'Defender for Cloud · JIT policies';

/**
 * Is the plan on that just-in-time access needs: Defender for Servers P2 (Microsoft Learn, "Just-in-time access
 * overview")? A plan without a name is the one from before there were two, which has it. null: not readable.
 */
function hasJit({ servers }: ServersPlan): boolean | null {
  return servers === 'unreadable' ? null : servers === 'P2' || servers === 'on';
}

/** The just-in-time policy that names this VM, and its grants: an open one is a way in. */
export async function readJit(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
): Promise<Fact<Jit>> {
  try {
    const [{ policies, coverage, notSeen, notSeenWhy }, available] = await Promise.all([
      readJitPolicies(connection, vm),
      plan.then(hasJit, () => null),
    ]);
    const now = connection.clock.now();
    const jit: Jit = { policy: '', policyId: '', available, ports: [], grants: [] };
    for (const policy of policies) {
      const mine = jitEntryOf(policy, vm.id);
      if (mine) {
        jit.policyId = textAt(policy, 'id');
        jit.policy = printable(textAt(policy, 'name') || shortName(jit.policyId), 90);
        jit.ports.push(
          ...listAt(mine, 'ports').map((port) => ({
            number: numberAt(port, 'number') ?? 0,
            protocol: printable(textAt(port, 'protocol'), 10),
            maxDuration: printable(textAt(port, 'maxRequestAccessDuration'), 20),
            sources: jitSourcesOf(port).map((text) => printable(text, 60)),
          })),
        );
      }
      for (const grant of jitGrantsOf(policy, vm.id, now)) {
        const startedAt = instantAt(grant, 'startedAt');
        const endsAt = instantAt(grant, 'endsAt');
        if (startedAt === null || endsAt === null) continue;
        jit.grants.push({
          requestor: printable(grant.requestor, 128),
          port: grant.port,
          source: printable(grant.sources.join(', '), 200),
          justification: printable(grant.justification, 300),
          status: printable(grant.status, 60),
          startedAt,
          endsAt,
          open: grant.open,
        });
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

import type { Fact } from '../documents/fact.ts';
import type { Jit, VirtualMachine } from '../documents/triage.ts';
import { known } from '../triage/fact.ts';
import type { Connection } from './connection.ts';
import { securityReader, unknownFrom } from './failure.ts';
import { instantAt } from './json.ts';
import { sameId, shortName } from './resource-id.ts';

const jitSource = 'Defender for Cloud · JIT policies';

function epoch(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : instantAt({ value }, 'value');
}

/** The just-in-time policy that names this machine, and its grants: an open one is a way in. */
export async function readJit(connection: Connection, vm: VirtualMachine): Promise<Fact<Jit>> {
  try {
    const client = await connection.security(vm.subscriptionId);
    const now = connection.clock.now();
    const jit: Jit = { policy: '', ports: [], grants: [] };
    for await (const policy of client.jitNetworkAccessPolicies.list()) {
      const mine = policy.virtualMachines.find((machine) => sameId(machine.id, vm.id));
      if (mine) {
        jit.policy = policy.name ?? shortName(policy.id ?? '');
        jit.ports.push(
          ...mine.ports.map((port) => ({
            number: port.number,
            protocol: port.protocol,
            maxDuration: port.maxRequestAccessDuration,
          })),
        );
      }
      for (const request of policy.requests ?? []) {
        for (const machine of request.virtualMachines.filter((candidate) => sameId(candidate.id, vm.id))) {
          for (const port of machine.ports) {
            const endsAt = epoch(port.endTimeUtc);
            const startedAt = epoch(request.startTimeUtc);
            if (!endsAt || !startedAt) continue;
            jit.grants.push({
              requestor: request.requestor,
              port: port.number,
              source: port.allowedSourceAddressPrefix ?? (port.allowedSourceAddressPrefixes ?? []).join(', '),
              startedAt,
              endsAt,
              open: /initiated/i.test(port.status) && Date.parse(endsAt) > now.getTime(),
            });
          }
        }
      }
    }
    return known(jit, { source: jitSource, asOf: now.toISOString(), coverage: 'policies of the subscription' });
  } catch (error) {
    return unknownFrom(error, jitSource, {
      ...securityReader,
      permission: 'Microsoft.Security/locations/jitNetworkAccessPolicies/read',
    });
  }
}

import { instantAt, numberAt, textAt } from '../../arm/json.ts';
import type { Fact, WhyUnknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Software, VirtualMachine } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import type { Connection } from '../client/connection.ts';
import { securityReader, unknownFrom } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import type { ServersPlan } from './defender-plan.ts';
import { readScans } from './vulnerabilities.ts';

const source = 'Resource Graph · securityresources (software)';

/** What the absence of an inventory means, by the plan. */
function noInventory(plan: ServersPlan): [why: WhyUnknown, because: string, cure: string] {
  switch (plan.servers) {
    case 'P2':
    case 'on':
      return [
        'silent',
        `no software inventory here: Defender for Servers (${plan.text}) is on, but has not scanned this VM`,
        'look at its agentless scanning and at Defender for Endpoint; a VM that is off or excluded is not scanned',
      ];
    case 'P1':
      return [
        'off',
        'no software inventory here: Plan 1 of Defender for Servers has it from Defender for Endpoint alone, which reports nothing of this VM',
        'ask for Defender for Endpoint on the VM, or for Plan 2 (agentless scanning)',
      ];
    case 'off':
      return [
        'off',
        'no software inventory here: Defender for Servers is off',
        'switch on Defender for Servers Plan 2',
      ];
    default:
      return [
        'hidden',
        'no software inventory here, and the Defender plan cannot be read',
        'ask for Security Reader on the subscription',
      ];
  }
}

function itemOf(item: unknown): Software['items'][number] {
  return {
    vendor: textAt(item, 'vendor'),
    name: textAt(item, 'softwareName'),
    version: textAt(item, 'version'),
    endOfSupport: textAt(item, 'endOfSupportStatus'),
    endOfSupportAt: instantAt(item, 'endOfSupportDate')?.slice(0, 10) ?? '',
    knownVulnerabilities: numberAt(item, 'numberOfKnownVulnerabilities') ?? null,
  };
}

/** What an inventory counts of vulnerabilities while no finding names one; "" for none. */
function countedAlone(items: Software['items']): string {
  const sum = items.reduce((total, item) => total + (item.knownVulnerabilities ?? 0), 0);
  return sum === 0 ? '' : `; the inventory counts ${count(sum)}, without their names`;
}

/** Third-party software and known vulnerabilities. No row means "no inventory here", not "nothing installed". */
export async function readSoftware(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
  signal?: AbortSignal,
): Promise<Fact<Software>> {
  try {
    const query = withLiterals(await loadQuery('software'), { _machine: kqlString(vm.id.toLowerCase()) });
    const { rows, truncated } = await queryGraph(connection, query, [vm.subscriptionId], signal);
    const items = rows
      .filter((row) => textAt(row, 'type').endsWith('/softwareinventories'))
      .map((row) => itemOf(row.properties));
    const now = connection.clock.now();
    const { scan, vulnerabilities, stale, coverage, notSeen: unseen } = readScans(rows, now);
    if (items.length === 0 && scan.state === 'not-scanned') return unknown(...noInventory(await plan), source);
    if (stale !== '') {
      return unknown(
        'stale',
        stale,
        'look why scanning stopped: the VM is off, excluded, or its plan was switched off',
        source,
      );
    }
    const notSeen = [...(truncated ? [truncated] : []), ...unseen];
    if (scan.state === 'not-scanned') notSeen.push(`vulnerabilities: ${scan.because}${countedAlone(items)}`);
    if (items.length === 0) notSeen.push('the programs that are installed: no inventory of this VM');
    return known({ items, scan, vulnerabilities }, { source, asOf: now.toISOString(), coverage, notSeen });
  } catch (error) {
    return unknownFrom(error, source, securityReader);
  }
}

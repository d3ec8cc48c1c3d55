import type { Fact } from '../documents/fact.ts';
import type { Exposure, VirtualMachine } from '../documents/triage.ts';
import type { PublishedTags } from '../triage/exposure/address-spec.ts';
import { FleetExposure } from '../triage/exposure/fleet.ts';
import type { NetworkResources } from '../triage/exposure/resources.ts';
import { type Reach, reachOf } from '../triage/suspicion.ts';
import { readAdminRules } from './admin-rules.ts';
import type { Connection } from './connection.ts';
import { listAt, textAt } from './json.ts';
import { loadQuery } from './queries.ts';
import { graphPages } from './resource-graph.ts';

const source = 'Resource Graph · resources';

// Reasons that are told for the whole fleet; what stands behind single machines is in their triage.
const MOST_REASONS = 20;

/** Counts what could not be seen, by the sentence, over all machines. */
export class NotSeenByFleet {
  readonly #machines = new Map<string, number>();

  add(exposure: Fact<Exposure>): void {
    const sentences =
      exposure.state === 'known' ? exposure.notSeen : [`${exposure.because}; ${exposure.cure || 'refresh'}`];
    for (const sentence of sentences) this.#machines.set(sentence, (this.#machines.get(sentence) ?? 0) + 1);
  }

  /** The most frequent first, each with the number of machines it holds for. */
  list(): string[] {
    const sorted = [...this.#machines].sort((a, b) => b[1] - a[1]);
    const told = sorted
      .slice(0, MOST_REASONS)
      .map(
        ([sentence, machines]) => `exposure of ${machines === 1 ? 'one machine' : `${machines} machines`}: ${sentence}`,
      );
    if (sorted.length > MOST_REASONS) {
      told.push(
        `exposure: ${sorted.length - MOST_REASONS} more of this kind; the triage of each machine tells its own`,
      );
    }
    return told;
  }
}

/**
 * The exposure of every machine from Resource Graph alone, page by page, with one call a virtual network for its
 * security admin rules. `take` gets each machine once. Throws the SDK's error.
 */
export async function readFleetExposure(
  connection: Connection,
  subscriptions: string[],
  machines: VirtualMachine[],
  options: { signal?: AbortSignal; serviceTags?: PublishedTags },
  take: (vm: VirtualMachine, exposure: Fact<Exposure>, reach: Reach) => void,
): Promise<{ addresses: Map<string, string[]>; notSeen: string[] }> {
  const unseen = new NotSeenByFleet();
  const notSeen: string[] = [];
  const fleet = new FleetExposure(machines, (vm: VirtualMachine, exposure, openings) => {
    unseen.add(exposure);
    take(vm, exposure, reachOf(vm, exposure, openings));
  });
  const each = async (name: string, use: (rows: unknown[]) => void) => {
    const pages = graphPages(connection, await loadQuery(name), subscriptions, options.signal);
    for (;;) {
      const page = await pages.next();
      if (page.done !== true) use(page.value);
      else if (page.value === '') return;
      else {
        notSeen.push(`exposure: ${page.value}`);
        return;
      }
    }
  };
  await each('network-paths', (rows) => fleet.addResources(rows));
  const adminRules = await readAdminRules(connection, fleet.networks());
  const { serviceTags } = options;
  const asOf = connection.clock.now().toISOString();
  fleet.begin({ asOf, source, adminRules, ...(serviceTags ? { serviceTags } : {}) });
  await each('security-groups', (rows) => fleet.addGroups(rows));
  fleet.finish();
  return { addresses: publicAddresses(machines, fleet.resources), notSeen: [...notSeen, ...unseen.list()] };
}

/** Public addresses at each machine's interfaces: machine id in lower case -> addresses. */
function publicAddresses(machines: VirtualMachine[], resources: NetworkResources): Map<string, string[]> {
  return new Map(
    machines.map((vm) => [
      vm.id.toLowerCase(),
      vm.networkInterfaces
        .flatMap((id) => listAt(resources.get(id), 'properties', 'ipConfigurations'))
        .map((configuration) =>
          textAt(
            resources.get(textAt(configuration, 'properties', 'publicIPAddress', 'id')),
            'properties',
            'ipAddress',
          ),
        )
        .filter((address) => address !== ''),
    ]),
  );
}

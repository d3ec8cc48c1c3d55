import { textAt } from '../../arm/json.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import { unknown } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { FoundExposure } from '../../network/exposure.ts';
import { FleetExposure } from '../../network/fleet/fleet-exposure.ts';
import type { PublishedTags } from '../../network/sets/address-prefixes.ts';
import { type Reach, reachOf } from '../../triage/suspicion.ts';
import type { Connection } from '../client/connection.ts';
import { azureError } from '../client/failure.ts';
import { inTurns, theirTurn } from '../client/in-turns.ts';
import { loadQuery } from '../client/load-query.ts';
import { graphPages } from '../client/resource-graph.ts';
import { readAdminRules } from './admin-rules.ts';
import { unsettledText } from './unsettled-parts.ts';

const source = 'Resource Graph · resources';

// Reasons that are reported for the whole fleet; what is behind single VMs is in their triage.
const MOST_REASONS = 20;

/** Counts what could not be seen, by the sentence, over all VMs. */
export class NotSeenByFleet {
  readonly #machines = new Map<string, number>();

  add({ unknown, notSeen }: Pick<FoundExposure, 'unknown' | 'notSeen'>): void {
    const sentences = unknown === undefined ? notSeen : [`${unknown.because}; ${unknown.cure || 'refresh'}`];
    for (const sentence of sentences) this.#machines.set(sentence, (this.#machines.get(sentence) ?? 0) + 1);
  }

  /** The most frequent first, each with the number of VMs it holds for. */
  list(): string[] {
    const sorted = [...this.#machines].sort((a, b) => b[1] - a[1]);
    const told = sorted
      .slice(0, MOST_REASONS)
      .map(([sentence, machines]) => `exposure of ${machines === 1 ? 'one VM' : `${machines} VMs`}: ${sentence}`);
    if (sorted.length > MOST_REASONS) {
      told.push(`exposure: ${sorted.length - MOST_REASONS} more of this kind; each VM’s triage lists its own`);
    }
    return told;
  }
}

/** The network's parts whose last change failed or is under way; of interfaces, those of the VMs. */
class UnsettledOfFleet {
  readonly #parts: { id: string; sentence: string }[] = [];

  look(rows: readonly unknown[]): void {
    for (const row of rows) {
      const id = textAt(row, 'id');
      const sentence = unsettledText(id, row);
      if (sentence !== '') this.#parts.push({ id, sentence: `exposure: ${sentence}` });
    }
  }

  list(machines: readonly VirtualMachine[]): string[] {
    const interfaces = new Set(machines.flatMap((vm) => vm.networkInterfaces.map((id) => id.toLowerCase())));
    const sentences = this.#parts
      .filter(({ id }) => !/\/networkInterfaces\/[^/]+$/i.test(id) || interfaces.has(id.toLowerCase()))
      .map(({ sentence }) => sentence);
    const more = sentences.length - MOST_REASONS;
    return [
      ...sentences.slice(0, MOST_REASONS),
      ...(more > 0 ? [`exposure: ${more} more parts whose last change failed or is under way`] : []),
    ];
  }
}

type Seen = Pick<FoundExposure, 'fact' | 'unknown' | 'openings' | 'notSeen'>;

/** What leads to a VM may be in the rows that Azure left out: "nothing reaches it" is then not known. */
function cutShort(exposure: Seen, because: string): Seen {
  if (because === '' || exposure.unknown !== undefined || exposure.openings.length > 0) return exposure;
  const cure = 'open its triage, which reads this VM alone; or scan fewer subscriptions (--subscription)';
  const reason = unknown('damaged', because, cure, source);
  return { fact: () => reason, unknown: reason, openings: [], notSeen: [] };
}

/**
 * The exposure of every VM from Resource Graph alone, page by page, with one call a virtual network for its
 * security admin rules. What leads to the VMs is read while they are still being listed. `take` gets each VM once.
 * Returns what could not be seen. Throws the SDK's error, and what `listing` rejects with.
 */
export async function readFleetExposure(
  connection: Connection,
  subscriptions: string[],
  listing: Promise<readonly VirtualMachine[]>,
  options: { signal?: AbortSignal; serviceTags?: PublishedTags },
  take: (vm: VirtualMachine, exposure: Seen, reach: Reach, addresses: readonly string[]) => void,
): Promise<string[]> {
  const unseen = new NotSeenByFleet();
  const notSeen: string[] = [];
  let cut = '';
  const fleet = new FleetExposure((vm: VirtualMachine, found, addresses) => {
    const exposure = cutShort(found, cut);
    unseen.add(exposure);
    take(vm, exposure, reachOf(vm, exposure), addresses);
  });
  const firstPage = async (name: string) => {
    const pages = graphPages(connection, await loadQuery(name), subscriptions, options.signal);
    return { pages, first: await pages.next() };
  };
  const each = async (
    { pages, first }: Awaited<ReturnType<typeof firstPage>>,
    use: (rows: unknown[]) => Promise<void> | void,
  ) => {
    for (let page = first; ; page = await pages.next()) {
      if (page.done !== true) await use(page.value);
      else if (page.value === '') return;
      else {
        notSeen.push(`exposure: ${page.value}`);
        cut = page.value;
        return;
      }
    }
  };
  const unsettled = new UnsettledOfFleet();
  const taken = (rows: unknown[]) =>
    inTurns(rows, (row) => {
      unsettled.look([row]);
      fleet.addResources([row]);
    });
  await each(await firstPage('network-paths'), taken);
  const machines = await listing;
  await inTurns(fleet.machines(machines), () => {});
  if (machines.some(({ id }) => scaleSetInstanceOf(id))) {
    // Without it the instances alone are not known: what is said of the VMs stays.
    try {
      await each(await firstPage('scale-set-network'), taken);
    } catch (error) {
      notSeen.push(`exposure of the instances of scale sets: ${azureError(error).message}`);
    }
  }
  await theirTurn();
  const [adminRules, groups] = await Promise.all([
    readAdminRules(connection, fleet.networks()),
    firstPage('security-groups'),
  ]);
  const { serviceTags } = options;
  const asOf = connection.clock.now().toISOString();
  await theirTurn();
  fleet.begin({ asOf, source, adminRules, ...(serviceTags ? { serviceTags } : {}) });
  const evaluated = () => {};
  await each(groups, (rows) => {
    unsettled.look(rows);
    return inTurns(fleet.groups(rows), evaluated);
  });
  await inTurns(fleet.rest(), evaluated);
  return [...notSeen, ...unsettled.list(machines), ...unseen.list()];
}

import type { Json } from '../arm/json.ts';
import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { readEffectiveRules } from '../azure/readers/effective-rules.ts';
import { type NetworkReading, readNetwork } from '../azure/readers/network.ts';
import { type PortReach, type Reach, reachByConfiguration, reachByEffectiveRules } from '../network/reach.ts';
import type { SecondOpinion } from '../network/rules/effective-rules.ts';
import { addressesOf, INTERNET_V4, INTERNET_V6 } from '../network/sets/address-set.ts';
import { overlaps } from '../network/sets/interval-set.ts';

/** Who may reach the network interfaces of a VM, by both sources. */
export interface ReachReading {
  interfaces: readonly string[];
  reading: NetworkReading;
  /** By interface id: Azure's effective rules as they came, or why they did not. */
  opinions: ReadonlyMap<string, SecondOpinion>;
  /** Both judgements of one interface; with `instead` as if that security group was there. */
  at(networkInterface: string, instead?: Json): { configuration: Reach; effective: Reach };
}

/**
 * Reads what decides who reaches these interfaces, from the configuration and from Azure's effective rules; with `around`
 * also what leads there from outside: firewalls and gateways of other networks.
 */
export async function readReach(
  connection: Connection,
  interfaces: readonly string[],
  signal: AbortSignal,
  options: { around?: boolean } = {},
): Promise<ReachReading> {
  const [reading, opinions] = await Promise.all([
    readNetwork(connection, { networkInterfaces: [...interfaces] }, { signal, around: options.around === true }),
    Promise.all(interfaces.map(async (id) => [id, await readEffectiveRules(connection, id, signal)] as const)),
  ]);
  const byInterface = new Map(opinions);
  return {
    interfaces,
    reading,
    opinions: byInterface,
    at(networkInterface, instead) {
      const { resources, adminRules, unreadable } = reading;
      const input = { networkInterface, resources, adminRules, unreadable, ...(instead ? { instead } : {}) };
      const opinion = byInterface.get(networkInterface) ?? { why: 'not-asked', because: 'not asked', cure: '' };
      return { configuration: reachByConfiguration(input), effective: reachByEffectiveRules(input, opinion) };
    },
  };
}

/** Where a responder may come in, by interface and port, both sources put together. */
export interface WayIn {
  /** TCP ports on which all of the responder's addresses are let in at one interface at least, ascending. */
  open: number[];
  /** Of those, the rules that let in, in words. */
  by: string[];
  /** The closed ports, and the rule that closes them: "3389 by web-nsg/deny (100)". */
  closed: string[];
  /** What cannot be said, in sentences without a full stop. */
  unclear: string[];
  /** Why Azure's effective rules were not asked; "" where they were, for one interface at least. */
  notAsked: string;
  /** Configuration that was not read and might change the answer, in sentences. */
  notSeen: string[];
  /** Ports that the Internet reaches only through something that changes the sender's address: "3389 through fw-hub". */
  relayed: string[];
  /** Of `open`, ports to which no path from the Internet is seen. */
  pathless: number[];
}

/**
 * Puts together what both sources say of a responder's way in. Where they differ nothing is claimed: the answer is
 * unclear, and names both.
 */
export function wayIn(
  reach: Pick<ReachReading, 'interfaces' | 'at'>,
  prefix: string,
  ports: readonly number[],
  instead?: (networkInterface: string) => Json | undefined,
): WayIn {
  const open = new Map<number, string>();
  const found: WayIn = {
    open: [],
    by: [],
    closed: [],
    unclear: [],
    notAsked: '',
    notSeen: [],
    relayed: [],
    pathless: [],
  };
  let asked = false;
  for (const id of reach.interfaces) {
    const { configuration, effective } = reach.at(id, instead?.(id));
    asked ||= effective.because === '';
    if (effective.because !== '') found.notAsked = effective.because;
    if (effective.because !== '') found.notSeen.push(...configuration.notSeen);
    const ours = configuration.ask([prefix], 'tcp', ports);
    const azures = effective.because === '' ? effective.ask([prefix], 'tcp', ports) : [];
    for (const [index, mine] of ours.entries()) {
      const one = together(mine, azures[index]);
      const { port } = mine;
      if (one.verdict === 'open') open.set(port, one.because);
      else if (one.verdict === 'closed') found.closed.push(`${port} at ${shortName(id)} by ${one.because}`);
      else found.unclear.push(`${port} at ${shortName(id)}: ${one.because}`);
    }
  }
  if (asked) found.notAsked = '';
  if (onInternet(prefix)) {
    for (const port of open.keys()) {
      const ways = reach.interfaces.map((id) => reach.at(id).configuration.pathsTo(port));
      const relays = [...new Set(ways.flatMap((one) => one.relays))];
      if (ways.some(({ direct }) => direct)) continue;
      if (relays.length === 0) found.pathless.push(port);
      else {
        found.relayed.push(`${port} through ${relays.join(', ')}`);
        open.delete(port);
      }
    }
  }
  found.open = [...open.keys()].sort((a, b) => a - b);
  found.by = [...new Set(open.values())];
  return found;
}

function together(ours: PortReach, azures: PortReach | undefined): Pick<PortReach, 'verdict' | 'because'> {
  if (azures === undefined || azures.verdict === ours.verdict) return partly(ours);
  if (ours.verdict === 'not-known') return partly(azures);
  if (azures.verdict === 'not-known') return partly(ours);
  const because = `the configuration says ${ours.verdict} (${ours.because}), Azure's effective rules say ${azures.verdict} (${azures.because})`;
  return { verdict: 'not-known', because };
}

const partly = (one: PortReach): Pick<PortReach, 'verdict' | 'because'> =>
  one.verdict === 'partly' ? { verdict: 'partly', because: `only a part of them is let in (${one.because})` } : one;

function onInternet(prefix: string): boolean {
  const { v4, v6 } = addressesOf([prefix]);
  return overlaps(v4, INTERNET_V4) || overlaps(v6, INTERNET_V6);
}

/** The first and the last port of each entry of a playbook's list: 3389, or "5000-5010". */
export function portRanges(ports: readonly (number | string)[]): (readonly [number, number])[] {
  return ports.map((port) => {
    const [from = Number.NaN, to = from] = String(port).split('-').map(Number);
    return [from, to] as const;
  });
}

/** The edges of the ranges, each once. */
export const portEdges = (ports: readonly (number | string)[]): number[] => [...new Set(portRanges(ports).flat())];

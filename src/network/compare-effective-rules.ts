import { nameOf } from '../arm/resource-id.ts';
import type { ExposedPort, Exposure } from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import type { Guarded, Opening } from './exposed-ports.ts';
import { type EffectiveRules, type SecondOpinion, withAlways } from './rules/effective-rules.ts';
import type { FilterChain, FlowsByProtocol } from './rules/evaluate-chain.ts';
import type { FilterBook } from './rules/rule-lists.ts';
import { INTERNET_V4, INTERNET_V6, parsePrefix, sizeV4 } from './sets/address-set.ts';
import { differences, type Flow } from './sets/flow-set.ts';
import { type Intervals, subtract } from './sets/interval-set.ts';
import { BIT, PROTOCOLS, type Protocol, WITH_PORTS } from './sets/protocols.ts';
import { breadthOfV6 } from './source-breadth.ts';

/** Azure's word on one network interface beside ours. */
export interface Opinion {
  networkInterface: string;
  opinion: SecondOpinion | undefined;
  effective: EffectiveRules | undefined;
  guarded: readonly Guarded[];
}

type Compared = Pick<Exposure, 'disagreements' | 'secondOpinion'>;

const MOST = 100;
const HOST = parsePrefix('168.63.129.16');
const HOST_V4: Intervals<number> = HOST?.family === 4 ? [HOST.start, HOST.end] : [];

/** Why an interface's answer was not compared: unreadable, not had, or never asked for. */
function notChecked(opinion: SecondOpinion, unreadable: string | undefined): string {
  if (unreadable !== undefined) return `not checked: ${unreadable}`;
  if (!('why' in opinion)) return 'not asked';
  const told = opinion.cure === '' ? opinion.because : `${opinion.because}; ${opinion.cure}`;
  return opinion.why === 'not-asked' ? told : `not checked: ${told}`;
}

/**
 * Compares, interface by interface and port by port, what our lists let in from the Internet with what Azure's
 * effective rules do, marks each opening with the result, and reports every difference with both sides. Paths do not
 * matter here: both opinions are about the filters alone.
 */
export function compareOpinions(
  book: FilterBook,
  opinions: readonly Opinion[],
  openings: readonly Opening[],
): Compared {
  const result: Compared = { disagreements: [], secondOpinion: [] };
  for (const one of opinions) {
    const { networkInterface, opinion, effective } = one;
    if (opinion === undefined) continue;
    if (effective === undefined || effective.because !== '') {
      result.secondOpinion.push({ networkInterface, result: notChecked(opinion, effective?.because) });
      continue;
    }
    const differing: { guarded: Guarded; protocol: Protocol; from: number; to: number }[] = [];
    let alone = false;
    for (const guarded of one.guarded) {
      const { filters, entrance } = guarded;
      if (filters.unread.subnet !== '' || filters.unread.nic !== '') alone = true;
      const arrival = {
        family: entrance.family,
        destination: entrance.destination,
        groups: entrance.groups,
        network: entrance.network,
      };
      const note: Note = (protocol, from, to, ours, azure) => {
        differing.push({ guarded, protocol, from, to });
        if (result.disagreements.length >= MOST) return;
        const portless = (BIT[protocol] & WITH_PORTS) === 0;
        const ports = portless ? 'all' : from === to ? String(from) : `${from}-${to}`;
        result.disagreements.push({ networkInterface, protocol, ports, cordon: ours, azure });
      };
      const ours = filters.unread.admin.length > 0 ? undefined : guarded.chain;
      const meanings = (chain: FilterChain) => {
        const meant = withAlways(chain, ours);
        return meant.atMost === undefined ? [meant.chain] : [meant.chain, meant.atMost];
      };
      if (entrance.family === 4) {
        const flows = book.flowsV4(guarded.chain, arrival, INTERNET_V4, '');
        const words = (set: Intervals<number>) => `${count(sizeV4(set))} public addresses`;
        inEvery(meanings(effective.chain), note, (chain, found) =>
          compare(flows, book.flowsV4(chain, arrival, INTERNET_V4, ''), HOST_V4, effective.unread, found, words),
        );
      } else {
        const flows = book.flowsV6(guarded.chain, arrival, INTERNET_V6, '');
        // Azure's 0.0.0.0/0 may mean IPv6 too.
        inEvery([...meanings(effective.chain), ...meanings(effective.chainOfBoth)], note, (chain, found) =>
          compare(flows, book.flowsV6(chain, arrival, INTERNET_V6, ''), [], effective.unread, found, breadthOfV6),
        );
      }
    }
    for (const { ports, guarded } of openings) {
      if (!one.guarded.includes(guarded)) continue;
      for (const port of ports) {
        const portless = (BIT[port.protocol] & WITH_PORTS) === 0;
        const differs = differing.some(
          (d) =>
            d.guarded === guarded &&
            d.protocol === port.protocol &&
            (portless || (d.from <= port.to && port.from <= d.to)),
        );
        const uncompared = (BIT[port.protocol] & effective.unread) !== 0;
        port.agrees = differs ? 'disagrees' : uncompared ? 'not-checked' : 'effective-rules';
      }
    }
    result.secondOpinion.push({ networkInterface, result: verdict(differing.length, effective, alone) });
  }
  if (result.disagreements.length >= MOST) result.disagreements.splice(MOST);
  return result;
}

type Note = (protocol: Protocol, from: number, to: number, ours: string, azure: string) => void;

/** What Azure says may have several meanings: it says otherwise only where it does in each of them. */
function inEvery(chains: readonly FilterChain[], note: Note, differs: (chain: FilterChain, found: Note) => void): void {
  const times = new Map<string, number>();
  for (const [index, chain] of chains.entries()) {
    differs(chain, (protocol, from, to, ...words) => {
      const key = `${protocol} ${from}-${to}`;
      const seen = (times.get(key) ?? 0) + 1;
      times.set(key, seen);
      if (index === chains.length - 1 && seen === chains.length) note(protocol, from, to, ...words);
    });
  }
}

function verdict(differing: number, { empty, unread }: EffectiveRules, alone: boolean): string {
  const left = PROTOCOLS.filter((protocol) => (BIT[protocol] & unread) !== 0).map((protocol) => protocol.toUpperCase());
  const without = left.length > 0 ? `; ${left.join(', ')} not compared: a rule of Azure's cannot be read` : '';
  const nothing = `${empty ? ' (no network security group is associated)' : ''}${without}`;
  if (differing > 0) return `differs in ${differing} ${differing === 1 ? 'place' : 'places'}${nothing}`;
  return alone ? `Azure's effective rules speak alone: ours could not all be read${nothing}` : `the same${nothing}`;
}

function compare<A extends number | bigint>(
  ours: FlowsByProtocol<A>,
  azures: FlowsByProtocol<A>,
  host: Intervals<A>,
  unread: number,
  note: Note,
  size: (set: Intervals<A>) => string,
): void {
  const words = (flow: Flow<A> | undefined): string => {
    if (flow === undefined) return 'closed';
    const by = flow.rules.map((rule) => `${nameOf(rule.nsg)}/${rule.rule} ${rule.priority}`).join(', ');
    return `open to ${size(flow.sources)}${by === '' ? ', no rule is there' : ` by ${by}`}`;
  };
  for (const protocol of PROTOCOLS) {
    if ((BIT[protocol] & unread) !== 0) continue;
    // What enters only through tags of unknown addresses cannot be compared.
    const known = (flows: readonly Flow<A>[]) => flows.filter((flow) => flow.tags.length === 0);
    const unsure = [...ours[protocol], ...azures[protocol]].filter((flow) => flow.tags.length > 0);
    for (const { from, to, a, b, onlyA, onlyB } of differences(known(ours[protocol]), known(azures[protocol]))) {
      if (subtract(onlyA, host).length === 0 && subtract(onlyB, host).length === 0) continue;
      if (unsure.some((flow) => flow.from <= from && to <= flow.to)) continue;
      note(protocol, from, to, words(a), words(b));
    }
  }
}

/** How a port's second opinion is reported in one word, for lists. */
export const agreement = (port: ExposedPort): string =>
  port.agrees === 'effective-rules'
    ? 'Azure says the same'
    : port.agrees === 'disagrees'
      ? 'Azure says otherwise'
      : 'not checked with Azure';

import type { Fact } from '../documents/fact.ts';
import { known, mapFact, unknown } from '../documents/fact.ts';
import type { ExposedPort, Exposure, Listener, PortUse } from '../documents/triage.ts';
import { count } from '../text/counts.ts';

/** A process at a port, as the agent of VM insights saw it. */
export interface BoundPort {
  port: number;
  protocol: string;
  process: string;
  /** Bound to the VM's own loopback alone, so that no other host reaches it. */
  loopback: boolean;
  /** First and last sighting, ISO 8601 UTC. */
  first: string;
  last: string;
}

/** Connections from one address to one port. */
export interface InboundUse {
  port: number;
  protocol: string;
  address: string;
  links: number;
  last: string;
}

/** A VM's sockets, as they were read. */
export interface Sockets {
  bound: Fact<BoundPort[]>;
  inbound: Fact<InboundUse[]>;
}

// The agent reports every minute, and Log Analytics may be some minutes late; what is missing for so long is gone.
const GONE_AFTER = 3 * 3_600_000;
const SHOWN = 5;

/**
 * Joins every open port with what listens there and with who connected to it. A port without a listener is known to have
 * none only where the agent's data were read; VM insights reports TCP alone.
 */
export function withSockets(exposure: Fact<Exposure>, sockets: Sockets): Fact<Exposure> {
  return mapFact(exposure, (value) => ({
    ...value,
    ports: value.ports.map((port) => ({
      ...port,
      listening: listeningAt(port, sockets.bound),
      usedBy: usedBy(port, sockets.inbound),
    })),
  }));
}

const onlyTcp = (port: ExposedPort, source: string) =>
  unknown(
    'unsupported',
    `VM insights reports TCP alone, not ${port.protocol.toUpperCase()}`,
    'look in the VM itself',
    source,
  );

const within = (port: ExposedPort, one: { port: number; protocol: string }): boolean =>
  one.protocol === port.protocol && port.from <= one.port && one.port <= port.to;

function listeningAt(port: ExposedPort, fact: Fact<BoundPort[]>): Fact<Listener[]> {
  if (fact.state === 'unknown') return fact;
  if (port.protocol !== 'tcp') return onlyTcp(port, fact.source);
  const latest = fact.value.reduce((last, one) => Math.max(last, Date.parse(one.last)), 0);
  return mapFact(fact, (bound) =>
    bound
      .filter((one) => within(port, one) && !one.loopback)
      .sort((a, b) => a.port - b.port || (a.last < b.last ? 1 : a.last > b.last ? -1 : 0))
      .slice(0, 50)
      .map((one) => ({
        port: one.port,
        process: one.process,
        since: one.first,
        lastSeenAt: one.last,
        now: latest - Date.parse(one.last) <= GONE_AFTER,
      })),
  );
}

function usedBy(port: ExposedPort, fact: Fact<InboundUse[]>): Fact<PortUse> {
  if (fact.state === 'unknown') return fact;
  if (port.protocol !== 'tcp') return onlyTcp(port, fact.source);
  const byAddress = new Map<string, { address: string; links: number; lastAt: string }>();
  let links = 0;
  for (const one of fact.value) {
    if (!within(port, one)) continue;
    links += one.links;
    const before = byAddress.get(one.address);
    if (before === undefined) byAddress.set(one.address, { address: one.address, links: one.links, lastAt: one.last });
    else {
      before.links += one.links;
      if (one.last > before.lastAt) before.lastAt = one.last;
    }
  }
  const most = [...byAddress.values()].sort((a, b) => b.links - a.links || (a.address < b.address ? -1 : 1));
  const { source, asOf, coverage, notSeen } = fact;
  return known({ addresses: byAddress.size, links, top: most.slice(0, SHOWN) }, { source, asOf, coverage, notSeen });
}

/** "yes: TermService, since 2026-11-01T04:12:09Z" */
export function listeningInWords(fact: Fact<Listener[]>): string {
  if (fact.state === 'unknown') return `not known: ${fact.because}; ${fact.cure}`;
  const several = new Set(fact.value.map((one) => one.port)).size > 1;
  const tell = (one: Listener) =>
    `${one.process || 'a process without a name'}${several ? ` at ${one.port}` : ''}, ${one.now ? `since ${seconds(one.since)}` : `from ${seconds(one.since)} to ${seconds(one.lastSeenAt)}`}`;
  const current = fact.value.filter((one) => one.now);
  const past = fact.value.filter((one) => !one.now);
  const list = (all: Listener[]) =>
    `${all.slice(0, 4).map(tell).join('; ')}${all.length > 4 ? `; and ${all.length - 4} more` : ''}`;
  if (current.length > 0) return `yes: ${list(current)} (VMBoundPort)`;
  if (past.length > 0) return `no longer: ${list(past)} (VMBoundPort)`;
  return 'no process was seen at it (VMBoundPort)';
}

/** "203.0.113.77 (84 connections), 198.51.100.9 (12) and 13 others, last 24 h" */
export function usersInWords(fact: Fact<PortUse>): string {
  if (fact.state === 'unknown') return `not known: ${fact.because}; ${fact.cure}`;
  const { addresses, top } = fact.value;
  const when = fact.coverage;
  if (addresses === 0) return `no connection (VMConnection, ${when})`;
  const shown = top
    .map((one, at) => `${one.address} (${count(one.links)}${at === 0 ? ' connections' : ''})`)
    .join(', ');
  const more = addresses - top.length;
  return `${shown}${more > 0 ? ` and ${count(more)} other${more === 1 ? '' : 's'}` : ''} (VMConnection, ${when})`;
}

const seconds = (instant: string): string => instant.replace(/\.\d+Z$/, 'Z');

import ipaddr from 'ipaddr.js';
import type { BurstWitness } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { sourceAddress } from './addresses.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';

/** Another log's event that names an address, without saying whose failure it was. */
export interface Witness {
  at: Ticks;
  computer: string;
  address: string;
  /** "RdpCoreTS 140, wrong name or password" */
  source: string;
  events: number;
}

const sources: Record<number, string> = {
  21: 'TerminalServices 21, a session',
  25: 'TerminalServices 25, a session again',
  131: 'RdpCoreTS 131, a connection',
  139: 'RdpCoreTS 139, broken off in the security layer',
  140: 'RdpCoreTS 140, wrong name or password',
  1149: 'TerminalServices 1149, a connection with a name',
};

/** Names an event of Remote Desktop's logs. */
export const witnessSource = (eventId: number): string => sources[eventId] ?? `event ${eventId}`;

/** "203.0.113.7:50122" and "[2001:db8::7]:50122" without the port. */
export function withoutPort(text: string): string {
  return /^\[(.*)\]:\d+$/.exec(text)?.[1] ?? /^([^:]+):\d+$/.exec(text)?.[1] ?? text;
}

/**
 * Did a session of Remote Desktop come over the network? One at the console has a word for an address, in the language
 * of the system (LOCAL, LOKAL).
 */
export const isRemote = (address: string): boolean => ipaddr.isValid(sourceAddress(address));

/** Both logs are of one computer, but not written at one instant. */
const near = 5 * ticksPerSecond;
const mostTold = 20;

/**
 * Clients connected while failures without an address were logged, by other logs of the same computer: joined by time alone,
 * which is no proof that it was they. RDP with network level authentication logs a 4625 that names no account.
 */
export function witnessesOf(witnesses: readonly Witness[], computer: string, start: Ticks, end: Ticks): BurstWitness[] {
  const found = new Map<string, BurstWitness>();
  for (const witness of witnesses) {
    if (witness.at < start - near || witness.at > end + near) continue;
    if (witness.computer.trim().toLowerCase() !== computer) continue;
    const address = printable(sourceAddress(witness.address), 256);
    if (!ipaddr.isValid(address)) continue;
    const key = `${witness.source}\n${address}`;
    const before = found.get(key);
    if (before) before.events += witness.events;
    else found.set(key, { address, events: witness.events, source: witness.source });
  }
  return [...found.values()].sort((a, b) => b.events - a.events).slice(0, mostTold);
}

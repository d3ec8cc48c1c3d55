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
}

/** Both logs are of one computer, but not written at one instant. */
const near = 5 * ticksPerSecond;
const mostTold = 20;

/**
 * Who was there while failures without an address were logged, by other logs of the same computer: joined by time alone,
 * which is no proof that it was they. RDP with network level authentication logs a 4625 that names nobody.
 */
export function witnessesOf(witnesses: readonly Witness[], computer: string, start: Ticks, end: Ticks): BurstWitness[] {
  const found = new Map<string, BurstWitness>();
  for (const witness of witnesses) {
    if (witness.at < start - near || witness.at > end + near) continue;
    if (witness.computer.trim().toLowerCase() !== computer) continue;
    const address = printable(sourceAddress(witness.address), 256);
    if (address === '') continue;
    const key = `${witness.source}\n${address}`;
    const before = found.get(key);
    if (before) before.events += 1;
    else found.set(key, { address, events: 1, source: witness.source });
  }
  return [...found.values()].sort((a, b) => b.events - a.events).slice(0, mostTold);
}

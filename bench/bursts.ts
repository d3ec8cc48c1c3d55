/**
 * Ten million failed logons, bursts in one pass over their columns, against the floor: reading two columns of the same
 * length and summing them. `npx node bench/bursts.ts [events]`.
 */
import { BurstScanner, defaultThresholds } from '../src/triage/logons/bursts.ts';
import { ticksPerSecond } from '../src/triage/logons/ticks.ts';

interface Columns {
  time: Float64Array;
  key: Uint32Array;
  keys: number;
}

/** A month: two thousand campaigns from 400 addresses over noise from 50,000, in time order. */
function month(events: number): Columns {
  let state = 4625;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const span = 30 * 86_400 * ticksPerSecond;
  const sources = 50_000;
  const campaigns = Array.from({ length: 2000 }, () => ({
    source: Math.floor(random() * 400),
    start: random() * span,
    length: (60 + random() * 6 * 3600) * ticksPerSecond,
  }));
  const time = new Float64Array(events);
  // A time and its key in one number, so that a native sort keeps them together: 6 hours' ticks would not fit, ms do.
  for (let i = 0; i < events; i++) {
    const campaign = random() < 0.6 ? campaigns[Math.floor(random() * campaigns.length)] : undefined;
    const at = campaign ? campaign.start + random() * campaign.length : random() * span;
    const source = campaign ? campaign.source : 400 + Math.floor(random() * (sources - 400));
    time[i] = Math.floor(at / 10_000) * 65_536 + source;
  }
  time.sort();
  const key = new Uint32Array(events);
  for (let i = 0; i < events; i++) {
    const both = time[i] ?? 0;
    key[i] = both % 65_536;
    time[i] = Math.floor(both / 65_536) * 10_000;
  }
  return { time, key, keys: sources };
}

function scan({ time, key, keys }: Columns): number {
  const perKey = new Uint32Array(keys);
  for (let i = 0; i < key.length; i++) {
    const k = key[i] ?? 0;
    perKey[k] = (perKey[k] ?? 0) + 1;
  }
  const scanner = new BurstScanner(perKey, defaultThresholds);
  for (let i = 0; i < time.length; i++) scanner.push(key[i] ?? 0, time[i] ?? 0);
  return scanner.spans().count;
}

function sum({ time, key }: Columns): number {
  let total = 0;
  for (let i = 0; i < time.length; i++) total += (time[i] ?? 0) + (key[i] ?? 0);
  return total;
}

function best<T>(rounds: number, work: () => T): { ms: number; result: T } {
  let result = work();
  let ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    result = work();
    ms = Math.min(ms, performance.now() - before);
  }
  return { ms, result };
}

const events = Number(process.argv[2] ?? 10_000_000);
const columns = month(events);
const floor = best(5, () => sum(columns));
const found = best(5, () => scan(columns));
console.log(`${events.toLocaleString('en-US')} failures, ${found.result.toLocaleString('en-US')} bursts`);
console.log(`bursts  ${found.ms.toFixed(0)} ms, ${((events / found.ms) * 1000).toExponential(1)} a second`);
console.log(`floor   ${floor.ms.toFixed(0)} ms to sum two columns`);
console.log(`ratio   ${(found.ms / floor.ms).toFixed(1)}`);

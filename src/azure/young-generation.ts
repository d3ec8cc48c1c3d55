import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * The young generation of the heap, in bytes, from which on it need not grow. V8 doubles it as often as much survives in it, in Node 24 up to
 * 128 MiB, and a fleet's rows survive. Of 10,000 VMs a scan took 310 MB so, and 200 MB within this, for the same time of
 * the processor (measured 2026-11-30, Node 24.21); a collection of it, during which no key is taken, is shorter.
 */
const enough = 16 * 1024 * 1024;

/** V8 reads the flag each time it would grow, in Node 20.20, 22.23, 24.21 and 26.12; what does not know it says so on stderr. */
const growthIsKnown = Number(process.versions.node.split('.')[0]) <= 26;

/** Bytes that the young generation of this thread's heap takes. */
export const youngGeneration = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;

/** How often it is as large as before when it grows: once while a fleet is read, twice otherwise, as V8 has it. */
const growBy = (factor: 1 | 2): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`);

const looks = new PerformanceObserver(look);

function look(): void {
  if (youngGeneration() < enough) return;
  looks.disconnect();
  growBy(1);
}

let held = 0;

/**
 * Keeps the young generation from growing beyond what a fleet needs, until the function that it returns is called. The flag
 * is the process's: threads that work meanwhile stay as they are too.
 */
export function holdYoungGeneration(): () => void {
  if (!growthIsKnown) return () => {};
  held += 1;
  if (held === 1) {
    looks.observe({ entryTypes: ['gc'] });
    look();
  }
  return () => {
    held -= 1;
    if (held > 0) return;
    looks.disconnect();
    growBy(2);
  };
}

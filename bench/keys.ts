/**
 * What a key costs with 10,000 VMs: from the key to the frame on the terminal, CPU and bytes a key, beside the keys of a bare
 * Ink list of as many rows, in turn in one run: Down, which changes two rows, and PageDown, which changes all; CPU and bytes while no key is pressed; and the longest time for
 * which the thread that takes keys was busy with something else, which on a busy machine counts what others took too.
 * `npm run bench -- keys [vms] [keys a round]`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareInk, program } from './parts/bundled.ts';
import { median, quantile } from './parts/figures.ts';
import { fleetSimulator } from './parts/fleet-simulator.ts';
import { InTerminal, listComplete, usageOf } from './parts/in-terminal.ts';

const vms = Math.max(100, Number(process.argv[3]) || 10_000);
const each = Math.max(10, Number(process.argv[4]) || 50);
const rounds = 4;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Cost {
  ms: number[];
  bytes: number[];
  cpu: number;
}
const costs = new Map<string, Cost>();

/** Presses a key and waits for the frame that it makes; the next key comes after Ink's pause between frames. */
async function press(name: string, terminal: InTerminal, keys: readonly string[]): Promise<void> {
  const cost = costs.get(name) ?? { ms: [], bytes: [], cpu: 0 };
  costs.set(name, cost);
  const before = usageOf(terminal.pid).cpu;
  for (const key of keys) {
    const shown = terminal.screen();
    const bytes = terminal.bytes;
    const pressed = performance.now();
    const began = terminal.began;
    terminal.type(key);
    const at = await Promise.race([terminal.when((screen) => screen !== shown), pause(1_000).then(() => null)]);
    if (at !== null) cost.ms.push(began + at - pressed);
    await pause(40);
    cost.bytes.push(terminal.bytes - bytes);
  }
  cost.cpu += usageOf(terminal.pid).cpu - before;
}

const tasks = join(mkdtempSync(join(tmpdir(), 'cordon-bench-')), 'longest');
const watched = ['--import', new URL('./parts/longest-task.mjs', import.meta.url).href];

/** The longest that the program's main thread was busy since it was asked last, in ms. */
async function longest(terminal: InTerminal): Promise<string> {
  rmSync(tasks, { force: true });
  process.kill(terminal.pid, 'SIGUSR2');
  for (let waited = 0; waited < 5_000; waited += 20) {
    await pause(20);
    try {
      const text = readFileSync(tasks, 'utf8');
      if (text !== '') return `${Number(text).toFixed(0)} ms`;
    } catch {
      // It has not written yet.
    }
  }
  return 'not known';
}

process.env.CORDON_BENCH_TASKS = tasks;
const simulator = await fleetSimulator(vms, 50);
const size = { columns: 120, rows: 40 };
const bare = new InTerminal(process.execPath, [...watched, await bareInk(), String(vms)], size);
const cordon = new InTerminal(process.execPath, [...watched, program, '--simulator', simulator.url], size);
await bare.when((screen) => screen.includes('vm00000'));
const listed = await cordon.when(listComplete);
console.log(`${vms} VMs listed after ${(listed / 1000).toFixed(1)} s, ${usageOf(cordon.pid).memory.toFixed(0)} MB`);

console.log(
  `longest task: bare Ink’s start ${await longest(bare)}; until the list was complete ${await longest(cordon)}`,
);

const repeat = (key: string, times: number) => Array<string>(times).fill(key);
const down = '\u001b[B';
const pageDown = '\u001b[6~';
for (let round = 0; round < rounds; round++) {
  await press('bare Ink: Down', bare, repeat(down, each));
  await press('list: Down', cordon, repeat(down, each));
  await press('bare Ink: PageDown', bare, repeat(pageDown, each / 5));
  await press('list: PageDown', cordon, repeat(pageDown, each / 5));
  await press('list: sort', cordon, repeat('s', 5));
  cordon.type('/');
  await pause(100);
  await press('list: a letter of a filter', cordon, [...'vm0012']);
  cordon.type('\u001b');
  await pause(100);
}
console.log(`longest task: bare Ink’s keys ${await longest(bare)}; keys, sorts and filters ${await longest(cordon)}`);
const idle = { cpu: usageOf(cordon.pid).cpu, bytes: cordon.bytes };
await pause(5_000);
console.log(
  `idle: ${((usageOf(cordon.pid).cpu - idle.cpu) / 5).toFixed(0)} ms CPU and ${((cordon.bytes - idle.bytes) / 5).toFixed(0)} bytes a second`,
);
cordon.type('\r');
await cordon.when((screen) => screen.includes('Exposed ports'));
await pause(3_000);
await press('triage: Tab', cordon, repeat('\t', each));

const floor = costs.get('bare Ink: Down') ?? { ms: [], bytes: [], cpu: 0 };
const perKey = ({ cpu, bytes }: Cost) => cpu / Math.max(1, bytes.length);
const pages = costs.get('bare Ink: PageDown') ?? floor;
console.log(
  'p50 / p95 / p99 ms to the frame; CPU and bytes a key; p99 and CPU beside bare Ink’s Down, and its PageDown',
);
for (const [name, cost] of costs) {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(cost.ms, share));
  console.log(
    `${name.padEnd(28)} ${[p50, p95, p99].map((one) => (one ?? 0).toFixed(1).padStart(6)).join(' ')}  ` +
      `${perKey(cost).toFixed(1).padStart(6)} ms CPU  ${median(cost.bytes).toFixed(0).padStart(6)} bytes (largest ${Math.max(...cost.bytes)})  ` +
      [floor, pages]
        .map(
          (one) =>
            `${((p99 ?? 0) / quantile(one.ms, 0.99)).toFixed(2)} x, ${(perKey(cost) / perKey(one)).toFixed(2)} x`,
        )
        .join('; '),
  );
}
await cordon.end();
await bare.end();
simulator.stop();
process.exit(0);

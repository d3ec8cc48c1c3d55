/**
 * Exporting a disk: what it takes over reading and hashing the same bytes from a local file, and how much memory.
 * `npm run bench -- export [MiB]`: 1024 when left out.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActions } from '../src/actions/actions.ts';
import { parseResourceId } from '../src/arm/resource-id.ts';
import { connect } from '../src/azure/client/connection.ts';
import { playbook } from '../src/playbook/playbook.ts';
import { createRun } from '../src/playbook/runner.ts';
import { builtInWorld } from '../src/simulator/scenario/built-in-world.ts';

const mebibytes = Number(process.argv[3] ?? 1024);
const world = builtInWorld();
const machine = world.resources.find(({ name, type }) => name === 'jump01' && /\/virtualMachines$/i.test(type));
const parsed = parseResourceId(machine?.id ?? '');
if (!machine || !parsed) throw new Error('no jump01');
const root = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
const other = fork(new URL('./parts/disk-simulator.ts', import.meta.url), [String(mebibytes * 1024 ** 2)]);
const [started] = (await once(other, 'message')) as [{ url: string; identityHeader: string; now: number }];
const ahead = started.now - Date.now();
const simulator = { ...started, now: () => new Date(Date.now() + ahead) };
const connection = connect({
  simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
  pollIntervalMs: 10,
});
const kept: unknown[] = [];
const step = (id: string, uses: string, given: object) =>
  playbook.parse({ name: id, title: id, summary: id, steps: [{ id, title: id, uses, with: given }] });

async function run(id: string, uses: string, given: object): Promise<Cost> {
  const made = createRun({
    playbook: step(id, uses, given),
    actions: createActions(connection),
    target: {
      id: machine?.id ?? '',
      name: 'jump01',
      resourceGroup: parsed?.resourceGroup ?? '',
      subscriptionId: parsed?.subscriptionId ?? '',
      location: machine?.location ?? '',
    },
    log: {
      caseId: 'bench',
      append: async () => undefined,
      async keep(name, document) {
        if (name === 'disk-image') kept.push(document);
        return { file: name, sha256: '', bytes: 0 };
      },
    },
    responderAddress: '',
    reason: '',
    readOnly: false,
    interactive: false,
    now: () => simulator.now(),
  });
  made.subscribe(() => {
    if (made.view().prompt) queueMicrotask(() => made.answer('y'));
  });
  const began = { ms: performance.now(), cpu: process.cpuUsage() };
  const view = await made.start();
  if (view.outcome !== 'done') throw new Error(view.summary);
  return since(began);
}

interface Cost {
  seconds: number;
  /** Of the processor, by this process alone. */
  cpu: number;
}

function since(began: { ms: number; cpu: NodeJS.CpuUsage }): Cost {
  const { user, system } = process.cpuUsage(began.cpu);
  return { seconds: (performance.now() - began.ms) / 1000, cpu: (user + system) / 1e6 };
}

async function locally(file: string): Promise<Cost & { sha256: string }> {
  const began = { ms: performance.now(), cpu: process.cpuUsage() };
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) hash.update(chunk);
  return { ...since(began), sha256: hash.digest('hex') };
}

let peak = 0;
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50);
try {
  await run('snapshot', 'disks.snapshot', { kind: 'full' });
  const ratios: string[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const folder = join(root, String(turn));
    const took = await run('export', 'disks.export', { folder });
    const { file, sha256 } = kept.at(-1) as { file: string; sha256: string };
    const local = await locally(file);
    if (local.sha256 !== sha256) throw new Error('the digests differ');
    const text = ({ seconds, cpu }: Cost) => `${seconds.toFixed(2)} s (processor ${cpu.toFixed(2)} s)`;
    const [wall, work] = [took.seconds / local.seconds, took.cpu / local.cpu].map((one) => one.toFixed(2));
    ratios.push(`${text(took)}, read and hashed locally ${text(local)}, ratio ${wall} (processor ${work})`);
    await rm(folder, { recursive: true });
  }
  console.log(`${mebibytes} MiB, digests equal`);
  for (const one of ratios) console.log(`  ${one}`);
  console.log(`  most memory ${Math.round(peak / 1024 ** 2)} MiB`);
} finally {
  clearInterval(sampling);
  connection.close();
  other.disconnect();
  await rm(root, { recursive: true, force: true });
}

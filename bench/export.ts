/**
 * Exporting a disk: what it takes over reading and hashing the same bytes from a local file, and how much memory. Beside it
 * what no export can be faster than: Node's own GETs of the same ranges with the digest, from the same simulator, which needs a
 * processor too; and writing the same bytes to the same disk. All in processes of their own. A disk of which every page was written,
 * and one that is half empty, whose empty pages are hashed but not transferred. The threads of the export read their sources as TypeScript
 * here, half a second of the processor that the built program does not take.
 * `npm run bench -- export [MiB] [turns] [folder]`: 1024, 3 and the system's temporary folder when left out. A folder in memory
 * (/dev/shm) leaves the disk out.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActions } from '../src/actions/actions.ts';
import { parseResourceId } from '../src/arm/resource-id.ts';
import { connect } from '../src/azure/client/connection.ts';
import { readInventory } from '../src/azure/readers/inventory.ts';
import { playbook } from '../src/playbook/playbook.ts';
import { createRun } from '../src/playbook/runner.ts';
import { targetOf } from '../src/session/playbooks/playbook-shelf.ts';
import { median } from './parts/figures.ts';
import type { Cost, Task } from './parts/plain-transfer.ts';

const mebibytes = Number(process.argv[3] ?? 1024);
const turns = Number(process.argv[4] ?? 3);
const root = await mkdtemp(join(process.argv[5] ?? tmpdir(), 'cordon-bench-'));
const other = fork(new URL('./parts/disk-simulator.ts', import.meta.url), [String(mebibytes * 1024 ** 2)]);
const [started] = (await once(other, 'message')) as [{ url: string; identityHeader: string; now: number }];
const ahead = started.now - Date.now();
const simulator = { ...started, now: () => new Date(Date.now() + ahead) };
const connection = connect({
  simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
  pollIntervalMs: 10,
});
const listing = await readInventory(connection);
function machine(name: string) {
  const found = listing.state === 'known' ? listing.value.machines.find((one) => one.name === name) : undefined;
  if (!found) throw new Error(`no ${name}`);
  return targetOf(found);
}
const [full, half] = [machine('jump01'), machine('kiosk01')];
interface Image {
  file: string;
  sha256: string;
  snapshot: string;
  bytes: number;
}
const kept: Image[] = [];
let peak = 0;

/** The processor's time that the simulator has taken, in seconds. */
async function simulators(): Promise<number> {
  other.send('');
  const [seconds] = (await once(other, 'message')) as [number];
  return seconds;
}

async function run(target: typeof full, id: string, uses: string, given: object): Promise<Cost> {
  const made = createRun({
    playbook: playbook.parse({ name: id, title: id, summary: id, steps: [{ id, title: id, uses, with: given }] }),
    actions: createActions(connection),
    target,
    log: {
      caseId: 'bench',
      append: async () => undefined,
      async keep(name, document) {
        if (name === 'disk-image') kept.push(document as Image);
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
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  const view = await made.start().finally(() => clearInterval(sampling));
  if (view.outcome !== 'done') throw new Error(view.summary);
  const { user, system } = process.cpuUsage(began.cpu);
  const seconds = (performance.now() - began.ms) / 1000;
  return { seconds, cpu: (user + system) / 1e6, sha256: kept.at(-1)?.sha256 ?? '' };
}

async function plainly(task: Task): Promise<Cost> {
  const process = fork(new URL('./parts/plain-transfer.ts', import.meta.url));
  process.send(task);
  const [cost] = (await once(process, 'message')) as [Cost];
  return cost;
}

/** A signed address of the snapshot on the simulator, and the header that says for which host it is. */
async function signed(snapshot: string): Promise<{ url: string; headers: Record<string, string> }> {
  const id = parseResourceId(snapshot);
  if (!id) throw new Error(`not a snapshot: ${snapshot}`);
  const { snapshots } = await connection.compute(id.subscriptionId);
  const gate = { before: async () => undefined, after: async () => undefined };
  const address = await connection.changing(gate, async () => {
    const open = { networkAccessPolicy: 'AllowAll', publicNetworkAccess: 'Enabled' };
    await snapshots.update(id.resourceGroup, id.name, open, { updateIntervalInMs: 10 });
    const asked = { access: 'Read', durationInSeconds: 3600 };
    return snapshots.grantAccess(id.resourceGroup, id.name, asked, { updateIntervalInMs: 10 });
  });
  const meant = new URL(address.accessSAS ?? '');
  const headers = { 'x-forwarded-host': meant.host, 'x-forwarded-proto': 'https' };
  return { url: simulator.url + meant.pathname + meant.search, headers };
}

const text = ({ seconds, cpu }: Cost) => `${seconds.toFixed(2)} s (processor ${cpu.toFixed(2)} s)`;
try {
  for (const target of [full, half]) await run(target, 'snapshot', 'disks.snapshot', { kind: 'full' });
  const ratios = {
    half: [] as number[],
    local: [] as number[],
    processor: [] as number[],
    plain: [] as number[],
    floor: [] as number[],
  };
  console.log(`${mebibytes} MiB in ${root}`);
  for (let turn = 0; turn < turns; turn += 1) {
    const folder = join(root, String(turn));
    const halfTook = await run(half, 'export', 'disks.export', { folder: join(folder, 'half') });
    const before = await simulators();
    const took = await run(full, 'export', 'disks.export', { folder });
    const beside = (await simulators()) - before;
    const image = kept.at(-1);
    if (!image) throw new Error('no image');
    const local = await plainly({ kind: 'read', file: image.file });
    const there = await signed(image.snapshot);
    const out = join(root, 'plain');
    const got = await plainly({ kind: 'get', ...there, bytes: image.bytes, file: null });
    const gotAndWritten = await plainly({ kind: 'get', ...there, bytes: image.bytes, file: out });
    const written = await plainly({ kind: 'write', file: out, bytes: image.bytes });
    const digests = new Set([took.sha256, local.sha256, got.sha256, gotAndWritten.sha256]);
    if (digests.size > 1) throw new Error('the digests differ');
    ratios.local.push(took.seconds / local.seconds);
    ratios.processor.push(took.cpu / local.cpu);
    ratios.plain.push(took.seconds / gotAndWritten.seconds);
    ratios.floor.push(got.seconds / local.seconds);
    ratios.half.push(halfTook.seconds / local.seconds);
    console.log(`  export ${text(took)} and the simulator's ${beside.toFixed(2)} s, of half a disk ${text(halfTook)}`);
    console.log(`    read and hashed locally ${text(local)}`);
    console.log(`    Node alone: got and hashed ${text(got)}, also written ${text(gotAndWritten)}`);
    console.log(`    as many bytes written and flushed ${text(written)}`);
    await rm(folder, { recursive: true });
  }
  const middle = (figures: readonly number[]) => median(figures).toFixed(2);
  console.log(`all digests equal; most memory ${Math.round(peak / 1024 ** 2)} MiB   (at most 300)`);
  console.log(`export / local                   ${middle(ratios.local)}   (at most 1.20)`);
  console.log(`export of half a disk / local    ${middle(ratios.half)}`);
  console.log(`  of the processor               ${middle(ratios.processor)}`);
  console.log(`Node's GETs and digest / local   ${middle(ratios.floor)}`);
  console.log(`export / Node's, written         ${middle(ratios.plain)}`);
} finally {
  connection.close();
  other.disconnect();
  await rm(root, { recursive: true, force: true });
}

import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/azure/client/connection.ts';
import { readScan } from '../../src/azure/scan.ts';
import { snapshotKey } from '../../src/kql/parser-thread.ts';
import { asChild, type Envelope } from '../../src/kql/parser-thread-entry.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { cordonAt, root } from './cordon.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-snapshot-'));
  const without = (source: string) => !source.includes('snapshots');
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true, filter: without });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'T.json'), '[{"a":1},{"a":2}]');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const query = async () => {
  const evidence = `T=${join(folder, 'T.json')}`;
  const ran = await cordonAt(join(folder, 'dist/cordon.js'), [
    'kql',
    'T | summarize Sum = sum(a)',
    '--json',
    '--evidence',
    evidence,
  ]);
  return { code: ran.code, stderr: ran.stderr, rows: JSON.parse(ran.stdout).rows };
};

describe('a query', () => {
  it('is answered without the snapshot of the parser', { timeout: 60_000 }, async () => {
    expect(await query()).toMatchObject({ code: 0, stderr: '', rows: [[3]] });
  });

  it('is answered where the snapshot is one of another Node, or is damaged', { timeout: 60_000 }, async () => {
    await mkdir(join(folder, 'dist/snapshots'));
    await writeFile(join(folder, 'dist/snapshots/parser.blob'), 'not a snapshot');
    await writeFile(join(folder, 'dist/snapshots/node'), 'v1.0.0 linux x64 1');
    expect(await query()).toMatchObject({ code: 0, stderr: '', rows: [[3]] });
    await writeFile(join(folder, 'dist/snapshots/node'), snapshotKey(process.execPath));
    expect(await query()).toMatchObject({ code: 0, stderr: '', rows: [[3]] });
  });
});

/** The text of each query that a scan of the built-in world sends, without the times of the scan. */
async function scanned(): Promise<string[]> {
  const simulator = await startSimulator({ world: builtInWorld() });
  const { url, identityHeader } = simulator;
  const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
  const texts: string[] = [];
  connection.observe(({ requestBody }) => {
    if (typeof requestBody === 'object' && requestBody !== null && 'query' in requestBody)
      texts.push(String(requestBody.query));
  });
  await readScan(connection, () => {});
  connection.close();
  await simulator.close();
  return texts.map(timeless);
}
const timeless = (text: string) => text.replaceAll(/datetime\([^)]*\)/g, 'datetime(…)');

describe('the snapshot', () => {
  it('has the analyses that a scan of the demo needs, and each as Microsoft’s analyser makes it', async () => {
    const blob = join(root, 'dist/snapshots/simulator.blob');
    const checks = join(import.meta.dirname, 'kept-analyses.cjs');
    const node = join(root, 'node_modules/.bin/node');
    const options = { maxBuffer: 1 << 26 };
    const [{ stdout }, texts] = await Promise.all([
      promisify(execFile)(node, ['--snapshot-blob', blob, checks], options),
      scanned(),
    ]);
    const { kept, different } = JSON.parse(stdout) as { kept: string[]; different: unknown[] };
    expect(different).toEqual([]);
    expect(texts.length).toBeGreaterThan(15);
    const known = new Set(kept.map(timeless));
    expect(texts.filter((text) => !known.has(text))).toEqual([]);
  }, 60_000);

  it('has code that finds the files of the build', async () => {
    const agent = 'print Family = parse_user_agent("curl/8.5.0", "browser").Browser.Family';
    const program = join(root, 'dist/cordon.js');
    const { stdout } = await cordonAt(program, ['kql', agent, '--vm', 'web01', '--demo', '--json']);
    expect(JSON.parse(stdout).rows).toEqual([['curl']]);
  }, 60_000);

  it('gives each simulator identifiers of its own', async () => {
    const [first, second] = await Promise.all([requestIdOfNewSimulator(), requestIdOfNewSimulator()]);
    expect([first, second]).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
    expect(first).not.toBe(second);
  }, 60_000);
});

/** Starts a simulator from the snapshot, and gives the id of the first request that it answers. */
async function requestIdOfNewSimulator(): Promise<string | null> {
  const blob = join(root, 'dist/snapshots/simulator.blob');
  const node = join(root, 'node_modules/.bin/node');
  const child = spawn(node, ['--snapshot-blob', blob, join(root, 'dist/simulator-thread.js')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, [asChild]: '1' },
  });
  try {
    child.send({ kind: 'data', data: {} } satisfies Envelope);
    const url = await new Promise<string>((found, failed) => {
      child.on('exit', (code) => failed(new Error(`it ended with ${code}`)));
      child.on('message', (envelope: Envelope) => {
        if (envelope.kind === 'message') found((envelope.message as { url: string }).url);
      });
    });
    return (await fetch(`${url}/subscriptions?api-version=2022-12-01`)).headers.get('x-ms-request-id');
  } finally {
    child.kill('SIGKILL');
  }
}

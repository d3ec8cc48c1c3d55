import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyWithAzure } from '../../src/commands/verify-with-azure.ts';
import { agreeing, type Bench, openBench } from '../actions/bench.ts';
import { caseOnDisk } from '../actions/case-on-disk.ts';
import { canonical } from './canonical.ts';
import { capture } from './capture.ts';

const sha256 = (text: string | Buffer) => createHash('sha256').update(text);

/** The id of the request whose intent follows, by docs/case-format alone. */
function requestId(head: string, entries: number): string {
  const namespace = Buffer.from('5b2aacf5de80488fab24c9f269fc0640', 'hex');
  const bytes = sha256(namespace).update(`${head}:${entries}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 15) | 128;
  bytes[8] = ((bytes[8] ?? 0) & 63) | 128;
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

describe('cordon case verify --azure', () => {
  let bench: Bench;
  let cases = '';
  const id = '2026-11-23-web01';
  let original = '';
  const file = () => join(cases, id, 'transcript.jsonl');
  const verify = async (more: Record<string, unknown> = {}) => {
    const { out, err, streams } = capture();
    const flags = { simulator: bench.simulator.url, root: cases, azure: true, ...more };
    const code = await verifyWithAzure(id, flags, streams);
    return { code, out: out(), err: err() };
  };
  const entries = () =>
    original
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  /** Writes entries as a chain that is whole by itself, with the note beside it; ids of changes are made anew, or kept. */
  const write = async (list: Record<string, unknown>[], { ids }: { ids: 'new' | 'kept' }) => {
    let prev = '0'.repeat(64);
    const lines = list.map((entry, index) => {
      const { hash: _, ...rest } = entry;
      const body = Object(rest.body);
      const id = ids === 'new' && entry.kind === 'intent' ? { clientRequestId: requestId(prev, index) } : {};
      const fields = { ...rest, seq: index + 1, prev, body: { ...body, ...id } };
      prev = sha256(canonical(fields)).digest('hex');
      return canonical({ ...fields, hash: prev });
    });
    await writeFile(file(), `${lines.join('\n')}\n`);
    const note = { schema: 'cordon.head/1', entries: lines.length, head: prev };
    await writeFile(join(cases, id, 'head.json'), `${JSON.stringify(note)}\n`);
  };
  /** The reason of the confirmation, changed after the fact. */
  const rewritten = () =>
    entries().map((entry) =>
      entry.kind === 'confirm' ? { ...entry, body: { ...entry.body, reason: 'somebody else wanted it' } } : entry,
    );

  beforeAll(async () => {
    bench = await openBench();
    cases = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
    const { open, log } = await caseOnDisk(bench, cases, { distinction: () => '' });
    const steps = ['nsg.lock', 'disks.snapshot', 'volatile.collect'].map((uses, at) => ({
      id: `s${at}`,
      title: uses,
      uses,
      ...(uses === 'volatile.collect' ? { with: { parts: ['processes'] } } : {}),
      ...(uses === 'disks.snapshot' ? { with: { restorePoint: true } } : {}),
    }));
    const view = await agreeing(bench.run(steps, 'web01', { log })).start();
    expect(view.outcome, view.summary).toBe('done');
    await open.close();
    original = await readFile(file(), 'utf8');
    await bench.begin();
  });
  afterAll(async () => {
    await bench.close();
    await rm(cases, { recursive: true });
  });

  it('finds the heads in the tags of groups, snapshots, restore points and run commands, and each change in the activity log', async () => {
    const { code, out, err } = await verify();
    expect(code, out + err).toBe(0);
    const changes = entries().filter(({ kind }) => kind === 'intent').length;
    expect(out).toMatch(/Azure: heads of this case that fit: in the tags of \d+ resources; the last is of line \d+/);
    expect(out).toContain(
      `the activity log has ${changes} of ${changes} changes by ids that the lines before them make`,
    );
    expect(err).not.toContain('Checked by itself only');
    const json = JSON.parse((await verify({ json: true })).out);
    const kinds = json.azure.tags.map(({ what }: { what: string }) => what.split(/ cordon-| at /)[0]);
    expect([...new Set(kinds)].sort()).toEqual([
      'restore point collection',
      'run command',
      'security group',
      'snapshot',
    ]);
    expect(json.azure.tags.every(({ because }: { because: string }) => because === '')).toBe(true);
    expect(bench.mutations()).toEqual([]);
  });

  it('finds a record that was written anew: by the ids of its changes alone, and by Azure where those were made anew', async () => {
    await write(rewritten(), { ids: 'kept' });
    const kept = await verify();
    expect(kept.code).toBe(6);
    expect(kept.err).toMatch(/has the request id .*, which the lines before it do not make/);

    await write(rewritten(), { ids: 'new' });
    expect((await verify({ azure: false })).code).toBe(0);
    const anew = await verify();
    expect(anew.code).toBe(6);
    expect(anew.out).toMatch(
      /✗ security group cordon-\S+ notes for line \d+ the head [0-9a-f]{64}, which that line has not/,
    );
    expect(anew.out).toMatch(/the activity log has 0 of \d+ changes/);
    expect(anew.out).toMatch(/\d+ changes there with ids that this record does not make/);
    await write(entries(), { ids: 'kept' });
  });

  it('finds that the end was cut', async () => {
    const first = entries().findIndex(({ kind }) => kind === 'intent');
    await write(entries().slice(0, first + 2), { ids: 'kept' });
    const cut = await verify();
    expect(cut.code).toBe(6);
    expect(cut.out).toMatch(/✗ snapshot \S+ notes \d+ entries, there are \d+/);
    await write(entries(), { ids: 'kept' });
  });

  it('says what it could not see, and ends with 1 where nothing in Azure vouches for the record', async () => {
    const refused = { status: 403, code: 'AuthorizationFailed', message: 'x' };
    const paths = [
      ...['networkSecurityGroups', 'snapshots', 'restorePointCollections', 'runCommands'].map((type) => `/${type}\\?`),
      '/eventtypes/management/values',
    ];
    await bench.faults(paths.map((path) => ({ match: { method: 'GET', path }, effect: refused })));
    const { code, out, err } = await verify();
    expect(code, out + err).toBe(1);
    expect(out).toMatch(/not seen: security group: 403 AuthorizationFailed/);
    expect(out).toMatch(/not seen: changes of resource group/);
    await bench.faults([]);
  });

  it('refuses to ask another Azure than the one of the case', async () => {
    await expect(verify({ simulator: undefined, auth: 'environment' })).rejects.toThrow(/is about the simulator/);
  });
});

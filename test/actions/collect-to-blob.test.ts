import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEnding } from '../../src/actions/guest/collect.ts';
import { recordTraffic } from '../../src/commands/traffic.ts';
import { agreeing, type Bench, openBench, runCommandsIn } from './bench.ts';
import { caseOnDisk } from './case-on-disk.ts';

const collect = { id: 'collect', title: 'Collect', uses: 'volatile.collect' };

describe('volatile.collect into a container', () => {
  const account = 'https://contosoevidence.blob.core.windows.net';
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(({ resources }) => {
      const closed = structuredClone(resources.find(({ id }) => id.endsWith('/containers/disks')));
      if (!closed) throw new Error('no container');
      closed.id = closed.id.replace(/disks$/, 'closed');
      Object.assign(Object(closed.properties).immutabilityPolicy.properties, { allowProtectedAppendWrites: false });
      resources.push(closed);
    });
  });
  beforeEach(async () => {
    await bench.begin();
  });
  afterAll(() => bench.close());

  const into = (container: string, more = {}) => ({
    ...collect,
    with: { parts: ['processes'], container: `${account}/${container}`, ...more },
  });

  it('keeps all output beyond what Azure shows, by its digest, and the signature nowhere', async () => {
    const cases = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
    const { open, log } = await caseOnDisk(bench, cases);
    const traffic = join(cases, 'traffic.jsonl');
    const finish = recordTraffic(bench.connection, traffic, () => undefined);
    const run = agreeing(bench.run([into('disks/case-1', { immutable: true })], 'web01', { log }));
    const shown: string[] = [];
    run.subscribe(() => shown.push(JSON.stringify(run.view())));
    const view = await run.start();
    await finish();
    expect(view.outcome, view.summary).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(/processes \(\d{4,} bytes, blob SHA-256 [0-9a-f]{16}…\)/);
    expect(view.steps[0]?.consequences?.join()).toMatch(/an intruder with SYSTEM may read it/);
    const { directory } = open;
    await open.close();
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    const texts = await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'utf8')));
    const all = [...texts, await readFile(traffic, 'utf8'), ...shown, JSON.stringify(run.document())].join('\n');
    expect(/sig=(?!\[redacted\])\S{1,12}/.exec(all)?.[0]).toBeUndefined();
    expect(all).not.toContain('Winter2026!x');
    const kept = texts
      .map((text) => text.startsWith('{') && !text.includes('\n{') && JSON.parse(text))
      .find((one) => one?.part === 'processes');
    expect(kept).toMatchObject({ keptIsWhole: true });
    expect(kept.outputBytes).toBeGreaterThan(4096);
    const [command] = await runCommandsIn(bench);
    const url = `${account}/disks/case-1/${String(command?.name)}.out.txt`;
    const { bytes } = await bench.connection.storage.ask({ method: 'GET', url, signal: AbortSignal.timeout(20_000) });
    expect(kept.blob).toMatchObject({
      url,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
    });
    const ended = readEnding(Buffer.from(bytes).toString());
    expect(ended).toMatchObject({ whole: true, sha256: kept.outputSha256 });
    await rm(cases, { recursive: true });
  });

  it('settles a lost answer although the address in the record has no signature', async () => {
    await bench.faults([{ match: { method: 'PUT', path: '/runCommands/' }, times: 1, effect: { drop: 'answer' } }]);
    const run = agreeing(bench.run([into('scratch')], 'web01'));
    expect((await run.start()).outcome).toBe('done');
    expect(bench.log.of('intent')).toHaveLength(1);
    await run.undo();
  });

  it('keeps what Azure shows where the blob cannot be read, and says so', async () => {
    await bench.faults([
      {
        match: { method: 'GET', path: '^/blob/' },
        effect: { status: 403, code: 'AuthorizationFailure', message: 'x' },
      },
    ]);
    const view = await agreeing(bench.run([into('scratch')], 'web01')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.summary).toMatch(/NOT in the container: processes/);
    const kept = Object([...bench.log.evidence].find(([name]) => name.includes('volatile-processes'))?.[1]);
    expect(kept.notInBlob).toMatch(/403 AuthorizationFailure/);
    expect(kept.output).toContain('upd.exe');
  });

  it.each([
    ['closed', undefined, {}, /does not let append blobs grow/],
    ['scratch', undefined, { immutable: true }, /The container scratch has no time-based retention policy/],
    ['scratch', 'rw', {}, /does not permit to append \(a\) and create \(c\)/],
  ])('refuses %s where its output could not go there: %s %j', async (container, sp, more, because) => {
    bench.permissions = sp;
    const view = await agreeing(bench.run([into(container, more)], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });
});

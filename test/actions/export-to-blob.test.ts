import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blockId, blockSize } from '../../src/actions/export/blob-image.ts';
import { exportSettings } from '../../src/actions/export/settings.ts';
import { againstDigest } from '../../src/azure/readers/blob-digest.ts';
import { withDiskOptions } from '../../src/commands/disk-options.ts';
import { playbook as playbookSchema } from '../../src/playbook/playbook.ts';
import { contentsOf } from '../../src/simulator/disk-blobs.ts';
import { agreeing, type Bench, disagreements, openBench } from './bench.ts';

const account = 'https://contosoevidence.blob.core.windows.net';
const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: { kind: 'full' } };
const mega = 1024 ** 2;
const playbook = playbookSchema.parse({
  name: 'p',
  title: 'P',
  summary: 'S',
  steps: [{ id: 'export', title: 'E', uses: 'disks.export' }],
});

describe('disks.export to a container', () => {
  let bench: Bench;
  let folder = 0;
  beforeAll(async () => {
    bench = await openBench(({ resources }) => {
      // Several blocks of 8 MiB, and threads of its own.
      const disk = resources.find(({ name }) => name.startsWith('print01-os'));
      Object.assign(disk?.properties ?? {}, { diskSizeBytes: 40 * mega });
    });
  });
  beforeEach(async () => {
    folder += 1;
    await bench.begin();
  });
  afterAll(() => bench.close());

  const exporting = (more: Record<string, unknown> = {}) => ({
    id: 'export',
    title: 'Export',
    uses: 'disks.export',
    with: { container: `${account}/disks/${folder}`, immutable: true, ...more },
  });
  const take = async (vm: string) => {
    await agreeing(bench.run([snapshot], vm)).start();
    const { resources } = await bench.world();
    const [one] = resources.filter((each) => Reflect.get(Object(each.tags), 'cordon-case') === bench.log.caseId);
    const { creationData, diskSizeBytes } = Object(one?.properties);
    const disk = String(Reflect.get(Object(creationData), 'sourceResourceId')).toLowerCase();
    return { id: String(one?.id), name: String(one?.name), disk, bytes: Number(diskSizeBytes) + 512 };
  };
  const urlOf = (name: string, at = `disks/${folder}`) => `${account}/${at}/${name}.vhd`;
  const ask = (method: 'GET' | 'HEAD', url: string) =>
    bench.connection.storage.ask({ method, url, signal: AbortSignal.timeout(20_000) });
  /** The queries of the requests that `work` sends to the storage. */
  const sent = async (work: () => Promise<unknown>): Promise<string[]> => {
    const { storage } = bench.connection;
    const queries: string[] = [];
    bench.connection.storage = {
      ...storage,
      ask: (asked) => {
        queries.push(`${asked.method} ${asked.query ?? ''}`);
        return storage.ask(asked);
      },
    };
    await work().finally(() => {
      bench.connection.storage = storage;
    });
    return queries;
  };
  const blocksIn = (queries: readonly string[]) =>
    queries.filter((query) => query.startsWith('PUT comp=block&')).length;
  const putsOf = (comp: string) => ({ method: 'PUT' as const, path: `^/blob/.*comp=${comp}$` });

  it('uploads byte for byte, with digests that Azure keeps, and says how long Azure keeps the blob', async () => {
    const { name, disk, bytes } = await take('print01');
    const shown: string[] = [];
    const traffic: string[] = [];
    const stop = bench.connection.observe((exchange) => traffic.push(exchange.url));
    const run = agreeing(bench.run([exporting()], 'print01'));
    run.subscribe(() => shown.push(JSON.stringify(run.view())));
    const view = await run.start();
    stop();
    expect(view.outcome, view.summary).toBe('done');
    expect(view.steps[0]?.consequences?.join()).toContain('kept for 180 days from when it is made, by a locked policy');
    const stored = await ask('GET', urlOf(name));
    const wanted = contentsOf(disk, 0, bytes, bytes);
    expect(Buffer.from(stored.bytes).equals(wanted)).toBe(true);
    const sha256 = createHash('sha256').update(wanted).digest('hex');
    expect(stored.header('x-ms-meta-sha256')).toBe(sha256);
    expect(stored.header('content-md5')).toBe(createHash('md5').update(wanted).digest('base64'));
    expect(view.summary).toContain(sha256);
    const kept = [...bench.log.evidence].find(([file]) => file.endsWith('disk-blob.json'))?.[1];
    expect(kept).toMatchObject({ file: urlOf(name), bytes, sha256 });
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    const { diskState, networkAccessPolicy } = Object(
      (await bench.resource('Microsoft.Compute/snapshots', name))?.properties,
    );
    expect({ diskState, networkAccessPolicy }).toEqual({ diskState: 'Unattached', networkAccessPolicy: 'DenyAll' });
    // The signatures, of the snapshot and of the container, are nowhere.
    const all = JSON.stringify([bench.log.entries, [...bench.log.evidence], shown, traffic, run.document()]);
    expect(/sig=|sv=20/.exec(all)?.[0]).toBeUndefined();
    expect(all).toContain(urlOf(name));

    const blob = { file: urlOf(name), bytes, sha256 };
    const signal = AbortSignal.timeout(20_000);
    expect(await againstDigest(bench.connection, blob, signal)).toBe('');
    expect(await againstDigest(bench.connection, { ...blob, sha256: 'ab' }, signal)).toContain('does not match');
    expect(await againstDigest(bench.connection, { ...blob, file: `${urlOf(name)}x` }, signal)).toBe('is missing');

    // Run again, nothing is sent; undo leaves what cannot be undone.
    await bench.skip(5);
    const again = await sent(async () => {
      expect((await agreeing(bench.run([exporting({ snapshot: name })], 'print01')).start()).outcome).toBe('done');
    });
    expect(blocksIn(again)).toBe(0);
    expect((await run.undo()).summary).toContain('The images stay');
    expect((await ask('HEAD', urlOf(name))).status).toBe(200);
  });

  it('goes on with the blocks that are there, and sends the others alone', async () => {
    const { name, bytes } = await take('print01');
    const all = Math.ceil(bytes / (8 * mega));
    await bench.faults([
      {
        match: putsOf('block'),
        after: 2,
        effect: { status: 403, code: 'AuthorizationPermissionMismatch', message: 'x' },
      },
    ]);
    const broken = await agreeing(bench.run([exporting()], 'print01')).start();
    expect(broken.outcome).not.toBe('done');
    expect(JSON.stringify(broken)).toMatch(/block \d of .*403 AuthorizationPermissionMismatch/);
    // Nothing of it can be read, and the record says that there is no blob.
    expect((await ask('HEAD', urlOf(name))).status).toBe(404);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    await bench.faults([]);
    const queries = await sent(async () => {
      expect((await agreeing(bench.run([exporting()], 'print01')).start()).outcome).toBe('done');
    });
    expect(blocksIn(queries)).toBe(all - 2);
    expect((await ask('HEAD', urlOf(name))).header('content-length')).toBe(String(bytes));
  });

  it.each([
    ['is lost', { drop: 'answer' as const }],
    ['breaks off', { status: 500, code: 'InternalError', message: 'x' }],
  ])('finds out by the blob whether it was made when the answer %s', async (_, effect) => {
    const { name } = await take('jump01');
    await bench.faults([{ match: putsOf('blocklist'), times: 1, effect }]);
    const view = await agreeing(bench.run([exporting()], 'jump01')).start();
    const made = 'drop' in effect;
    expect(view.outcome === 'done', view.summary).toBe(made);
    expect((await ask('HEAD', urlOf(name))).status).toBe(made ? 200 : 404);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('survives a busy storage, and sends a block again', async () => {
    await take('jump01');
    const busy = { status: 503, code: 'ServerBusy', message: 'x' };
    await bench.faults([
      { match: putsOf('block'), times: 2, effect: busy },
      { match: { method: 'GET', path: '^/blob/.*comp=blocklist$' }, times: 1, effect: busy },
    ]);
    expect((await agreeing(bench.run([exporting()], 'jump01')).start()).outcome).toBe('done');
  });

  it.each([
    [
      { container: `${account}/scratch/a` },
      /The container scratch\/a has no time-based retention policy and no legal hold/,
    ],
    [{ container: `${account}/missing` }, /Whether the container missing keeps its blobs .* is not known: /],
    [
      { container: 'https://elsewhere.blob.core.windows.net/c' },
      /no subscription in reach shows the storage account elsewhere/,
    ],
    [{ container: 'https://evil.example/c' }, /evil\.example is no storage host of this cloud/],
    [{ container: undefined }, /No policy keeps files from being changed/],
    [{ folder: '/tmp/x' }, /a folder or to a container: give one/],
  ])('refuses by name what is not as it was asked for: %j', async (more, because) => {
    await take('jump01');
    const seen = bench.mutations().length;
    const view = await agreeing(bench.run([exporting(more)], 'jump01')).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toHaveLength(seen);
  });

  it('says of a container without a policy that it has none, and that an unlocked one can be taken away', async () => {
    await take('jump01');
    const warnings = async (more: Record<string, unknown>) =>
      (await bench.run([exporting(more)], 'jump01').plan()).steps[0]?.warnings.join();
    expect(await warnings({ container: `${account}/scratch`, immutable: false })).toContain(
      'NO policy keeps the blobs of scratch',
    );
    expect(await warnings({})).not.toMatch(/policy/);
  });

  it('never replaces a blob: of another it says so, and one that came meanwhile stays', async () => {
    const { name } = await take('jump01');
    const url = urlOf(name);
    const put = (text: string) =>
      bench.connection.changing({ before: async () => undefined, after: async () => undefined }, () =>
        bench.connection.uploading({ url, apiVersion: '', requestBody: undefined }, async () => {
          const { storage } = bench.connection;
          const id = Buffer.from('a').toString('base64');
          const signal = AbortSignal.timeout(20_000);
          await storage.ask({ method: 'PUT', url, query: `comp=block&blockid=${id}`, body: Buffer.from(text), signal });
          const body = Buffer.from(`<BlockList><Latest>${id}</Latest></BlockList>`);
          const { status } = await storage.ask({ method: 'PUT', url, query: 'comp=blocklist', body, signal });
          return { status, requestId: 'r', code: '' };
        }),
      );
    let meanwhile = true;
    const run = agreeing(bench.run([exporting()], 'jump01'));
    run.subscribe(() => {
      if (!meanwhile || run.view().steps[0]?.state !== 'applying') return;
      meanwhile = false;
      void put('theirs');
    });
    const view = await run.start();
    expect(view.outcome).not.toBe('done');
    expect(Buffer.from((await ask('GET', url)).bytes).toString()).toBe('theirs');
    const planned = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(planned.steps[0]?.error).toMatch(/is no image of cordon’s: give another container/);
  });

  it('says beforehand that a signature does not permit it, and that there is none', async () => {
    await take('jump01');
    bench.permissions = 'l';
    const view = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(view.steps[0]?.error).toMatch(/CORDON_BLOB_SAS does not permit to read \(r\) and create or write \(c, w\)/);
  });

  it('takes no signature in the address of a container, which would be written down', () => {
    for (const container of [
      `${account}/disks?sv=1&sig=abc`,
      'http://a.blob.core.windows.net/c',
      account,
      'https://u@a.b/c',
    ]) {
      const read = exportSettings.safeParse({ container });
      expect(read.success, container).toBe(false);
      expect(JSON.stringify(read.error)).not.toContain('abc');
    }
    expect(() => withDiskOptions(playbook, { to: `${account}/disks?sv=1&sig=abc` })).toThrow(/CORDON_BLOB_SAS$/);
  });
});

describe('blocks', () => {
  // "Put Block List": 50,000 blocks; "Put Block": ids of 64 bytes at most, of one length.
  it('are so long that a blob has 50,000 at most, and their ids have one length', () => {
    for (const bytes of [1, 8 * mega, 390 * 1024 * mega, 3 * 1024 * 1024 * mega]) {
      expect(Math.ceil(bytes / blockSize(bytes))).toBeLessThanOrEqual(50_000);
    }
    const md5 = createHash('md5').update('x').digest();
    const ids = [0, 7, 49_999].map((index) => blockId(index, md5));
    expect(new Set(ids.map((id) => id.length)).size).toBe(1);
    expect(Buffer.from(ids[0] ?? '', 'base64').length).toBeLessThanOrEqual(64);
  });
});

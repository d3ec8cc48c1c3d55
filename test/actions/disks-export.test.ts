import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentsOf } from '../../src/simulator/disk-blobs.ts';
import { agreeing, agreeingAfter, type Bench, disagreements, openBench, openGate } from './bench.ts';

/** The bytes of a disk, not the list of its pages. */
const dataOnly = '^/blob/.*comp=$';
const pageLists = '^/blob/.*comp=pagelist$';
const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: { kind: 'full' } };

describe('disks.export', () => {
  let bench: Bench;
  let folder: string;
  beforeAll(async () => {
    bench = await openBench(({ resources }) => {
      // Large enough for threads of its own.
      const disk = resources.find(({ name }) => name.startsWith('print01-os'));
      Object.assign(disk?.properties ?? {}, { diskSizeBytes: 40 * 1024 ** 2 });
      const sparse = resources.find(({ name }) => name.startsWith('kiosk01-os'));
      Object.assign(sparse?.properties ?? {}, { diskSizeBytes: 24 * 1024 ** 2 });
      const vast = resources.find(({ name }) => name.startsWith('mail01-os'));
      Object.assign(vast?.properties ?? {}, { diskSizeBytes: 1024 ** 5 });
      if (sparse) sparse.tags = { ...sparse.tags, 'simulator-written': '0.4' };
    });
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-export-'));
    await bench.begin();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  afterAll(() => bench.close());

  const exporting = (more: Record<string, unknown> = {}) => ({
    id: 'export',
    title: 'Export',
    uses: 'disks.export',
    with: { folder, ...more },
  });
  const take = async (vm: string) => {
    await agreeing(bench.run([snapshot], vm)).start();
    const { resources } = await bench.world();
    const mine = resources.filter((one) => Reflect.get(Object(one.tags), 'cordon-case') === bench.log.caseId);
    return mine.map((one) => ({
      id: String(one.id),
      name: String(one.name),
      disk: String(Reflect.get(Object(Reflect.get(Object(one.properties), 'creationData')), 'sourceResourceId')),
      bytes: Number(Reflect.get(Object(one.properties), 'diskSizeBytes')) + 512,
    }));
  };
  const images = () =>
    [...bench.log.evidence]
      .filter(([file]) => file.endsWith('disk-image.json'))
      .map(([, document]) => Object(document));
  const sha = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
  const stateOf = async (name: string) => {
    const found = await bench.resource('Microsoft.Compute/snapshots', name);
    const { diskState, networkAccessPolicy, publicNetworkAccess } = Object(found?.properties);
    return { diskState, networkAccessPolicy, publicNetworkAccess };
  };
  /** How many bytes of blobs `work` asks for. */
  const counted = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    let asked = 0;
    const { blobParts } = bench.connection;
    bench.connection.blobParts = (bytes) => {
      const { read, close } = blobParts(bytes);
      return {
        read: (part) => {
          asked += part.into.length;
          return read(part);
        },
        close,
      };
    };
    try {
      return [await work(), asked];
    } finally {
      bench.connection.blobParts = blobParts;
    }
  };
  const closed = { diskState: 'Unattached', networkAccessPolicy: 'DenyAll', publicNetworkAccess: 'Disabled' };

  it('copies every snapshot of the case byte for byte, and closes it again', async () => {
    const taken = await take('web01');
    expect(taken).toHaveLength(3);
    const view = await agreeing(bench.run([exporting()], 'web01')).start();
    expect(view.summary).toContain('SHA-256');
    expect(view.outcome).toBe('done');
    for (const { name, disk, bytes } of taken) {
      const file = readFileSync(join(folder, `${name}.vhd`));
      expect(file.equals(contentsOf(disk.toLowerCase(), 0, bytes, bytes))).toBe(true);
      expect(images().find((one) => one.file.endsWith(`${name}.vhd`))).toMatchObject({ bytes, sha256: sha(file) });
      expect(await stateOf(name)).toEqual(closed);
      expect(existsSync(join(folder, `${name}.vhd.part`))).toBe(false);
    }
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('shows its signed address nowhere', async () => {
    await take('jump01');
    const traffic: string[] = [];
    const stop = bench.connection.observe((exchange) => traffic.push(exchange.url));
    const run = agreeing(bench.run([exporting()], 'jump01'));
    const shown: string[] = [];
    run.subscribe(() => shown.push(JSON.stringify(run.view())));
    await run.start();
    stop();
    const all = JSON.stringify([bench.log.entries, [...bench.log.evidence], shown, traffic, run.document()]);
    expect(all).not.toMatch(/sig=|blob\.storage/);
  });

  it('goes on within a piece whose transfer broke, and after a busy storage', async () => {
    const [one] = await take('jump01');
    await bench.faults([
      { match: { method: 'GET', path: dataOnly }, times: 1, effect: { tear: 1_000_000 } },
      { match: { method: 'GET', path: dataOnly }, after: 2, times: 1, effect: { drop: true } },
      {
        match: { method: 'GET', path: dataOnly },
        after: 4,
        times: 1,
        effect: { status: 503, code: 'ServerBusy', message: 'Busy.' },
      },
    ]);
    const view = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(view.outcome).toBe('done');
    const { name = '', disk = '', bytes = 0 } = one ?? {};
    expect(sha(readFileSync(join(folder, `${name}.vhd`)))).toBe(sha(contentsOf(disk.toLowerCase(), 0, bytes, bytes)));
  });

  it('asks for another address when the one that it has ended', async () => {
    const [one] = await take('jump01');
    await bench.faults([
      {
        match: { method: 'GET', path: dataOnly },
        after: 2,
        times: 3,
        effect: { status: 403, code: 'AuthenticationFailed', message: 'Signature not valid now.' },
      },
    ]);
    const view = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(view.outcome).toBe('done');
    expect(bench.mutations().filter(({ path }) => path.endsWith('/beginGetAccess')).length).toBeGreaterThan(1);
    expect(await stateOf(one?.name ?? '')).toEqual(closed);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('keeps what came when it fails, ends the access, and goes on from there', async () => {
    const [{ name, disk, bytes } = { name: '', disk: '', bytes: 0 }] = await take('jump01');
    await bench.faults([
      {
        match: { method: 'GET', path: dataOnly },
        after: 2,
        effect: { status: 400, code: 'InvalidInput', message: 'Broken.' },
      },
    ]);
    const failed = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(failed.outcome).toBe('undone');
    expect(failed.summary).toContain('InvalidInput');
    expect(await stateOf(name)).toEqual(closed);
    const part = join(folder, `${name}.vhd.part`);
    const had = statSync(part).size;
    expect(had).toBeGreaterThan(0);
    await bench.faults([]);
    const [view, read] = await counted(() => agreeing(bench.run([exporting()], 'jump01')).start());
    expect(view.outcome).toBe('done');
    expect(read).toBe(bytes - had);
    expect(sha(readFileSync(join(folder, `${name}.vhd`)))).toBe(sha(contentsOf(disk.toLowerCase(), 0, bytes, bytes)));
  });

  it('reads the part again into the digest: a part that was changed does not pass for the disk', async () => {
    const [{ name, disk, bytes } = { name: '', disk: '', bytes: 0 }] = await take('jump01');
    await bench.faults([
      { match: { method: 'GET', path: dataOnly }, after: 2, effect: { status: 400, code: 'X', message: 'Broken.' } },
    ]);
    await agreeing(bench.run([exporting()], 'jump01')).start();
    await bench.faults([]);
    const part = join(folder, `${name}.vhd.part`);
    const changed = readFileSync(part);
    changed[10] = (changed[10] ?? 0) ^ 0xff;
    writeFileSync(part, changed);
    await agreeing(bench.run([exporting()], 'jump01')).start();
    const file = readFileSync(join(folder, `${name}.vhd`));
    expect(images()[0].sha256).toBe(sha(file));
    expect(images()[0].sha256).not.toBe(sha(contentsOf(disk.toLowerCase(), 0, bytes, bytes)));
  });

  it('begins anew when the part is shorter than its state says', async () => {
    const [{ name, disk, bytes } = { name: '', disk: '', bytes: 0 }] = await take('jump01');
    await bench.faults([
      { match: { method: 'GET', path: dataOnly }, after: 2, effect: { status: 400, code: 'X', message: 'Broken.' } },
    ]);
    await agreeing(bench.run([exporting()], 'jump01')).start();
    await bench.faults([]);
    truncateSync(join(folder, `${name}.vhd.part`), 100);
    await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(images()[0].sha256).toBe(sha(contentsOf(disk.toLowerCase(), 0, bytes, bytes)));
  });

  it('reads a large one by threads: over broken transfers and an ended address, and on from what a failure left', async () => {
    const [{ name, disk, bytes } = { name: '', disk: '', bytes: 0 }] = await take('print01');
    const refused = { status: 400, code: 'InvalidInput', message: 'Broken.' };
    await bench.faults([
      { match: { method: 'GET', path: dataOnly }, times: 1, effect: { tear: 1_000_000 } },
      { match: { method: 'GET', path: dataOnly }, after: 2, times: 1, effect: { drop: true } },
      {
        match: { method: 'GET', path: dataOnly },
        after: 3,
        times: 2,
        effect: { status: 403, code: 'AuthenticationFailed', message: 'Signature not valid now.' },
      },
      { match: { method: 'GET', path: dataOnly }, after: 12, effect: refused },
    ]);
    const failed = await agreeing(bench.run([exporting()], 'print01')).start();
    expect(failed.summary).toContain('InvalidInput');
    expect(await stateOf(name)).toEqual(closed);
    const had = statSync(join(folder, `${name}.vhd.part`)).size;
    expect(had).toBeGreaterThan(0);
    await bench.faults([]);
    const [view, read] = await counted(() => agreeing(bench.run([exporting()], 'print01')).start());
    expect(view.outcome).toBe('done');
    expect(read).toBe(bytes - had);
    const digest = sha(contentsOf(disk.toLowerCase(), 0, bytes, bytes));
    expect(images()[0]).toMatchObject({ bytes, sha256: digest });
    expect(sha(readFileSync(join(folder, `${name}.vhd`)))).toBe(digest);
  });

  it('stops a large one at once, and ends the access', async () => {
    const [{ name } = { name: '' }] = await take('print01');
    await bench.faults([{ match: { method: 'GET', path: dataOnly }, after: 1, effect: { delayMs: 60_000 } }]);
    const run = agreeing(bench.run([exporting()], 'print01'));
    const ending = run.start();
    await bench.until(() => existsSync(join(folder, `${name}.vhd.part`)));
    await run.quit('Interrupted');
    expect(await stateOf(name)).toEqual(closed);
    expect((await ending).outcome).toBe('undone');
  });

  it('refuses a blob that changes under it', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    await bench.faults([
      { match: { method: 'GET', path: dataOnly }, after: 1, times: 1, effect: { changeBlobs: true } },
    ]);
    const view = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(view.outcome).toBe('undone');
    expect(view.summary).toContain('begin anew');
    expect(await stateOf(name)).toEqual(closed);
  });

  it('ends the access when it is stopped', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    await bench.faults([{ match: { method: 'GET', path: dataOnly }, after: 1, effect: { delayMs: 60_000 } }]);
    const run = agreeing(bench.run([exporting()], 'jump01'));
    const ending = run.start();
    await bench.until(async () => (await stateOf(name)).diskState === 'ActiveSAS');
    await run.quit('Interrupted');
    expect(await stateOf(name)).toEqual(closed);
    const view = await ending;
    expect(view.outcome).toBe('undone');
    expect(view.summary).toContain('failed and was undone');
    expect(bench.log.of('verify').at(-1)).toMatchObject({
      undo: true,
      ok: true,
      text: expect.stringContaining('had been ended already'),
    });
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('asks for another address when the answer with the first one was lost, and leaves none', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    await bench.faults([{ match: { method: 'POST', path: 'beginGetAccess' }, times: 1, effect: { drop: 'answer' } }]);
    const view = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(view.outcome).toBe('done');
    expect(await stateOf(name)).toEqual(closed);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('says so when the access cannot be ended, and the undo ends it', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    await bench.faults([
      { match: { method: 'POST', path: 'endGetAccess' }, effect: { status: 409, code: 'Conflict', message: 'No.' } },
    ]);
    const run = agreeing(bench.run([exporting()], 'jump01'));
    const view = await run.start();
    expect(view.outcome).toBe('needs-attention');
    expect((await stateOf(name)).diskState).toBe('ActiveSAS');
    await bench.faults([]);
    expect((await run.undo()).outcome).toBe('undone');
    expect(await stateOf(name)).toEqual(closed);
  });

  it('makes the digest of an image that is here again, and asks Azure for nothing', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    await agreeing(bench.run([exporting()], 'jump01')).start();
    const before = bench.mutations().length;
    const again = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(again.outcome).toBe('done');
    expect(bench.mutations()).toHaveLength(before);
    expect(images()).toHaveLength(2);
    const file = join(folder, `${name}.vhd`);
    const changed = readFileSync(file);
    changed[5] = (changed[5] ?? 0) ^ 1;
    writeFileSync(file, changed);
    const third = await agreeing(bench.run([exporting()], 'jump01')).start();
    expect(third.outcome).not.toBe('done');
    expect(third.summary).toContain('was changed');
  });

  it('transfers no pages that were never written, and leaves them out of the file', async () => {
    const [{ name, disk, bytes } = { name: '', disk: '', bytes: 0 }] = await take('kiosk01');
    const whole = contentsOf(disk.toLowerCase(), 0, bytes, bytes, undefined, 0.4);
    const [view, read] = await counted(() => agreeing(bench.run([exporting()], 'kiosk01')).start());
    expect(view.outcome, view.summary).toBe('done');
    expect(view.steps[0]?.consequences?.join()).toContain('never written are not transferred');
    const file = join(folder, `${name}.vhd`);
    expect(readFileSync(file).equals(whole)).toBe(true);
    expect(images()[0]).toMatchObject({ bytes, sha256: sha(whole), transferred: read });
    expect(read).toBeLessThan(bytes * 0.7);
    // A file has its room in units of 512 bytes (stat(2)).
    if (process.platform === 'linux') expect(statSync(file).blocks * 512).toBeLessThan(bytes * 0.7);

    // Broken off, it goes on within the zeros as well, and all its pages come where that is wanted.
    rmSync(`${file}.json`);
    rmSync(file);
    const refused = { status: 400, code: 'InvalidInput', message: 'Broken.' };
    await bench.faults([{ match: { method: 'GET', path: dataOnly }, after: 3, effect: refused }]);
    expect((await agreeing(bench.run([exporting()], 'kiosk01')).start()).outcome).toBe('undone');
    const had = statSync(`${file}.part`).size;
    await bench.faults([]);
    const [, rest] = await counted(() => agreeing(bench.run([exporting({ everyPage: true })], 'kiosk01')).start());
    expect([had > 0, rest]).toEqual([true, bytes - had]);
    expect(images()[1]).toMatchObject({ sha256: sha(whole), transferred: bytes });
  });

  it.each([
    ['is refused', { status: 400, code: 'UnsupportedQueryParameter', message: 'x' }],
    ['takes too long', { status: 500, code: 'OperationTimedOut', message: 'x' }],
    [
      'is cut',
      { replace: { status: 200, contentType: 'application/xml', body: '<PageList><PageRange>', azures: true } },
    ],
    ['breaks off', { tear: 20 }],
  ])('transfers all where the list of pages %s', async (_, effect) => {
    const [{ disk, bytes } = { disk: '', bytes: 0 }] = await take('kiosk01');
    await bench.faults([{ match: { method: 'GET', path: pageLists }, effect }]);
    const [view, read] = await counted(() => agreeing(bench.run([exporting()], 'kiosk01')).start());
    expect(view.outcome, view.summary).toBe('done');
    const sha256 = sha(contentsOf(disk.toLowerCase(), 0, bytes, bytes, undefined, 0.4));
    expect([read, images()[0]?.sha256, images()[0]?.transferred]).toEqual([bytes, sha256, bytes]);
  });

  it('says that a disk may not fit, and plans no copy of all its pages where they cannot', async () => {
    await take('mail01');
    if (process.platform !== 'win32') {
      const planned = await bench.run([exporting()], 'mail01').plan();
      expect(planned.steps[0]?.warnings.join()).toMatch(/need up to 1048576\.0 GiB, and .* left\. Pages/);
    }
    const whole = await agreeing(bench.run([exporting({ everyPage: true })], 'mail01')).start();
    expect(whole.steps[0]?.error).toMatch(/need up to 1048576\.0 GiB/);
  });

  it('takes no list of pages of another version of the blob', async () => {
    await take('kiosk01');
    await bench.faults([{ match: { method: 'GET', path: pageLists }, times: 1, effect: { changeBlobs: true } }]);
    const view = await agreeing(bench.run([exporting()], 'kiosk01')).start();
    expect([view.outcome, view.summary.includes('begin anew')]).toEqual(['undone', true]);
  });

  it('refuses a place that cannot be written to before it opens a snapshot', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const before = bench.mutations().length;
    const view = await agreeing(bench.run([exporting({ folder: join(file, 'in') })], 'jump01')).start();
    expect(view.steps[0]?.error).toMatch(/a-file.* \(ENOTDIR\): give another folder|a-file is no folder/);
    expect([bench.mutations().length, (await stateOf(name)).diskState]).toEqual([before, 'Unattached']);
  });

  it('says what to do where there is no snapshot', async () => {
    const view = await agreeing(bench.run([exporting()], 'app03')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toContain('snapshot-disks');
    const named = await agreeing(bench.run([exporting({ snapshot: 'nowhere' })], 'app03')).start();
    expect(named.steps[0]?.error).toContain('no snapshot nowhere');
  });

  it('says what permission is missing, and sends nothing', async () => {
    const view = await agreeing(bench.run([exporting()], 'pay01')).start();
    expect(view.outcome).not.toBe('done');
    expect(bench.mutations()).toEqual([]);
  });

  it('is stale when the snapshot is another by now', async () => {
    const [{ name } = { name: '' }] = await take('jump01');
    const { subscriptionId, resourceGroup } = bench.target('jump01');
    const { snapshots } = await bench.connection.compute(subscriptionId);
    const somebodyElse = () => bench.connection.changing(openGate, async () => snapshots.delete(resourceGroup, name));
    const view = await agreeingAfter(bench.run([exporting()], 'jump01'), somebodyElse).start();
    expect(view.summary).toContain('stale');
    expect(existsSync(join(folder, `${name}.vhd.part`))).toBe(false);
  });
});

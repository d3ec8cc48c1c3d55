import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, type Bench, disagreements, openBench } from './bench.ts';

const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: { kind: 'full' } };

describe('disks.snapshot', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const disk = world.resources.find(
        (one) =>
          /^microsoft\.compute\/disks$/i.test(one.type) &&
          /sql02/i.test(one.name ?? '') &&
          /data/i.test(one.name ?? ''),
      );
      if (disk) Object.assign(disk, { sku: { name: 'PremiumV2_LRS', tier: 'Premium' } });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const taken = async () => {
    const { resources } = await bench.world();
    return resources.filter((one) => Reflect.get(Object(one.tags), 'cordon-case') === bench.log.caseId);
  };

  it('plans with reads alone, and shows every disk', async () => {
    const [step] = (await bench.run([snapshot], 'web01').plan()).steps;
    expect(step?.changes).toHaveLength(3);
    expect(step?.danger).toBe('reversible');
    expect(step?.permissions.every((one) => one.held === true)).toBe(true);
    expect(bench.mutations()).toEqual([]);
  });

  it('takes one of the OS disk and of every data disk, closed to export, and verifies', async () => {
    const view = await agreeing(bench.run([snapshot], 'web01')).start();
    expect(view.summary).toContain('3 snapshots taken');
    expect(view.outcome).toBe('done');
    const made = await taken();
    expect(made).toHaveLength(3);
    for (const one of made) {
      expect(one.properties).toMatchObject({
        networkAccessPolicy: 'DenyAll',
        publicNetworkAccess: 'Disabled',
        incremental: false,
      });
      expect(String(one.name).length).toBeLessThanOrEqual(80);
      expect(Reflect.get(Object(one.tags), 'cordon-created-by')).toBe('anna@contoso.com');
    }
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect([...bench.log.evidence.keys()].some((file) => file.endsWith('-snapshots.json'))).toBe(true);
  });

  it('takes incremental ones of a Premium SSD v2 disk, and waits for the copy', async () => {
    const run = agreeing(bench.run([snapshot], 'sql02'));
    const view = await run.start();
    expect(view.steps[0]?.warnings.join(' ')).toContain('incremental only');
    expect(view.outcome).toBe('done');
    const incremental = (await taken()).filter((one) => Reflect.get(Object(one.properties), 'incremental') === true);
    expect(incremental).toHaveLength(1);
    expect(Reflect.get(Object(incremental[0]?.properties), 'completionPercent') ?? 100).toBe(100);
  });

  it('refuses an ephemeral OS disk with the reason', async () => {
    const view = await agreeing(bench.run([snapshot], 'web03')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toContain('ephemeral');
    expect(bench.mutations()).toEqual([]);
  });

  it('keeps the snapshots that were taken when one fails', async () => {
    await bench.faults([
      {
        match: { method: 'PUT', path: '/snapshots/' },
        times: 1,
        effect: { status: 409, code: 'OperationNotAllowed', message: 'Quota.' },
      },
    ]);
    const view = await agreeing(bench.run([snapshot], 'sql01')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toContain('2 of 3 snapshots were taken and are kept');
    expect(await taken()).toHaveLength(2);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('fails when the operation of a snapshot fails', async () => {
    await bench.faults([
      {
        match: { method: 'PUT', path: '/snapshots/' },
        effect: { failOperation: { code: 'InternalError', message: 'Broken.' } },
      },
    ]);
    const view = await agreeing(bench.run([snapshot], 'app03')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(bench.log.of('outcome').some((one) => one.ok === false)).toBe(true);
  });

  it('keeps the evidence when the playbook is undone', async () => {
    const run = agreeing(bench.run([snapshot], 'jump01'));
    await run.start();
    const view = await run.undo();
    expect(view.summary).toBe('There is nothing to undo.');
    expect(await taken()).toHaveLength(1);
  });

  it('says what permission is missing, and sends nothing', async () => {
    const run = agreeing(bench.run([snapshot], 'pay01'));
    const view = await run.start();
    expect(view.steps[0]?.error).toContain('Microsoft.Compute/snapshots/write');
    expect(run.forbidden()).toBe(true);
    expect(bench.mutations()).toEqual([]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import { agreeing, type Bench, disagreements, openBench, openGate } from './bench.ts';

const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: { kind: 'full' } };

/** The resource group of gate01. */
function scopeOfGate(resources: readonly { id: string; type: string; name: string }[]): string {
  const machine = resources.find(({ type, name }) => /\/virtualMachines$/i.test(type) && name === 'gate01');
  return machine?.id.split('/providers/')[0] ?? '';
}

describe('disks.snapshot', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      world.denied = [
        ...world.denied,
        { action: 'Microsoft.Authorization/locks/write', scope: scopeOfGate(world.resources) },
      ];
      const disk = world.resources.find(
        (one) =>
          /^microsoft\.compute\/disks$/i.test(one.type) &&
          /sql02/i.test(one.name ?? '') &&
          /data/i.test(one.name ?? ''),
      );
      if (disk) Object.assign(disk, { sku: { name: 'PremiumV2_LRS', tier: 'Premium' } });
      const shared = world.resources.find(({ type, name }) => /\/disks$/i.test(type) && name === 'mail01-stores');
      const node = String(shared?.managedBy).replace(/[^/]+$/, 'mail02');
      if (shared)
        Object.assign(shared, {
          managedByExtended: [shared.managedBy, node],
          properties: { ...shared.properties, maxShares: 2 },
        });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const taken = async () => {
    const { resources } = await bench.world();
    return resources.filter((one) => Reflect.get(Object(one.tags), 'cordon-case') === bench.log.caseId);
  };

  /** Undoes the step as the case recorded it. */
  const deleted = async (vm: string) => {
    const { connection, log } = bench;
    const recorded = [...log.evidence.keys()].findLast((file) => file.includes('step-snapshot')) ?? '';
    const context = {
      target: bench.target(vm),
      caseId: log.caseId,
      responderAddress: '',
      gate: openGate,
      keep: async () => '',
      progress: () => undefined,
      asked: () => undefined,
      signal: new AbortController().signal,
    };
    return createActions(connection)
      .get('disks.snapshot')
      ?.undo?.(context, Object(log.evidence.get(recorded)).state);
  };

  it('plans with reads alone, and shows every disk', async () => {
    const [step] = (await bench.run([snapshot], 'web01').plan()).steps;
    expect(step?.changes).toHaveLength(3);
    expect(step?.danger).toBe('reversible');
    expect(step?.permissions.every((one) => one.held === true)).toBe(true);
    expect(bench.mutations()).toEqual([]);
  });

  it('says of a shared disk who else writes to it', async () => {
    const [step] = (await bench.run([snapshot], 'mail01').plan()).steps;
    expect(step?.warnings.filter((one) => /shared/.test(one))).toEqual([
      expect.stringMatching(/^mail01-stores is a shared disk, attached to mail02 too: its copy has what every one/),
    ]);
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

  const evidence = (more: Record<string, unknown>) => ({ ...snapshot, with: { kind: 'full', ...more } });
  const subscriptions = () => {
    const [own] = [bench.target('sql02').subscriptionId];
    const other = bench.target('dev-web').subscriptionId;
    return { own, other };
  };

  it('locks each snapshot against deletion where that is asked for, and undo lifts the lock first', async () => {
    const run = agreeing(bench.run([evidence({ lock: true })], 'app03'));
    const view = await run.start();
    expect(view.summary).toContain('locked against deletion');
    expect(view.steps[0]?.changes).toHaveLength(2 * (await taken()).length);
    const { resources } = await bench.world();
    const [one] = await taken();
    const locks = resources.filter(({ id }) => String(id).startsWith(`${String(one?.id)}/providers/`));
    expect(locks.map(({ properties }) => Reflect.get(Object(properties), 'level'))).toEqual(['CanNotDelete']);
    expect(await deleted('app03')).toMatchObject({ ok: true });
    expect(await taken()).toEqual([]);
  });

  it('says who grants what where the lock is not permitted, and takes nothing', async () => {
    const view = await agreeing(bench.run([evidence({ lock: true })], 'gate01')).start();
    expect(view.steps[0]?.error).toContain('Microsoft.Authorization/locks/write');
    expect(view.steps[0]?.error).toContain('User Access Administrator');
    expect(bench.mutations()).toEqual([]);
  });

  it('puts them into the group of the evidence, with the head of the case in their tags', async () => {
    bench.log.head = () => '7:9f86d081';
    const group = bench.target('app03').resourceGroup;
    expect((await agreeing(bench.run([evidence({ resourceGroup: group })], 'jump01')).start()).outcome).toBe('done');
    const [one] = await taken();
    expect(String(one?.id).toLowerCase()).toContain(`/resourcegroups/${group.toLowerCase()}/`);
    expect(Reflect.get(Object(one?.tags), 'cordon-case-head')).toBe('7:9f86d081');
  });

  it('refuses a group that does not exist, with the line that makes it', async () => {
    const view = await agreeing(bench.run([evidence({ resourceGroup: 'rg-nowhere' })], 'jump01')).start();
    expect(view.steps[0]?.error).toContain('az group create');
    expect(bench.mutations()).toEqual([]);
  });

  it('refuses what Azure keeps in the subscription of the disk', async () => {
    const { own, other } = subscriptions();
    expect(own).not.toBe(other);
    const { resourceGroup } = bench.target('dev-web');
    const fast = await agreeing(bench.run([evidence({ resourceGroup, subscription: other })], 'sql02')).start();
    expect(fast.steps[0]?.error).toContain('PremiumV2_LRS');
    const parts = await agreeing(
      bench.run([evidence({ resourceGroup, subscription: other, kind: 'incremental' })], 'jump01'),
    ).start();
    expect(parts.steps[0]?.error).toContain('kind: full');
    expect(bench.mutations()).toEqual([]);
    const full = await agreeing(bench.run([evidence({ resourceGroup, subscription: other })], 'jump01')).start();
    expect(full.outcome).toBe('done');
    expect((await taken()).map(({ id }) => String(id).split('/')[2])).toEqual([other]);
  });

  it('asks for instant access where the disk has it alone', async () => {
    await agreeing(bench.run([evidence({ instantAccessMinutes: 90 })], 'sql02')).start();
    const minutes = (await taken()).map(({ properties }) =>
      Reflect.get(Object(Reflect.get(Object(properties), 'creationData')), 'instantAccessDurationMinutes'),
    );
    expect(minutes.filter((one) => one !== undefined)).toEqual([90]);
  });

  describe('with a restore point', () => {
    const together = { ...snapshot, with: { kind: 'full', restorePoint: true } };
    const collections = 'Microsoft.Compute/restorePointCollections';
    const made = async (type: string) => (await bench.world()).resources.filter((one) => one.type === type);
    const refused = { status: 409, code: 'OperationNotAllowed', message: 'More than 3 within an hour.' };

    it('takes one of all disks at one moment beside the snapshots, and undo deletes it with them', async () => {
      const run = agreeing(bench.run([together], 'web01'));
      const view = await run.start();
      expect(view.outcome).toBe('done');
      expect(view.steps[0]?.changes.map(({ resourceId }) => resourceId.split('/').at(-2))).toEqual([
        'restorePointCollections',
        'restorePoints',
        ...Array.from({ length: 3 }, () => 'snapshots'),
      ]);
      expect(view.summary).toContain('Restore point of 3 disks at one moment');
      expect(view.steps[0]?.warnings.join(' ')).toMatch(/does not warrant .* read\/write caching/);
      const [collection] = await made(collections);
      expect(Reflect.get(Object(collection?.tags), 'cordon-case')).toBe(bench.log.caseId);
      const [point] = await made(`${collections}/restorePoints`);
      expect(point?.properties).toMatchObject({ consistencyMode: 'CrashConsistent', provisioningState: 'Succeeded' });
      expect([...bench.log.evidence.keys()].some((file) => file.endsWith('-restore-point.json'))).toBe(true);
      expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
      expect(await deleted('web01')).toMatchObject({ ok: true });
      expect([...(await made(collections)), ...(await made(`${collections}/restorePoints`))]).toEqual([]);
    });

    it.each([
      ['restorePointCollections/[^/?]+\\?', 'answer'],
      ['restorePoints/', 'answer'],
    ] as const)('finds out what became of PUT %s whose answer was lost', async (path, drop) => {
      await bench.faults([{ match: { method: 'PUT', path }, times: 1, effect: { drop } }]);
      const view = await agreeing(bench.run([together], 'web01')).start();
      expect(view.outcome).toBe('done');
      expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    });

    it('keeps the snapshots where Azure refuses it, and says what is left of it', async () => {
      await bench.faults([{ match: { method: 'PUT', path: 'restorePoints/' }, effect: refused }]);
      const view = await agreeing(bench.run([together], 'web01')).start();
      expect(view.outcome).toBe('needs-attention');
      expect(view.steps[0]?.error).toMatch(
        /3 of 3 snapshots were taken and are kept; the collection cordon-\S+ was made, and holds no restore point/,
      );
    });

    it('names the restore point that is kept where snapshots fail', async () => {
      await bench.faults([{ match: { method: 'PUT', path: '/snapshots/' }, effect: refused }]);
      const view = await agreeing(bench.run([together], 'web01')).start();
      expect(view.steps[0]?.error).toMatch(/; the restore point in cordon-\S+ was made and is kept$/);
      expect(await deleted('web01')).toMatchObject({ ok: true });
    });

    it('is not planned where Azure has none, and the plan says why', async () => {
      const [ultra] = (await bench.run([together], 'sql02').plan()).steps;
      expect(ultra?.warnings.join(' ')).toMatch(/no restore point of them at one: .* is PremiumV2_LRS/);
      expect(JSON.stringify(ultra?.changes)).not.toContain('restorePoint');
      const [single] = (await bench.run([together], 'jump01').plan()).steps;
      expect(JSON.stringify(single)).not.toMatch(/restore ?point/i);
    });
  });
});

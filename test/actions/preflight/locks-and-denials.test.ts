import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { agreeing, type Bench, openBench } from '../bench.ts';
import { backup, groupOf, lock, place, subscriptionOf, vmIn } from './obstructed.ts';

/**
 * Three VMs with something in the way: jump01's interface has a ReadOnly lock, sql01's resource group may not be deleted
 * from, and a deny assignment for everybody keeps security groups of print01's resource group from being deleted.
 */
function obstruct(world: World): void {
  const nic = (vm: string) => {
    const profile = Object(vmIn(world, vm).properties).networkProfile;
    return String(profile.networkInterfaces[0].id);
  };
  place(world, nic('jump01'), 'locks', 'hands-off', { level: 'ReadOnly' });
  place(world, groupOf(vmIn(world, 'sql01').id), 'locks', 'keep', { level: 'CanNotDelete' });
  const app = vmIn(world, 'app03');
  place(world, app.id, 'locks', 'hands-off-too', { level: 'ReadOnly' });
  const points = `${subscriptionOf(app.id)}/resourceGroups/AzureBackupRG_${app.location}_1`;
  place(world, points, 'locks', 'keep-points', { level: 'CanNotDelete' });
  const item = world.backup?.protectedItems?.find(({ name }) => name.endsWith(';sql01'))?.id ?? '';
  place(world, item, 'locks', 'closed-item', { level: 'ReadOnly' });
  const scope = groupOf(vmIn(world, 'print01').id);
  place(world, scope, 'denyAssignments', 'd1', {
    denyAssignmentName: 'managed-by-platform',
    scope,
    permissions: [{ actions: ['Microsoft.Network/networkSecurityGroups/delete'], notActions: [] }],
    principals: [{ id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }],
    excludePrincipals: [],
  });
}

describe('what stands in the way of a change is told before its first step', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(obstruct);
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it('a ReadOnly lock: it is refused with the lock, and nothing is sent', async () => {
    const run = agreeing(bench.run([lock], 'jump01'));
    const view = await run.start();
    expect(view.steps[0]?.error).toMatch(/ReadOnly lock hands-off on \S+ refuses PUT of \S+.*locks\/delete/);
    expect(view.outcome).toBe('needs-attention');
    expect(bench.mutations()).toEqual([]);
    expect(run.obstacle()).toBe('impossible');
  });

  it('a CanNotDelete lock: the lock is made, and the undo says what stays and that it filters nothing', async () => {
    const run = agreeing(bench.run([lock], 'sql01'));
    const planned = await bench.run([lock], 'sql01').plan();
    expect(planned.steps[0]?.warnings.join()).toMatch(/CanNotDelete lock keep on \S+ refuses DELETE of cordon-/);
    expect((await run.start()).outcome).toBe('done');
    const undone = await run.undo();
    expect(undone.outcome).toBe('needs-attention');
    expect(undone.summary).toMatch(/has \S+ again\..*Open|has \S+ again\..*OPEN/);
    expect(undone.summary).toMatch(/could not be deleted .*stands at no interface and filters nothing/);
    expect(undone.summary).toContain('Then: cordon undo');
  });

  it('a lock where Azure Backup keeps restore points is told with what follows, and one on the VM is not', async () => {
    const step = (await bench.run([backup], 'app03').plan()).steps[0];
    expect(step?.changes).toHaveLength(1);
    expect(step?.warnings.filter((one) => /lock/.test(one))).toEqual([
      expect.stringMatching(/^CanNotDelete lock keep-points on AzureBackupRG_\w+_1: .*fails once there are 18/),
    ]);
  });

  it('a ReadOnly lock in the vault refuses the backup, which is a POST', async () => {
    const { error } = (await agreeing(bench.run([backup], 'sql01')).start()).steps[0] ?? {};
    expect(error).toMatch(/ReadOnly lock closed-item on \S+ refuses POST of backup/);
    expect(bench.mutations()).toEqual([]);
  });

  it('a deny assignment takes a permission away, and is named with the role that would have it', async () => {
    const run = bench.run([lock], 'print01');
    const plan = await run.plan();
    const lacking = plan.steps[0]?.permissions.filter(({ held }) => held === false);
    expect(lacking).toEqual([
      expect.objectContaining({
        action: 'Microsoft.Network/networkSecurityGroups/delete',
        forUndo: true,
        role: 'Network Contributor',
        deniedBy: 'managed-by-platform',
      }),
    ]);
    expect(run.obstacle()).toBe('forbidden');
    const view = await agreeing(bench.run([lock], 'print01')).start();
    expect(view.steps[0]?.error).toContain('for the undo; denied by the deny assignment managed-by-platform');
    expect(bench.mutations()).toEqual([]);
  });

  it('the permissions of the undo are among those that are needed: joining the group that was there, deleting ours', async () => {
    const plan = await bench.run([lock], 'web01').plan();
    const forUndo = plan.steps[0]?.permissions.filter((one) => one.forUndo === true);
    expect(forUndo?.map(({ action, scope }) => `${action} ${scope.split('/').at(-1)}`)).toEqual([
      expect.stringMatching(/^Microsoft\.Network\/networkSecurityGroups\/delete /),
      'Microsoft.Network/networkSecurityGroups/join/action web-nsg',
    ]);
  });
});

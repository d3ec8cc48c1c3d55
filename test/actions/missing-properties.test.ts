import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { percentCopied } from '../../src/actions/snapshot/copied.ts';
import { taggedInAzure } from '../../src/actions/tagged-in-azure.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { agreeing, agreeingAfter, type Bench, openBench } from './bench.ts';

const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: {} };
const step = (uses: string, more: Record<string, unknown> = {}) => ({ id: 'step', title: 'Step', uses, with: more });

/** Azure's answers to these questions lack a property from now on. */
const without = (name: string, path: string, method = 'GET'): Fault => ({
  match: { method, path },
  effect: { property: { name } },
});

describe('percentCopied', () => {
  const incremental = { properties: { incremental: true } };
  it.each([
    ['the percentage that is there', { properties: { incremental: true, completionPercent: 40 } }, 'PremiumV2_LRS', 40],
    ['none of an incremental one of Premium SSD v2', incremental, 'PremiumV2_LRS', null],
    ['none of an incremental one of an Ultra Disk', incremental, 'UltraSSD_LRS', null],
    ['all of an incremental one of another disk', incremental, 'Premium_LRS', 100],
    ['none of an incremental one of a disk that is not known', incremental, '', null],
    ['all of a full one', { properties: { incremental: false } }, '', 100],
    [
      'none of a copy that was started',
      { properties: { creationData: { createOption: 'CopyStart' } } },
      'Premium_LRS',
      null,
    ],
    ['none of an answer without properties', {}, '', null],
  ])('is %s', (_, body, sku, percent) => {
    expect(percentCopied(body, sku)).toBe(percent);
  });
});

/** A property that is missing is not known: nothing is done, verified or gone because of it. */
describe('an answer that lacks a property', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(
      ({ resources }) => {
        const data = resources.find(({ name }) => name === 'sql02-data');
        Object.assign(data ?? {}, { sku: { name: 'PremiumV2_LRS', tier: 'Premium' } });
      },
      { operationLimitMs: 2500 },
    );
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const ran = (steps: unknown[], vm: string) => agreeing(bench.run(steps, vm)).start();

  it('is no evidence where the percentage of a background copy is missing, and the updates wait for it', async () => {
    await bench.faults([without('completionPercent', '/snapshots')]);
    const view = await ran([snapshot], 'sql02');
    expect(view.outcome).toBe('needs-attention');
    expect(view.summary).toMatch(/not verified: .*How much Azure has copied of cordon-\S*sql02-data\S* is not known/);
    const install = (await ran([step('patches.install')], 'sql02')).steps[0];
    expect(install?.error).toMatch(
      /no whole snapshot of sql02-data .*does not say how much of cordon-\S+ it has copied/,
    );
    const [exported] = (await bench.run([step('disks.export')], 'sql02').plan()).steps;
    expect(exported?.warnings.join()).toMatch(/does not say how much of cordon-\S*sql02-data\S* it has copied/);
  });

  it('is no empty list of what a case left in Azure', async () => {
    await bench.faults([without('value', '/networkSecurityGroups\\?')]);
    const where = { subscriptions: [bench.target('web01').subscriptionId], machines: [] };
    const { notSeen } = await taggedInAzure(bench.connection, '2026-11-23-web01-aaaa', where);
    expect(notSeen).toEqual([expect.stringMatching(/^security group: .*no list/)]);
  });

  it('does not pass a disabled account for one that was never disabled, and its undo can be made again', async () => {
    const run = agreeing(bench.run([step('account.disable', { account: 'svc-web' })], 'web01'));
    expect((await run.start()).outcome).toBe('done');
    await bench.faults([without('instanceView', '/runCommands/')]);
    const view = await run.undo();
    expect([view.outcome, view.summary]).toEqual([
      'needs-attention',
      expect.stringMatching(/is not known. Undo it again/),
    ]);
    await bench.faults([]);
    expect((await run.undo()).summary).toMatch(/svc-web is enabled again/);
  });

  it.each([
    ['lock-nsg', step('nsg.lock'), 'print01', without('provisioningState', 'networkInterfaces'), /state/],
    [
      'remove-public-ip',
      step('public-ip.remove'),
      'gate01',
      without('provisioningState', 'networkInterfaces'),
      /state/,
    ],
    ['snapshot-disks', snapshot, 'web02', without('provisioningState', '/snapshots/'), /state/],
    [
      'deallocate',
      step('vm.deallocate'),
      'kiosk01',
      { ...without('statuses', '/virtualMachines/[^/?]+\\?'), after: 1 },
      /not say/,
    ],
  ])('leaves %s unverified', async (_, one, vm, fault, told) => {
    // The plan is made of whole answers.
    const run = agreeingAfter(bench.run([one], vm), () => bench.faults([fault]));
    const view = await run.start();
    expect(view.outcome).not.toBe('done');
    expect(view.summary).toMatch(told);
  });
});

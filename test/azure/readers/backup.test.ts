import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consistencyOf, readBackup } from '../../../src/azure/readers/backup.ts';
import { resolveVm } from '../../../src/azure/readers/inventory.ts';
import { type Bench, openBench } from '../../actions/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench((world) => {
    const prod = world.subscriptions[0]?.subscriptionId ?? '';
    const dev = world.subscriptions[1]?.subscriptionId ?? '';
    const item = (name: string) =>
      world.backup.protectedItems.find((each) => each.properties?.friendlyName === name)?.properties ?? {};
    Object.assign(item('jump01'), { isScheduledForDeferredDelete: true, deferredDeleteTimeRemaining: '12.04:10:00' });
    Object.assign(item('file01'), { protectionState: 'ProtectionStopped' });
    world.denied.push(
      { action: 'Microsoft.RecoveryServices/*', scope: `/subscriptions/${dev}` },
      {
        action: 'Microsoft.RecoveryServices/vaults/read',
        scope: `/subscriptions/${prod}/resourceGroups/rg-vault`,
      },
    );
  });
});
afterAll(() => bench.close());

const backup = async (name: string) => readBackup(bench.connection, await resolveVm(bench.connection, name));

describe('a backup that was deleted and is still kept', () => {
  const kept = { protected: true, vaultName: 'vault-eus', softDeleted: { remaining: '12.04:10:00' } };
  const unnamed = {
    match: { path: 'backupStatus' },
    times: 1,
    effect: {
      replace: {
        status: 200,
        body: '{"protectionStatus":"NotProtected"}',
        contentType: 'application/json',
        azures: true,
      },
    },
  } as const;

  it('is found in Resource Graph where backupStatus does not name it', async () => {
    const vm = await resolveVm(bench.connection, 'jump01');
    await bench.faults([unnamed]);
    expect(await readBackup(bench.connection, vm)).toMatchObject({ state: 'known', value: kept, notSeen: [] });
  });

  it('is not known to be absent where Resource Graph does not answer', async () => {
    const vm = await resolveVm(bench.connection, 'jump01');
    const refused = { status: 400, code: 'BadRequest', message: 'Query is invalid.' };
    await bench.faults([unnamed, { match: { path: 'Microsoft.ResourceGraph/resources' }, effect: refused }]);
    const fact = await readBackup(bench.connection, vm);
    await bench.faults([]);
    expect(fact).toMatchObject({ state: 'known', value: { protected: false } });
    expect(fact.state === 'known' && fact.notSeen).toEqual([
      'whether a vault still keeps a deleted backup of this VM: Resource Graph did not answer',
    ]);
  });
});

describe('backup', () => {
  it('tells the last operation from the last point, and each point’s consistency', async () => {
    const fact = await backup('web01');
    expect(fact).toMatchObject({
      state: 'known',
      value: {
        protected: true,
        vaultName: 'vault-eus',
        policy: 'daily-30d',
        state: 'ProtectionError',
        lastBackupStatus: 'Failed',
        softDeleted: null,
        vaultSecurity: {
          state: 'known',
          value: {
            softDelete: 'Enabled',
            softDeleteDays: 14,
            immutability: 'Disabled',
            multiUserAuthorization: 'Disabled',
          },
        },
      },
    });
    const value = fact.state === 'known' ? fact.value : undefined;
    expect(value?.vault).toMatch(/^\/Subscriptions\//);
    expect(value?.lastBackupAt).toMatch(/^2026-11-17/);
    expect(value?.lastPointAt).toMatch(/^2026-11-14/);
    expect(value?.points.state === 'known' && value.points.value).toHaveLength(7);
    expect(value?.points.state === 'known' && value.points.value.slice(0, 3).map((one) => one.consistency)).toEqual([
      'application',
      'crash',
      'application',
    ]);
    expect(value?.points.state === 'known' && value.points.value[0]?.tiers).toEqual(['InstantRP', 'HardenedRP']);
    expect(value?.points.state === 'known' && value.points.value[0]).toMatchObject({
      expiresAt: '2026-12-14T00:35:12.000Z',
      softDeleted: false,
    });
  });

  it('that never ran has 2001-01-01 for a time, which is none', async () => {
    expect(await backup('batch01')).toMatchObject({
      value: {
        protected: true,
        state: 'IRPending',
        lastBackupAt: null,
        lastPointAt: null,
        points: { state: 'known', value: [] },
      },
    });
  });

  it('that is absent is told from one that may not be asked for', async () => {
    expect(await backup('lin-build')).toMatchObject({ state: 'known', value: { protected: false } });
    expect(await backup('dev-api')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/no permission/),
    });
  });

  it('whose points and vault may not be read says so of these alone', async () => {
    expect(await backup('mail01')).toMatchObject({
      state: 'known',
      value: {
        vaultName: 'vault-guarded',
        points: {
          state: 'unknown',
          because: expect.stringMatching(/no permission/),
          cure: expect.stringMatching(/Backup Reader/),
        },
        vaultSecurity: { state: 'unknown', because: expect.stringMatching(/not to be seen/) },
      },
    });
  });

  it('that somebody deleted, or stopped, says so', async () => {
    expect(await backup('jump01')).toMatchObject({ value: { softDeleted: { remaining: '12.04:10:00' } } });
    expect(await backup('file01')).toMatchObject({ value: { state: 'ProtectionStopped' } });
  });

  it('whose vault does not answer is not known', async () => {
    await bench.faults([
      { match: { path: 'protectedItems/[^/?]+\\?' }, effect: { status: 404, code: 'NotFound', message: 'gone' } },
    ]);
    const fact = await backup('web01');
    await bench.faults([]);
    expect(fact).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/when it was last backed up is not known/),
    });
  });

  it('knows Azure’s three words for consistency', () => {
    expect(['AppConsistent', 'FileSystemConsistent', 'CrashConsistent', ''].map(consistencyOf)).toEqual([
      'application',
      'file-system',
      'crash',
      'unknown',
    ]);
  });
});

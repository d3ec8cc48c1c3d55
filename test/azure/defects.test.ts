/** Defects of other tools that read Azure, each with the tool's name: PRW is prowler. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBackup } from '../../src/azure/readers/backup.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readPatches } from '../../src/azure/readers/patches.ts';
import { type Bench, openBench } from '../actions/bench.ts';

const inGroup = (group: string) => new RegExp(`/resourceGroups/${group}/.*/virtualMachines/app01$`, 'i');

describe('what other tools read wrongly', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      // Of two VMs named app01 one is protected, by an item as app03's.
      const ids = world.resources.map(({ id }) => id);
      const vmId = ids.find((id) => inGroup('rg-app').test(id)) ?? '';
      const item = world.backup.protectedItems.find(({ name }) => name.toLowerCase().endsWith(';app03'));
      const renamed = JSON.parse(JSON.stringify(item).replaceAll('app03', 'app01'));
      renamed.properties = { ...renamed.properties, sourceResourceId: vmId, virtualMachineId: vmId };
      world.backup.protectedItems.push(renamed);
    });
  });
  afterAll(() => bench.close());

  const protectedIn = async (group: string) => {
    const { resources } = await bench.world();
    const id = resources.map((one) => String(one.id)).find((one) => inGroup(group).test(one)) ?? '';
    const fact = await readBackup(bench.connection, await resolveVm(bench.connection, id));
    return fact.state === 'known' ? fact.value.protected : fact.because;
  };

  test('PRW vm_backup_enabled: the backup of a VM of the same name in another group is not this one’s', async () => {
    expect(await protectedIn('rg-app')).toBe(true);
    expect(await protectedIn('rg-app-dr')).toBe(false);
  });

  test('PRW system_updates: where no assessment is, nothing is known, and that is said', async () => {
    expect(await readPatches(bench.connection, await resolveVm(bench.connection, 'legacy7'))).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/never assessed/),
    });
  });
});

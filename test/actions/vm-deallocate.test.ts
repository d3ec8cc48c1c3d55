import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../src/simulator/world.ts';
import { agreeing, agreeingAfter, type Bench, disagreements, openBench, openGate } from './bench.ts';
import { groupOf, vmIn } from './preflight/obstructed.ts';

const deallocate = { id: 'deallocate', title: 'Deallocate', uses: 'vm.deallocate' };
const machineType = 'Microsoft.Compute/virtualMachines';

/** Puts a VM into a Flexible scale set of its own. */
function intoSet(world: World, vm: string, properties: Record<string, unknown>): void {
  const machine = vmIn(world, vm);
  const id = `${groupOf(machine.id)}/providers/Microsoft.Compute/virtualMachineScaleSets/flex-${vm}`;
  machine.properties = { ...machine.properties, virtualMachineScaleSet: { id } };
  world.resources.push({
    id,
    name: `flex-${vm}`,
    type: 'Microsoft.Compute/virtualMachineScaleSets',
    location: machine.location ?? '',
    properties: { orchestrationMode: 'Flexible', ...properties },
  });
}
const repairing = { automaticRepairsPolicy: { enabled: true, gracePeriod: 'PT30M' } };

describe('vm.deallocate', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const machine = vmIn(world, 'app03');
      const profile = Object(machine.properties?.storageProfile);
      machine.properties = {
        ...machine.properties,
        storageProfile: { ...profile, osDisk: { ...profile.osDisk, diffDiskSettings: { option: 'Local' } } },
      };
      intoSet(world, 'web02', repairing);
      intoSet(world, 'web03', {
        ...repairing,
        instanceView: { orchestrationServices: [{ serviceName: 'AutomaticRepairs', serviceState: 'Suspended' }] },
      });
      world.denied.push({
        action: `${machineType}/deallocate/action`,
        scope: groupOf(vmIn(world, 'sql01').id),
      });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const power = async (vm: string) =>
    /PowerState\/\w+/.exec(JSON.stringify((await bench.resource(machineType, vm))?.properties))?.[0];

  it('plans with reads alone, says that memory is lost, and wants the name', async () => {
    const [step] = (await bench.run([deallocate], 'web01').plan()).steps;
    expect(step).toMatchObject({ danger: 'disruptive', undo: expect.stringMatching(/^starts the VM/) });
    expect(step?.consequences?.join()).toMatch(/MEMORY IS LOST/);
    const run = bench.run([deallocate], 'web01');
    run.subscribe(() => {
      const { prompt } = run.view();
      if (prompt) queueMicrotask(() => (run.answer('y') === 'refused' ? run.cancel() : undefined));
    });
    expect((await run.start()).outcome).toBe('cancelled');
    expect(bench.mutations()).toEqual([]);
  });

  it.each([
    ['app03', /ephemeral OS disk.*lock-nsg/],
    ['jump01', /deallocated already/],
    ['sql01', /deallocate\/action/],
  ])('sends nothing where it cannot, need not or may not: %s', async (vm, because) => {
    const view = await agreeing(bench.run([deallocate], vm)).start();
    expect(`${view.steps[0]?.error} ${view.steps[0]?.verified?.text}`).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('says before that a scale set may repair the VM away once it is off or locked, and how that is suspended', async () => {
    const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
    const warned = async (step: object, vm: string) =>
      ((await bench.run([step], vm).plan()).steps[0]?.warnings ?? []).filter((one) => /flex-/.test(one));
    for (const step of [deallocate, lock]) {
      expect(await warned(step, 'web02')).toEqual([
        expect.stringMatching(
          /^flex-web02 repairs .* DELETES the VM .*PT30M .*--service-name AutomaticRepairs --action Suspend$/,
        ),
        expect.stringMatching(
          /flex-web02, which may delete it .*--instance-id web02 --protect-from-scale-set-actions true/,
        ),
      ]);
    }
    expect(await warned(lock, 'web03')).toEqual([expect.stringMatching(/^web03 is in the scale set flex-web03/)]);
    expect(await warned(deallocate, 'web01')).toEqual([]);
    await bench.faults([
      {
        match: { path: '/virtualMachineScaleSets/' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    expect((await warned(deallocate, 'web02')).join()).toMatch(/Not seen: whether flex-web02 repairs VMs/);
    expect(bench.mutations()).toEqual([]);
  });

  it('sends nothing when the VM was switched off since the plan was shown', async () => {
    const { subscriptionId, resourceGroup } = bench.target('mail01');
    const client = await bench.connection.compute(subscriptionId);
    const somebodyElse = () =>
      bench.connection.changing(openGate, async () =>
        client.virtualMachines.powerOff(resourceGroup, 'mail01', { updateIntervalInMs: 10 }),
      );
    const view = await agreeingAfter(bench.run([deallocate], 'mail01'), somebodyElse).start();
    expect(view.steps[0]?.error).toMatch(/stale.*mail01 is stopped by now/);
    expect(bench.log.of('intent')).toEqual([]);
  });

  it('deallocates, and starts it again; lost answers are settled by the power state', async () => {
    await bench.faults([
      { match: { method: 'POST', path: '/(deallocate|start)\\?' }, times: 2, effect: { drop: 'answer' } },
    ]);
    const run = agreeing(bench.run([deallocate], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(await power('web01')).toBe('PowerState/deallocated');
    expect((await run.undo()).outcome).toBe('undone');
    expect(await power('web01')).toBe('PowerState/running');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });
});

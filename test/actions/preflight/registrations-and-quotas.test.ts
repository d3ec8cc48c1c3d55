import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { agreeing, type Bench, openBench } from '../bench.ts';
import { backup, jit, lock, snapshots, subscriptionOf, vmIn } from './obstructed.ts';

/** Subscriptions that lack a registration, or room. */
function unprepared(world: World): void {
  const subscription = subscriptionOf(vmIn(world, 'web01').id);
  for (const [name, registrationState] of [
    ['Microsoft.RecoveryServices', 'NotRegistered'],
    ['Microsoft.Security', 'Unregistered'],
  ] as const) {
    const id = `${subscription}/providers/${name}`;
    world.resources.push({ id, name, type: 'Microsoft.Resources/providers', properties: { registrationState } });
  }
  for (const [namespace, name, limit] of [
    ['Microsoft.Network', 'NetworkSecurityGroups', 1],
    ['Microsoft.Compute', 'StandardSnapshotCount', 0],
  ] as const) {
    const id = `${subscription}/providers/${namespace}/locations/${vmIn(world, 'web01').location}/usages/${name}`;
    world.resources.push({ id, name, type: `${namespace}/locations/usages`, properties: { limit } });
  }
}

describe('registrations and quotas are looked at before the first step', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(unprepared);
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it.each([
    [
      backup,
      /not registered for Microsoft.RecoveryServices.*az provider register --namespace Microsoft.RecoveryServices --wait/,
    ],
    [
      jit,
      /not registered for Microsoft.Security \(Unregistered\).*az provider register --namespace Microsoft.Security/,
    ],
    [
      lock,
      /quota of network security groups \(NetworkSecurityGroups\) of subscription \S+ in \S+ has no room for 1 more: \d+ of 1 are used/,
    ],
  ])('%o is refused beforehand, with what to do', async (step, because) => {
    const view = await agreeing(bench.run([step], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('a quota of snapshots that may be another is a warning', async () => {
    const planned = await bench.run([snapshots], 'web01').plan();
    expect(planned.steps[0]?.warnings.join(' ')).toMatch(
      /Azure may refuse it: the quota of snapshots \(StandardSnapshotCount\)/,
    );
    expect(planned.steps[0]?.changes.length).toBeGreaterThan(0);
  });

  it('what is asked of a provider that is not registered, Azure refuses in the words that are expected', async () => {
    await bench.faults([
      {
        match: { method: 'GET', path: '/providers/Microsoft.Security\\?' },
        effect: { status: 404, code: 'NotFound', message: 'x' },
      },
    ]);
    const view = await agreeing(bench.run([jit], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(/MissingSubscriptionRegistration|not registered to use namespace/);
  });
});

import { describe, expect, it } from 'vitest';
import { Listing } from '../../../src/azure/readers/listing.ts';
import type { VirtualMachine } from '../../../src/documents/triage.ts';
import { machine } from '../log-workspace.ts';

const [web, build] = [machine({ name: 'web01' }), machine({ name: 'build', os: 'linux' })];
const bothSystems = (machines: readonly VirtualMachine[]) => new Set(machines.map(({ os }) => os)).size === 2;

describe('VMs while they are listed', () => {
  it('are given as soon as they are enough, before the list ends', async () => {
    const listing = new Listing(new Promise(() => {}));
    const enough = listing.until(bothSystems);
    listing.grow([web]);
    listing.grow([web, build]);
    expect(await enough).toEqual([web, build]);
    expect(await listing.until((machines) => machines.length > 0)).toEqual([web, build]);
  });

  it('are all given where they never are enough', async () => {
    const list = Promise.withResolvers<VirtualMachine[]>();
    const listing = new Listing(list.promise);
    const enough = listing.until(bothSystems);
    listing.grow([web]);
    list.resolve([web]);
    expect(await enough).toEqual([web]);
  });

  it('reject who waits when they cannot be listed', async () => {
    const list = Promise.withResolvers<VirtualMachine[]>();
    const listing = new Listing(list.promise);
    const enough = listing.until(bothSystems);
    list.reject(new Error('the list was refused'));
    await expect(enough).rejects.toThrow('the list was refused');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { agreeing, type Bench, openBench } from '../bench.ts';
import { backup, groupOf, jit, place, vmIn } from './obstructed.ts';

const request = { id: 'request', title: 'Request', uses: 'jit.request', with: {} };

/** The vault that protects a VM. */
function vaultOf(world: World, vm: string): string {
  const item = world.backup?.protectedItems.find(({ name }) => name.toLowerCase().endsWith(`;${vm}`));
  if (!item) throw new Error(`no vault protects ${vm}`);
  return item.id.split('/').slice(0, 9).join('/');
}

// A ReadOnly lock refuses PUT, POST and DELETE of what is under it, a CanNotDelete lock DELETE alone:
// https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources (2026-09).
describe('what is under a management lock', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const locks = [
        [groupOf(vmIn(world, 'web01').id), 'keep-web', 'ReadOnly'],
        [groupOf(vmIn(world, 'gate01').id), 'keep-gate', 'ReadOnly'],
        [vaultOf(world, 'web01'), 'keep-vault', 'ReadOnly'],
        [groupOf(vmIn(world, 'sql02').id), 'keep-data', 'CanNotDelete'],
      ] as const;
      for (const [scope, name, level] of locks) place(world, scope, 'locks', name, { level });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it.each([
    ['just-in-time access is not enabled', jit, 'web01', /ReadOnly lock keep-web on rg-web refuses PUT of default/],
    [
      'just-in-time access is not asked for',
      request,
      'gate01',
      /ReadOnly lock keep-gate on rg-mgmt refuses POST of initiate/,
    ],
    ['a backup is not started', backup, 'web01', /ReadOnly lock keep-vault on vault-eus refuses POST of backup/],
  ])('%s under ReadOnly: the lock is named, with whom to ask, and nothing is sent', async (_, step, vm, refusal) => {
    const run = agreeing(bench.run([step], vm));
    const view = await run.start();
    expect(view.steps[0]?.error).toMatch(refusal);
    expect(view.steps[0]?.error).toContain('Ask the customer to lift it (Owner or User Access Administrator');
    expect(view.outcome).toBe('needs-attention');
    expect(run.obstacle()).toBe('impossible');
    expect(bench.mutations()).toEqual([]);
  });

  it('just-in-time access is enabled under CanNotDelete, and its undo is foreseen', async () => {
    const run = agreeing(bench.run([jit], 'sql02'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.warnings.join()).toMatch(
      /undo cannot do all of it: a CanNotDelete lock keep-data on rg-data/,
    );
    const undone = await run.undo();
    expect(undone.outcome).toBe('needs-attention');
    expect(undone.summary).toMatch(/DELETE default: 409 ScopeLocked/);
    expect(bench.mutations().map(({ method, status }) => `${method} ${status}`)).toEqual(['PUT 200']);
  });
});

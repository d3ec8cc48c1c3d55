import type { World } from '../../../src/simulator/world.ts';

export const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
export const snapshots = { id: 'snapshot', title: 'Snapshots', uses: 'disks.snapshot', with: {} };
export const backup = { id: 'backup', title: 'Backup', uses: 'backup.trigger', with: {} };
export const jit = { id: 'jit', title: 'JIT', uses: 'jit.enable', with: {} };

export const groupOf = (id: string) => id.split('/').slice(0, 5).join('/');
export const subscriptionOf = (id: string) => id.split('/').slice(0, 3).join('/');

export function vmIn(world: World, name: string): World['resources'][number] {
  const found = world.resources.find(
    (one) => one.name === name && /^microsoft\.compute\/virtualmachines$/i.test(one.type),
  );
  if (!found) throw new Error(`no VM ${name}`);
  return found;
}

/** Puts a resource of Microsoft.Authorization on a scope. */
export function place(
  world: World,
  scope: string,
  type: string,
  name: string,
  properties: Record<string, unknown>,
): void {
  const id = `${scope}/providers/Microsoft.Authorization/${type}/${name}`;
  world.resources.push({ id, name, type: `Microsoft.Authorization/${type}`, properties });
}

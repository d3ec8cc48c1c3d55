import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { type Bench, openBench } from '../bench.ts';
import { place } from './obstructed.ts';

const step = (uses: string) => ({ id: 'step', title: 'Step', uses, with: {} });
const guard =
  '/subscriptions/00000000-0000-4000-8000-00000000000a/resourceGroups/rg-security/providers/Microsoft.DataProtection/resourceGuards/guard';

/** Puts the vault of a VM's backup under a Resource Guard, and deletes the backup softly. As in Azure, the tie lists what is protected. */
function guardVault(world: World, vm: string): void {
  const item = world.backup?.protectedItems.find(({ name }) => name.toLowerCase().endsWith(`;${vm}`));
  if (!item) throw new Error(`no vault protects ${vm}`);
  const deleted = { protectionState: 'ProtectionStopped', isScheduledForDeferredDelete: true };
  item.properties = { ...item.properties, ...deleted };
  const vault = item.id.split('/').slice(0, 9).join('/');
  const operation = 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete';
  world.resources.push({
    id: `${vault}/backupResourceGuardProxies/VaultProxy`,
    name: 'VaultProxy',
    type: 'Microsoft.RecoveryServices/vaults/backupResourceGuardProxies',
    properties: {
      resourceGuardResourceId: guard,
      resourceGuardOperationDetails: [
        { vaultCriticalOperation: operation, defaultResourceRequest: `${guard}/deleteProtectedItemRequests/default` },
      ],
    },
  });
}

/** Fills the security group of a VM's interface with rules. */
function fillGroup(world: World, vm: string, rules: number): void {
  const nic = world.resources.find(({ name }) => name === `${vm}-nic`);
  const id = String(Reflect.get(Object(nic?.properties?.networkSecurityGroup), 'id'));
  const group = world.resources.find((one) => one.id.toLowerCase() === id.toLowerCase());
  if (!group) throw new Error(`${vm}-nic has no group`);
  const rule = (index: number) => ({
    name: `rule-${index}`,
    properties: {
      priority: 1000 + index,
      direction: 'Outbound',
      access: 'Deny',
      protocol: 'Tcp',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationAddressPrefix: '192.0.2.1',
      destinationPortRange: '1',
    },
  });
  group.properties = { ...group.properties, securityRules: Array.from({ length: rules }, (_, index) => rule(index)) };
}

describe('what Azure may refuse is told before', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      guardVault(world, 'sql02');
      fillGroup(world, 'gate01', 999);
      const nic = JSON.stringify(world.resources.find(({ name }) => name === 'print01-nic'));
      const network = /\/subscriptions\/[^"]*?\/virtualNetworks\/[^/"]+/i.exec(nic)?.[0] ?? '';
      place(world, network, 'locks', 'keep-network', { level: 'ReadOnly' });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());
  const warningsOf = async (uses: string, vm: string) =>
    ((await bench.run([step(uses)], vm).plan()).steps[0]?.warnings ?? []).join(' ');

  it('a Resource Guard over the vault, what it protects, and who consents', async () => {
    const told = await warningsOf('backup.undelete', 'sql02');
    expect(told).toMatch(
      /under multi-user authorization by the Resource Guard guard \(it protects protectedItems\/delete\)/,
    );
    expect(told).toMatch(/ask the owner of that guard for Backup MUA Operator/);
  });

  it('a security group without room for the rules of just-in-time access', async () => {
    expect(await warningsOf('jit.request', 'gate01')).toMatch(
      /has 999 of the 1,000 rules .* cannot write 2 more there/,
    );
  });

  it('a ReadOnly lock on the virtual network, of which nothing is documented', async () => {
    const told = /ReadOnly lock keep-network on \S+: whether it keeps an interface .* is not documented/;
    expect(await warningsOf('nsg.lock', 'print01')).toMatch(told);
  });
});

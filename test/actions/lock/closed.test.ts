import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { agreeing, type Bench, openBench, responder } from '../bench.ts';

const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
const check = {
  id: 'way-in',
  title: 'Check',
  check: 'network.check',
  with: { ports: [3389] },
  whenFailed: { undo: 'lock' },
};
const told = { wayIn: 'told', ports: [3389] };

const found = (world: World, type: RegExp, id: string) => {
  const one = world.resources.find((each) => type.test(each.type) && each.id.toLowerCase() === id.toLowerCase());
  if (!one) throw new Error(`no ${id}`);
  return one;
};

/** The virtual network of a VM. */
function networkOf(world: World, vm: string): string {
  const machine = world.resources.find((one) => one.name === vm && /\/virtualMachines$/i.test(one.type));
  const nic = Object(machine?.properties).networkProfile.networkInterfaces[0].id;
  const configurations = Object(found(world, /\/networkInterfaces$/i, nic).properties).ipConfigurations;
  return String(configurations[0].properties.subnet.id).split('/subnets/')[0] ?? '';
}

/** A network manager whose rules are deployed to one virtual network: [name, access, port]. */
function manage(world: World, name: string, network: string, rules: [string, string, string][]): void {
  const manager = `${network.split('/providers/')[0]}/providers/Microsoft.Network/networkManagers/${name}`;
  const add = (id: string, type: string, properties: Record<string, unknown>) =>
    world.resources.push({
      id,
      name: id.split('/').at(-1) ?? '',
      type: `Microsoft.Network/networkManagers${type}`,
      properties,
    });
  add(manager, '', {});
  add(`${manager}/networkGroups/all`, '/networkGroups', {});
  add(`${manager}/networkGroups/all/staticMembers/m`, '/networkGroups/staticMembers', { resourceId: network });
  const configuration = `${manager}/securityAdminConfigurations/c`;
  add(configuration, '/securityAdminConfigurations', {});
  const collection = `${configuration}/ruleCollections/rc`;
  const appliesToGroups = [{ networkGroupId: `${manager}/networkGroups/all` }];
  add(collection, '/securityAdminConfigurations/ruleCollections', { appliesToGroups });
  for (const [index, [rule, access, port]] of rules.entries()) {
    const everywhere = [{ addressPrefix: '*', addressPrefixType: 'IPPrefix' }];
    add(`${collection}/rules/${rule}`, '/securityAdminConfigurations/ruleCollections/rules', {
      access,
      protocol: 'Tcp',
      direction: 'Inbound',
      priority: 10 + index,
      sources: everywhere,
      destinations: everywhere,
      sourcePortRanges: ['0-65535'],
      destinationPortRanges: [port],
    });
  }
}

/** dev-api's network has a rule that always lets everyone in to 3389, web01's one that denies telnet and nothing else. */
function arrange(world: World): void {
  const [open, ordinary] = [networkOf(world, 'dev-api'), networkOf(world, 'web01')];
  if (open.toLowerCase() === ordinary.toLowerCase()) throw new Error('one network for both');
  manage(world, 'opening', open, [['always-rdp', 'AlwaysAllow', '3389']]);
  manage(world, 'closing', ordinary, [['deny-telnet', 'Deny', '23']]);
}

describe('a VM that is locked is closed, and its responder is let in, or both are told', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(arrange);
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it('an admin rule that matches nothing of it passes on: the way in is stated rightly, and the lock stays', async () => {
    const run = agreeing(bench.run([lock, check], 'web01'));
    const view = await run.start();
    expect(view.outcome, view.summary).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(
      /^Locked: inbound is closed for everyone but 198\.51\.100\.20\/32 on tcp 3389, by the configuration and Azure's/,
    );
    expect(view.steps[1]?.verified?.text).toContain('cordon-allow-responder (100)');
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('an admin rule that always allows is foreseen, and no lock over it is called closed', async () => {
    const run = agreeing(bench.run([lock, check], 'dev-api'));
    const view = await run.start();
    expect(view.steps[0]?.warnings.join()).toMatch(/STAYS OPEN: tcp 3389 from the Internet .*always-rdp/);
    expect(view.steps[0]?.verified?.text).toMatch(
      /^Locked, but NOT closed .*still open are tcp 3389 .*rc\/always-rdp \(10\)/,
    );
    expect(view.outcome, view.summary).toBe('done');
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('is refused where the responder would be shut out, with the rule that decides, and nothing is sent', async () => {
    const view = await agreeing(bench.run([lock, check], 'edge01')).start();
    expect(view.steps[0]?.error).toMatch(
      /is not let in .*edge-subnet-nsg\/deny-internet \(200\).*nor is it today.*--way-in told/,
    );
    expect(bench.mutations()).toEqual([]);
  });

  it('is contained all the same where that is chosen, and the responder is told', async () => {
    const steps = [
      { ...lock, with: told },
      { ...check, with: told },
    ];
    const run = agreeing(bench.run(steps, 'edge01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(view.steps[1]?.verified).toMatchObject({ ok: null });
    expect(view.steps[1]?.verified?.text).toContain(`${responder}/32 is not let in`);
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('a port that the Internet reaches only through a firewall is no way in of the responder’s own address', async () => {
    const run = agreeing(bench.run([lock, check], 'fwd01'));
    const view = await run.start();
    expect(view.steps[0]?.warnings.join()).toMatch(
      /The Internet reaches 3389 through \S+, where rules see that address/,
    );
    expect(view.steps[1]?.verified?.ok).toBeNull();
    expect(view.steps[1]?.verified?.text).toMatch(/could not be checked: the Internet reaches 3389 through/);
    expect(view.outcome).toBe('done');
    expect((await run.undo()).outcome).toBe('undone');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, agreeingAfter, type Bench, disagreements, openBench, openGate } from './bench.ts';
import { groupOf, vmIn } from './preflight/obstructed.ts';

const remove = { id: 'remove', title: 'Remove', uses: 'public-ip.remove' };
const interfaceType = 'Microsoft.Network/networkInterfaces';

/** The public addresses at the interfaces of a VM, by the simulator's own state: "web01-nic=web01-pip". */
async function addressesOf(bench: Bench, vm: string): Promise<string[]> {
  const { resources } = await bench.world();
  return resources
    .filter((one) => String(one.type).toLowerCase() === interfaceType.toLowerCase())
    .filter((one) => JSON.stringify(one).toLowerCase().includes(`/virtualmachines/${vm}"`))
    .flatMap((one) =>
      [...JSON.stringify(one).matchAll(/publicIPAddresses\/([^"/]+)"/gi)].map(([, name]) => `${one.name}=${name}`),
    );
}

describe('public-ip.remove', () => {
  let bench: Bench;
  let before: string[];
  beforeAll(async () => {
    bench = await openBench((world) => {
      const scope = groupOf(vmIn(world, 'gate01').id);
      world.denied.push({ action: 'Microsoft.Network/networkInterfaces/write', scope });
    });
    before = await addressesOf(bench, 'web01');
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it('plans with reads alone: what is lost, what stays, and how the VM gets out then', async () => {
    expect(before.length).toBeGreaterThan(0);
    const [step] = (await bench.run([remove], 'web01').plan()).steps;
    expect(step?.changes.map(({ method }) => method)).toEqual(['PUT']);
    expect(step?.danger).toBe('disruptive');
    expect(step?.touches.join()).toMatch(/stays as a resource/);
    expect(step?.consequences?.join()).toMatch(/you neither/);
    expect(step?.consequences?.join()).toMatch(/default outbound access|NO way out|NAT gateway|outbound rules/);
    expect(JSON.stringify(step?.changes[0]?.after)).not.toContain('publicIPAddress');
    expect(bench.mutations()).toEqual([]);
  });

  it('finds nothing to do at a VM without public addresses', async () => {
    const view = await agreeing(bench.run([remove], 'sql01')).start();
    expect(view.steps[0]).toMatchObject({ state: 'skipped', verified: { ok: true } });
    expect(view.steps[0]?.verified?.text).toMatch(/No interface of sql01 has a public address/);
    expect(bench.mutations()).toEqual([]);
  });

  it('is refused beforehand where the interface may not be written', async () => {
    const view = await agreeing(bench.run([remove], 'gate01')).start();
    expect(view.outcome).toBe('failed');
    expect(view.steps[0]?.error).toMatch(/networkInterfaces\/write/);
    expect(bench.mutations()).toEqual([]);
  });

  it('takes them off, keeps all else of the interface, and puts them back', async () => {
    const was = await bench.resource(interfaceType, before[0]?.split('=')[0] ?? '');
    const run = agreeing(bench.run([remove], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified).toMatchObject({ ok: true, text: expect.stringMatching(/leads nowhere/) });
    expect(await addressesOf(bench, 'web01')).toEqual([]);
    expect([...bench.log.evidence.keys()].some((name) => name.includes('before-remove-public-ip'))).toBe(true);
    const [again] = (await bench.run([remove], 'web01').plan()).steps;
    expect(again?.changes).toEqual([]);
    const undone = await run.undo();
    expect(undone.outcome).toBe('undone');
    expect(await addressesOf(bench, 'web01')).toEqual(before);
    const now = await bench.resource(interfaceType, before[0]?.split('=')[0] ?? '');
    const plain = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (key, one) => (key === 'etag' ? '' : one));
    expect(plain(now)).toEqual(plain(was));
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('does not believe that it was done where the answer was lost before it was', async () => {
    await bench.faults([
      { match: { method: 'PUT', path: '/networkInterfaces/[^/?]+\\?' }, times: 1, effect: { drop: true } },
    ]);
    const view = await agreeing(bench.run([remove], 'web01')).start();
    expect(view.outcome).not.toBe('done');
    expect(await addressesOf(bench, 'web01')).toEqual(before);
    expect(bench.log.of('outcome').some((one) => one.ok === true)).toBe(false);
  });

  it('sends nothing on an interface that was changed since the plan was shown', async () => {
    const { subscriptionId, resourceGroup } = bench.target('web01');
    const somebodyElse = async () => {
      const client = await bench.connection.network(subscriptionId);
      await bench.connection.changing(openGate, () =>
        client.networkInterfaces.updateTags(resourceGroup, before[0]?.split('=')[0] ?? '', {
          tags: { changed: 'yes' },
        }),
      );
    };
    const view = await agreeingAfter(bench.run([remove], 'web01'), somebodyElse).start();
    expect(view.steps[0]?.error).toContain('stale');
    expect(bench.log.of('intent')).toEqual([]);
  });

  it('leaves alone what somebody else put at the interface meanwhile', async () => {
    const run = agreeing(bench.run([remove], 'web01'));
    await run.start();
    await bench.faults([
      {
        match: { method: 'GET', path: `/publicIPAddresses/${before[0]?.split('=')[1]}` },
        effect: { status: 404, code: 'ResourceNotFound', message: 'gone' },
      },
    ]);
    const undone = await run.undo();
    expect(undone.outcome).toBe('needs-attention');
    expect(JSON.stringify(undone)).toMatch(/does not exist any more.*gets none back/);
  });
});

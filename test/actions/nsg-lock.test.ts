import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, agreeingAfter, type Bench, disagreements, openBench, openGate, responder } from './bench.ts';

const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
const nicType = 'Microsoft.Network/networkInterfaces';
const groupType = 'Microsoft.Network/networkSecurityGroups';

function groupAt(nic: Record<string, unknown> | undefined): string {
  return String(Reflect.get(Object(Reflect.get(Object(nic?.properties), 'networkSecurityGroup')), 'id') ?? '');
}

describe('nsg.lock', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const interfaces = async (vm: string) => {
    const { resources } = await bench.world();
    const id = bench.target(vm).id.toLowerCase();
    return resources.filter(
      (one) =>
        String(one.type).toLowerCase() === nicType.toLowerCase() &&
        String(Reflect.get(Object(Reflect.get(Object(one.properties), 'virtualMachine')), 'id')).toLowerCase() === id,
    );
  };

  const ourGroup = (vm: string) =>
    `${bench.target(vm).id.split('/providers/')[0]}/providers/${groupType}/cordon-${bench.log.caseId}-${vm}`;

  it('plans with reads alone', async () => {
    const run = bench.run([lock], 'web01');
    const plan = await run.plan();
    expect(bench.mutations()).toEqual([]);
    const [step] = plan.steps;
    expect(step?.danger).toBe('disruptive');
    expect(step?.changes.map((change) => change.method)).toEqual(['PUT', 'PUT', 'PUT']);
    expect(step?.permissions.length).toBeGreaterThan(2);
    expect(step?.permissions.every((one) => one.held === true)).toBe(true);
    expect(JSON.stringify(step?.changes)).toContain(`${responder}/32`);
  });

  it('locks, verifies with Azure, and undoes to the very same interface', async () => {
    const [before] = await interfaces('web01');
    const run = agreeing(bench.run([lock], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.ok).toBe(true);
    expect(view.steps[0]?.correlationIds.length).toBeGreaterThan(0);
    const [locked] = await interfaces('web01');
    expect(groupAt(locked)).toBe(ourGroup('web01'));
    // Nothing but the group differs: tags, addresses, load balancers and settings were sent back.
    const plain = (nic: Record<string, unknown> | undefined) => {
      const copy = JSON.parse(JSON.stringify(nic, (key, value) => (key === 'etag' ? undefined : value)));
      delete copy.properties.networkSecurityGroup;
      return copy;
    };
    expect(plain(locked)).toEqual(plain(before));
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect(bench.log.of('outcome').filter((one) => one.ok === true)).toHaveLength(3);

    const undone = await run.undo();
    expect(undone.outcome).toBe('undone');
    expect(groupAt((await interfaces('web01'))[0])).toBe(groupAt(before));
    expect(await bench.resource(groupType, `cordon-${bench.log.caseId}-web01`)).toBeUndefined();
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('never edits the group that was there', async () => {
    const [before] = await interfaces('sql01');
    await agreeing(bench.run([lock], 'sql01')).start();
    const touched = bench.mutations().map((one) => one.path.toLowerCase());
    expect(touched).not.toContain(groupAt(before).toLowerCase());
  });

  it('locks every interface of a VM with two', async () => {
    const run = agreeing(bench.run([lock], 'gate01'));
    expect((await run.start()).outcome).toBe('done');
    const after = await interfaces('gate01');
    expect(after).toHaveLength(2);
    for (const nic of after) expect(groupAt(nic)).toMatch(/cordon-/);
    expect((await run.undo()).outcome).toBe('undone');
    for (const nic of await interfaces('gate01')) expect(groupAt(nic)).not.toMatch(/cordon-/);
  });

  it('undoes everything when the second interface fails', async () => {
    const before = (await interfaces('gate01')).map(groupAt);
    await bench.faults([
      {
        match: { method: 'PUT', path: '/networkInterfaces/' },
        after: 1,
        times: 1,
        effect: { status: 400, code: 'InvalidRequest', message: 'No.' },
      },
    ]);
    const view = await agreeing(bench.run([lock], 'gate01')).start();
    expect(view.outcome).toBe('undone');
    expect(view.steps[0]?.state).toBe('undone');
    expect((await interfaces('gate01')).map(groupAt)).toEqual(before);
    const { resources } = await bench.world();
    expect(resources.filter((one) => String(one.name).startsWith(`cordon-${bench.log.caseId}`))).toEqual([]);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('needs attention when the second interface fails and undoing does too', async () => {
    await bench.faults([
      {
        match: { method: 'PUT', path: '/networkInterfaces/' },
        after: 1,
        effect: { status: 400, code: 'InvalidRequest', message: 'No.' },
      },
    ]);
    const view = await agreeing(bench.run([lock], 'gate01')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.state).toBe('failed');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('undoes when the operation fails after it was accepted', async () => {
    await bench.faults([
      {
        match: { method: 'PUT', path: '/networkInterfaces/' },
        times: 1,
        effect: { failOperation: { code: 'InternalServerError', message: 'Broken.' } },
      },
    ]);
    const view = await agreeing(bench.run([lock], 'app03')).start();
    expect(view.outcome).toBe('undone');
    expect(bench.log.of('outcome').some((one) => one.ok === false && one.result === 'Failed')).toBe(true);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('locks without flushConnection where Azure does not take it, and says that sessions survive', async () => {
    await bench.faults([
      {
        match: { method: 'PUT', path: '/networkSecurityGroups/' },
        after: 1,
        times: 1,
        effect: { status: 400, code: 'InvalidRequestContent', message: "Could not find member 'flushConnection'." },
      },
    ]);
    const view = await agreeing(bench.run([lock], 'safe01')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toContain('SURVIVE');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it.each([
    ['before', 'kiosk01', 3],
    ['after', 'web02', 5],
  ])('stays locked where the group cannot be read %s open sessions are judged anew', async (_, vm, after) => {
    const match = { method: 'GET', path: '/networkSecurityGroups/cordon-' };
    const unread = { match, after, times: 1, effect: { property: { name: 'etag' } } };
    const view = await agreeingAfter(bench.run([lock], vm), () => bench.faults([unread])).start();
    expect(view.outcome).toBe('done');
    const [locked] = await interfaces(vm);
    expect(groupAt(locked)).toBe(ourGroup(vm));
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('waits and goes on when Azure throttles', async () => {
    await bench.faults([
      {
        match: { method: 'PUT' },
        times: 1,
        effect: { status: 429, code: 'TooManyRequests', message: 'Slow.', retryAfter: 0.01 },
      },
    ]);
    const view = await agreeing(bench.run([lock], 'jump01')).start();
    expect(view.outcome).toBe('done');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('loses no intent when the connection drops, nor takes the answer for a refusal', async () => {
    await bench.faults([
      { match: { method: 'PUT', path: '/networkInterfaces/' }, times: 1, effect: { drop: 'answer' } },
    ]);
    const told = { ...lock, with: { ports: [3389], wayIn: 'told' } };
    const view = await agreeing(bench.run([told], 'edge01')).start();
    expect(['done', 'undone']).toContain(view.outcome);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect(bench.log.of('outcome').some((one) => one.status === null)).toBe(true);
  });

  it('refuses a stale plan and changes nothing', async () => {
    const target = bench.target('mail01');
    const somebodyElse = async () => {
      const client = await bench.connection.network(target.subscriptionId);
      const [nic] = await interfaces('mail01');
      await bench.connection.changing(openGate, () =>
        client.networkInterfaces.updateTags(target.resourceGroup, String(nic?.name), { tags: { changed: 'yes' } }),
      );
    };
    const view = await agreeingAfter(bench.run([lock], 'mail01'), somebodyElse).start();
    expect(view.outcome).toBe('failed');
    expect(view.steps[0]?.error).toContain('stale');
    expect(bench.log.of('intent')).toEqual([]);
  });

  it('finds drift and leaves what somebody changed', async () => {
    const run = agreeing(bench.run([lock], 'sql02'));
    await run.start();
    const target = bench.target('sql02');
    const client = await bench.connection.network(target.subscriptionId);
    await bench.connection.changing(openGate, async () => {
      await client.securityRules.createOrUpdate(target.resourceGroup, `cordon-${bench.log.caseId}-sql02`, 'jit', {
        priority: 150,
        access: 'Allow',
        direction: 'Inbound',
        protocol: 'Tcp',
        sourceAddressPrefix: '192.0.2.1',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '3389',
      });
    });
    const view = await run.undo();
    expect(view.outcome).toBe('needs-attention');
    expect(view.summary).toContain('jit');
    expect(groupAt((await interfaces('sql02'))[0])).toMatch(/cordon-/);
  });

  it('says what permission is missing, and sends nothing', async () => {
    const run = agreeing(bench.run([lock], 'pay01'));
    const view = await run.start();
    expect(view.outcome).toBe('failed');
    expect(run.forbidden()).toBe(true);
    expect(view.steps[0]?.error).toContain('Microsoft.Network/networkInterfaces/write');
    expect(bench.mutations()).toEqual([]);
  });

  it('is refused without an address of the responder, and when the session is read-only', async () => {
    const blind = await agreeing(bench.run([lock], 'web01', { responderAddress: '' })).start();
    expect(blind.steps[0]?.error).toContain('--allow');
    const reading = bench.run([lock], 'web01', { readOnly: true });
    expect((await reading.start()).steps[0]?.error).toContain('read-only');
    expect(reading.forbidden()).toBe(true);
    expect(bench.mutations()).toEqual([]);
  });

  it('a lock that is kept no longer names the time of its undo', async () => {
    const timer = () => () => undefined;
    const options = { interactive: true, timer };
    const run = agreeing(bench.run([{ ...lock, undoAfterMinutes: 15 }], 'app01', options));
    await run.start();
    const tags = async () => {
      const group = groupAt((await interfaces('app01'))[0]);
      const found = await bench.resource('Microsoft.Network/networkSecurityGroups', group.split('/').at(-1) ?? '');
      return Object(found?.tags);
    };
    const before = await tags();
    expect(before['cordon-deadline']).toMatch(/^2026-/);
    run.keep();
    await bench.until(async () => (await tags())['cordon-deadline'] === undefined);
    const { 'cordon-deadline': _, ...rest } = before;
    expect(await tags()).toEqual(rest);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('is undone by itself when nobody keeps it', async () => {
    const fired: (() => void)[] = [];
    const run = agreeing(
      bench.run([{ ...lock, undoAfterMinutes: 15 }], 'print01', {
        interactive: true,
        timer: (_ms, callback) => {
          fired.push(callback);
          return () => undefined;
        },
      }),
    );
    const view = await run.start();
    expect(view.autoUndoAt).not.toBeNull();
    const undone = new Promise<void>((resolve) => {
      run.subscribe(() => {
        if (run.view().outcome === 'undone') resolve();
      });
    });
    fired[0]?.();
    await undone;
    expect(groupAt((await interfaces('print01'))[0])).not.toMatch(/cordon-/);
  });
});

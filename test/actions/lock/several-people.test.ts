import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActions } from '../../../src/actions/actions.ts';
import { locksAtVm } from '../../../src/actions/lock/lock-of-vm.ts';
import type { RunOptions } from '../../../src/playbook/runner.ts';
import { undoRecorded } from '../../../src/playbook/undo.ts';
import { agreeing, type Bench, type MemoryLog, memoryLog, openBench, openGate } from '../bench.ts';

const nicType = 'Microsoft.Network/networkInterfaces';
const groupType = 'Microsoft.Network/networkSecurityGroups';

/** A VM of the built-in world whose interface has a group of the customer's; each test takes another. */
describe('several responders lock one VM', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const interfacesOf = async (vm: string) => {
    const { resources } = await bench.world();
    const id = bench.target(vm).id.toLowerCase();
    return resources
      .filter((one) => String(one.type).toLowerCase() === nicType.toLowerCase())
      .filter((one) => String(Object(Object(one.properties).virtualMachine).id).toLowerCase() === id);
  };
  const groupsAt = async (vm: string): Promise<string[]> =>
    (await interfacesOf(vm)).map((one) => String(Object(Object(one.properties).networkSecurityGroup).id ?? ''));
  const cordonGroups = async () => {
    const { resources } = await bench.world();
    return resources.filter((one) => String(one.name).startsWith('cordon-')).map((one) => String(one.name));
  };
  const lock = (vm: string, caseId: string, settings: object = {}, options: Partial<RunOptions> = {}) => {
    const step = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389, 22], ...settings } };
    return agreeing(bench.run([step], vm, { log: memoryLog(caseId), ...options }));
  };

  /** The lock that a case holds, verified again. */
  const verifiedAgain = (vm: string, log: MemoryLog) => {
    const context = {
      target: bench.target(vm),
      caseId: log.caseId,
      responderAddress: '198.51.100.20',
      gate: openGate,
      keep: async () => '',
      progress: () => undefined,
      asked: () => undefined,
      signal: new AbortController().signal,
    };
    const state = Object([...log.evidence.values()].at(-1)).state;
    return createActions(bench.connection).get('nsg.lock')?.verify(context, state);
  };

  it('the second is told who locked, since when and in which case, and changes nothing', async () => {
    const before = await groupsAt('web01');
    const anna = lock('web01', 'case-anna');
    expect((await anna.start()).outcome).toBe('done');
    const locked = await groupsAt('web01');
    const bob = lock('web01', 'case-bob', {}, { responderAddress: '203.0.113.9' });
    const view = await bob.start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toMatch(/locked by \S+ since 2026-11-23T\S+Z, case case-anna/);
    expect(view.steps[0]?.error).toContain('cordon undo --vm web01');
    expect(await groupsAt('web01')).toEqual(locked);
    // From the same address there is nothing to do, and the owner of the lock is named all the same.
    const again = await lock('web01', 'case-carol').start();
    expect(again.steps[0]).toMatchObject({ state: 'skipped' });
    expect(again.steps[0]?.verified?.text).toContain('case case-anna');
    expect((await anna.undo()).outcome).toBe('undone');
    expect(await groupsAt('web01')).toEqual(before);
  });

  it.each([
    ['first', 'second'],
    ['second', 'first'],
  ])('a lock that replaces another goes back to the customer’s group: %s undone, then %s', async (...order) => {
    const vm = order[0] === 'first' ? 'sql01' : 'print01';
    const before = await groupsAt(vm);
    const runs = { first: lock(vm, `${vm}-a`), second: lock(vm, `${vm}-b`, { existingLock: 'replace' }) };
    expect((await runs.first.start()).outcome).toBe('done');
    const replaced = await runs.second.start();
    expect(replaced.steps[0]?.warnings.join()).toContain(`case ${vm}-a`);
    expect(replaced.outcome).toBe('done');
    for (const which of order as ('first' | 'second')[]) {
      const undone = await runs[which].undo();
      expect(undone.outcome, undone.summary).toBe('undone');
    }
    expect(await groupsAt(vm)).toEqual(before);
    expect(await cordonGroups()).toEqual([]);
  });

  it('a second joins: its rule comes into the lock, blocks no undo of it, and goes alone', async () => {
    const before = await groupsAt('app03');
    const anna = lock('app03', 'app-anna');
    await anna.start();
    const bob = lock('app03', 'app-bob', { existingLock: 'join' }, { responderAddress: '203.0.113.9' });
    const joined = await bob.start();
    expect(joined.outcome, joined.summary).toBe('done');
    const rules = async () => {
      const group = await bench.resource(groupType, (await groupsAt('app03'))[0]?.split('/').at(-1) ?? '');
      return JSON.stringify(Object(group?.properties).securityRules);
    };
    expect(await rules()).toContain('203.0.113.9/32');
    expect((await bob.undo()).outcome).toBe('undone');
    expect(await rules()).not.toContain('203.0.113.9');
    await lock('app03', 'app-carol', { existingLock: 'join' }, { responderAddress: '203.0.113.10' }).start();
    const undone = await anna.undo();
    expect(undone.outcome).toBe('undone');
    expect(undone.summary).toContain('responders who joined');
    expect(await groupsAt('app03')).toEqual(before);
  });

  it('of two that start at once one locks; the other finds it and leaves nothing of its own', async () => {
    const before = await groupsAt('jump01');
    const runs = [lock('jump01', 'race-a'), lock('jump01', 'race-b', {}, { responderAddress: '203.0.113.9' })];
    const views = await Promise.all(runs.map((run) => run.start()));
    const winners = views.filter((view) => view.outcome === 'done');
    expect(winners).toHaveLength(1);
    const [winner] = runs.filter((run) => run.view().outcome === 'done');
    expect(await cordonGroups()).toHaveLength(1);
    expect((await winner?.undo())?.outcome).toBe('undone');
    expect(await groupsAt('jump01')).toEqual(before);
  });

  it('any responder finds the lock by Azure alone, with what was there before', async () => {
    const before = await groupsAt('gate01');
    await lock('gate01', 'gate-anna').start();
    const found = await locksAtVm(bench.connection, bench.target('gate01'));
    expect(found).toHaveLength(1);
    expect(found[0]?.lock).toMatchObject({ caseId: 'gate-anna', vm: 'gate01' });
    const state = Object(found[0]?.record?.state);
    expect(state.interfaces.map((one: { before: string }) => one.before)).toEqual(before);
    await lock('gate01', 'gate-bob', { existingLock: 'replace' }).start();
    const [second] = await locksAtVm(bench.connection, bench.target('gate01'));
    expect(Object(second?.record?.state).interfaces.map((one: { before: string }) => one.before)).toEqual(before);
  });

  it('a group that another lock’s tags name as its way back is not deleted', async () => {
    const run = lock('mail01', 'mail-anna');
    await run.start();
    const [own = ''] = await groupsAt('mail01');
    const target = bench.target('mail01');
    const client = await bench.connection.network(target.subscriptionId);
    // A lock as an earlier version wrote it: what was there before is named as it was found.
    await bench.connection.changing(openGate, async () => {
      const tags = { 'cordon-case': 'mail-bob', 'cordon-before': own };
      await client.networkSecurityGroups.createOrUpdate(target.resourceGroup, 'cordon-mail-bob', {
        location: target.location,
        tags,
      });
    });
    const undone = await run.undo();
    expect(undone.outcome).toBe('needs-attention');
    expect(undone.summary).toContain('is the way back of cordon-mail-bob: it is not deleted');
    expect(await bench.resource(groupType, own.split('/').at(-1) ?? '')).toBeDefined();
    expect(await groupsAt('mail01')).not.toContain(own);
  });

  it('rules that Defender for Cloud wrote into the lock, after enable-jit, are no reason not to undo', async () => {
    const run = lock('web01', 'pdf-anna');
    expect((await run.start()).outcome).toBe('done');
    const enable = { id: 'enable', title: 'JIT', uses: 'jit.enable', with: { ports: [3389] } };
    const enabled = await agreeing(bench.run([enable], 'web01')).start();
    expect(enabled.steps[0]?.state, enabled.summary).toBe('done');
    const undone = await run.undo();
    expect(undone.outcome, undone.summary).toBe('undone');
    expect(undone.summary).toContain('that Defender for Cloud wrote into it');
    expect(undone.summary).toMatch(/Open to the Internet now: nothing|OPEN to the Internet now/);
  });

  it('a just-in-time grant above the denial is seen: the VM is not closed then', async () => {
    const log = memoryLog('gate-jit');
    const replace = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389], existingLock: 'replace' } };
    const view = await agreeing(bench.run([replace], 'gate01', { log })).start();
    expect(view.steps[0]?.warnings.join()).toMatch(/Just-in-time policy \S+ names gate01/);
    const request = { id: 'jit', title: 'Ask', uses: 'jit.request', with: { ports: [3389], from: '203.0.113.77' } };
    await agreeing(bench.run([request], 'gate01')).start();
    const verified = await verifiedAgain('gate01', log);
    expect(verified?.ok).toBeNull();
    expect(verified?.text).toMatch(/NOT closed .*tcp 3389 from 203\.0\.113\.77\/32 by \S+JITRule/);
  });

  it('while Azure is at an interface of somebody else’s change, the lock is not called in force', async () => {
    const log = memoryLog('app01-anna');
    expect((await lock('app01', 'app01-anna', {}, { log }).start()).outcome).toBe('done');
    const name = String((await interfacesOf('app01'))[0]?.name);
    const target = bench.target('app01');
    const client = await bench.connection.network(target.subscriptionId);
    await bench.faults([{ match: { method: 'PUT', path: name }, effect: { hangOperation: true } }]);
    const now = await client.networkInterfaces.get(target.resourceGroup, name);
    await bench.connection.changing(openGate, async () => {
      await client.networkInterfaces.createOrUpdate(target.resourceGroup, name, now).submitted();
    });
    const verified = await verifiedAgain('app01', log);
    expect(verified).toMatchObject({
      ok: null,
      text: expect.stringMatching(/ is Updating: .* not known yet .*: Locked/),
    });
  });

  it('what somebody else changed in the lock is shown, and undone only when the VM’s name is typed for the step', async () => {
    const before = await groupsAt('kiosk01');
    const log = memoryLog('kiosk-anna');
    const run = lock('kiosk01', 'kiosk-anna', {}, { log });
    expect((await run.start()).outcome).toBe('done');
    const target = bench.target('kiosk01');
    const [own = ''] = await groupsAt('kiosk01');
    const client = await bench.connection.network(target.subscriptionId);
    await bench.connection.changing(openGate, async () => {
      await client.securityRules.createOrUpdate(target.resourceGroup, own.split('/').at(-1) ?? '', 'let-me-in', {
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
    const shown = await run.undo();
    expect(shown.outcome).toBe('needs-attention');
    expect(shown.summary).toMatch(/let-me-in.*--confirm kiosk01.*IS still locked/s);
    const record = Object([...log.evidence.values()].at(-1));
    const result = await undoRecorded(
      { record, evidence: { file: '', sha256: '', bytes: 0 }, at: '', verified: true },
      {
        actions: createActions(bench.connection),
        log,
        typed: 'kiosk01',
        reason: '',
        overDrift: true,
        progress: () => undefined,
        signal: new AbortController().signal,
      },
    );
    expect(result.ok, result.text).toBe(true);
    expect(result.text).toContain('undone all the same, as confirmed');
    expect(await groupsAt('kiosk01')).toEqual(before);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { minutesOf } from '../../src/actions/jit/policies.ts';
import { agreeing, type Bench, disagreements, openBench, responder } from './bench.ts';

const request = (settings: Record<string, unknown> = {}) => ({
  id: 'request',
  title: 'Request',
  uses: 'jit.request',
  with: settings,
});
const enable = (settings: Record<string, unknown> = {}) => ({
  id: 'enable',
  title: 'Enable',
  uses: 'jit.enable',
  with: settings,
});

let bench: Bench;
beforeAll(async () => {
  bench = await openBench((world) => {
    // That Defender for Servers is off in the other subscription may be read here.
    world.denied = world.denied.filter((one) => typeof one === 'string' || !one.action.includes('pricings'));
  });
});
beforeEach(() => bench.begin());
afterAll(() => bench.close());

const type = 'Microsoft.Security/locations/jitNetworkAccessPolicies';
async function policyOf(group: string): Promise<Record<string, unknown> | undefined> {
  const { resources } = await bench.world();
  return resources.find((one) => String(one.type) === type && String(one.id).includes(`/${group}/`));
}
const skip = (seconds: number) =>
  fetch(new URL('/simulator/clock', bench.simulator.url), {
    method: 'POST',
    body: JSON.stringify({ skipSeconds: seconds }),
  });
const rulesOf = async (group: string) =>
  JSON.stringify(await bench.resource('Microsoft.Network/networkSecurityGroups', group));

describe('jit.request', () => {
  it('plans with reads alone: one address, an hour, and until when', async () => {
    const [step] = (await bench.run([request()], 'gate01').plan()).steps;
    expect(bench.mutations()).toEqual([]);
    expect(step?.danger).toBe('reversible');
    expect(step?.undo).toBe('');
    const diff = step?.changes[0]?.diff ?? [];
    expect(diff.map(({ property }) => property)).toEqual(['tcp 3389', 'tcp 5986']);
    expect(diff[0]?.after).toMatch(new RegExp(`open for ${responder}/32 until 2026-11-23T03:2`));
    expect(step?.consequences?.join(' ')).toContain('expires by itself');
    expect(step?.warnings.join(' ')).toContain('every protocol');
    expect(step?.permissions.find(({ action }) => action.endsWith('/initiate/action'))?.held).toBe(true);
  });

  it('opens for one address, and expires by itself', async () => {
    const view = await agreeing(bench.run([request({ ports: [3389], minutes: 30 })], 'gate01')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified).toMatchObject({ ok: true, text: expect.stringContaining('expires by itself') });
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect(bench.mutations()).toHaveLength(1);
    expect(await rulesOf('gate-nsg')).toContain(responder);
    const again = await agreeing(bench.run([request({ ports: [3389] })], 'gate01')).start();
    expect(again.steps[0]?.state).toBe('skipped');
    expect(bench.mutations()).toHaveLength(1);
    await skip(31 * 60);
    expect(await rulesOf('gate-nsg')).not.toContain(responder);
    expect(JSON.stringify(await policyOf('rg-mgmt'))).toContain('"statusReason":"Expired"');
  });

  it.each([['*'], ['0.0.0.0/0'], ['198.51.100.0/24'], ['Internet']])('refuses %s as the address', async (from) => {
    await expect(bench.run([request({ from })], 'gate01').plan()).rejects.toThrow(/one address/);
    expect(bench.mutations()).toEqual([]);
  });

  it('refuses when the own address is not known, instead of opening to everyone', async () => {
    const run = bench.run([request()], 'gate01', { responderAddress: '' });
    const view = await agreeing(run).start();
    expect(view.steps[0]?.error).toContain('not requested for every address');
    expect(bench.mutations()).toEqual([]);
  });

  it('names the cure where no policy names the VM', async () => {
    const view = await agreeing(bench.run([request()], 'web01')).start();
    expect(view.steps[0]?.error).toContain('enable-jit');
    expect(bench.mutations()).toEqual([]);
  });

  it('passes Azure’s refusal on, and says that nothing was opened', async () => {
    await bench.faults([
      { match: { path: '/initiate' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no role' } },
    ]);
    const view = await agreeing(bench.run([request({ ports: [5986] })], 'gate01')).start();
    expect(view.outcome).not.toBe('done');
    expect(view.steps[0]?.error).toContain('AuthorizationFailed');
    expect(await rulesOf('gate-nsg')).not.toContain(responder);
  });

  it('does not claim success when the answer is lost and the policy knows of no grant', async () => {
    await bench.faults([{ match: { path: '/initiate' }, effect: { drop: true } }]);
    const view = await agreeing(bench.run([request({ ports: [5986] })], 'gate01')).start();
    expect(view.outcome).not.toBe('done');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });
});

describe('jit.enable', () => {
  it('makes a policy, says what stays open all the same, and undoes it', async () => {
    const run = agreeing(bench.run([enable({ ports: [3389, 5986] })], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(/STILL OPEN to the Internet: 3389 by web-nsg\/allow-rdp \(300\)/);
    expect(JSON.stringify(await policyOf('rg-web'))).toContain(`"allowedSourceAddressPrefix":"${responder}/32"`);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    const undone = await run.undo();
    expect(undone.steps[0]?.state).toBe('undone');
    expect(await policyOf('rg-web')).toBeUndefined();
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('adds a VM to a policy and keeps the others, their grants and what it does not know', async () => {
    const before = await policyOf('rg-mgmt');
    const run = agreeing(bench.run([enable({ ports: [3389] })], 'jump01'));
    const [step] = (await bench.run([enable({ ports: [3389] })], 'jump01').plan()).steps;
    expect(step?.touches.join()).toContain('gate01');
    await run.start();
    const after = await policyOf('rg-mgmt');
    const machines = (policy: typeof after): unknown[] => {
      const list: unknown = Reflect.get(Object(policy?.properties), 'virtualMachines');
      return Array.isArray(list) ? list : [];
    };
    expect(machines(after)).toHaveLength(2);
    expect(machines(after)[0]).toEqual(machines(before)[0]);
    expect(Reflect.get(Object(after?.properties), 'requests')).toEqual(
      Reflect.get(Object(before?.properties), 'requests'),
    );
    await run.undo();
    expect(machines(await policyOf('rg-mgmt'))).toEqual(machines(before));
  });

  it('leaves what somebody else changed since', async () => {
    const run = agreeing(bench.run([enable({ ports: [3389] })], 'web01'));
    await run.start();
    // Another responder adds a port meanwhile.
    const other = await agreeing(bench.run([enable({ ports: [3389, 22] })], 'web01')).start();
    expect(other.outcome).toBe('done');
    const undone = await run.undo();
    expect(undone.steps[0]?.state).not.toBe('undone');
    expect(JSON.stringify(undone.steps[0])).toContain('Somebody changed');
    expect(JSON.stringify(await policyOf('rg-web'))).toContain('"number":22');
  });

  it('is impossible without the plan that it needs, and says so before anything is asked', async () => {
    const view = await agreeing(bench.run([enable()], 'legacy7')).start();
    expect(view.steps[0]?.error).toContain('Defender for Servers Plan 2');
    expect(bench.mutations()).toEqual([]);
  });

  it('reports a refusal and changes nothing', async () => {
    await bench.faults([
      { match: { method: 'PUT' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no role' } },
    ]);
    const view = await agreeing(bench.run([enable()], 'app03')).start();
    expect(view.outcome).not.toBe('done');
    expect(view.steps[0]?.error).toContain('AuthorizationFailed');
    expect(bench.mutations()).toEqual([]);
  });
});

describe('durations', () => {
  it.each([
    ['PT3H', 180],
    ['PT30M', 30],
    ['P1D', 1440],
    ['PT1H30M', 90],
    ['P', Number.NaN],
    ['PT', Number.NaN],
    ['3h', Number.NaN],
  ])('%s', (text, minutes) => {
    expect(minutesOf(text)).toBe(minutes);
  });
});

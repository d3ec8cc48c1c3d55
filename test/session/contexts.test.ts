import { expect, test } from 'vitest';
import { createSession } from '../../src/session/session.ts';
import { paletteMatches, press } from '../../views/keymap.ts';
import { lockView, ScriptedRun, settle, World } from '../views/fixtures/ports.ts';

/** A session at the list, with the VM's case open and the choices read. */
async function begun() {
  const world = new World();
  const session = createSession(world.ports, { readOnly: false, scope: 'contoso-prod +1 subscription' });
  session.start();
  await world.endScan();
  press(session, 'Enter');
  await world.endTriage();
  await settle();
  const type = (text: string) => {
    for (const key of text) press(session, key);
  };
  const choose = async (text: string) => {
    press(session, 'c');
    await settle();
    type(text);
    press(session, 'Enter');
    await settle();
  };
  /** Starts a playbook for the VM, and goes back to the list while it runs. */
  const startLock = async () => {
    world.run = new ScriptedRun(lockView(null));
    press(session, 'p');
    press(session, '1');
    await settle();
    press(session, 'Esc');
    press(session, 'Esc');
  };
  return { world, session, choose, startLock, type };
}

test('c offers subscriptions, tenants and cases, and what is typed narrows them as it is typed', async () => {
  const { session, type } = await begun();
  press(session, 'c');
  await settle();
  const names = () => paletteMatches(session.state()).map(({ keys, name }) => `${keys[0]} ${name}`);
  expect(names()).toEqual([
    'subscription all',
    'subscription contoso-prod',
    'subscription contoso-dev',
    'tenant contoso.com',
    'tenant fabrikam.com',
    'case 2026-11-22-web01',
    'case 2026-11-20-gone1',
  ]);
  type('fabri');
  expect(names()).toEqual(['tenant fabrikam.com']);
});

test('another subscription is read anew; the open case, what is known and a playbook stay', async () => {
  const { world, session, choose, startLock } = await begun();
  await startLock();
  await choose('contoso-dev');
  expect(world.changes).toEqual([{ kind: 'subscription', id: 's2', name: 'contoso-dev' }]);
  const state = session.state();
  expect(state).toMatchObject({ scope: 's2', layers: [{ kind: 'suspects' }], scan: { rows: [], state: 'loading' } });
  expect([...state.cases.values()].map(({ state: is }) => is)).toEqual(['open']);
  expect(world.cases.map(({ closed }) => closed)).toEqual([false]);
  expect(state.runs).toHaveLength(1);
  // Work that goes on there is still written there.
  const [before = 0] = world.cases.map(({ list }) => list.length);
  await world.cases[0]?.note('goes on');
  expect(world.cases[0]?.list).toHaveLength(before + 1);
  press(session, 'w');
  expect(session.state().layers.at(-1)).toMatchObject({ kind: 'run' });
});

test('a tenant that cannot be read changes nothing, and says why', async () => {
  const { world, session, choose } = await begun();
  world.failChange = 'AADSTS50020: the account is not in this tenant.';
  const before = session.state();
  await choose('fabrikam');
  expect(session.state().scope).toBe(before.scope);
  expect(session.state().scan).toBe(before.scan);
  expect(session.state().toast?.text).toBe('Nothing was changed: AADSTS50020: the account is not in this tenant.');
  world.failChange = '';
  await choose('fabrikam');
  expect(world.changes).toEqual([{ kind: 'tenant', id: 't2', name: 'fabrikam.com' }]);
  expect(session.state().scope).toBe('fabrikam.com › fabrikam-prod');
});

test('an earlier case of the VM is continued in place of the open one, which is closed and complete', async () => {
  const { world, session, choose } = await begun();
  const [first] = world.cases;
  await choose('2026-11-22-web01');
  const slot = [...session.state().cases.values()][0];
  expect(slot?.openCase?.id).toBe('2026-11-22-web01');
  expect(first?.closed).toBe(true);
  // The known facts are in the continued case, too.
  expect(slot?.openCase?.entries().some(({ kind }) => kind === 'fact')).toBe(true);
  expect(session.state().layers.at(-1)).toMatchObject({ kind: 'triage' });
});

test('a case that cannot be continued leaves the open one open', async () => {
  const { world, session, choose } = await begun();
  const [first] = world.cases;
  world.failCase = 'process 4711 writes to it.';
  await choose('2026-11-22-web01');
  expect(first?.closed).toBe(false);
  expect([...session.state().cases.values()][0]?.openCase).toBe(first);
  expect(session.state().toast?.text).toMatch(
    /cannot be continued: process 4711 writes to it\. Case \S+ stays open\.$/,
  );
});

test('a case is not taken from under a playbook, and one of a VM that is not listed says so', async () => {
  const { world, session, choose, startLock } = await begun();
  await choose('gone1');
  expect(session.state().toast?.text).toMatch(/^gone1 of case \S+ is not in the list/);
  await startLock();
  await choose('2026-11-22-web01');
  expect(session.state().toast?.text).toBe('A playbook for web01 writes to its case: end it first (w).');
  expect(world.cases).toHaveLength(1);
});

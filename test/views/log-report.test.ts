import { expect, test } from 'vitest';
import { createSession, type Session } from '../../src/session/session.ts';
import { top } from '../../src/session/state.ts';
import { press } from '../../views/keymap.ts';
import { drawnRows } from './fixtures/drawn-rows.ts';
import { settle, World } from './fixtures/ports.ts';
import { screenOf } from './fixtures/screen-of.ts';

const lines = [
  '/cases/in/Security.evtx',
  '  301 records, 2026-11-23T01:58:02Z – 2026-11-23T02:03:04Z',
  '',
  'Failed logons',
  '  △ brute force  2026-11-23T01:58:02Z – 2026-11-23T02:03:01Z',
  '      300 failures, at most 60 a minute',
];

function begin() {
  const world = new World();
  const session = createSession(world.ports, { readOnly: false, scope: 'signing in…' });
  session.dispatch({ type: 'resize', columns: 100, rows: 30 });
  session.start();
  return { world, session };
}

const seen = (session: Session) => screenOf(drawnRows(session));

function type(session: Session, keys: readonly string[]): void {
  for (const key of keys) press(session, key);
}

const open = (session: Session) => type(session, ['o', ...'/in/a.evtx', 'Enter']);

test('o reads event logs while Azure has not answered: their lines as they are, which scroll and can be searched', async () => {
  const { world, session } = begin();
  expect(seen(session).footer).toContain('o open log');
  open(session);
  world.reporting[0]?.progress(0.5);
  expect(seen(session).row('reading')).toContain('█░');
  world.reporting[0]?.end(lines);
  await settle();
  const shown = seen(session);
  expect(shown.row('Event logs opened read-only: /in/a.evtx')).toBeDefined();
  const from = shown.rows.findIndex((row) => row.includes(lines[0] ?? ''));
  expect(shown.rows.slice(from, from + lines.length).map((row) => row.trimEnd().slice(2))).toEqual(lines);
  type(session, ['/', ...'brute', 'Enter']);
  expect(seen(session).has('301 records')).toBe(false);
  expect(seen(session).has('brute force')).toBe(true);
});

test('a file that cannot be read says why, and another can be opened from there', async () => {
  const { world, session } = begin();
  open(session);
  world.reporting[0]?.fail(new Error('/in/a.evtx: not an event log'));
  await settle();
  expect(seen(session).row('not read')).toContain('/in/a.evtx: not an event log');
  open(session);
  world.reporting[1]?.end(lines);
  await settle();
  expect(seen(session).has('not an event log')).toBe(false);
  expect(seen(session).has('301 records')).toBe(true);
});

test('the answer of a reading that another took the place of is not shown', async () => {
  const { world, session } = begin();
  open(session);
  open(session);
  world.reporting[1]?.end(lines);
  world.reporting[0]?.fail(new Error('given up'));
  await settle();
  expect(seen(session).has('given up')).toBe(false);
  expect(seen(session).has('301 records')).toBe(true);
});

test('the log is kept: o shows it again, and offers it at a VM, where it is opened for that VM', async () => {
  const { world, session } = begin();
  open(session);
  world.reporting[0]?.end(lines);
  await settle();
  type(session, ['Esc']);
  await world.endScan();
  type(session, ['o']);
  expect(seen(session).has('301 records')).toBe(true);
  type(session, ['Esc', 'Enter']);
  await world.endTriage();
  type(session, ['o']);
  expect(top(session.state())).toMatchObject({ kind: 'input', text: '/in/a.evtx' });
  expect(world.opening).toEqual([]);
  type(session, ['Enter']);
  expect(world.opening[0]?.typed).toBe('/in/a.evtx');
});

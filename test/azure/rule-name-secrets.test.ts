import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/azure/client/connection.ts';
import { azureReader } from '../../src/azure/reader.ts';
import { readScan } from '../../src/azure/scan.ts';
import { createSession } from '../../src/session/session.ts';
import { panes } from '../../src/session/state.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { textOf } from '../../views/line.ts';
import { screenOf } from '../../views/screen-rows.ts';
import { World as Ports } from '../views/fixtures/ports.ts';

/** A token of GitHub's form, as a name that somebody gave to a rule of a security group. */
const canary = `ghp_${'Q7x'.repeat(12)}`;

let simulator: Simulator;
beforeAll(async () => {
  const world = JSON.parse(JSON.stringify(builtInWorld()).replaceAll('"allow-rdp"', `"${canary}"`));
  simulator = await startSimulator({ world, limits: 'none' });
});
afterAll(() => simulator.close());

const connection = () =>
  connect({ simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator } });

test('a secret in the name of a rule is in no row of a scan', async () => {
  const { vms } = await readScan(connection(), () => {});
  const reasons = vms.find(({ name }) => name === 'web01')?.because.join('; ');
  expect(reasons).toMatch(/RDP from the Internet .*by web-nsg\/\[redacted\]/);
  expect(JSON.stringify(vms)).not.toContain(canary);
});

test('a secret in the name of a rule is drawn on no screen', async () => {
  const { ports } = new Ports();
  const session = createSession({ ...ports, reader: azureReader(connection()) }, { readOnly: false, scope: '' });
  session.start();
  const drawn: string[] = [];
  const draw = () => {
    for (const [columns, rows] of [
      [80, 24],
      [200, 60],
    ] as const) {
      session.dispatch({ type: 'resize', columns, rows });
      for (const section of screenOf(session, session.state())) {
        if (section.kind === 'rows') drawn.push(...section.rows.map(textOf));
        else drawn.push(JSON.stringify(section));
      }
    }
  };
  const done = (reached: () => boolean) =>
    new Promise<void>((resolve) => {
      const stop = session.subscribe(() => {
        if (!reached()) return;
        stop();
        resolve();
      });
    });
  await done(() => session.state().scan.state === 'done');
  draw();
  const id = session.state().scan.rows.find(({ name }) => name === 'web01')?.id ?? '';
  session.dispatch({ type: 'open-vm', id });
  await done(() => session.state().triages.get(id)?.state === 'done');
  for (const pane of panes) {
    session.dispatch({ type: 'pane', to: pane });
    draw();
    session.dispatch({ type: 'open' });
    draw();
    session.dispatch({ type: 'back' });
  }
  for (const list of ['findings', 'time-line'] as const) {
    session.dispatch({ type: list });
    draw();
    session.dispatch({ type: 'back' });
  }
  expect(drawn.filter((row) => row.includes('[redacted]')).length).toBeGreaterThan(5);
  expect(drawn.filter((row) => row.includes(canary.slice(0, 16)))).toEqual([]);
});

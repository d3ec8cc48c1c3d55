import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/azure/client/connection.ts';
import { readScan } from '../../src/azure/scan.ts';
import { readTriage } from '../../src/azure/triage.ts';
import type { ScanDocument, TriageDocument } from '../../src/documents/triage.ts';
import { createSession, type Session } from '../../src/session/session.ts';
import { panes } from '../../src/session/state.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { drawnRows } from './fixtures/drawn-rows.ts';
import { World } from './fixtures/ports.ts';
import { columnsIn, roomIn } from './fixtures/room.ts';

const sizes = [
  [60, 15],
  [80, 24],
  [120, 40],
  [160, 50],
  [200, 60],
] as const;
/** VMs of the demo that differ in what is known of them, and in how much. */
const names = ['web01', 'sql02', 'legacy7', 'kiosk01', 'app03'];

let simulator: Simulator;
let scan: ScanDocument;
const documents = new Map<string, TriageDocument>();

beforeAll(async () => {
  simulator = await startSimulator({ world: builtInWorld(), limits: 'none' });
  const connection = connect({
    simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
  });
  scan = await readScan(connection, () => {});
  const read = await Promise.all(
    names.map(async (name) => {
      const row = scan.vms.find((one) => one.name === name);
      if (!row) throw new Error(`the demo has no ${name}`);
      return readTriage(connection, row.vm, () => {});
    }),
  );
  for (const { document } of read) documents.set(document.vm.name, document);
}, 60_000);
afterAll(() => simulator.close());

async function listed(): Promise<{ session: Session; world: World }> {
  const world = new World();
  world.clock = Date.parse(scan.asOf);
  const session = createSession(world.ports, { readOnly: false, scope: 'contoso-prod' });
  session.start();
  await world.endScan(scan.vms);
  return { session, world };
}

test.each(names)(
  '%s: no pane cuts a text or hides a row while rows or columns of the screen stand empty',
  async (name) => {
    const { session, world } = await listed();
    const id = scan.vms.find((row) => row.name === name)?.id ?? '';
    session.dispatch({ type: 'open-vm', id });
    await world.endTriage(documents.get(name));
    const wasted: string[] = [];
    for (const [columns, rows] of sizes) {
      session.dispatch({ type: 'resize', columns, rows });
      for (const pane of panes) {
        session.dispatch({ type: 'pane', to: pane });
        const screen = drawnRows(session);
        const found = roomIn(screen);
        for (const one of found) wasted.push(`${columns}x${rows} ${pane}: ${one}`);
      }
    }
    expect(wasted).toEqual([]);
  },
);

test('the suspects list cuts no cell while columns of the screen stand empty, and says where in it the cursor is', async () => {
  const { session } = await listed();
  for (const [columns, rows] of sizes) {
    session.dispatch({ type: 'resize', columns, rows });
    const screen = drawnRows(session);
    const list = screen.slice(2, 3 + Math.min(rows - 8, scan.vms.length)).map((row) => row.split('│')[0] ?? '');
    const { cut, empty } = columnsIn(list);
    if (cut.length > 0) expect(empty, `${columns}x${rows} cuts ${cut[0]}\n${screen.join('\n')}`).toBeLessThan(4);
    expect(screen.join('\n')).toContain(`1 of ${scan.vms.length} `);
    expect(screen.find((row) => row.includes('kiosk01'))).toContain('everything ');
    // A reason why a value is not known takes no room from values.
    if (columns >= 200) expect(screen.find((row) => row.includes('lin-build'))).toContain('Ubuntu 22.04');
  }
});

test('the time line says of a new member the group, and its SID in the detail alone', async () => {
  const { session, world } = await listed();
  const id = scan.vms.find(({ name }) => name === 'web01')?.id ?? '';
  session.dispatch({ type: 'open-vm', id });
  await world.endTriage(documents.get('web01'));
  session.dispatch({ type: 'resize', columns: 80, rows: 40 });
  session.dispatch({ type: 'time-line' });
  const screen = drawnRows(session);
  expect(screen.find((row) => row.includes('4732'))).toContain('helpdesk2 added to Administrators');
});

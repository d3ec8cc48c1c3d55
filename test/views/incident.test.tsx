import { describe, expect, test } from 'vitest';
import {
  type IncidentVm,
  type IncidentVmInProgress,
  incidentDocument,
  type Lead,
} from '../../src/documents/incident.ts';
import { atTriage } from './fixtures/begun.ts';
import { promptOf } from './fixtures/confirm.ts';
import { incident, known, machine, now, port, unknown } from './fixtures/incident.ts';
import { lockView, ScriptedRun, settle, step, typedPrompt, type World } from './fixtures/ports.ts';
import { screenOf } from './fixtures/screen-of.ts';

const vms = { web01: machine('web01'), sql02: machine('sql02', { resourceGroup: 'rg-data' }) };
const disk = '/subscriptions/s1/resourceGroups/rg-web/providers/Microsoft.Compute/disks/web01-data-1';

function lead(changes: Partial<Lead>): Lead {
  return {
    kind: 'run-command',
    to: { kind: 'vm', id: vms.sql02.id.toUpperCase(), name: 'sql02' },
    reached: true,
    severity: 'critical',
    text: 'command run inside the VM by the identity of web01',
    who: 'the identity of web01',
    from: '20.51.7.14',
    first: '2026-11-23T02:16:20Z',
    last: '2026-11-23T02:16:58Z',
    failures: null,
    successes: null,
    operation: 'Microsoft.Compute/virtualMachines/runCommand/action',
    correlationId: 'c-17',
    ...changes,
  };
}

const operations = known([
  lead({}),
  lead({ kind: 'disk-link', to: { kind: 'disk', id: disk, name: 'web01-data-1' }, first: '2026-11-23T02:18:02Z' }),
]);
const logons = known([
  lead({
    kind: 'internal-logon',
    to: { kind: 'vm', id: machine('file01').id, name: 'file01' },
    reached: false,
    severity: 'high',
    text: '23 failed logons as svc-backup from web01 (10.1.4.7)',
    failures: 23,
    successes: 0,
  }),
]);
const followed = {
  addresses: ['203.0.113.77'],
  accounts: ['svc-backup'],
  privateAddresses: ['10.1.4.7'],
  since: '2026-11-23T02:14:09Z',
};
const first: IncidentVm = { vm: vms.web01, hop: 0, because: '', followed, logons, operations };
const second: IncidentVm = {
  vm: vms.sql02,
  hop: 1,
  because: 'command run inside the VM by the identity of web01',
  followed: { addresses: [], accounts: [], privateAddresses: null, since: '2026-11-23T02:16:20Z' },
  logons: unknown('no workspace in reach has logon events', 'collect them'),
  operations: known([]),
};
const document = (all: IncidentVm[]) =>
  incidentDocument.parse({ schema: 'cordon.incident/1', asOf: now, vms: all, notFollowed: [] });

async function atIncident(columns = 120, rows = 36) {
  const all = await atTriage(columns, rows);
  await all.world.endTriage();
  all.terminal.type('i');
  await all.terminal.until('incident');
  const shows = async (text: string) => screenOf(await all.terminal.until(text));
  return { ...all, shows };
}

/** All answers of the incident. */
async function whole(world: World): Promise<void> {
  const reading = world.incidents.at(-1);
  reading?.told.onTriage({ ...incident(vms.sql02), vm: vms.sql02 });
  reading?.end(document([first, second]));
  await settle();
}

describe('an incident on screen', () => {
  test('shows each answer as it comes, awaited ones as awaited, and keys go on', async () => {
    const { terminal, world, shows } = await atIncident();
    expect((await shows('reading what leads from this VM')).row('no other VM known')).toContain('so far');
    const part: IncidentVmInProgress = { ...first, logons: null, operations: null };
    world.incidents[0]?.told.onProgress({ vms: [part], notFollowed: [] });
    const waiting = await shows('Done in Azure: awaited');
    expect(waiting.row('Logons on other VMs')).toMatch(/^… +Logons on other VMs: awaited$/);
    expect(waiting.selected()).toMatch(/^▲ +web01 +where it began .*STILL OPEN +3389/);
    world.incidents[0]?.told.onProgress({ vms: [{ ...part, operations }], notFollowed: [] });
    const some = await shows('→ web01-data-1');
    expect(some.row('1 VM reached')).toMatch(/1 disk link so far .*… reading web01$/);
    expect(some.row('→ sql02')).toMatch(/^▲ +→ sql02 +02:16:20Z +run command +command run inside the VM.*Azure \d+s$/);
    terminal.type('jj');
    expect((await shows('❯  ▲  → web01-data-1')).row('correlation')).toContain('correlation c-17');
    expect((await shows('the simulator; now; as of 02:19:59Z')).has(`y copies ${disk}`)).toBe(true);
  });

  test('tells what is not known from what was not found, with who can cure it', async () => {
    const { terminal, world, shows } = await atIncident();
    await whole(world);
    const screen = await shows('read 0s ago');
    expect(screen.row('1 VM reached')).toContain('1 disk link, 1 more tried  ? not known: 1 source');
    expect(screen.row('⇢ file01')).toMatch(/^△ +⇢ file01 +02:16:20Z +internal logon +23 failed logons/);
    expect(screen.row('nothing from the attacking')).toContain(
      'Logons on other VMs: nothing from the attacking addresses, by the intruder’s accounts',
    );
    expect(screen.row('no workspace in reach')).toMatch(/^\? +Logons on other VMs: not known/);
    terminal.type('G');
    terminal.type('k');
    expect((await shows('to fix: collect them')).selected()).toContain('not known');
  });

  test('the attack is in order above the list, as much of it as there is room for', async () => {
    const { world, shows } = await atIncident(80, 24);
    await whole(world);
    const screen = await shows('read 0s ago');
    expect(screen.rows.slice(2, 4).join(' ').replace(/ +/g, ' ').trim()).toMatch(
      /02:14Z logon svc-backup ▸ .*02:16Z command on .*02 ▸ .*02:18Z disk link web01-data-1$/,
    );
    for (const row of screen.rows) expect(row.length).toBeLessThanOrEqual(80);
  });

  test('a new reading never empties it, and the cursor stays', async () => {
    const { terminal, world, shows } = await atIncident();
    await whole(world);
    await shows('read 0s ago');
    terminal.type('jj');
    await shows('❯  ▲  → web01-data-1');
    terminal.type('r');
    await shows('… reading again');
    expect(world.incidents.map(({ again }) => again)).toEqual([false, true]);
    const part: IncidentVmInProgress = { ...first, logons: null, operations: null };
    world.incidents[1]?.told.onProgress({ vms: [part], notFollowed: [] });
    const screen = await shows('reading again');
    for (const text of ['❯  ▲  → web01-data-1', '⇢ file01', 'not known: no workspace'])
      expect(screen.has(text)).toBe(true);
    world.incidents[1]?.fail(new Error('Resource Graph does not answer.'));
    expect((await shows('reading stopped')).row('Resource Graph')).toContain('does not answer. r tries again.');
    expect(screenOf(await terminal.lines()).has('→ sql02')).toBe(true);
  });

  test('Enter opens the VM that a lead points to, in the case of the incident; Esc comes back to the same row', async () => {
    const { terminal, world, session, shows } = await atIncident();
    await whole(world);
    terminal.type('j\r');
    const triage = await shows('1 Exposed ports');
    expect(triage.row('sql02')).toContain('case 2026-11-23-web01');
    // Its triage came with the incident: nothing is read again, and no other case was opened.
    expect(session.state().triages.get(vms.sql02.id)?.state).toBe('done');
    expect(world.cases.map(({ id }) => id)).toEqual(['2026-11-23-web01']);
    const about = world.cases[0]?.list.flatMap(({ kind, body }) => (kind === 'fact' ? [Object(body).name] : []));
    expect(about).toContain('incident');
    terminal.type('\u001b');
    expect((await shows('1 VM reached')).selected()).toContain('→ sql02');
    terminal.type('jj\r');
    await shows('file01 is not among the VMs in reach.');
    terminal.type('k\r');
    await shows('p offers revoke-disk-links.');
  });

  test.each([
    [60, 15],
    [80, 24],
    [120, 40],
    [200, 60],
  ])('fits %ix%i: the head, the leads and the row under the cursor are there', async (columns, rows) => {
    const { terminal, world, shows } = await atIncident(columns, rows);
    await whole(world);
    const screen = await shows('1 VM reached');
    expect(screen.rows).toHaveLength(rows);
    for (const row of screen.rows) expect(row.length).toBeLessThanOrEqual(columns);
    terminal.type('j');
    expect((await shows('❯  ▲  → sql02')).selected()).toContain('02:16:20Z');
    terminal.type('G');
    await shows('❯  ');
  });
});

/** lock-nsg before anything is planned, of which the test decides the course. */
function lockRun(name: string): ScriptedRun {
  const lock = step('Lock the interfaces', { danger: 'disruptive', undo: 'puts web-nsg back' });
  const change = lockView().steps[2]?.changes ?? [];
  const consequences = ['Inbound stops for everyone but 198.51.100.20.', `${name}-nic gets a group of its own.`];
  const steps = [{ ...lock, changes: change, consequences }];
  return new ScriptedRun({ ...lockView(), vm: { id: machine(name).id, name }, steps, current: 0 });
}

const lockPrompt = { ...typedPrompt, step: 'Lock-the-interfaces', expects: '2' };
const locked = (run: ScriptedRun) => {
  const [one] = run.current.steps;
  if (!one) throw new Error('it has no step');
  const done = { ...one, state: 'done' as const, undoable: true, endedAt: '2026-11-23T02:25:47Z' };
  return { steps: [{ ...done, verified: { ok: true, text: 'Locked: no port is open.' } }] };
};

describe('several VMs in one act, on screen', () => {
  async function marked(columns = 120, rows = 36, key = '\r') {
    const all = await atIncident(columns, rows);
    const { world, terminal, shows } = all;
    const runs = { web01: lockRun('web01'), sql02: lockRun('sql02') };
    for (const [name, run] of Object.entries(runs)) world.members.set(name, run);
    await whole(world);
    await shows('1 VM reached');
    terminal.type(' ');
    await shows('1 marked');
    terminal.type(' ');
    expect((await shows('2 marked (p)')).row('web01  ')).toMatch(/^▲\+ +web01/);
    terminal.type('p');
    const chooser = await shows('In one act on 2 VMs: web01, sql02');
    expect(chooser.row('1 lock-nsg')).toContain('disruptive, asks for the number');
    terminal.type(key);
    return { ...all, ...runs };
  }

  /** Lets the run of a VM ask, as its engine would, and be answered by what was confirmed for all. */
  async function asks(run: ScriptedRun) {
    run.become({ prompt: lockPrompt });
    await settle();
  }

  test('marked VMs are planned and confirmed by one answer; each VM has its end, and one that stays open is named', async () => {
    const all = await marked();
    const { terminal, world, session, shows, web01, sql02 } = all;
    const prompt = promptOf(all).asks('lock-nsg on 2 VMs: web01, sql02?');
    const { screen, answer } = await prompt.tells('each: Inbound stops for everyone but', 'sql02: sql02-nic gets');
    expect(screenOf(screen).row('type 2')).toContain('type 2 and Enter to apply');
    expect(screenOf(screen).selected()).toMatch(/^✓ web01 +planned +1 change in 1 step/);
    expect(world.logs).toEqual(['web01 in 2026-11-23-web01', 'sql02 in 2026-11-23-web01']);
    await answer('web01\r');
    expect((await shows('That is not 2')).has('nothing was done')).toBe(true);
    expect([...web01.calls, ...sql02.calls]).not.toContain('start');
    terminal.type('2\r');
    await shows('2 under way');
    await Promise.all([asks(web01), asks(sql02)]);
    expect([web01.answers, sql02.answers]).toEqual([['2'], ['2']]);
    // No VM asks again, and no bell rings for what was answered.
    expect(session.state().asked.key).toBe('');
    web01.finish({ ...locked(web01), outcome: 'done' });
    sql02.finish({
      steps: sql02.current.steps.map((one) => ({
        ...one,
        state: 'failed' as const,
        error: 'Azure refused it: Broken',
      })),
      outcome: 'failed',
      summary: 'Lock the interfaces: Azure refused it: Broken',
    });
    await settle();
    const end = await shows('STILL OPEN');
    expect(end.row('1 locked')).toBe('1 locked, 1 STILL OPEN');
    expect(end.selected()).toMatch(/^✓ web01 +LOCKED 02:25:47Z/);
    expect(end.row('sql02  STILL')).toMatch(/^▲ sql02 +STILL OPEN 3389 4389 443/);
    // Each VM opens with its steps, and is undone alone.
    terminal.type('\u001b[B');
    terminal.type('\r');
    expect((await shows('sql02 › lock-nsg › failed')).has('Azure refused it: Broken')).toBe(true);
    terminal.type('\u001b');
    await shows('1 STILL OPEN');
    terminal.type('u');
    await (await promptOf(all).asks('Undo the step that was done on web01?').tells('puts web-nsg back')).answer(
      'web01\r',
    );
    await settle();
    expect([web01.calls.includes('undo'), sql02.calls.includes('undo')]).toEqual([true, false]);
  });

  test('one undo is for all that were done, confirmed by their number', async () => {
    const all = await marked();
    const { terminal, shows, web01, sql02 } = all;
    await (await promptOf(all).asks('lock-nsg on 2 VMs: web01, sql02?').tells('web01: Lock the interfaces')).answer(
      '2\r',
    );
    for (const run of [web01, sql02]) {
      run.finish({ ...locked(run), outcome: 'done' });
      await settle();
    }
    expect((await shows('2 locked')).row('sql02')).toMatch(/^✓ sql02 +LOCKED/);
    terminal.type('u');
    const undo = await promptOf(all)
      .asks('Undo what was done on 2 VMs: web01, sql02?')
      .tells('sql02: Lock the interfaces');
    await undo.answer('y\r');
    await shows('That is not 2');
    terminal.type('2\r');
    await shows('OPEN AGAIN');
    expect([web01.calls.includes('undo'), sql02.calls.includes('undo')]).toEqual([true, true]);
  });

  test('Enter is no, l lets it wait and w comes back, x stops with nothing changed, c asks again', async () => {
    const all = await marked(80, 24);
    const { terminal, world, session, shows, web01 } = all;
    const asked = () => promptOf(all).asks('lock-nsg on 2 VMs: web01, sql02?').tells('web01: Lock the interfaces');
    const whatNext = async () => {
      await shows('What next?');
      world.pass(1_000);
      return shows('l later (w comes back');
    };
    await (await asked()).answer('\r');
    const next = await whatNext();
    expect(next.has('s skip')).toBe(false);
    terminal.type('l');
    await shows('w goes back to it');
    world.clock += 10_000;
    session.dispatch({ type: 'tick' });
    const elsewhere = await shows('lock-nsg on 2 VMs waits for your answer (w)');
    expect(elsewhere.has('1 VM reached')).toBe(true);
    terminal.type('w');
    await (await asked()).answer('\r');
    await whatNext();
    terminal.type('x');
    await shows('stopped: nothing was changed');
    expect(web01.calls).not.toContain('start');
    terminal.type('c');
    await asked();
  });

  test('Enter that comes twice plans a playbook once, and an act that waits for an answer is not planned again', async () => {
    const all = await marked(120, 36, '\r\r');
    const { terminal, world, shows } = all;
    const asked = await promptOf(all).asks('lock-nsg on 2 VMs: web01, sql02?').tells('web01: Lock the interfaces');
    const logs = ['web01 in 2026-11-23-web01', 'sql02 in 2026-11-23-web01'];
    expect(world.logs).toEqual(logs);
    await asked.answer('\u001b');
    await shows('waits for your answer (w)');
    terminal.type('g');
    terminal.type(' ');
    terminal.type(' ');
    await shows('2 marked (p)');
    terminal.type('p');
    await shows('In one act on 2 VMs');
    terminal.type('\r');
    await shows('lock-nsg waits for an answer about web01: w shows it.');
    expect(world.logs).toEqual(logs);
  });

  test('a VM that cannot be planned is left out and named', async () => {
    const all = await atIncident();
    const broken = lockRun('sql02');
    broken.plan = async () => {
      throw new Error('its interface cannot be read');
    };
    all.world.members.set('web01', lockRun('web01'));
    all.world.members.set('sql02', broken);
    await whole(all.world);
    await all.shows('1 VM reached');
    all.terminal.type('  p');
    await all.shows('In one act');
    all.terminal.type('\r');
    const prompt = await promptOf(all)
      .asks('lock-nsg on 1 VM: web01?')
      .tells('sql02 is left out: its interface cannot be read');
    expect(screenOf(prompt.screen).row('✗ sql02')).toContain('left out');
    expect(port(3389, 'RDP').from).toBe(3389);
  });
});

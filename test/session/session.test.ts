import { describe, expect, test } from 'vitest';
import type { AskedQuery } from '../../src/documents/asked-query.ts';
import type { Fact } from '../../src/documents/fact.ts';
import type { AddressTrace } from '../../src/documents/traces.ts';
import type { OpenedLogs } from '../../src/session/event-logs/event-logs.ts';
import { promptFrameKey } from '../../src/session/prompts/reading-time.ts';
import { createSession } from '../../src/session/session.ts';
import { modeOf, promptInHand, top } from '../../src/session/state.ts';
import { selectedRow, visibleRows } from '../../src/session/suspects.ts';
import { burst, incident, known, machine, now, suspect, unknown } from '../views/fixtures/incident.ts';
import {
  keyPrompt,
  lockOffer,
  lockView,
  ScriptedRun,
  settle,
  step,
  typedPrompt,
  World,
} from '../views/fixtures/ports.ts';

// A session loads it with its first act.
await import('../../src/playbook/act.ts');

function begin(world = new World(), readOnly = false) {
  const session = createSession(world.ports, { readOnly, scope: 'contoso' });
  session.start();
  return { world, session };
}

async function atTriage(world = new World(), readOnly = false) {
  const all = begin(world, readOnly);
  await world.endScan();
  all.session.dispatch({ type: 'open' });
  await settle();
  return all;
}

type Session = ReturnType<typeof createSession>;

/** As the root of the views does it: a frame with the prompt was written, and it was on screen for so long since. */
function stands({ world, session }: { world: World; session: Session }, milliseconds = 500) {
  session.dispatch({ type: 'prompt-shown', key: promptFrameKey(session.state()) });
  world.pass(milliseconds);
}

/** A key, and what it is bound to. */
function key(session: Session, name: string, command: Parameters<Session['dispatch']>[0]) {
  session.dispatch({ type: 'key', name });
  session.dispatch(command);
}

describe('suspects', () => {
  test('the cursor stays on its VM while rows improve and change places', async () => {
    const { world, session } = begin();
    world.tellRows([suspect('a', 1), suspect('b', 2), suspect('c', 3)]);
    expect(visibleRows(session.state()).map((row) => row.name)).toEqual(['c', 'b', 'a']);
    session.dispatch({ type: 'move', by: 1 });
    expect(selectedRow(session.state())?.name).toBe('b');
    world.tellRows([suspect('a', 1), suspect('b', 0), suspect('c', 3)]);
    expect(visibleRows(session.state()).map((row) => row.name)).toEqual(['c', 'a', 'b']);
    expect(selectedRow(session.state())?.name).toBe('b');
    session.dispatch({ type: 'sort' });
    expect(session.state().sort).toBe('name');
    expect(visibleRows(session.state()).map((row) => row.name)).toEqual(['a', 'b', 'c']);
    expect(selectedRow(session.state())?.name).toBe('b');
    await world.endScan([suspect('c', 3)]);
    expect(selectedRow(session.state())?.name).toBe('c');
  });

  test('the cursor is the person’s from the first row on, though nothing was chosen yet', () => {
    const { world, session } = begin();
    world.tellRows([suspect('a', 2), suspect('b', 1)]);
    world.tellRows([suspect('a', 0), suspect('b', 1)]);
    // The cursor was not moved: it is on the worst VM.
    expect(selectedRow(session.state())?.name).toBe('b');
  });

  test('a refresh keeps the rows on screen and ignores what the old reading still says', async () => {
    const { world, session } = begin();
    await world.endScan([suspect('a', 1)]);
    session.dispatch({ type: 'refresh' });
    expect(session.state().scan).toMatchObject({ state: 'refreshing' });
    expect(session.state().scan.rows).toHaveLength(1);
    await world.endScan([suspect('b', 1), suspect('c', 1)]);
    expect(session.state().scan.state).toBe('done');
    expect(session.state().scan.rows).toHaveLength(2);
  });
});

describe('triage', () => {
  test('is read once a VM is opened; its facts go to the case file once each', async () => {
    const { world, session } = await atTriage();
    const document = incident();
    const { vm, exposure, logons, patches, installations, knownExploited, posture, timeLine, findings } = document;
    const told = { vm, exposure, installations, knownExploited, timeLine };
    world.tellTriage({ ...told, logons: null, patches: null, posture: { ...posture, software: null }, findings: [] });
    world.tellTriage({ ...told, logons, patches: null, posture, findings });
    await world.endTriage({ ...document, exposure: exposure.state === 'known' ? { ...exposure } : exposure, patches });
    expect(session.state().triages.get(vm.id)?.state).toBe('done');
    const facts = world.cases[0]?.entries().filter((entry) => entry.kind === 'fact') ?? [];
    const each = [...Object.keys(posture).map((name) => `posture.${name}`), 'conclusion', 'exposure', 'installations'];
    expect(facts.map((entry) => entry.body.name).sort()).toEqual(
      [...each, 'knownExploited', 'logons', 'patches'].sort(),
    );
    expect(facts[0]?.body.summary).toBe('exposure of web01: 3 ports open to the Internet');
  });

  test('a refresh keeps the old answer until the new one comes, and records the new one', async () => {
    const { world, session } = await atTriage();
    await world.endTriage();
    const id = incident().vm.id;
    session.dispatch({ type: 'refresh' });
    const during = session.state().triages.get(id);
    expect(during?.state).toBe('refreshing');
    expect(during?.part.exposure?.state).toBe('known');
    await world.endTriage({ ...incident(), logons: unknown('the workspace is gone') });
    expect(session.state().triages.get(id)?.part.logons).toMatchObject({ state: 'unknown' });
    const summaries = world.cases[0]?.entries().map((entry) => entry.body.summary) ?? [];
    expect(summaries).toContain('logons of web01: not known: the workspace is gone');
  });

  test('what another VM’s reading says does not change this one', async () => {
    const { world, session } = await atTriage();
    await world.endTriage();
    session.dispatch({ type: 'back' });
    session.dispatch({ type: 'move', by: 1 });
    session.dispatch({ type: 'open' });
    await settle();
    const other = machine('sql02', { resourceGroup: 'rg-data', osName: 'Windows Server 2016' });
    await world.endTriage({ ...incident(other), exposure: known({ ports: [], disagreements: [], secondOpinion: [] }) });
    const first = session.state().triages.get(machine('web01').id)?.part.exposure;
    expect(first?.state === 'known' && first.value.ports.length).toBe(3);
    expect(world.cases.map((one) => one.id)).toEqual(['2026-11-23-web01', '2026-11-23-sql02']);
  });

  test('a reading that fails says so and keeps what was there', async () => {
    const { world, session } = await atTriage();
    await world.failTriage('the connection was lost.');
    const slot = [...session.state().triages.values()][0];
    expect(slot).toMatchObject({ state: 'failed', because: 'the connection was lost.' });
    expect(slot?.part.exposure).toBeNull();
  });

  test('the cursor does not leave the things of its pane', async () => {
    const { world, session } = await atTriage();
    session.dispatch({ type: 'move', by: 1 });
    session.dispatch({ type: 'open' });
    expect(modeOf(session.state())).toBe('triage');
    await world.endTriage();
    session.dispatch({ type: 'move', by: 99 });
    const layer = top(session.state());
    expect(layer.kind === 'triage' && layer.selected.ports).toBe(2);
    session.dispatch({ type: 'open' });
    expect(top(session.state())).toMatchObject({ kind: 'detail', pane: 'ports', index: 2 });
  });
});

describe('prompts', () => {
  async function atRun(prompt = typedPrompt, world = new World()) {
    world.run = new ScriptedRun(lockView(prompt));
    const all = await atTriage(world);
    await world.endTriage();
    all.session.dispatch({ type: 'playbooks' });
    all.session.dispatch({ type: 'choose', index: 0 });
    await settle();
    return all;
  }

  test('an answer counts only after the frame that asks has stood on the terminal for half a second', async () => {
    const { world, session } = await atRun(keyPrompt);
    expect(promptInHand(session.state())?.expects).toBe('y');
    world.pass(5_000);
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers, 'its frame was not written').toEqual([]);
    stands({ world, session }, 450);
    key(session, 'a', { type: 'help' });
    key(session, 'Esc', { type: 'back' });
    stands({ world, session }, 450);
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers, 'it came back into view, and stands anew').toEqual([]);
    expect(session.state().refusal).toContain('Read it first');
    world.pass(1_000);
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers).toEqual(['y']);
  });

  test('time in which the program was busy does not count as time to read', async () => {
    const { world, session } = await atRun(keyPrompt);
    session.dispatch({ type: 'prompt-shown', key: promptFrameKey(session.state()) });
    // Two seconds pass without a beat: the keys of that time are read after it.
    world.elapsed += 2_000;
    world.pass(50);
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers).toEqual([]);
  });

  test('a key that is held down never answers, however long it is held', async () => {
    const { world, session } = await atRun(keyPrompt);
    key(session, 'y', { type: 'yes' });
    session.dispatch({ type: 'focus-prompt' });
    session.dispatch({ type: 'prompt-shown', key: promptFrameKey(session.state()) });
    for (let at = 0; at < 100; at += 1) {
      world.pass(50);
      key(session, 'y', { type: 'yes' });
    }
    expect(world.run.answers).toEqual([]);
    expect(session.state().refusal).toContain('held down');
    world.pass(1_000);
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers).toEqual(['y']);
  });

  test('a prompt that opens by itself after a key meant for something else does not get the keys', async () => {
    const { world, session } = await atRun(keyPrompt);
    stands({ world, session });
    key(session, 'y', { type: 'yes' });
    key(session, 'Down', { type: 'move', by: 1, of: 9 });
    world.run.become({ prompt: { ...keyPrompt, question: 'Start a backup?' } });
    stands({ world, session }, 5_000);
    expect(modeOf(session.state())).toBe('run');
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers).toEqual(['y']);
    key(session, 'Enter', { type: 'focus-prompt' });
    expect(modeOf(session.state())).toBe('prompt-key');
    world.pass(1_000);
    key(session, 'y', { type: 'yes' });
    expect(world.run.answers).toEqual(['y', 'y']);
  });

  test('the prompt that was waited for gets the keys', async () => {
    const { world, session } = await atRun(keyPrompt);
    stands({ world, session });
    key(session, 'y', { type: 'yes' });
    world.run.become({ prompt: { ...typedPrompt, question: 'Lock it?' } });
    expect(modeOf(session.state())).toBe('prompt-text');
  });

  test('No asks what next; skip, later and stop are three different things', async () => {
    for (const [command, calls] of [
      [{ type: 'skip' }, ['start', 'skip']],
      [{ type: 'end-run' }, ['start', 'cancel']],
      [{ type: 'later' }, ['start']],
      [{ type: 'ask-again' }, ['start']],
    ] as const) {
      const { world, session } = await atRun(keyPrompt);
      stands({ world, session });
      key(session, 'Enter', { type: 'no' });
      expect(modeOf(session.state())).toBe('prompt-next');
      expect(world.run.calls).toEqual(['start']);
      key(session, 'x', { type: 'end-run' });
      expect(world.run.calls, 'what next was not read yet').toEqual(['start']);
      stands({ world, session }, 1_000);
      key(session, '!', command);
      expect(world.run.calls).toEqual(calls);
      if (command.type === 'later') expect(top(session.state()).kind).toBe('triage');
      if (command.type === 'ask-again') expect(modeOf(session.state())).toBe('prompt-key');
    }
  });

  test('a playbook that was stopped goes on where it ended', async () => {
    const { world, session } = await atRun(keyPrompt);
    stands({ world, session });
    key(session, 'Esc', { type: 'no' });
    stands({ world, session });
    key(session, 'x', { type: 'end-run' });
    expect(session.state().runs[0]?.view.outcome).toBe('cancelled');
    key(session, 'c', { type: 'resume' });
    expect(world.run.calls).toEqual(['start', 'cancel', 'resume']);
    world.run.become({ prompt: keyPrompt });
    expect(modeOf(session.state())).toBe('prompt-key');
  });

  test('nothing to undo is not asked about', async () => {
    const { world, session } = await atRun(keyPrompt);
    world.run.become({ steps: lockView().steps.map((one) => ({ ...one, undoable: false })) });
    world.run.finish({ outcome: 'done', summary: 'Snapshots were taken.' });
    session.dispatch({ type: 'undo' });
    expect(top(session.state()).kind).toBe('run');
    expect(session.state().toast?.text).toContain('nothing to undo');
  });

  test('the next prompt must be seen too, and what was typed for the last one is gone', async () => {
    const { world, session } = await atRun(typedPrompt);
    stands({ world, session });
    session.dispatch({ type: 'insert', text: 'we' });
    world.run.become({ prompt: { ...typedPrompt, question: 'Delete the snapshot?' } });
    expect(session.state().typed).toBe('');
    session.dispatch({ type: 'focus-prompt' });
    session.dispatch({ type: 'insert', text: 'web01' });
    session.dispatch({ type: 'submit' });
    expect(world.run.answers).toEqual([]);
  });

  test('a prompt under another view is not answered from there', async () => {
    const { world, session } = await atRun(keyPrompt);
    stands({ world, session });
    session.dispatch({ type: 'transcript' });
    session.dispatch({ type: 'yes' });
    expect(world.run.answers).toEqual([]);
    session.dispatch({ type: 'back' });
    session.dispatch({ type: 'yes' });
    expect(world.run.answers, 'it has to be drawn again').toEqual([]);
  });

  test('read-only starts nothing', async () => {
    const world = new World();
    const { session } = await atTriage(world, true);
    await world.endTriage();
    session.dispatch({ type: 'playbooks' });
    session.dispatch({ type: 'choose', index: 0 });
    await settle();
    expect(world.started).toEqual([]);
    expect(session.state().toast?.text).toBe('This session is read-only: nothing can be changed in Azure.');
  });

  test('the list of playbooks does not change its order while one chooses from it', async () => {
    const { world, session } = await atTriage();
    const other = { ...lockOffer, name: 'snapshot-disks' };
    world.offers = [lockOffer, other];
    await world.endTriage();
    session.dispatch({ type: 'playbooks' });
    session.dispatch({ type: 'refresh' });
    world.offers = [{ ...other, title: 'Now first' }, lockOffer];
    await world.endTriage();
    expect(session.state().offers.map((offer) => offer.name)).toEqual(['lock-nsg', 'snapshot-disks']);
    expect(session.state().offers[1]?.title).toBe('Now first');
    session.dispatch({ type: 'choose', index: 0 });
    await settle();
    expect(world.started).toEqual(['lock-nsg']);
  });

  test('for marked VMs the playbook is made ready in one case, and asks once for all', async () => {
    const { world, session } = begin();
    await world.endScan();
    session.dispatch({ type: 'mark' });
    session.dispatch({ type: 'mark' });
    expect(session.state().marked.size).toBe(2);
    session.dispatch({ type: 'playbooks' });
    await settle();
    session.dispatch({ type: 'choose', index: 0 });
    await settle();
    expect(world.started).toEqual(['lock-nsg', 'lock-nsg']);
    const [act] = session.state().acts;
    expect(act?.view.members.map(({ vm }) => vm.name)).toEqual(['web01', 'sql02']);
    expect(act?.view.prompt?.question).toBe('lock-nsg on 2 VMs: web01, sql02?');
    expect(session.state().runs).toEqual([]);
    expect(session.state().marked.size).toBe(0);
    expect(world.cases.map(({ id }) => id)).toEqual(['2026-11-23-web01']);
    await session.close();
    expect(session.state().acts[0]?.view.phase).toBe('cancelled');
    expect(world.cases.map(({ closed }) => closed)).toEqual([true]);
  });

  test('a playbook that is going on is shown, not started again', async () => {
    const { world, session } = await atTriage();
    await world.endTriage();
    session.dispatch({ type: 'playbooks' });
    session.dispatch({ type: 'choose', index: 0 });
    session.dispatch({ type: 'choose', index: 0 });
    session.dispatch({ type: 'open' });
    await settle();
    expect(world.started).toEqual(['lock-nsg']);
    session.dispatch({ type: 'back' });
    session.dispatch({ type: 'playbooks' });
    session.dispatch({ type: 'choose', index: 0 });
    await settle();
    expect(world.started).toEqual(['lock-nsg']);
    expect(top(session.state()).kind).toBe('run');
  });

  test('a playbook that was done makes the VM be read again', async () => {
    const { world, session } = await atRun(typedPrompt);
    world.run.finish({ outcome: 'done', summary: 'locked.' });
    await settle();
    expect(session.state().triages.get(machine('web01').id)?.state).toBe('refreshing');
  });
});

describe('messages', () => {
  test('go after some seconds, also where the clock went back a week when the simulator answered', async () => {
    const { world, session } = begin();
    world.clock += 7 * 86_400_000;
    session.dispatch({ type: 'tell', text: 'Try it', tone: 'plain' });
    world.clock -= 7 * 86_400_000;
    session.dispatch({ type: 'tick' });
    expect(session.state().toast?.text).toBe('Try it');
    world.clock += 9_000;
    session.dispatch({ type: 'tick' });
    expect(session.state().toast).toBeNull();
  });
});

describe('closing', () => {
  test('closes every case and reads no more', async () => {
    const { world, session } = await atTriage();
    await session.close();
    expect(world.cases.map((one) => one.closed)).toEqual([true]);
    const before = session.state().triages;
    await world.endTriage();
    expect(session.state().triages).toBe(before);
  });

  test('a note that is taken while the case still opens is not lost', async () => {
    const { world, session } = begin();
    await world.endScan();
    session.dispatch({ type: 'note' });
    session.dispatch({ type: 'insert', text: 'seen at once' });
    session.dispatch({ type: 'submit' });
    expect([...session.state().cases.values()][0]?.state).toBe('opening');
    await session.close();
    expect(world.cases[0]?.entries().at(-1)?.body.text).toBe('seen at once');
  });

  test('ends the playbooks that wait for an answer, and says what is not undone by itself any more', async () => {
    const world = new World();
    world.run = new ScriptedRun(lockView(typedPrompt));
    const { session } = await atTriage(world);
    await world.endTriage();
    session.dispatch({ type: 'playbooks' });
    session.dispatch({ type: 'choose', index: 0 });
    await settle();
    world.run.become({ autoUndoAt: '2026-11-23T02:34:43Z' });
    expect(session.lastWords()).toEqual([
      'lock-nsg on web01 is not undone by itself once cordon is gone: cordon undo 2026-11-23-web01 undoes it.',
    ]);
    await session.close();
    expect(world.run.calls).toContain('cancel');
    expect(world.cases[0]?.closed).toBe(true);
  });

  test('waits for what is still being written', async () => {
    const { world, session } = await atTriage();
    const [opened] = world.cases;
    if (!opened) throw new Error('no case was opened');
    let write: () => void = () => undefined;
    opened.note = (text) =>
      new Promise((resolve) => {
        write = () => {
          opened.add('note', { text });
          resolve();
        };
      });
    session.dispatch({ type: 'note' });
    session.dispatch({ type: 'insert', text: 'the last word' });
    session.dispatch({ type: 'submit' });
    const closing = session.close();
    await settle();
    expect(opened.closed).toBe(false);
    write();
    await closing;
    expect(opened.closed).toBe(true);
    expect(opened.entries().at(-1)?.body.text).toBe('the last word');
  });
});

describe('what was asked of Azure', () => {
  const query: AskedQuery = {
    service: 'Log Analytics',
    text: '// How often.\nSecurityEvent | count',
    rows: 1,
    sha256: 'ab'.repeat(32),
    durationSeconds: 0.3,
    error: '',
    clientRequestId: 'a',
    requestId: 'b',
    correlationId: 'c',
  };

  test('goes to the case file of the VM that it was asked for, also while that opens', async () => {
    const world = new World();
    const { session } = begin(world);
    await world.endScan();
    session.dispatch({ type: 'open' });
    world.asked(query);
    await settle();
    world.asked({ ...query, rows: null, error: '403 InsufficientAccessError' });
    await settle();
    const kept = world.cases[0]?.entries().filter(({ kind }) => kind === 'query');
    expect(kept?.map(({ body }) => [body.rows, body.correlationId, body.error])).toEqual([
      [1, 'c', ''],
      [null, 'c', '403 InsufficientAccessError'],
    ]);
  });

  test('is not lost without a word when the disk refuses it', async () => {
    const { world, session } = await atTriage();
    const [opened] = world.cases;
    if (opened) opened.query = () => Promise.reject(new Error('no space left on the device'));
    world.asked(query);
    await settle();
    expect(session.state().toast?.text).toMatch(/did not take a query to Log Analytics: no space left/);
  });
});

describe('what is looked up in logs', () => {
  const trace = (address: string): Fact<AddressTrace> => known({ address, machines: [] });

  test('an address is followed once, from the success first, and its trace goes to the case file', async () => {
    const { world, session } = await atTriage();
    await world.endTriage();
    session.dispatch({ type: 'pane', to: 'logons' });
    session.dispatch({ type: 'trace' });
    expect(top(session.state())).toMatchObject({ kind: 'address', addresses: ['203.0.113.77'], at: 0 });
    expect(session.state().traces.get('203.0.113.77')).toBeNull();
    world.tracing[0]?.end(trace('203.0.113.77'));
    await settle();
    expect(session.state().traces.get('203.0.113.77')).toMatchObject({ state: 'known' });
    const entries = world.cases[0]?.entries() ?? [];
    expect(entries.some((entry) => entry.body.name === 'address 203.0.113.77')).toBe(true);
    session.dispatch({ type: 'back' });
    session.dispatch({ type: 'trace' });
    expect(world.tracing).toHaveLength(1);
    session.dispatch({ type: 'refresh' });
    expect(world.tracing).toHaveLength(2);
    // The old answer stays until the new one comes.
    expect(session.state().traces.get('203.0.113.77')).toMatchObject({ state: 'known' });
  });

  test('the events next to a logon are asked for when its burst is opened, and only then', async () => {
    const { world, session } = await atTriage();
    await world.endTriage();
    session.dispatch({ type: 'pane', to: 'logons' });
    session.dispatch({ type: 'move', by: 1 });
    session.dispatch({ type: 'open' });
    // No logon followed this one.
    expect(world.looking).toEqual([]);
    session.dispatch({ type: 'back' });
    session.dispatch({ type: 'move', by: -1 });
    session.dispatch({ type: 'open' });
    expect(world.looking).toMatchObject([{ instant: '2026-11-23T02:14:09Z' }]);
    world.looking[0]?.end(unknown('no permission', 'ask for Log Analytics Reader'));
    await settle();
    expect([...session.state().around.values()]).toMatchObject([{ state: 'unknown' }]);
  });
});

describe('an exported event log', () => {
  const file = {
    path: '/cases/in/Security.evtx',
    bytes: 1_052_672,
    sha256: 'ab'.repeat(32),
    records: 3561,
    damaged: 1,
  };
  const opened = (logons: OpenedLogs['logons'], more: Partial<OpenedLogs> = {}): OpenedLogs => ({
    name: 'Security.evtx',
    logons,
    files: [file],
    doubt: '',
    ...more,
    around: async (instant) => ({ ...known({ around: instant, events: [] }), source: 'exported event log' }),
  });
  const fromFile = known(
    {
      failures: 40,
      bursts: [burst({ failures: 40, sources: [{ address: '192.0.2.9', failures: 40 }] })],
      lastEventAt: null,
      successesCollected: true,
      thresholds: { failures: 10, windowSeconds: 300 },
    },
    now,
    'the whole file',
  );

  async function withFile() {
    const all = await atTriage();
    await all.world.endTriage({ ...incident(), logons: unknown('no agent', 'open an exported .evtx') });
    all.session.dispatch({ type: 'open-logs' });
    for (const character of '/cases/in/Security.evtx') all.session.dispatch({ type: 'insert', text: character });
    all.session.dispatch({ type: 'submit' });
    const vmId = machine('web01').id;
    return { ...all, vmId, part: () => all.session.state().triages.get(vmId)?.part };
  }

  test('answers where Log Analytics does not; findings and time line follow; the file and its hash are in the case', async () => {
    const { world, session, vmId, part } = await withFile();
    expect(world.opening[0]?.typed).toBe('/cases/in/Security.evtx');
    world.opening[0]?.progress(0.4);
    expect(session.state().logs.get(vmId)?.reading).toBe(0.4);
    world.opening[0]?.end(opened(fromFile));
    await settle();
    expect(part()?.logons).toMatchObject({
      state: 'known',
      value: { failures: 40 },
      notSeen: ['Log Analytics: not known, no agent'],
    });
    expect(part()?.findings.some(({ covers }) => covers?.includes('brute-force-succeeded'))).toBe(true);
    expect(part()?.timeLine.entries.some(({ from }) => from === '192.0.2.9')).toBe(true);
    const held = world.cases[0]?.entries().filter(({ kind }) => kind === 'fact') ?? [];
    expect(held.some(({ body }) => String(body.summary).includes('Security.evtx, 3,561 records, damaged in 1'))).toBe(
      true,
    );

    // A refresh asks Azure again and keeps the file beside it; closing it shows what Azure alone said.
    session.dispatch({ type: 'refresh' });
    await world.endTriage();
    const both = part()?.logons;
    expect(both).toMatchObject({
      value: { failures: 1554 },
      coverage: expect.stringContaining('1,514 failures, 2 bursts'),
    });
    expect(both?.state === 'known' && both.value.bursts.map(({ readFrom }) => readFrom)).toEqual([
      'Log Analytics',
      'event log Security.evtx',
      'Log Analytics',
    ]);
    session.dispatch({ type: 'close-logs' });
    expect(part()?.logons).toMatchObject({ value: { failures: 1514 } });
  });

  test('that is opened while events are asked of Log Analytics has them asked again, of both', async () => {
    const { world, session } = await atTriage();
    await world.endTriage();
    session.dispatch({ type: 'pane', to: 'logons' });
    session.dispatch({ type: 'open' });
    session.dispatch({ type: 'open-logs' });
    session.dispatch({ type: 'insert', text: 'Security.evtx' });
    session.dispatch({ type: 'submit' });
    world.opening[0]?.end(opened(fromFile));
    await settle();
    world.looking[0]?.end(known({ around: '2026-11-23T02:14:09Z', events: [] }));
    await settle();
    expect([...session.state().around.values()]).toEqual([null]);
    world.looking[1]?.end(known({ around: '2026-11-23T02:14:09Z', events: [] }));
    await settle();
    expect([...session.state().around.values()]).toMatchObject([
      { source: expect.stringContaining('; exported event log') },
    ]);
    const kept = world.cases[0]?.entries().filter(({ body }) => String(body.name).startsWith('events '));
    expect(kept).toHaveLength(1);
  });

  describe('that does not fit the VM', () => {
    const foreign = opened(fromFile, { name: 'fs.evtx, a log of fs01', doubt: 'log of fs01, ends 2021-05-21' });

    async function withForeign() {
      const all = await atTriage();
      await all.world.endTriage();
      all.session.dispatch({ type: 'open-logs' });
      all.session.dispatch({ type: 'insert', text: 'fs.evtx' });
      all.session.dispatch({ type: 'submit' });
      const part = () => all.session.state().triages.get(machine('web01').id)?.part;
      const before = part();
      all.world.opening[0]?.end(foreign);
      await settle();
      return { ...all, part, before };
    }
    const answer = async (all: Awaited<ReturnType<typeof withForeign>>, command: 'yes' | 'no') => {
      stands(all);
      key(all.session, command === 'yes' ? 'y' : 'Esc', { type: command });
      await settle();
    };

    test('is asked about, and counts only when the answer is yes; nothing that was found goes away', async () => {
      const all = await withForeign();
      expect(promptInHand(all.session.state())?.question).toBe(
        'log of fs01, ends 2021-05-21: add its logons to those of web01?',
      );
      expect(all.part()?.logons).toEqual(all.before?.logons);
      await answer(all, 'yes');
      const logons = all.part()?.logons;
      const bursts = logons?.state === 'known' ? logons.value.bursts : [];
      expect(bursts.map(({ readFrom }) => readFrom)).toContain('event log fs.evtx, a log of fs01');
      expect(bursts.filter(({ readFrom }) => readFrom === 'Log Analytics')).toHaveLength(2);
      expect(all.part()?.findings.flatMap(({ covers = [] }) => covers)).toContain('brute-force-succeeded');
    });

    test('is left out after a no, and what is known stays as it was', async () => {
      const all = await withForeign();
      await answer(all, 'no');
      expect(all.part()).toEqual(all.before);
      expect(all.session.state().logs.size).toBe(0);
      // The opened log is in the case all the same.
      const kept = all.world.cases[0]?.entries().filter(({ body }) => body.name === 'event logs');
      expect(kept).toHaveLength(1);
    });
  });

  test('that cannot be read leaves what was there, and says why', async () => {
    const { world, session, vmId, part } = await withFile();
    world.opening[0]?.fail(new Error('/cases/in/Security.evtx: not an event log'));
    await settle();
    expect(session.state().toast).toMatchObject({ tone: 'bad', text: '/cases/in/Security.evtx: not an event log' });
    expect(session.state().logs.has(vmId)).toBe(false);
    expect(part()?.logons).toMatchObject({ state: 'unknown' });
  });
});

describe('the lock that an earlier process left', () => {
  const lockedBefore = () =>
    new ScriptedRun({
      ...lockView(),
      playbook: 'undo',
      title: 'Locks at web01',
      outcome: 'done',
      steps: [
        step('The lock of case 2026-11-22-web01', {
          action: 'nsg.lock',
          state: 'done',
          danger: 'disruptive',
          undo: 'Puts web-nsg back and deletes cordon-2026-11-22-web01.',
        }),
      ],
      current: 0,
    });

  test('is shown and undone from the triage once the VM’s name was typed', async () => {
    const world = new World();
    world.earlier = lockedBefore();
    const { session } = await atTriage(world);
    key(session, 'u', { type: 'undo-lock' });
    await settle();
    const prompt = promptInHand(session.state());
    expect(prompt).toMatchObject({ level: 'disruptive', expects: 'web01' });
    expect(prompt?.consequences.join()).toContain('Puts web-nsg back and deletes cordon-2026-11-22-web01.');
    stands({ world, session });
    session.dispatch({ type: 'insert', text: 'web02' });
    key(session, 'Enter', { type: 'submit' });
    expect(world.earlier.calls).toEqual([]);
    key(session, '1', { type: 'insert', text: 'web01' });
    key(session, 'Enter', { type: 'submit' });
    expect(world.earlier.calls).toEqual(['undo']);
    await settle();
    expect(top(session.state()).kind).toBe('run');
    expect(session.state().runs[0]?.view.summary).toBe('Undone: web-nsg is back.');
  });

  test('a lock of this session is undone as the playbook that made it', async () => {
    const world = new World();
    world.earlier = lockedBefore();
    const { session } = await atTriage(world);
    await world.endTriage();
    session.dispatch({ type: 'playbooks' });
    session.dispatch({ type: 'choose', index: 0 });
    await settle();
    world.run.become({ steps: lockedBefore().current.steps });
    world.run.finish({ outcome: 'done', summary: 'Locked.' });
    await settle();
    session.dispatch({ type: 'back' });
    session.dispatch({ type: 'undo-lock' });
    await settle();
    expect(session.state().runs).toHaveLength(1);
    stands({ world, session });
    session.dispatch({ type: 'insert', text: 'web01' });
    key(session, 'Enter', { type: 'submit' });
    expect(world.run.calls).toEqual(['start', 'undo']);
    expect(world.earlier.calls).toEqual([]);
  });

  test('where none stands, that is said; a session that is read-only asks nothing', async () => {
    const { session } = await atTriage();
    session.dispatch({ type: 'undo-lock' });
    await settle();
    expect(session.state().toast?.text).toBe('No lock of cordon stands at web01.');
    expect(top(session.state()).kind).toBe('triage');
    const world = new World();
    world.earlier = lockedBefore();
    const readOnly = await atTriage(world, true);
    readOnly.session.dispatch({ type: 'undo-lock' });
    await settle();
    expect(readOnly.session.state().toast?.text).toContain('read-only');
    expect(readOnly.session.state().runs).toEqual([]);
  });
});

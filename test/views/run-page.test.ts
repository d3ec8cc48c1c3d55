import { describe, expect, test } from 'vitest';
import type { RunView, StepView } from '../../src/playbook/run.ts';
import type { Layer, RunSlot, SessionState } from '../../src/session/state.ts';
import { line, textOf } from '../../views/line.ts';
import { promptBox } from '../../views/prompt-text.ts';
import { endingPage } from '../../views/run-ending.ts';
import { jobsRow, stepDetailRows } from '../../views/run-text.ts';
import { folded } from '../../views/unfold.ts';
import { begin } from './fixtures/begun.ts';
import { incident, machine, now } from './fixtures/incident.ts';
import { lockView, step, typedPrompt } from './fixtures/ports.ts';
import { screenOf } from './fixtures/screen-of.ts';

const drawn = (step: StepView, width = 78) => screenOf(stepDetailRows(step, width).map(textOf));
const locking = (changes: Partial<StepView>) =>
  step('Lock every network interface', { action: 'nsg.lock', ...changes });

describe('the page of a step', () => {
  test('while it is planned nothing is said of its undo, nor of whom it touches', () => {
    const planning = drawn(locking({ state: 'planning' }));
    expect(planning.has('… asking Azure')).toBe(true);
    expect(planning.has('Undo')).toBe(false);
    expect(planning.has('Others touched')).toBe(false);
    const planned = drawn(locking({ state: 'waiting' }));
    expect(planned.row('Undo')).toBe('Undo           cannot be undone by cordon');
    expect(planned.row('Others touched')).toBe('Others touched none');
  });

  test('has the digest of its plan whole, and that no approval is demanded', () => {
    const digest = '0123456789abcdef'.repeat(4);
    const { changes } = lockView().steps[2] ?? {};
    const waiting = locking({ state: 'waiting', digest, ...(changes ? { changes } : {}) });
    expect(drawn(waiting, 120).row('Plan ')).toBe(`Plan           ${digest}`);
    expect(drawn(waiting, 120).has('No approval is demanded here')).toBe(true);
    const narrow = drawn(waiting, 79).rows.join('').replace(/\s+/g, '');
    expect(narrow).toContain(digest);
    expect(drawn(locking({ state: 'planning', digest })).has('Plan ')).toBe(false);
  });
});

describe('the question of a step', () => {
  const asked = (plan: RunView['plan'], columns: number) => {
    const { session } = begin();
    const vmId = machine('web01').id;
    const view = { ...lockView(typedPrompt), ...(plan === undefined ? {} : { plan }) };
    const slot: RunSlot = { id: 1, vmId, since: now, undoing: false, earlier: false, openBefore: [], view };
    const layer: Layer = { kind: 'run', runId: 1, step: null, scroll: 0, answering: '', opened: false };
    const state: SessionState = { ...session.state(), columns, rows: 24, runs: [slot], layers: [layer] };
    return screenOf(promptBox(state, 9).map(textOf));
  };

  test('has the whole plan in its frame, short enough to be read over the phone, and takes no row for it', () => {
    const digest = '3f9a12bc77de01aa'.padEnd(64, '0');
    const [none, whole] = [asked(undefined, 80), asked({ digest, because: '' }, 80)];
    expect(whole.rows[0]).toMatch(/^┌ ▲ confirm.* whole plan 3f9a 12bc 77de 01aa ──┐$/);
    expect(whole.rows.slice(1)).toEqual(none.rows.slice(1));
    expect(none.rows[0]).not.toContain('plan');
    expect(asked({ digest: '', because: 'Azure throttles' }, 80).rows[0]).toContain('whole plan: not known');
    expect(asked({ digest, because: '' }, 40).rows[0]).toMatch(/^┌ ▲ confirm/);
  });
});

const long = `Locked: ${'inbound is closed for everyone but 198.51.100.20/32, by the configuration; '.repeat(4)}the end`;

/** A state with a playbook that locked the VM at this time and is over. */
function over(changes: Partial<RunView> = {}, readAt = '2026-11-23T02:21:00Z') {
  const session = begin().session;
  const vmId = machine('web01').id;
  const part = incident();
  const exposure = part.exposure?.state === 'known' ? { ...part.exposure, asOf: readAt } : part.exposure;
  const slot: RunSlot = {
    ...{ id: 1, vmId, since: now, undoing: false, earlier: false, openBefore: ['3389', '443'] },
    view: {
      ...lockView(),
      playbook: 'contain-brute-force',
      outcome: 'done',
      steps: [
        step('What vanishes first', { kind: 'ask', action: '', state: 'done', answer: 'none, by "IT"' }),
        step('Take a snapshot of every disk, and of each further one', {
          action: 'disks.snapshot',
          state: 'done',
          verified: { ok: true, text: long },
        }),
        locking({ state: 'done', endedAt: '2026-11-23T02:25:00Z', verified: { ok: true, text: long } }),
      ],
      ...changes,
    },
  };
  const read = { ...part, exposure };
  const triages: SessionState['triages'] = new Map([
    [vmId, { vm: part.vm, read, part: read, state: 'done', because: '' }],
  ]);
  return { slot, state: { ...session.state(), runs: [slot], triages } };
}

const ending = (of: ReturnType<typeof over>, size: { width: number; height: number }) => {
  const { head, body } = endingPage(of.state, of.slot, 0, size);
  return { head: screenOf(head.map(textOf)), body: screenOf(body.map(textOf)) };
};

describe('the end of a playbook', () => {
  test('results and titles are whole where there are rows and columns for them, and cut where there are none', () => {
    const tall = ending(over(), { width: 180, height: 60 }).body;
    expect(tall.rows.join(' ').replace(/\s+/g, ' ')).toContain('by the configuration; the end');
    expect(tall.has('Take a snapshot of every disk, and of each further one')).toBe(true);
    expect(tall.has('“none, by "IT"”')).toBe(true);
    const short = ending(over(), { width: 80, height: 18 }).body;
    expect(short.has('the end')).toBe(false);
  });

  test('what is so now is apart from what scrolls', () => {
    const { head, body } = ending(over(), { width: 80, height: 18 });
    expect(head.row('Locked')).toMatch(/Locked 02:25:00Z\. Before: 2 ports open to everybody\./);
    expect(body.has('Before:')).toBe(false);
  });

  test('until Azure was asked after a lock, nothing says that the port is open', () => {
    const before = ending(over(), { width: 160, height: 60 });
    expect(before.head.row('Locked')).toContain('Now: … Azure is asked');
    expect(before.body.has('close it to everybody')).toBe(false);
    const after = ending(over({}, '2026-11-23T02:26:00Z'), { width: 160, height: 60 });
    expect(after.body.has('close it to everybody')).toBe(true);
  });
});

test('the time until an undo comes before what runs: a strip that is cut keeps it', () => {
  const { state, slot } = over({
    autoUndoAt: '2026-11-23T02:34:43Z',
    outcome: 'running',
    current: 1,
    steps: [
      step('one', { state: 'done' }),
      step('Two with a long title', { state: 'applying', progress: { fraction: 0.5, text: '' } }),
    ],
  });
  const strip = textOf(jobsRow({ ...state, runs: [slot] }) ?? line());
  expect(strip.indexOf('undone in')).toBeGreaterThan(0);
  expect(strip.indexOf('undone in')).toBeLessThan(strip.indexOf('Two with'));
});

test('a word that is broken for want of room keeps the blank after it', () => {
  const rows = folded(line('    cordon-2026-11-23-web01/cordon-allow-responder 100 at NIC'), 34).map(textOf);
  expect(rows.every((row) => row.length <= 34)).toBe(true);
  expect(rows.map((row) => row.trim()).join('')).not.toContain('responder100');
});

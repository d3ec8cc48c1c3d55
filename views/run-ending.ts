import type { StepView } from '../src/playbook/run.ts';
import { type LeftOpen, leftOpen, leftToDo, lockOf } from '../src/session/playbooks/containment.ts';
import type { RunSlot, SessionState } from '../src/session/state.ts';
import { cells, cut, wrap } from '../src/text/cells.ts';
import { counted } from '../src/text/counts.ts';
import { clock, stopwatch } from '../src/text/times.ts';
import { mark, type Tone } from '../src/words/severity.ts';
import { storyOf } from '../src/words/story.ts';
import { between, blank, cell, type Line, line, span } from './line.ts';
import { severityMark, truthMark } from './marks.ts';
import { openWord, stepMark } from './run-text.ts';
import { folded } from './unfold.ts';

/** That the door is open, and how it goes on. */
function stillOpenRows(open: LeftOpen): Line[] {
  const { ports, step, run } = open;
  const stopped = run.view.outcome === 'cancelled';
  return [
    line(
      span(` ${mark.critical} `, 'critical'),
      span(`${openWord(open)}  ${ports.join(' ')} to everybody`, 'plain', true),
      step === null ? '   the lock was undone' : `   ended at step ${step}${stopped ? ' by you' : ''}`,
      ...(stopped ? ['   ', span('c', 'accent', true), ` goes on with step ${step}`] : []),
    ),
  ];
}

/** Was Azure asked what is open since the playbook locked the VM? */
function isReadSince(state: SessionState, slot: RunSlot): boolean {
  const fact = state.triages.get(slot.vmId)?.part.exposure;
  return fact?.state === 'known' && fact.asOf >= (lockOf(slot)?.endedAt ?? '');
}

/** The state after the lock: what was open before, and what Azure says since. */
function lockedRow(state: SessionState, slot: RunSlot, lock: StepView): Line {
  const { openBefore } = slot;
  const before =
    openBefore === null
      ? slot.earlier
        ? ''
        : 'Before: not known. '
      : `Before: ${openBefore.length === 0 ? 'no port' : counted(openBefore.length, 'port')} open to everybody. `;
  const part = state.triages.get(slot.vmId)?.part;
  const fact = part?.exposure;
  const fresh = fact?.state === 'known' && isReadSince(state, slot);
  const [headline] = part && fresh ? storyOf(part, state.now).slice(-1) : [];
  const open = headline?.severity !== 'good';
  const now = !fresh
    ? `Now: ${mark.loading} Azure is asked`
    : open
      ? `Now: ${headline?.texts.at(-2) ?? headline?.texts.at(-1) ?? ''}`
      : `Now: none, checked ${clock(fact.asOf)}`;
  const sign = fresh && open ? span(mark.critical, 'critical') : truthMark(lock.verified?.ok ?? null);
  return line(' ', sign, ' ', span(`Locked ${clock(lock.endedAt)}.`, 'plain', true), ` ${before}${now}`);
}

const outcomes: Record<string, [string, Tone, string]> = {
  done: [mark.verified, 'good', 'Done.'],
  failed: [mark.failed, 'critical', 'Failed.'],
  undone: ['↶', 'high', 'Undone.'],
  'needs-attention': [mark.critical, 'critical', 'Needs your attention.'],
  cancelled: [mark.low, 'plain', 'Stopped.'],
};

/** The present state in the first row; then the checks, and the time that is left to keep it. */
export function outcomeRows(state: SessionState, slot: RunSlot, width: number): Line[] {
  const { view } = slot;
  const open = leftOpen(state, slot.vmId);
  const lock = lockOf(slot);
  const [sign, tone, word] = outcomes[view.outcome] ?? [mark.unknown, 'unknown', view.outcome];
  const rows: Line[] = [];
  if (open?.run.id === slot.id) rows.push(...stillOpenRows(open));
  if (lock) rows.push(...folded(lockedRow(state, slot, lock), width));
  if (!lock || view.outcome !== 'done') {
    // The results of a done playbook's steps are in their rows.
    const said = view.outcome === 'done' || view.summary === '' ? word : view.summary;
    rows.push(
      ...wrap(said, width - 4, 5).map((text, at) =>
        line(span(at === 0 ? ` ${sign} ` : '   ', tone, true), span(text, 'plain', at === 0)),
      ),
    );
  }
  const checks = view.steps.filter(({ kind, verified }) => kind === 'check' && verified !== null);
  for (const { verified } of checks) {
    for (const [at, text] of wrap(verified?.text ?? '', width - 4, 2).entries()) {
      rows.push(line(' ', at === 0 ? truthMark(verified?.ok ?? null) : ' ', ` ${text}`));
    }
  }
  if (view.autoUndoAt !== null) {
    const left = (Date.parse(view.autoUndoAt) - state.now.getTime()) / 1000;
    rows.push(
      line(
        span(` ${mark.stale} `, 'high'),
        'Undone by itself in ',
        span(stopwatch(left), 'plain', true),
        ` (${clock(view.autoUndoAt)})   `,
        span('k', 'accent', true),
        ' keep it   ',
        span('u', 'accent', true),
        ' undo it now',
      ),
    );
  } else if (view.undoLostAt) {
    rows.push(
      line(
        span(` ${mark.stale} `, 'high'),
        `NOT undone by itself at ${clock(view.undoLostAt)}: its case cannot be written`,
      ),
    );
  } else if (view.steps.some((step) => step.undoable) && !slot.undoing) {
    rows.push(line('   ', span('u', 'accent', true), ' undoes what was done'));
  }
  if (slot.undoing) rows.push(line(span(` ${mark.loading} undoing`, 'dim')));
  return rows;
}

/** What came of a step, in its own words. */
function resultOf(step: StepView, running: boolean): string {
  if (step.error !== '') return step.error;
  if (step.verified) return step.verified.text;
  if (step.state === 'skipped') return 'left out';
  if (step.state === 'pending' || step.state === 'planned') return running ? 'not yet' : 'not reached';
  return step.kind === 'note' ? step.guidance : step.answer === undefined ? '' : `“${step.answer}”`;
}

function tookOf(step: StepView): string {
  if (step.startedAt === '' || step.endedAt === '' || step.kind !== 'action') return '';
  return stopwatch((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000);
}

/** The most that a column of titles takes, so that results beside it are more than a word a row. */
const titlesShare = 0.35;
/** Cells of a title that are shown beside the results on a screen of usual width. */
const leastTitles = 40;

/**
 * The steps with what came of each in `most` rows, one under another; the selected one in full. Where the titles do not fit beside the
 * results, each has a row of its own.
 */
export function resultRows(slot: RunSlot, selected: number, width: number, most = 2): Line[] {
  const longest = Math.max(0, ...slot.view.steps.map(({ title }) => cells(title)));
  const widest = Math.min(longest, Math.max(leastTitles, Math.floor(width * titlesShare)));
  const beside = widest <= width * titlesShare;
  return slot.view.steps.flatMap((step, at): Line[] => {
    const chosen = at === selected;
    const took = tookOf(step);
    const right = `${took.padStart(6)}  ${step.undoable ? 'u' : ' '} `;
    const titles = beside ? widest : width - 5 - right.length;
    const first = (text: string): Line => {
      const left = line(
        span(chosen ? mark.selected : ' ', 'accent', true),
        stepMark(step),
        ` ${at + 1} `,
        { ...cell(step.title, titles), bold: chosen },
        text,
      );
      return { ...between(left, line(span(right, 'dim')), width), item: at, selected: chosen };
    };
    const room = beside ? width - titles - 7 - right.length : width - 6;
    const texts = wrap(resultOf(step, slot.view.outcome === 'running'), room, chosen ? 8 : most);
    const under = beside ? texts.slice(1) : texts.filter((text) => text !== '');
    return [
      first(beside ? `  ${texts[0] ?? ''}` : ''),
      ...under.map((text) => ({ ...line(' '.repeat(beside ? titles + 7 : 5), text), item: at, selected: false })),
    ];
  });
}

/** Work that is left at the VM, from its findings. */
function leftToDoRows(state: SessionState, slot: RunSlot, width: number): Line[] {
  // Until Azure was asked again after a lock, that a port is open is no longer known.
  const stale = lockOf(slot) !== undefined && !isReadSince(state, slot);
  const todo = leftToDo(state, slot.vmId).filter(
    ({ playbook }) => playbook !== slot.view.playbook && !(stale && playbook === 'lock-nsg'),
  );
  if (todo.length === 0) return [];
  const about = Math.min(36, Math.max(0, ...todo.map((one) => cells(one.about))));
  return [
    blank,
    line(span('   Left to do', 'plain', true), ', from what was found'),
    ...todo.flatMap((one) =>
      wrap(one.text, width - about - 6, 6).map((text, at) =>
        line(
          ' ',
          at === 0 ? severityMark(one.severity) : ' ',
          ' ',
          { ...cell(at === 0 ? cut(one.about, about) : '', about), bold: true },
          `  ${text}`,
        ),
      ),
    ),
  ];
}

/** Rows of a result, from as many as it can have to as few as say something. */
const resultHeights = [8, 6, 4, 3, 2];

/**
 * How a playbook ended, for a screen of `height` rows: `head` is what is so now, `body` every step with its result and what is
 * left to do. Results are cut only as far as the rows do not suffice.
 */
export function endingPage(
  state: SessionState,
  slot: RunSlot,
  selected: number,
  { width, height }: { width: number; height: number },
): { head: Line[]; body: Line[] } {
  const head = [...outcomeRows(state, slot, width), blank];
  const todo = leftToDoRows(state, slot, width);
  const bodies = resultHeights.map((most) => [...resultRows(slot, selected, width, most), ...todo]);
  const body = bodies.find((rows) => head.length + rows.length <= height) ?? bodies.at(-1) ?? [];
  return { head, body };
}

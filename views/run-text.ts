import type { Change } from '../src/documents/run.ts';
import type { StepState, StepView } from '../src/playbook/run.ts';
import { type LeftOpen, leftOpen } from '../src/session/containment.ts';
import { type Job, jobsOf } from '../src/session/jobs.ts';
import { machineOf, type RunSlot, type SessionState } from '../src/session/state.ts';
import { cells, wrap } from '../src/text/cells.ts';
import { progressBar } from '../src/text/counts.ts';
import { clock, stopwatch } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { blank, type Line, line, type Span, span, type Tone } from './line.ts';
import { truthMark } from './marks.ts';
import { nameOfId } from './words.ts';

const stepMarks: Record<StepState, { mark: string; tone: Tone; word: string }> = {
  pending: { mark: ' ', tone: 'dim', word: '' },
  planning: { mark: mark.loading, tone: 'dim', word: 'planning' },
  planned: { mark: ' ', tone: 'plain', word: 'planned' },
  waiting: { mark: mark.selected, tone: 'accent', word: 'waits for you' },
  applying: { mark: mark.loading, tone: 'medium', word: 'running' },
  verifying: { mark: mark.loading, tone: 'medium', word: 'asking Azure' },
  done: { mark: mark.verified, tone: 'good', word: 'done' },
  failed: { mark: mark.failed, tone: 'critical', word: 'failed' },
  skipped: { mark: '-', tone: 'dim', word: 'left out' },
  undoing: { mark: mark.loading, tone: 'medium', word: 'being undone' },
  undone: { mark: '↶', tone: 'high', word: 'undone' },
};

/** The steps of the playbook, one a row, the one in hand marked. */
export function stepRows(slot: RunSlot, width: number): Line[] {
  return slot.view.steps.map((step, at) => {
    const now = at === slot.view.current && slot.view.outcome === 'running';
    const shown = stepMarks[step.state];
    const word = shown.word !== '' && !['done', 'planned'].includes(step.state) ? `  ${shown.word}` : '';
    return {
      ...line(
        span(now ? mark.selected : ' ', 'accent', true),
        span(now && shown.mark === mark.selected ? ' ' : shown.mark, shown.tone),
        span(` ${at + 1} `, now ? 'plain' : 'dim', now),
        span(step.title, now ? 'plain' : shown.tone === 'critical' ? 'critical' : 'plain', now),
        span(cells(step.title) + 6 + word.length <= width ? word : '', shown.tone),
      ),
      item: at,
    };
  });
}

/** A label and its texts, wrapped beside it. */
export function labelled(label: string, texts: readonly string[], width: number, tone: Tone = 'plain'): Line[] {
  const room = width - 16;
  const rows = texts.flatMap((text) => wrap(text, room, 12));
  return rows.map((text, at) => line(span(` ${(at === 0 ? label : '').padEnd(14)} `, 'dim'), span(text, tone)));
}

function changeRows(changes: readonly Change[], width: number): Line[] {
  return changes.flatMap((change): Line[] => [
    line(
      span(` ${'Change'.padEnd(14)} `, 'dim'),
      span(`${change.method} `, 'dim'),
      span(nameOfId(change.resourceId), 'plain', true),
    ),
    ...change.diff.slice(0, 12).flatMap(({ property, before, after }): Line[] => {
      const short = `${property}   ${before || '(none)'} → ${after || '(none)'}`;
      if (cells(short) <= width - 20) {
        return [
          line(
            `${' '.repeat(18)}${property}   `,
            span(before || '(none)', 'critical'),
            ' → ',
            span(after || '(none)', 'good'),
          ),
        ];
      }
      return [
        line(`${' '.repeat(18)}${property}`),
        ...wrap(before || '(none)', width - 22, 3).map((text) => line(span(`${' '.repeat(18)}- ${text}`, 'critical'))),
        ...wrap(after || '(none)', width - 22, 3).map((text) => line(span(`${' '.repeat(18)}+ ${text}`, 'good'))),
      ];
    }),
    ...(change.diff.length > 12
      ? [line(span(`${' '.repeat(18)}and ${change.diff.length - 12} more properties`, 'dim'))]
      : []),
  ]);
}

/** What the step needs and whether the responder has it, one permission a row. */
export function permissionRows(step: StepView | undefined): Line[] {
  return (step?.permissions ?? []).map((permission, at) =>
    line(
      span(` ${(at === 0 ? 'You may' : '').padEnd(14)} `, 'dim'),
      truthMark(permission.held),
      ` ${permission.action.replace(/^Microsoft\.\w+\//, '')}`,
      span(
        permission.held === null ? '  not known' : permission.held ? '' : '  missing',
        permission.held === null ? 'unknown' : 'critical',
      ),
    ),
  );
}

function checkedRows({ verified }: StepView, width: number): Line[] {
  if (!verified) return [];
  return wrap(verified.text, width - 18, 12).map((text, at) =>
    at === 0
      ? line(span(` ${'Checked'.padEnd(14)} `, 'dim'), truthMark(verified.ok), ` ${text}`)
      : line(`${' '.repeat(18)}${text}`),
  );
}

/** The step in hand: why, what changes, who else feels it, what it needs, how it is undone, how it went. */
export function stepDetailRows(step: StepView | undefined, width: number): Line[] {
  if (!step) return [line(span(` ${mark.loading} planning`, 'dim'))];
  const acts = step.kind === 'action';
  return [
    line(span(` ${step.title}`, 'plain', true)),
    ...labelled('Why', step.guidance === '' ? [] : [step.guidance], width),
    ...(step.state === 'planning' ? [line(span(` ${mark.loading} asking Azure what is there now`, 'dim'))] : []),
    ...changeRows(step.changes, width),
    ...(acts && step.state !== 'planning' && step.state !== 'pending'
      ? labelled('Others touched', step.touches.length === 0 ? ['none'] : step.touches, width)
      : []),
    ...labelled('Mind', step.warnings, width, 'high'),
    ...(acts && step.state !== 'pending' ? labelled('Undo', [step.undo || 'cannot be undone by cordon'], width) : []),
    ...(step.progress ? labelled('Now', [step.progress.text], width) : []),
    ...checkedRows(step, width),
    ...labelled('Failed', step.error === '' ? [] : [step.error], width, 'critical'),
    ...labelled('Correlation', step.correlationIds, width, 'dim'),
  ];
}

/** How it ended, and the time that is left to keep it. */
export function endingRows(state: SessionState, slot: RunSlot, width: number): Line[] {
  const { view } = slot;
  const { now } = state;
  if (view.outcome === 'running') return [];
  const open = leftOpen(state, slot.vmId);
  const still = open?.run.id === slot.id ? [...stillOpenRows(open), blank] : [];
  const shown: Record<string, [string, Tone]> = {
    done: [mark.verified, 'good'],
    failed: [mark.failed, 'critical'],
    undone: ['↶', 'high'],
    'needs-attention': [mark.critical, 'critical'],
    cancelled: [mark.low, 'plain'],
  };
  const [sign, tone] = shown[view.outcome] ?? [mark.unknown, 'unknown'];
  const said = view.summary || view.outcome;
  const rows = wrap(said, width - 4, 6).map((text, at) =>
    line(span(at === 0 ? ` ${sign} ` : '   ', tone, true), span(text, 'plain', true)),
  );
  if (view.autoUndoAt !== null) {
    const left = (Date.parse(view.autoUndoAt) - now.getTime()) / 1000;
    rows.push(
      line(
        span('   Undone by itself in ', 'high'),
        span(stopwatch(left), 'high', true),
        span(` (at ${clock(view.autoUndoAt)}) unless you press k to keep it.`, 'high'),
      ),
    );
  } else if (view.steps.some((step) => step.undoable)) {
    rows.push(line(span('   u undoes what was done.', 'dim')));
  }
  if (slot.undoing) rows.push(line(span(`   ${mark.loading} undoing`, 'medium')));
  return [...still, ...rows, blank];
}

/** That the door stands open, and what of it is left to do. */
function stillOpenRows({ ports, step, run }: LeftOpen): Line[] {
  const stopped = run.view.outcome === 'cancelled';
  const open = [span(` ${mark.critical} STILL OPEN  `, 'critical', true), span(ports.join(' '), 'plain', true)];
  return [
    line(...open, ` to everybody   ended at step ${step}${stopped ? ' by you' : ''}`),
    ...(stopped ? [line(span('   c', 'accent', true), ` goes on with step ${step}`)] : []),
  ];
}

function jobSpans(job: Job, now: Date): Span[] {
  const elapsed = stopwatch((now.getTime() - Date.parse(job.since)) / 1000);
  if (job.waiting) return [span(`${job.title} ${job.text} (w)`, 'accent', true)];
  const bar = job.fraction === null ? '' : ` ${progressBar(job.fraction, 10)} ${Math.round(job.fraction * 100)} %`;
  return [
    span(job.title),
    span(bar, 'medium'),
    span(job.text === '' ? '' : `  ${job.text}`, 'dim'),
    span(`  ${elapsed}`, 'dim'),
  ];
}

/** The strip of what runs in Azure, in one row; null when nothing does. */
export function jobsRow(state: SessionState): Line | null {
  const onScreen = state.layers.at(-1);
  const jobs = jobsOf(state.runs).filter(
    (job) => !(job.waiting && onScreen?.kind === 'run' && onScreen.runId === job.runId),
  );
  const timers = state.runs.flatMap((slot) =>
    slot.view.autoUndoAt === null
      ? []
      : [
          span(
            `${slot.view.playbook} undone in ${stopwatch((Date.parse(slot.view.autoUndoAt) - state.now.getTime()) / 1000)}`,
            'high',
          ),
        ],
  );
  const readings = [...state.logs].flatMap(([vmId, { reading }]) =>
    reading === null
      ? []
      : [
          [
            span(`reading event logs of ${state.triages.get(vmId)?.vm.name ?? '?'} `),
            span(`${progressBar(reading, 10)} ${Math.floor(reading * 100)} %`, 'accent'),
          ],
        ],
  );
  const vmId = machineOf(state);
  const open = vmId === null || onScreen?.kind === 'run' ? null : leftOpen(state, vmId);
  const still = open
    ? [
        [
          span(`${mark.critical} STILL OPEN ${open.ports.join(' ')}`, 'critical', true),
          span(`: ${open.run.view.playbook} ended at step ${open.step} (w)`),
        ],
      ]
    : [];
  if (jobs.length + timers.length + readings.length + still.length === 0) return null;
  const all = [...still, ...jobs.map((job) => jobSpans(job, state.now)), ...timers.map((one) => [one]), ...readings];
  return line(
    still.length === 0 ? span(' jobs  ', 'dim') : ' ',
    ...all.flatMap((spans, at) => (at === 0 ? spans : [span('   │  ', 'dim'), ...spans])),
  );
}

import { shortName } from '../src/arm/resource-id.ts';
import type { Change } from '../src/documents/run.ts';
import type { StepState, StepView } from '../src/playbook/run.ts';
import { type LeftOpen, leftOpen } from '../src/session/playbooks/containment.ts';
import { type Job, jobsOf } from '../src/session/playbooks/jobs.ts';
import { machineOf, type RunSlot, type SessionState } from '../src/session/state.ts';
import { cells, wrap } from '../src/text/cells.ts';
import { counted, progressBar } from '../src/text/counts.ts';
import { stopwatch } from '../src/text/times.ts';
import { mark, type Tone } from '../src/words/severity.ts';
import { type Line, line, type Span, span } from './line.ts';
import { truthMark } from './marks.ts';

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

/** The mark of a step's state. */
export function stepMark(step: StepView): Span {
  const shown = stepMarks[step.state];
  return span(shown.mark, shown.tone);
}

/** The size at which no title of these steps is folded, whatever their states. */
export function stepTitles(steps: readonly StepView[]): { width: number; rows: number } {
  const words = Math.max(...Object.values(stepMarks).map(({ word }) => cells(word))) + 2;
  return { width: Math.max(0, ...steps.map(({ title }) => cells(title))) + words + 6, rows: Math.max(1, steps.length) };
}

/**
 * The steps of the playbook, the current one and the one that is looked at marked; long titles go on in a second row.
 */
export function stepRows(slot: RunSlot, looked: number | null, width: number): Line[] {
  return slot.view.steps.flatMap((step, at): Line[] => {
    const now = at === slot.view.current && slot.view.outcome === 'running';
    const shown = stepMarks[step.state];
    const word = shown.word !== '' && !['done', 'planned'].includes(step.state) ? `  ${shown.word}` : '';
    const chosen = looked === null ? now : at === looked;
    const texts = wrap(`${step.title}${word}`, width - 6, 2);
    return texts.map((text, part) => ({
      ...line(
        span(chosen && part === 0 ? mark.selected : ' ', 'accent', true),
        part > 0 || (chosen && shown.mark === mark.selected) ? ' ' : span(shown.mark, shown.tone),
        span(part === 0 ? ` ${at + 1} ` : '   ', now ? 'plain' : 'dim', now),
        span(text, 'plain', now),
      ),
      item: at,
    }));
  });
}

/** A label and its texts, wrapped beside it. */
export function labelled(label: string, texts: readonly string[], width: number, tone: Tone = 'plain'): Line[] {
  const room = width - 16;
  const rows = texts.flatMap((text) => wrap(text, room, 12));
  return rows.map((text, at) => line(span(` ${(at === 0 ? label : '').padEnd(14)} `, 'dim'), span(text, tone)));
}

/** Properties of a thing that was not there before, one after another. */
function createdRows(change: Change, width: number): Line[] {
  const told = change.diff.map(({ property, after }) => `${property} ${after}`).join(' · ');
  return wrap(told, width - 20, 4).map((text) => line(`${' '.repeat(18)}${text}`));
}

/** What a request changes: a new thing in a few words, an old one before and after. */
function changeRows(changes: readonly Change[], width: number): Line[] {
  return changes.flatMap((change): Line[] => {
    const created = change.diff.length > 0 && change.diff.every(({ before }) => before === '' || before === '(none)');
    const head = line(
      span(` ${'Change'.padEnd(14)} `, 'dim'),
      span(`${change.method} `, 'dim'),
      span(shortName(change.resourceId), 'plain', true),
      created && change.method === 'PUT' ? '  new' : '',
    );
    if (created) return [head, ...createdRows(change, width)];
    const shown = change.diff.slice(0, mostProperties);
    const rest = change.diff.length - shown.length;
    return [
      head,
      ...shown.flatMap(({ property, before, after }): Line[] => {
        const [from, to] = [before || '(none)', after || '(none)'];
        if (cells(`${property}   - ${from} → + ${to}`) <= width - 19) {
          return [
            line(`${' '.repeat(18)}${property}   `, span('- ', 'critical'), `${from} → `, span('+ ', 'good'), to),
          ];
        }
        const part = (sign: Span, text: string) =>
          wrap(text, width - 22, 3).map((one, at) => line(' '.repeat(18), at === 0 ? sign : '  ', one));
        return [
          line(`${' '.repeat(18)}${property}`),
          ...part(span('- ', 'critical'), from),
          ...part(span('+ ', 'good'), to),
        ];
      }),
      ...(rest > 0 ? [line(span(`${' '.repeat(18)}and ${rest} more properties`, 'dim'))] : []),
    ];
  });
}

/** How many properties of one change are reported. */
const mostProperties = 12;

/** What the step needs: that all of it is there, or what is missing, by its full name and where it is needed. */
function permissionRows(step: StepView | undefined, width: number): Line[] {
  const all = step?.permissions ?? [];
  if (all.length === 0) return [];
  const label = (at: number) => span(` ${(at === 0 ? 'You may' : '').padEnd(14)} `, 'dim');
  const missing = all.filter(({ held }) => held === false);
  const unsure = all.filter(({ held }) => held === null);
  const held = all.length - missing.length - unsure.length;
  const rows: Line[] = [];
  if (held > 0) {
    const every =
      all.length === 1
        ? 'the one permission'
        : all.length === 2
          ? 'both permissions'
          : `all ${counted(all.length, 'permission')}`;
    const words = held === all.length ? every : `${held} of ${all.length} permissions`;
    rows.push(line(label(0), truthMark(true), ` ${words}`));
  }
  for (const one of [...missing, ...unsure]) {
    const state = one.held === false ? 'missing' : 'not known';
    for (const [at, text] of wrap(`${one.action} on ${shortName(one.scope)}: ${state}`, width - 18, 3).entries()) {
      rows.push(line(label(rows.length), at === 0 ? truthMark(one.held) : ' ', ` ${text}`));
    }
  }
  return rows;
}

function checkedRows({ verified }: StepView, width: number): Line[] {
  if (!verified) return [];
  return wrap(verified.text, width - 18, 12).map((text, at) =>
    at === 0
      ? line(span(` ${'Checked'.padEnd(14)} `, 'dim'), truthMark(verified.ok), ` ${text}`)
      : line(`${' '.repeat(18)}${text}`),
  );
}

/** The digest of the step's plan, and that nobody else has to approve it here. */
function approvalTexts({ digest, changes }: StepView, width: number): string[] {
  if (digest === undefined || digest === '' || changes.length === 0) return [];
  // One that has to be broken is broken in its middle.
  const shown = width - 16 < digest.length ? `${digest.slice(0, 32)} ${digest.slice(32)}` : digest;
  return [
    shown,
    'SHA-256 of this step’s plan, in the case as that of the whole. No approval is demanded here; cordon run --approve demands one.',
  ];
}

/** The current step: why, what changes, who else feels it, what it needs, how it is undone, how it went. */
export function stepDetailRows(step: StepView | undefined, width: number): Line[] {
  if (!step) return [line(span(` ${mark.loading} planning`, 'dim'))];
  // Before a plan is made nothing is known of what it touches, nor of its undo.
  const isPlanned = step.kind === 'action' && step.state !== 'planning' && step.state !== 'pending';
  return [
    line(span(` ${step.title}`, 'plain', true)),
    ...(step.progress ? labelled('Now', [step.progress.text], width) : []),
    ...labelled('Failed', step.error === '' ? [] : [step.error], width, 'critical'),
    ...checkedRows(step, width),
    ...(step.state === 'planning' ? [line(span(` ${mark.loading} asking Azure what is there now`, 'dim'))] : []),
    // What decides comes first: who else feels it, what is missing, how it is undone.
    ...(isPlanned ? labelled('Others touched', step.touches.length === 0 ? ['none'] : step.touches, width) : []),
    ...permissionRows(step, width),
    ...(isPlanned ? labelled('Undo', [step.undo || 'cannot be undone by cordon'], width) : []),
    ...labelled('Mind', step.warnings, width),
    ...labelled('Why', step.guidance === '' ? [] : step.guidance.split(/\n{2,}/), width),
    ...changeRows(step.changes, width),
    ...labelled('Plan', isPlanned ? approvalTexts(step, width) : [], width, 'dim'),
    ...labelled('Correlation', step.correlationIds, width, 'dim'),
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

/** Was the door never closed, or is it open again? */
export const openWord = ({ step }: LeftOpen) => (step === null ? 'OPEN AGAIN' : 'STILL OPEN');

/** The strip of what runs in Azure, in one row; null when nothing does. */
export function jobsRow(state: SessionState): Line | null {
  const onScreen = state.layers.at(-1);
  const isOnScreen = ({ several, runId }: Job) =>
    several
      ? onScreen?.kind === 'act' && onScreen.actId === runId
      : onScreen?.kind === 'run' && onScreen.runId === runId;
  const jobs = jobsOf(state).filter((job) => !(job.waiting && isOnScreen(job)));
  const timed = state.runs
    .flatMap(({ view }) => (view.autoUndoAt === null ? [] : [{ view, at: Date.parse(view.autoUndoAt) }]))
    .toSorted((one, other) => one.at - other.at);
  const left = ({ at }: { at: number }) => stopwatch((at - state.now.getTime()) / 1000);
  const [first] = timed;
  const timers =
    first === undefined
      ? []
      : timed.length === 1
        ? [span(`${first.view.playbook} undone in ${left(first)}`, 'high')]
        : [span(`undone in ${timed.map((one) => `${left(one)} ${one.view.vm.name}`).join(' · ')}`, 'high')];
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
  const open = vmId === null || onScreen?.kind === 'run' || onScreen?.kind === 'act' ? null : leftOpen(state, vmId);
  const still = open
    ? [
        [
          span(`${mark.critical} ${openWord(open)} ${open.ports.join(' ')}`, 'critical', true),
          span(`: ${open.run.view.playbook} ${open.step === null ? 'was undone' : `ended at step ${open.step}`} (w)`),
        ],
      ]
    : [];
  if (jobs.length + timers.length + readings.length + still.length === 0) return null;
  // The time that is left is short to say, and the first thing to know.
  const all = [...still, ...timers.map((one) => [one]), ...jobs.map((job) => jobSpans(job, state.now)), ...readings];
  return line(
    still.length === 0 ? span(' jobs  ', 'dim') : ' ',
    ...all.flatMap((spans, at) => (at === 0 ? spans : [span('   │  ', 'dim'), ...spans])),
  );
}

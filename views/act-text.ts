import type { MemberView } from '../src/playbook/act.ts';
import { type LeftOpen, leftOpen, lockOf, openPorts } from '../src/session/playbooks/containment.ts';
import { type ActSlot, actOf, drawn, type RunSlot, runOf, type SessionState } from '../src/session/state.ts';
import { wrap } from '../src/text/cells.ts';
import { counted } from '../src/text/counts.ts';
import { clock } from '../src/text/times.ts';
import { mark, type Tone } from '../src/words/severity.ts';
import { boxNamed, runLayout } from './layout.ts';
import { blank, type Line, line, type Span, span } from './line.ts';
import { promptHeight, promptOnScreen } from './prompt-text.ts';
import { outcomeRows, resultRows } from './run-ending.ts';
import { labelled, openWord, stepDetailRows } from './run-text.ts';
import type { Arranged } from './small-table.ts';
import { folded } from './unfold.ts';

/** Rows of a VM in the list, at most, where there are more VMs than room. */
const mostRows = 3;
/** Cells that the state of a VM takes in the list without being folded, for most states. */
const stateWidth = 60;

/** The act on screen and its boxes. */
export function actBoxes(state: SessionState) {
  const layer = drawn(state);
  const slot = layer.kind === 'act' ? actOf(state, layer.actId) : undefined;
  const wanted = promptHeight(promptOnScreen(state), state.columns - 2);
  // One row says how all stand.
  const list = { width: stateWidth, rows: (slot?.view.members.length ?? 1) * 2 };
  const boxes = runLayout(state.columns, state.rows - 1, wanted, list);
  const members = boxNamed(boxes, 'steps');
  const step = boxNamed(boxes, 'step');
  // Beside the list a bar takes a column.
  const wide = members.top === step.top;
  return {
    slot,
    wide,
    list: members,
    body: wide ? { ...step, width: step.width - 1 } : step,
    prompt: boxNamed(boxes, 'prompt'),
  };
}

/** The playbook of an act on one of its VMs, once all were confirmed. */
function runOfMember(state: SessionState, { runIds }: ActSlot, vmId: string): RunSlot | undefined {
  const id = runIds.get(vmId);
  return id === undefined ? undefined : runOf(state, id);
}

interface Told {
  sign: Span;
  /** "LOCKED 02:25:47Z", "STILL OPEN 443" */
  word: string;
  text: string;
}

const told = (sign: string, tone: Tone, word: string, text = ''): Told => ({ sign: span(sign, tone), word, text });

/** How far the plan of a VM is, or why there is none. */
function plannedTold({ run, leftOut }: MemberView, phase: ActSlot['view']['phase']): Told {
  if (leftOut !== '') return told(mark.failed, 'critical', 'left out', leftOut);
  const planning = run.steps.findIndex(({ state }) => state === 'planning');
  if (phase === 'planning' && planning >= 0) {
    return told(mark.loading, 'dim', '', `planning step ${planning + 1} of ${run.steps.length}`);
  }
  const changes = run.steps.reduce((sum, step) => sum + step.changes.length, 0);
  const acting = run.steps.filter((step) => step.changes.length > 0);
  if (phase === 'planning' && run.steps.every(({ state }) => state === 'pending'))
    return told(mark.loading, 'dim', '', 'waits');
  const lacking = run.steps.some(({ permissions }) => permissions.some(({ held }) => held === false));
  const what =
    changes === 0 ? 'nothing to change' : `${counted(changes, 'change')} in ${counted(acting.length, 'step')}`;
  return lacking
    ? told(mark.critical, 'critical', 'planned', `${what}; a permission is missing`)
    : told(mark.verified, 'good', 'planned', what);
}

/** The state of a VM that should have been locked and is not. */
function notLocked(state: SessionState, { vmId, view }: RunSlot, open: LeftOpen | null): Told {
  const failed = view.steps.find((step) => step.state === 'failed');
  const because = failed ? `${failed.title}: ${failed.error}` : view.summary;
  if (open) return told(mark.critical, 'critical', `${openWord(open)} ${open.ports.join(' ')}`, because);
  const ports = openPorts(state.triages.get(vmId)?.part);
  return ports === null
    ? told(mark.unknown, 'unknown', 'NOT LOCKED', `what is open is not known; ${because}`)
    : told(mark.high, 'high', 'NOT LOCKED', `no port is open to the Internet; ${because}`);
}

const outcomeSigns: Record<string, [string, Tone, string]> = {
  done: [mark.verified, 'good', 'done'],
  undone: ['↶', 'high', 'undone'],
  failed: [mark.failed, 'critical', 'failed'],
  'needs-attention': [mark.critical, 'critical', 'needs attention'],
  cancelled: [mark.low, 'plain', 'stopped'],
};

/** How a VM of an act stands now. */
function memberTold(state: SessionState, slot: ActSlot, member: MemberView): Told {
  const run = runOfMember(state, slot, member.vm.id);
  if (!run) return plannedTold(member, slot.view.phase);
  const { view } = run;
  const step = view.steps[view.current];
  if (run.undoing) return told(mark.loading, 'medium', 'undoing');
  const lock = lockOf(run);
  if (view.outcome === 'running') {
    const word = lock ? `LOCKED ${clock(lock.endedAt)}` : '';
    const progress = step?.progress ? `: ${step.progress.text}` : '';
    const at = `${view.current + 1} of ${view.steps.length} ${step?.title ?? ''}${progress}`;
    return step?.state === 'pending'
      ? told(mark.loading, 'dim', word, 'waits')
      : told(mark.loading, 'medium', word, at);
  }
  const trouble = view.outcome === 'done' ? '' : view.summary;
  if (lock) return told(mark.verified, 'good', `LOCKED ${clock(lock.endedAt)}`, trouble);
  if (view.steps.some(({ action }) => action === 'nsg.lock')) return notLocked(state, run, leftOpen(state, run.vmId));
  const [sign, tone, word] = outcomeSigns[view.outcome] ?? [mark.unknown, 'unknown', view.outcome];
  return told(sign, tone, word, trouble);
}

/** The VMs of an act, each with its state; long ones go on in more rows. */
export function memberRows(
  state: SessionState,
  slot: ActSlot,
  selected: number,
  { width, height }: { width: number; height: number },
): Line[] {
  const { members } = slot.view;
  const most = Math.max(mostRows, Math.floor(height / members.length));
  return members.flatMap((member, at): Line[] => {
    const { sign, word, text } = memberTold(state, slot, member);
    const chosen = at === selected;
    const head = `${member.vm.name}  ${word}`;
    const texts = wrap(`${head}${text === '' ? '' : `  ${text}`}`, width - 5, most);
    return texts.map((part, row) => ({
      ...line(
        span(chosen && row === 0 ? mark.selected : ' ', 'accent', true),
        row === 0 ? sign : ' ',
        ' ',
        row === 0 && part.startsWith(member.vm.name) ? span(member.vm.name, 'plain', true) : span(''),
        span(row === 0 && part.startsWith(member.vm.name) ? part.slice(member.vm.name.length) : `  ${part}`),
      ),
      item: at,
    }));
  });
}

/** How many VMs are in which state: "1 locked, 1 STILL OPEN". */
export function actSummary(state: SessionState, slot: ActSlot): string {
  const { phase, members } = slot.view;
  if (phase === 'planning') return 'planning';
  if (phase === 'asked') return 'asks once for all';
  if (phase === 'cancelled') return 'stopped: nothing was changed';
  const words = members.map((member) => {
    if (runOfMember(state, slot, member.vm.id)?.view.outcome === 'running') return 'under way';
    const { word } = memberTold(state, slot, member);
    // The ports of each are in its row.
    return word.replace(/^LOCKED.*/, 'locked').replace(/^(STILL OPEN|OPEN AGAIN).*/, '$1');
  });
  return [...Map.groupBy(words, (word) => word)].map(([word, all]) => `${all.length} ${word}`).join(', ');
}

/** All that is planned for a VM, step by step. */
function planRows({ run, leftOut }: MemberView, width: number): Line[] {
  if (leftOut !== '') return labelled('Left out', [leftOut], width, 'critical');
  return run.steps.flatMap((step, at): Line[] => {
    if (step.kind === 'ask')
      return [line(' ', span(`${at + 1} ${step.title}: not asked for several VMs`, 'dim')), blank];
    if (step.kind === 'note' || step.kind === 'check')
      return [line(' ', span(`${at + 1} ${step.title}`, 'dim')), blank];
    return [
      // The digests of all these plans are in the case.
      ...stepDetailRows({ ...step, digest: '', title: `${at + 1} ${step.title}` }, width),
      ...labelled('Will happen', step.consequences ?? [], width),
      blank,
    ];
  });
}

/** What the body of the act on screen shows: the VM that is looked at. */
export function actBody(state: SessionState): Arranged {
  const { slot, body } = actBoxes(state);
  const layer = drawn(state);
  const rows = slot && layer.kind === 'act' ? memberBody(state, slot, layer.selected, body.width) : [];
  return { rows, tables: [], height: 0 };
}

/** A VM: its plan, what it does now, or how it ended, each step with its result. */
function memberBody(state: SessionState, slot: ActSlot, selected: number, width: number): Line[] {
  const member = slot.view.members[selected];
  if (!member) return [];
  const title = line(span(` ${member.vm.name}`, 'plain', true), span(`   ${slot.view.title}`, 'dim'));
  const run = runOfMember(state, slot, member.vm.id);
  if (!run) return [title, blank, ...planRows(member, width)];
  const over = run.view.outcome !== 'running';
  return [
    title,
    ...(over ? [blank, ...outcomeRows(state, run, width)] : []),
    blank,
    ...resultRows(run, over ? -1 : run.view.current, width, 6),
    blank,
    ...folded(
      line(
        ' ',
        span('Enter', 'accent', true),
        ' opens this VM alone: each step, and its undo; u and k here are for all VMs',
      ),
      width,
    ),
  ];
}

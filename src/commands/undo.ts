import { type ExitCode, exitCode, Failure } from '../failure.ts';
import type { Action } from '../playbook/action.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import { eachBounded } from '../playbook/each-bounded.ts';
import type { StepGate } from '../playbook/gate.ts';
import type { UndoableStep } from '../playbook/step-record.ts';
import { undoRecorded } from '../playbook/undo.ts';
import { printable } from '../text/printable.ts';
import { printedJson } from './printed-json.ts';
import type { RunStreams, WritableCase } from './run.ts';

export interface UndoOptions {
  /** Only this step, by its id. */
  step?: string;
  /** Does it; without it the steps are listed. */
  yes?: boolean;
  /** The VM's name, or the number of VMs, for what cannot be restored (evidence), and to undo over changes made since. */
  confirm?: string;
  reason?: string;
  readOnly?: boolean;
  json?: boolean;
  /** Only the executions of steps with these record ids: the changes not kept in time. */
  records?: ReadonlySet<string>;
}

export interface UndoDependencies {
  /** The subject of the undo, in words: "case 2026-11-23-web01", "locks at web01". */
  what: string;
  /** The command that tries again what was not undone. */
  again: string;
  /** What can be undone, oldest first, and what of it cannot be read, in sentences. */
  steps(): Promise<{ steps: UndoableStep[]; unreadable: string[] }>;
  actions: ReadonlyMap<string, Action>;
  /**
   * Opens the case file for writing; called only when something is undone. `logFor` names a VM in each entry, for a case of
   * several.
   */
  openCase(): Promise<WritableCase & { logFor?(vm: { id: string; name: string }): CaseLog }>;
  onInterrupt(callback: (because: string) => void): () => void;
}

interface Listed {
  step: string;
  playbook: string;
  title: string;
  action: string;
  vm: { id: string; name: string };
  at: string;
  undo: string;
  /** "yes", "confirm" (only when it is named with --step and the VM's name is given), or "no". */
  undoable: 'yes' | 'confirm' | 'no';
  outcome: 'undone' | 'failed' | 'not-asked';
  text: string;
}

function kindOf(step: UndoableStep, actions: UndoDependencies['actions']): Listed['undoable'] {
  const action = actions.get(step.record.action);
  if (!action?.undo) return 'no';
  return action.undoing?.included === false || action.undoing?.danger === 'disruptive' ? 'confirm' : 'yes';
}

function listedOf(step: UndoableStep, actions: UndoDependencies['actions']): Listed {
  const { record } = step;
  return {
    step: record.step,
    playbook: record.playbook,
    title: record.title,
    action: record.action,
    vm: { id: record.target.id, name: record.target.name },
    at: step.at,
    undo: record.undo,
    undoable: kindOf(step, actions),
    outcome: 'not-asked',
    text: '',
  };
}

/** A step, and its row. */
interface Chosen {
  step: UndoableStep;
  listed: Listed;
}

/** The steps by their VM, each VM's in their order. */
const byVm = <T extends { step: UndoableStep }>(steps: readonly T[]): T[][] => [
  ...Map.groupBy(steps, ({ step }) => step.record.target.id.toLowerCase()).values(),
];

/** The words that `--confirm` takes for these steps: the names of their VMs, or how many they are. */
function wordsFor(chosen: readonly Chosen[]): Set<string> {
  const names = new Set(chosen.map(({ step }) => step.record.target.name));
  const vms = byVm(chosen).length;
  return vms > 1 ? names.add(String(vms)) : names;
}

/** A step that was named and is not undone says why: it would look undone otherwise. Throws a Failure. */
function demandWhatStepTakes(options: UndoOptions, listed: readonly Listed[]): void {
  const [first] = listed;
  if (options.step === undefined || first === undefined) return;
  if (listed.every(({ undoable }) => undoable === 'no')) {
    throw new Failure(
      `step ${printable(first.step, 60)} (${first.action}) cannot be undone: ${printable(first.title, 200)} stays`,
      exitCode.needsAttention,
    );
  }
  if (options.yes !== true) return;
  const vms = new Set(listed.map(({ vm }) => vm.id.toLowerCase())).size;
  const several = vms > 1 ? `, or of all ${vms} VMs --confirm ${vms}` : '';
  const takes = `--step ${first.step} --confirm ${first.vm.name}${several}`;
  throw new Failure(`nothing was undone: ${printable(first.step, 60)} is evidence and takes ${takes}. ${first.undo}`);
}

function textOf(what: string, listed: readonly Listed[], done: boolean): string {
  if (listed.length === 0) return `${what}: there is nothing to undo\n`;
  const lines = listed.map((one) => {
    const how = { yes: '--yes', confirm: `--step ${one.step} --confirm ${one.vm.name}`, no: 'cannot be undone' }[
      one.undoable
    ];
    const mark = { undone: '↶', failed: '✗', 'not-asked': '·' }[one.outcome];
    const end = one.text === '' ? `${one.undo} [${how}]` : one.text;
    return printable(`${mark} ${one.step} (${one.playbook}) on ${one.vm.name}, ${one.at}: ${one.title}. ${end}`, 1200);
  });
  const head = done ? what : `${what}: what can be undone, last first. Nothing is changed.`;
  return `${[head, ...lines].join('\n')}\n`;
}

/** How many VMs of several are as they were, and which are not. */
function byVmText(wanted: readonly Chosen[]): string {
  const vms = byVm(wanted);
  if (vms.length < 2) return '';
  const left = vms.filter((steps) => steps.some(({ listed }) => listed.outcome !== 'undone'));
  const named = left.map((steps) => steps[0]?.step.record.target.name ?? '').join(', ');
  const not = left.length === 0 ? '' : `; not whole: ${named}`;
  return printable(`${vms.length - left.length} of ${vms.length} VMs undone${not}`, 1000);
}

/**
 * `cordon undo CASE`: lists what a case changed, last step first, and with `--yes` undoes it after a drift check, the VMs of a
 * case in parallel as they were changed, one step of a VM after another. Evidence is deleted only when its step is named and
 * the VM's name is given, or the number of VMs. Returns the exit code: 0 when all that was asked for is undone, 5 when something
 * was found changed meanwhile or could not be undone.
 */
export async function undoCase(
  options: UndoOptions,
  dependencies: UndoDependencies,
  streams: RunStreams,
): Promise<ExitCode> {
  const { what, actions } = dependencies;
  const { steps, unreadable } = await dependencies.steps();
  for (const problem of unreadable) streams.stderr.write(`${printable(problem, 500)}\n`);
  const lastFirst = steps.toReversed();
  if (options.step !== undefined && !lastFirst.some((step) => step.record.step === options.step)) {
    const known = [...new Set(lastFirst.map((step) => step.record.step))].join(', ') || 'none';
    throw new Failure(`${what} has no step ${printable(options.step, 60)} to undo; known are ${known}`);
  }
  const chosen = lastFirst
    .filter((step) => options.step === undefined || step.record.step === options.step)
    .filter((step) => options.records?.has(step.record.id) ?? true)
    .map((step): Chosen => ({ step, listed: listedOf(step, actions) }));
  const write = (done: boolean) => {
    const listed = chosen.map((one) => one.listed);
    const document = { schema: 'cordon.undo/1', case: what.replace(/^case /, ''), steps: listed };
    streams.stdout.write(options.json ? `${printedJson(document)}\n` : textOf(what, listed, done));
  };
  const words = wordsFor(chosen);
  // A VM that is named like the number is meant alone.
  const isName = chosen.some(({ step }) => step.record.target.name === options.confirm);
  const ofAll = !isName && options.confirm === String(byVm(chosen).length) && words.has(options.confirm);
  /** Was the step named, and the VM's name given for it, or the number of all? */
  const confirmed = (step: UndoableStep) =>
    options.step !== undefined && (ofAll || options.confirm === step.record.target.name);
  const wanted = chosen.filter(({ step, listed }) => {
    if (listed.undoable === 'no') return false;
    return confirmed(step) || (listed.undoable === 'yes' && options.yes === true);
  });
  if (options.confirm !== undefined && !words.has(options.confirm)) {
    const names = [...words].join(', ') || 'none';
    throw new Failure(`--confirm ${printable(options.confirm, 80)} is not the VM's name: ${names}`);
  }
  if (wanted.length === 0) {
    demandWhatStepTakes(
      options,
      chosen.map(({ listed }) => listed),
    );
    write(false);
    return unreadable.length > 0 ? exitCode.needsAttention : exitCode.done;
  }
  if (options.readOnly) throw new Failure('read-only: undoing changes Azure', exitCode.notPermitted);

  const stopped = new AbortController();
  const opened = await dependencies.openCase();
  const gates: StepGate[] = [];
  const inAzure = () => gates.flatMap((gate) => gate.running());
  let because = '';
  const stop = dependencies.onInterrupt((why) => {
    because = why;
    for (const one of inAzure()) {
      streams.stderr.write(`still running in Azure: ${one.method} ${one.url} (request ${one.clientRequestId})\n`);
    }
    stopped.abort();
  });
  const several = byVm(chosen).length > 1;
  const undoOne = async ({ step, listed }: Chosen): Promise<void> => {
    const { target } = step.record;
    const where = several ? ` on ${printable(target.name, 80)}` : '';
    streams.stderr.write(`  undoing ${printable(step.record.step, 60)}${where}\n`);
    const result = await undoRecorded(step, {
      actions,
      log: opened.logFor?.(target) ?? opened.log,
      typed: options.records ? '' : (options.confirm ?? 'y'),
      reason: options.reason ?? '',
      overDrift: confirmed(step),
      progress: () => {},
      onGate: (made) => gates.push(made),
      signal: stopped.signal,
    });
    listed.outcome = result.ok === true ? 'undone' : 'failed';
    listed.text = result.text;
  };
  try {
    // What goes wrong at one VM ends no other's undo; a case that cannot be written ends all.
    const failures = await eachBounded(byVm(wanted), async (steps) => {
      try {
        for (const one of steps) {
          if (stopped.signal.aborted) break;
          await undoOne(one);
        }
        return null;
      } catch (error) {
        return { error };
      }
    });
    const [failure] = failures.filter((one) => one !== null);
    if (failure) throw failure.error;
    const running = inAzure();
    if (stopped.signal.aborted && running.length > 0) {
      await opened.log.append('error', {
        text: `${because}; these Azure operations were still running: ${running.map((one) => `${one.method} ${one.url}`).join('; ')}`,
        running,
      });
    }
    write(true);
    const counts = byVmText(wanted);
    if (counts !== '') streams.stderr.write(`${counts}\n`);
    const whole = wanted.every(({ listed }) => listed.outcome === 'undone') && unreadable.length === 0;
    if (whole) return exitCode.done;
    const why = because === '' ? '' : `${because}. `;
    streams.stderr.write(`${why}Not all is undone; what stands is looked at again by: ${dependencies.again}\n`);
    return exitCode.needsAttention;
  } finally {
    stop();
    await opened.close();
  }
}

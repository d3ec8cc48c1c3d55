import { planDocument, runDocument } from '../documents/run.ts';
import { type ExitCode, exitCode, Failure } from '../failure.ts';
import { answerAll, type Confirmed } from '../playbook/act.ts';
import type { Action, Target } from '../playbook/action.ts';
import { enterPlan } from '../playbook/approval.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { RunView } from '../playbook/run.ts';
import { createRun, type RunOptions as RunnerOptions, type StartedRun } from '../playbook/runner.ts';
import { printable } from '../text/printable.ts';
import { version } from '../version.ts';
import { type Approved, approvalOfRuns, demandApproved } from './approved-plan.ts';
import { planText, runText } from './plan-text.ts';
import { printedJson } from './printed-json.ts';

/** Where a command writes: results on stdout, everything else on stderr. */
export interface RunStreams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean };
}

export interface RunOptions {
  dryRun?: boolean;
  /** Answers `y`; never what must be typed. */
  yes?: boolean;
  /** The VM's name, for steps that ask for it. */
  confirm?: string;
  reason?: string;
  /** Runs only what was approved. */
  approved?: Approved;
  readOnly?: boolean;
  json?: boolean;
}

/** A case that is open for writing. */
export interface WritableCase {
  log: CaseLog;
  close(): Promise<void>;
}

export interface RunDependencies {
  playbook: Playbook;
  actions: ReadonlyMap<string, Action>;
  target: Target;
  /** The responder's public address; "" when it is not known. */
  responderAddress: string;
  now(): Date;
  /** The case that is continued; a new one when absent. */
  caseId?: string;
  /** Opens the case file. Not called for a dry run, nor before it is known that the playbook may run. */
  openCase(): Promise<WritableCase>;
  /** Calls back when it is asked to end, with why; returns the way to stop that. */
  onInterrupt(callback: (because: string) => void): () => void;
  /** Starts the process that undoes changes not kept by their deadline; absent where none can be started. */
  guard?: (caseId: string) => string;
}

/** A log for plans: the case's name for names of resources, and nothing is written. */
export function noLog(dependencies: Pick<RunDependencies, 'now' | 'target' | 'caseId'>): CaseLog {
  const refuse = async () => {
    throw new Error('a plan writes nothing');
  };
  const day = dependencies.now().toISOString().slice(0, 10);
  return { caseId: dependencies.caseId ?? `${day}-${dependencies.target.name}`, append: refuse, keep: refuse };
}

/** The dependencies that runs of the playbook share, whatever their VM. */
type RunParts = Pick<RunDependencies, 'playbook' | 'actions' | 'responderAddress' | 'now' | 'guard'>;

/**
 * The playbook on one VM. `word`: what confirms a disruptive step, where that is not the VM's name; `approved`: the plan
 * that each step must be.
 */
export function makeRun(
  options: RunOptions,
  { playbook, actions, responderAddress, now, guard }: RunParts,
  target: Target,
  log: CaseLog,
  { word, approved, plan }: Pick<RunnerOptions, 'word' | 'approved' | 'plan'> = {},
): StartedRun {
  return createRun({
    playbook,
    actions,
    target,
    log,
    responderAddress,
    reason: options.reason ?? '',
    ...(word === undefined ? {} : { word }),
    ...(approved === undefined ? {} : { approved }),
    ...(plan === undefined ? {} : { plan }),
    tool: version,
    readOnly: options.readOnly === true,
    interactive: false,
    now,
    ...(guard ? { guard: async () => guard(log.caseId) } : {}),
  });
}

/** What the options confirm. */
export const consentOf = ({ yes, confirm }: RunOptions): Confirmed => ({ yes: yes === true, word: confirm });

/** Throws a Failure when the playbook would change something and the options forbid it. */
export function refuseReadOnly({ dryRun, readOnly }: RunOptions, playbook: Playbook): void {
  if (dryRun || !readOnly || playbook.steps.every((step) => step.uses === undefined)) return;
  throw new Failure(
    `read-only: ${playbook.name} changes Azure. Run it without --read-only, or look with --dry-run`,
    exitCode.notPermitted,
  );
}

/** The exit code of a dry run, once the run is planned. */
export function plannedCode(planned: StartedRun): ExitCode {
  const ends = { forbidden: exitCode.notPermitted, impossible: exitCode.needsAttention };
  const obstacle = planned.obstacle();
  return obstacle === null ? exitCode.done : ends[obstacle];
}

/** Ends the run where it is, and says what Azure goes on with. */
export async function quitRun(run: StartedRun, because: string, { stderr }: Pick<RunStreams, 'stderr'>): Promise<void> {
  for (const one of await run.quit(because)) {
    stderr.write(`still running in Azure: ${one.method} ${one.url} (request ${one.clientRequestId})\n`);
  }
}

/** What the options must say for these steps to be confirmed, or null when they do. */
function missingConsent(run: StartedRun, options: RunOptions, machine: string): string | null {
  if (options.confirm !== undefined && options.confirm !== machine) {
    return `--confirm ${printable(options.confirm, 80)} is not the VM's name, which is ${machine}`;
  }
  const steps = run.view().steps;
  const named = steps.filter((step) => step.danger === 'disruptive').map((step) => step.id);
  const plain = steps.filter((step) => step.danger === 'reversible').map((step) => step.id);
  const missing = [
    ...(plain.length > 0 && !options.yes ? [`${plain.join(', ')} by --yes`] : []),
    ...(named.length > 0 && options.confirm === undefined ? [`${named.join(', ')} by --confirm ${machine}`] : []),
  ];
  return missing.length === 0 ? null : `nothing was done: confirm ${missing.join(', and ')}; or look with --dry-run`;
}

/** The exit code that says how a run ended. */
export function exitCodeOf(view: RunView, forbidden: boolean): ExitCode {
  switch (view.outcome) {
    case 'done':
      return exitCode.done;
    case 'undone':
      return exitCode.undone;
    case 'failed':
      return forbidden ? exitCode.notPermitted : exitCode.undone;
    default:
      return exitCode.needsAttention;
  }
}

/** What undoes the run where its case cannot be written: no process can undo from it, not even at the promised time. */
function withoutRecord({ vm, undoLostAt }: RunView, caseId: string): string {
  const promised = undoLostAt ? ` It is not undone at ${undoLostAt} either.` : '';
  return `The case cannot be written, and nothing is undone from it.${promised} Put its folder back, or make room, then: cordon undo ${caseId} --yes. A lock is lifted from Azure alone: cordon undo --vm ${vm.name} --yes --cases FOLDER`;
}

/** The state after a run that needs attention, and what to do next, a line each. */
export function standing(view: RunView, { caseId, lost }: Pick<CaseLog, 'caseId' | 'lost'>): string[] {
  const changed = view.steps.filter((step) => step.kind === 'action' && step.changes.length > 0);
  const lines = changed.flatMap((step) => {
    if (step.state === 'done') return [`${view.vm.name}: “${step.title}” IS in force.`];
    if (step.state === 'undone') return [`${view.vm.name}: “${step.title}” was undone.`];
    if (step.state !== 'failed' || step.startedAt === '') return [];
    return [
      `${view.vm.name}: “${step.title}” may be in force in part: ${step.error || step.verified?.text || 'not verified'}`,
    ];
  });
  if (lines.length === 0) return [`Nothing was changed. What the case says: cordon case show ${caseId}`];
  return [
    ...lines,
    ...((lost?.() ?? '') === '' ? [] : [withoutRecord(view, caseId)]),
    `What the case says: cordon case show ${caseId}. What can be undone: cordon undo ${caseId}; undo it: cordon undo ${caseId} --yes`,
  ];
}

/** Reports each step as it changes, for an interactive terminal. */
function narrate(run: StartedRun, streams: RunStreams): void {
  const told = new Map<string, string>();
  run.subscribe(() => {
    for (const step of run.view().steps) {
      if (step.state === 'pending') continue;
      const { progress } = step;
      const part = progress?.fraction == null ? '' : ` ${Math.floor(progress.fraction * 100)} %`;
      const detail = step.state === 'applying' && progress ? `: ${progress.text}${part}` : '';
      const text = `${step.id}: ${step.state}${detail}`;
      if (told.get(step.id) === text) continue;
      told.set(step.id, text);
      streams.stderr.write(`  ${printable(text, 200)}\n`);
    }
  });
}

/**
 * `cordon run PLAYBOOK --vm VM`: plans, then runs. A dry run prints the plan and only reads; it ends as the run
 * would where something is not permitted or cannot be done. Returns the exit code;
 * throws a Failure when the options do not allow it.
 */
export async function runPlaybook(
  options: RunOptions,
  dependencies: RunDependencies,
  streams: RunStreams,
): Promise<ExitCode> {
  const { playbook, target } = dependencies;
  const planned = makeRun(options, dependencies, target, noLog(dependencies));
  refuseReadOnly(options, playbook);
  const steps = await planned.plan();
  const approval = approvalOfRuns({ ...dependencies, reason: options.reason }, [{ target, run: planned }]);
  const plan = planDocument.parse({ ...steps, approval });
  if (options.dryRun) {
    const code = plannedCode(planned);
    // An approval of a plan that cannot be carried out would be of no use.
    const shown = code === exitCode.done ? plan : { ...plan, approval: undefined };
    streams.stdout.write(options.json ? `${printedJson(plan)}\n` : planText(shown));
    return code;
  }
  demandApproved(options.approved, approval);
  const missing = missingConsent(planned, options, target.name);
  if (missing !== null) throw new Failure(missing, exitCode.usage);

  const opened = await dependencies.openCase();
  let stop = () => {};
  try {
    const approved = options.approved && { digest: approval.digest, steps: planned.toApprove() };
    await enterPlan(opened.log, approval, approved !== undefined);
    const confirmed = { plan: approval.digest, ...(approved ? { approved } : {}) };
    const run = makeRun(options, dependencies, target, opened.log, confirmed);
    if (streams.stderr.isTTY) narrate(run, streams);
    answerAll(run, consentOf(options));
    let interrupted: Promise<void> | null = null;
    stop = dependencies.onInterrupt((because) => {
      interrupted ??= quitRun(run, because, streams);
    });
    const view = await run.start();
    await interrupted;
    const document = runDocument.parse(run.document());
    streams.stdout.write(
      options.json ? `${printedJson(document)}\n` : runText(document, view.outcome === 'done' ? '' : view.summary),
    );
    if (view.outcome !== 'done' && options.json) streams.stderr.write(`${printable(view.summary, 1000)}\n`);
    const code = exitCodeOf(view, run.forbidden());
    if (code === exitCode.needsAttention) {
      for (const line of standing(view, opened.log)) streams.stderr.write(`${printable(line, 600)}\n`);
    }
    return code;
  } finally {
    stop();
    await opened.close();
  }
}

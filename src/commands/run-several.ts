import type { Approval } from '../documents/approval.ts';
import { plansDocument, runDocument, runsDocument } from '../documents/run.ts';
import { type ExitCode, exitCode, Failure } from '../failure.ts';
import { type PlannedMember, planMember, runMember } from '../playbook/act.ts';
import type { Target } from '../playbook/action.ts';
import { enterPlan } from '../playbook/approval.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import { eachBounded } from '../playbook/each-bounded.ts';
import type { RunView } from '../playbook/run.ts';
import type { RunOptions as RunnerOptions, StartedRun } from '../playbook/runner.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { type Approved, approvalOfRuns, demandApproved } from './approved-plan.ts';
import { approvalText, planText, runText } from './plan-text.ts';
import { printedJson } from './printed-json.ts';
import {
  consentOf,
  exitCodeOf,
  makeRun,
  noLog,
  plannedCode,
  quitRun,
  type RunDependencies,
  type RunOptions,
  type RunStreams,
  refuseReadOnly,
  standing,
} from './run.ts';

/** A case that is open for the changes of several VMs. */
export interface SharedCase {
  caseId: string;
  /** The log in which each entry names the VM. */
  logFor(target: Target): CaseLog;
  close(): Promise<void>;
}

export interface SeveralDependencies extends Omit<RunDependencies, 'target' | 'openCase'> {
  targets: readonly Target[];
  openCase(): Promise<SharedCase>;
}

/** The exit codes, the one that needs a person first: that of the worst VM is that of the whole. */
const worstFirst: readonly ExitCode[] = [
  exitCode.needsAttention,
  exitCode.undone,
  exitCode.notPermitted,
  exitCode.usage,
  exitCode.findings,
  exitCode.done,
];

function worst(codes: readonly ExitCode[]): ExitCode {
  return worstFirst.find((code) => codes.includes(code)) ?? exitCode.done;
}

/** A VM, its plan if one could be made, and the exit code that a dry run ends with because of it. */
interface Planned extends PlannedMember {
  code: ExitCode;
}

/** The playbook on one of the VMs; their number confirms what their names would one by one. */
function makeOne(
  options: RunOptions,
  dependencies: SeveralDependencies,
  target: Target,
  log: CaseLog,
  confirmed: Pick<RunnerOptions, 'approved' | 'plan'> = {},
): StartedRun {
  const word = () => String(dependencies.targets.length);
  return makeRun(options, dependencies, target, log, { word, ...confirmed });
}

async function planOne(options: RunOptions, dependencies: SeveralDependencies, target: Target): Promise<Planned> {
  // All are in the first one's case.
  const { now, targets, caseId } = dependencies;
  const log = noLog({ now, target: targets[0] ?? target, ...(caseId === undefined ? {} : { caseId }) });
  const run = makeOne(options, dependencies, target, log);
  const planned = await planMember({ target, run });
  return { ...planned, code: planned.plan ? plannedCode(run) : exitCode.needsAttention };
}

/** The approval of all plans; undefined where one could not be made. */
function approvalOfAll(
  planned: readonly Planned[],
  options: RunOptions,
  dependencies: SeveralDependencies,
): Approval | undefined {
  if (planned.length === 0 || planned.some(({ plan }) => plan === null)) return undefined;
  return approvalOfRuns({ ...dependencies, reason: options.reason }, planned);
}

/** All plans on one page: what is confirmed is what is read here. */
function plansText(planned: readonly Planned[], approval: Approval | undefined): string {
  const texts = planned.map(({ target, plan, because }) =>
    plan ? planText(plan, planned.length) : `${printable(target.name, 80)}: no plan could be made: ${because}\n`,
  );
  return [...texts, ...(approval ? [approvalText(approval)] : [])].join('\n');
}

/** Why the options do not confirm these plans; null when they do. */
function missing(planned: readonly Planned[], options: RunOptions): string | null {
  const steps = planned.flatMap(({ plan }) => plan?.steps ?? []);
  const has = (danger: string) => steps.some((step) => step.danger === danger);
  const word = String(planned.length);
  if (options.confirm !== undefined && options.confirm !== word) {
    return `--confirm ${printable(options.confirm, 80)} is not the number of VMs, which is ${word}`;
  }
  const lacks = [
    ...(has('reversible') && !options.yes ? ['what can be undone by --yes'] : []),
    ...(has('disruptive') && options.confirm === undefined
      ? [`what others feel by --confirm ${word}, the number of VMs`]
      : []),
  ];
  return lacks.length === 0 ? null : `nothing was done: confirm ${lacks.join(', and ')}; or look with --dry-run`;
}

/**
 * Do the options confirm whatever the plans may say? Then they are made once, by the runs themselves: Azure lets a user read
 * about 25 times a second, and a plan reads as often for each VM.
 */
function confirmsAll(options: RunOptions, { playbook, actions, targets }: SeveralDependencies): boolean {
  const dangers = playbook.steps.flatMap(({ uses }) => (uses ? [actions.get(uses)?.danger ?? 'reversible'] : []));
  const named = options.confirm === String(targets.length);
  return named && (options.yes === true || dangers.every((danger) => danger === 'disruptive'));
}

interface Ran {
  target: Target;
  run: StartedRun;
  view: RunView;
}

/** All plans must be there, and be those that were approved. */
function demandAll(approved: Approved, approval: Approval | undefined): void {
  if (approval === undefined) throw new Failure('nothing was done: not every VM could be planned; see --dry-run');
  demandApproved(approved, approval);
}

function report(
  ran: readonly Ran[],
  { caseId, lost }: Pick<CaseLog, 'caseId' | 'lost'>,
  options: RunOptions,
  deps: SeveralDependencies,
  streams: RunStreams,
) {
  const codes = ran.map(({ run, view }) => exitCodeOf(view, run.forbidden()));
  const documents = ran.map(({ run, view }) => ({ ...runDocument.parse(run.document()), summary: view.summary }));
  if (options.json) {
    const asOf = deps.now().toISOString();
    const schema = 'cordon.runs/1' as const;
    const document = runsDocument.parse({ schema, asOf, playbook: deps.playbook.name, case: caseId, runs: documents });
    streams.stdout.write(`${printedJson(document)}\n`);
  } else {
    const texts = documents.map((one, at) => runText(one, ran[at]?.view.outcome === 'done' ? '' : one.summary));
    streams.stdout.write(texts.join('\n'));
  }
  for (const [at, { target, view }] of ran.entries()) {
    if (codes[at] === exitCode.done) continue;
    streams.stderr.write(`✗ ${printable(`${target.name}: ${view.summary}`, 1000)}\n`);
    if (codes[at] !== exitCode.needsAttention) continue;
    for (const line of standing(view, lost ? { caseId, lost } : { caseId }))
      streams.stderr.write(`${printable(line, 400)}\n`);
  }
  const done = codes.filter((code) => code === exitCode.done).length;
  streams.stderr.write(
    `${done} of ${counted(ran.length, 'VM')} done. What can be undone, of all: cordon undo ${caseId}\n`,
  );
  return worst(codes);
}

/**
 * `cordon run PLAYBOOK VM1 VM2 …`: all VMs are planned, confirmed at once by their number, and changed in parallel, each
 * with its own intents and outcomes in the one case. A VM that fails is named and stops no other; the exit code is that of
 * the worst. Throws a Failure when the options do not allow it.
 */
export async function runSeveral(
  options: RunOptions,
  dependencies: SeveralDependencies,
  streams: RunStreams,
): Promise<ExitCode> {
  const { playbook, targets, now } = dependencies;
  refuseReadOnly(options, playbook);
  const whole = !options.dryRun && !options.approved && confirmsAll(options, dependencies);
  const planned = whole ? [] : await eachBounded(targets, (target) => planOne(options, dependencies, target));
  const approval = approvalOfAll(planned, options, dependencies);
  if (options.dryRun) {
    const document = plansDocument.parse({
      schema: 'cordon.plans/1',
      asOf: now().toISOString(),
      playbook: playbook.name,
      plans: planned.flatMap(({ plan }) => plan ?? []),
      notPlanned: planned.flatMap(({ target: { id, name }, plan, because }) => (plan ? [] : [{ id, name, because }])),
      approval,
    });
    streams.stdout.write(options.json ? `${printedJson(document)}\n` : plansText(planned, approval));
    return worst(planned.map(({ code }) => code));
  }
  if (options.approved) demandAll(options.approved, approval);
  const lacking = whole ? null : missing(planned, options);
  if (lacking !== null) throw new Failure(lacking, exitCode.usage);
  const opened = await dependencies.openCase();
  let stop = () => {};
  try {
    const { approved } = options;
    const [first] = targets;
    if (approval && first) await enterPlan(opened.logFor(first), approval, approved !== undefined);
    const runs = targets.map((target) => {
      const steps = approval?.over.vms.find(({ id }) => id === target.id)?.steps ?? [];
      const asApproved = approved && { digest: approved.digest, steps };
      const confirmed = {
        ...(approval ? { plan: approval.digest } : {}),
        ...(asApproved ? { approved: asApproved } : {}),
      };
      return { target, run: makeOne(options, dependencies, target, opened.logFor(target), confirmed) };
    });
    let interrupted: Promise<unknown> | null = null;
    stop = dependencies.onInterrupt((because) => {
      interrupted ??= Promise.all(runs.map(({ run }) => quitRun(run, because, streams)));
    });
    const ran = await eachBounded(runs, async (one) => ({
      ...one,
      view: await runMember(one, consentOf(options), null),
    }));
    await interrupted;
    if (whole && first) {
      const asRun = approvalOfRuns({ ...dependencies, reason: options.reason }, ran);
      await enterPlan(opened.logFor(first), asRun, 'afterwards');
    }
    const log = first ? opened.logFor(first) : { caseId: opened.caseId };
    return report(ran, log, options, dependencies, streams);
  } finally {
    stop();
    await opened.close();
  }
}

import type { Approval, ApprovedStep } from '../documents/approval.ts';
import type { Permission, PlanDocument, RunDocument } from '../documents/run.ts';
import {
  type Action,
  type ActionContext,
  type ActionPlan,
  type LongWait,
  longWaitText,
  NotWaitedFor,
  type Progress,
  StalePlan,
  type Target,
  type Verification,
  type WaitAnswer,
} from './action.ts';
import { differencesBetween, digestOf, enterPlan, type RunParameters, stepToApprove } from './approval.ts';
import { Asking } from './asking.ts';
import { AutoUndo, type Timer } from './auto-undo.ts';
import { type CaseLog, tellQueries } from './case-log.ts';
import { type Deadline, deadlineNote, keptNote } from './deadlines.ts';
import { type RunningOperation, type StepGate, stepGate } from './gate.ts';
import { permissionText } from './permission-text.ts';
import type { Playbook, PlaybookStep } from './playbook.ts';
import type { PlaybookRun, RunOutcome, RunView, StepView } from './run.ts';
import { sentenceOf } from './sentence-of.ts';
import { keepStepRecord, type StepEvidence } from './step-record.ts';
import { ended, pendingView, plannedPart, planShown, ranPart } from './step-views.ts';
import { WholePlan } from './whole-plan.ts';

export interface RunOptions {
  playbook: Playbook;
  actions: ReadonlyMap<string, Action>;
  target: Target;
  log: CaseLog;
  /** The responder's public address; "" when it is not known. */
  responderAddress: string;
  /** Why the playbook is run, for the transcript. */
  reason: string;
  /** What must be typed for a disruptive step, where several VMs are confirmed at once; the VM's name when absent. */
  word?: () => string;
  /** The plan that was approved: a step that acts must be as it is there. */
  approved?: { digest: string; steps: readonly ApprovedStep[] };
  /** The digest of the whole plan, where it was made before; each confirmation is entered with it. */
  plan?: string;
  /** cordon's version, which is in that digest; without it none is made. */
  tool?: string;
  /** Changes nothing, and says so. */
  readOnly: boolean;
  /** With a user who can press keys: only then a step is undone by itself. */
  interactive: boolean;
  now: () => Date;
  timer?: Timer;
  /**
   * Ensures that a change is undone at its deadline when this process is gone; returns what does it, in words ("process
   * 4711 of this host"), "" when nothing can. With it a change has its deadline in unattended runs too.
   */
  guard?: (deadline: Deadline) => Promise<string>;
}

/** A run, and what the command line needs of it besides. */
export interface StartedRun extends PlaybookRun {
  /** Plans every step, reads only, without running any. */
  plan(): Promise<PlanDocument>;
  /** The steps as they were planned last, to be approved. */
  toApprove(): ApprovedStep[];
  /** The parameters that none of its steps has. */
  parameters(): RunParameters;
  /** It is a part of this whole plan, which was confirmed: each confirmation is entered with its digest. `enter`: the plan too. */
  inPlan(approval: Approval, enter: boolean): Promise<void>;
  /** Stops following Azure, and writes down which of its operations are still running. */
  quit(because: string): Promise<RunningOperation[]>;
  /** Did it fail for lack of permission, or because the session is read-only? */
  forbidden(): boolean;
  /** What in the plans prevents the run: a permission that is lacking, or something that cannot be done. */
  obstacle(): 'forbidden' | 'impossible' | null;
}

interface Step {
  definition: PlaybookStep;
  action: Action | null;
  view: StepView;
  plan: ActionPlan | null;
  /** For verify and undo; null before it is applied. */
  applied: Record<string, unknown> | null;
  gate: StepGate | null;
  /** What a later process needs to undo it. */
  record: StepEvidence | null;
  /** When it is undone by itself; null when it is not. */
  deadline: string | null;
}

/** How long an action that was stopped may take to end in Azure what it opened there, and to see that it is ended. */
const millisecondsToEnd = 120_000;

/** Did it change something that undoing the playbook puts back? */
function undoable({ applied, action, plan }: Step): boolean {
  return (
    applied !== null &&
    action?.undo !== undefined &&
    action.undoing?.included !== false &&
    (plan?.changes.length ?? 0) > 0
  );
}

/** The permissions that the caller is known to lack. */
export function lacking(permissions: readonly Permission[]): Permission[] {
  return permissions.filter((one) => one.held === false);
}

/** Makes a playbook ready for a VM. Nothing is asked of Azure before `start` or `plan`. */
export function createRun(options: RunOptions): StartedRun {
  return new Run(options);
}

class Run implements StartedRun {
  readonly #options: RunOptions;
  readonly #steps: Step[];
  readonly #asking = new Asking(() => this.#changed());
  readonly #autoUndo: AutoUndo;
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #current = 0;
  #outcome: RunOutcome = 'running';
  #summary = '';
  #undoing: Promise<RunView> | null = null;
  #forbidden = false;
  readonly #wholePlan: WholePlan;
  #guardedBy = '';
  /** Ends when the present action has, for those that end what they opened. */
  #ending: Promise<unknown> = Promise.resolve();
  /** Ends when the tags of a kept change are rewritten. */
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(options: RunOptions) {
    this.#options = options;
    this.#autoUndo = new AutoUndo(options.now, options.timer);
    this.#wholePlan = new WholePlan({
      digest: options.plan ?? '',
      made: (approval) => enterPlan(options.log, approval, false),
      changed: () => this.#changed(),
    });
    this.#steps = options.playbook.steps.map((definition) => ({
      definition,
      action: options.actions.get(definition.uses ?? definition.check ?? '') ?? null,
      plan: null,
      applied: null,
      gate: null,
      record: null,
      deadline: null,
      view: pendingView(definition),
    }));
  }

  view(): RunView {
    const { playbook, target } = this.#options;
    return {
      playbook: playbook.name,
      title: playbook.title,
      vm: { id: target.id, name: target.name },
      steps: this.#steps.map((step) => ({
        ...step.view,
        correlationIds: [...step.view.correlationIds],
        undoable: undoable(step),
      })),
      current: this.#current,
      prompt: this.#asking.prompt,
      plan: this.#wholePlan.shown,
      outcome: this.#outcome,
      summary: this.#summary,
      ...this.#undoneByItself(),
      guardedBy: this.#guardedBy,
    };
  }

  /** Nothing is undone from a record that is lost, also not at the time that was promised. */
  #undoneByItself(): Pick<RunView, 'autoUndoAt' | 'undoLostAt'> {
    const { at } = this.#autoUndo;
    const lost = at !== null && (this.#options.log.lost?.() ?? '') !== '';
    return { autoUndoAt: lost ? null : at, undoLostAt: lost ? at : null };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async plan(): Promise<PlanDocument> {
    for (const step of this.#steps) {
      if (step.action === null) continue;
      this.#set(step, { state: 'planning' });
      try {
        this.#planned(step, await step.action.plan(this.#context(step, 'planning'), step.definition.with ?? {}));
        this.#set(step, { state: 'planned' });
      } catch (error) {
        this.#set(step, { state: 'failed', error: sentenceOf(error) });
        throw error;
      }
    }
    const { playbook, target } = this.#options;
    return {
      schema: 'cordon.plan/1',
      asOf: this.#now(),
      playbook: playbook.name,
      vm: { id: target.id, name: target.name },
      steps: this.#steps.map(({ view }) => plannedPart(view)),
    };
  }

  toApprove(): ApprovedStep[] {
    return this.#steps.map((step) => this.#approvable(step));
  }

  #approvable({ view, plan }: Step): ApprovedStep {
    return stepToApprove({ id: view.id, action: view.action }, plan, this.#options.log.caseId);
  }

  parameters(): RunParameters {
    const { tool = '', playbook, responderAddress, reason } = this.#options;
    return { tool, playbook, responderAddress, reason };
  }

  async inPlan(approval: Approval, enter: boolean): Promise<void> {
    this.#wholePlan.digest = approval.digest;
    if (enter) await enterPlan(this.#options.log, approval, false);
  }

  /**
   * Has the digest of the whole plan made while the first question is read: the steps to come are planned for it, by reads alone.
   * Those of several VMs are planned before the one question for all.
   */
  #planWhole(): void {
    const { tool, interactive, target, log } = this.#options;
    if (tool === undefined || !interactive) return;
    this.#wholePlan.make({ ...this.parameters(), vm: target.id }, this.toApprove(), async (id) => {
      const step = this.#steps.find(({ view }) => view.id === id);
      if (!step?.action || step.plan !== null) return null;
      const context = { ...this.#context(step, 'planning'), progress: () => undefined };
      const plan = await step.action.plan(context, step.definition.with ?? {});
      return stepToApprove({ id, action: step.view.action }, plan, log.caseId);
    });
  }

  /** Why the step's plan is not the one that was approved, "" when it is or none had to be. */
  #unapproved(step: Step): string {
    const { approved } = this.#options;
    if (approved === undefined || (step.plan?.changes.length ?? 0) === 0) return '';
    const differing = differencesBetween(
      approved.steps.find(({ id }) => id === step.view.id),
      this.#approvable(step),
    );
    return differing.length === 0 ? '' : `This is not the plan that was approved: ${differing.join('; ')}`;
  }

  start(): Promise<RunView> {
    return this.#goOn(0);
  }

  async resume(): Promise<RunView> {
    if (this.#outcome !== 'cancelled' || this.#stop.signal.aborted) return this.view();
    await this.#log('note', {
      text: `${this.#options.playbook.name} goes on at: ${this.#steps[this.#current]?.view.title ?? ''}`,
      playbook: this.#options.playbook.name,
    });
    this.#finish('running', '');
    return this.#goOn(this.#current);
  }

  async #goOn(from: number): Promise<RunView> {
    try {
      for (const [index, step] of this.#steps.entries()) {
        if (index < from) continue;
        this.#current = index;
        const next = await this.#run(step);
        if (next === 'end') break;
      }
    } catch (error) {
      // The case file cannot be written, or a defect: either way nothing more may be changed.
      const step = this.#steps[this.#current];
      if (step && !ended(step.view.state)) this.#set(step, { state: 'failed', error: sentenceOf(error) });
      this.#finish('needs-attention', `Stopped: ${sentenceOf(error)}`);
    }
    if (this.#outcome === 'running') this.#conclude();
    return this.view();
  }

  answer(text: string): 'accepted' | 'refused' {
    return this.#asking.answer(text);
  }

  skip(): void {
    this.#asking.settle({ kind: 'skip' });
  }

  cancel(because?: string): void {
    this.#asking.settle({ kind: 'cancel', ...(because === undefined ? {} : { because }) });
  }

  undo(): Promise<RunView> {
    this.#undoing ??= this.#undoAll().finally(() => {
      this.#undoing = null;
    });
    return this.#undoing;
  }

  keep(): void {
    if (!this.#autoUndo.clear()) return;
    const steps = this.#steps.filter(({ deadline, record }) => deadline !== null && record !== null);
    const records = steps.flatMap(({ record }) => record?.id ?? []);
    this.#keeping = this.#log('note', keptNote(records))
      .then(() => this.#announceKept(steps))
      .catch(() => undefined);
    this.#changed();
  }

  /** Takes away in Azure what announces an undo that is not made any more. Where that fails, the record says so. */
  async #announceKept(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const { action, applied } = step;
      if (!action?.kept || applied === null) continue;
      try {
        await action.kept(this.#context(step, 'undoing'), applied);
      } catch (error) {
        const text = `${step.view.id} is kept, and its tag in Azure still names the time of its undo: ${sentenceOf(error)}`;
        await this.#log('error', { text, step: step.view.id });
      }
    }
    this.#changed();
  }

  document(): RunDocument {
    const { playbook, target, log } = this.#options;
    const { autoUndoAt } = this.#undoneByItself();
    return {
      schema: 'cordon.run/1',
      asOf: this.#now(),
      playbook: playbook.name,
      vm: { id: target.id, name: target.name },
      case: log.caseId,
      steps: this.#steps.map(({ view }) => ranPart(view)),
      autoUndo: autoUndoAt === null ? null : { at: autoUndoAt, by: this.#guardedBy },
    };
  }

  forbidden(): boolean {
    return this.#forbidden;
  }

  async leave(): Promise<void> {
    await this.quit('cordon was left');
  }

  obstacle(): 'forbidden' | 'impossible' | null {
    const plans = this.#steps.flatMap(({ plan }) => plan ?? []);
    if (plans.some((plan) => plan.refused?.kind === 'impossible')) return 'impossible';
    return plans.some((plan) => !plan.refused && lacking(plan.permissions).length > 0) ? 'forbidden' : null;
  }

  async quit(because: string): Promise<RunningOperation[]> {
    const running = this.#steps.flatMap((step) => step.gate?.running() ?? []);
    const { at } = this.#autoUndo;
    // A record that is lost keeps nothing from stopping.
    const note = (body: Record<string, unknown>) => this.#log('error', body).catch(() => undefined);
    if (at !== null && this.#autoUndo.clear()) {
      const command = `cordon undo ${this.#options.log.caseId}`;
      const text =
        this.#guardedBy === ''
          ? `${because}: nothing undoes the change at ${at} by itself, until cordon is started again. Undo it with: ${command} --yes`
          : `${because}: the change is undone at ${at} by ${this.#guardedBy}, unless it is kept: ${command} --keep`;
      await note({ text });
    }
    if (running.length > 0) {
      const names = running.map((one) => `${one.method} ${one.url} (request ${one.clientRequestId})`).join('; ');
      await note({
        text: `${because}; these Azure operations were still running and go on without cordon: ${names}`,
        running,
      });
    } else if (this.#outcome === 'running') {
      await note({ text: `${because}; no Azure operation was running` });
    }
    this.#asking.end();
    this.#stop.abort();
    await this.#ending;
    return running;
  }

  // One step after another.

  async #run(step: Step): Promise<'next' | 'end'> {
    this.#set(step, { startedAt: this.#now() });
    const { view } = step;
    if (view.kind === 'note') {
      this.#set(step, { state: 'done', endedAt: this.#now() });
      return 'next';
    }
    if (view.kind === 'ask') return this.#ask(step);
    if (step.action === null) {
      return this.#failed(step, `no action ${view.action}`);
    }
    for (let attempt = 0; ; attempt += 1) {
      const planned = await this.#planStep(step, step.action);
      if (planned !== 'go') return planned;
      const consent = await this.#consent(step);
      if (consent !== 'go') return consent;
      const applied = await this.#apply(step, step.action);
      // A stale plan is shown again to a user; a script has confirmed another plan than this one.
      if (applied === 'stale' && this.#options.interactive && attempt < 5) continue;
      if (applied === 'stale') return this.#failed(step, step.view.error);
      if (applied !== 'go') return applied;
      break;
    }
    return 'next';
  }

  async #ask(step: Step): Promise<'next' | 'end'> {
    const question = step.definition.ask ?? '';
    this.#set(step, { state: 'waiting' });
    const answer = await this.#asking.ask({
      step: step.view.id,
      level: 'ask',
      question,
      expects: '',
      consequences: [],
    });
    if (answer.kind === 'cancel') return this.#cancelled(step, answer.because);
    const text = answer.kind === 'text' ? answer.text : 'not answered';
    await this.#log('note', {
      text: `${question} — ${text}`,
      playbook: this.#options.playbook.name,
      step: step.view.id,
      question,
      answer: text,
    });
    const given = answer.kind === 'text' ? { state: 'done' as const, answer: text } : { state: 'skipped' as const };
    this.#set(step, { ...given, endedAt: this.#now() });
    return 'next';
  }

  async #planStep(step: Step, action: Action): Promise<'go' | 'next' | 'end'> {
    const { view } = step;
    this.#set(step, { state: 'planning' });
    let plan: ActionPlan;
    try {
      plan = await action.plan(this.#context(step, 'planning'), step.definition.with ?? {});
    } catch (error) {
      return this.#failed(step, `The plan could not be made: ${sentenceOf(error)}`);
    }
    this.#planned(step, plan);
    await this.#log('plan', {
      playbook: this.#options.playbook.name,
      steps: [plannedPart(step.view)],
      digest: step.view.digest,
      ...(plan.refused ? { refused: plan.refused } : {}),
    });
    if (plan.refused?.kind === 'nothing-to-do') {
      this.#set(step, { state: 'skipped', endedAt: this.#now(), verified: { ok: true, text: plan.refused.because } });
      return 'next';
    }
    if (plan.refused) return this.#failed(step, plan.refused.because);
    const unapproved = this.#unapproved(step);
    if (unapproved !== '') return this.#failed(step, unapproved);
    if (view.kind === 'check' && plan.changes.length > 0) {
      return this.#failed(step, `${action.name} changes Azure: a check may not`);
    }
    if (plan.changes.length > 0 && this.#options.readOnly) {
      this.#forbidden = true;
      return this.#failed(
        step,
        'This session is read-only: nothing is changed in Azure. Start cordon without --read-only.',
      );
    }
    const missing = lacking(plan.permissions);
    if (missing.length > 0) {
      this.#forbidden = true;
      const names = missing.map(permissionText).join('; ');
      return this.#failed(step, `Not permitted: you lack ${names}. Ask the customer for it, then run this again.`);
    }
    this.#set(step, { state: 'planned' });
    return 'go';
  }

  async #consent(step: Step): Promise<'go' | 'next' | 'end'> {
    const { plan, view } = step;
    if (plan === null) return 'end';
    if (view.danger === 'none') return 'go';
    const { target, playbook, reason, word, approved } = this.#options;
    this.#set(step, { state: 'waiting' });
    this.#planWhole();
    const answer = await this.#asking.ask({
      step: view.id,
      level: view.danger,
      question: `${plan.title}?`,
      expects: view.danger === 'disruptive' ? (word?.() ?? target.name) : 'y',
      consequences: plan.consequences,
    });
    if (answer.kind === 'cancel') return this.#cancelled(step, answer.because);
    if (answer.kind === 'skip') {
      await this.#log('note', {
        text: `${playbook.name}: step ${view.id} was skipped`,
        playbook: playbook.name,
        step: view.id,
      });
      this.#set(step, { state: 'skipped', endedAt: this.#now() });
      return 'next';
    }
    await this.#log('confirm', {
      playbook: playbook.name,
      step: view.id,
      number: this.#steps.indexOf(step) + 1,
      level: view.danger,
      typed: answer.text,
      reason,
      ...(this.#wholePlan.digest === '' ? {} : { plan: this.#wholePlan.digest }),
      ...(approved ? { approved: approved.digest } : {}),
    });
    return 'go';
  }

  async #apply(step: Step, action: Action): Promise<'go' | 'next' | 'end' | 'stale'> {
    const { plan, view } = step;
    if (plan === null) return 'end';
    const { playbook } = this.#options;
    this.#set(step, { state: 'applying', progress: null, error: '' });
    // Kept before the first change, so that a later process can undo it, also after a crash half way.
    step.record = plan.changes.length > 0 ? await this.#keepRecord(step, plan.state, null) : null;
    await this.#setDeadline(step, action);
    const context = this.#context(step, 'applying');
    const ending = Promise.withResolvers<void>();
    if (action.endsWhenStopped) this.#ending = ending.promise;
    try {
      step.applied = await action.apply(context, plan);
    } catch (error) {
      if (error instanceof StalePlan) {
        await this.#clearDeadline(step, 'The plan was stale and nothing was changed: nothing is undone by itself.');
        await this.#log('error', {
          text: `${view.id}: the plan is stale: ${error.message}`,
          step: view.id,
          playbook: playbook.name,
        });
        this.#set(step, { error: `The plan is stale: ${error.message} Nothing was changed; it must be made again.` });
        return 'stale';
      }
      return await this.#appliedInPart(step, action, error);
    } finally {
      ending.resolve();
    }
    if (step.record !== null) step.record = await this.#keepRecord(step, step.applied, step.record.id);
    this.#set(step, { state: 'verifying', progress: null });
    const verified = await this.#verify(context, action, step.applied);
    await this.#log('verify', {
      step: view.id,
      playbook: playbook.name,
      ok: verified.ok,
      text: verified.text,
      action: action.name,
      ...(step.record === null ? {} : { record: step.record.id, evidence: step.record.evidence }),
    });
    this.#set(step, { verified, endedAt: this.#now() });
    if (verified.ok === false) return this.#failed(step, verified.text);
    this.#set(step, { state: 'done' });
    return 'go';
  }

  async #verify(context: ActionContext, action: Action, state: Record<string, unknown>): Promise<Verification> {
    try {
      return await action.verify(context, state);
    } catch (error) {
      return { ok: null, text: `Azure could not be asked: ${sentenceOf(error)}` };
    }
  }

  /** An action failed while it was applied. What it did is undone, unless it should be kept. */
  async #appliedInPart(step: Step, action: Action, error: unknown): Promise<'next' | 'end'> {
    const { plan, gate, view } = step;
    const because = sentenceOf(error);
    const status: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
    if (status === 401 || status === 403) this.#forbidden = true;
    await this.#log('error', { text: `${view.id}: ${because}`, step: view.id, playbook: this.#options.playbook.name });
    const sent = gate?.sent() ?? { left: 0, notDone: 0 };
    if (plan === null || sent.left === sent.notDone) {
      await this.#clearDeadline(step, 'Nothing was changed: nothing is undone by itself.');
      if (!(error instanceof NotWaitedFor)) return this.#failed(step, because);
      if (error.answer === 'stop') return this.#cancelled(step);
      this.#set(step, { state: 'skipped', endedAt: this.#now(), error: because });
      return 'next';
    }
    // The part that was made can be undone, now or later.
    step.applied = plan.state;
    const stopped = this.#stop.signal.aborted && !action.endsWhenStopped;
    if (!action.undoOnFailure || !action.undo || stopped) {
      this.#set(step, { state: 'failed', endedAt: this.#now(), error: because });
      return this.#afterFailure(step, 'needs-attention', `${view.title}: ${because}`);
    }
    this.#set(step, { error: because });
    const undone = await this.#undoStep(step, plan.state);
    if (undone.ok === true) {
      return this.#afterFailure(step, 'undone', `${view.title} failed and was undone: ${because}`);
    }
    return this.#afterFailure(
      step,
      'needs-attention',
      `${view.title} failed (${because}), and undoing it: ${undone.text}`,
    );
  }

  /** A step failed and left nothing of its own behind that is unknown. */
  async #failed(step: Step, because: string): Promise<'next' | 'end'> {
    const left = step.applied !== null && (step.plan?.changes.length ?? 0) > 0;
    this.#set(step, { state: 'failed', error: because, endedAt: this.#now() });
    if (step.applied === null) {
      await this.#log('error', {
        text: `${step.view.id}: ${because}`,
        step: step.view.id,
        playbook: this.#options.playbook.name,
      });
    }
    const impossible = step.plan?.refused?.kind === 'impossible' || step.view.kind === 'check';
    return this.#afterFailure(
      step,
      left || impossible ? 'needs-attention' : 'failed',
      `${step.view.title}: ${because}`,
    );
  }

  async #afterFailure(step: Step, outcome: RunOutcome, summary: string): Promise<'next' | 'end'> {
    const then = step.definition.whenFailed ?? 'stop';
    if (then === 'go-on') return 'next';
    if (then === 'stop') {
      this.#finish(outcome, summary);
      return 'end';
    }
    const undone = this.#steps.find((one) => one.definition.id === then.undo);
    if (undone?.applied) {
      const result = await this.#undoStep(undone, undone.applied);
      this.#finish(
        result.ok === true ? 'undone' : 'needs-attention',
        result.ok === true ? `${summary} Undone: ${undone.view.title}.` : `${summary} Undoing it: ${result.text}`,
      );
    } else {
      this.#finish(outcome, summary);
    }
    return 'end';
  }

  async #cancelled(step: Step, because = ''): Promise<'end'> {
    this.#set(step, { state: 'skipped', endedAt: this.#now() });
    const { playbook } = this.#options;
    await this.#log('note', {
      text: `${playbook.name} was ended at step ${step.view.id}${because === '' ? '' : `: ${because}`}`,
      playbook: playbook.name,
      step: step.view.id,
    });
    const why = because === '' ? '' : ` (${because})`;
    this.#finish('cancelled', `Ended at: ${step.view.title}${why}. What was done stays done and can be undone.`);
    return 'end';
  }

  #conclude(): void {
    const { views, failed, unverified } = this.#tally();
    if (failed.length > 0) {
      const names = failed.map((view) => `${view.title}: ${view.error}`).join('; ');
      this.#finish('needs-attention', `Done but for ${names}`);
    } else if (unverified.length > 0) {
      const names = unverified.map((view) => `${view.title}: ${view.verified?.text ?? ''}`).join('; ');
      this.#finish('needs-attention', `Done, but not verified: ${names}`);
    } else {
      const told = views.flatMap((view) => (view.verified?.text ? [view.verified.text] : []));
      this.#finish('done', told.join(' '));
    }
  }

  #tally() {
    const views = this.#steps.map((step) => step.view);
    return {
      views,
      failed: views.filter((view) => view.state === 'failed'),
      unverified: views.filter((view) => view.state === 'done' && view.kind === 'action' && view.verified?.ok === null),
    };
  }

  // Undoing.

  async #undoAll(): Promise<RunView> {
    this.#autoUndo.clear();
    await this.#keeping;
    const results: Verification[] = [];
    for (const step of this.#steps.toReversed()) {
      if (undoable(step) && step.applied !== null) results.push(await this.#undoStep(step, step.applied));
    }
    if (results.length === 0) {
      this.#summary = 'There is nothing to undo.';
    } else if (results.every((result) => result.ok === true)) {
      this.#outcome = 'undone';
      this.#summary = results.map((result) => result.text).join(' ');
    } else {
      this.#outcome = 'needs-attention';
      this.#summary = results.map((result) => result.text).join(' ');
    }
    this.#changed();
    return this.view();
  }

  async #undoStep(step: Step, state: Record<string, unknown>): Promise<Verification> {
    const { action, view } = step;
    const { playbook } = this.#options;
    if (!action?.undo) return { ok: null, text: `${view.title} cannot be undone.` };
    this.#set(step, { state: 'undoing', progress: null });
    await this.#log('undo', {
      step: view.id,
      playbook: playbook.name,
      action: action.name,
      before: state,
      text: view.undo,
    });
    let result: Verification;
    try {
      const context = this.#context(step, 'undoing');
      const last = action.endsWhenStopped ? { ...context, signal: AbortSignal.timeout(millisecondsToEnd) } : context;
      result = await action.undo(last, state);
    } catch (error) {
      result = { ok: null, text: sentenceOf(error) };
    }
    await this.#log('verify', {
      step: view.id,
      playbook: playbook.name,
      action: action.name,
      ok: result.ok,
      text: result.text,
      undo: true,
      ...(step.record === null ? {} : { record: step.record.id }),
    });
    if (result.ok === true) {
      step.applied = null;
      if (step.deadline !== null && this.#autoUndo.at === step.deadline) this.#autoUndo.clear();
      step.deadline = null;
      this.#set(step, { state: 'undone', endedAt: this.#now() });
    } else {
      const error = [view.error, `Not undone: ${result.text}`].filter(Boolean).join(' ');
      this.#set(step, { state: 'failed', endedAt: this.#now(), error });
    }
    return result;
  }

  /** Sets when the change is undone by itself, before it is made: a session that dies half way leaves it too. */
  async #setDeadline(step: Step, action: Action): Promise<void> {
    const { undoAfterMinutes: minutes } = step.definition;
    const { interactive, guard, playbook, target } = this.#options;
    if (minutes === undefined || !action.undo || step.record === null || !(interactive || guard)) return;
    const at = new Date(this.#options.now().getTime() + minutes * 60_000).toISOString();
    step.deadline = at;
    const deadline = { record: step.record.id, step: step.view.id, playbook: playbook.name, at };
    await this.#log('note', deadlineNote(deadline, target.name));
    this.#guardedBy = (await guard?.(deadline)) ?? '';
    this.#autoUndo.start(at, () => {
      const { applied } = step;
      if (applied === null) return;
      this.#undoneByTimer(step, applied).catch((error: unknown) => {
        this.#finish('needs-attention', `It should have been undone by itself: ${sentenceOf(error)}`);
      });
    });
    this.#changed();
  }

  async #clearDeadline(step: Step, text: string): Promise<void> {
    if (step.deadline === null || step.record === null) return;
    if (this.#autoUndo.at === step.deadline) this.#autoUndo.clear();
    step.deadline = null;
    await this.#log('note', { ...keptNote([step.record.id]), text });
  }

  async #undoneByTimer(step: Step, state: Record<string, unknown>): Promise<void> {
    const result = await this.#undoStep(step, state);
    this.#finish(
      result.ok === true ? 'undone' : 'needs-attention',
      result.ok === true
        ? `${step.view.title} was undone by itself: nobody kept it.`
        : `${step.view.title} should have been undone by itself: ${result.text}`,
    );
  }

  // Small things.

  #context(step: Step, work: 'planning' | 'applying' | 'undoing'): ActionContext {
    const { log, target, responderAddress, playbook } = this.#options;
    const changes = step.plan?.changes ?? [];
    let gate: StepGate;
    if (work === 'planning') {
      const refuse = async () => {
        throw new Error('a plan only reads: nothing may be changed while it is made');
      };
      gate = { before: refuse, after: refuse, running: () => [], sent: () => ({ left: 0, notDone: 0 }) };
    } else {
      gate = stepGate({
        log,
        playbook: playbook.name,
        step: step.view.id,
        action: step.view.action,
        changes,
        record: step.record,
        onCorrelation: (id) => {
          if (step.view.correlationIds.includes(id)) return;
          this.#set(step, { correlationIds: [...step.view.correlationIds, id] });
        },
      });
      step.gate = gate;
    }
    return {
      target,
      caseId: log.caseId,
      ...(log.folder === undefined ? {} : { caseFolder: log.folder }),
      ...(log.head === undefined || work === 'planning' ? {} : { caseHead: log.head }),
      responderAddress,
      gate,
      keep: async (name, document) => (await log.keep(name, document)).file,
      progress: (progress: Progress) => this.#set(step, { progress }),
      asked: tellQueries(log, { playbook: playbook.name, step: step.view.id }),
      signal: this.#stop.signal,
      ...(step.deadline === null || work === 'planning' ? {} : { deadline: step.deadline }),
      ...(work === 'applying' && this.#options.interactive
        ? { askToWait: (about: LongWait) => this.#askToWait(step, about) }
        : {}),
    };
  }

  /** A no is followed by the question what next: to skip the step, or to end the playbook. */
  async #askToWait(step: Step, about: LongWait): Promise<WaitAnswer> {
    this.#set(step, { state: 'waiting' });
    const answer = await this.#asking.ask({
      step: step.view.id,
      level: 'reversible',
      question: `${longWaitText(about)}. Wait?`,
      expects: 'y',
      yes: 'wait',
      consequences: [
        'Azure throttles these requests: sent earlier, it is refused again.',
        'What this step has changed by now stays while you wait; when you do not, it is undone.',
      ],
    });
    const chosen = answer.kind === 'text' ? 'wait' : answer.kind === 'skip' ? 'skip' : 'stop';
    await this.#log('note', { text: `${longWaitText(about)}: ${chosen}`, step: step.view.id });
    this.#set(step, { state: 'applying' });
    return chosen;
  }

  #keepRecord(step: Step, state: Record<string, unknown>, id: string | null): Promise<StepEvidence> {
    const { playbook, target, responderAddress, log } = this.#options;
    return keepStepRecord(log, id, {
      playbook: playbook.name,
      step: step.view.id,
      title: step.view.title,
      action: step.view.action,
      undo: step.view.undo,
      target,
      responderAddress,
      state,
    });
  }

  #planned(step: Step, plan: ActionPlan): void {
    step.plan = plan;
    this.#set(step, { ...planShown(plan), digest: digestOf(this.#approvable(step)) });
  }

  #finish(outcome: RunOutcome, summary: string): void {
    this.#outcome = outcome;
    this.#summary = summary;
    this.#changed();
  }

  #set(step: Step, part: Partial<StepView>): void {
    step.view = { ...step.view, ...part };
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #log(kind: Parameters<CaseLog['append']>[0], body: Record<string, unknown>): Promise<unknown> {
    return this.#options.log.append(kind, body);
  }

  #now(): string {
    return this.#options.now().toISOString();
  }
}

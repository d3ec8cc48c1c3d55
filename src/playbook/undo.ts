import type { Action, ActionContext, Progress, Verification } from './action.ts';
import { type CaseLog, tellQueries } from './case-log.ts';
import { type StepGate, stepGate } from './gate.ts';
import { sentenceOf } from './sentence-of.ts';
import type { UndoableStep } from './step-record.ts';

export interface UndoOptions {
  actions: ReadonlyMap<string, Action>;
  log: CaseLog;
  /** The confirmation as typed. */
  typed: string;
  reason: string;
  /** Undoes it although it was changed since, which was shown: the VM's name was typed for this step. */
  overDrift?: boolean;
  progress(progress: Progress): void;
  /** Gets the gate, to show which operations run when it is stopped. */
  onGate?: (gate: StepGate) => void;
  signal: AbortSignal;
}

/** The gate of a recorded step, and what its action may use besides Azure. */
function contextOf(
  { playbook, step, action, target, responderAddress }: UndoableStep['record'],
  { log, signal }: Pick<UndoOptions, 'log' | 'signal'>,
): ActionContext & { gate: StepGate } {
  return {
    target,
    caseId: log.caseId,
    responderAddress,
    gate: stepGate({ log, playbook, step, action, changes: [], record: null }),
    keep: async (name, document) => (await log.keep(name, document)).file,
    progress: () => {},
    asked: tellQueries(log, { playbook, step }),
    signal,
  };
}

/**
 * A recorded step stays: takes away in Azure what announces its undo, through the same gate. Returns why that failed, "" when
 * it did not.
 */
export async function keepRecorded(
  { record }: UndoableStep,
  options: Pick<UndoOptions, 'actions' | 'log' | 'signal'>,
): Promise<string> {
  const action = options.actions.get(record.action);
  if (!action?.kept) return '';
  try {
    await action.kept(contextOf(record, options), record.state);
    return '';
  } catch (error) {
    return sentenceOf(error);
  }
}

/**
 * Undoes a step from its record, in whatever process it was done: through the same gate, with intents and outcomes.
 * Rejects only when the case file cannot be written.
 */
export async function undoRecorded(step: UndoableStep, options: UndoOptions): Promise<Verification> {
  const { record } = step;
  const { log } = options;
  const action = options.actions.get(record.action);
  if (!action?.undo) return { ok: null, text: `${record.title} cannot be undone: ${record.action} has no undo.` };
  await log.append('confirm', {
    playbook: record.playbook,
    step: record.step,
    level: action.undoing?.danger ?? 'reversible',
    typed: options.typed,
    reason: options.reason,
    undo: true,
  });
  const about = { step: record.step, playbook: record.playbook, action: record.action, record: record.id };
  await log.append('undo', { ...about, before: record.state, text: record.undo, evidence: step.evidence });
  const context = contextOf(record, options);
  options.onGate?.(context.gate);
  let result: Verification;
  try {
    const { progress, overDrift } = options;
    result = await action.undo({ ...context, progress, ...(overDrift === true ? { overDrift } : {}) }, record.state);
  } catch (error) {
    result = { ok: null, text: sentenceOf(error) };
  }
  await log.append('verify', { ...about, ok: result.ok, text: result.text, undo: true });
  return result;
}

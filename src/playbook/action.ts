import type * as z from 'zod';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { ChangeGate } from '../documents/exchange.ts';
import type { Change, Danger, Permission } from '../documents/run.ts';

/** How far a long operation is; `fraction` from 0 to 1, null when Azure does not report it. */
export interface Progress {
  fraction: number | null;
  text: string;
}

/** The VM that a playbook acts on. */
export interface Target {
  id: string;
  name: string;
  resourceGroup: string;
  subscriptionId: string;
  location: string;
}

/** What an action may use besides Azure: the gate for its changes, a place for evidence, a way to report progress. */
export interface ActionContext {
  target: Target;
  caseId: string;
  /** The responder's own public address, which stays allowed; "" when it is not known. */
  responderAddress: string;
  gate: ChangeGate;
  /** Keeps a document as evidence in the case file; returns its file name. */
  keep(name: string, document: unknown): Promise<string>;
  progress(progress: Progress): void;
  /** Receives each query that was sent for the action, and its answer. */
  asked(query: AskedQuery): void;
  signal: AbortSignal;
  /** When the change is undone by itself unless it is kept, ISO 8601 UTC; absent when it is not. */
  deadline?: string;
  /** The VM's name was typed for this undo after its drift was shown: changes made by others are no reason to stop. */
  overDrift?: boolean;
}

/** What an action would do, from reads alone. `state` is what apply, verify and undo need, and is JSON. */
export interface ActionPlan {
  title: string;
  changes: Change[];
  touches: string[];
  permissions: Permission[];
  danger: Danger;
  undo: string;
  warnings: string[];
  /** What the change will not do, and its other consequences, for the prompt: one sentence each. */
  consequences: string[];
  /** Set when there is nothing to do (already so) or it cannot be done: the sentence says which. */
  refused?: { kind: 'nothing-to-do' | 'impossible'; because: string };
  state: Record<string, unknown>;
}

/** The part of a plan, and of a step's view, that changes nothing: no change, nothing touched, nothing to be permitted. */
export function nothingPlanned(): Pick<
  ActionPlan,
  'changes' | 'touches' | 'permissions' | 'danger' | 'undo' | 'warnings'
> {
  return { changes: [], touches: [], permissions: [], danger: 'none', undo: '', warnings: [] };
}

/** The world is not what the plan saw: the plan must be made again. Nothing was changed. */
export class StalePlan extends Error {
  override readonly name = 'StalePlan';
}

/** What Azure says after the change; null when it could not be asked. */
export interface Verification {
  ok: boolean | null;
  text: string;
}

/** One change that can be made in Azure. */
export interface Action {
  /** "nsg.lock" */
  name: string;
  /** Schema of the step's `with`. */
  input: z.ZodType;
  /** The confirmation that it takes at most, known before it is planned. */
  danger: Danger;
  /** A step that failed half way is undone at once. Not for what should be kept, such as evidence. */
  undoOnFailure?: boolean;
  /** How undoing is confirmed, and whether undoing the whole playbook includes it. Reversible and included when absent. */
  undoing?: { danger: Danger; included: boolean };
  /** Reads only. */
  plan(context: ActionContext, input: unknown): Promise<ActionPlan>;
  /** Does what the plan showed and nothing else; refuses (StalePlan) when the before-state has changed. Returns the state for verify and undo. */
  apply(context: ActionContext, plan: ActionPlan): Promise<Record<string, unknown>>;
  verify(context: ActionContext, state: Record<string, unknown>): Promise<Verification>;
  /** Absent when it cannot or need not be undone. Checks for drift first and says what it found. */
  undo?(context: ActionContext, state: Record<string, unknown>): Promise<Verification>;
}

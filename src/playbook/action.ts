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
  /** The case's folder, for what is too large to be kept as a document; absent where there is none. */
  caseFolder?: string;
  /** How many entries the case has now, and the hash of the last: "214:9f86…"; absent where there is none. */
  caseHead?: () => string;
  /** The responder's own public address, which stays allowed; "" when it is not known. */
  responderAddress: string;
  gate: ChangeGate;
  /** Keeps a document as evidence in the case file; returns its file name. */
  keep(name: string, document: unknown): Promise<string>;
  progress(progress: Progress): void;
  /** Receives each query that was sent for the action, and its answer. */
  asked(query: AskedQuery): void;
  signal: AbortSignal;
  /** Asks the user about a long wait; absent where no user can be asked, and the wait is bounded instead. */
  askToWait?(about: LongWait): Promise<WaitAnswer>;
  /** When the change is undone by itself unless it is kept, ISO 8601 UTC; absent when it is not. */
  deadline?: string;
  /** The VM's name was typed for this undo after its drift was shown: changes made by others are no reason to stop. */
  overDrift?: boolean;
}

/** Azure asks for a wait of more than a minute before it takes a request. */
export interface LongWait {
  /** The request, for people: "PUT web01-nic". */
  what: string;
  seconds: number;
  /** When it is over, ISO 8601 UTC. */
  until: string;
}
export type WaitAnswer = 'wait' | 'skip' | 'stop';

/** "Azure asks to wait 300 s, until 02:25:11Z, before PUT web01-nic" */
export const longWaitText = ({ what, seconds, until }: LongWait): string =>
  `Azure asks to wait ${seconds} s, until ${until.slice(11, 19)}Z, before ${what}`;

/** The user did not want to wait. The request that was to wait was not done. */
export class NotWaitedFor extends Error {
  override readonly name = 'NotWaitedFor';
  readonly answer: Exclude<WaitAnswer, 'wait'>;

  constructor(about: LongWait, answer: Exclude<WaitAnswer, 'wait'>) {
    super(`${longWaitText(about)}; it was not waited for.`);
    this.answer = answer;
  }
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
  /**
   * Texts that this plan made of the case and the time: names of what it creates, ends of what it grants. Another plan of the
   * same makes others, so no approval depends on them.
   */
  made?: readonly string[];
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
  /** Stopped, it first ends in Azure what it opened there: leaving waits for that. */
  endsWhenStopped?: boolean;
  /** How undoing is confirmed, and whether undoing the whole playbook includes it. Reversible and included when absent. */
  undoing?: { danger: Danger; included: boolean };
  /** Reads only. */
  plan(context: ActionContext, input: unknown): Promise<ActionPlan>;
  /** Does what the plan showed and nothing else; refuses (StalePlan) when the before-state has changed. Returns the state for verify and undo. */
  apply(context: ActionContext, plan: ActionPlan): Promise<Record<string, unknown>>;
  verify(context: ActionContext, state: Record<string, unknown>): Promise<Verification>;
  /** The change stays although it was to be undone at a time: takes away what announces that to others. */
  kept?(context: ActionContext, state: Record<string, unknown>): Promise<void>;
  /** Absent when it cannot or need not be undone. Checks for drift first and says what it found. */
  undo?(context: ActionContext, state: Record<string, unknown>): Promise<Verification>;
}

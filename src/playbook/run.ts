import type { Danger, PlannedStep, RunDocument } from '../documents/run.ts';
import type { Progress, Verification } from './action.ts';

export type StepState =
  | 'pending'
  | 'planning'
  | 'planned'
  | 'waiting'
  | 'applying'
  | 'verifying'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'undoing'
  | 'undone';

export interface StepView extends PlannedStep {
  state: StepState;
  progress: Progress | null;
  verified: Verification | null;
  correlationIds: string[];
  /** ISO 8601 UTC; "" before it began or ended. */
  startedAt: string;
  endedAt: string;
  error: string;
  /** Was something changed that `undo` would put back now? */
  undoable: boolean;
  /** SHA-256 of the step as it was planned last (`ApprovedStep`), in hexadecimal; absent before that. */
  digest?: string;
  /** The answer to a question; absent where none was given. */
  answer?: string;
}

/** A question to the user. Enter alone never answers it. */
export interface Prompt {
  step: string;
  level: Danger | 'ask';
  question: string;
  /** What must be typed: "y", or the VM's name; "" for a free answer. */
  expects: string;
  /** What a yes does, where it is not to apply a change: "wait". */
  yes?: string;
  consequences: string[];
}

/** The digest of a whole plan: all steps as planned, with every parameter. SHA-256, in hexadecimal; "" where it could not be made. */
export interface PlanShown {
  digest: string;
  /** Why there is no digest; "" when there is. */
  because: string;
}

export type RunOutcome = 'running' | 'done' | 'failed' | 'undone' | 'needs-attention' | 'cancelled';

export interface RunView {
  playbook: string;
  title: string;
  vm: { id: string; name: string };
  steps: StepView[];
  /** Index of the current step. */
  current: number;
  prompt: Prompt | null;
  /** The whole plan, by which it can be compared with what another was shown; null or absent before it is made. */
  plan?: PlanShown | null;
  outcome: RunOutcome;
  /** One sentence on how it ended; "" while it runs. */
  summary: string;
  /** When the change is undone by itself unless kept; null when no timer runs. */
  autoUndoAt: string | null;
  /** When it would have been, had its case not been lost meanwhile: nothing is undone from a record that is not there. */
  undoLostAt?: string | null;
  /** The process that undoes it then when this one is gone, in words; "" or absent when there is none. */
  guardedBy?: string;
}

/** A playbook in progress, as the workbench and the command line drive it. */
export interface PlaybookRun {
  view(): RunView;
  subscribe(listener: () => void): () => void;
  /** Plans and runs step by step, waiting at prompts; resolves when it ended, in whatever way. */
  start(): Promise<RunView>;
  /** Answers the prompt. A wrong answer is refused and the prompt stays. */
  answer(text: string): 'accepted' | 'refused';
  /** Skips the current step and goes on. */
  skip(): void;
  /** Ends the playbook at the prompt; what was done stays done and can be undone. `because`: why, where no user did. */
  cancel(because?: string): void;
  /** Continues a playbook that was cancelled, from the step where it ended; resolves when it ends again. */
  resume(): Promise<RunView>;
  /** Undoes the steps that were done, last first. */
  undo(): Promise<RunView>;
  /** Stops the auto-undo timer: the change stays. */
  keep(): void;
  /** Writes down what goes on without this process, which is about to end. */
  leave?(): Promise<void>;
  document(): RunDocument;
}

import type { RunDocument } from '../documents/run.ts';
import type { Action } from './action.ts';
import type { CaseLog } from './case-log.ts';
import type { PlaybookRun, RunView, StepView } from './run.ts';
import type { UndoableStep } from './step-record.ts';
import { pendingView, ranPart } from './step-views.ts';
import { undoRecorded } from './undo.ts';

/** A step that another process did, and what is known of it, in a sentence. */
export interface RecordedStep {
  step: UndoableStep;
  text: string;
}

export interface RecordedRunOptions {
  /** "Locks at web01" */
  title: string;
  vm: { id: string; name: string };
  /** Oldest first; at least one. */
  steps: readonly RecordedStep[];
  /** What cannot be undone from here, and why, in sentences. */
  warnings: readonly string[];
  actions: ReadonlyMap<string, Action>;
  log: CaseLog;
  now: () => Date;
}

/** The name that stands for the playbook of such a run. */
const recordedPlaybook = 'undo';

/** What earlier processes did, as a playbook that is over: nothing of it runs, and it can be undone. */
export class RecordedRun implements PlaybookRun {
  readonly #options: RecordedRunOptions;
  readonly #listeners = new Set<() => void>();
  readonly #stopped = new AbortController();
  /** Steps whose undo stopped at a change by others: that was shown, so that the next undo goes on over it. */
  readonly #driftShown = new Set<number>();
  #view: RunView;

  constructor(options: RecordedRunOptions) {
    this.#options = options;
    this.#view = {
      playbook: recordedPlaybook,
      title: options.title,
      vm: options.vm,
      steps: options.steps.map((one) => viewOf(one, options)),
      current: 0,
      prompt: null,
      outcome: 'done',
      summary: options.warnings.join(' '),
      autoUndoAt: null,
    };
  }

  view(): RunView {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): Promise<RunView> {
    return Promise.resolve(this.#view);
  }

  answer(): 'refused' {
    return 'refused';
  }

  skip(): void {}

  cancel(): void {}

  resume(): Promise<RunView> {
    return Promise.resolve(this.#view);
  }

  keep(): void {}

  leave(): Promise<void> {
    this.#stopped.abort();
    return Promise.resolve();
  }

  /** Undoes what is left to undo, last first, as `cordon undo` does. Rejects when the case file cannot be written. */
  async undo(): Promise<RunView> {
    const texts: string[] = [];
    let whole = true;
    for (const [at, view] of [...this.#view.steps.entries()].reverse()) {
      if (!view.undoable) continue;
      const { ok, text } = await this.#undoStep(at);
      whole &&= ok === true;
      texts.push(text);
    }
    if (texts.length > 0) {
      const summary = [...texts, ...this.#options.warnings].join(' ');
      this.#become({ outcome: whole ? 'undone' : 'needs-attention', summary });
    }
    return this.#view;
  }

  async #undoStep(at: number): Promise<{ ok: boolean | null; text: string }> {
    const { log, actions, now, vm } = this.#options;
    const recorded = this.#options.steps[at];
    if (!recorded) return { ok: null, text: 'There is no such step.' };
    this.#set(at, { state: 'undoing', progress: null, startedAt: now().toISOString(), endedAt: '' });
    const { step } = recorded;
    try {
      // A record that was read from Azure alone becomes evidence when it is acted on.
      const evidence = step.evidence.file === '' ? await log.keep('lock-of-another', step.record) : step.evidence;
      const result = await undoRecorded(
        { ...step, evidence },
        {
          actions,
          log,
          typed: vm.name,
          reason: '',
          overDrift: this.#driftShown.has(at),
          progress: (progress) => this.#set(at, { progress }),
          signal: this.#stopped.signal,
        },
      );
      const endedAt = now().toISOString();
      if (result.ok === true) this.#set(at, { state: 'undone', undoable: false, verified: result, endedAt });
      else this.#set(at, { state: 'failed', error: `Not undone: ${result.text}`, endedAt });
      if (result.ok === false) this.#driftShown.add(at);
      return result;
    } catch (error) {
      this.#set(at, { state: 'failed', error: 'The case file could not be written.', endedAt: now().toISOString() });
      throw error;
    }
  }

  #set(at: number, changes: Partial<StepView>): void {
    this.#become({ steps: this.#view.steps.map((step, place) => (place === at ? { ...step, ...changes } : step)) });
  }

  #become(changes: Partial<RunView>): void {
    this.#view = { ...this.#view, ...changes };
    for (const listener of this.#listeners) listener();
  }

  document(): RunDocument {
    const { vm, log, now } = this.#options;
    return {
      schema: 'cordon.run/1',
      asOf: now().toISOString(),
      playbook: recordedPlaybook,
      vm,
      case: log.caseId,
      steps: this.#view.steps.map(ranPart),
    };
  }
}

function viewOf({ step, text }: RecordedStep, { actions }: RecordedRunOptions): StepView {
  const { record, at, verified } = step;
  const action = actions.get(record.action);
  return {
    ...pendingView({ id: record.step, title: record.title, uses: record.action }),
    danger: action?.undoing?.danger ?? action?.danger ?? 'disruptive',
    undo: record.undo,
    state: 'done',
    verified: { ok: verified, text },
    endedAt: Number.isNaN(Date.parse(at)) ? '' : at,
    undoable: action?.undo !== undefined,
  };
}

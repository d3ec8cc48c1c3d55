import { steady } from '../text/cells.ts';
import type { Handlers } from './commands.ts';
import { jobsOf } from './playbooks/jobs.ts';
import type { RunSlots } from './playbooks/run-slots.ts';
import type { SessionState } from './state.ts';
import type { Holder } from './state-store.ts';

/** What goes on in Azure now, one line each. */
function operations(state: SessionState): string[] {
  return jobsOf(state)
    .filter((job) => !job.waiting)
    .map((job) => steady(`${job.title}${job.text === '' ? '' : ` (${job.text})`}`, 300));
}

/** What would be undone by itself, were cordon not left, one sentence each. */
function timers(state: SessionState): string[] {
  return state.runs
    .filter((slot) => slot.view.autoUndoAt !== null)
    .map((slot) => {
      const openCase = state.cases.get(slot.vmId)?.openCase;
      const { playbook, vm, autoUndoAt, guardedBy } = slot.view;
      const cure = openCase ? `cordon undo ${openCase.id} undoes it` : 'undo it by hand';
      const text = guardedBy
        ? `${playbook} on ${vm.name} is undone at ${autoUndoAt} by ${guardedBy}, unless you keep it: cordon undo ${openCase?.id ?? ''} --keep.`
        : `${playbook} on ${vm.name} is not undone by itself once cordon is gone: ${cure}.`;
      return steady(text, 300);
    });
}

/** What goes on without cordon, one sentence each. */
export function lastWords(state: SessionState): string[] {
  return [...operations(state).map((one) => `Still running in Azure: ${one}`), ...timers(state)];
}

/** Has each playbook write down what goes on without this process. */
export async function leavePlaybooks(state: SessionState, slots: RunSlots): Promise<void> {
  const pending = state.runs.filter((slot) => slot.view.autoUndoAt !== null || slot.view.outcome === 'running');
  await Promise.allSettled(pending.map((slot) => slots.run(slot.id)?.leave?.() ?? Promise.resolve()));
}

/** Asks whether to leave, and leaves once. `quit` is called when the user has left. */
export class Leaving {
  readonly #holder: Holder;
  readonly #quit: () => void;
  #resolve: (() => void) | null = null;
  /** Resolves when the user has left. */
  readonly left: Promise<void>;

  readonly commands = {
    quit: () => this.#ask(),
    leave: () => this.leave(),
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, quit: () => void) {
    this.#holder = holder;
    this.#quit = quit;
    this.left = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  leave(): void {
    if (!this.#resolve) return;
    this.#resolve();
    this.#resolve = null;
    this.#quit();
  }

  #ask(): void {
    const state = this.#holder.get();
    const going = [...operations(state).map((one) => `Goes on in Azure without you: ${one}`), ...timers(state)];
    this.#holder.push({
      kind: 'confirm',
      confirms: 'quit',
      runId: -1,
      vmId: '',
      words: { yes: 'leave', no: 'stay' },
      prompt: {
        step: 'quit',
        level: 'reversible',
        question: going.length > 0 ? 'Leave cordon while work goes on?' : 'Leave cordon?',
        expects: 'y',
        consequences: going.length > 0 ? going : ['Nothing of cordon runs in Azure now; the case files are kept.'],
      },
    });
  }
}

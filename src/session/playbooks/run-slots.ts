import type { PlaybookRun, RunView } from '../../playbook/run.ts';
import { type RunSlot, runOf, type SessionState, top } from '../state.ts';
import type { Holder } from '../state-store.ts';
import { openPorts } from './containment.ts';

/** Why no playbook can be started for the VM; "" when one can. */
export function refusal(state: SessionState, vmId: string): string {
  if (state.readOnly) return 'This session is read-only: nothing can be changed in Azure.';
  const slot = state.cases.get(vmId);
  if (!slot || slot.state === 'opening') return 'The case file is being opened: try again in a moment.';
  if (slot.state === 'failed') return `No case file, so nothing can be changed in Azure: ${slot.because}`;
  return '';
}

/** The playbooks of this session by their number: what runs them, beside what the state shows of them. */
export class RunSlots {
  readonly #holder: Holder;
  readonly #now: () => Date;
  readonly #runs = new Map<number, PlaybookRun>();
  #next = 1;

  constructor(holder: Holder, now: () => Date) {
    this.#holder = holder;
    this.#now = now;
  }

  run(id: number): PlaybookRun | undefined {
    return this.#runs.get(id);
  }

  slot(id: number): RunSlot | undefined {
    return runOf(this.#holder.get(), id);
  }

  /** The playbook that is drawn, or that the question on screen is about. */
  onScreen(): { slot: RunSlot; run: PlaybookRun } | null {
    const layer = top(this.#holder.get());
    const isAct = layer.kind === 'confirm' && layer.confirms === 'undo-act';
    const id = layer.kind === 'run' || (layer.kind === 'confirm' && !isAct) ? layer.runId : -1;
    const slot = this.slot(id);
    const run = this.run(id);
    return slot && run ? { slot, run } : null;
  }

  /** A slot for a playbook. It is not in the state yet. */
  add(vmId: string, run: PlaybookRun, earlier: boolean): RunSlot {
    const id = this.#next;
    this.#next += 1;
    this.#runs.set(id, run);
    return {
      id,
      vmId,
      view: run.view(),
      since: this.#now().toISOString(),
      undoing: false,
      earlier,
      openBefore: earlier ? null : openPorts(this.#holder.get().triages.get(vmId)?.part),
    };
  }

  /** Shows what the playbook reports now. */
  put(id: number, view: RunView, changes: Partial<RunSlot> = {}): void {
    const stateOf = (of: RunView) => `${of.current} ${of.steps[of.current]?.state ?? ''}`;
    this.#holder.set({
      runs: this.#holder.get().runs.map((slot) => {
        if (slot.id !== id) return slot;
        const since = stateOf(slot.view) === stateOf(view) ? slot.since : this.#now().toISOString();
        return { ...slot, view, since, ...changes };
      }),
    });
  }
}

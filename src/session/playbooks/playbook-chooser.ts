import type { VirtualMachine } from '../../documents/triage.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import type { Handlers } from '../commands.ts';
import { machineOf, runLayer, top } from '../state.ts';
import type { Holder } from '../state-store.ts';
import type { PlaybookOffer, Playbooks } from './playbooks.ts';

/** How a chosen playbook is started, for the VM on screen and for others. */
interface ChosenStart {
  /** Starts the playbook at that place of the offers, for the VM on screen. */
  start(vmId: string, index: number): void;
  /** Opens the case of another VM, reads the VM where that has not happened yet, and starts the playbook there. */
  startElsewhere(vm: VirtualMachine, name: string): void;
}

/** The new offers in the order that is on screen: a list must not change under the finger that chooses from it. */
function inOrderOf(shown: readonly PlaybookOffer[], offers: readonly PlaybookOffer[]): PlaybookOffer[] {
  const place = new Map(shown.map((offer, at) => [offer.name, at]));
  const at = (offer: PlaybookOffer) => place.get(offer.name) ?? shown.length;
  return [...offers].sort((one, other) => at(one) - at(other));
}

/** Offers playbooks for the VM on screen, starts the chosen one, and shows those that were started. */
export class PlaybookChooser {
  readonly #holder: Holder;
  readonly #playbooks: Playbooks;
  readonly #world: ChosenStart;

  readonly commands = {
    choose: ({ index }) => {
      const state = this.#holder.get();
      const layer = top(state);
      if (layer.kind !== 'chooser' || index >= state.offers.length) return;
      this.#holder.replaceTop({ ...layer, selected: index });
      this.start(layer.vmId, index);
    },
    jobs: () => this.#showRun(),
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, playbooks: Playbooks, world: ChosenStart) {
    this.#holder = holder;
    this.#playbooks = playbooks;
    this.#world = world;
  }

  /** Facts of a VM came: they decide which playbooks are offered. */
  arrived(part: TriageInProgress): void {
    const state = this.#holder.get();
    if (machineOf(state) !== part.vm.id) return;
    const offers = this.#playbooks.list(part.vm, part.findings);
    const choosing = state.layers.some((layer) => layer.kind === 'chooser');
    this.#holder.set({ offers: choosing ? inOrderOf(state.offers, offers) : offers });
  }

  /** Offers the playbooks in their present order: while the chooser was open they kept the order that was on screen. */
  offerAgain(): void {
    const state = this.#holder.get();
    const slot = state.triages.get(machineOf(state) ?? '');
    if (top(state).kind === 'triage' && slot) {
      this.#holder.set({ offers: this.#playbooks.list(slot.vm, slot.part.findings) });
    }
  }

  /**
   * Starts the playbook for the current VM and, where that is marked, for the other marked ones: each asks by itself.
   */
  start(vmId: string, index: number): void {
    const { offers, marked, scan, readOnly } = this.#holder.get();
    const name = offers[index]?.name;
    this.#world.start(vmId, index);
    if (name === undefined || !marked.has(vmId) || readOnly) return;
    this.#holder.set({ marked: new Set() });
    for (const { id, vm } of scan.rows) if (marked.has(id) && id !== vmId) this.#world.startElsewhere(vm, name);
  }

  /** Shows the playbook that waits for an answer, or the latest; from one of them the one before it. */
  #showRun(): void {
    const state = this.#holder.get();
    const layer = top(state);
    if (layer.kind !== 'run') {
      const slot = state.runs.find(({ view }) => view.prompt !== null) ?? state.runs.at(-1);
      if (slot) this.#holder.push(runLayer(state, slot.id));
      return;
    }
    // After the first comes the latest, so that an older one can still be undone.
    const here = state.runs.findIndex((slot) => slot.id === layer.runId);
    const before = state.runs[here - 1] ?? state.runs.at(-1);
    if (before && before.id !== layer.runId) this.#holder.replaceTop(runLayer(state, before.id));
  }
}

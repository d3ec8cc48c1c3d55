import type { VirtualMachine } from '../../documents/triage.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import type { Handlers } from '../commands.ts';
import { actLayer, type Layer, machineOf, runLayer, type SessionState, top } from '../state.ts';
import type { Holder } from '../state-store.ts';
import { vmInReach } from '../vm-in-reach.ts';
import { foundOn } from './found-on.ts';
import type { PlaybookOffer, Playbooks } from './playbooks.ts';

/** How a chosen playbook is started, on the VM on screen or on several. */
interface ChosenStart {
  /** Starts the playbook at that place of the offers, for the VM on screen. */
  start(vmId: string, index: number): void;
  /** Starts it on several VMs in one act, in the case of one of them. */
  startAll(caseVmId: string, offer: PlaybookOffer, vms: readonly VirtualMachine[]): void;
}

/** A playbook that `w` shows: on one VM, or on several. */
interface ShownPlaybook {
  waits: boolean;
  isOn(layer: Layer): boolean;
  layer(): Layer;
}

/** The playbooks of this session, those on several VMs as one. */
function shownPlaybooks(state: SessionState): ShownPlaybook[] {
  const members = new Set(state.acts.flatMap(({ runIds }) => [...runIds.values()]));
  const runs = state.runs.map(({ id, view }) => ({
    waits: view.prompt !== null,
    isOn: (layer: Layer) => layer.kind === 'run' && layer.runId === id,
    layer: () => runLayer(state, id),
    alone: !members.has(id),
  }));
  const acts = state.acts.map(({ id, view }) => ({
    waits: view.prompt !== null,
    isOn: (layer: Layer) => layer.kind === 'act' && layer.actId === id,
    layer: () => actLayer(state, id),
  }));
  // One of several that has a question of its own is shown by itself.
  return [...runs.filter(({ alone, waits }) => alone || waits), ...acts];
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
    const choosing = state.layers.findLast((layer) => layer.kind === 'chooser');
    const offers = this.#playbooks.list(part.vm, foundOn(state, choosing?.vmIds ?? [part.vm.id]));
    this.#holder.set({ offers: choosing ? inOrderOf(state.offers, offers) : offers });
  }

  /** Offers the playbooks in their present order: while the chooser was open they kept the order that was on screen. */
  offerAgain(): void {
    const state = this.#holder.get();
    const slot = state.triages.get(machineOf(state) ?? '');
    if (top(state).kind === 'triage' && slot) {
      this.#holder.set({ offers: this.#playbooks.list(slot.vm, foundOn(state, [slot.vm.id])) });
    }
  }

  /** Starts the playbook at that place of the offers, on the VM or, where the list is for several, on all in one act. */
  start(vmId: string, index: number): void {
    const state = this.#holder.get();
    const layer = top(state);
    const offer = state.offers[index];
    const ids = layer.kind === 'chooser' ? layer.vmIds : [];
    const vms = ids.flatMap((id) => vmInReach(state, id) ?? []);
    const [first] = vms;
    if (offer && first && (vms.length > 1 || first.id !== vmId)) this.#world.startAll(vmId, offer, vms);
    else this.#world.start(vmId, index);
  }

  /** Shows the playbook that waits for an answer, or the latest; from one of them the one before it. */
  #showRun(): void {
    const state = this.#holder.get();
    const layer = top(state);
    const all = shownPlaybooks(state);
    const here = all.findIndex((one) => one.isOn(layer));
    if (here < 0) {
      const one = all.find(({ waits }) => waits) ?? all.at(-1);
      if (one) this.#holder.push(one.layer());
      return;
    }
    // After the first comes the latest, so that an older one can still be undone.
    const before = all[here - 1] ?? all.at(-1);
    if (before && !before.isOn(layer)) this.#holder.replaceTop(before.layer());
  }
}

import type { VirtualMachine } from '../../documents/triage.ts';
import type { PlaybookRun, RunView } from '../../playbook/run.ts';
import type { OpenCase } from '../cases/case-keeper.ts';
import { runLayer, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import type { Playbooks } from './playbooks.ts';
import { type RunSlots, refusal } from './run-slots.ts';

/** How long leaving waits for playbooks that are at a prompt to end. */
const endingMilliseconds = 3_000;

/** Starts playbooks and follows them. `changed` is called when Azure may look different for a VM. */
export class PlaybookStarts {
  readonly #holder: Holder;
  readonly #playbooks: Playbooks;
  readonly #slots: RunSlots;
  readonly #changed: (vmId: string) => void;
  readonly #endings = new Map<number, Promise<unknown>>();
  /** Playbooks that are being made ready: `vmId name`. */
  readonly #starting = new Set<string>();

  constructor(holder: Holder, playbooks: Playbooks, slots: RunSlots, changed: (vmId: string) => void) {
    this.#holder = holder;
    this.#playbooks = playbooks;
    this.#slots = slots;
    this.#changed = changed;
  }

  /** Starts the playbook at a place of the offers; shows it when it is going on already. */
  start(vmId: string, index: number): void {
    const state = this.#holder.get();
    const offer = state.offers[index];
    if (!offer) return;
    const refused = offer.disabled || refusal(state, vmId);
    if (refused !== '') {
      this.#holder.say(refused, 'bad');
      return;
    }
    // Two of the same at once would undo each other's before-state.
    const going = state.runs.find(
      (slot) => slot.vmId === vmId && slot.view.playbook === offer.name && slot.view.outcome === 'running',
    );
    this.#holder.note({ awaited: true });
    if (going) this.#holder.replaceTop(runLayer(state, going.id));
    else void this.#makeReady(offer.name, vmId, (vm, openCase) => this.#playbooks.start(offer.name, vm, openCase));
  }

  /** Plans a comment on an incident with the summary of the VM's case, and asks before it is posted. */
  post(vmId: string, incident: string): void {
    const refused = refusal(this.#holder.get(), vmId);
    if (refused !== '') {
      this.#holder.say(refused, 'bad');
      return;
    }
    this.#holder.note({ awaited: true });
    this.#holder.say('Looking for the incident.');
    void this.#makeReady('post-to-incident', vmId, (vm, openCase) => this.#playbooks.post(incident, vm, openCase));
  }

  /** Continues the playbook on screen where it was ended. */
  resume(): void {
    const found = this.#slots.onScreen();
    if (found?.slot.view.outcome !== 'cancelled') return;
    const refused = refusal(this.#holder.get(), found.slot.vmId);
    if (refused !== '') {
      this.#holder.say(refused, 'bad');
      return;
    }
    this.#holder.note({ awaited: true });
    this.#follow(found.slot.id, found.run, () => found.run.resume());
  }

  /** Ends the playbooks that wait for an answer, so that the case file says how they ended. */
  async endWaiting(): Promise<void> {
    const waiting = this.#holder.get().runs.filter((slot) => slot.view.prompt !== null);
    for (const slot of waiting) this.#slots.run(slot.id)?.cancel();
    const ended = Promise.allSettled(waiting.map((slot) => this.#endings.get(slot.id) ?? Promise.resolve()));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, endingMilliseconds);
    });
    await Promise.race([ended, patience]);
    clearTimeout(timer);
  }

  async #makeReady(
    name: string,
    vmId: string,
    make: (vm: VirtualMachine, openCase: OpenCase) => Promise<PlaybookRun>,
  ): Promise<void> {
    const state = this.#holder.get();
    const openCase = state.cases.get(vmId)?.openCase;
    const vm = state.triages.get(vmId)?.vm;
    if (!openCase || !vm) return;
    const place = `${vmId} ${name}`;
    if (this.#starting.has(place)) return;
    this.#starting.add(place);
    try {
      const run = await make(vm, openCase);
      if (!this.#holder.get().closing) this.#begin(name, vmId, run);
    } catch (error) {
      this.#holder.say(`${name} cannot be started: ${sentence(error)}`, 'bad');
    } finally {
      this.#starting.delete(place);
    }
  }

  #begin(name: string, vmId: string, run: PlaybookRun): void {
    const slot = this.#slots.add(vmId, run, false);
    const { id } = slot;
    const state = this.#holder.get();
    // The view changes only while it is the one where the playbook was begun: the chooser gives way, a transcript stays beneath.
    const onScreen = top(state);
    const stayed = (onScreen.kind === 'chooser' || onScreen.kind === 'transcript') && onScreen.vmId === vmId;
    const beneath = onScreen.kind === 'chooser' ? state.layers.slice(0, -1) : state.layers;
    this.#holder.set({
      runs: [...state.runs, slot],
      ...(stayed ? { layers: [...beneath, runLayer(state, id)], toast: null } : {}),
    });
    if (!stayed) this.#holder.say(`${name} is ready: w shows it.`);
    run.subscribe(() => this.#slots.put(id, run.view()));
    this.#follow(id, run, () => run.start());
  }

  /** Puts what comes of it into the state. */
  #follow(id: number, run: PlaybookRun, go: () => Promise<RunView>): void {
    const ending = go().then(
      (view) => {
        this.#slots.put(id, view);
        const slot = this.#slots.slot(id);
        if (slot && view.steps.some((step) => step.state === 'done' && step.kind === 'action')) {
          this.#changed(slot.vmId);
        }
      },
      (error: unknown) => {
        const view = run.view();
        this.#slots.put(id, view);
        this.#holder.say(`${view.playbook} stopped: ${sentence(error)}`, 'bad');
      },
    );
    this.#endings.set(id, ending);
  }
}

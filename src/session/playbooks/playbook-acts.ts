import type { VirtualMachine } from '../../documents/triage.ts';
import type { Act } from '../../playbook/act.ts';
import type { CaseWriting } from '../cases/case-writing.ts';
import { type ActSlot, actLayer, actOf, actTitle, type SessionState, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import type { PlaybookOffer, Playbooks } from './playbooks.ts';
import { type RunSlots, refusal } from './run-slots.ts';

/** What an act sets going besides. */
interface ActUses {
  /** Reads a VM that was not read yet. */
  read(vm: VirtualMachine): void;
  /** Azure may look different for a VM. */
  changed(vmId: string): void;
}

/** A playbook that works on one of the VMs already, or is about to: two of one kind would undo each other's before-state. */
function busyWith(state: SessionState, name: string, ids: readonly string[]): string {
  const run = state.runs.find(
    ({ vmId, view, earlier }) => !earlier && ids.includes(vmId) && view.playbook === name && view.outcome === 'running',
  );
  if (run) return `${name} goes on at ${run.view.vm.name}: end it first (w).`;
  const asked = state.acts
    .filter(({ view }) => view.playbook === name && (view.phase === 'planning' || view.phase === 'asked'))
    .flatMap(({ view }) => view.members)
    .find(({ vm, leftOut }) => leftOut === '' && ids.includes(vm.id));
  return asked ? `${name} waits for an answer about ${asked.vm.name}: w shows it.` : '';
}

/** Playbooks on several VMs: planned together, confirmed by one answer, changed in parallel. */
export class PlaybookActs {
  readonly #holder: Holder;
  readonly #playbooks: Playbooks;
  readonly #slots: RunSlots;
  readonly #cases: Pick<CaseWriting, 'join' | 'write'>;
  readonly #uses: ActUses;
  readonly #acts = new Map<number, Act>();
  readonly #endings = new Map<number, Promise<unknown>>();
  #next = 1;
  /** Playbooks of which the VMs' runs are being made. */
  readonly #starting = new Set<string>();

  constructor(
    holder: Holder,
    playbooks: Playbooks,
    slots: RunSlots,
    cases: Pick<CaseWriting, 'join' | 'write'>,
    uses: ActUses,
  ) {
    this.#holder = holder;
    this.#playbooks = playbooks;
    this.#slots = slots;
    this.#cases = cases;
    this.#uses = uses;
  }

  /** The act on screen. */
  onScreen(): { slot: ActSlot; act: Act } | null {
    const layer = top(this.#holder.get());
    const id = layer.kind === 'act' ? layer.actId : -1;
    const slot = actOf(this.#holder.get(), id);
    const act = this.#acts.get(id);
    return slot && act ? { slot, act } : null;
  }

  /** Plans a playbook on the VMs, all in the case of one of them, and asks once for all. */
  start(caseVmId: string, offer: PlaybookOffer, vms: readonly VirtualMachine[]): void {
    const state = this.#holder.get();
    const ids = vms.map(({ id }) => id);
    if (this.#starting.has(offer.name)) return;
    const refused = offer.disabled || refusal(state, caseVmId) || busyWith(state, offer.name, ids);
    if (refused !== '') {
      this.#holder.say(refused, 'bad');
      return;
    }
    for (const vm of vms) {
      this.#cases.join(vm, caseVmId);
      if (!state.triages.has(vm.id)) this.#uses.read(vm);
    }
    this.#holder.note({ awaited: true });
    void this.#begin(caseVmId, offer, vms);
  }

  /** Asks again after a no. */
  resume(): void {
    const found = this.onScreen();
    if (found?.slot.view.phase !== 'cancelled') return;
    this.#holder.note({ awaited: true });
    this.#follow(found.slot.id, found.act);
  }

  /** Ends those that wait for an answer. */
  async endWaiting(): Promise<void> {
    const waiting = this.#holder.get().acts.filter(({ view }) => view.prompt !== null);
    for (const { id } of waiting) this.#acts.get(id)?.cancel();
    await Promise.allSettled(waiting.map(({ id }) => this.#endings.get(id)));
  }

  async #begin(caseVmId: string, { name, title }: PlaybookOffer, vms: readonly VirtualMachine[]): Promise<void> {
    const openCase = this.#holder.get().cases.get(caseVmId)?.openCase;
    if (!openCase) return;
    this.#starting.add(name);
    try {
      // Loaded with the first act: it comes with what the playbooks need.
      const { Act, wordIn } = await import('../../playbook/act.ts');
      const guarded = new Map<string, string>();
      let act: Act | null = null;
      const members = await Promise.all(
        vms.map(async (target) => {
          const together = { word: wordIn(() => act, target), guarded };
          return { target, run: await this.#playbooks.start(name, target, openCase, together) };
        }),
      );
      if (this.#holder.get().closing) return;
      act = new Act({ playbook: name, title }, members);
      this.#show(caseVmId, act);
    } catch (error) {
      this.#holder.say(`${name} cannot be started: ${sentence(error)}`, 'bad');
    } finally {
      this.#starting.delete(name);
    }
  }

  #show(caseVmId: string, act: Act): void {
    const id = this.#next;
    this.#next += 1;
    this.#acts.set(id, act);
    const slot: ActSlot = { id, caseVmId, view: act.view(), runIds: new Map() };
    const state = this.#holder.get();
    const acts = [...state.acts, slot];
    // The view changes only while the list that it was chosen from is still on screen.
    const stayed = top(state).kind === 'chooser';
    const layers = stayed ? [...state.layers.slice(0, -1), actLayer({ ...state, acts }, id)] : state.layers;
    this.#holder.set({ acts, layers, marked: new Set() });
    if (!stayed) this.#holder.say(`${actTitle(slot)} is planned: w shows it.`);
    act.subscribe(() => this.#put(id, { view: act.view() }));
    this.#follow(id, act);
  }

  #follow(id: number, act: Act): void {
    const ending = act
      .start(() => this.#confirmed(id, act))
      .then(
        () => this.#ended(id),
        (error: unknown) => this.#holder.say(`${act.view().playbook} stopped: ${sentence(error)}`, 'bad'),
      );
    this.#endings.set(id, ending);
  }

  /** The answer was yes: from now on each VM has its playbook, as if it had been started alone. */
  #confirmed(id: number, act: Act): void {
    const slot = actOf(this.#holder.get(), id);
    if (!slot) return;
    const able = act.able();
    const names = able.map(({ target }) => target.name).join(', ');
    this.#cases.write(
      slot.caseVmId,
      (openCase) => openCase.note(`In one act: ${names}`),
      (because) => this.#holder.say(`The case file did not take a note: ${because}`, 'bad'),
    );
    const added = able.map(({ target, run }) => {
      const made = this.#slots.add(target.id, run, false);
      // Its questions were answered once for all: none is open.
      const shown = () => ({ ...run.view(), ...(act.view().phase === 'running' ? { prompt: null } : {}) });
      run.subscribe(() => this.#slots.put(made.id, shown()));
      return { ...made, view: shown() };
    });
    this.#holder.set({ runs: [...this.#holder.get().runs, ...added] });
    this.#put(id, { runIds: new Map(added.map((one) => [one.vmId, one.id])) });
  }

  #ended(id: number): void {
    for (const [vmId, runId] of actOf(this.#holder.get(), id)?.runIds ?? []) {
      const run = this.#slots.run(runId);
      if (!run) continue;
      const view = run.view();
      this.#slots.put(runId, view);
      if (view.steps.some(({ state, kind }) => state === 'done' && kind === 'action')) this.#uses.changed(vmId);
    }
  }

  #put(id: number, changes: Partial<ActSlot>): void {
    this.#holder.set({
      acts: this.#holder.get().acts.map((slot) => (slot.id === id ? { ...slot, ...changes } : slot)),
    });
  }
}

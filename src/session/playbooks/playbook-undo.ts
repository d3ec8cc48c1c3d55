import type { VirtualMachine } from '../../documents/triage.ts';
import { eachBounded } from '../../playbook/each-bounded.ts';
import type { PlaybookRun, RunView } from '../../playbook/run.ts';
import type { Handlers } from '../commands.ts';
import { actOf, machineOf, type RunSlot, runLayer, type SessionState, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import type { Playbooks } from './playbooks.ts';
import { type RunSlots, refusal } from './run-slots.ts';

/** The playbook of this session that has locked the VM, or is about to. */
function lockingHere(state: SessionState, vmId: string): RunSlot | undefined {
  return state.runs.findLast(
    ({ vmId: of, view }) =>
      of === vmId &&
      view.steps.some(({ action, undoable }) => action === 'nsg.lock' && (undoable || view.outcome === 'running')),
  );
}

/** Undoes what playbooks changed, of this session or another. `changed` is called when Azure may look different for a VM. */
export class PlaybookUndo {
  readonly #holder: Holder;
  readonly #playbooks: Playbooks;
  readonly #slots: RunSlots;
  readonly #changed: (vmId: string) => void;
  /** Ids of the VMs whose earlier locks are being read. */
  readonly #reading = new Set<string>();

  readonly commands = {
    undo: () => this.#ask(),
    'undo-lock': () => {
      const vmId = machineOf(this.#holder.get());
      if (vmId !== null) void this.#undoLock(vmId);
    },
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, playbooks: Playbooks, slots: RunSlots, changed: (vmId: string) => void) {
    this.#holder = holder;
    this.#playbooks = playbooks;
    this.#slots = slots;
    this.#changed = changed;
  }

  /** Undoes what a playbook on several VMs did, once that was confirmed. */
  undoAct(id: number): void {
    void eachBounded(this.#undoableIn(id), (slot) => this.undo(slot.id));
  }

  /** Undoes the steps of a playbook, once that was confirmed. Never rejects. */
  async undo(id: number): Promise<void> {
    const run = this.#slots.run(id);
    if (!run) return;
    this.#slots.put(id, run.view(), { undoing: true });
    await run.undo().then(
      (view) => {
        this.#slots.put(id, view, { undoing: false });
        const slot = this.#slots.slot(id);
        if (slot) this.#changed(slot.vmId);
      },
      (error: unknown) => {
        this.#slots.put(id, run.view(), { undoing: false });
        this.#holder.say(`The undo stopped: ${sentence(error)}`, 'bad');
      },
    );
  }

  /** The playbooks of an act that did something which can be undone. */
  #undoableIn(actId: number): RunSlot[] {
    const ids = [...(actOf(this.#holder.get(), actId)?.runIds.values() ?? [])];
    return ids.flatMap((id) => this.#slots.slot(id) ?? []).filter(({ view }) => view.steps.some((one) => one.undoable));
  }

  /** Asks once whether to undo all that a playbook on several VMs did. */
  #askForAll(actId: number): void {
    const slots = this.#undoableIn(actId);
    const [only] = slots;
    if (!only) {
      this.#holder.say('There is nothing to undo: no step that changes Azure was done.');
    } else if (slots.length === 1) this.#askFor(only.id, only.view);
    else {
      const steps = slots.flatMap(({ view }) =>
        view.steps.filter((step) => step.undoable).map((step) => ({ name: view.vm.name, step })),
      );
      const locks = steps.some(({ step }) => step.action === 'nsg.lock');
      const disruptive = steps.some(({ step }) => step.danger === 'disruptive');
      this.#holder.push({
        kind: 'confirm',
        confirms: 'undo-act',
        runId: actId,
        vmId: '',
        words: { yes: 'undo', no: locks ? 'no, keep the locks' : 'no, keep it' },
        prompt: {
          step: 'undo',
          level: disruptive ? 'disruptive' : 'reversible',
          question: `Undo what was done on ${slots.length} VMs: ${slots.map(({ view }) => view.vm.name).join(', ')}?`,
          expects: disruptive ? String(slots.length) : 'y',
          consequences: steps.map(({ name, step }) => `${name}: ${step.title}: ${step.undo}`).reverse(),
        },
      });
    }
  }

  /** Asks whether to undo the playbook on screen. */
  #ask(): void {
    const layer = top(this.#holder.get());
    if (layer.kind === 'act') {
      this.#askForAll(layer.actId);
      return;
    }
    const found = this.#slots.onScreen();
    if (!found) return;
    const { view } = found.slot;
    if (!view.steps.some((step) => step.undoable)) {
      this.#holder.say('There is nothing to undo: no step that changes Azure was done.');
    } else if (view.outcome === 'running') {
      this.#holder.say('The playbook still runs: Esc at its prompt, then x ends it; then it can be undone.');
    } else this.#askFor(found.slot.id, view);
  }

  #askFor(runId: number, view: RunView): void {
    const done = view.steps.filter((step) => step.undoable);
    const disruptive = done.some((step) => step.danger === 'disruptive');
    const what = done.length === 1 ? 'the step that was done' : `the ${done.length} steps that were done`;
    this.#holder.push({
      kind: 'confirm',
      confirms: 'undo',
      runId,
      vmId: '',
      words: { yes: 'undo', no: done.some((step) => step.action === 'nsg.lock') ? 'no, keep the lock' : 'no, keep it' },
      prompt: {
        step: 'undo',
        level: disruptive ? 'disruptive' : 'reversible',
        question: `Undo ${what} on ${view.vm.name}?`,
        expects: disruptive ? view.vm.name : 'y',
        consequences: done.map((step) => `${step.title}: ${step.undo}`).reverse(),
      },
    });
  }

  /** Shows the lock of the VM, of this session or another, and asks whether to undo it. */
  async #undoLock(vmId: string): Promise<void> {
    const refused = refusal(this.#holder.get(), vmId);
    if (refused !== '') {
      this.#holder.say(refused, 'bad');
      return;
    }
    const here = lockingHere(this.#holder.get(), vmId);
    if (here && !here.earlier) {
      this.#holder.push(runLayer(this.#holder.get(), here.id));
      if (!here.undoing) this.#ask();
      return;
    }
    if (here?.undoing) this.#holder.push(runLayer(this.#holder.get(), here.id));
    else await this.#undoEarlierLocks(vmId, here);
  }

  /** Asks Azure each time, because an earlier answer may no longer hold. `shown` is the same as it was found before. */
  async #undoEarlierLocks(vmId: string, shown: RunSlot | undefined): Promise<void> {
    const { cases, triages } = this.#holder.get();
    const openCase = cases.get(vmId)?.openCase;
    const vm = triages.get(vmId)?.vm;
    if (!openCase || !vm || this.#reading.has(vmId)) return;
    this.#reading.add(vmId);
    const asked = top(this.#holder.get());
    this.#holder.say(`Reading which locks stand at ${vm.name} …`);
    try {
      const run = await this.#playbooks.earlierLocks(vm, openCase);
      if (this.#holder.get().closing) return;
      if (run === null) this.#sayNone(vm);
      else this.#showEarlier(vm, run, shown, asked.kind);
    } catch (error) {
      this.#holder.say(`What locks ${vm.name} cannot be undone from here: ${sentence(error)}`, 'bad');
    } finally {
      this.#reading.delete(vmId);
    }
  }

  #sayNone(vm: VirtualMachine): void {
    const left = this.#holder.get().halfDone.find((one) => one.vm.id.toLowerCase() === vm.id.toLowerCase());
    const also = left ? ` ${left.text}: ${left.command}` : '';
    this.#holder.say(`No lock of cordon stands at ${vm.name}.${also}`, left ? 'bad' : 'plain');
  }

  #showEarlier(vm: VirtualMachine, run: PlaybookRun, shown: RunSlot | undefined, askedOn: string): void {
    const slot = this.#slots.add(vm.id, run, true);
    run.subscribe(() => this.#slots.put(slot.id, run.view()));
    this.#holder.set({ runs: [...this.#holder.get().runs.filter(({ id }) => id !== shown?.id), slot] });
    // The view changes only while the one that asked is still on screen.
    if (top(this.#holder.get()).kind !== askedOn) {
      this.#holder.say(`The lock at ${vm.name} can be undone: w shows it.`);
      return;
    }
    this.#holder.push(runLayer(this.#holder.get(), slot.id), { toast: null });
    this.#ask();
  }
}

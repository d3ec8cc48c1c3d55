import type { VirtualMachine } from '../documents/triage.ts';
import type { CaseWriting } from './cases/case-writing.ts';
import type { Handlers } from './commands.ts';
import type { ContextChange, Contexts } from './contexts.ts';
import { nothingListed } from './initial-state.ts';
import { type Holder, sentence } from './state-store.ts';

/** What choosing sets going. */
export interface Choosing {
  identity(): void;
  fleet(): void;
  openVm(vm: VirtualMachine): void;
}

/** Chooses subscription, tenant and case. Cases that are open stay open, and playbooks go on where they were begun. */
export class ContextChoosing {
  readonly #holder: Holder;
  readonly #contexts: Contexts;
  readonly #cases: CaseWriting;
  readonly #world: Choosing;

  readonly commands = {
    palette: () => this.#open('all'),
    contexts: () => this.#open('contexts'),
    'change-context': ({ to }) => void this.#change(to),
    'open-case': ({ id }) => this.#openCase(id),
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, contexts: Contexts, cases: CaseWriting, world: Choosing) {
    this.#holder = holder;
    this.#contexts = contexts;
    this.#cases = cases;
    this.#world = world;
  }

  #open(offers: 'all' | 'contexts'): void {
    this.#holder.push({ kind: 'palette', offers, text: '', selected: 0 });
    this.#contexts.list().then(
      (choices) => this.#holder.set({ choices }),
      (error: unknown) => {
        const choices = { subscriptions: [], tenants: [], cases: [], gaps: [sentence(error)] };
        this.#holder.set({ choices: this.#holder.get().choices ?? choices });
      },
    );
  }

  async #change(to: ContextChange): Promise<void> {
    this.#holder.say(`Asking for ${to.name}.`);
    try {
      const scope = await this.#contexts.change(to);
      // The views of the VMs that were listed before are left; what they hold stays.
      this.#holder.set({
        scope,
        layers: [{ kind: 'suspects' }],
        scan: nothingListed,
        filter: '',
        marked: new Set(),
        selectedVm: null,
        choices: null,
        identity: to.kind === 'tenant' ? null : this.#holder.get().identity,
      });
      this.#world.identity();
      this.#world.fleet();
    } catch (error) {
      this.#holder.say(`Nothing was changed: ${sentence(error)}`, 'bad');
    }
  }

  /** Continues the case, in place of the one that is open for its VM. */
  #openCase(id: string): void {
    const { choices, scan, triages, cases, runs } = this.#holder.get();
    const choice = choices?.cases.find((one) => one.id === id);
    if (!choice) return;
    const same = (vmId: string) => vmId.toLowerCase() === choice.vm.id.toLowerCase();
    const vm = scan.rows.find((row) => same(row.id))?.vm ?? [...triages.values()].find((slot) => same(slot.vm.id))?.vm;
    if (!vm) {
      this.#holder.say(`${choice.vm.name} of case ${id} is not in the list: choose its subscription first.`, 'bad');
      return;
    }
    if (cases.get(vm.id)?.openCase?.id !== id) {
      if (runs.some(({ vmId, view }) => vmId === vm.id && (view.outcome === 'running' || view.autoUndoAt !== null))) {
        this.#holder.say(`A playbook for ${vm.name} writes to its case: end it first (w).`, 'bad');
        return;
      }
      this.#cases.change(vm, id);
    }
    this.#world.openVm(vm);
  }
}

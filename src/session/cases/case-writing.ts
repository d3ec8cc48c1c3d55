import type { AskedQuery } from '../../documents/asked-query.ts';
import type { Fact } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { factsOf, type NamedFact } from '../../sources.ts';
import { conclusionOf } from '../../triage/conclusion.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import type { CaseSlot } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import { vmInReach } from '../vm-in-reach.ts';
import type { CaseKeeper, OpenCase } from './case-keeper.ts';
import { conclusionFact, conclusionName } from './triage-record.ts';

function timeless(conclusion: unknown): unknown {
  return { ...(typeof conclusion === 'object' ? conclusion : {}), asOf: '' };
}

/** Opens the VMs' cases and writes to them, for each in the order of what happened. */
export class CaseWriting {
  readonly #holder: Holder;
  readonly #keeper: CaseKeeper;
  readonly #queues = new Map<string, Promise<void>>();
  /** Cases that no VM on screen is in any more, and that something may still write to. */
  readonly #left: OpenCase[] = [];
  /** The last version that a VM's case has of each fact, by the fact's name. */
  readonly #recorded = new Map<string, Map<string, string>>();

  constructor(holder: Holder, keeper: CaseKeeper) {
    this.#holder = holder;
    this.#keeper = keeper;
  }

  /** Opens the VM's case unless it is open; tries again when it failed. */
  open(vm: VirtualMachine): void {
    const slot = this.#holder.get().cases.get(vm.id);
    if (slot && slot.state !== 'failed') return;
    this.#put(vm.id, { state: 'opening', openCase: null, because: '' });
    // Writes that come while it opens wait for it.
    this.#queues.set(vm.id, this.#ask(vm));
  }

  /**
   * Continues another case of the VM: what is being written goes to the one before, which is closed once the other is open.
   * Where that cannot be opened, the one before stays.
   */
  change(vm: VirtualMachine, caseId: string): void {
    const known = this.#holder.get().cases.get(vm.id)?.openCase ?? null;
    if (!known) this.#put(vm.id, { state: 'opening', openCase: null, because: '' });
    this.#queues.set(vm.id, this.#askInstead(vm, caseId, this.#queues.get(vm.id)));
  }

  /**
   * Goes on with the VM in the case of another one: an incident of several VMs is one case. The case that it had stays
   * open for what runs in it.
   */
  join(vm: VirtualMachine, caseVmId: string): void {
    const { cases } = this.#holder.get();
    const shared = cases.get(caseVmId)?.openCase;
    if (vm.id === caseVmId || (shared && shared === cases.get(vm.id)?.openCase)) return;
    if (!cases.has(vm.id)) this.#put(vm.id, { state: 'opening', openCase: null, because: '' });
    const before = Promise.all([this.#queues.get(caseVmId), this.#queues.get(vm.id)]);
    this.#queues.set(vm.id, this.#joined(vm, caseVmId, before));
  }

  /** Does `work` after what is being written already. `failed` is called when the disk refused. */
  write(vmId: string, work: (openCase: OpenCase) => Promise<void>, failed: (because: string) => void): void {
    const next = async (before: Promise<void> | undefined) => {
      await before;
      try {
        const opened = this.#holder.get().cases.get(vmId)?.openCase;
        if (!opened) throw new Error('the case file is not open');
        await work(opened);
      } catch (error) {
        failed(sentence(error));
      }
    };
    this.#queues.set(vmId, next(this.#queues.get(vmId)));
  }

  /** Writes one fact, with the sentence that sums it up. */
  keepFact(vmId: string, name: string, summary: string, fact: Fact<unknown>): void {
    this.write(
      vmId,
      (openCase) => openCase.fact(name, summary, fact, vmInReach(this.#holder.get(), vmId)),
      (because) => this.#holder.say(`The case file did not take “${summary}”: ${because}`, 'bad'),
    );
  }

  /**
   * Writes the facts that are new or have changed since they were written; once all answers are there also what they
   * say together, which before that would change with each.
   */
  record(part: TriageInProgress, settled: boolean): void {
    const vmId = part.vm.id;
    if (this.#holder.get().cases.get(vmId)?.state !== 'open') return;
    const written = this.#recorded.get(vmId) ?? new Map<string, string>();
    this.#recorded.set(vmId, written);
    const facts = factsOf(part);
    for (const { name, summary, fact } of [...facts, ...(settled ? this.#conclusionFrom(part, facts) : [])]) {
      // A conclusion that is drawn again says when; only what it says counts.
      const content = JSON.stringify(name === conclusionName && fact.state === 'known' ? timeless(fact.value) : fact);
      if (written.get(name) === content) continue;
      written.set(name, content);
      this.write(
        vmId,
        (openCase) => openCase.fact(name, summary, fact, part.vm),
        (because) => this.#holder.say(`The case file did not take “${name}”: ${because}`, 'bad'),
      );
    }
  }

  /** Writes a query that was sent for a VM; without a case, which was said when it could not be opened, it is lost. */
  recordQuery(vmId: string, query: AskedQuery): void {
    const state = this.#holder.get().cases.get(vmId)?.state;
    if (state !== 'open' && state !== 'opening') return;
    this.write(
      vmId,
      (openCase) => openCase.query(query),
      (because) => this.#holder.say(`The case file did not take a query to ${query.service}: ${because}`, 'bad'),
    );
  }

  /** Paths of the transcripts of the open cases. */
  transcripts(): string[] {
    return this.#open().map(({ transcript }) => transcript);
  }

  /** Waits for what is being written, then closes all. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#queues.values());
    await Promise.allSettled(this.#open().map((one) => one.close()));
  }

  /** Every case that is open, once each. */
  #open(): OpenCase[] {
    const slots = [...this.#holder.get().cases.values()];
    return [...new Set([...this.#left, ...slots.flatMap(({ openCase }) => openCase ?? [])])];
  }

  async #joined(vm: VirtualMachine, caseVmId: string, before: Promise<unknown>): Promise<void> {
    await before;
    const { cases, triages } = this.#holder.get();
    const shared = cases.get(caseVmId);
    const own = cases.get(vm.id)?.openCase ?? null;
    if (!shared?.openCase) {
      const because = shared?.because || 'the case file of the incident is not open';
      if (!own) this.#put(vm.id, { state: 'failed', openCase: null, because });
      return;
    }
    if (own === shared.openCase) return;
    if (own) {
      this.#left.push(own);
      await own.note(`${vm.name} is gone on with in case ${shared.openCase.id}`).catch(() => undefined);
    }
    this.#recorded.delete(vm.id);
    this.#put(vm.id, shared);
    const slot = triages.get(vm.id);
    if (slot) this.record(slot.part, slot.state === 'done');
  }

  #put(vmId: string, slot: CaseSlot): void {
    this.#holder.set({ cases: new Map(this.#holder.get().cases).set(vmId, slot) });
  }

  #take(vm: VirtualMachine, opened: OpenCase): void {
    opened.subscribe(() => this.#holder.set({ cases: new Map(this.#holder.get().cases) }));
    this.#recorded.delete(vm.id);
    this.#put(vm.id, { state: 'open', openCase: opened, because: '' });
    if (opened.beside) this.#holder.say(opened.beside, 'bad');
    const slot = this.#holder.get().triages.get(vm.id);
    if (slot) this.record(slot.part, slot.state === 'done');
  }

  async #askInstead(vm: VirtualMachine, caseId: string, written: Promise<void> | undefined): Promise<void> {
    await written;
    const before = this.#holder.get().cases.get(vm.id)?.openCase ?? null;
    try {
      this.#take(vm, await this.#keeper.open(vm, caseId));
      this.#holder.say(`Case ${caseId} is continued${before ? `; ${before.id} is closed` : ''}.`, 'good');
    } catch (error) {
      const stays = before ? ` Case ${before.id} stays open.` : '';
      this.#holder.say(`Case ${caseId} cannot be continued: ${sentence(error)}${stays}`, 'bad');
      if (!before) await this.#ask(vm);
      return;
    }
    // Other VMs of an incident may be in it.
    if (before && [...this.#holder.get().cases.values()].some(({ openCase }) => openCase === before)) return;
    await before?.close().catch((error: unknown) => {
      this.#holder.say(`Case ${before.id} was not closed: ${sentence(error)}`, 'bad');
    });
  }

  async #ask(vm: VirtualMachine): Promise<void> {
    try {
      this.#take(vm, await this.#keeper.open(vm));
    } catch (error) {
      const because = sentence(error);
      this.#put(vm.id, { state: 'failed', openCase: null, because });
      this.#holder.say(`No case file: ${because} Nothing can be changed in Azure without one.`, 'bad');
    }
  }

  /** What the facts say together; a defect there must cost neither the facts nor the session. */
  #conclusionFrom(part: TriageInProgress, facts: readonly NamedFact[]): NamedFact[] {
    try {
      return [conclusionFact(conclusionOf(part, this.#holder.get().now), facts)];
    } catch (error) {
      this.#holder.say(`The case file has no conclusion: ${sentence(error)}`, 'bad');
      return [];
    }
  }
}

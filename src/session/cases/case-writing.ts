import type { AskedQuery } from '../../documents/asked-query.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { factsOf, type NamedFact } from '../../sources.ts';
import { conclusionOf } from '../../triage/conclusion.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import type { CaseSlot } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import type { CaseKeeper, OpenCase } from './case-keeper.ts';
import { conclusionFact, conclusionName } from './triage-record.ts';

function timeless(conclusion: unknown): unknown {
  return { ...(typeof conclusion === 'object' ? conclusion : {}), asOf: '' };
}

/** Opens the VMs' cases and writes to them, for each in the order of what happened. */
export function caseWriting(holder: Holder, keeper: CaseKeeper) {
  const queues = new Map<string, Promise<void>>();
  /** What was written to the case of a VM last, by the fact's name. */
  const recorded = new Map<string, Map<string, string>>();

  function put(vmId: string, slot: CaseSlot): void {
    holder.set({ cases: new Map(holder.get().cases).set(vmId, slot) });
  }

  async function ask(vm: VirtualMachine): Promise<void> {
    try {
      const opened = await keeper.open(vm);
      opened.subscribe(() => holder.set({ cases: new Map(holder.get().cases) }));
      put(vm.id, { state: 'open', openCase: opened, because: '' });
      if (opened.beside) holder.say(opened.beside, 'bad');
      const slot = holder.get().triages.get(vm.id);
      if (slot) record(slot.part, slot.state === 'done');
    } catch (error) {
      const because = sentence(error);
      put(vm.id, { state: 'failed', openCase: null, because });
      holder.say(`No case file: ${because} Nothing can be changed in Azure without one.`, 'bad');
    }
  }

  /** Opens the VM's case unless it is open; tries again when it failed. */
  function open(vm: VirtualMachine): void {
    const slot = holder.get().cases.get(vm.id);
    if (slot && slot.state !== 'failed') return;
    put(vm.id, { state: 'opening', openCase: null, because: '' });
    // What is written while it opens waits for it.
    queues.set(vm.id, ask(vm));
  }

  /** Does `work` after what is being written already. `failed` is called when the disk refused. */
  function write(vmId: string, work: (openCase: OpenCase) => Promise<void>, failed: (because: string) => void): void {
    const next = async (before: Promise<void> | undefined) => {
      await before;
      try {
        const opened = holder.get().cases.get(vmId)?.openCase;
        if (!opened) throw new Error('the case file is not open');
        await work(opened);
      } catch (error) {
        failed(sentence(error));
      }
    };
    queues.set(vmId, next(queues.get(vmId)));
  }

  /** What the facts say together; a defect there must cost neither the facts nor the session. */
  function conclusionFrom(part: TriageInProgress, facts: readonly NamedFact[]): NamedFact[] {
    try {
      return [conclusionFact(conclusionOf(part, holder.get().now), facts)];
    } catch (error) {
      holder.say(`The case file has no conclusion: ${sentence(error)}`, 'bad');
      return [];
    }
  }

  /**
   * Writes the facts that are new or have changed since they were written; once all answers are there also what they
   * say together, which before that would change with each.
   */
  function record(part: TriageInProgress, settled: boolean): void {
    const vmId = part.vm.id;
    if (holder.get().cases.get(vmId)?.state !== 'open') return;
    const written = recorded.get(vmId) ?? new Map<string, string>();
    recorded.set(vmId, written);
    const facts = factsOf(part);
    for (const { name, summary, fact } of [...facts, ...(settled ? conclusionFrom(part, facts) : [])]) {
      // A conclusion that is drawn again says when; only what it says counts.
      const content = JSON.stringify(name === conclusionName && fact.state === 'known' ? timeless(fact.value) : fact);
      if (written.get(name) === content) continue;
      written.set(name, content);
      write(
        vmId,
        (openCase) => openCase.fact(name, summary, fact),
        (because) => holder.say(`The case file did not take “${name}”: ${because}`, 'bad'),
      );
    }
  }

  /** Writes a query that was sent for a VM; without a case, which was said when it could not be opened, it is lost. */
  function recordQuery(vmId: string, query: AskedQuery): void {
    const state = holder.get().cases.get(vmId)?.state;
    if (state !== 'open' && state !== 'opening') return;
    write(
      vmId,
      (openCase) => openCase.query(query),
      (because) => holder.say(`The case file did not take a query to ${query.service}: ${because}`, 'bad'),
    );
  }

  return {
    open,
    write,
    record,
    recordQuery,
    /** Waits for what is being written, then closes all. */
    async close(): Promise<void> {
      await Promise.allSettled(queues.values());
      const slots = [...holder.get().cases.values()];
      await Promise.allSettled(slots.map((slot) => slot.openCase?.close() ?? Promise.resolve()));
    },
  };
}

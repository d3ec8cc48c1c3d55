import type { AskedQuery } from '../../documents/asked-query.ts';
import type { TriageDocument, VirtualMachine } from '../../documents/triage.ts';
import { nothingYet } from '../../sources.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import { besideLive } from '../../triage/logons/collected-beside-live.ts';
import type { Reader } from '../session-readers.ts';
import type { TriageSlot } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import { closedFindings } from './closed-findings.ts';

/** New answers over old ones: what is not answered again yet keeps its old answer, whose age is on screen. */
function over<T extends object>(old: T, fresh: T): T {
  const answered = Object.entries(fresh).filter(([, fact]) => fact !== null);
  return { ...old, ...Object.fromEntries(answered) };
}

/** Called with each answer of a reading, and with each query that was sent for it. */
interface VmReadingUses {
  /** `settled`: every answer of this reading has come. */
  arrived(part: TriageInProgress, settled: boolean): void;
  asked(vmId: string, query: AskedQuery): void;
}

/** Reads one VM's triage at a time for each VM; a new reading ends the one before it. */
export class VmReading {
  readonly #holder: Holder;
  readonly #reader: Reader;
  readonly #uses: VmReadingUses;
  readonly #latest = new Map<string, AbortController>();
  readonly #closed = closedFindings(() => this.#holder.get());

  constructor(holder: Holder, reader: Reader, uses: VmReadingUses) {
    this.#holder = holder;
    this.#reader = reader;
    this.#uses = uses;
  }

  read(vm: VirtualMachine): void {
    this.#latest.get(vm.id)?.abort();
    const controller = new AbortController();
    this.#latest.set(vm.id, controller);
    const before = this.#holder.get().triages.get(vm.id);
    const base = before?.read ?? nothingYet(vm);
    const busy = before ? 'refreshing' : 'loading';
    this.#take(vm.id, base, busy);
    const current = () => this.#latest.get(vm.id) === controller && !controller.signal.aborted;
    const merged = (part: TriageInProgress) =>
      before ? this.#reader.conclude({ ...over(base, part), posture: over(base.posture, part.posture) }) : part;
    const progress = (part: TriageInProgress) => {
      if (current()) this.#take(vm.id, merged(part), busy);
    };
    this.#reader
      .askedBy(
        (query) => this.#uses.asked(vm.id, query),
        () => this.#reader.triage(vm, progress, controller.signal),
      )
      .then(
        ({ schema: _, asOf: __, ...answers }) => {
          if (current()) this.#take(vm.id, answers, 'done');
        },
        (error: unknown) => {
          const slot = this.#holder.get().triages.get(vm.id);
          if (current() && slot) this.#put(vm.id, { ...slot, state: 'failed', because: sentence(error) });
        },
      );
  }

  /** Takes a triage that was read for something else, where none of its own is awaited. */
  take({ schema: _, asOf: __, ...answers }: TriageDocument): void {
    const before = this.#holder.get().triages.get(answers.vm.id)?.state;
    if (before === 'loading' || before === 'refreshing') return;
    this.#take(answers.vm.id, answers, 'done');
  }

  /** Shows again what was read: an event log was opened or closed. */
  show(vmId: string): void {
    const slot = this.#holder.get().triages.get(vmId);
    if (slot) this.#take(vmId, slot.read, slot.state);
  }

  stop(): void {
    for (const controller of this.#latest.values()) controller.abort();
  }

  #put(vmId: string, slot: TriageSlot): void {
    this.#holder.set({ triages: new Map(this.#holder.get().triages).set(vmId, slot) });
  }

  /** What Azure reported, and the logons of the event logs that a user opened beside those of Log Analytics. */
  #shown(read: TriageInProgress): TriageInProgress {
    const opened = this.#holder.get().logs.get(read.vm.id)?.opened ?? [];
    return opened.length > 0 ? this.#reader.conclude({ ...read, logons: besideLive(opened, read.logons) }) : read;
  }

  #take(vmId: string, read: TriageInProgress, state: TriageSlot['state']): void {
    const part = this.#closed.beside(this.#shown(read), state === 'done');
    this.#put(vmId, { vm: read.vm, read, part, state, because: '' });
    this.#uses.arrived(part, state === 'done');
  }
}

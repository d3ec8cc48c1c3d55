import type { AskedQuery } from '../../documents/asked-query.ts';
import type { IncidentInProgress, IncidentVmInProgress } from '../../documents/incident.ts';
import type { TriageDocument, VirtualMachine } from '../../documents/triage.ts';
import type { Reader } from '../session-readers.ts';
import type { IncidentSlot } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';

/** What becomes of the answers. */
interface IncidentUses {
  /** A VM of the incident was triaged. */
  triaged(first: VirtualMachine, document: TriageDocument): void;
  /** All has been read, for the first VM's case. */
  read(firstId: string, document: Awaited<ReturnType<Reader['incident']>>): void;
  asked(firstId: string, query: AskedQuery): void;
}

/** The old answers, each until its new one is there; a VM that a new reading has not reached yet stays. */
function overlaid(old: IncidentInProgress, fresh: IncidentInProgress): IncidentInProgress {
  const before = new Map(old.vms.map((one) => [one.vm.id.toLowerCase(), one]));
  const reached = new Set(fresh.vms.map(({ vm }) => vm.id.toLowerCase()));
  const merged = fresh.vms.map((one): IncidentVmInProgress => {
    const known = before.get(one.vm.id.toLowerCase());
    return {
      ...one,
      followed: one.followed ?? known?.followed ?? null,
      logons: one.logons ?? known?.logons ?? null,
      operations: one.operations ?? known?.operations ?? null,
    };
  });
  const left = old.vms.filter(({ vm }) => !reached.has(vm.id.toLowerCase()));
  return { vms: [...merged, ...left], notFollowed: fresh.notFollowed.length > 0 ? fresh.notFollowed : old.notFollowed };
}

/** Reads what leads from a VM to others, once for each VM until it is asked for again; a new reading ends the one before. */
export class IncidentReadings {
  readonly #holder: Holder;
  readonly #reader: Reader;
  readonly #uses: IncidentUses;
  readonly #latest = new Map<string, AbortController>();

  constructor(holder: Holder, reader: Reader, uses: IncidentUses) {
    this.#holder = holder;
    this.#reader = reader;
    this.#uses = uses;
  }

  /** `again`: also where it was read. */
  read(vm: VirtualMachine, again: boolean): void {
    const before = this.#holder.get().incidents.get(vm.id);
    if (before && before.state !== 'failed' && !again) return;
    this.#latest.get(vm.id)?.abort();
    const controller = new AbortController();
    this.#latest.set(vm.id, controller);
    const { signal } = controller;
    const current = () => this.#latest.get(vm.id) === controller && !signal.aborted;
    const old = before?.part ?? { vms: [], notFollowed: [] };
    this.#put(vm.id, { state: before ? 'refreshing' : 'loading', part: old, because: '', asOf: before?.asOf ?? '' });
    const told = {
      again,
      onTriage: (document: TriageDocument) => current() && this.#uses.triaged(vm, document),
      onProgress: (part: IncidentInProgress) => {
        const slot = this.#holder.get().incidents.get(vm.id);
        if (current() && slot) this.#put(vm.id, { ...slot, part: overlaid(old, part) });
      },
    };
    this.#reader
      .askedBy(
        (query) => this.#uses.asked(vm.id, query),
        () => this.#reader.incident(vm, told, signal),
      )
      .then(
        (document) => {
          if (!current()) return;
          const { vms, notFollowed, asOf } = document;
          this.#put(vm.id, { state: 'done', part: { vms, notFollowed }, because: '', asOf });
          this.#uses.read(vm.id, document);
        },
        (error: unknown) => {
          const slot = this.#holder.get().incidents.get(vm.id);
          if (current() && slot) this.#put(vm.id, { ...slot, state: 'failed', because: sentence(error) });
        },
      );
  }

  stop(): void {
    for (const controller of this.#latest.values()) controller.abort();
  }

  #put(vmId: string, slot: IncidentSlot): void {
    this.#holder.set({ incidents: new Map(this.#holder.get().incidents).set(vmId, slot) });
  }
}

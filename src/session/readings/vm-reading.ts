import type { AskedQuery } from '../../documents/asked-query.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { nothingYet, type TriageInProgress } from '../../triage/in-progress.ts';
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

/**
 * Reads one VM's triage at a time for each VM; a new reading ends the one before it. `keep` receives each
 * query that was sent for a VM.
 */
export function machineReading(
  holder: Holder,
  reader: Reader,
  arrived: (part: TriageInProgress, settled: boolean) => void,
  keep: (vmId: string, query: AskedQuery) => void,
) {
  const latest = new Map<string, AbortController>();

  function put(vmId: string, slot: TriageSlot): void {
    holder.set({ triages: new Map(holder.get().triages).set(vmId, slot) });
  }

  /** What Azure reported, and the logons of the event logs that a user opened beside those of Log Analytics. */
  function shown(read: TriageInProgress): TriageInProgress {
    const opened = holder.get().logs.get(read.vm.id)?.opened ?? [];
    return opened.length > 0 ? reader.conclude({ ...read, logons: besideLive(opened, read.logons) }) : read;
  }

  const closed = closedFindings(() => holder.get());

  function take(vmId: string, read: TriageInProgress, state: TriageSlot['state']): void {
    const part = closed.beside(shown(read), state === 'done');
    put(vmId, { vm: read.vm, read, part, state, because: '' });
    arrived(part, state === 'done');
  }

  function read(vm: VirtualMachine): void {
    latest.get(vm.id)?.abort();
    const controller = new AbortController();
    latest.set(vm.id, controller);
    const before = holder.get().triages.get(vm.id);
    const base = before?.read ?? nothingYet(vm);
    const busy = before ? 'refreshing' : 'loading';
    take(vm.id, base, busy);
    const current = () => latest.get(vm.id) === controller && !controller.signal.aborted;
    const merged = (part: TriageInProgress) =>
      before ? reader.conclude({ ...over(base, part), posture: over(base.posture, part.posture) }) : part;
    const progress = (part: TriageInProgress) => {
      if (current()) take(vm.id, merged(part), busy);
    };
    reader
      .askedBy(
        (query) => keep(vm.id, query),
        () => reader.triage(vm, progress, controller.signal),
      )
      .then(
        ({ schema: _, asOf: __, ...told }) => {
          if (current()) take(vm.id, told, 'done');
        },
        (error: unknown) => {
          const slot = holder.get().triages.get(vm.id);
          if (current() && slot) put(vm.id, { ...slot, state: 'failed', because: sentence(error) });
        },
      );
  }

  return {
    read,
    /** Shows again what was read: an event log was opened or closed. */
    show(vmId: string): void {
      const slot = holder.get().triages.get(vmId);
      if (slot) take(vmId, slot.read, slot.state);
    },
    stop() {
      for (const controller of latest.values()) controller.abort();
    },
  };
}

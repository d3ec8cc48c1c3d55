import type { Fact } from '../documents/fact.ts';
import { known } from '../documents/fact.ts';
import { count } from '../text/counts.ts';
import type { EventLogFile, EventLogs } from './event-logs.ts';
import type { LogsSlot } from './state.ts';
import { type Holder, sentence } from './state-store.ts';

/**
 * Reads the exported event logs that a person opens. `record` keeps what was opened, with its hash, in the case file;
 * `changed` is told when a machine's failed logons come from somewhere else than before.
 */
export function openedLogs(
  holder: Holder,
  eventLogs: EventLogs,
  record: (vmId: string, name: string, summary: string, fact: Fact<unknown>) => void,
  changed: (vmId: string) => void,
) {
  const latest = new Map<string, AbortController>();

  function put(vmId: string, slot: LogsSlot | null): void {
    const logs = new Map(holder.get().logs);
    if (slot) logs.set(vmId, slot);
    else logs.delete(vmId);
    holder.set({ logs });
  }

  async function read(vmId: string, typed: string): Promise<void> {
    const vm = holder.get().triages.get(vmId)?.vm;
    if (!vm) return;
    latest.get(vmId)?.abort();
    const controller = new AbortController();
    latest.set(vmId, controller);
    const { signal } = controller;
    const before = holder.get().logs.get(vmId)?.opened ?? null;
    const reading = (fraction: number): LogsSlot => ({ reading: fraction, opened: before });
    put(vmId, reading(0));
    try {
      const progress = (fraction: number) => {
        if (!signal.aborted) put(vmId, reading(fraction));
      };
      const opened = await eventLogs.open(typed, vm, progress, signal);
      if (signal.aborted) return;
      put(vmId, { reading: null, opened });
      // What stood next to a logon was read elsewhere.
      holder.set({ around: new Map() });
      const { files } = opened;
      const told = files.map(toldOf).join('; ');
      if (opened.doubt === '') holder.say(`Opened read-only: ${told}`, 'good');
      else holder.say(`${opened.doubt}. O closes it.`, 'bad');
      const filesFact = known<readonly EventLogFile[]>(files, {
        source: 'exported event logs',
        asOf: holder.get().now.toISOString(),
        coverage: 'the whole files',
      });
      record(vmId, 'event logs', `event logs opened read-only for ${vm.name}: ${told}`, filesFact);
      changed(vmId);
    } catch (error) {
      if (signal.aborted) return;
      put(vmId, before ? { reading: null, opened: before } : null);
      holder.say(sentence(error), 'bad');
    }
  }

  return {
    open(vmId: string, typed: string): void {
      void read(vmId, typed);
    },
    /** Goes back to what Log Analytics says. */
    close(vmId: string): void {
      latest.get(vmId)?.abort();
      put(vmId, null);
      holder.set({ around: new Map() });
      changed(vmId);
    },
    stop(): void {
      for (const controller of latest.values()) controller.abort();
    },
  };
}

function toldOf(file: EventLogFile): string {
  const name = file.path.split(/[\\/]/).at(-1) ?? file.path;
  const damage = file.damaged > 0 ? `, damaged in ${file.damaged} places` : '';
  return `${name}, ${count(file.records)} records${damage}, sha256 ${file.sha256.slice(0, 12)}…`;
}

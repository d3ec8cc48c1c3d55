import type { Fact } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import { count } from '../../text/counts.ts';
import { beneath, type LogsSlot, machineOf, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import type { EventLogFile, EventLogs, OpenedLogs } from './event-logs.ts';

/**
 * Reads the exported event logs that a user opens. Each is added to what is known of a VM's logons; one that does not
 * fit the VM is asked about before it counts. `record` keeps what was opened, with its hash, in the case file; `changed`
 * is called when other logs count for a VM than before.
 */
export function openedLogs(
  holder: Holder,
  eventLogs: EventLogs,
  record: (vmId: string, name: string, summary: string, fact: Fact<unknown>) => void,
  changed: (vmId: string) => void,
) {
  const latest = new Map<string, AbortController>();

  const slotOf = (vmId: string): LogsSlot => holder.get().logs.get(vmId) ?? { reading: null, opened: [], asked: null };

  function put(vmId: string, slot: LogsSlot): void {
    const logs = new Map(holder.get().logs);
    if (slot.reading === null && slot.opened.length === 0 && slot.asked === null) logs.delete(vmId);
    else logs.set(vmId, slot);
    holder.set({ logs });
  }

  function keep(vmId: string, vmName: string, opened: OpenedLogs): void {
    const { files, doubt } = opened;
    const filesFact = known<readonly EventLogFile[]>(files, {
      source: 'exported event logs',
      asOf: holder.get().now.toISOString(),
      coverage: 'the whole files',
      notSeen: doubt === '' ? [] : [`what ${vmName} did: ${doubt}`],
    });
    const told = files.map(toldOf).join('; ');
    record(vmId, 'event logs', `event logs opened read-only for ${vmName}: ${told}`, filesFact);
  }

  /** Lets a log count. The same file again takes the place of its first reading. */
  function take(vmId: string, opened: OpenedLogs): void {
    const slot = slotOf(vmId);
    const hashes = new Set(opened.files.map(({ sha256 }) => sha256));
    const others = slot.opened.filter(({ files }) => !files.every(({ sha256 }) => hashes.has(sha256)));
    put(vmId, { ...slot, opened: [...others, opened], asked: null });
    // What was next to a logon was read elsewhere.
    holder.set({ around: new Map() });
    changed(vmId);
  }

  /** Asks whether a log that does not fit counts. Is there one to ask about? */
  function ask(vmId: string): boolean {
    const { asked } = slotOf(vmId);
    const vm = holder.get().triages.get(vmId)?.vm;
    if (!asked || !vm) return false;
    const then = 'add-log';
    holder.push({
      kind: 'confirm',
      then,
      runId: -1,
      vmId,
      words: { yes: 'add it', no: 'leave it out' },
      prompt: {
        step: then,
        level: 'none',
        expects: 'y',
        question: `${asked.doubt}: add its logons to those of ${vm.name}?`,
        consequences: [
          asked.files.map(toldOf).join('; '),
          `Nothing that is known of ${vm.name} is replaced. Its bursts name this log as their source.`,
        ],
      },
    });
    return true;
  }

  async function read(vmId: string, typed: string): Promise<void> {
    const vm = holder.get().triages.get(vmId)?.vm;
    if (!vm) return;
    latest.get(vmId)?.abort();
    const controller = new AbortController();
    latest.set(vmId, controller);
    const { signal } = controller;
    const progress = (fraction: number) => {
      if (!signal.aborted) put(vmId, { ...slotOf(vmId), reading: fraction });
    };
    progress(0);
    try {
      const opened = await eventLogs.open(typed, vm, progress, signal);
      if (signal.aborted) return;
      keep(vmId, vm.name, opened);
      if (opened.doubt === '') {
        put(vmId, { ...slotOf(vmId), reading: null });
        take(vmId, opened);
        holder.say(`Opened read-only: ${opened.files.map(toldOf).join('; ')}`, 'good');
        return;
      }
      put(vmId, { ...slotOf(vmId), reading: null, asked: opened });
      // A question comes up by itself only where nothing else is typed or asked.
      const state = holder.get();
      const free = top(state) === beneath(state) && ['triage', 'detail'].includes(top(state).kind);
      if (free && machineOf(state) === vmId) ask(vmId);
      else holder.say(`${opened.doubt}, not of ${vm.name}: o asks whether it counts.`, 'bad');
    } catch (error) {
      if (signal.aborted) return;
      put(vmId, { ...slotOf(vmId), reading: null });
      holder.say(sentence(error), 'bad');
    }
  }

  return {
    open(vmId: string, typed: string): void {
      void read(vmId, typed);
    },
    ask,
    /** Yes: the log that was asked about counts. */
    add(vmId: string): void {
      const { asked } = slotOf(vmId);
      if (!asked) return;
      take(vmId, asked);
      holder.say(`Added: ${asked.doubt}. O closes it.`);
    },
    /** No: it is closed, and nothing has changed. */
    leaveOut(vmId: string): void {
      put(vmId, { ...slotOf(vmId), asked: null });
      holder.say('Left out: nothing has changed.');
    },
    /** Goes back to what Log Analytics alone says. */
    close(vmId: string): void {
      latest.get(vmId)?.abort();
      put(vmId, { reading: null, opened: [], asked: null });
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

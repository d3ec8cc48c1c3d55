import type { Fact } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import type { Handlers } from '../commands.ts';
import { beneath, type LogReport, type LogsSlot, machineOf, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import type { EventLogFile, EventLogs, OpenedLogs } from './event-logs.ts';

function described(file: EventLogFile): string {
  const name = file.path.split(/[\\/]/).at(-1) ?? file.path;
  const damage = file.damaged > 0 ? `, damaged in ${file.damaged} places` : '';
  return `${name}, ${count(file.records)} records${damage}, sha256 ${file.sha256.slice(0, 12)}…`;
}

const reportLayer = { kind: 'log-report', vmId: '', scroll: 0, search: '' } as const;
const empty: LogsSlot = { reading: null, opened: [], asked: null };

/** Called when other logs count for a VM than before, and to keep in its case what was opened. */
interface OpenedLogsUses {
  record(vmId: string, name: string, summary: string, fact: Fact<unknown>): void;
  changed(vmId: string): void;
}

/**
 * Reads the exported event logs that a user opens. Each is added to what is known of a VM's logons; one that does not
 * fit the VM is asked about before it counts. Each that is opened goes into the case file, with its hash. Without a VM
 * a log is shown by itself, and offered where one is open later.
 */
export class OpenedLogReading {
  readonly #holder: Holder;
  readonly #eventLogs: EventLogs;
  readonly #uses: OpenedLogsUses;
  readonly #latest = new Map<string, AbortController>();

  readonly commands = {
    'open-logs': () => this.#askWhich(),
    'close-logs': () => {
      const vmId = machineOf(this.#holder.get());
      if (vmId !== null) this.#close(vmId);
    },
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, eventLogs: EventLogs, uses: OpenedLogsUses) {
    this.#holder = holder;
    this.#eventLogs = eventLogs;
    this.#uses = uses;
  }

  /** Opens the files that the user named, for a VM; for none where `vmId` is "". */
  async open(vmId: string, typed: string): Promise<void> {
    if (vmId === '') return this.#report(typed);
    const vm = this.#holder.get().triages.get(vmId)?.vm;
    if (!vm) return;
    const signal = this.#begin(vmId);
    const progress = (fraction: number) => {
      if (!signal.aborted) this.#put(vmId, { ...this.#slot(vmId), reading: fraction });
    };
    progress(0);
    try {
      const opened = await this.#eventLogs.open(typed, vm, progress, signal);
      if (!signal.aborted) this.#opened(vm, opened);
    } catch (error) {
      if (signal.aborted) return;
      this.#put(vmId, { ...this.#slot(vmId), reading: null });
      this.#holder.say(sentence(error), 'bad');
    }
  }

  /** Yes: the log that was asked about counts. */
  add(vmId: string): void {
    const { asked } = this.#slot(vmId);
    if (!asked) return;
    this.#take(vmId, asked);
    this.#holder.say(`Added: ${asked.doubt}. O closes it.`);
  }

  /** No: it is closed, and nothing has changed. */
  leaveOut(vmId: string): void {
    this.#put(vmId, { ...this.#slot(vmId), asked: null });
    this.#holder.say('Left out: nothing has changed.');
  }

  stop(): void {
    for (const controller of this.#latest.values()) controller.abort();
  }

  /** Asks for the files to open; in the list of VMs, a log that was opened before comes back first. */
  #askWhich(): void {
    const state = this.#holder.get();
    const { logReport } = state;
    const vmId = machineOf(state);
    if (vmId !== null && this.#ask(vmId)) return;
    if (vmId === null && logReport !== null && top(state).kind === 'suspects') {
      this.#holder.push(reportLayer);
      return;
    }
    // A log that was read before there was a VM is offered to each without one: Enter takes it, and its doubts are asked.
    const offered = vmId !== null && !state.logs.has(vmId) && logReport?.because === '' ? logReport.typed : '';
    this.#holder.push({ kind: 'input', purpose: 'logs', text: offered, before: '', vmId: vmId ?? '' });
  }

  /** Shows what the files say that the user named, whosever they are. */
  async #report(typed: string): Promise<void> {
    const signal = this.#begin('');
    const asOf = this.#holder.get().now.toISOString();
    const put = (changes: Partial<LogReport>) => {
      if (signal.aborted) return;
      this.#holder.set({ logReport: { typed, reading: null, lines: [], because: '', asOf, ...changes } });
    };
    put({ reading: 0 });
    if (top(this.#holder.get()).kind === 'log-report') this.#holder.replaceTop(reportLayer);
    else this.#holder.push(reportLayer);
    try {
      put({ lines: await this.#eventLogs.report(typed, (reading) => put({ reading }), signal) });
    } catch (error) {
      put({ because: sentence(error) });
    }
  }

  /** Ends the reading for a VM, or for none, that another one takes the place of. */
  #begin(vmId: string): AbortSignal {
    this.#latest.get(vmId)?.abort();
    const controller = new AbortController();
    this.#latest.set(vmId, controller);
    return controller.signal;
  }

  #slot(vmId: string): LogsSlot {
    return this.#holder.get().logs.get(vmId) ?? empty;
  }

  #put(vmId: string, slot: LogsSlot): void {
    const logs = new Map(this.#holder.get().logs);
    if (slot.reading === null && slot.opened.length === 0 && slot.asked === null) logs.delete(vmId);
    else logs.set(vmId, slot);
    this.#holder.set({ logs });
  }

  #opened(vm: VirtualMachine, opened: OpenedLogs): void {
    this.#keep(vm, opened);
    if (opened.doubt === '') {
      this.#put(vm.id, { ...this.#slot(vm.id), reading: null });
      this.#take(vm.id, opened);
      this.#holder.say(`Opened read-only: ${opened.files.map(described).join('; ')}`, 'good');
      return;
    }
    this.#put(vm.id, { ...this.#slot(vm.id), reading: null, asked: opened });
    // A question comes up by itself only where nothing else is typed or asked.
    const state = this.#holder.get();
    const free = top(state) === beneath(state) && ['triage', 'detail'].includes(top(state).kind);
    if (free && machineOf(state) === vm.id) this.#ask(vm.id);
    else this.#holder.say(`${opened.doubt}, not of ${vm.name}: o asks whether it counts.`, 'bad');
  }

  #keep(vm: VirtualMachine, { files, doubt }: OpenedLogs): void {
    const filesFact = known<readonly EventLogFile[]>(files, {
      source: 'exported event logs',
      asOf: this.#holder.get().now.toISOString(),
      coverage: 'the whole files',
      notSeen: doubt === '' ? [] : [`what ${vm.name} did: ${doubt}`],
    });
    const summary = `event logs opened read-only for ${vm.name}: ${files.map(described).join('; ')}`;
    this.#uses.record(vm.id, 'event logs', summary, filesFact);
  }

  /** Lets a log count. The same file again takes the place of its first reading. */
  #take(vmId: string, opened: OpenedLogs): void {
    const slot = this.#slot(vmId);
    const hashes = new Set(opened.files.map(({ sha256 }) => sha256));
    const others = slot.opened.filter(({ files }) => !files.every(({ sha256 }) => hashes.has(sha256)));
    this.#put(vmId, { ...slot, opened: [...others, opened], asked: null });
    // Events beside a logon were read from other logs.
    this.#holder.set({ around: new Map() });
    this.#uses.changed(vmId);
  }

  /** Asks whether a log that does not fit counts. Is there one to ask about? */
  #ask(vmId: string): boolean {
    const { asked } = this.#slot(vmId);
    const vm = this.#holder.get().triages.get(vmId)?.vm;
    if (!asked || !vm) return false;
    this.#holder.push({
      kind: 'confirm',
      confirms: 'add-log',
      runId: -1,
      vmId,
      words: { yes: 'add it', no: 'leave it out' },
      prompt: {
        step: 'add-log',
        level: 'none',
        expects: 'y',
        question: `${asked.doubt}: add its logons to those of ${vm.name}?`,
        consequences: [
          asked.files.map(described).join('; '),
          `Nothing that is known of ${vm.name} is replaced. Its bursts name this log as their source.`,
        ],
      },
    });
    return true;
  }

  /** Goes back to what Log Analytics alone says. */
  #close(vmId: string): void {
    this.#latest.get(vmId)?.abort();
    this.#put(vmId, empty);
    this.#holder.set({ around: new Map() });
    this.#uses.changed(vmId);
  }
}

import type { VirtualMachine } from '../../documents/triage.ts';
import type { Handlers } from '../commands.ts';
import type { Stopwatch } from '../prompts/reading-time.ts';
import type { Reader } from '../session-readers.ts';
import { machineOf, type SessionState, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';

/** Seconds between readings that begin by themselves, where no other time is set. */
const defaultRefresh = 60;

/** What can be read again. */
interface Rereadings {
  fleet(): void;
  vm(vm: VirtualMachine): void;
  /** What leads from the VM to others. */
  incident(vm: VirtualMachine): void;
  /** The events beside the logon on screen. */
  around(): void;
  trace(vmId: string, address: string): void;
}

function isReading(state: SessionState): boolean {
  const layer = top(state);
  if (layer.kind === 'suspects') return state.scan.state === 'loading' || state.scan.state === 'refreshing';
  const slot = layer.kind === 'triage' ? state.triages.get(layer.vmId) : undefined;
  return slot?.state !== 'done' && slot?.state !== 'failed';
}

/** Reads the signed-in account. A sign-in made after the start is picked up with the next refresh. */
export function readIdentity(holder: Holder, reader: Reader): void {
  reader.identity().then(
    (identity) => {
      holder.set({ identity });
      const [warning] = identity.warnings ?? [];
      if (warning) holder.say(warning, 'bad');
    },
    (error: unknown) => holder.say(`Who you are could not be read: ${sentence(error)}`, 'bad'),
  );
}

/**
 * Reads again what is on screen: on request, and from time to time while that is switched on; then never under a prompt
 * or while the user types.
 */
export class Refresh {
  readonly #holder: Holder;
  readonly #reader: Reader;
  readonly #stopwatch: Stopwatch;
  readonly #seconds: number;
  readonly #again: Rereadings;
  #stop: (() => void) | null = null;

  readonly commands = {
    refresh: () => this.#refresh(),
    'auto-refresh': () => {
      this.#holder.set({ autoRefresh: this.#holder.get().autoRefresh === null ? this.#seconds : null });
      this.start();
    },
  } satisfies Partial<Handlers>;

  constructor(
    holder: Holder,
    { reader, stopwatch }: { reader: Reader; stopwatch: Stopwatch },
    seconds: number | undefined,
    again: Rereadings,
  ) {
    this.#holder = holder;
    this.#reader = reader;
    this.#stopwatch = stopwatch;
    this.#seconds = seconds ?? defaultRefresh;
    this.#again = again;
  }

  /** Begins to refresh with the seconds that the state holds, or stops where it holds none. */
  start(): void {
    this.stop();
    const { autoRefresh } = this.#holder.get();
    if (autoRefresh === null) return;
    this.#stop = this.#stopwatch.every(autoRefresh * 1_000, () => {
      if (!isReading(this.#holder.get())) this.#refresh();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }

  #refresh(): void {
    const state = this.#holder.get();
    const layer = top(state);
    if (layer.kind === 'address') {
      this.#again.trace(layer.vmId, layer.addresses[layer.at] ?? '');
      return;
    }
    const slot = state.triages.get(machineOf(state) ?? '');
    if (slot && layer.kind === 'incident') {
      this.#again.incident(slot.vm);
      return;
    }
    if (!slot) {
      if (state.identity === null) readIdentity(this.#holder, this.#reader);
      this.#again.fleet();
      return;
    }
    this.#again.vm(slot.vm);
    if (layer.kind === 'detail') this.#again.around();
  }
}

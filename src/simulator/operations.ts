import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';

export interface OperationFailure {
  code: string;
  message: string;
}

/** How an operation goes wrong. */
export interface OperationTrouble {
  failure?: OperationFailure;
  cancelled?: boolean;
  hangs?: boolean;
}

export type OperationState = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

/** Work that goes on after the answer. */
export interface Operation {
  id: string;
  /** Whose shapes its status has. */
  style: 'network' | 'compute' | 'backup';
  /** The resource it works on, lower case; one at a time may be worked on. */
  target: string;
  startedAt: number;
  endsAt: number;
  endedAt: number | undefined;
  state: OperationState;
  failure: OperationFailure | undefined;
  polls: number;
  /** Carries the work out; called once, when it succeeds. */
  finish: () => void;
  /** Called once, when it fails. */
  fail: () => void;
  /** What the final answer shows: `properties.output`, or the body behind Location. */
  result: () => unknown;
  hangs: boolean;
  failsWith: OperationFailure | undefined;
  /** Is it cancelled? Then it ends as cancelled instead of failed. */
  cancelled: boolean;
  /** Called once, when it has ended. */
  ended: ((state: OperationState) => void) | undefined;
}

export interface NewOperation {
  style: Operation['style'];
  target: string;
  /** Milliseconds of the world's time. */
  duration: number;
  finish?: () => void;
  fail?: () => void;
  result?: () => unknown;
  /** From a fault: how the operation goes wrong. */
  trouble?: OperationTrouble | undefined;
}

/** A thing that happens by itself at a time: the expiry of a grant. */
interface Event {
  at: number;
  happen: () => void;
}

/** Long-running operations and timed events, carried out when the clock has reached them. */
export class Operations {
  readonly #clock: Clock;
  readonly #open = new Map<string, Operation>();
  #events: Event[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(wanted: NewOperation): Operation {
    const now = this.#clock.ms();
    const operation: Operation = {
      id: randomUUID(),
      style: wanted.style,
      target: wanted.target.toLowerCase(),
      startedAt: now,
      endsAt: now + wanted.duration,
      endedAt: undefined,
      state: 'InProgress',
      failure: undefined,
      polls: 0,
      finish: wanted.finish ?? (() => undefined),
      fail: wanted.fail ?? (() => undefined),
      result: wanted.result ?? (() => undefined),
      hangs: wanted.trouble?.hangs === true,
      failsWith: wanted.trouble?.failure,
      cancelled: wanted.trouble?.cancelled === true,
      ended: undefined,
    };
    this.#open.set(operation.id, operation);
    return operation;
  }

  /** Lets something happen at a time of the world (milliseconds since 1970). */
  schedule(at: number, happen: () => void): void {
    this.#events.push({ at, happen });
    this.#events.sort((a, b) => a.at - b.at);
  }

  /** How many operations have been started. */
  count(): number {
    return this.#open.size;
  }

  /** The operations that were started since there were so many. */
  startedSince(count: number): Operation[] {
    return this.#open.size > count ? [...this.#open.values()].slice(count) : [];
  }

  get(id: string): Operation | undefined {
    return this.#open.get(id.toLowerCase());
  }

  /** The operation under way on a resource. */
  running(target: string): Operation | undefined {
    const low = target.toLowerCase();
    return [...this.#open.values()].find((operation) => operation.target === low && operation.state === 'InProgress');
  }

  /** Carries out what the clock has reached, in the order in which it fell due. */
  settle(): void {
    const now = this.#clock.ms();
    const due = [...this.#open.values()]
      .filter((operation) => operation.state === 'InProgress' && !operation.hangs && operation.endsAt <= now)
      .sort((a, b) => a.endsAt - b.endsAt);
    for (const operation of due) {
      operation.endedAt = operation.endsAt;
      if (operation.failsWith === undefined) {
        operation.state = 'Succeeded';
        operation.finish();
      } else {
        operation.state = operation.cancelled ? 'Canceled' : 'Failed';
        operation.failure = operation.failsWith;
        operation.fail();
      }
      operation.ended?.(operation.state);
    }
    while (this.#events[0] !== undefined && this.#events[0].at <= now) this.#events.shift()?.happen();
  }

  /** Ends an operation now, as cancelled. */
  cancel(operation: Operation): void {
    operation.cancelled = true;
    operation.failsWith = { code: 'OperationCancelled', message: 'The operation was canceled.' };
    operation.hangs = false;
    operation.endsAt = this.#clock.ms();
    this.settle();
  }

  /** Work done so far, 0 to 1. */
  progress(operation: Operation): number {
    if (operation.state !== 'InProgress') return 1;
    const whole = Math.max(1, operation.endsAt - operation.startedAt);
    return Math.min(0.99, (this.#clock.ms() - operation.startedAt) / whole);
  }
}

import type { Handlers } from '../commands.ts';
import { promptHasKeys, promptKey, type SessionState } from '../state.ts';
import type { Holder } from '../state-store.ts';

/** A stopwatch and its beat. The wall's time of day is no measure: it jumps. */
export interface Stopwatch {
  /** Milliseconds since some moment; never goes back. */
  elapsed(): number;
  /** Calls back every so many milliseconds; returns the way to stop that. */
  every(milliseconds: number, callback: () => void): () => void;
}

export const wallStopwatch: Stopwatch = {
  elapsed: () => performance.now(),
  every(milliseconds, callback) {
    const handle = setInterval(callback, milliseconds);
    return () => clearInterval(handle);
  },
};

/** How long a prompt must have been on the terminal before an answer to it counts. */
const standingMilliseconds = 500;
/** A key that comes again within this time, with no other key between, is held down: keyboards begin to repeat within it. */
const holdingMilliseconds = 1_000;

const beat = 50;
/**
 * The most that one beat counts. Keys that arrive while the program is busy are read after it: nothing was visible in
 * that time.
 */
const mostPerBeat = 100;

/** Distinguishes the frame of a prompt from that of the question what next. */
export function promptFrameKey(state: SessionState): string {
  const key = promptKey(state);
  return key === '' ? '' : `${key}${state.asked.declined ? ' · next' : ''}${promptHasKeys(state) ? ' · keys' : ''}`;
}

/** Measures how long the prompt has been on screen. */
export function readingTime(holder: Holder, stopwatch: Stopwatch) {
  let stop: (() => void) | null = null;

  function measure(key: string): void {
    let stood = 0;
    let last = stopwatch.elapsed();
    stop = stopwatch.every(beat, () => {
      const now = stopwatch.elapsed();
      stood += Math.min(now - last, mostPerBeat);
      last = now;
      const { asked } = holder.get();
      if (asked.key !== key || !asked.shown) end();
      else if (stood >= standingMilliseconds) {
        end();
        holder.set({ asked: { ...asked, readable: true } });
      }
    });
  }

  function end(): void {
    stop?.();
    stop = null;
  }

  /** A frame was written to the terminal that shows this prompt. */
  function shown(key: string): void {
    const state = holder.get();
    if (key === '' || key !== promptFrameKey(state) || state.asked.shown) return;
    end();
    holder.note({ asked: { ...state.asked, shown: true } });
    measure(state.asked.key);
  }

  /** A key was pressed: is it held down? A prompt that opens later is not what the user waited for. */
  function pressed(name: string): void {
    const { lastKey } = holder.get();
    const at = stopwatch.elapsed();
    const held = name === lastKey.name && at - lastKey.at < holdingMilliseconds;
    holder.note({ lastKey: { name, at, held }, awaited: false });
  }

  return {
    commands: { key: ({ name }) => pressed(name), 'prompt-shown': ({ key }) => shown(key) } satisfies Partial<Handlers>,
    stop: end,
  };
}

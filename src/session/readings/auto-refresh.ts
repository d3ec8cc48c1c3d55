import type { Stopwatch } from '../prompts/reading-time.ts';
import { top } from '../state.ts';
import type { Holder } from '../state-store.ts';

/** Refreshes the screen's data from time to time, while enabled; never under a prompt or while the user types. */
export function refreshing(holder: Holder, stopwatch: Stopwatch, read: () => void) {
  let stop: (() => void) | null = null;

  function end(): void {
    stop?.();
    stop = null;
  }

  function isBusy(): boolean {
    const state = holder.get();
    const layer = top(state);
    if (layer.kind === 'suspects') return state.scan.state === 'loading' || state.scan.state === 'refreshing';
    const slot = layer.kind === 'triage' ? state.triages.get(layer.vmId) : undefined;
    return slot?.state !== 'done' && slot?.state !== 'failed';
  }

  return {
    /** Begins with the seconds that the state holds, or stops where it holds none. */
    start(): void {
      end();
      const { autoRefresh } = holder.get();
      if (autoRefresh === null) return;
      stop = stopwatch.every(autoRefresh * 1_000, () => {
        if (!isBusy()) read();
      });
    },
    stop: end,
  };
}

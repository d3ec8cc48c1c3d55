import { steady } from '../text/cells.ts';
import { type Layer, promptKey, type SessionState, type Toast, top } from './state.ts';

/** Holds the state for those who work on it: one change after the other, each seen by all before the next. */
export interface Holder {
  get(): SessionState;
  set(changes: Partial<SessionState>): void;
  /** Changes what nothing on screen depends on. */
  note(changes: Partial<SessionState>): void;
  /** Shows a message for some seconds. */
  say(text: string, tone?: Toast['tone']): void;
  push(layer: Layer, changes?: Partial<SessionState>): void;
  replaceTop(layer: Layer, changes?: Partial<SessionState>): void;
  pop(changes?: Partial<SessionState>): void;
  subscribe(listener: () => void): () => void;
}

const toastSeconds = 8;

/** What went wrong, in its own words. */
export function sentence(error: unknown): string {
  return steady(error instanceof Error ? error.message : String(error), 400);
}

/** Does the same thing have the keys, scrolled or not? */
function sameThing(one: Layer, other: Layer): boolean {
  return one === other || (one.kind === 'run' && other.kind === 'run' && one.runId === other.runId);
}

export function holdState(initial: SessionState, now: () => Date): Holder {
  let state = initial;
  const listeners = new Set<() => void>();

  function set(changes: Partial<SessionState>): void {
    let next: SessionState = { ...state, ...changes, now: now() };
    const key = promptKey(next);
    // A prompt that appears, or comes back into view, must be drawn before it can be answered, and what was typed for
    // another one does not count for it.
    if (key !== next.armed.key || (key !== '' && !sameThing(top(next), top(state)))) {
      next = { ...next, armed: { key, batch: next.batch, shown: false }, typed: '', refusal: '' };
    }
    if (next.toast && next.now.getTime() >= next.toast.until) next = { ...next, toast: null };
    state = next;
    for (const listener of listeners) listener();
  }

  return {
    get: () => state,
    set,
    note(changes) {
      state = { ...state, ...changes };
    },
    say(text, tone = 'plain') {
      set({ toast: { text: steady(text, 400), tone, until: now().getTime() + toastSeconds * 1000 } });
    },
    push(layer, changes = {}) {
      set({ ...changes, layers: [...state.layers, layer] });
    },
    replaceTop(layer, changes = {}) {
      set({ ...changes, layers: [...state.layers.slice(0, -1), layer] });
    },
    pop(changes = {}) {
      set({ ...changes, layers: state.layers.length > 1 ? state.layers.slice(0, -1) : state.layers });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

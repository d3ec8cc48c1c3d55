import { steady } from '../text/cells.ts';
import type { Handlers } from './commands.ts';
import { isPlaybook, type Layer, promptKey, type SessionState, type Toast, top } from './state.ts';

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
const atEnd = { fromEnd: 0, recalled: 0 };

/** What went wrong, in its own words. */
export function sentence(error: unknown): string {
  return steady(error instanceof Error ? error.message : String(error), 400);
}

/**
 * A prompt that appears, or comes back into view, must be on the terminal before it can be answered, and what was typed
 * for another one does not count for it. Keys go to a prompt that opened by itself only when it was waited for.
 */
function withPrompt(next: SessionState, before: SessionState): SessionState {
  const key = promptKey(next);
  const layer = top(next);
  if (key === next.asked.key && (key === '' || sameThing(layer, top(before)))) {
    if (next.asked.declined === before.asked.declined) return next;
    // Another question in the same place.
    return { ...next, asked: { ...next.asked, shown: false, readable: false }, typed: '', refusal: '' };
  }
  const asked = { key, shown: false, readable: false, declined: false };
  const layers =
    key !== '' && isPlaybook(layer) && next.awaited
      ? [...next.layers.slice(0, -1), { ...layer, answering: key }]
      : next.layers;
  return { ...next, layers, asked, typed: '', refusal: '' };
}

/** Does the same thing have the keys, scrolled or not? */
function sameThing(one: Layer, other: Layer): boolean {
  if (one.kind === 'run' && other.kind === 'run') return one.runId === other.runId;
  return one === other || (one.kind === 'act' && other.kind === 'act' && one.actId === other.actId);
}

/** The message, until its time is over; one that the clock went back under, when the simulator's began, has its seconds anew. */
function lasting(toast: Toast | null, now: number): Toast | null {
  if (!toast || now >= toast.until) return null;
  const longest = now + toastSeconds * 1000;
  return toast.until > longest ? { ...toast, until: longest } : toast;
}

export function holdState(initial: SessionState, now: () => Date): Holder {
  let state = initial;
  const listeners = new Set<() => void>();

  function set(changes: Partial<SessionState>): void {
    let next: SessionState = { ...state, ...changes, now: now() };
    next = withPrompt(next, state);
    // Another text is typed now.
    if (next.typed === '' && state.typed !== '') next = { ...next, typing: atEnd };
    if (next.layers.length !== state.layers.length) next = { ...next, typing: atEnd };
    next = { ...next, toast: lasting(next.toast, next.now.getTime()) };
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

/** What the terminal and the clock report, and messages of the views. */
export function screenCommands(holder: Holder) {
  return {
    // Only a question that is visible at the new size, for as long as any other, can be answered.
    resize: ({ columns, rows }) =>
      holder.set({ columns, rows, asked: { ...holder.get().asked, shown: false, readable: false } }),
    redraw: () => holder.set({ redraws: holder.get().redraws + 1 }),
    tick: () => holder.set({}),
    tell: ({ text, tone }) => holder.say(text, tone ?? 'bad'),
    'sign-in': ({ text }) => holder.set({ signIn: text }),
  } satisfies Partial<Handlers>;
}

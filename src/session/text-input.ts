import type { Handlers } from './commands.ts';
import { searchBeneath, searchFor } from './navigation.ts';
import { top } from './state.ts';
import { type Holder, sentence } from './state-store.ts';
import { type Edit, type EditedText, edited } from './text-edit.ts';

/** The longest text that an input takes, in UTF-16 units. */
const longestInput = 2_000;
/** How many texts are kept of those that were entered before. */
const mostEntered = 50;

/** The uses of a typed text, and the helpers to write it. */
interface TextUses {
  /** Are the keys for the prompt on screen, and does an answer count? */
  answerable(): boolean;
  submitAnswer(): void;
  openLogs(vmId: string, typed: string): void;
  enterNote(vmId: string, text: string): void;
  stampCase(vmId: string, authority: string): void;
  postCase(vmId: string, incident: string): void;
  /** Completes the path of an event log as far as the names of files agree. */
  complete(typed: string): Promise<{ text: string; choices: string[] }>;
  /** Lets a text be written in the user's editor; null when it was left unchanged. */
  editor(text: string): Promise<string | null>;
}

/** A text that something is done with once it was entered. */
interface Taken {
  purpose: 'note' | 'logs' | 'authority' | 'incident';
  vmId: string;
  text: string;
}

/** Takes the text of the input on top; returns it unless it filters what is on screen. */
function takeInput(holder: Holder): Taken | null {
  const layer = top(holder.get());
  if (layer.kind !== 'input') return null;
  const { purpose, vmId } = layer;
  const text = layer.text.trim();
  const before = (holder.get().entered.get(purpose) ?? []).filter((one) => one !== text);
  const entered = new Map(holder.get().entered).set(purpose, [...before, text].slice(-mostEntered));
  holder.pop(text === '' ? {} : { entered });
  if (purpose === 'search') searchFor(holder, layer.text);
  return purpose !== 'search' && purpose !== 'filter' && text !== '' ? { purpose, vmId, text } : null;
}

/** The text that is typed: into an input, the palette, or as the answer to a prompt. */
export class TextInput {
  readonly #holder: Holder;
  readonly #uses: TextUses;

  readonly commands = {
    insert: (edit) => this.#edit(edit),
    erase: (edit) => this.#edit(edit),
    cursor: (edit) => this.#edit(edit),
    recall: ({ by }) => this.#recall(by),
    complete: () => void this.#complete(),
    'edit-note': () => void this.#editNote(),
    submit: () => this.#submit(),
    search: () => this.#askForSearch(),
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, uses: TextUses) {
    this.#holder = holder;
    this.#uses = uses;
  }

  #edit(edit: Edit): void {
    this.#change((text) => edited(text, edit, longestInput));
  }

  #change(change: (now: EditedText) => EditedText): void {
    const state = this.#holder.get();
    const layer = top(state);
    const { fromEnd, recalled } = state.typing;
    const apply = (text: string) => change({ text, fromEnd });
    if (layer.kind === 'input') {
      const { text, fromEnd: to } = apply(layer.text);
      const typing = { fromEnd: to, recalled };
      this.#holder.replaceTop({ ...layer, text }, { typing, ...(layer.purpose === 'filter' ? { filter: text } : {}) });
      if (layer.purpose === 'search' && text !== layer.text) searchBeneath(this.#holder, text);
    } else if (layer.kind === 'palette') {
      const { text, fromEnd: to } = apply(layer.text);
      const selected = text === layer.text ? layer.selected : 0;
      this.#holder.replaceTop({ ...layer, text, selected }, { typing: { fromEnd: to, recalled } });
    } else if (this.#uses.answerable()) {
      const { text, fromEnd: to } = apply(state.typed);
      this.#holder.set({ typed: text, typing: { fromEnd: to, recalled }, refusal: '' });
    }
  }

  #askForSearch(): void {
    const layer = top(this.#holder.get());
    if (!('search' in layer)) return;
    const vmId = 'vmId' in layer ? layer.vmId : '';
    this.#holder.push({ kind: 'input', purpose: 'search', text: '', before: layer.search, vmId });
  }

  /** Brings back what was entered before in an input of the same purpose. */
  #recall(by: 1 | -1): void {
    const state = this.#holder.get();
    const layer = top(state);
    if (layer.kind !== 'input') return;
    const before = state.entered.get(layer.purpose) ?? [];
    const recalled = Math.max(0, Math.min(before.length, state.typing.recalled + by));
    const text = recalled === 0 ? '' : (before[before.length - recalled] ?? '');
    this.#change(() => ({ text, fromEnd: 0 }));
    this.#holder.set({ typing: { fromEnd: 0, recalled } });
  }

  async #complete(): Promise<void> {
    const layer = top(this.#holder.get());
    if (layer.kind !== 'input' || layer.purpose !== 'logs') return;
    const typed = layer.text;
    const { text, choices } = await this.#uses.complete(typed).catch(() => ({ text: typed, choices: [] }));
    const now = top(this.#holder.get());
    if (now.kind !== 'input' || now.text !== typed) return;
    if (text !== typed) this.#change(() => ({ text, fromEnd: 0 }));
    else this.#holder.say(choices.length === 0 ? 'There is no such file.' : choices.slice(0, 12).join('  '));
  }

  /** Lets the note be written in the user's editor, and enters what comes back. */
  async #editNote(): Promise<void> {
    const layer = top(this.#holder.get());
    if (layer.kind !== 'input' || layer.purpose !== 'note') return;
    const written = await this.#uses.editor(layer.text).catch((error: unknown) => {
      this.#holder.say(`The editor could not be used: ${sentence(error)}`, 'bad');
      return null;
    });
    if (written === null || top(this.#holder.get()) !== layer) return;
    this.#holder.pop();
    this.#uses.enterNote(layer.vmId, written.trim());
  }

  #submit(): void {
    if (top(this.#holder.get()).kind !== 'input') {
      this.#uses.submitAnswer();
      return;
    }
    const taken = takeInput(this.#holder);
    if (!taken) return;
    const { purpose, vmId, text } = taken;
    if (purpose === 'logs') this.#uses.openLogs(vmId, text);
    else if (purpose === 'authority') this.#uses.stampCase(vmId, text);
    else if (purpose === 'incident') this.#uses.postCase(vmId, text);
    else this.#uses.enterNote(vmId, text);
  }
}

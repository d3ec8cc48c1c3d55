import type { Handlers } from '../commands.ts';
import { isPlaybook, promptHasKeys, promptInHand, promptKey, top } from '../state.ts';
import type { Holder } from '../state-store.ts';

const tooSoon = 'Read it first: an answer counts once this has stood here for half a second.';
const heldDown = 'A key that is held down is no answer: let it go, and press it once.';

/** A playbook that asks, on one VM or on several. */
export interface Asker {
  answer(text: string): 'accepted' | 'refused';
  skip(): void;
  cancel(): void;
}

/** What a Yes or a No to the session's own questions does. */
interface Answered {
  leave(): void;
  undo(runId: number): void;
  undoAct(actId: number): void;
  addLog(vmId: string): void;
  leaveLogOut(vmId: string): void;
}

/** Answers to the current prompt. Nothing here takes an answer to a prompt that a user cannot have read. */
export class PromptAnswers {
  readonly #holder: Holder;
  /** The playbook on screen. */
  readonly #asker: () => Asker | null;
  readonly #answered: Answered;

  readonly commands = {
    yes: () => this.#answer('y'),
    no: () => this.#no(),
    skip: () => this.#skip(),
    'end-run': () => this.#end(),
    'ask-again': () => this.#again(),
    later: () => this.#later(),
    'focus-prompt': () => this.#focus(),
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, asker: () => Asker | null, answered: Answered) {
    this.#holder = holder;
    this.#asker = asker;
    this.#answered = answered;
  }

  /** Has the prompt been on screen long enough, and do the keys go to it? */
  answerable(): boolean {
    const state = this.#holder.get();
    return promptHasKeys(state) && state.asked.readable;
  }

  /** Enter: takes what was typed; alone it means No. */
  submit(): void {
    const state = this.#holder.get();
    const prompt = promptInHand(state);
    if (!prompt || !this.#decides()) return;
    const typed = state.typed.trim();
    if (typed !== '') this.#answer(typed);
    // A question that wants an answer is not a confirmation: Enter alone leaves it open.
    else if (prompt.level !== 'ask' || prompt.expects !== '') this.#no();
    else this.#holder.set({ refusal: 'Type an answer, or Esc for what else can be done.' });
  }

  /** `answerable` for a key that decides; says why it does not count. */
  #decides(): boolean {
    const state = this.#holder.get();
    if (!promptHasKeys(state)) return false;
    const because = !state.asked.readable ? tooSoon : state.lastKey.held ? heldDown : '';
    if (because !== '') this.#holder.set({ refusal: because });
    return because === '';
  }

  /** Changes nothing in Azure, so it need not be waited for; but Enter may have been meant for what was here before. */
  #no(): void {
    const state = this.#holder.get();
    if (!promptHasKeys(state) || state.lastKey.held) return;
    if (state.lastKey.name === 'Enter' && !this.#decides()) return;
    const layer = top(state);
    if (layer.kind === 'confirm') {
      this.#holder.pop();
      if (layer.confirms === 'add-log') this.#answered.leaveLogOut(layer.vmId);
    } else this.#holder.set({ asked: { ...state.asked, declined: true } });
  }

  #refuse(text: string): void {
    this.#holder.set({ refusal: `${text}: nothing was done.`, typed: '' });
  }

  #answer(text: string): void {
    const state = this.#holder.get();
    const prompt = promptInHand(state);
    if (!prompt || !this.#decides()) return;
    const layer = top(state);
    const wrong = prompt.expects === '' ? 'That answer was not accepted' : `That is not ${prompt.expects}`;
    if (layer.kind !== 'confirm') {
      this.#holder.note({ awaited: true });
      if (this.#asker()?.answer(text) === 'refused') this.#refuse(wrong);
      else this.#holder.set({ typed: '', refusal: '' });
    } else if (text !== prompt.expects) {
      this.#refuse(wrong);
    } else {
      this.#holder.pop();
      if (layer.confirms === 'quit') this.#answered.leave();
      else if (layer.confirms === 'add-log') this.#answered.addLog(layer.vmId);
      else if (layer.confirms === 'undo-act') this.#answered.undoAct(layer.runId);
      else this.#answered.undo(layer.runId);
    }
  }

  /** Gives the keys to the prompt that waits in the view on screen. */
  #focus(): void {
    const state = this.#holder.get();
    const layer = top(state);
    const key = promptKey(state);
    if (isPlaybook(layer) && key !== '') this.#holder.replaceTop({ ...layer, answering: key }, { refusal: '' });
  }

  /** After a No: leaves the step out and goes on with the next. */
  #skip(): void {
    if (!isPlaybook(top(this.#holder.get())) || !this.#decides()) return;
    this.#holder.note({ awaited: true });
    this.#asker()?.skip();
  }

  /** After a No: ends the playbook here; it can be continued. */
  #end(): void {
    if (isPlaybook(top(this.#holder.get())) && this.#decides()) this.#asker()?.cancel();
  }

  /** After a No: asks the same again. */
  #again(): void {
    const { asked } = this.#holder.get();
    if (asked.declined) this.#holder.set({ asked: { ...asked, declined: false } });
  }

  /** Leaves the question open and the view; the playbook waits. */
  #later(): void {
    const state = this.#holder.get();
    const layer = top(state);
    const prompt = promptInHand(state);
    if (!isPlaybook(layer) || !prompt) return;
    this.#holder.replaceTop({ ...layer, answering: '' });
    this.#holder.pop();
    this.#holder.say('The playbook waits for your answer: w goes back to it.');
  }
}

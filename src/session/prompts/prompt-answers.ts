import type { playbookRuns } from '../playbooks/playbook-runs.ts';
import { promptHasKeys, promptInHand, promptKey, top } from '../state.ts';
import type { Holder } from '../state-store.ts';

const tooSoon = 'Read it first: an answer counts once this has stood here for half a second.';
const heldDown = 'A key that is held down is no answer: let it go, and press it once.';

/** Answers to the current prompt. Nothing here takes an answer to a prompt that a user cannot have read. */
export function promptAnswers(
  holder: Holder,
  runs: ReturnType<typeof playbookRuns>,
  leave: () => void,
  logs: { add(vmId: string): void; leaveOut(vmId: string): void },
) {
  /** Has the prompt been on screen long enough, and do the keys go to it? */
  function answerable(): boolean {
    const state = holder.get();
    return promptHasKeys(state) && state.asked.readable;
  }

  /** The same for a key that decides; says why it does not count. */
  function decides(): boolean {
    const state = holder.get();
    if (!promptHasKeys(state)) return false;
    const because = !state.asked.readable ? tooSoon : state.lastKey.held ? heldDown : '';
    if (because !== '') holder.set({ refusal: because });
    return because === '';
  }

  /** Changes nothing in Azure, so it need not be waited for; but Enter may have been meant for what was here before. */
  function no(): void {
    const state = holder.get();
    if (!promptHasKeys(state) || state.lastKey.held) return;
    if (state.lastKey.name === 'Enter' && !decides()) return;
    const layer = top(state);
    if (layer.kind === 'confirm') {
      holder.pop();
      if (layer.then === 'add-log') logs.leaveOut(layer.vmId);
    } else holder.set({ asked: { ...state.asked, declined: true } });
  }

  function refuse(text: string): void {
    holder.set({ refusal: `${text}: nothing was done.`, typed: '' });
  }

  function answer(text: string): void {
    const state = holder.get();
    const prompt = promptInHand(state);
    if (!prompt || !decides()) return;
    const layer = top(state);
    const wrong = prompt.expects === '' ? 'That answer was not accepted' : `That is not ${prompt.expects}`;
    if (layer.kind !== 'confirm') {
      holder.note({ awaited: true });
      if (runs.onScreen()?.run.answer(text) === 'refused') refuse(wrong);
      else holder.set({ typed: '', refusal: '' });
    } else if (text !== prompt.expects) {
      refuse(wrong);
    } else {
      holder.pop();
      if (layer.then === 'quit') leave();
      else if (layer.then === 'add-log') logs.add(layer.vmId);
      else runs.undo(layer.runId);
    }
  }

  return {
    answerable,
    no,
    answer,
    /** Enter: takes what was typed; alone it means No. */
    submit(): void {
      const state = holder.get();
      const prompt = promptInHand(state);
      if (!prompt || !decides()) return;
      const typed = state.typed.trim();
      if (typed !== '') answer(typed);
      // A question that wants an answer is not a confirmation: Enter alone leaves it open.
      else if (prompt.level !== 'ask' || prompt.expects !== '') no();
      else holder.set({ refusal: 'Type an answer, or Esc for what else can be done.' });
    },
    /** Gives the keys to the prompt that waits in the view on screen. */
    focus(): void {
      const state = holder.get();
      const layer = top(state);
      const key = promptKey(state);
      if (layer.kind === 'run' && key !== '') holder.replaceTop({ ...layer, answering: key }, { refusal: '' });
    },
    /** After a No: leaves the step out and goes on with the next. */
    skip(): void {
      if (top(holder.get()).kind !== 'run' || !decides()) return;
      holder.note({ awaited: true });
      runs.onScreen()?.run.skip();
    },
    /** After a No: ends the playbook here; it can be continued. */
    end(): void {
      if (top(holder.get()).kind === 'run' && decides()) runs.onScreen()?.run.cancel();
    },
    /** After a No: asks the same again. */
    again(): void {
      const { asked } = holder.get();
      if (asked.declined) holder.set({ asked: { ...asked, declined: false } });
    },
    /** Leaves the question open and the view; the playbook waits. */
    later(): void {
      const state = holder.get();
      const layer = top(state);
      const prompt = promptInHand(state);
      if (layer.kind !== 'run' || !prompt) return;
      holder.replaceTop({ ...layer, answering: '' });
      holder.pop();
      holder.say('The playbook waits for your answer: w goes back to it.');
    },
  };
}

import type { playbookRuns } from './playbook-runs.ts';
import { promptInHand, promptKey, top } from './state.ts';
import type { Holder } from './state-store.ts';

/** Answers to the prompt in hand. Nothing here takes an answer to a prompt that was not seen. */
export function promptAnswers(holder: Holder, runs: ReturnType<typeof playbookRuns>, leave: () => void) {
  /** Was the prompt drawn, and did this key come after it? */
  function answerable(): boolean {
    const state = holder.get();
    return promptKey(state) !== '' && state.armed.shown && state.batch > state.armed.batch;
  }

  function no(): void {
    if (!answerable()) return;
    if (top(holder.get()).kind === 'confirm') holder.pop();
    else runs.onScreen()?.run.cancel();
  }

  function refuse(text: string): void {
    holder.set({ refusal: `${text}: nothing was done.`, typed: '' });
  }

  function answer(text: string): void {
    const state = holder.get();
    const prompt = promptInHand(state);
    if (!answerable() || !prompt) return;
    const layer = top(state);
    const wrong = prompt.expects === '' ? 'That answer was not accepted' : `That is not ${prompt.expects}`;
    if (layer.kind !== 'confirm') {
      if (runs.onScreen()?.run.answer(text) === 'refused') refuse(wrong);
      else holder.set({ typed: '', refusal: '' });
    } else if (text !== prompt.expects) {
      refuse(wrong);
    } else {
      holder.pop();
      if (layer.then === 'quit') leave();
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
      if (!prompt || !answerable()) return;
      const typed = state.typed.trim();
      if (typed !== '') answer(typed);
      // A question that wants an answer is not a confirmation: Enter alone leaves it open.
      else if (prompt.level === 'ask' && prompt.expects === '') {
        holder.set({ refusal: 'Type an answer, or Esc to leave.' });
      } else no();
    },
    skip(): void {
      if (answerable() && top(holder.get()).kind === 'run') runs.onScreen()?.run.skip();
    },
  };
}

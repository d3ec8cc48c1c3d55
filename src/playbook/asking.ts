import type { Prompt } from './run.ts';

type Answer = { kind: 'text'; text: string } | { kind: 'skip' } | { kind: 'cancel'; because?: string };

/** One question at a time, and the callers that wait for its answer. */
export class Asking {
  readonly #changed: () => void;
  #prompt: Prompt | null = null;
  #resolve: ((answer: Answer) => void) | null = null;
  #over = false;

  /** `changed` is called when a question appears, and when it goes. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get prompt(): Prompt | null {
    return this.#prompt;
  }

  /** Asks, and resolves with the answer. */
  ask(prompt: Prompt): Promise<Answer> {
    if (this.#over) return Promise.resolve({ kind: 'cancel' });
    return new Promise((resolve) => {
      this.#prompt = prompt;
      this.#resolve = resolve;
      this.#changed();
    });
  }

  /** Takes a typed answer, when it is the one that is expected: no other goes on. */
  answer(text: string): 'accepted' | 'refused' {
    const prompt = this.#prompt;
    if (!prompt) return 'refused';
    const given = text.trim();
    const right = prompt.expects === '' ? given !== '' : given === prompt.expects;
    if (!right) return 'refused';
    this.settle({ kind: 'text', text: given });
    return 'accepted';
  }

  /** Answers the question there is, if there is one. */
  settle(answer: Answer): void {
    const resolve = this.#resolve;
    if (!resolve) return;
    this.#prompt = null;
    this.#resolve = null;
    this.#changed();
    resolve(answer);
  }

  /** Cancels the question there is, and every later one. */
  end(): void {
    this.#over = true;
    this.settle({ kind: 'cancel' });
  }
}

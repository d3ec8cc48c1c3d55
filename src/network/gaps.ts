import { printable } from '../text/printable.ts';

const LIMIT = 200;

/** Sentences about what could not be seen, each once, in order of discovery, bounded in number and length. */
export class Notes {
  // Most VMs have nothing to note.
  #sentences: Set<string> | undefined;
  #dropped = 0;

  /** Notes what is not seen, why, and what would cure it (`cure` may be empty). */
  add(what: string, because: string, cure: string): void {
    this.say(`${what}: ${because}${cure === '' ? '' : `; ${cure}`}`);
  }

  /** Notes a whole sentence. */
  say(sentence: string): void {
    const clean = printable(sentence, 600);
    this.#sentences ??= new Set();
    if (this.#sentences.has(clean)) return;
    if (this.#sentences.size >= LIMIT) this.#dropped += 1;
    else this.#sentences.add(clean);
  }

  /** Notes all of these. */
  sayAll(sentences: readonly string[]): void {
    if (sentences.length > 0) for (const sentence of sentences) this.say(sentence);
  }

  /** The sentences, and how many more there were. */
  list(): string[] {
    if (this.#sentences === undefined) return [];
    const said = [...this.#sentences];
    return this.#dropped === 0 ? said : [...said, `and ${this.#dropped} more of this kind`];
  }
}

/** No event of 64 KiB becomes longer as JSON. */
const longestObject = 4 * 1024 * 1024;

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

/**
 * Parts a stream of JSON into the texts of its outermost objects, in bounded memory, whatever is between them: the commas and brackets of a list,
 * line ends, or the words that a program writes before each. That of one whose end is missing is "".
 */
export class ObjectTexts {
  #rest = '';
  /** How far `#rest` was looked at, and the line that is the place of it. */
  #at = 0;
  #line = 1;
  /** Where the object begins that is open, or -1, and its line. */
  #from = -1;
  #began = 1;
  #depth = 0;
  #quoted = false;

  *push(text: string): Generator<{ text: string; line: number }> {
    this.#rest += text;
    const rest = this.#rest;
    for (; this.#at < rest.length; this.#at++) {
      const code = rest.charCodeAt(this.#at);
      if (code === 10) this.#line += 1;
      if (this.#quoted) {
        if (code === BACKSLASH) this.#at += 1;
        else if (code === QUOTE) this.#quoted = false;
      } else if (code === OPEN) {
        if (this.#depth === 0) {
          this.#from = this.#at;
          this.#began = this.#line;
        }
        this.#depth += 1;
      } else if (this.#depth > 0) {
        if (code === QUOTE) this.#quoted = true;
        else if (code === CLOSE) {
          this.#depth -= 1;
          if (this.#depth > 0) continue;
          yield { text: rest.slice(this.#from, this.#at + 1), line: this.#began };
          this.#from = -1;
        }
      }
    }
    if (this.#from >= 0 && rest.length - this.#from > longestObject) yield* this.#given();
    const kept = this.#from < 0 ? this.#rest.length : this.#from;
    this.#rest = this.#rest.slice(kept);
    this.#at -= kept;
    if (this.#from > 0) this.#from = 0;
  }

  /** At the end of the stream: an object that has begun has no end. */
  *finish(): Generator<{ text: string; line: number }> {
    if (this.#from >= 0) yield* this.#given();
    this.#rest = '';
  }

  /** Gives up the object that is open. */
  *#given(): Generator<{ text: string; line: number }> {
    yield { text: '', line: this.#began };
    this.#from = -1;
    this.#depth = 0;
    this.#quoted = false;
  }
}

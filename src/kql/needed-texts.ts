/**
 * Texts of which a text must hold one, wherever a pattern is to be found in it: what does not hold any need not be searched.
 * Undefined where there are none, or where the pattern has more than what is read here.
 */
export function neededTexts(pattern: string): readonly string[] | undefined {
  try {
    const reader = new Reader(pattern);
    const found = reader.branches();
    return reader.isAtEnd ? found : undefined;
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}

/** The pattern has what is not read here, or is none. */
class Unread extends Error {
  override readonly name = 'Unread';
}

/** A repeat behind a piece: how often at least and at most. */
const REPEAT = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y;
const CLASS = /\[\^?\]?(?:\\[\s\S]|\[:\^?[a-z]+:\]|[^\]\\])*\]/y;
/** A group of which nothing but its place is special. */
const GROUP = /\((?:\?:|(?!\?))/y;

class Reader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  /** Up to the end of a group, or of the pattern: one of what each branch needs. */
  branches(): readonly string[] | undefined {
    let all: string[] | undefined = [];
    for (;;) {
      const one = this.#branch();
      all = one && all ? [...all, ...one] : undefined;
      if (this.#pattern[this.#at] !== '|') return all;
      this.#at += 1;
    }
  }

  #branch(): readonly string[] | undefined {
    let best: readonly string[] | undefined;
    let run = '';
    const take = (found: readonly string[] | undefined): void => {
      if (found && shortest(found) > shortest(best ?? [''])) best = found;
    };
    const end = (): void => {
      if (run !== '') take([run]);
      run = '';
    };
    while (!this.isAtEnd && !'|)'.includes(this.#pattern.charAt(this.#at))) {
      const piece = this.#piece();
      const { least, most } = this.#repeat();
      if (typeof piece !== 'string') {
        end();
        if (least > 0) take(piece);
      } else if (least === 0) end();
      else {
        run += piece;
        if (most > 1) end();
      }
    }
    end();
    return best;
  }

  /** A character, or what another piece needs. */
  #piece(): string | readonly string[] | undefined {
    const c = this.#pattern.charAt(this.#at);
    if (this.#matched(GROUP)) {
      const inner = this.branches();
      if (this.#pattern[this.#at] !== ')') throw new Unread();
      this.#at += 1;
      return inner;
    }
    if (this.#matched(CLASS)) return undefined;
    if ('([*+?'.includes(c)) throw new Unread();
    if (c === '\\') {
      const escaped = this.#pattern.charAt(this.#at + 1);
      this.#at += 2;
      if (/[^A-Za-z0-9]/.test(escaped)) return escaped;
      // Others may have more behind them, as \x41 and \p{Lu} have.
      if (!'bBdDsSwW'.includes(escaped)) throw new Unread();
      return undefined;
    }
    this.#at += 1;
    return '.^$'.includes(c) ? undefined : c;
  }

  #repeat(): { least: number; most: number } {
    const found = this.#matched(REPEAT);
    if (!found) return { least: 1, most: 1 };
    const [, sign, least, comma, most] = found;
    if (sign !== undefined) return { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    if (comma === undefined) return { least: Number(least), most: Number(least) };
    return { least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most) };
  }

  #matched(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#pattern);
    if (found) this.#at += found[0].length;
    return found;
  }
}

const shortest = (texts: readonly string[]): number => Math.min(...texts.map((text) => text.length));

import { RE2JS, RE2JSException } from 're2js';
import { type NativeRegex, nativeRegex } from './native-regex.ts';

/** A pattern that Kusto's engine does not take either, or that is too large. */
export class RegexRefused extends Error {
  override readonly name = 'RegexRefused';
}

const longestPattern = 10_000;
const mostKept = 500;
/** About a millisecond: a text on which JavaScript's engine could take more steps than this is searched by RE2's. */
const mostSteps = 1_000_000;

/** What a search found: the whole and the groups, as `RegExp.exec` has them. */
export type Found = (string | undefined)[] & { index: number; groups?: Record<string, string | undefined> | undefined };

/**
 * A regular expression as Kusto reads it (RE2's syntax), searched in linear time: a hostile line of a log must not hold
 * a query up. RE2's own algorithm (the package re2js) decides; JavaScript's engine, which backtracks but is several times
 * as fast, does where the pattern means the same to it and the text is too short for it to take long
 * (https://learn.microsoft.com/kusto/query/regex).
 */
export class Regex {
  readonly #pattern: string;
  readonly #native: NativeRegex | null;
  #linear: RE2JS | null = null;

  /** Throws RegexRefused with the reason. `engine` forces one of the two, for their comparison. */
  constructor(pattern: string, engine?: 'linear' | 'native') {
    if (pattern.length > longestPattern) throw new RegexRefused('the regular expression is too long');
    this.#pattern = pattern;
    this.#native =
      engine === 'linear' ? null : nativeRegex(pattern, engine === 'native' ? Number.MAX_VALUE : mostSteps);
    if (this.#native === null) this.#compile();
  }

  /** Does JavaScript's engine search this text? */
  isNative(text: string): boolean {
    return this.#nativeFor(text) !== null;
  }

  #nativeFor(text: string): NativeRegex | null {
    const native = this.#native;
    if (native === null || text.length > native.longest) return null;
    return native.unlike?.test(text) ? null : native;
  }

  test(text: string): boolean {
    return (this.#nativeFor(text)?.one ?? this.#compile()).test(text);
  }

  exec(text: string): Found | null {
    const native = this.#nativeFor(text);
    if (native !== null) return native.one.exec(text);
    const linear = this.#compile();
    // Whether there is a match at all costs a fraction of where its groups are.
    return linear.test(text) ? (linear.exec(text) as Found | null) : null;
  }

  /** Every match, from left to right, none overlapping with the one before. */
  *matchAll(text: string): Generator<Found> {
    const native = this.#nativeFor(text);
    if (native !== null) yield* text.matchAll(native.all);
    else {
      const linear = this.#compile();
      if (linear.test(text)) yield* linear.matchAll(text) as Iterable<Found>;
    }
  }

  /** The text with each match replaced, or with the first alone. */
  replace(text: string, by: (found: Found) => string, only: 'all' | 'first' = 'all'): string {
    let out = '';
    let from = 0;
    for (const found of this.matchAll(text)) {
      out += text.slice(from, found.index) + by(found);
      from = found.index + (found[0]?.length ?? 0);
      if (only === 'first') break;
    }
    return from === 0 && out === '' ? text : out + text.slice(from);
  }

  #compile(): RE2JS {
    if (this.#linear !== null) return this.#linear;
    try {
      this.#linear = RE2JS.compile(this.#pattern);
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      const because = error.message.replace(/^error parsing regexp: /, '');
      throw new RegexRefused(`the regular expression is not valid: ${because}`);
    }
    return this.#linear;
  }
}

const kept = new Map<string, Regex>();

/** Compiles a pattern; throws RegexRefused with the reason. Compiled patterns are kept. */
export function compileRegex(pattern: string): Regex {
  let regex = kept.get(pattern);
  if (regex === undefined) {
    regex = new Regex(pattern);
    if (kept.size >= mostKept) kept.clear();
    kept.set(pattern, regex);
  }
  return regex;
}

/** Text as a pattern that matches it literally. */
export const literalPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

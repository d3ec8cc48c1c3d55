import { RE2JS, RE2JSException } from 're2js';
import { KqlError } from './kqlerror.ts';
import { type NativeRegex, nativeRegex } from './native-regex.ts';
import { beyondAscii, hasWordsBeyondAscii, perlParts, withClasses } from './regex-classes.ts';

/** A pattern that Kusto's engine does not take either, or that is too large. */
export class RegexRefused extends Error {
  override readonly name = 'RegexRefused';
}

const longestPattern = 10_000;
const mostKept = 500;
/** One or two milliseconds: a text on which JavaScript's engine could take more steps than this is searched by RE2's. */
const mostSteps = 2_000_000;

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
  readonly #engine: 'linear' | 'native' | undefined;
  /** Parts that are more than ASCII's where a text is: those are searched with patterns of their own, made when first needed. */
  readonly #perl: { classes: boolean; edges: boolean };
  readonly #native: NativeRegex | null;
  #linear: RE2JS | null = null;
  #wideNative: NativeRegex | null | undefined;
  #wideLinear: RE2JS | null = null;

  /** Throws RegexRefused with the reason. `engine` forces one of the two, for their comparison. */
  constructor(pattern: string, engine?: 'linear' | 'native') {
    if (pattern.length > longestPattern) throw new RegexRefused('the regular expression is too long');
    refuseOtherMeanings(pattern);
    this.#pattern = pattern;
    this.#engine = engine;
    this.#perl = perlParts(pattern);
    this.#native = this.#forNative(false);
    if (this.#native === null) this.#compile();
  }

  /** Does JavaScript's engine search this text for the first match? */
  isNative(text: string): boolean {
    return this.#nativeFor(text) !== null;
  }

  #forNative(wide: boolean): NativeRegex | null {
    if (this.#engine === 'linear') return null;
    return nativeRegex(this.#pattern, this.#engine === 'native' ? Number.MAX_VALUE : mostSteps, wide);
  }

  #isWide(text: string): boolean {
    return this.#perl.classes && beyondAscii.test(text);
  }

  #nativeFor(text: string, forAll = false): NativeRegex | null {
    let native = this.#native;
    if (this.#isWide(text)) {
      this.#wideNative = this.#wideNative === undefined ? this.#forNative(true) : this.#wideNative;
      native = this.#wideNative;
    }
    const longest = (forAll ? native?.longestForAll : native?.longest) ?? -1;
    return text.length > longest ? null : native;
  }

  #linearFor(text: string): RE2JS {
    if (!this.#isWide(text)) return this.#compiledFor(text);
    // RE2 knows the edges of ASCII's words only.
    if (this.#perl.edges && hasWordsBeyondAscii(text)) {
      throw new KqlError(
        'unsupported',
        `The regular expression ${this.#pattern.slice(0, 80)}, which has word boundaries, cannot be searched in a text with letters beyond ASCII.`,
        [],
      );
    }
    this.#wideLinear ??= compiled(withClasses(this.#pattern, true));
    return this.#wideLinear;
  }

  test(text: string): boolean {
    return (this.#nativeFor(text)?.one ?? this.#linearFor(text)).test(text);
  }

  exec(text: string): Found | null {
    const native = this.#nativeFor(text);
    if (native !== null) return native.one.exec(text);
    const linear = this.#linearFor(text);
    // Whether there is a match at all costs a fraction of where its groups are.
    return linear.test(text) ? (linear.exec(text) as Found | null) : null;
  }

  /**
   * Every match, from left to right, none overlapping with the one before. An empty one that begins where the one before it
   * ended is none, as with RE2 and Rust's regex, and unlike JavaScript: `b*` is once in `bbb`.
   */
  *matchAll(text: string): Generator<Found> {
    let end = -1;
    for (const found of this.#everyMatch(text)) {
      const length = found[0]?.length ?? 0;
      if (length === 0 && found.index === end) continue;
      end = found.index + length;
      yield found;
    }
  }

  #everyMatch(text: string): Iterable<Found> {
    const native = this.#nativeFor(text, true);
    if (native !== null) return text.matchAll(native.all);
    const linear = this.#linearFor(text);
    return linear.test(text) ? (linear.matchAll(text) as Iterable<Found>) : [];
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

  /** What JavaScript's engine takes, as \p{Letter}, RE2 may refuse once a text is too long for the former. */
  #compiledFor(text: string): RE2JS {
    try {
      return this.#compile();
    } catch (error) {
      if (!(error instanceof RegexRefused)) throw error;
      const pattern = this.#pattern.slice(0, 80);
      throw new KqlError(
        'unsupported',
        `The regular expression ${pattern} cannot be searched in a text of ${text.length} characters: ${error.message}.`,
        [],
      );
    }
  }

  #compile(): RE2JS {
    this.#linear ??= compiled(withClasses(this.#pattern, false));
    return this.#linear;
  }
}

function compiled(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const because = error.message.replace(/^error parsing regexp: /, '');
    throw new RegexRefused(`the regular expression is not valid: ${because}`);
  }
}

const CLASS = /\[\^?\]?[^\]]*\]?/g;

/**
 * What Kusto's syntax and RE2's both take, and each reads in its own way: sets of characters and classes within a class, the edges
 * of words of UTS #18, a count that begins with 0, has no beginning or has blanks in it (https://learn.microsoft.com/kusto/query/regex, of 2024-11-25).
 */
function refuseOtherMeanings(pattern: string): void {
  const edge = /(?:^|[^\\])(?:\\\\)*(\\[<>]|\\b\{(?:start|end)(?:-half)?\})/.exec(pattern)?.[1];
  if (edge !== undefined) {
    const cure = edge.length === 2 ? `; for the character write ${edge.charAt(1)} without a backslash` : '';
    throw new RegexRefused(`${edge} as the beginning or end of a word is not supported, write \\b${cure}`);
  }
  const bare = pattern.replace(/\\(?:[xuUpP]\{[^}]*\}|[\s\S])/g, 'xx').replace(/\[:\^?[a-z]+:\]/g, ' ');
  for (const [all] of bare.matchAll(CLASS)) {
    if (/&&|~~|[^[^]--[^\]]/.test(all))
      throw new RegexRefused('sets of characters within a class (&&, --, ~~) are not supported');
    if (all.lastIndexOf('[') > 0)
      throw new RegexRefused('a class within a class is not supported; for the character write \\[');
  }
  // Within a class braces are characters.
  const outside = bare.replace(CLASS, 'x');
  const counted = outside.replace(/\{(?:0|[1-9]\d*)(?:,(?:0|[1-9]\d*)?)?\}/g, '');
  if (/[^({|]\{(?=\s*[\d,])\s*(?:\d+\s*)?(?:,\s*(?:\d+\s*)?)?\}/.test(counted)) {
    throw new RegexRefused('a count of repeats begins with its least number, without a 0 in front and without blanks');
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

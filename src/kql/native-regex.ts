/**
 * RE2's syntax rewritten for JavaScript's engine, and how long that engine could take. It backtracks: only patterns whose
 * steps can be bounded by the length of the text are given to it.
 */

import { blankMembers, digitMembers, wordMembers } from './regex-classes.ts';

/** A pattern for JavaScript's engine, and the longest text that it may search. */
export interface NativeRegex {
  one: RegExp;
  /** The same, for every match. */
  all: RegExp;
  longest: number;
}

/** This pattern is not one for JavaScript's engine. */
class NotNative extends Error {
  override readonly name = 'NotNative';
}

const mostRepeats = 1_000;
/** Ways through the choices and bounded repeats of a pattern, together. */
const mostWays = 1_000;
const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    alnum: '0-9A-Za-z',
    alpha: 'A-Za-z',
    ascii: '\\x00-\\x7f',
    blank: '\\t ',
    cntrl: '\\x00-\\x1f\\x7f',
    digit: '0-9',
    graph: '!-~',
    lower: 'a-z',
    print: ' -~',
    punct: '!-\\/:-@\\[-`{-~',
    space: '\\t\\n\\v\\f\\r ',
    upper: 'A-Z',
    word: '0-9A-Za-z_',
    xdigit: '0-9A-Fa-f',
  }),
);

/** The pattern for JavaScript's engine within so many steps; null where it means something else there, or could take long. */
export function nativeRegex(pattern: string, steps: number, beyondAscii: boolean): NativeRegex | null {
  const inline = /^\(\?([is]+)\)/.exec(pattern);
  const set = inline?.[1] ?? '';
  try {
    const translation = new Translation(
      pattern.slice(inline?.[0].length ?? 0),
      set.includes('s'),
      set.includes('i'),
      beyondAscii,
    );
    const flags = set.includes('i') ? 'iu' : 'u';
    const one = new RegExp(translation.source, flags);
    const all = new RegExp(translation.source, `g${flags}`);
    return { one, all, longest: translation.longest(steps) };
  } catch (error) {
    // What JavaScript's engine refuses, RE2 may take; what RE2 refuses, it says itself.
    if (error instanceof NotNative || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A group, or the whole pattern: in how many ways its choices can be gone through. */
interface Level {
  ways: number;
  branches: number;
  /** Does it hold a repeat without an end? */
  unbounded: boolean;
  /** Does it hold groups that capture? */
  captures: boolean;
  /** Does the branch that is read take a character, whatever happens? Was there one that need not? */
  takes: boolean;
  canBeEmpty: boolean;
}

const fresh = (): Level => ({
  ways: 1,
  branches: 1,
  unbounded: false,
  captures: false,
  takes: false,
  canBeEmpty: false,
});

/** One walk over a pattern: its rewriting, and what its search can cost. */
class Translation {
  source = '';
  readonly #pattern: string;
  readonly #dot: string;
  readonly #ignoreCase: boolean;
  readonly #beyond: boolean;
  readonly #levels: Level[] = [fresh()];
  /** Repeats without an end that could also have ended elsewhere, and those that could not. */
  #open = 0;
  #settled = 0;
  /** Ways of groups that are closed. */
  #ways = 1;
  /** Literal characters that a match begins with. */
  #prefix = 0;
  #inPrefix = true;
  #anchored = false;

  constructor(pattern: string, dotAll: boolean, ignoreCase: boolean, beyondAscii: boolean) {
    this.#beyond = beyondAscii;
    this.#pattern = pattern;
    this.#dot = dotAll ? '[\\s\\S]' : '[^\\n]';
    this.#ignoreCase = ignoreCase;
    this.#anchored = pattern.startsWith('^') || pattern.startsWith('\\A');
    for (let at = 0; at < pattern.length; ) at = this.#step(at);
    if (this.#levels.length > 1) throw new NotNative('an unmatched (');
    const [whole] = this.#levels;
    if (whole && whole.branches > 1) this.#anchored = false;
    this.#ways *= (whole?.ways ?? 1) * (whole?.branches ?? 1);
    if (this.#ways > mostWays) throw new NotNative('too many ways');
  }

  /**
   * The longest text that takes no more than so many steps. From each place where a match can begin, every repeat that
   * could end elsewhere is tried at each length; those that could not are walked once.
   */
  longest(steps: number): number {
    const degree = this.#open + (this.#settled > 0 ? 1 : 0) + (this.#anchored ? 0 : 1);
    if (degree === 0) return Number.POSITIVE_INFINITY;
    const starts = this.#anchored ? 1 : Math.max(1, this.#prefix);
    return Math.floor(((steps * starts) / this.#ways) ** (1 / degree));
  }

  get #top(): Level {
    return this.#levels.at(-1) ?? fresh();
  }

  /** Takes what is at `at`: an atom with its repeat, or a bracket of a group. The place after it. */
  #step(at: number): number {
    const c = this.#pattern.charAt(at);
    if (c === '(') {
      const [text, length] = openGroup(this.#pattern, at);
      this.source += text;
      this.#inPrefix = false;
      if (text === '(' || text.startsWith('(?<')) this.#top.captures = true;
      this.#levels.push(fresh());
      return at + length;
    }
    if (c === ')') return this.#close(at);
    if (c === '|') {
      this.#top.branches += 1;
      if (!this.#top.takes) this.#top.canBeEmpty = true;
      this.#top.takes = false;
      this.source += c;
      this.#inPrefix = false;
      if (this.#levels.length === 1) this.#prefix = 0;
      return at + 1;
    }
    if (c === '^' || c === '$') {
      this.source += c;
      return this.#bare(at + 1);
    }
    const [atom, length, literal] = this.#atom(at);
    const repeat = repeatAt(this.#pattern, at + length);
    if (repeat === null) {
      if (this.#inPrefix && literal !== '') this.#prefix += 1;
      else this.#inPrefix = false;
      this.source += atom;
      if (!isAssertion(atom)) this.#top.takes = true;
      return at + length;
    }
    if (repeat.least > 0) this.#top.takes = true;
    this.#inPrefix = false;
    const next = at + length + repeat.length;
    this.source += atom + repeat.text;
    if (repeat.most === Number.POSITIVE_INFINITY) {
      this.#top.unbounded = true;
      if (this.#isSettled(atom, next)) this.#settled += 1;
      else this.#open += 1;
    } else this.#top.ways *= repeat.most - repeat.least + 1;
    return next;
  }

  /** An assertion may not be repeated. */
  #bare(at: number): number {
    if (repeatAt(this.#pattern, at) !== null) throw new NotNative('a repeated assertion');
    return at;
  }

  #close(at: number): number {
    if (this.#levels.length === 1) throw new NotNative('an unmatched )');
    const { ways, branches, unbounded, captures, takes, canBeEmpty } = this.#levels.pop() ?? fresh();
    const repeat = repeatAt(this.#pattern, at + 1);
    this.source += `)${repeat?.text ?? ''}`;
    const own = ways * branches;
    const isEmpty = canBeEmpty || !takes;
    // JavaScript forgets what a group captured when it is entered again, and that it matched nothing at all.
    if (repeat !== null && (isEmpty || (captures && repeat.most > 1))) throw new NotNative('captures of a repeat');
    if (unbounded) this.#top.unbounded = true;
    if (captures) this.#top.captures = true;
    if (!isEmpty && (repeat === null || repeat.least > 0)) this.#top.takes = true;
    if (repeat === null) this.#top.ways *= own;
    else {
      // A repeat within a repeat is where backtracking explodes.
      if (repeat.most === Number.POSITIVE_INFINITY || (unbounded && repeat.most > 1)) throw new NotNative('nested');
      this.#top.ways *= own ** repeat.most * (repeat.most - repeat.least + 1);
    }
    if (this.#top.ways > mostWays) throw new NotNative('too many ways');
    return at + 1 + (repeat?.length ?? 0);
  }

  /** The atom at `at` for JavaScript, its length in the pattern, and the character that it is, or "". */
  #atom(at: number): [string, number, string] {
    const c = this.#pattern.charAt(at);
    if (c === '\\') {
      const [text, length] = escaped(this.#pattern, at, false, this.#ignoreCase, this.#beyond);
      if (isAssertion(text)) this.#bare(at + length);
      const literal = /^\\?[^0-9A-Za-z\s[]$/.test(text) ? text.slice(-1) : '';
      return [text, length, literal];
    }
    if (c === '[') return [...bracket(this.#pattern, at, this.#ignoreCase, this.#beyond), ''];
    if (c === '.') return [this.#dot, 1, ''];
    if (repeatAt(this.#pattern, at) !== null) throw new NotNative('a repeat of nothing');
    if (c === '{' || c === '}' || c === ']' || c === '/') return [`\\${c}`, 1, c];
    const code = this.#pattern.codePointAt(at) ?? 0;
    const whole = String.fromCodePoint(code);
    return [whole, whole.length, whole];
  }

  /** Must the repeat of this atom end where it does: at a character that it does not take, or at the end of all? */
  #isSettled(atom: string, at: number): boolean {
    let next = at;
    while (this.#pattern.charAt(next) === ')') {
      if (repeatAt(this.#pattern, next + 1) !== null) return false;
      next += 1;
    }
    if (next === this.#pattern.length) return this.#levels.every(({ branches }) => branches === 1);
    const c = this.#pattern.charAt(next);
    if ('^$|(.['.includes(c)) return false;
    const [, length, literal] = this.#atom(next);
    if (literal === '' || repeatAt(this.#pattern, next + length) !== null) return false;
    return !new RegExp(`^(?:${atom})$`, this.#ignoreCase ? 'iu' : 'u').test(literal);
  }
}

interface Repeat {
  text: string;
  length: number;
  least: number;
  most: number;
}

/** The repeat at `at`; null where there is none. */
function repeatAt(pattern: string, at: number): Repeat | null {
  const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(pattern.slice(at, at + 40));
  if (!found) return null;
  const [text, from, several, to] = found;
  const [least, most] =
    from === undefined
      ? [text === '+' ? 1 : 0, text === '?' ? 1 : Number.POSITIVE_INFINITY]
      : [
          Number(from),
          several === undefined ? Number(from) : to === '' ? Number.POSITIVE_INFINITY : Number(to ?? from),
        ];
  const lazy = pattern.charAt(at + text.length) === '?' ? '?' : '';
  const length = text.length + lazy.length;
  // RE2 refuses both: a repeat of a repeat, and one that is too great.
  if (/^[*+?]|^\{\d+(?:,\d*)?\}/.test(pattern.slice(at + length, at + length + 14))) throw new NotNative('two repeats');
  if (least > mostRepeats || (most !== Number.POSITIVE_INFINITY && (most > mostRepeats || most < least)))
    throw new NotNative('a repeat too great');
  return { text: text + lazy, length, least, most };
}

function openGroup(pattern: string, at: number): [string, number] {
  const rest = pattern.slice(at, at + 80);
  if (!rest.startsWith('(?')) return ['(', 1];
  if (rest.startsWith('(?:')) return ['(?:', 3];
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
  if (named) return [`(?<${named[1]}>`, named[0].length];
  // JavaScript's (?i:…) is young, and not in every Node: V8 has lost matches of it in a choice.
  throw new NotNative(rest.slice(0, 4));
}

/** The edge of a word beyond ASCII: JavaScript's own `\\b` knows ASCII's words alone. */
const wordEdge = `(?:(?<=[${wordMembers}])(?![${wordMembers}])|(?<![${wordMembers}])(?=[${wordMembers}]))`;

const isAssertion = (text: string): boolean => text === '\\b' || text === wordEdge || text === '^' || text === '$';

const members: Record<string, readonly [ascii: string, all: string]> = {
  d: ['0-9', digitMembers],
  w: ['0-9A-Za-z_', wordMembers],
  s: ['\\t\\n\\v\\f\\r ', blankMembers],
};

function escaped(
  pattern: string,
  at: number,
  inClass: boolean,
  ignoreCase: boolean,
  beyond: boolean,
): [string, number] {
  const c = pattern.charAt(at + 1);
  switch (c) {
    case 'd':
    case 'w':
    case 's': {
      const own = members[c]?.[beyond ? 1 : 0] ?? '';
      return [inClass ? own : `[${own}]`, 2];
    }
    case 'D':
    case 'W':
    case 'S':
      // Within a class there is no negated one in this engine's syntax.
      if (inClass) throw new NotNative(`\\${c} within a class`);
      return [`[^${members[c.toLowerCase()]?.[beyond ? 1 : 0] ?? ''}]`, 2];
    case 'n':
    case 'r':
    case 't':
    case 'f':
    case 'v':
      return [`\\${c}`, 2];
    case 'a':
      return ['\\x07', 2];
    // V8 finds \B within the halves of a surrogate pair too, so that it is left to the other engine.
    case 'b':
      if (inClass) break;
      return [beyond ? wordEdge : `\\${c}`, 2];
    case 'A':
      if (inClass) break;
      return ['^', 2];
    case 'z':
      if (inClass) break;
      return ['$', 2];
    case 'x': {
      const short = /^\\x([0-9A-Fa-f]{2})/.exec(pattern.slice(at, at + 4));
      if (short) return [short[0], 4];
      const braced = /^\\x\{([0-9A-Fa-f]{1,6})\}/.exec(pattern.slice(at, at + 12));
      if (braced) return [`\\u{${braced[1]}}`, braced[0].length];
      break;
    }
    case 'p':
    case 'P': {
      // With case ignored, JavaScript's \P{Lu} takes A, which folds to a; RE2's does not.
      if (ignoreCase) break;
      const braced = /^\\[pP]\{([A-Za-z_]{1,30})\}/.exec(pattern.slice(at, at + 40));
      if (braced) return [braced[0], braced[0].length];
      const letter = /^\\[pP]([A-Z])/.exec(pattern.slice(at, at + 3));
      if (letter) return [`\\${c}{${letter[1]}}`, 3];
      break;
    }
    default:
      if (c !== '' && !/[0-9A-Za-z]/.test(c)) {
        return [/[\\^$.*+?()[\]{}|/-]/.test(c) && (inClass || c !== '-') ? `\\${c}` : c, 2];
      }
  }
  throw new NotNative(`the regular expression uses \\${c}, which is not supported`);
}

function bracket(pattern: string, at: number, ignoreCase: boolean, beyond: boolean): [string, number] {
  let i = at + 1;
  let out = '[';
  if (pattern.charAt(i) === '^') {
    out += '^';
    i += 1;
  }
  let first = true;
  for (;;) {
    const c = pattern.charAt(i);
    if (c === '') throw new NotNative('the regular expression has an unmatched [');
    if (c === ']' && !first) return [`${out}]`, i + 1 - at];
    first = false;
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(i, i + 16));
    if (posix) {
      const members = CLASSES.get(posix[2] ?? '');
      if (members === undefined || posix[1] !== '') throw new NotNative(`the class ${posix[0]} is not supported`);
      out += members;
      i += posix[0].length;
    } else if (c === '\\') {
      const [text, length] = escaped(pattern, i, true, ignoreCase, beyond);
      out += text;
      i += length;
    } else {
      out += /[[\](){}|/^$.*+?]/.test(c) ? `\\${c}` : c;
      i += 1;
    }
  }
}

/**
 * RE2's syntax rewritten for JavaScript's engine, and how long that engine could take. It backtracks: only patterns whose
 * steps can be bounded by the length of the text are given to it.
 */

import { blankMembers, digitMembers, wordMembers } from './regex-classes.ts';
import {
  type Character,
  characterPiece,
  leadingRepeat,
  longestText,
  longestTextFromRepeat,
  type Piece,
  placesOf,
  Unbounded,
} from './regex-steps.ts';

/** A pattern for JavaScript's engine, and the longest texts that it may search. */
export interface NativeRegex {
  one: RegExp;
  longest: number;
  /** The same, for every match. */
  all: RegExp;
  longestForAll: number;
}

/** This pattern is not one for JavaScript's engine. */
class NotNative extends Error {
  override readonly name = 'NotNative';
}

const mostRepeats = 1_000;
const deepest = 50;
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
    const { piece, source } = translation;
    const all = new RegExp(source, `g${flags}`);
    const longestForAll = longestText(piece, steps);
    const leading = leadingRepeat(piece);
    if (leading === undefined) return { one: new RegExp(source, flags), longest: longestForAll, all, longestForAll };
    const one = new RegExp(`(?<!${leading})(?:${source})`, flags);
    return { one, longest: Math.max(longestForAll, longestTextFromRepeat(piece, steps)), all, longestForAll };
  } catch (error) {
    // What JavaScript's engine refuses, RE2 may take; what RE2 refuses, it says itself.
    if (error instanceof NotNative || error instanceof Unbounded || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A character or class, rewritten, that takes what it names and nothing else. */
const plainAtom = /^(?:[\x20-\x7e]|\\(?:[^\w\s]|[nrtfv]|x[0-7][0-9A-Fa-f])|\[(?!\^)[\x20-\x7e]+\])$/;
const outsideAscii = /\\(?:[pPuDSW]|x[89A-Fa-f])/;

/** A group, or the whole pattern. */
interface Level {
  branches: Piece[][];
  /** Does it hold groups that capture? */
  captures: boolean;
  /** Does the branch that is read take a character, whatever happens? Was there one that need not? */
  takes: boolean;
  canBeEmpty: boolean;
  /** How often at most a piece of it is written out, where repeats with numbers are. */
  copies: number;
}

const fresh = (): Level => ({ branches: [[]], captures: false, takes: false, canBeEmpty: false, copies: 1 });

function pieceOf({ branches }: Level): Piece {
  const all = branches.map((items): Piece => {
    const [only] = items;
    return only && items.length === 1 ? only : { kind: 'sequence', items };
  });
  const [only] = all;
  return only && all.length === 1 ? only : { kind: 'choice', branches: all };
}

/** One walk over a pattern: its rewriting, and what decides how it is searched. */
class Translation {
  source = '';
  readonly piece: Piece;
  readonly #pattern: string;
  readonly #dot: string;
  readonly #ignoreCase: boolean;
  readonly #beyond: boolean;
  readonly #levels: Level[] = [fresh()];
  readonly #characters = new Map<string, Character>();
  readonly #names = new Set<string>();

  constructor(pattern: string, dotAll: boolean, ignoreCase: boolean, beyondAscii: boolean) {
    this.#beyond = beyondAscii;
    this.#pattern = pattern;
    this.#dot = dotAll ? '[\\s\\S]' : '[^\\n]';
    this.#ignoreCase = ignoreCase;
    for (let at = 0; at < pattern.length; ) at = this.#step(at);
    if (this.#levels.length > 1) throw new NotNative('an unmatched (');
    this.piece = pieceOf(this.#top);
  }

  get #top(): Level {
    return this.#levels.at(-1) ?? fresh();
  }

  /** `copies`: of the pieces of a group. */
  #add(piece: Piece, repeat: Repeat | null, copies = 1): void {
    const items = this.#top.branches.at(-1);
    // A piece that is there no times takes no search, however long it could be.
    if (repeat?.most === 0) return;
    const all = copies * (repeat?.copies ?? 1);
    // RE2 refuses it.
    if (all > mostRepeats) throw new NotNative('repeats within repeats too great');
    this.#top.copies = Math.max(this.#top.copies, all);
    if (repeat) items?.push({ kind: 'repeat', item: piece, least: repeat.least, most: repeat.most });
    else items?.push(...(piece.kind === 'sequence' ? piece.items : [piece]));
  }

  /** Takes what is at `at`: an atom with its repeat, or a bracket of a group. The place after it. */
  #step(at: number): number {
    const c = this.#pattern.charAt(at);
    if (c === '(') {
      const [text, length] = openGroup(this.#pattern, at);
      this.source += text;
      if (text === '(' || text.startsWith('(?<')) this.#top.captures = true;
      // JavaScript takes one name for groups of several branches, which RE2 refuses.
      if (text.startsWith('(?<') && this.#names.has(text)) throw new NotNative('a name of two groups');
      this.#names.add(text);
      this.#levels.push(fresh());
      if (this.#levels.length > deepest) throw new NotNative('too deep');
      return at + length;
    }
    if (c === ')') return this.#close(at);
    if (c === '|') {
      this.#top.branches.push([]);
      if (!this.#top.takes) this.#top.canBeEmpty = true;
      this.#top.takes = false;
      this.source += c;
      return at + 1;
    }
    if (c === '^' || c === '$') {
      this.source += c;
      this.#add({ kind: c === '^' ? 'begin' : 'end' }, null);
      return this.#bare(at + 1);
    }
    const [atom, length] = this.#atom(at);
    const repeat = repeatAt(this.#pattern, at + length);
    const next = at + length + (repeat?.length ?? 0);
    this.source += atom + (repeat?.text ?? '');
    const edge = assertions.get(atom);
    if (edge) {
      this.#add({ kind: edge }, null);
      return next;
    }
    if (repeat === null || repeat.least > 0) this.#top.takes = true;
    this.#add(this.#character(atom), repeat);
    return next;
  }

  /** An assertion may not be repeated. */
  #bare(at: number): number {
    if (repeatAt(this.#pattern, at) !== null) throw new NotNative('a repeated assertion');
    return at;
  }

  #close(at: number): number {
    const level = this.#levels.length > 1 ? this.#levels.pop() : undefined;
    if (!level) throw new NotNative('an unmatched )');
    const repeat = repeatAt(this.#pattern, at + 1);
    this.source += `)${repeat?.text ?? ''}`;
    const isEmpty = level.canBeEmpty || !level.takes;
    // JavaScript forgets what a group captured when it is entered again, and that it matched nothing at all.
    if (repeat !== null && (isEmpty || (level.captures && repeat.most > 1)))
      throw new NotNative('captures of a repeat');
    if (level.captures) this.#top.captures = true;
    if (!isEmpty && (repeat === null || repeat.least > 0)) this.#top.takes = true;
    this.#add(pieceOf(level), repeat, level.copies);
    return at + 1 + (repeat?.length ?? 0);
  }

  /** What the atom takes: of ASCII as its rewriting does, and of other characters whenever it could. */
  #character(atom: string): Character {
    const known = this.#characters.get(atom);
    if (known) return known;
    const regex = new RegExp(`^${atom}$`, this.#ignoreCase ? 'iu' : 'u');
    const isWritten = plainAtom.test(atom) && !outsideAscii.test(atom);
    // With case ignored, these two are ASCII's k and s.
    const beyond = !isWritten || regex.test('\u212a') || regex.test('\u017f');
    const made = characterPiece(
      placesOf((character) => regex.test(character), beyond),
      atom,
    );
    this.#characters.set(atom, made);
    return made;
  }

  /** The atom at `at` for JavaScript, and its length in the pattern. */
  #atom(at: number): [string, number] {
    const c = this.#pattern.charAt(at);
    if (c === '\\') {
      const [text, length] = escaped(this.#pattern, at, false, this.#ignoreCase, this.#beyond);
      if (assertions.has(text)) this.#bare(at + length);
      return [text, length];
    }
    if (c === '[') return bracket(this.#pattern, at, this.#ignoreCase, this.#beyond);
    if (c === '.') return [this.#dot, 1];
    if (repeatAt(this.#pattern, at) !== null) throw new NotNative('a repeat of nothing');
    if (c === '{' || c === '}' || c === ']' || c === '/') return [`\\${c}`, 1];
    const whole = String.fromCodePoint(this.#pattern.codePointAt(at) ?? 0);
    return [whole, whole.length];
  }
}

interface Repeat {
  text: string;
  length: number;
  least: number;
  most: number;
  /** How often what it repeats is written out, where its numbers are. */
  copies: number;
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
  const copies = from === undefined ? 1 : Math.max(1, most === Number.POSITIVE_INFINITY ? least : most);
  return { text: text + lazy, length, least, most, copies };
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

/** Pieces that take no character, by their rewriting. */
const assertions = new Map<string, 'begin' | 'edge' | 'end'>([
  ['\\b', 'edge'],
  [wordEdge, 'edge'],
  ['^', 'begin'],
  ['$', 'end'],
]);

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
      if (/[^0-9A-Za-z\x80-\uffff]/.test(c)) {
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
  /** A hyphen is itself behind a class; behind one character it makes a range with the next. */
  let before: 'nothing' | 'class' | 'character' | 'hyphen' | 'range' = 'nothing';
  for (;;) {
    const c = pattern.charAt(i);
    if (c === '') throw new NotNative('the regular expression has an unmatched [');
    if (c === ']' && before !== 'nothing') return [`${out}]`, i + 1 - at];
    if (c === '-' && (before === 'class' || (before === 'character' && pattern.charAt(i + 1) !== ']'))) {
      out += before === 'class' ? '\\-' : c;
      before = before === 'class' ? 'range' : 'hyphen';
      i += 1;
      continue;
    }
    const begin = i;
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
    const isClass = posix !== null || (c === '\\' && /[dwspP]/.test(pattern.charAt(begin + 1)));
    if (isClass && before === 'hyphen') throw new NotNative('a range up to a class');
    before = isClass ? 'class' : before === 'hyphen' ? 'range' : 'character';
  }
}

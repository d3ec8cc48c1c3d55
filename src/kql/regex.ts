/**
 * Regular expressions as Kusto reads them (RE2's syntax), run by JavaScript's engine. What the two read differently is
 * rewritten; what only one of them knows is refused. JavaScript's engine backtracks, so a pattern that could take
 * exponential time over a hostile log line (a repeat inside a repeat) is refused as well.
 */
export class RegexRefused extends Error {
  override readonly name = 'RegexRefused';
}

const MAX_PATTERN_LENGTH = 2_000;
const MAX_REPEAT = 1_000;
const CLASSES: Record<string, string> = {
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
};

export interface RegexFlags {
  ignoreCase?: boolean;
  dotAll?: boolean;
  global?: boolean;
  /** Matches only where the search begins. */
  sticky?: boolean;
}

const cache = new Map<string, RegExp>();

/** Compiles a pattern; throws RegexRefused with the reason. Compiled patterns are kept. */
export function compileRegex(pattern: string, flags: RegexFlags = {}): RegExp {
  const key = `${flags.ignoreCase ? 'i' : ''}${flags.dotAll ? 's' : ''}${flags.global ? 'g' : ''}${flags.sticky ? 'y' : ''}/${pattern}`;
  let regex = cache.get(key);
  if (!regex) {
    const inline = /^\(\?([is]+)\)/.exec(pattern);
    const set = inline?.[1] ?? '';
    const dotAll = flags.dotAll === true || set.includes('s');
    const source = translate(inline ? pattern.slice(inline[0].length) : pattern, dotAll);
    const js = `u${flags.ignoreCase || set.includes('i') ? 'i' : ''}${flags.global ? 'g' : ''}${flags.sticky ? 'y' : ''}`;
    try {
      regex = new RegExp(source, js);
    } catch {
      throw new RegexRefused('the regular expression is not valid');
    }
    if (cache.size > 500) cache.clear();
    cache.set(key, regex);
  }
  regex.lastIndex = 0;
  return regex;
}

/** Text as a pattern that matches it literally. */
export const literalPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

interface Level {
  /** Whether an unbounded repeat is within the group. */
  repeats: boolean;
}

function translate(pattern: string, dotAll: boolean): string {
  if (pattern.length > MAX_PATTERN_LENGTH) throw new RegexRefused('the regular expression is too long');
  let out = '';
  let i = 0;
  const levels: Level[] = [{ repeats: false }];
  const top = (): Level => levels[levels.length - 1] ?? { repeats: false };
  /** Whether the atom just read is a group that holds an unbounded repeat. */
  let nested = false;
  while (i < pattern.length) {
    const c = pattern.charAt(i);
    if (c === '\\') {
      const [text, length] = escaped(pattern, i, false);
      out += text;
      i += length;
      nested = false;
    } else if (c === '[') {
      const [text, length] = bracket(pattern, i);
      out += text;
      i += length;
      nested = false;
    } else if (c === '(') {
      const [text, length] = openGroup(pattern, i);
      out += text;
      i += length;
      levels.push({ repeats: false });
      nested = false;
    } else if (c === ')') {
      if (levels.length === 1) throw new RegexRefused('the regular expression has an unmatched )');
      const closed = levels.pop();
      nested = closed?.repeats ?? false;
      if (nested) top().repeats = true;
      out += ')';
      i += 1;
    } else if (c === '*' || c === '+' || c === '?' || c === '{') {
      const counted = c === '{' ? /^\{(\d+)(,(\d*))?\}/.exec(pattern.slice(i, i + 24)) : null;
      if (c === '{' && !counted) {
        out += '\\{';
        i += 1;
        nested = false;
        continue;
      }
      const most = counted ? (counted[2] === undefined ? counted[1] : counted[3]) : undefined;
      if (counted && Math.max(Number(counted[1]), Number(most || 0)) > MAX_REPEAT) {
        throw new RegexRefused('the regular expression repeats too often');
      }
      const unbounded = c === '*' || c === '+' || (counted !== null && most === '');
      if (nested && (unbounded || (counted !== null && Number(most) > 10))) {
        throw new RegexRefused('a repeat within a repeat could take for ever');
      }
      if (unbounded) top().repeats = true;
      const length = counted ? counted[0].length : 1;
      out += pattern.slice(i, i + length);
      i += length;
      if (pattern.charAt(i) === '?') {
        out += '?';
        i += 1;
      }
      nested = false;
    } else {
      if (c === '.') out += dotAll ? '[\\s\\S]' : '[^\\n]';
      else out += c === '}' || c === ']' || c === '/' ? `\\${c}` : c;
      i += 1;
      nested = false;
    }
  }
  if (levels.length > 1) throw new RegexRefused('the regular expression has an unmatched (');
  return out;
}

function openGroup(pattern: string, at: number): [string, number] {
  const rest = pattern.slice(at, at + 80);
  if (!rest.startsWith('(?')) return ['(', 1];
  if (rest.startsWith('(?:')) return ['(?:', 3];
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
  if (named) return [`(?<${named[1]}>`, named[0].length];
  const flagged = /^\(\?i:/.exec(rest);
  if (flagged) return ['(?i:', 4];
  throw new RegexRefused(
    `the regular expression uses ${rest.slice(0, 4)}, which Kusto's engine or this one does not know`,
  );
}

function escaped(pattern: string, at: number, inClass: boolean): [string, number] {
  const c = pattern.charAt(at + 1);
  switch (c) {
    case 'd':
      return [inClass ? '0-9' : '[0-9]', 2];
    case 'w':
      return [inClass ? '0-9A-Za-z_' : '[0-9A-Za-z_]', 2];
    case 's':
      return [inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]', 2];
    case 'D':
    case 'W':
    case 'S': {
      const negated = c === 'D' ? '[^0-9]' : c === 'W' ? '[^0-9A-Za-z_]' : '[^\\t\\n\\f\\r ]';
      // Within a class JavaScript's own forms are the nearest; they differ for Unicode blanks only, so refuse \S there.
      if (!inClass) return [negated, 2];
      if (c === 'S') throw new RegexRefused('\\S within a class is not supported');
      return [`\\${c}`, 2];
    }
    case 'n':
    case 'r':
    case 't':
    case 'f':
    case 'v':
      return [`\\${c}`, 2];
    case 'a':
      return ['\\x07', 2];
    case 'b':
    case 'B':
      if (inClass) break;
      return [`\\${c}`, 2];
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
  throw new RegexRefused(`the regular expression uses \\${c}, which is not supported`);
}

function bracket(pattern: string, at: number): [string, number] {
  let i = at + 1;
  let out = '[';
  if (pattern.charAt(i) === '^') {
    out += '^';
    i += 1;
  }
  let first = true;
  for (;;) {
    const c = pattern.charAt(i);
    if (c === '') throw new RegexRefused('the regular expression has an unmatched [');
    if (c === ']' && !first) return [`${out}]`, i + 1 - at];
    first = false;
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(i, i + 16));
    if (posix) {
      const members = CLASSES[posix[2] ?? ''];
      if (members === undefined || posix[1] !== '') throw new RegexRefused(`the class ${posix[0]} is not supported`);
      out += members;
      i += posix[0].length;
    } else if (c === '\\') {
      const [text, length] = escaped(pattern, i, true);
      out += text;
      i += length;
    } else {
      out += /[[\](){}|/^$.*+?]/.test(c) ? `\\${c}` : c;
      i += 1;
    }
  }
}

/**
 * The Perl classes as Kusto has them: Unicode's digits, blanks and letters of words
 * (https://learn.microsoft.com/kusto/query/regex, "Perl character classes (Unicode friendly)", of 2024-11-25, read 2026-11-30).
 */

/** Letters of words, for JavaScript: `\w`. */
export const wordMembers = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';
export const digitMembers = '\\p{Nd}';
export const blankMembers = '\\p{White_Space}';

/** Outside of it, all texts are the same for these classes as for ASCII's. */
export const beyondAscii = /[^\0-\x7f]/;
const wordsBeyondAscii = new RegExp(`(?![\\0-\\x7f])[${wordMembers}]`, 'u');

export const hasWordsBeyondAscii = (text: string): boolean => wordsBeyondAscii.test(text);

const last = 0x10ffff;

const hex = (code: number): string => `\\x{${code.toString(16)}}`;

/** The members of a class and all others, as ranges for RE2. */
interface Ranges {
  members: string;
  others: string;
}

const known = new Map<string, Ranges>();

/** Found by asking JavaScript about each character, once, where a pattern and a text want it. */
function rangesOf(members: string): Ranges {
  const found = known.get(members);
  if (found) return found;
  const regex = new RegExp(`[${members}]`, 'u');
  const ranges: Ranges = { members: '', others: '' };
  let begin = 0;
  let inside = regex.test('\0');
  const end = (to: number): void => {
    const range = begin === to ? hex(begin) : `${hex(begin)}-${hex(to)}`;
    if (inside) ranges.members += range;
    else ranges.others += range;
  };
  for (let code = 1; code <= last; code++) {
    const is = (code < 0xd800 || code > 0xdfff) && regex.test(String.fromCodePoint(code));
    if (is === inside) continue;
    end(code - 1);
    begin = code;
    inside = is;
  }
  end(last);
  known.set(members, ranges);
  return ranges;
}

/** ASCII's blanks, with the vertical tab that RE2's `\s` lacks. */
const asciiBlanks: Ranges = { members: '\\t\\n\\v\\f\\r ', others: '\\x00-\\x08\\x0e-\\x1f!-\\x{10ffff}' };

function rangesFor(letter: string, beyond: boolean): Ranges | undefined {
  switch (letter.toLowerCase()) {
    case 's':
      return beyond ? rangesOf(blankMembers) : asciiBlanks;
    case 'd':
      return beyond ? rangesOf(digitMembers) : undefined;
    case 'w':
      return beyond ? rangesOf(wordMembers) : undefined;
    default:
      return undefined;
  }
}

/** A pattern for RE2 whose Perl classes are Kusto's: for texts of ASCII, or for all. */
export function withClasses(pattern: string, beyond: boolean): string {
  let out = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern.charAt(at);
    if (c === '\\') {
      const letter = pattern.charAt(at + 1);
      if (letter === 'Q' && !inClass) {
        const end = pattern.indexOf('\\E', at);
        const to = end < 0 ? pattern.length : end + 2;
        out += pattern.slice(at, to);
        at = to - 1;
        continue;
      }
      const ranges = rangesFor(letter, beyond);
      const members = ranges && (letter === letter.toLowerCase() ? ranges.members : ranges.others);
      out += members === undefined ? c + letter : inClass ? members : `[${members}]`;
      at += 1;
      // Behind a class a hyphen is itself; behind the last of its members it would make a range.
      if (inClass && members !== undefined && pattern.charAt(at + 1) === '-') {
        out += '\\-';
        at += 1;
      }
      continue;
    }
    if (inClass) {
      if (c === '[' && /^\[:\^?[a-z]+:\]/.test(pattern.slice(at, at + 16))) {
        const to = pattern.indexOf(':]', at) + 2;
        out += pattern.slice(at, to);
        at = to - 1;
        continue;
      }
      if (c === ']') inClass = false;
    } else if (c === '[') {
      inClass = true;
      // A bracket that stands first is a member.
      const first = /^\[\^?\]/.exec(pattern.slice(at, at + 3))?.[0];
      if (first !== undefined) {
        out += first;
        at += first.length - 1;
        continue;
      }
    }
    out += c;
  }
  return out;
}

/** What a pattern has that looks beyond ASCII in another way than within it. */
export function perlParts(pattern: string): { classes: boolean; edges: boolean } {
  const bare = pattern.replace(/\\Q[\s\S]*?(?:\\E|$)/g, '').replace(/\\\\/g, '');
  return { classes: /\\[dDwWsSbB]/.test(bare), edges: /\\[bB]/.test(bare) };
}

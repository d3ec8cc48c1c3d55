// What attackers choose (user names, workstation names, tags) must not drive a terminal, hide text or reorder it.
const escapeSequence =
  // OSC, DCS, SOS, PM, APC with their payload up to the terminator; CSI; two-character escapes. 7-bit and 8-bit forms.
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c|$)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
const lineBreak = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
// C0 and C1 controls, soft hyphen, zero-width and bidirectional format characters, variation selectors, tags, BOM, lone surrogates.
const invisible =
  /\u034f|[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\ud800-\udfff]|\p{Variation_Selector}|[\u17b4\u17b5]/gu;

const unseen = new RegExp(`${invisible.source}|[\u2028\u2029]`, 'gu');

const plain = /^[\u0020-\u007e]*$/;

const byNumber = (letter: string): string =>
  `<U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;

/**
 * The whole text, for a file: tabs and line breaks as they are, and by its number (`<U+001B>`) each character that could drive a
 * terminal, turn the writing around or cannot be seen.
 */
export function wholeText(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(unseen, (letter) => (/[\t\n\r]/.test(letter) ? letter : byNumber(letter)));
}

/**
 * The text with each letter that `printable` would take away written by its number (`<U+202E>`), line breaks and escape sequences
 * left to it: of names, where one that has such a letter is another than the one that looks like it.
 */
export function withUnseen(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(escapeSequence, '').replace(lineBreak, ' ').replace(invisible, byNumber);
}

/**
 * One line of text that is safe to draw: escape sequences and control, zero-width and bidirectional characters
 * removed, line breaks and tabs made blanks, cut to `limit` UTF-16 units with `…`.
 */
export function printable(text: string, limit = 512): string {
  if (text.length <= limit && plain.test(text)) return text;
  const bounded = text.length > limit * 8 ? text.slice(0, limit * 8) : text;
  const clean = bounded.replace(escapeSequence, '').replace(lineBreak, ' ').replace(invisible, '');
  if (clean.length <= limit) return clean;
  // Half of a surrogate pair is no character.
  return `${clean.slice(0, Math.max(0, limit - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}

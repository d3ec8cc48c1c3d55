/** A text that is typed, and the place of its cursor counted from its end, in characters. */
export interface EditedText {
  text: string;
  fromEnd: number;
}

export type Edit =
  | { type: 'insert'; text: string }
  /** The character before the cursor, the one under it, the word before it, all before it, all from it on. */
  | { type: 'erase'; what: 'before' | 'under' | 'word' | 'to-start' | 'to-end' }
  | { type: 'cursor'; to: 'left' | 'right' | 'start' | 'end' | 'word-left' | 'word-right' };

/** Where the word before `at` begins. */
function wordStart(characters: readonly string[], at: number): number {
  let place = at;
  while (place > 0 && characters[place - 1] === ' ') place -= 1;
  while (place > 0 && characters[place - 1] !== ' ') place -= 1;
  return place;
}

function wordEnd(characters: readonly string[], at: number): number {
  let place = at;
  while (place < characters.length && characters[place] === ' ') place += 1;
  while (place < characters.length && characters[place] !== ' ') place += 1;
  return place;
}

/** The text after an edit, at most `longest` UTF-16 units of it. */
export function edited({ text, fromEnd }: EditedText, edit: Edit, longest: number): EditedText {
  const characters = [...text];
  const at = Math.max(0, Math.min(characters.length, characters.length - fromEnd));
  const join = (before: readonly string[], after: readonly string[]): EditedText => {
    const whole = [...before, ...after].join('');
    return whole.length > longest ? { text, fromEnd } : { text: whole, fromEnd: after.length };
  };
  if (edit.type === 'insert') {
    const room = longest - text.length;
    return join([...characters.slice(0, at), ...edit.text.slice(0, room)], characters.slice(at));
  }
  if (edit.type === 'erase') {
    const from = { before: at - 1, under: at, word: wordStart(characters, at), 'to-start': 0, 'to-end': at }[edit.what];
    const to = { before: at, under: at + 1, word: at, 'to-start': at, 'to-end': characters.length }[edit.what];
    return join(characters.slice(0, Math.max(0, from)), characters.slice(to));
  }
  const to = {
    left: at - 1,
    right: at + 1,
    start: 0,
    end: characters.length,
    'word-left': wordStart(characters, at),
    'word-right': wordEnd(characters, at),
  }[edit.to];
  return { text, fromEnd: characters.length - Math.max(0, Math.min(characters.length, to)) };
}

import { expect, test } from 'vitest';
import { type Edit, edited } from '../../src/session/text-edit.ts';

/** The text after the edits, with `|` at the cursor. */
function after(text: string, ...edits: Edit[]): string {
  let now = { text, fromEnd: 0 };
  for (const edit of edits) now = edited(now, edit, 100);
  const characters = [...now.text];
  const at = characters.length - now.fromEnd;
  return [...characters.slice(0, at), '|', ...characters.slice(at)].join('');
}

const to = (place: Extract<Edit, { type: 'cursor' }>['to']): Edit => ({ type: 'cursor', to: place });
const erase = (what: Extract<Edit, { type: 'erase' }>['what']): Edit => ({ type: 'erase', what });
const insert = (text: string): Edit => ({ type: 'insert', text });

test.each<[string, Edit[], string]>([
  ['web', [insert('01')], 'web01|'],
  ['web', [to('left'), insert('X')], 'weX|b'],
  ['web', [to('start'), insert('漢')], '漢|web'],
  ['web 01', [to('word-left')], 'web |01'],
  ['web 01', [to('start'), to('word-right')], 'web| 01'],
  ['web 01', [erase('word')], 'web |'],
  ['web 01', [to('left'), erase('before')], 'web |1'],
  ['web 01', [to('start'), erase('under')], '|eb 01'],
  ['web 01', [to('left'), erase('to-start')], '|1'],
  ['web 01', [to('start'), to('right'), erase('to-end')], 'w|'],
  ['', [erase('before'), erase('under'), to('left'), to('right')], '|'],
])('%s: %j', (text, edits, wanted) => {
  expect(after(text, ...edits)).toBe(wanted);
});

test('nothing is typed past the limit', () => {
  expect(edited({ text: 'abc', fromEnd: 1 }, insert('defgh'), 5)).toEqual({ text: 'abdec', fromEnd: 1 });
});

import { cells } from '../src/text/cells.ts';
import { type Span, span } from './line.ts';

/** A text that is typed, with `_` where the cursor is, in at most `room` cells around the cursor. */
export function typedSpans(text: string, fromEnd: number, room: number): Span[] {
  const characters = [...text];
  const at = Math.max(0, characters.length - fromEnd);
  const before = characters.slice(0, at);
  const after = characters.slice(at);
  // What comes before the cursor must be seen; what comes after it as far as there is room.
  while (before.length > 0 && cells(before.join('')) > room) before.shift();
  while (after.length > 0 && cells(before.join('') + after.join('')) > room) after.pop();
  return [span(before.join('')), span('_', 'accent', true), span(after.join(''))];
}

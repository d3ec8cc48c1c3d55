import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createSession } from '../../src/session/session.ts';
import { framesOf } from '../../views/frame.ts';
import { line, span, textOf } from '../../views/line.ts';
import { scrolledTo } from '../../views/list-scroll.ts';
import { paint } from '../../views/paint.ts';
import { World } from './fixtures/ports.ts';

describe('a painted row', () => {
  it('has the text of its pieces, in their order', () => {
    const row = line(' ', span('▲', 'critical'), span(' web01 ', 'critical', true), '3389', span('?', 'unknown'));
    expect(stripVTControlCharacters(paint(row))).toBe(textOf(row));
    expect(stripVTControlCharacters(paint({ ...row, selected: true }))).toBe(textOf(row));
  });
});

describe('a long list', () => {
  it('stands still while the cursor moves inside of what is shown, and moves by half a page at its edge', () => {
    const scroll = { top: 0 };
    const tops = Array.from({ length: 40 }, (_, cursor) => scrolledTo(scroll, cursor, 10, 1000));
    expect(tops.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(new Set(tops).size).toBeLessThanOrEqual(8);
    for (const [cursor, top] of tops.entries()) expect(cursor >= top && cursor < top + 10).toBe(true);
  });

  it('shows no empty rows at its end, and none before its first', () => {
    const scroll = { top: 0 };
    expect(scrolledTo(scroll, 999, 10, 1000)).toBe(990);
    expect(scrolledTo(scroll, 2, 10, 5)).toBe(0);
    expect(scrolledTo(scroll, 0, 10, 0)).toBe(0);
  });
});

describe('frames', () => {
  it('are made once for the changes of one turn, and not at all when nothing that is drawn has changed', async () => {
    const world = new World();
    const session = createSession(world.ports, { readOnly: false, scope: 'contoso-prod' });
    session.dispatch({ type: 'resize', columns: 120, rows: 30 });
    const frames = framesOf(session);
    let drawn = 0;
    frames.subscribe(() => {
      drawn += 1;
    });
    const first = frames.current();
    session.dispatch({ type: 'tick' });
    await Promise.resolve();
    expect(frames.current()).toBe(first);
    session.dispatch({ type: 'filter' });
    session.dispatch({ type: 'insert', text: 'web' });
    await Promise.resolve();
    expect(drawn).toBe(1);
    expect(frames.current()).not.toBe(first);
    frames.stop();
    await session.close();
  });
});

import { describe, expect, it } from 'vitest';
import { noteLines } from '../../src/commands/note-lines.ts';

describe('notes as they are printed', () => {
  it('are a line each where few are alike', () => {
    expect(noteLines(['found 3 exports', 'a.json: no checksum', 'b.json: no checksum', 'c.json: no checksum'])).toEqual(
      ['note: found 3 exports', 'note: a.json: no checksum', 'note: b.json: no checksum', 'note: c.json: no checksum'],
    );
  });

  it('name the first of many that are alike, and how many there are more', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].flatMap((name) => [
      `${name}.json: no checksum`,
      `${name}.json: 1 line torn`,
    ]);
    expect(noteLines([...many, 'f.json: 2 lines torn'])).toEqual([
      'note: a.json, b.json, c.json and 2 more: no checksum',
      'note: a.json, b.json, c.json and 2 more: 1 line torn',
      'note: f.json: 2 lines torn',
    ]);
  });

  it('are broken between words in a terminal, below where they begin', () => {
    expect(noteLines(['log.evtx: events exported as JSON lines'], 28)).toEqual([
      'note: log.evtx: events\n      exported as JSON lines',
    ]);
  });

  it('are printed once where they are the same, and without what drives a terminal', () => {
    expect(noteLines(Array.from({ length: 5 }, () => 'all of it'))).toEqual(['note: all of it']);
    expect(noteLines(['\u001b[31mred: x'])[0]).not.toContain('\u001b');
  });
});

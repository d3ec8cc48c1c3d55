import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { panes } from '../../src/session/state.ts';
import { type Box, pageLayout, runLayout, suspectsLayout, triageLayout } from '../../views/layout.ts';

/** The screen with a letter for each box, shrunk by taking every `by`th column. */
function picture(boxes: readonly Box[], columns: number, rows: number): string[] {
  const grid = Array.from({ length: rows }, () => Array.from({ length: columns }, () => ' '));
  for (const box of boxes) {
    for (let row = box.top; row < box.top + box.height; row += 1) {
      for (let column = box.left; column < box.left + box.width; column += 1) {
        const line = grid[row];
        if (!line || column >= columns) throw new Error(`${box.name} leaves the screen`);
        if (line[column] !== ' ') throw new Error(`${box.name} covers another box`);
        line[column] = box.name.charAt(0);
      }
    }
  }
  return grid.map((line) => line.filter((_, at) => at % 10 === 5).join(''));
}

/** The first letters of the picture's rows. */
const column = (boxes: readonly Box[], columns: number, rows: number) =>
  picture(boxes, columns, rows)
    .map((row) => row.charAt(0))
    .join('');

describe('triage layout', () => {
  test('three panes side by side at 120 columns', () => {
    const boxes = triageLayout({ columns: 120, rows: 22, focus: 'ports', zoomed: false });
    expect(picture(boxes, 120, 22)).toEqual([
      'hhhhhhhhhhhh',
      'vvvvvvvvvvvv',
      'vvvvvvvvvvvv',
      'vvvvvvvvvvvv',
      ...Array.from({ length: 12 }, () => 'ppppllllpppp'),
      'pppppppppppp',
      'pppppppppppp',
      'pppppppppppp',
      'pppppppppppp',
      'ssssssssssss',
      'ffffffffffff',
    ]);
  });

  test('panes one under another at 80 columns', () => {
    const boxes = triageLayout({ columns: 80, rows: 24, focus: 'logons', zoomed: false });
    expect(column(boxes, 80, 24)).toBe('hvvvppppplllllppppppppsf');
    expect(boxes.filter((box) => box.width !== 80)).toEqual([]);
    expect(boxes.find((box) => box.name === 'logons')?.height).toBeGreaterThanOrEqual(5);
  });

  test('one pane at a time under 80 columns', () => {
    const boxes = triageLayout({ columns: 60, rows: 15, focus: 'patches', zoomed: false });
    expect(column(boxes, 60, 15)).toBe('hvvtpppppppppsf');
    expect(boxes.map((box) => box.name)).toEqual(['header', 'verdict', 'tabs', 'patches', 'status', 'footer']);
  });
});

describe('every layout tiles the screen exactly', () => {
  const size = { columns: fc.integer({ min: 60, max: 220 }), rows: fc.integer({ min: 15, max: 70 }) };
  const tiles = (boxes: readonly Box[], columns: number, rows: number) => {
    expect(boxes.reduce((sum, box) => sum + box.width * box.height, 0)).toBe(columns * rows);
    for (const box of boxes) {
      expect(Number.isInteger(box.left) && Number.isInteger(box.width)).toBe(true);
      expect(box.height).toBeGreaterThan(0);
      expect(box.left + box.width).toBeLessThanOrEqual(columns);
      expect(box.top + box.height).toBeLessThanOrEqual(rows);
    }
    for (const [at, one] of boxes.entries()) {
      for (const other of boxes.slice(at + 1)) {
        const apart =
          one.left + one.width <= other.left ||
          other.left + other.width <= one.left ||
          one.top + one.height <= other.top ||
          other.top + other.height <= one.top;
        expect(apart, `${one.name} covers ${other.name}`).toBe(true);
      }
    }
  };

  test('triage', () => {
    fc.assert(
      fc.property(fc.record({ ...size, focus: fc.constantFrom(...panes), zoomed: fc.boolean() }), (shape) =>
        tiles(triageLayout(shape), shape.columns, shape.rows),
      ),
    );
  });

  test('suspects, pages and playbooks', () => {
    fc.assert(
      fc.property(
        fc.record({ ...size, prompt: fc.integer({ min: 0, max: 40 }), steps: fc.integer({ min: 1, max: 30 }) }),
        ({ columns, rows, prompt, steps }) => {
          tiles(suspectsLayout(columns, rows), columns, rows);
          tiles(pageLayout(columns, rows), columns, rows);
          tiles(runLayout(columns, rows, prompt, steps), columns, rows);
        },
      ),
    );
  });
});

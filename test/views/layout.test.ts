import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { panes } from '../../src/session/state.ts';
import {
  type Box,
  type Needs,
  pageLayout,
  runLayout,
  storyRoom,
  suspectsLayout,
  triageLayout,
} from '../../views/layout.ts';

/**
 * The boxes as text: how many rows, and their columns from left to right with its width.
 * `12  ports 40 │ logons 40 │ patches 40`
 */
function drawn(boxes: readonly Box[], rows: number): string {
  const told = Array.from({ length: rows }, (_, row) =>
    boxes
      .filter(({ top, height }) => top <= row && row < top + height)
      .sort((one, other) => one.left - other.left)
      .map(({ name, width }) => `${name} ${width}`)
      .join(' │ '),
  );
  const runs: { text: string; rows: number }[] = [];
  for (const text of told) {
    const last = runs.at(-1);
    if (last?.text === text) last.rows += 1;
    else runs.push({ text, rows: 1 });
  }
  return runs.map((run) => `${String(run.rows).padStart(2)}  ${run.text}`).join('\n');
}

const shape = { zoomed: false, story: 4 } as const;

/** Boxes whose texts take so many cells in all, over as many rows as the width makes of them; posture has 11 things. */
function needs(texts: Partial<Record<'ports' | 'logons' | 'patches' | 'selected' | 'timeLine', number>> = {}): Needs {
  const rows = (cells: number | undefined, width: number) => Math.ceil((cells ?? 1_000) / width);
  return {
    pane: (pane, width) => (pane === 'posture' ? 11 : rows(texts[pane], width)),
    summary: () => 1,
    selected: (width) => rows(texts.selected, width),
    timeLine: (width) => rows(texts.timeLine, width),
  };
}

describe('triage layout', () => {
  test('120x40: the story, three panes with the one that has the keys larger, what is selected beside the time line', () => {
    const boxes = triageLayout({ ...shape, columns: 120, rows: 40, focus: 'ports' }, needs());
    expect(drawn(boxes, 40)).toBe(
      [
        ' 1  header 120',
        ' 4  verdict 120',
        '15  ports 48 │ logons 36 │ patches 36',
        '12  selected 60 │ time-line 60',
        ' 6  posture 120',
        ' 1  status 120',
        ' 1  footer 120',
      ].join('\n'),
    );
  });

  test('a pane that needs little gives its columns, and a band that needs little its rows', () => {
    const boxes = triageLayout(
      { ...shape, columns: 120, rows: 40, focus: 'ports' },
      needs({ ports: 60, logons: 900, patches: 60, selected: 100, timeLine: 100 }),
    );
    expect(drawn(boxes, 40)).toBe(
      [
        ' 1  header 120',
        ' 4  verdict 120',
        '19  ports 32 │ logons 56 │ patches 32',
        ' 4  selected 60 │ time-line 60',
        '10  posture 120',
        ' 1  status 120',
        ' 1  footer 120',
      ].join('\n'),
    );
  });

  test('160x30: no room for what is selected and the time line', () => {
    const boxes = triageLayout({ ...shape, columns: 160, rows: 30, focus: 'logons' }, needs());
    expect(drawn(boxes, 30)).toBe(
      [
        ' 1  header 160',
        ' 4  verdict 160',
        '17  ports 46 │ logons 61 │ patches 53',
        ' 6  posture 160',
        ' 1  status 160',
        ' 1  footer 160',
      ].join('\n'),
    );
  });

  test('80x24: the pane with the keys gets every row that is left, the others have one each', () => {
    const boxes = triageLayout({ ...shape, columns: 80, rows: 24, focus: 'logons' }, needs());
    expect(drawn(boxes, 24)).toBe(
      [
        ' 1  header 80',
        ' 4  verdict 80',
        ' 1  ports 80',
        '14  logons 80',
        ' 1  patches 80',
        ' 1  posture 80',
        ' 1  status 80',
        ' 1  footer 80',
      ].join('\n'),
    );
  });

  test('60x15: one pane at a time', () => {
    const boxes = triageLayout({ ...shape, columns: 60, rows: 15, focus: 'patches', story: 2 }, needs());
    expect(drawn(boxes, 15)).toBe(
      [' 1  header 60', ' 2  verdict 60', ' 1  tabs 60', ' 9  patches 60', ' 1  status 60', ' 1  footer 60'].join('\n'),
    );
  });
});

describe('every layout tiles the screen exactly', () => {
  const size = { columns: fc.integer({ min: 60, max: 220 }), rows: fc.integer({ min: 15, max: 70 }) };
  const text = fc.integer({ min: 1, max: 5_000 });
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
      fc.property(
        fc.record({ ...size, focus: fc.constantFrom(...panes), zoomed: fc.boolean() }),
        fc.record(
          Object.fromEntries(['ports', 'logons', 'patches', 'selected', 'timeLine'].map((name) => [name, text])),
        ),
        (size, texts) =>
          tiles(triageLayout({ ...size, story: storyRoom(size.rows) }, needs(texts)), size.columns, size.rows),
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
          tiles(
            runLayout(columns, rows, prompt, { width: steps * 9, rows: steps }, () => steps * 2),
            columns,
            rows,
          );
        },
      ),
    );
  });
});

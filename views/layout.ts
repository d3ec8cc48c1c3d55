import type { Pane } from '../src/session/state.ts';

/** A rectangle of the screen, in cells from the top left. */
export interface Box {
  name: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Smaller than this there is only a notice. */
export const smallest = { columns: 60, rows: 15 };

export function tooSmall(columns: number, rows: number): boolean {
  return columns < smallest.columns || rows < smallest.rows;
}

/** How the panes of a triage stand: side by side, one under another, or one at a time. */
export type Arrangement = 'beside' | 'stacked' | 'tabs';

export function arrangement(columns: number, rows: number): Arrangement {
  if (columns < 80) return 'tabs';
  // Four rows a pane are the least that shows a border, a thing and how many more there are.
  if (columns < 100) return rows >= 20 ? 'stacked' : 'tabs';
  return 'beside';
}

export interface TriageShape {
  columns: number;
  rows: number;
  focus: Pane;
  zoomed: boolean;
}

/** Splits `total` into parts as equal as integers allow; the first ones are the larger. */
export function split(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, at) => Math.floor(total / parts) + (at < total % parts ? 1 : 0));
}

/**
 * The boxes of the triage screen. They tile the screen exactly: `header`, `verdict`, the panes, `posture`, `status` (toast,
 * input or jobs) and `footer`. In tabs, `tabs` names the panes and only the one in focus has a box.
 */
export function triageLayout({ columns, rows, focus, zoomed }: TriageShape): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  const verdictHeight = rows >= 22 ? 3 : 2;
  const bottom = rows - 2;
  const boxes = [row('header', 0, 1), row('verdict', 1, verdictHeight)];
  const ends = [row('status', bottom, 1), row('footer', bottom + 1, 1)];
  let top = 1 + verdictHeight;
  const how = arrangement(columns, rows);
  if (zoomed) return [...boxes, row(focus, top, bottom - top), ...ends];
  if (how === 'tabs') {
    boxes.push(row('tabs', top, 1));
    top += 1;
    return [...boxes, row(focus, top, bottom - top), ...ends];
  }
  const postureHeight = columns < 100 || rows < 22 ? 3 : rows < 30 ? 4 : 6;
  const height = bottom - top - postureHeight;
  if (how === 'beside') {
    let left = 0;
    for (const [at, width] of split(columns, 3).entries()) {
      boxes.push({ name: ['ports', 'logons', 'patches'][at] ?? '', left, top, width, height });
      left += width;
    }
  } else {
    // The pane with the keys gets the rows that do not divide.
    const heights = split(height, 3).sort((one, other) => one - other);
    const names: Pane[] = ['ports', 'logons', 'patches'];
    const order = names.filter((name) => name !== focus).concat(names.includes(focus) ? [focus] : []);
    const byName = new Map(order.map((name, at) => [name, heights[at] ?? 0]));
    let at = top;
    for (const name of names) {
      boxes.push(row(name, at, byName.get(name) ?? 0));
      at += byName.get(name) ?? 0;
    }
  }
  return [...boxes, row('posture', top + height, postureHeight), ...ends];
}

/** The boxes of the suspects screen: `header`, `summary`, `heads`, `list`, `because`, `status`, `footer`. */
export function suspectsLayout(columns: number, rows: number): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  const because = rows >= 20 ? 3 : 2;
  return [
    row('header', 0, 1),
    row('summary', 1, 1),
    row('heads', 2, 1),
    row('list', 3, rows - 5 - because),
    row('because', rows - 2 - because, because),
    row('status', rows - 2, 1),
    row('footer', rows - 1, 1),
  ];
}

/** The boxes of a screen with one text: `header`, `body`, `status`, `footer`. */
export function pageLayout(columns: number, rows: number): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  return [row('header', 0, 1), row('body', 1, rows - 3), row('status', rows - 2, 1), row('footer', rows - 1, 1)];
}

/**
 * The boxes of a playbook in progress: `header`, `steps` beside `step` (above it under 100 columns), `prompt` when there is
 * one (as many rows as it wants, but never so many that the step in hand cannot be read), `status`, `footer`.
 */
export function runLayout(columns: number, rows: number, promptRows: number, stepCount: number): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  const body = rows - 3;
  const prompt = promptRows === 0 ? 0 : Math.min(promptRows + 2, Math.max(5, Math.floor(body * 0.6)));
  const height = body - prompt;
  const boxes = [row('header', 0, 1)];
  if (columns >= 100) {
    const steps = Math.min(44, Math.floor(columns * 0.36));
    boxes.push({ name: 'steps', left: 0, top: 1, width: steps, height });
    boxes.push({ name: 'step', left: steps, top: 1, width: columns - steps, height });
  } else {
    const steps = Math.min(stepCount, Math.max(1, Math.floor(height / 3)));
    boxes.push(row('steps', 1, steps), row('step', 1 + steps, height - steps));
  }
  if (prompt > 0) boxes.push(row('prompt', 1 + height, prompt));
  return [...boxes, row('status', rows - 2, 1), row('footer', rows - 1, 1)];
}

/** The box of that name; an empty one when the layout has none. */
export function boxNamed(boxes: readonly Box[], name: string): Box {
  return boxes.find((box) => box.name === name) ?? { name, left: 0, top: 0, width: 0, height: 0 };
}

import { type Pane, panes } from '../src/session/state.ts';

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

/**
 * The arrangement of a triage's panes: side by side; one large with the others in a row each; or one at a time with its name
 * among tabs.
 */
export type Arrangement = 'beside' | 'accordion' | 'tabs';

export function arrangement(columns: number, rows: number): Arrangement {
  if (rows < 19) return 'tabs';
  return columns < 100 || rows < 22 ? 'accordion' : 'beside';
}

export interface TriageShape {
  columns: number;
  rows: number;
  focus: Pane;
  zoomed: boolean;
  /** Rows of the story above the panes, what is suggested among them. */
  story: number;
}

/** Splits `total` into parts as equal as integers allow; the first ones are the larger. */
export function split(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, at) => Math.floor(total / parts) + (at < total % parts ? 1 : 0));
}

const three: Pane[] = ['ports', 'logons', 'patches'];
/** From this height on there is room for what is selected and for the time line beside it. */
const tallRows = 36;

/** Are the selection and the time line under the panes? */
export function isTall(columns: number, rows: number): boolean {
  return arrangement(columns, rows) === 'beside' && rows >= tallRows;
}

/** Rows of the story at most, so that the panes keep theirs. */
export function storyRoom(rows: number): number {
  return rows >= 22 ? 4 : rows >= 18 ? 3 : 2;
}

/** How many rows a box takes to show everything, inside of a frame of so many cells. */
export interface Needs {
  pane(pane: Pane, width: number): number;
  /** Of a pane without the keys in an accordion, which has no frame. */
  summary(pane: Pane, width: number): number;
  selected(width: number): number;
  timeLine(width: number): number;
}

/** Cells that a pane has at least, and by how many its width is varied. */
const narrowest = 32;
const widthStep = 4;

/** So many rows that are folded for want of width are as bad as one that has no room. */
const foldedPerMissing = 2;

/**
 * Widths of the panes side by side with which the fewest of their rows have no room in `height`, those of the pane with the
 * keys counted double, and the fewest are folded; among those with as many, the widths that are nearest to equal.
 */
function paneWidths(columns: number, height: number, focus: Pane, needs: Needs): number[] {
  const even = split(columns, three.length);
  let best = { widths: even, missing: Number.POSITIVE_INFINITY, uneven: 0 };
  const rows = (at: number, width: number) => needs.pane(three[at] ?? focus, width - 2) + 2;
  const whole = three.map((_, at) => rows(at, columns));
  const least = (equal = 0) => equal - widthStep * Math.floor((equal - narrowest) / widthStep);
  for (let one = least(even[0]); one <= columns - 2 * narrowest; one += widthStep) {
    for (let two = least(even[1]); two <= columns - one - narrowest; two += widthStep) {
      const widths = [one, two, columns - one - two];
      const missing = widths.reduce((sum, width, at) => {
        const wanted = rows(at, width);
        const folded = Math.min(wanted, height) - Math.min(whole[at] ?? 0, height);
        return sum + Math.max(0, wanted - height) * (three[at] === focus ? 2 : 1) + folded / foldedPerMissing;
      }, 0);
      const uneven = widths.reduce((sum, width, at) => sum + Math.abs(width - (even[at] ?? 0)), 0);
      if (missing < best.missing || (missing === best.missing && uneven < best.uneven))
        best = { widths, missing, uneven };
    }
  }
  return best.widths;
}

/** Of the rows under the story, how much the selection and the time line may take where the panes want more. */
const lowerShare = 0.45;

/** How high the three bands of a screen with panes side by side are, and how wide the panes. */
function bandsOf(shape: Pick<TriageShape, 'columns' | 'rows' | 'focus'>, room: number, needs: Needs) {
  const { columns, rows, focus } = shape;
  const tall = isTall(columns, rows);
  const inner = columns - 2;
  const usual = focus === 'posture' ? 14 : rows < 30 ? 4 : rows < 48 ? 6 : 8;
  const wanted = needs.pane('posture', inner) + 2;
  let posture = Math.min(usual, Math.max(4, wanted), room - 10);
  const share = room - posture;
  const half = Math.floor(columns / 2) - 2;
  const lowerNeed = tall ? Math.max(needs.selected(half), needs.timeLine(half)) + 2 : 0;
  const leastLower = tall ? Math.min(lowerNeed, Math.floor(share * lowerShare)) : 0;
  const widths = paneWidths(columns, share - leastLower, focus, needs);
  const upperNeed = Math.max(8, ...three.map((pane, at) => needs.pane(pane, (widths[at] ?? 0) - 2) + 2));
  let upper = Math.min(upperNeed, share - leastLower);
  let spare = share - upper;
  const lower = tall ? Math.min(spare, lowerNeed) : 0;
  spare -= lower;
  const more = Math.max(0, Math.min(spare, wanted - posture));
  posture += more;
  upper += spare - more;
  return { widths, upper, lower, posture };
}

/** Heights of an accordion's panes: what the one with the keys does not need, the others may take. */
function stackedHeights(columns: number, room: number, focus: Pane, needs: Needs): Map<Pane, number> {
  const others = panes.filter((pane) => pane !== focus);
  let spare = Math.max(0, room - others.length - needs.pane(focus, columns - 2) - 2);
  const heights = new Map<Pane, number>();
  for (const pane of others) {
    const more = Math.min(spare, needs.summary(pane, columns) - 1);
    heights.set(pane, 1 + more);
    spare -= more;
  }
  heights.set(focus, room - [...heights.values()].reduce((sum, height) => sum + height, 0));
  return heights;
}

/**
 * The boxes of the triage screen. They tile the screen exactly: `header`, `verdict` (the story), the panes, on a tall screen
 * `selected` and `time-line`, `status` (toast, input or jobs) and `footer`. In an accordion the panes without the keys have
 * one row, or what they need where there is room; in tabs, `tabs` names the panes and only the one with the keys has a box.
 */
export function triageLayout({ columns, rows, focus, zoomed, story }: TriageShape, needs: Needs): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  const verdictHeight = story;
  const bottom = rows - 2;
  const boxes = [row('header', 0, 1), row('verdict', 1, verdictHeight)];
  const ends = [row('status', bottom, 1), row('footer', bottom + 1, 1)];
  const top = 1 + verdictHeight;
  const how = arrangement(columns, rows);
  if (zoomed) return [...boxes, row(focus, top, bottom - top), ...ends];
  if (how === 'tabs') return [...boxes, row('tabs', top, 1), row(focus, top + 1, bottom - top - 1), ...ends];
  if (how === 'accordion') {
    const heights = stackedHeights(columns, bottom - top, focus, needs);
    let at = top;
    const stacked = panes.map((name) => {
      const box = row(name, at, heights.get(name) ?? 1);
      at += box.height;
      return box;
    });
    return [...boxes, ...stacked, ...ends];
  }
  const { widths, upper, lower, posture } = bandsOf({ columns, rows, focus }, bottom - top, needs);
  let left = 0;
  const beside = widths.map((width, at): Box => {
    const box = { name: three[at] ?? '', left, top, width, height: upper };
    left += width;
    return box;
  });
  const half = Math.floor(columns / 2);
  const middle: Box[] =
    lower > 0
      ? [
          { name: 'selected', left: 0, top: top + upper, width: half, height: lower },
          { name: 'time-line', left: half, top: top + upper, width: columns - half, height: lower },
        ]
      : [];
  return [...boxes, ...beside, ...middle, row('posture', top + upper + lower, posture), ...ends];
}

/** From this width on the suspects list has a preview beside it. */
const previewColumns = 160;

/**
 * The boxes of the suspects screen: `header`, `summary`, `heads`, `list`, `because`, `status`, `footer`; on a wide screen
 * `preview` is beside heads and list in place of `because`.
 */
export function suspectsLayout(columns: number, rows: number): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  const ends = [row('status', rows - 2, 1), row('footer', rows - 1, 1)];
  const above = [row('header', 0, 1), row('summary', 1, 1)];
  if (columns >= previewColumns) {
    // A blank and a bar are on its left.
    const width = Math.floor(columns * 0.3) + 1;
    const left = columns - width;
    return [
      ...above,
      { name: 'heads', left: 0, top: 2, width: left, height: 1 },
      { name: 'list', left: 0, top: 3, width: left, height: rows - 5 },
      { name: 'preview', left, top: 2, width, height: rows - 4 },
      ...ends,
    ];
  }
  const because = rows >= 20 ? 3 : 2;
  return [
    ...above,
    row('heads', 2, 1),
    row('list', 3, rows - 5 - because),
    row('because', rows - 2 - because, because),
    ...ends,
  ];
}

/** The boxes of a screen with one text: `header`, `body`, `status`, `footer`. */
export function pageLayout(columns: number, rows: number): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  return [row('header', 0, 1), row('body', 1, rows - 3), row('status', rows - 2, 1), row('footer', rows - 1, 1)];
}

/**
 * The boxes of a playbook in progress: `header`, `steps` beside `step` (above it under 100 columns), `prompt` when there is
 * one (as many rows as it wants, but never so many that the current step cannot be read), `status`, `footer`. `list` is the size
 * that the steps want, `stepRows` how many rows the text of the current one takes over the whole width: asked only where they
 * are one above the other.
 */
export function runLayout(
  columns: number,
  rows: number,
  promptRows: number,
  list: { width: number; rows: number },
  stepRows: () => number = () => rows,
): Box[] {
  const row = (name: string, top: number, height: number): Box => ({ name, left: 0, top, width: columns, height });
  const body = rows - 3;
  const prompt = promptRows === 0 ? 0 : Math.min(promptRows + 2, Math.max(5, Math.floor(body * 0.6)));
  const height = body - prompt;
  const boxes = [row('header', 0, 1)];
  if (columns >= 100) {
    // Titles have what they need where the texts beside them keep the greater part.
    const steps = Math.min(Math.max(44, list.width), Math.floor(columns * 0.36));
    boxes.push({ name: 'steps', left: 0, top: 1, width: steps, height });
    boxes.push({ name: 'step', left: steps, top: 1, width: columns - steps, height });
  } else {
    // Rows that the step's text does not need are for the list.
    const steps = Math.min(list.rows, Math.max(1, Math.floor(height / 3), height - stepRows()));
    boxes.push(row('steps', 1, steps), row('step', 1 + steps, height - steps));
  }
  if (prompt > 0) boxes.push(row('prompt', 1 + height, prompt));
  return [...boxes, row('status', rows - 2, 1), row('footer', rows - 1, 1)];
}

/** The box of that name; an empty one when the layout has none. */
export function boxNamed(boxes: readonly Box[], name: string): Box {
  return boxes.find((box) => box.name === name) ?? { name, left: 0, top: 0, width: 0, height: 0 };
}

/**
 * The rows of a query as a chart: which column is the x-axis, which the y-axes, what tells the series apart. The rules
 * are those of learn.microsoft.com/kusto/query/render-operator and its pages of the kinds of charts (read 2026-11-30).
 * Pure: rows in, points out.
 */

export interface ChartColumn {
  name: string;
  type: string;
}

/** What `render` asked for; as `Visualization` of the evaluator, which this room does not know. */
export interface ChartWish {
  kind: string;
  title?: string | undefined;
  xColumn?: string | undefined;
  yColumns?: readonly string[] | undefined;
  series?: readonly string[] | undefined;
  xTitle?: string | undefined;
  yTitle?: string | undefined;
  yMin?: number | undefined;
  yMax?: number | undefined;
  layout?: string | undefined;
}

/** One measurement; `y` null where the row has none. `x` is a number (times: milliseconds since 1970), or a place in `labels`. */
export interface Point {
  x: number;
  y: number | null;
}

export interface Series {
  name: string;
  points: Point[];
}

export interface Chart {
  /** How it is drawn: as lines over an axis, or as one bar for each label. */
  form: 'lines' | 'bars';
  kind: string;
  title: string;
  xTitle: string;
  yTitle: string;
  axis: 'time' | 'number' | 'label';
  /** The labels of the x-axis, for an axis of labels. */
  labels: string[];
  series: Series[];
  /** Bounds of y, the zero in them unless the query set others. */
  yMin: number;
  yMax: number;
  /** What the chart leaves out, one sentence each. */
  notShown: string[];
}

/** The most points and series of a chart; how many more there are is said. */
const MOST_POINTS = 200_000;
const MOST_SERIES = 60;
const MOST_LABELS = 500;

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'real', 'decimal']);
const LINES: ReadonlySet<string> = new Set([
  'timechart',
  'linechart',
  'areachart',
  'stackedareachart',
  'anomalychart',
  'scatterchart',
]);
const BARS: ReadonlySet<string> = new Set(['barchart', 'columnchart', 'piechart']);

/** Is there a drawing of this kind of chart? */
export const isDrawn = (kind: string): boolean => LINES.has(kind) || BARS.has(kind);

/** A cell as a number; null for what is none. Longs beyond 2^53 are text, and are drawn to the nearest double. */
function numeric(cell: unknown): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell === 'boolean') return Number(cell);
  if (typeof cell !== 'string' || !/^[+-]?(\d|\.\d|Infinity)/.test(cell)) return null;
  const number = Number(cell);
  return Number.isFinite(number) ? number : null;
}

const timeOf = (cell: unknown): number | null => {
  const at = typeof cell === 'string' ? Date.parse(cell) : Number.NaN;
  return Number.isNaN(at) ? null : at;
};

/** The elements of a dynamic array, as make-series writes them; undefined for anything else. */
function elements(cell: unknown): unknown[] | undefined {
  if (typeof cell !== 'string' || !cell.startsWith('[')) return undefined;
  try {
    const read: unknown = JSON.parse(cell);
    return Array.isArray(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

interface Roles {
  x: number;
  ys: number[];
  series: number[];
}

/** Which column is what. Throws an Error with one sentence where the columns do not make the chart. */
function rolesOf(columns: readonly ChartColumn[], wish: ChartWish): Roles {
  const place = (name: string): number => {
    const found = columns.findIndex((c) => c.name === name);
    if (found < 0) throw new Error(`render names the column ${name}, which the result has not`);
    return found;
  };
  const all = columns.map((_, i) => i);
  const typed = (...types: string[]) => all.filter((i) => types.includes(columns[i]?.type ?? ''));
  const guessed = wish.kind === 'timechart' || wish.kind === 'anomalychart' ? typed('datetime')[0] : 0;
  const x = wish.xColumn === undefined ? (guessed ?? typed('dynamic').at(-1) ?? 0) : place(wish.xColumn);
  const others = all.filter((i) => i !== x);
  const series =
    wish.series?.map(place) ??
    others.filter((i) => ['string', 'guid', 'bool'].includes(columns[i]?.type ?? '')).slice(0, 1);
  const ys =
    wish.yColumns?.map(place) ??
    others.filter(
      (i) => !series.includes(i) && (NUMBERS.has(columns[i]?.type ?? '') || columns[i]?.type === 'dynamic'),
    );
  if (ys.length === 0) throw new Error('a chart needs a column of numbers, and the result has none');
  return { x, ys, series };
}

/** Points collected by series. */
class Collected {
  readonly bySeries = new Map<string, Point[]>();
  points = 0;
  leftOut = 0;
  seriesLeftOut = new Set<string>();

  add(name: string, point: Point): void {
    let points = this.bySeries.get(name);
    if (points === undefined) {
      if (this.bySeries.size >= MOST_SERIES) {
        if (this.seriesLeftOut.size < 10_000) this.seriesLeftOut.add(name);
        return;
      }
      points = [];
      this.bySeries.set(name, points);
    }
    if (this.points >= MOST_POINTS) {
      this.leftOut += 1;
      return;
    }
    this.points += 1;
    points.push(point);
  }
}

/** The x-axis of a chart: what kind it is, and the place of a cell on it. */
class Axis {
  readonly kind: Chart['axis'];
  readonly labels: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(kind: Chart['axis']) {
    this.kind = kind;
  }

  place(cell: unknown): number | null {
    if (this.kind === 'time') return timeOf(cell);
    if (this.kind === 'number') return numeric(cell);
    const label = cell === null || cell === undefined ? '' : String(cell);
    const known = this.#places.get(label);
    if (known !== undefined) return known;
    if (this.labels.length >= MOST_LABELS) return null;
    this.#places.set(label, this.labels.length);
    return this.labels.push(label) - 1;
  }
}

function axisOf(column: ChartColumn | undefined, firstCell: unknown, bars: boolean): Axis {
  if (bars) return new Axis('label');
  const type = column?.type ?? '';
  if (type === 'datetime') return new Axis('time');
  if (type !== 'dynamic') return new Axis(NUMBERS.has(type) ? 'number' : 'label');
  const first = elements(firstCell)?.[0];
  return new Axis(typeof first === 'number' ? 'number' : timeOf(first) === null ? 'label' : 'time');
}

/**
 * The chart of a result. Throws an Error with one sentence where the columns do not fit the kind of chart; a kind that is
 * not drawn (`isDrawn`) must not be asked for.
 */
export function chartOf(
  columns: readonly ChartColumn[],
  rows: readonly (readonly unknown[])[],
  wish: ChartWish,
): Chart {
  const { x, ys, series } = rolesOf(columns, wish);
  const bars = BARS.has(wish.kind);
  const axis = axisOf(columns[x], rows.find((row) => row[x] !== null)?.[x], bars);
  const collected = new Collected();
  let withoutPlace = 0;
  const add = (name: string, at: unknown, value: unknown): void => {
    const place = axis.place(at);
    if (place === null) withoutPlace += 1;
    else collected.add(name, { x: place, y: numeric(value) });
  };
  for (const row of rows) {
    const own = series.map((i) => String(row[i] ?? '')).join(', ');
    const xs = elements(row[x]);
    for (const y of ys) {
      const measure = columns[y]?.name ?? '';
      const name = series.length === 0 ? measure : ys.length === 1 ? own : `${own}: ${measure}`;
      const values = xs === undefined ? undefined : elements(row[y]);
      if (xs === undefined) add(name, row[x], row[y]);
      else for (const [i, at] of xs.entries()) add(name, at, values?.[i] ?? null);
    }
  }
  const found = [...collected.bySeries].map(([name, points]): Series => ({ name, points }));
  if (axis.kind !== 'label') for (const { points } of found) points.sort((a, b) => a.x - b.x);
  return {
    form: bars ? 'bars' : 'lines',
    kind: wish.kind,
    title: wish.title ?? '',
    xTitle: wish.xTitle ?? columns[x]?.name ?? '',
    yTitle: wish.yTitle ?? (ys.length === 1 ? (columns[ys[0] ?? 0]?.name ?? '') : ''),
    axis: axis.kind,
    labels: axis.labels,
    series: found,
    ...boundsOf(found, wish),
    notShown: [
      ...told(collected.seriesLeftOut.size, 'series', `beyond the first ${MOST_SERIES}`),
      ...told(collected.leftOut, 'points', `beyond the first ${MOST_POINTS}`),
      ...told(withoutPlace, 'points', `without a place on the axis ${columns[x]?.name ?? ''}`),
    ],
  };
}

const told = (count: number, what: string, why: string): string[] =>
  count === 0 ? [] : [`${count} ${what} not drawn: ${why}`];

function boundsOf(series: readonly Series[], { yMin, yMax }: ChartWish): { yMin: number; yMax: number } {
  let [low, high] = [0, 0];
  for (const { points } of series) {
    for (const { y } of points) {
      if (y === null) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  const [from, to] = [yMin ?? low, yMax ?? high];
  return to > from ? { yMin: from, yMax: to } : { yMin: from, yMax: from + 1 };
}

import { cells, cut, fitted } from '../text/cells.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import type { Chart, Point, Series } from './chart.ts';
import { shortNumber, shortTime, ticks } from './ticks.ts';

/** Most panels of lines, and most bars, in a terminal; how many more there are is said. */
const MOST_PANELS = 6;
const MOST_BARS = 40;
const HEIGHT = 14;
const GUTTER = 8;
const EIGHTHS = ' ▁▂▃▄▅▆▇█';

const label = (text: string, most = 200): string => printable(text === '' ? '(empty)' : text, most);

/** A chart as lines of text of at most `width` cells; colours carry nothing. */
export function chartText(chart: Chart, width: number): string[] {
  const wide = Math.max(40, Math.min(width, 240));
  const title = chart.title === '' ? [] : [cut(label(chart.title), wide)];
  const drawn = chart.form === 'bars' ? bars(chart, wide) : panels(chart, wide);
  return [...title, ...drawn, ...chart.notShown.map((text) => cut(printable(text), wide))];
}

// ---- lines: one panel a series, so that none covers another --------------------------------------------------------

interface Span {
  from: number;
  to: number;
  /** The usual distance of two points: a point stands for so much of the axis. */
  step: number;
}

function spanOf(series: readonly Series[]): Span | undefined {
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const [from, to] = [places[0], places.at(-1)];
  if (from === undefined || to === undefined) return undefined;
  const gaps = places.slice(1).map((x, i) => x - (places[i] ?? x));
  gaps.sort((a, b) => a - b);
  const step = gaps[Math.floor(gaps.length / 2)] ?? 1;
  return { from, to: to === from ? from + step : to, step };
}

/** The value of each column: the farthest from zero of the points in it; undefined where there is none. */
function columnsOf(points: readonly Point[], { from, to, step }: Span, width: number): (number | undefined)[] {
  const known = points.filter((point): point is { x: number; y: number } => point.y !== null);
  const each = (to - from) / width;
  const values: (number | undefined)[] = new Array(width).fill(undefined);
  for (const { x, y } of known) {
    // With fewer points than columns a point fills the columns up to half-way to its neighbours.
    const reach = Math.max(0, step - each) / 2;
    const first = Math.floor((x - reach - from) / each);
    const last = Math.max(first, Math.ceil((x + reach - from) / each) - 1);
    for (let i = Math.max(0, first); i <= Math.min(width - 1, last); i++) {
      const before = values[i];
      if (before === undefined || Math.abs(y) > Math.abs(before)) values[i] = y;
    }
    if (x >= to && values[width - 1] === undefined) values[width - 1] = y;
  }
  return values;
}

/** One cell of a column: blank for no value, a dot on the lowest row for the lowest value, else as full as it is high. */
function cellAt(value: number | undefined, row: number, height: number, low: number, high: number): string {
  if (value === undefined) return ' ';
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  if (share === 0) return row === 0 ? '·' : ' ';
  const level = Math.max(1, Math.round(share * height * 8)) - row * 8;
  return EIGHTHS[Math.min(8, Math.max(0, level))] ?? ' ';
}

function panel(series: Series, chart: Chart, span: Span, width: number, height: number): string[] {
  const values = columnsOf(series.points, span, width - GUTTER);
  const lines: string[] = [];
  for (let row = height - 1; row >= 0; row--) {
    const at = row === height - 1 ? chart.yMax : row === 0 ? chart.yMin : undefined;
    const gutter = fitted(at === undefined ? '' : shortNumber(at), GUTTER - 2, 'right');
    const body = values.map((value) => cellAt(value, row, height, chart.yMin, chart.yMax)).join('');
    lines.push(`${gutter} │${body}`.trimEnd());
  }
  return lines;
}

function headOf({ name, points }: Series, width: number): string {
  const known = points.flatMap(({ y }) => (y === null ? [] : [y]));
  const most = known.reduce((high, y) => Math.max(high, y), Number.NEGATIVE_INFINITY);
  const lacks = points.length - known.length;
  const figures = known.length === 0 ? 'no value' : `at most ${shortNumber(most)}, ${counted(known.length, 'point')}`;
  return cut(`${label(name)}: ${figures}${lacks > 0 ? `, ${lacks} without a value` : ''}`, width);
}

function axisLine(chart: Chart, { from, to }: Span, width: number): string[] {
  const body = width - GUTTER;
  const rule = `${' '.repeat(GUTTER - 1)}└${'─'.repeat(body)}`;
  const places =
    chart.axis === 'label'
      ? chart.labels.map((_, i) => i).filter((i) => i % Math.max(1, Math.ceil(chart.labels.length / 6)) === 0)
      : ticks(chart.axis, from, to, Math.max(2, Math.floor(body / 14)));
  let line = ' '.repeat(GUTTER);
  for (const at of places) {
    const column = GUTTER + Math.round(((at - from) / (to - from)) * (body - 1));
    const text =
      chart.axis === 'time'
        ? shortTime(at, to - from)
        : chart.axis === 'number'
          ? shortNumber(at)
          : cut(label(chart.labels[at] ?? ''), 12);
    if (cells(line) <= column && column + cells(text) <= width)
      line = `${line}${' '.repeat(column - cells(line))}${text} `;
  }
  const range = chart.axis === 'time' ? [`${new Date(from).toISOString()} to ${new Date(to).toISOString()}`] : [];
  return [rule, line.trimEnd(), ...range.map((text) => cut(`${' '.repeat(GUTTER)}${text}`, width))];
}

function panels(chart: Chart, width: number): string[] {
  const span = spanOf(chart.series);
  if (span === undefined) return ['no point to draw'];
  const shown = chart.series.slice(0, MOST_PANELS);
  const height = shown.length === 1 ? HEIGHT - 4 : Math.max(2, Math.floor((HEIGHT + 4) / shown.length) - 1);
  const more = chart.series.length - shown.length;
  return [
    ...shown.flatMap((series) => [headOf(series, width), ...panel(series, chart, span, width, height)]),
    ...axisLine(chart, span, width),
    cut(`blank: no value · a dot: ${shortNumber(chart.yMin)}${shown.length > 1 ? ' · one scale' : ''}`, width),
    ...(more > 0 ? [cut(`${more} more series: --out FILE.svg has all`, width)] : []),
  ];
}

// ---- bars ----------------------------------------------------------------------------------------------------------

interface Bar {
  label: string;
  value: number | null;
}

function barsOf(chart: Chart): Bar[] {
  const several = chart.series.length > 1;
  return chart.labels.flatMap((text, place) =>
    chart.series.flatMap(({ name, points }) =>
      points
        .filter(({ x }) => x === place)
        .map(({ y }) => ({ label: several ? `${label(text, 60)} · ${label(name, 60)}` : label(text, 120), value: y })),
    ),
  );
}

function bars(chart: Chart, width: number): string[] {
  const all = barsOf(chart);
  if (all.length === 0) return ['no bar to draw'];
  const shown = all.slice(0, MOST_BARS);
  const names = Math.min(40, Math.floor(width / 2), Math.max(...shown.map((bar) => cells(bar.label))));
  const room = Math.max(8, width - names - 22);
  const reach = Math.max(Math.abs(chart.yMin), Math.abs(chart.yMax));
  const whole = all.reduce((sum, { value }) => sum + Math.max(0, value ?? 0), 0);
  const share = (value: number): string =>
    chart.kind === 'piechart' && whole > 0 ? ` ${((value / whole) * 100).toFixed(1)} %` : '';
  const lines = shown.map(({ label: text, value }) => {
    const name = fitted(cut(text, names), names);
    if (value === null) return `${name}  no value`;
    const eighths = value === 0 ? 0 : Math.max(1, Math.round((Math.abs(value) / reach) * room * 8));
    const bar = `${'█'.repeat(Math.floor(eighths / 8))}${eighths % 8 === 0 ? '' : (EIGHTHS_ACROSS[eighths % 8] ?? '')}`;
    return `${name}  ${value < 0 ? '-' : ''}${bar} ${String(value)}${share(value)}`;
  });
  const more = all.length - shown.length;
  return [...lines, ...(more > 0 ? [cut(`${more} more bars: the rows below and --out FILE.svg have all`, width)] : [])];
}

const EIGHTHS_ACROSS = ' ▏▎▍▌▋▊▉';

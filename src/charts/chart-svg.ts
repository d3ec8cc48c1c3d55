import { printable } from '../text/printable.ts';
import type { Chart, Point, Series } from './chart.ts';
import { shortNumber, shortTime, ticks } from './ticks.ts';

const WIDTH = 960;
const HEIGHT = 480;
const EDGE = { left: 72, right: 24, top: 48, bottom: 64 };
const PLOT = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
/** Colours that the colour-blind tell apart (Okabe and Ito, 2008); dashes tell apart what shares one. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const DASHES = ['', '6 3', '2 3', '8 3 2 3'];
/** Points that a line is drawn with; more are reduced to the lowest and highest of each pixel's. */
const MOST_DRAWN = PLOT.width * 2;

/** Text for XML: control characters out, the five special ones escaped. */
const xml = (text: string, most = 200): string =>
  printable(text, most)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const number = (value: number): string => String(Math.round(value * 10) / 10);

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${number(x)}" y="${number(y)}"${more}>${xml(content)}</text>`;

const styleOf = (i: number): string => {
  const dash = DASHES[Math.floor(i / COLOURS.length) % DASHES.length] ?? '';
  return `stroke="${COLOURS[i % COLOURS.length]}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
};

/** A chart as an SVG document without scripts, links or styles from elsewhere. */
export function chartSvg(chart: Chart): string {
  const y = (value: number): number =>
    EDGE.top +
    PLOT.height * (1 - (Math.min(chart.yMax, Math.max(chart.yMin, value)) - chart.yMin) / (chart.yMax - chart.yMin));
  const body = chart.form === 'bars' ? bars(chart, y) : lines(chart, y);
  const legend = chart.series.length < 2 ? [] : legendOf(chart.series);
  const height = HEIGHT + legend.length * 18 + chart.notShown.length * 18;
  const notes = chart.notShown.map((note, i) => text(EDGE.left, HEIGHT + legend.length * 18 + i * 18 + 8, note));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${xml(chart.title === '' ? chart.kind : chart.title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(EDGE.left, 24, chart.title, ' font-size="16" fill="#000000"'),
    ...yAxis(chart, y),
    ...body,
    text(EDGE.left + PLOT.width / 2, HEIGHT - 16, chart.xTitle, ' text-anchor="middle"'),
    text(EDGE.left, EDGE.top - 10, chart.yTitle),
    ...legend,
    ...notes,
    '</svg>',
    '',
  ].join('\n');
}

function yAxis(chart: Chart, y: (value: number) => number): string[] {
  return ticks('number', chart.yMin, chart.yMax, 6).flatMap((at) => [
    `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${number(y(at))}" y2="${number(y(at))}" stroke="#dddddd"/>`,
    text(EDGE.left - 8, y(at) + 4, shortNumber(at), ' text-anchor="end"'),
  ]);
}

const legendOf = (series: readonly Series[]): string[] =>
  series.map(({ name }, i) => {
    const at = HEIGHT + i * 18;
    return `<g><line x1="${EDGE.left}" x2="${EDGE.left + 28}" y1="${at}" y2="${at}" stroke-width="3" ${styleOf(i)}/>${text(EDGE.left + 36, at + 4, name)}</g>`;
  });

// ---- lines ---------------------------------------------------------------------------------------------------------

/** The points of a line, the lowest and highest of each pixel where there are more than can be seen. */
function thinned(points: readonly Point[], x: (value: number) => number): Point[] {
  if (points.length <= MOST_DRAWN) return [...points];
  const byPixel = new Map<number, { low: Point; high: Point }>();
  for (const point of points) {
    if (point.y === null) continue;
    const pixel = Math.floor(x(point.x));
    const known = byPixel.get(pixel);
    if (known === undefined) byPixel.set(pixel, { low: point, high: point });
    else {
      if (point.y < (known.low.y ?? 0)) known.low = point;
      if (point.y > (known.high.y ?? 0)) known.high = point;
    }
  }
  return [...byPixel.values()].flatMap(({ low, high }) =>
    low === high ? [low] : low.x <= high.x ? [low, high] : [high, low],
  );
}

/** Runs of points without a missing value between them: a gap stays a gap. */
function runsOf(points: readonly Point[]): { x: number; y: number }[][] {
  const runs: { x: number; y: number }[][] = [[]];
  for (const { x, y } of points) {
    if (y === null) runs.push([]);
    else runs.at(-1)?.push({ x, y });
  }
  return runs.filter((run) => run.length > 0);
}

function lines(chart: Chart, y: (value: number) => number): string[] {
  const places = chart.series.flatMap(({ points }) => points.map((point) => point.x));
  const from = places.reduce((low, at) => Math.min(low, at), Number.POSITIVE_INFINITY);
  const to = places.reduce((high, at) => Math.max(high, at), Number.NEGATIVE_INFINITY);
  if (places.length === 0) return [text(EDGE.left + 20, EDGE.top + 20, 'no point to draw')];
  const span = to > from ? to - from : 1;
  const x = (at: number): number => EDGE.left + (PLOT.width * (at - from)) / span;
  const marks = chart.axis === 'label' ? labelMarks(chart, x) : tickMarks(chart.axis, from, to, x);
  const dots = chart.kind === 'scatterchart';
  const drawn = chart.series.flatMap(({ points }, i) =>
    runsOf(dots ? points : thinned(points, x)).map((run) => {
      const [only] = run;
      if (!dots && run.length > 1) {
        const path = run.map((point) => `${number(x(point.x))},${number(y(point.y))}`).join(' ');
        return `<polyline points="${path}" fill="none" stroke-width="2" ${styleOf(i)}/>`;
      }
      const colour = COLOURS[i % COLOURS.length];
      return (dots ? run : only ? [only] : [])
        .map((point) => `<circle cx="${number(x(point.x))}" cy="${number(y(point.y))}" r="3" fill="${colour}"/>`)
        .join('');
    }),
  );
  return [...marks, ...drawn];
}

function tickMarks(axis: 'time' | 'number', from: number, to: number, x: (at: number) => number): string[] {
  return ticks(axis, from, to, 8).map((at) =>
    text(
      x(at),
      HEIGHT - EDGE.bottom + 20,
      axis === 'time' ? shortTime(at, to - from) : shortNumber(at),
      ' text-anchor="middle"',
    ),
  );
}

const labelMarks = ({ labels }: Chart, x: (at: number) => number): string[] => {
  const every = Math.max(1, Math.ceil(labels.length / 10));
  return labels.flatMap((name, i) =>
    i % every === 0 ? [text(x(i), HEIGHT - EDGE.bottom + 20, name.slice(0, 16), ' text-anchor="middle"')] : [],
  );
};

// ---- bars ----------------------------------------------------------------------------------------------------------

function bars(chart: Chart, y: (value: number) => number): string[] {
  const group = PLOT.width / Math.max(1, chart.labels.length);
  const wide = Math.max(0.5, (group * 0.8) / Math.max(1, chart.series.length));
  const zero = y(Math.max(chart.yMin, 0));
  const drawn = chart.series.flatMap(({ name, points }, i) =>
    points.flatMap(({ x, y: value }) => {
      if (value === null) return [];
      const top = Math.min(zero, y(value));
      const left = EDGE.left + group * x + group * 0.1 + wide * i;
      const size = `x="${number(left)}" y="${number(top)}" width="${number(wide)}" height="${number(Math.abs(zero - y(value)))}"`;
      const about = `${chart.labels[x] ?? ''} · ${name}: ${value}`;
      return [`<rect ${size} fill="${COLOURS[i % COLOURS.length]}"><title>${xml(about)}</title></rect>`];
    }),
  );
  return [...drawn, ...labelMarks(chart, (i) => EDGE.left + group * (i + 0.5))];
}

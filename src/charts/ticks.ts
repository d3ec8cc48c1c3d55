const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps of a time axis that a person reads at once; years follow in the steps of numbers. */
const STEPS = [
  1000,
  5000,
  15_000,
  30_000,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
];

/** The smallest of 1, 2, 5 times a power of ten that gives at most `most` steps over a span. */
function numberStep(span: number, most: number): number {
  const raw = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999_999) ?? 10) * power;
}

/** Places on an axis for marks, at most `most`, in the unit of the axis. */
export function ticks(axis: 'time' | 'number', from: number, to: number, most: number): number[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span)) return [from];
  const step =
    axis === 'time'
      ? (STEPS.find((each) => span / each <= most) ?? numberStep(span / (365 * DAY), most) * 365 * DAY)
      : numberStep(span, most);
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to + step * 1e-9 && found.length <= most + 1; at += step) {
    found.push(at);
  }
  return found.length === 0 ? [from] : found;
}

/** A number short enough for an axis: 1,200 as 1.2k. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  // Past a thousand T the powers of ten say it shorter.
  if (size >= 1e15) return value.toExponential(2).replace(/\.?0*e\+/, 'e');
  const scaled: [number, string][] = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ];
  const unit = scaled.find(([least]) => size >= least);
  if (unit !== undefined) {
    const divisor = unit[1] === 'k' ? 1000 : unit[0];
    return `${Number((value / divisor).toPrecision(3))}${unit[1]}`;
  }
  return String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
}

/** A time as an axis over so long a span wants it, in UTC. */
export function shortTime(at: number, span: number): string {
  const text = new Date(at).toISOString();
  if (span <= 2 * MINUTE) return text.slice(11, 19);
  if (span <= 2 * DAY) return text.slice(11, 16);
  return span <= 300 * DAY ? text.slice(5, 10) : text.slice(0, 7);
}

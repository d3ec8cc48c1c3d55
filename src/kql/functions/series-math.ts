/**
 * Functions over arrays of numbers: documented on Microsoft Learn under the names series_…(). Pure mathematics, without
 * any knowledge of queries.
 */

export interface Line {
  rsquare: number;
  slope: number;
  variance: number;
  rvariance: number;
  interception: number;
  fit: number[];
}

/** The least and the greatest of a series that may be too long to be arguments of one call; infinite for none. */
export function extremesOf(xs: readonly number[]): [min: number, max: number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of xs) {
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return [min, max];
}

export const meanOf = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;

/** Sample variance; 0 for fewer than two values. */
export function varianceOf(xs: readonly number[]): number {
  if (xs.length < 2) return 0;
  const mean = meanOf(xs);
  return xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (xs.length - 1);
}

/**
 * The line of least squares through (1, y1), (2, y2), …, which the example on the page of series_fit_line() counts from
 * 1: its interception is one slope below the first point of the line.
 */
export function fitLine(ys: readonly number[]): Line {
  const n = ys.length;
  const [mx, my] = [(n + 1) / 2, meanOf(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  ys.forEach((y, i) => {
    const x = i + 1;
    xy += (x - mx) * (y - my);
    xx += (x - mx) ** 2;
    yy += (y - my) ** 2;
  });
  const slope = xx === 0 ? 0 : xy / xx;
  const interception = my - slope * mx;
  const fit = ys.map((_, i) => interception + slope * (i + 1));
  const residual = ys.reduce((sum, y, x) => sum + (y - (fit[x] ?? 0)) ** 2, 0);
  return {
    rsquare: yy === 0 ? (residual === 0 ? 1 : 0) : 1 - residual / yy,
    slope,
    variance: varianceOf(ys),
    rvariance: n < 2 ? 0 : residual / (n - 1),
    interception,
    fit,
  };
}

/** The value at a fraction of the sorted values, with linear interpolation between neighbours. */
export function quantile(sorted: readonly number[], fraction: number): number {
  const at = (sorted.length - 1) * fraction;
  const low = Math.floor(at);
  const [a = Number.NaN, b = a] = [sorted[low], sorted[low + 1]];
  return a + (b - a) * (at - low);
}

function medianOf(xs: readonly number[]): number {
  return quantile(
    xs.toSorted((a, b) => a - b),
    0.5,
  );
}

/**
 * Brings a score by the 10th and 90th percentile to the scale of Tukey's test by the 25th and 75th. The authors of
 * series_outliers() give the rule and an answer of the service, from which the figure is read to its last digit (Stack
 * Overflow, question 75264555, as of 2023-01).
 */
const CTUKEY = 2.772605605507915;

/**
 * Tukey's score of every value: how many ranges between two percentiles it lies outside of them; 0 within, and for null.
 * Null where the range, by which is divided, is empty.
 */
export function outlierScores(values: readonly (number | null)[], kind: 'tukey' | 'ctukey'): number[] | null {
  const sorted = values.filter((v) => v !== null).toSorted((a, b) => a - b);
  const tail = kind === 'tukey' ? 0.25 : 0.1;
  const [low, high] = [quantile(sorted, tail), quantile(sorted, 1 - tail)];
  if (!(high > low)) return null;
  const scale = (kind === 'tukey' ? 1 : CTUKEY) / (high - low);
  return values.map((v) => (v === null || (v >= low && v <= high) ? 0 : (v > high ? v - high : v - low) * scale));
}

export interface Decomposition {
  baseline: number[];
  seasonal: number[];
  trend: number[];
  residual: number[];
}

/**
 * The seasonal part of a series: of each point, the median of the points of its phase that are learnt from; 0 without a
 * period.
 */
export function seasonalPart(xs: readonly number[], period: number, learnt = xs): number[] {
  if (period <= 0) return xs.map(() => 0);
  const phases = Array.from({ length: Math.min(period, xs.length) }, (_, phase) =>
    medianOf(learnt.filter((_x, i) => i % period === phase)),
  );
  return xs.map((_, i) => phases[i % period] ?? 0);
}

/**
 * series_decompose() with a period that is given (0: none): the seasonal part is the median of the points of one phase,
 * the trend is taken from what is left; the last `testPoints` are predicted and not learnt from.
 */
export function decompose(
  xs: readonly number[],
  period: number,
  trendKind: 'avg' | 'linefit' | 'none',
  testPoints: number,
): Decomposition {
  const learnt = xs.slice(0, Math.max(0, xs.length - testPoints));
  const seasonal = seasonalPart(xs, period, learnt);
  const rest = learnt.map((x, i) => x - (seasonal[i] ?? 0));
  const line = trendKind === 'linefit' ? fitLine(rest) : undefined;
  const level = trendKind === 'avg' ? meanOf(rest) : 0;
  const trend = xs.map((_, i) => (line ? line.interception + line.slope * (i + 1) : level));
  const baseline = xs.map((_, i) => (seasonal[i] ?? 0) + (trend[i] ?? 0));
  return { baseline, seasonal, trend, residual: xs.map((x, i) => x - (baseline[i] ?? 0)) };
}

/**
 * Whether a series is sure to have no period that series_periods_detect() would report: it is constant, or shorter than
 * two periods of the least length (4), or resembles itself at no lag from 4 to half its length. How the service scores a
 * period is not documented; a correlation below 0.4 is far from its threshold of 0.6 by any of the usual measures.
 */
export function surelyWithoutPeriod(xs: readonly number[]): boolean {
  if (xs.length < 8 || varianceOf(xs) === 0) return true;
  for (let lag = 4; lag <= xs.length / 2; lag++) {
    if (correlation(xs.slice(0, -lag), xs.slice(lag)) >= 0.4) return false;
  }
  return true;
}

/** Pearson's correlation of two series of one length; 0 where one of them is constant. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [meanOf(a), meanOf(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((x, i) => {
    const y = b[i] ?? 0;
    ab += (x - ma) * (y - mb);
    aa += (x - ma) ** 2;
    bb += (y - mb) ** 2;
  });
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

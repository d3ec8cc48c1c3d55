import { argument, arrays, type Call, constantArgument, counts, dynamics, type Implementation } from '../call.ts';
import { fail, refuse } from '../scope.ts';
import { type Bag, equalDynamics, isNumeric, type Value } from '../values.ts';
import {
  correlation,
  type Decomposition,
  decompose,
  extremesOf,
  fitLine,
  meanOf,
  outlierScores,
  seasonalPart,
  surelyWithoutPeriod,
  varianceOf,
} from './series-math.ts';

/** series_…(): functions over arrays of numbers, after Microsoft Learn's pages of their names (as of 2026-08). */

/** The numbers of an array; null for what is none. A long beyond 2^53 is refused: a series holds reals. */
function numbersOf(array: readonly Value[], call: Call): (number | null)[] {
  return array.map((v) => {
    if (typeof v === 'bigint') return refuse(`${call.name}() beyond 2^53`, call.node, call.scope);
    return typeof v === 'number' ? v : null;
  });
}

/** Reads an argument as a series; null when it is no array. */
function series(call: Call, position: number): (row: number) => (number | null)[] | null {
  const read = arrays(call, position);
  return (row) => {
    const array = read(row);
    return array === null ? null : numbersOf(array, call);
  };
}

/** Reads an argument as a series without gaps; one with gaps is refused, since their treatment is not documented. */
function whole(call: Call, position: number): (row: number) => number[] | null {
  const read = series(call, position);
  return (row) => {
    const values = read(row);
    if (values === null || values.length === 0) return null;
    const numbers = values.filter((v) => v !== null);
    if (numbers.length < values.length) refuse(`${call.name}() of a series with gaps`, call.node, call.scope);
    return numbers;
  };
}

const each =
  (map: (x: number) => Value): Implementation =>
  (call) => {
    const read = series(call, 0);
    return (row) => read(row)?.map((x) => (x === null ? null : map(x))) ?? null;
  };

/** Reads an argument as a series, or as the one number that stands beside each element of another (series_multiply(10, s)). */
function seriesOrNumber(call: Call, position: number): (row: number) => (number | null)[] | number | null {
  const [read, alone] = [series(call, position), dynamics(call, position)];
  return (row) => {
    const value = alone(row);
    return isNumeric(value) ? Number(value) : read(row);
  };
}

/** Element by element; an element that the other lacks, or that is no number, gives null. */
const pairs =
  (map: (a: number, b: number) => Value): Implementation =>
  (call) => {
    const [left, right] = [seriesOrNumber(call, 0), seriesOrNumber(call, 1)];
    return (row) => {
      const [a, b] = [left(row), right(row)];
      if (a === null || b === null || (typeof a === 'number' && typeof b === 'number')) return null;
      const lengthOf = (s: (number | null)[] | number): number => (typeof s === 'number' ? 0 : s.length);
      return Array.from({ length: Math.max(lengthOf(a), lengthOf(b)) }, (_, i) => {
        const [x, y] = [typeof a === 'number' ? a : (a[i] ?? null), typeof b === 'number' ? b : (b[i] ?? null)];
        return x === null || y === null ? null : map(x, y);
      });
    };
  };

const reduced =
  (reduce: (xs: number[]) => Value): Implementation =>
  (call) => {
    const read = whole(call, 0);
    return (row) => {
      const xs = read(row);
      return xs === null ? null : reduce(xs);
    };
  };

/** Is a value a gap: the placeholder that is given at a position, or null. */
function gaps(call: Call, position: number): (value: Value) => boolean {
  const placeholder = call.args.length > position ? argument(call, position).at(0) : null;
  return (value) => value === null || (placeholder !== null && equalDynamics(value, placeholder));
}

const fill =
  (forward: boolean): Implementation =>
  (call) => {
    const read = arrays(call, 0);
    const gap = gaps(call, 1);
    return (row) => {
      const array = read(row);
      if (array === null) return null;
      const filled = forward ? [...array] : array.toReversed();
      for (let i = 1; i < filled.length; i++) if (gap(filled[i] ?? null)) filled[i] = filled[i - 1] ?? null;
      return forward ? filled : filled.toReversed();
    };
  };

const fillConst: Implementation = (call) => {
  const read = arrays(call, 0);
  const constant = dynamics(call, 1);
  const gap = gaps(call, 2);
  return (row) => {
    const by = constant(row);
    return read(row)?.map((v) => (gap(v) ? by : v)) ?? null;
  };
};

/** Between two whole numbers the service gives whole numbers if the array is of longs: what an array does not show here. */
const fillLinear: Implementation = (call) => {
  const read = arrays(call, 0);
  const gap = gaps(call, 1);
  const edges = constantArgument(call, 2, true) === true;
  const constant = constantArgument(call, 3, 0);
  return (row) => {
    const array = read(row);
    if (array === null) return null;
    const known = array.flatMap((v, i) => (gap(v) ? [] : [i]));
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined) return array.map(() => constant);
    const at = (i: number): number => Number(array[i] ?? 0);
    const longs = known.every((i) => Number.isInteger(at(i)));
    let next = 0;
    return array.map((v, i) => {
      if (!gap(v)) return v;
      if (i < first) return edges ? at(first) : v;
      if (i > last) return edges ? at(last) : v;
      while ((known[next] ?? last) < i) next += 1;
      const [a, b] = [known[next - 1] ?? first, known[next] ?? last];
      const between = at(a) + ((at(b) - at(a)) * (i - a)) / (b - a);
      if (longs && !Number.isInteger(between)) refuse(`${call.name}() between whole numbers`, call.node, call.scope);
      return between;
    });
  };
};

function statistics(xs: readonly number[]): Bag {
  const [min, max] = extremesOf(xs);
  const variance = varianceOf(xs);
  const sum = xs.reduce((a, b) => a + b, 0);
  return {
    min,
    min_idx: xs.indexOf(min),
    max,
    max_idx: xs.indexOf(max),
    avg: meanOf(xs),
    stdev: Math.sqrt(variance),
    variance,
    sum,
    len: xs.length,
  };
}

/** The statistics of a series; undefined when it has gaps that are not to be ignored, or nothing. */
function statisticsOf(call: Call): (row: number) => Bag | undefined {
  const read = series(call, 0);
  const ignore = constantArgument(call, 1, false) === true;
  return (row) => {
    const values = read(row) ?? [];
    const numbers = values.filter((v) => v !== null && Number.isFinite(v)).map(Number);
    if (numbers.length === 0 || (!ignore && numbers.length < values.length)) return undefined;
    if (numbers.length < values.length) refuse(`${call.name}() of a series with gaps`, call.node, call.scope);
    return statistics(numbers);
  };
}

const outliers: Implementation = (call) => {
  const read = series(call, 0);
  const kind = String(constantArgument(call, 1, 'ctukey')).toLowerCase();
  const ignored = constantArgument(call, 2, null);
  if (kind !== 'tukey' && kind !== 'ctukey')
    fail('semantic', `'${kind}' is no kind of outliers.`, call.node, call.scope);
  if (constantArgument(call, 3, 10) !== 10 || constantArgument(call, 4, 90) !== 90) {
    refuse('series_outliers() with percentiles of its own', call.node, call.scope);
  }
  return (row) => {
    const values = read(row)?.map((v) => (v !== null && v === ignored ? null : v)) ?? null;
    return values === null ? null : scores(values, kind, call);
  };
};

function scores(values: readonly (number | null)[], kind: string, call: Call): number[] {
  const test = kind === 'tukey' ? 'tukey' : 'ctukey';
  const numbers = values.filter((v) => v !== null);
  if (new Set(numbers).size < 2) return values.map(() => 0);
  const found = outlierScores(values, test);
  if (found !== null) return found;
  const [low, high] = test === 'tukey' ? [25, 75] : [10, 90];
  return refuse(
    `${call.name}() of a series whose ${low}th and ${high}th percentile are equal (the score is divided by their difference)`,
    call.node,
    call.scope,
  );
}

/**
 * The seasonal period of a series: what is given, or 0 where a search for one must come back empty. How the service
 * searches is not documented beyond examples, so that a series in which it might find a period is refused.
 */
function periodOf(xs: readonly number[], given: number, call: Call): number {
  if (given >= 0) return given;
  if (surelyWithoutPeriod(xs)) return 0;
  return refuse(
    `${call.name}() that looks for the period of this series by itself (give the period in bins, or 0 for none)`,
    call.node,
    call.scope,
  );
}

/** Reads the series and the decomposition of it; options begin at `from`: seasonality, trend, test points. */
function decomposed(call: Call, from: number): (row: number) => Decomposition | null {
  const read = whole(call, 0);
  const given = Number(constantArgument(call, from, -1));
  const trend = String(constantArgument(call, from + 1, 'avg')).toLowerCase();
  const test = Number(constantArgument(call, from + 2, 0));
  if (trend !== 'avg' && trend !== 'linefit' && trend !== 'none') {
    return fail('semantic', `'${trend}' is no trend that ${call.name}() knows.`, call.node, call.scope);
  }
  return (row) => {
    const xs = read(row);
    return xs === null ? null : decompose(xs, periodOf(xs, given, call), trend, Math.max(0, test));
  };
}

const anomalies: Implementation = (call) => {
  const threshold = Number(constantArgument(call, 1, 1.5));
  const read = decomposed(call, 2);
  if (Number(constantArgument(call, 4, 0)) > 0) refuse(`${call.name}() with test points`, call.node, call.scope);
  const kind = String(constantArgument(call, 5, 'ctukey')).toLowerCase();
  return (row) => {
    const parts = read(row);
    if (parts === null) return [null, null, null];
    // A residual of the size of rounding is no anomaly.
    const [least, greatest] = extremesOf(parts.baseline);
    const size = Math.max(-least, greatest, 1) * 1e-12;
    const score = scores(
      parts.residual.map((r) => (Math.abs(r) < size ? 0 : r)),
      kind,
      call,
    );
    return [score.map((s) => (s > threshold ? 1 : s < -threshold ? -1 : 0)), score, parts.baseline];
  };
};

const seasonal: Implementation = (call) => {
  const read = whole(call, 0);
  const given = counts(call, 1);
  return (row) => {
    const xs = read(row);
    if (xs === null) return null;
    return seasonalPart(xs, periodOf(xs, given?.(row) ?? -1, call));
  };
};

const line: Implementation = (call) => {
  const read = whole(call, 0);
  return (row) => {
    const xs = read(row);
    if (xs === null) return new Array<Value>(6).fill(null);
    if (varianceOf(xs) === 0)
      refuse(`${call.name}() of a constant series (its r-square is 0/0)`, call.node, call.scope);
    const { rsquare, slope, variance, rvariance, interception, fit } = fitLine(xs);
    return [rsquare, slope, variance, rvariance, interception, fit];
  };
};

/** y[i] = (b0*x[i] + b1*x[i-1] + … - a1*y[i-1] - …) / a0. */
const iir: Implementation = (call) => {
  const [read, numerators, denominators] = [whole(call, 0), whole(call, 1), whole(call, 2)];
  return (row) => {
    const [xs, b, a] = [read(row), numerators(row), denominators(row)];
    if (xs === null || b === null || a === null || (a[0] ?? 0) === 0) return null;
    const ys: number[] = [];
    for (let i = 0; i < xs.length; i++) {
      let y = 0;
      b.forEach((weight, k) => {
        y += weight * (xs[i - k] ?? 0);
      });
      a.forEach((weight, k) => {
        if (k > 0) y -= weight * (ys[i - k] ?? 0);
      });
      ys.push(y / (a[0] ?? 1));
    }
    return ys;
  };
};

const twoSeries =
  (combine: (a: number[], b: number[]) => Value): Implementation =>
  (call) => {
    const [left, right] = [whole(call, 0), whole(call, 1)];
    return (row) => {
      const [a, b] = [left(row), right(row)];
      return a === null || b === null || a.length !== b.length ? null : combine(a, b);
    };
  };

const magnitude = (xs: readonly number[]): number => Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

export const SERIES_FUNCTIONS: Record<string, Implementation> = {
  series_abs: each(Math.abs),
  series_acos: each(Math.acos),
  series_asin: each(Math.asin),
  series_atan: each(Math.atan),
  series_ceiling: each(Math.ceil),
  series_cos: each(Math.cos),
  series_exp: each(Math.exp),
  series_floor: each(Math.floor),
  series_log: each(Math.log),
  series_sign: each(Math.sign),
  series_sin: each(Math.sin),
  series_tan: each(Math.tan),
  series_add: pairs((a, b) => a + b),
  series_subtract: pairs((a, b) => a - b),
  series_multiply: pairs((a, b) => a * b),
  series_divide: pairs((a, b) => a / b),
  series_pow: pairs((a, b) => a ** b),
  series_equals: pairs((a, b) => a === b),
  series_not_equals: pairs((a, b) => a !== b),
  series_greater: pairs((a, b) => a > b),
  series_greater_equals: pairs((a, b) => a >= b),
  series_less: pairs((a, b) => a < b),
  series_less_equals: pairs((a, b) => a <= b),
  series_sum: reduced((xs) => xs.reduce((a, b) => a + b, 0)),
  series_product: reduced((xs) => xs.reduce((a, b) => a * b, 1)),
  series_magnitude: reduced(magnitude),
  series_dot_product: twoSeries(dot),
  series_cosine_similarity: twoSeries((a, b) => dot(a, b) / (magnitude(a) * magnitude(b))),
  series_pearson_correlation: (call) => {
    const constant = (): never => refuse(`${call.name}() of a constant series`, call.node, call.scope);
    return twoSeries((a, b) => (varianceOf(a) === 0 || varianceOf(b) === 0 ? constant() : correlation(a, b)))(call);
  },
  series_fill_forward: fill(true),
  series_fill_backward: fill(false),
  series_fill_const: fillConst,
  series_fill_linear: fillLinear,
  series_stats_dynamic: (call) => {
    const read = statisticsOf(call);
    return (row) => read(row) ?? null;
  },
  series_outliers: outliers,
  series_seasonal: seasonal,
  series_iir: iir,
};

/** Functions that make several columns at once: the cells of a row, in the order of the analyser's columns. */
export const SERIES_TUPLES: Record<string, Implementation> = {
  series_stats: (call) => {
    const read = statisticsOf(call);
    return (row) => {
      const s = read(row);
      return ['min', 'min_idx', 'max', 'max_idx', 'avg', 'stdev', 'variance'].map((key) => s?.[key] ?? null);
    };
  },
  series_fit_line: line,
  series_decompose: (call) => {
    const read = decomposed(call, 1);
    return (row) => {
      const parts = read(row);
      return parts ? [parts.baseline, parts.seasonal, parts.trend, parts.residual] : [null, null, null, null];
    };
  },
  series_decompose_anomalies: anomalies,
};

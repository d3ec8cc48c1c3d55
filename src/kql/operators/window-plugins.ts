import { nearestRank } from '../aggregates.ts';
import { checkRows, type Frame, pick, type Vector, vectorOf } from '../frame.ts';
import { floorDatetime } from '../functions/dates.ts';
import { groupRows } from '../grouping.ts';
import { resultColumns } from '../language.ts';
import { addLongs, floorLong, type Long, subtractLongs } from '../longs.ts';
import { type Expression, fail } from '../scope.ts';
import { compareValues, isNumeric, keyOf, type Value } from '../values.ts';
import type { PluginCall } from './plugin-call.ts';

/** Plugins that look at rows by windows of time, or of neighbours. */

const MAX_WINDOWS = 100_000;

interface Binned {
  row: number;
  bin: Long;
}

/** The rows of each combination of dimensions, with the bin of each, which begins at a multiple of the step from the start. */
function binned(call: PluginCall, dimensions: readonly Expression[], start: Long, step: Long, time: Expression) {
  const { group, first } = groupRows(dimensions, call.input.length);
  const rows = (dimensions.length === 0 ? [0] : first).map((): Binned[] => []);
  for (let row = 0; row < call.input.length; row++) {
    const at = time.at(row);
    if (!isNumeric(at)) continue;
    const offset = floorLong(subtractLongs(at, start), step);
    if (offset !== null) rows[group[row] ?? 0]?.push({ row, bin: addLongs(start, offset) });
  }
  return { rows, first };
}

/** The rows of a result: a bin, the dimensions of its rows, and what is said of both. */
class Result {
  readonly #call: PluginCall;
  readonly #dimensions: readonly Expression[];
  readonly #cells: Value[][];

  constructor(call: PluginCall, dimensions: readonly Expression[], said: number) {
    this.#call = call;
    this.#dimensions = dimensions;
    this.#cells = Array.from({ length: 1 + dimensions.length + said }, () => []);
  }

  /** `of`: a row that has the dimensions. */
  add(bin: Long, of: number | undefined, ...said: readonly Value[]): void {
    [bin, ...this.#dimensions.map((e) => e.at(of ?? 0)), ...said].forEach((value, i) => {
      this.#cells[i]?.push(value);
    });
  }

  /** Each column has the type that the analyser gives it. */
  frame(): Frame {
    const columns = resultColumns(this.#call.node);
    const length = this.#cells[0]?.length ?? 0;
    checkRows(length);
    if (columns.length !== this.#cells.length) return this.#call.refuse('here');
    return {
      names: columns.map((c) => c.name),
      vectors: columns.map((c, i): Vector => vectorOf(c.type, this.#cells[i] ?? [])),
      length,
      serialized: false,
    };
  }
}

/** The bins from the start to the end, which begins the last one. */
function binsBetween(call: PluginCall, start: Long, end: Long, step: Long): Long[] {
  const bins: Long[] = [];
  for (let bin = start; bin <= end; bin = addLongs(bin, step)) {
    bins.push(bin);
    if (bins.length > MAX_WINDOWS)
      return fail('limit', `${call.name}() makes more than ${MAX_WINDOWS} windows.`, call.node, call.outer);
  }
  return bins;
}

/** The pages leave open whether a row counts that is later than the end, in the window that begins with it or before it. */
function refuseBehind(call: PluginCall, time: Expression, rows: readonly Binned[], end: Long): void {
  const isBehind = rows.some(({ row, bin }) => {
    const at = time.at(row);
    return bin <= end && isNumeric(at) && at > end;
  });
  if (isBehind) call.refuse('over rows behind its end, in its last window (let it end where a window does)');
}

/**
 * Counts over the windows that end with each bin. https://learn.microsoft.com/kusto/query/sliding-window-counts-plugin, read
 * 2026-11-30: a lookback is rounded down to whole bins.
 */
function slidingWindowCounts(call: PluginCall): Frame {
  const [id, time] = [call.expression(0), call.expression(1)];
  const [start, end, lookback, step] = [call.long(2), call.long(3), call.width(4), call.width(5)];
  const dimensions = call.dimensions(6);
  const back = subtractLongs(floorLong(lookback, step) ?? 0, step);
  const { rows, first } = binned(call, dimensions, start, step, time);
  const bins = binsBetween(call, start, end, step);
  const result = new Result(call, dimensions, 2);
  rows.forEach((own, d) => {
    refuseBehind(call, time, own, end);
    for (const bin of bins) {
      const from = subtractLongs(bin, back);
      const inside = own.filter((one) => one.bin >= from && one.bin <= bin);
      if (inside.length === 0) continue;
      const different = new Set(inside.map(({ row }) => keyOf(id.at(row))));
      result.add(bin, first[d], inside.length, different.size);
    }
  });
  return result.frame();
}

/** Counts of each window, and beside the windows before. https://learn.microsoft.com/kusto/query/activity-counts-metrics-plugin */
function activityCountsMetrics(call: PluginCall): Frame {
  const [id, time] = [call.expression(0), call.expression(1)];
  const [start, end, step] = [call.long(2), call.long(3), call.width(4)];
  const dimensions = call.dimensions(5);
  const { rows, first } = binned(call, dimensions, start, step, time);
  const result = new Result(call, dimensions, 4);
  rows.forEach((all, d) => {
    refuseBehind(call, time, all, end);
    const byBin = new Map<Long, unknown[]>();
    for (const { row, bin } of all.filter((one) => one.bin >= start && one.bin <= end)) {
      const ids = byBin.get(bin) ?? [];
      ids.push(keyOf(id.at(row)));
      byBin.set(bin, ids);
    }
    const before = new Set<unknown>();
    for (const [bin, ids] of [...byBin].sort(([a], [b]) => compareValues(a, b))) {
      const own = new Set(ids);
      const fresh = [...own].filter((one) => !before.has(one));
      for (const one of fresh) before.add(one);
      result.add(bin, first[d], ids.length, own.size, fresh.length, before.size);
    }
  });
  return result.frame();
}

/** https://learn.microsoft.com/kusto/query/rolling-percentile-plugin: of bins without a value the page says nothing. */
function rollingPercentile(call: PluginCall): Frame {
  const [value, percent, index] = [call.expression(0), Number(call.constant(1)), call.expression(2)];
  const [step, windows] = [call.width(3), Number(call.width(4))];
  const dimensions = call.dimensions(5);
  const start = index.type === 'datetime' ? startOfCalendar(call, index, step) : 0;
  const { rows, first } = binned(call, dimensions, start, step, index);
  const result = new Result(call, dimensions, 1);
  rows.forEach((own, d) => {
    const byBin = new Map<Long, Value[]>();
    for (const { row, bin } of own) {
      const values = byBin.get(bin) ?? [];
      const cell = value.at(row);
      if (cell !== null) values.push(cell);
      byBin.set(bin, values);
    }
    const bins = [...byBin].sort(([a], [b]) => compareValues(a, b));
    bins.forEach(([bin], i) => {
      const before = bins[i - 1]?.[0];
      if (before !== undefined && subtractLongs(bin, before) !== step) call.refuse('over bins without rows');
      const inside = bins.slice(Math.max(0, i - windows + 1), i + 1).flatMap(([, values]) => values);
      result.add(bin, first[d], nearestRank(inside.sort(compareValues), percent));
    });
  });
  return result.frame();
}

/** Where a bin begins, as bin() has it. */
function startOfCalendar(call: PluginCall, index: Expression, step: Long): Long {
  for (let row = 0; row < call.input.length; row++) {
    const at = index.at(row);
    if (isNumeric(at)) return floorDatetime(at, step) ?? at;
  }
  return 0;
}

/** Rows near one that fulfils the condition. https://learn.microsoft.com/kusto/query/rows-near-plugin */
function rowsNear(call: PluginCall): Frame {
  if (!call.input.serialized) {
    return fail(
      'semantic',
      'rows_near() needs a serialized row set: add serialize or sort before it.',
      call.node,
      call.outer,
    );
  }
  const condition = call.expression(0);
  const before = Number(call.long(1));
  const after = call.given > 2 ? Number(call.long(2)) : before;
  const { length } = call.input;
  const near = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    if (condition.at(row) !== true) continue;
    near.fill(1, Math.max(0, row - before), Math.min(length, row + after + 1));
  }
  const rows = Int32Array.from(near.keys()).filter((row) => near[row] === 1);
  return pick(call.input, rows, true);
}

export const WINDOW_PLUGINS: Record<string, (call: PluginCall) => Frame> = {
  sliding_window_counts: slidingWindowCounts,
  activity_counts_metrics: activityCountsMetrics,
  rolling_percentile: rollingPercentile,
  rows_near: rowsNear,
};

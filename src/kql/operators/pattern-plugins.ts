import { type Frame, reader, type Vector, vectorOf } from '../frame.ts';
import { nodeClass, resultColumns, simpleName } from '../language.ts';
import {
  closedPatterns,
  differing,
  Effort,
  type NumberedRows,
  type Pattern,
  seededPatterns,
  sizeOf,
  sumOf,
  TooManyPatterns,
} from '../pattern-mining.ts';
import { fail } from '../scope.ts';
import type { ColumnType } from '../types.ts';
import { isNumeric, keyOf, missing, toText, type Value } from '../values.ts';
import type { PluginCall } from './plugin-call.ts';

/**
 * Plugins that find patterns: basket, autocluster, diffpatterns (https://learn.microsoft.com/kusto/query/basket-plugin and its
 * sisters, of 2024-08-11, read 2026-11-30). Their pages print the patterns that are closed, and of a basket the product of rows and
 * columns in falling order; those of a basket are all here. Of the two others Microsoft leaves open which patterns the service
 * chooses. What is printed for "any value" is in no pattern as a value, so that each row reads as it was counted.
 */

/** An argument that asks for its default. */
const DEFAULT = '~';
const LEAST_THRESHOLD = 0.015;
const USUAL_THRESHOLD = 0.05;
const USUAL_DIMENSIONS = 5;
/** More than there are columns. */
const MOST_DIMENSIONS = 2 ** 31 - 1;
const USUAL_SEEDS = 25;
const MOST_SEEDS = 1_000;

/** A column whose values may be in a pattern. */
interface Dimension {
  /** Its place among the columns of the input. */
  at: number;
  type: ColumnType;
  read(row: number): Value;
  /** The value that is printed where a pattern says nothing of it. */
  any: Value;
}

/** A plugin's arguments, of which any may be left to its default. */
class PatternCall {
  readonly call: PluginCall;
  readonly #wildcards: ReadonlyMap<ColumnType, Value>;

  /** `wildcards`: the place of the first. */
  constructor(call: PluginCall, wildcards: number) {
    this.call = call;
    this.#wildcards = new Map(
      Array.from({ length: Math.max(0, call.given - wildcards) }, (_, i) => call.typed(wildcards + i))
        .filter(({ value }) => value !== DEFAULT)
        .map(({ type, value }) => [type, value]),
    );
  }

  isGiven(position: number): boolean {
    if (position >= this.call.given) return false;
    const node = this.call.argument(position);
    return nodeClass(node) !== 'LiteralExpression' || this.call.constant(position) !== DEFAULT;
  }

  number(position: number, name: string, least: number, most: number, usual: number): number {
    if (!this.isGiven(position)) return usual;
    const value = this.call.constant(position);
    if (isNumeric(value) && value >= least && value <= most) return Number(value);
    return this.wrong(position, `${name} is a number from ${least} to ${most}, or '${DEFAULT}'`);
  }

  /** The place of a column that is named; undefined for none. */
  column(position: number): number | undefined {
    if (!this.isGiven(position)) return undefined;
    const node = this.call.argument(position);
    const at = nodeClass(node) === 'NameReference' ? this.call.input.names.indexOf(simpleName(node)) : -1;
    return at >= 0 ? at : this.wrong(position, 'it needs the name of a column');
  }

  /** What each row counts. */
  weights(position: number): Float64Array {
    const { input, name } = this.call;
    const at = this.column(position);
    const vector = at === undefined ? undefined : input.vectors[at];
    if (!vector) return new Float64Array(input.length).fill(1);
    const read = reader(vector);
    if (!['int', 'long', 'real'].includes(vector.type)) return this.wrong(position, 'a weight is a number');
    const weights = Float64Array.from({ length: input.length }, (_, row) => {
      const value = read(row);
      const weight = isNumeric(value) ? Number(value) : -1;
      return Number.isSafeInteger(weight) && weight >= 0
        ? weight
        : this.wrong(position, 'each row needs a weight, a whole number that is not below zero');
    });
    if (sumOf(weights) > Number.MAX_SAFE_INTEGER) return this.wrong(position, `the weights of ${name}() are too great`);
    return weights;
  }

  wrong(position: number, why: string): never {
    const { call } = this;
    return fail('semantic', `${call.name}(): ${why}.`, call.argument(position), call.outer);
  }

  /** The columns but some. Values of the type dynamic are in no pattern. */
  dimensions(without: readonly (number | undefined)[]): Dimension[] {
    return this.call.input.vectors.flatMap((vector, at): Dimension[] => {
      const { type } = vector;
      if (type === 'dynamic' || without.includes(at)) return [];
      return [{ at, type, read: reader(vector), any: this.any(type) }];
    });
  }

  any(type: ColumnType): Value {
    return this.#wildcards.has(type) ? (this.#wildcards.get(type) ?? null) : missing(type);
  }

  /** The rows of the answer: what is said of each pattern, and its values. */
  frame(
    patterns: readonly Pattern[],
    dimensions: readonly Numbered[],
    said: readonly ((pattern: Pattern) => Value)[],
  ): Frame {
    const { node, input } = this.call;
    const columns = resultColumns(node);
    const first = 1 + said.length;
    if (columns.length !== first + input.vectors.length) return this.call.refuse('with another schema than its own');
    const cells = [patterns.map((_, id): Value => id), ...said.map((say) => patterns.map(say))];
    const vectors = columns.map(({ type }, i): Vector => {
      const own = cells[i];
      if (own) return vectorOf(type, own);
      const place = dimensions.findIndex(({ of }) => of.at === i - first);
      const dimension = dimensions[place];
      const values = patterns.map(({ codes }) => {
        const code = codes[place] ?? -1;
        return code < 0 || !dimension ? this.any(type) : (dimension.values[code] ?? null);
      });
      return vectorOf(type, values);
    });
    return { names: columns.map((c) => c.name), vectors, length: patterns.length, serialized: false };
  }

  /** The patterns that a search finds; one that would take too much is refused. */
  search(find: (effort: Effort) => Pattern[], cure: string): Pattern[] {
    const { call } = this;
    try {
      return find(new Effort());
    } catch (error) {
      if (!(error instanceof TooManyPatterns)) throw error;
      return fail(
        'limit',
        `${call.name}() finds too many patterns, or would search too long: ask for fewer columns (project)${cure}.`,
        call.node,
        call.outer,
      );
    }
  }
}

/** A column with the values that have a number, and the number of each row's. */
interface Numbered {
  of: Dimension;
  values: Value[];
  codes: Int32Array;
}

/** Numbers those values of a column that are asked for; undefined where no row has one. */
function numbered(of: Dimension, length: number, wanted: ReadonlySet<unknown>): Numbered | undefined {
  const any = keyOf(of.any);
  const known = new Map<unknown, number>();
  const values: Value[] = [];
  const codes = new Int32Array(length).fill(-1);
  for (let row = 0; row < length; row++) {
    const value = of.read(row);
    const key = keyOf(value);
    if (key === any || !wanted.has(key)) continue;
    let code = known.get(key);
    if (code === undefined) {
      code = values.length;
      known.set(key, code);
      values.push(value);
    }
    codes[row] = code;
  }
  return values.length === 0 ? undefined : { of, values, codes };
}

/**
 * The values that could have at least a part of what the rows of a set count, and maybe others: as many counters as there can be
 * such values, however many values there are (Misra and Gries, "Finding repeated elements", 1982).
 */
function perhapsFrequent(of: Dimension, weights: Float64Array, part: number): Set<unknown> {
  const most = Math.ceil(1 / part);
  const counters = new Map<unknown, number>();
  for (let row = 0; row < weights.length; row++) {
    let weight = weights[row] ?? 0;
    if (weight === 0) continue;
    const key = keyOf(of.read(row));
    const known = counters.get(key);
    if (known !== undefined) {
      counters.set(key, known + weight);
      continue;
    }
    while (weight > 0 && counters.size >= most) {
      const least = Math.min(weight, ...counters.values());
      for (const [other, count] of counters) {
        if (count > least) counters.set(other, count - least);
        else counters.delete(other);
      }
      weight -= least;
    }
    if (weight > 0) counters.set(key, weight);
  }
  return new Set(counters.keys());
}

/** The columns with numbers, which are kept in memory. */
function numberedColumns(
  { call }: PatternCall,
  dimensions: readonly Dimension[],
  wanted: (of: Dimension) => ReadonlySet<unknown>,
): Numbered[] {
  const { input, outer, name } = call;
  return dimensions.flatMap((of) => {
    const column = numbered(of, input.length, wanted(of));
    if (!column) return [];
    const { values, codes } = column;
    const vectors = [{ type: of.type, values, rows: codes }];
    outer.run.hold({ frame: { names: [''], vectors, length: input.length, serialized: false }, by: `${name}()` });
    return [column];
  });
}

const rowsOf = (columns: readonly Numbered[], sets: readonly Float64Array[], length: number): NumberedRows => ({
  columns: columns.map(({ codes }) => codes),
  sets,
  length,
});

const percent = (weight: number, total: number): number => (100 * weight) / total;

/** All frequent patterns. Threshold, weight, most dimensions, wildcards. */
function basket(call: PluginCall): Frame {
  const asked = new PatternCall(call, 3);
  const threshold = asked.number(0, 'Threshold', LEAST_THRESHOLD, 1, USUAL_THRESHOLD);
  const weights = asked.weights(1);
  const most = asked.number(2, 'MaxDimensions', 1, MOST_DIMENSIONS, USUAL_DIMENSIONS);
  const total = sumOf(weights);
  const columns = numberedColumns(asked, asked.dimensions([asked.column(1)]), (of) =>
    perhapsFrequent(of, weights, threshold),
  );
  const rows = rowsOf(columns, [weights], call.input.length);
  const found = asked.search(
    (effort) => closedPatterns(rows, [total], threshold, most, effort),
    ', a higher Threshold or fewer MaxDimensions',
  );
  const product = (pattern: Pattern): number => sizeOf(pattern) * sumOf(pattern.weights);
  found.sort((a, b) => product(b) - product(a) || sumOf(b.weights) - sumOf(a.weights) || inOrder(a, b));
  return asked.frame(found, columns, [
    ({ weights: [weight = 0] }) => weight,
    ({ weights: [weight = 0] }) => percent(weight, total),
  ]);
}

/** By the first column in which they differ; one that says something of it is first. */
function inOrder(a: Pattern, b: Pattern): number {
  const at = a.codes.findIndex((code, column) => code !== b.codes[column]);
  const [one = -1, other = -1] = [a.codes[at], b.codes[at]];
  return (one >>> 0) - (other >>> 0);
}

/** A few patterns that differ. Weight of size, weight, seeds, wildcards. */
function autocluster(call: PluginCall): Frame {
  const asked = new PatternCall(call, 3);
  const sizeWeight = asked.number(0, 'SizeWeight', 0, 1, 0.5);
  const weights = asked.weights(1);
  const count = asked.number(2, 'NumSeeds', 1, MOST_SEEDS, USUAL_SEEDS);
  const total = sumOf(weights);
  const seeds = evenlyAmong(weights, total, count);
  const columns = numberedColumns(
    asked,
    asked.dimensions([asked.column(1)]),
    (of) => new Set(seeds.map((row) => keyOf(of.read(row)))),
  );
  const rows = rowsOf(columns, [weights], call.input.length);
  const found = asked.search(
    (effort) => differing(rows, seededPatterns(rows, seeds, sizeWeight, effort), effort),
    ' or fewer NumSeeds',
  );
  return asked.frame(found, columns, [
    ({ weights: [weight = 0] }) => weight,
    ({ weights: [weight = 0] }) => percent(weight, total),
  ]);
}

/** So many rows at equal distances by weight, each once. */
function evenlyAmong(weights: Float64Array, total: number, count: number): number[] {
  const rows: number[] = [];
  let [sum, next] = [0, 0];
  for (let row = 0; row < weights.length && next < count; row++) {
    sum += weights[row] ?? 0;
    if (sum <= ((next + 0.5) / count) * total) continue;
    rows.push(row);
    while (next < count && sum > ((next + 0.5) / count) * total) next += 1;
  }
  return rows;
}

/** Patterns that two sets of rows have to a different extent. Column and values of the sets, weight, threshold, most dimensions, wildcards. */
function diffpatterns(call: PluginCall): Frame {
  const asked = new PatternCall(call, 6);
  const split = asked.column(0);
  const vector = split === undefined ? undefined : call.input.vectors[split];
  if (!vector) return call.refuse('without a column that splits the rows');
  const values = [1, 2].map((position) => String(call.constant(position)));
  if (values[0] === values[1]) return asked.wrong(2, 'the two values are the same');
  const weights = asked.weights(3);
  const threshold = asked.number(4, 'Threshold', LEAST_THRESHOLD, 1, USUAL_THRESHOLD);
  const most = asked.number(5, 'MaxDimensions', 1, MOST_DIMENSIONS, MOST_DIMENSIONS);
  const read = reader(vector);
  const sets = values.map(() => new Float64Array(call.input.length));
  for (let row = 0; row < call.input.length; row++) {
    const set = sets[values.indexOf(toText(read(row), vector.type))];
    if (set) set[row] = weights[row] ?? 0;
  }
  const totals = sets.map(sumOf);
  if (call.input.length > 0 && totals.includes(0))
    return asked.wrong(totals[0] === 0 ? 1 : 2, 'no row has this value, so that there is nothing to compare');
  const columns = numberedColumns(
    asked,
    asked.dimensions([split, asked.column(3)]),
    (of) => new Set(sets.flatMap((set) => [...perhapsFrequent(of, set, threshold)])),
  );
  const rows = rowsOf(columns, sets, call.input.length);
  const share = ({ weights: own }: Pattern, set: number): number => percent(own[set] ?? 0, totals[set] ?? 0);
  const difference = (pattern: Pattern): number => Math.abs(share(pattern, 0) - share(pattern, 1));
  const found = asked.search((effort) => {
    const all = closedPatterns(rows, totals, threshold, most, effort)
      .filter((pattern) => difference(pattern) >= 100 * threshold)
      .sort((a, b) => difference(b) - difference(a) || inOrder(a, b));
    return differing(rows, all, effort);
  }, ', a higher Threshold or fewer MaxDimensions');
  return asked.frame(found, columns, [
    ({ weights: [a = 0] }) => a,
    ({ weights: [, b = 0] }) => b,
    (pattern) => hundredths(share(pattern, 0)),
    (pattern) => hundredths(share(pattern, 1)),
    (pattern) => hundredths(difference(pattern)),
  ]);
}

/** As its page prints percentages. */
const hundredths = (value: number): number => Math.round(value * 100) / 100;

export const PATTERN_PLUGINS: Record<string, (call: PluginCall) => Frame> = { basket, autocluster, diffpatterns };

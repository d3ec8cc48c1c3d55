import {
  argument,
  arrays,
  type Call,
  constantArgument,
  convert,
  counts,
  dynamics,
  type Implementation,
  texts,
  toBool,
} from '../call.ts';
import { simpleName } from '../language.ts';
import { type Expression, refuse } from '../scope.ts';
import {
  type Bag,
  compareValues,
  equalDynamics,
  Instant,
  isBag,
  isNumeric,
  keyOf,
  toDynamic,
  toText,
  type Value,
} from '../values.ts';

/** The most elements one function may make in one cell. */
const MAX_ELEMENTS = 1_048_576;

const emptyBag = (): Bag => Object.create(null);

const pack: Implementation = (call) => {
  const keys: ((row: number) => string)[] = [];
  const values: ((row: number) => Value)[] = [];
  for (let i = 0; i + 1 < call.args.length; i += 2) {
    keys.push(texts(call, i));
    values.push(dynamics(call, i + 1));
  }
  return (row) => {
    const bag = emptyBag();
    keys.forEach((key, i) => {
      bag[key(row)] = values[i]?.(row) ?? null;
    });
    return bag;
  };
};

const packArray: Implementation = (call) => {
  const values = call.args.map((_, i) => dynamics(call, i));
  return (row) => values.map((v) => v(row));
};

const sets =
  (combine: (sets: Map<unknown, Value>[]) => Iterable<Value>): Implementation =>
  (call) => {
    const reads = call.args.map((_, i) => arrays(call, i));
    return (row) => {
      const found: Map<unknown, Value>[] = [];
      for (const read of reads) {
        const array = read(row);
        if (array === null) return null;
        found.push(new Map(array.map((v) => [keyOf(v), v])));
      }
      return [...combine(found)];
    };
  };

/** Elements of several types are sorted by type first, in either direction: numbers and times, texts, others, null. */
function rank(value: Value): number {
  if (value === null) return 3;
  return isNumeric(value) || value instanceof Instant ? 0 : typeof value === 'string' ? 1 : 2;
}

/**
 * Arrays in the order of the first; those of another length are null. https://learn.microsoft.com/kusto/query/array-sort-asc-function,
 * read 2026-11-30: nulls are last, unless the last argument says otherwise.
 */
const sortTogether =
  (sign: 1 | -1): Implementation =>
  (call) => {
    const last = call.args.at(-1);
    const flagged = call.args.length > 1 && last?.type === 'bool';
    const reads = call.args.slice(0, flagged ? -1 : undefined).map((_, i) => arrays(call, i));
    const nulls = flagged ? constantArgument(call, call.args.length - 1, true) !== false : true;
    return (row) => {
      const [first = null, ...others] = reads.map((read) => read(row));
      if (first === null) return reads.map(() => null);
      const order = first
        .map((value, at) => ({ value, at }))
        .sort(({ value: a }, { value: b }) => {
          if (!nulls && (a === null) !== (b === null)) return a === null ? -1 : 1;
          const by = rank(a) - rank(b);
          return by !== 0 || rank(a) > 1 ? by : compareValues(a, b) * sign;
        });
      return [first, ...others].map((array) =>
        array?.length === first.length ? order.map(({ at }) => array[at] ?? null) : null,
      );
    };
  };

/** How many arguments of a sort are arrays: a flag can stand beside them. */
export const arraysAmong = (args: readonly Expression[]): number => args.filter(({ type }) => type !== 'bool').length;

const sort =
  (sign: 1 | -1): Implementation =>
  (call) => {
    if (arraysAmong(call.args) > 1) refuse(`${call.name}() of several arrays as one value`, call.node, call.scope);
    const read = sortTogether(sign)(call);
    return (row) => {
      const sorted = read(row);
      return Array.isArray(sorted) ? (sorted[0] ?? null) : null;
    };
  };

/** Functions that make several columns at once: the cells of a row. */
export const DYNAMIC_TUPLES: Record<string, Implementation> = {
  array_sort_asc: sortTogether(1),
  array_sort_desc: sortTogether(-1),
};

const slice: Implementation = (call) => {
  const read = arrays(call, 0);
  const start = counts(call, 1);
  const end = counts(call, 2);
  return (row) => {
    const array = read(row);
    const from = start?.(row) ?? null;
    const to = end?.(row) ?? null;
    if (array === null || from === null || to === null) return null;
    const at = from < 0 ? Math.max(0, array.length + from) : from;
    // The end is the last element's own position.
    const past = (to < 0 ? array.length + to : to) + 1;
    return array.slice(at, Math.max(at, past));
  };
};

const bagKeys: Implementation = (call) => {
  const read = dynamics(call, 0);
  return (row) => {
    const value = read(row);
    return isBag(value) ? Object.keys(value) : null;
  };
};

const merge: Implementation = (call) => {
  const reads = call.args.map((_, i) => dynamics(call, i));
  return (row) => {
    const bag = emptyBag();
    let any = false;
    for (const read of reads) {
      const value = read(row);
      if (!isBag(value)) continue;
      any = true;
      for (const [k, v] of Object.entries(value)) if (!(k in bag)) bag[k] = v;
    }
    return any ? bag : null;
  };
};

const repeat: Implementation = (call) => {
  const value = dynamics(call, 0);
  const times = counts(call, 1);
  return (row) => {
    const n = times?.(row) ?? null;
    // A count below zero makes null, none makes an empty array (Microsoft Learn, repeat(), read 2026-11-30).
    return n === null || n < 0 ? null : new Array<Value>(Math.min(MAX_ELEMENTS, n)).fill(value(row));
  };
};

const range: Implementation = (call) => {
  const [start, stop] = call.args;
  if (!start || !stop) return refuse('this range()', call.node, call.scope);
  const step = call.args[2];
  const defaultStep = start.type === 'datetime' || start.type === 'timespan' ? 36_000_000_000 : 1;
  return (row) => {
    const from = start.at(row);
    const to = stop.at(row);
    const by = step ? step.at(row) : defaultStep;
    if (!isNumeric(from) || !isNumeric(to) || !isNumeric(by) || Number(by) === 0) return null;
    const out: Value[] = [];
    if (typeof from === 'number' && typeof to === 'number' && typeof by === 'number') {
      const n = Math.min(MAX_ELEMENTS, Math.floor((to - from) / by) + 1);
      for (let i = 0; i < n; i++) out.push(toDynamic(from + i * by, start.type));
      return out;
    }
    return refuse('range() beyond 2^53', call.node, call.scope);
  };
};

const arrayLength: Implementation = (call) => {
  const read = arrays(call, 0);
  return (row) => read(row)?.length ?? null;
};

/** array_iff(): by each element of the first; a scalar stands for each element. */
const arrayIff: Implementation = (call) => {
  const tests = arrays(call, 0);
  const [yes, no] = [dynamics(call, 1), dynamics(call, 2)];
  const at = (value: Value, i: number): Value => (Array.isArray(value) ? (value[i] ?? null) : value);
  return (row) => {
    const conditions = tests(row);
    if (conditions === null) return null;
    const [whenTrue, whenFalse] = [yes(row), no(row)];
    return conditions.map((c, i) => {
      const truth = toBool(c);
      return truth === null ? null : at(truth ? whenTrue : whenFalse, i);
    });
  };
};

/** A path of `$.a.b[0]['c']`; anything else is refused. */
function jsonPath(path: string): (string | number)[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  let at = 1;
  const step = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\[(?:'([^']*)'|"([^"]*)")\]/y;
  while (at < path.length) {
    step.lastIndex = at;
    const m = step.exec(path);
    if (!m) return undefined;
    steps.push(m[2] === undefined ? (m[1] ?? m[3] ?? m[4] ?? '') : Number(m[2]));
    at = step.lastIndex;
  }
  return steps;
}

const extractJson: Implementation = (call) => {
  const path = texts(call, 0);
  const parsed = dynamicText(call, 1);
  const { type } = call;
  return (row) => {
    const steps = jsonPath(path(row));
    if (!steps) return refuse(`The JSON path '${path(row)}'`, call.argumentNodes[0] ?? call.node, call.scope);
    let value: Value = parsed(row);
    for (const step of steps) value = element(value, step);
    return type === 'string' ? toText(value, 'dynamic') : convert(value, 'dynamic', type);
  };
};

function dynamicText(call: Call, position: number): (row: number) => Value {
  const { type, at } = argument(call, position);
  return (row) => {
    const value = at(row);
    if (type !== 'string' || typeof value !== 'string') return value;
    try {
      const parsed: unknown = JSON.parse(value);
      return parsed === null || typeof parsed !== 'object' ? null : fromJson(parsed);
    } catch {
      return null;
    }
  };
}

function fromJson(value: object): Value {
  if (Array.isArray(value)) return value.map((v: unknown) => plain(v));
  const bag = emptyBag();
  for (const [k, v] of Object.entries(value)) bag[k] = plain(v);
  return bag;
}

function plain(value: unknown): Value {
  if (typeof value === 'object' && value !== null) return fromJson(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** A property of a bag or an element of an array, from the end when negative; null when there is none. */
export function element(value: Value, step: Value): Value {
  if (Array.isArray(value)) return typeof step === 'number' ? (value.at(step) ?? null) : null;
  if (!isBag(value) || typeof step !== 'string') return null;
  return Object.hasOwn(value, step) ? (value[step] ?? null) : null;
}

/** A key of the first level, or the JSONPath of one further in: `$.key2.prop1`, `$['key2']['prop 1']`. */
function keyPath(key: string): string[] {
  if (!key.startsWith('$.') && !key.startsWith('$[')) return [key];
  return [...key.slice(1).matchAll(/\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)")\]/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

/** A bag without the value at a path; the same where there is none. */
function withoutKey(value: Value, [key, ...rest]: readonly string[]): Value {
  if (!isBag(value) || key === undefined || !Object.hasOwn(value, key)) return value;
  const bag = emptyBag();
  for (const [k, v] of Object.entries(value)) {
    if (k !== key) bag[k] = v;
    else if (rest.length > 0) bag[k] = withoutKey(v, rest);
  }
  return bag;
}

/** A bag with a value at a path; bags that are not there on the way are made. */
function withKey(value: Value, [key = '', ...rest]: readonly string[], leaf: Value): Value {
  const bag = emptyBag();
  if (isBag(value)) for (const [k, v] of Object.entries(value)) bag[k] = v;
  bag[key] = rest.length === 0 ? leaf : withKey(bag[key] ?? null, rest, leaf);
  return bag;
}

/** What two arrays have in common as sets; null where one is none. */
const comparedSets =
  (compare: (left: ReadonlySet<unknown>, right: ReadonlySet<unknown>) => Value): Implementation =>
  (call) => {
    const left = arrays(call, 0);
    const right = arrays(call, 1);
    return (row) => {
      const [a, b] = [left(row), right(row)];
      return a === null || b === null ? null : compare(new Set(a.map(keyOf)), new Set(b.map(keyOf)));
    };
  };

/** Where an element stands, from a start (from the end when negative), among so many, for the nth time. */
const arrayIndexOf: Implementation = (call) => {
  const read = arrays(call, 0);
  const sought = dynamics(call, 1);
  const [start, length, occurrence] = [counts(call, 2), counts(call, 3), counts(call, 4)];
  return (row) => {
    const array = read(row);
    const value = sought(row);
    const from = start ? start(row) : 0;
    const most = length ? length(row) : -1;
    const nth = occurrence ? occurrence(row) : 1;
    if (array === null || from === null || most === null || nth === null || nth < 0 || most < -1) return null;
    const begin = from < 0 ? Math.max(0, array.length + from) : from;
    const end = most === -1 ? array.length : Math.min(array.length, begin + most);
    let left = Math.max(1, nth);
    for (let at = begin; at < end; at++) {
      if (equalDynamics(array[at] ?? null, value) && --left === 0) return at;
    }
    return -1;
  };
};

export const DYNAMIC_FUNCTIONS: Record<string, Implementation> = {
  pack,
  bag_pack: pack,
  pack_dictionary: pack,
  pack_array: packArray,
  array_length: arrayLength,
  arraylength: arrayLength,
  array_concat: (call) => {
    const reads = call.args.map((_, i) => arrays(call, i));
    return (row) => {
      const out: Value[] = [];
      for (const read of reads) for (const v of read(row) ?? []) out.push(v);
      return out.slice(0, MAX_ELEMENTS);
    };
  },
  array_slice: slice,
  array_reverse: (call) => {
    const read = arrays(call, 0);
    return (row) => read(row)?.toReversed() ?? null;
  },
  array_sort_asc: sort(1),
  array_sort_desc: sort(-1),
  array_sum: (call) => {
    const read = arrays(call, 0);
    return (row) => {
      const array = read(row);
      // Nulls are passed over, and of nothing there is no sum (kql-to-sql's verdicts of Microsoft's emulator, read 2026-11-30).
      const summed = array?.filter((v) => v !== null) ?? [];
      if (summed.length === 0 || !summed.every(isNumeric)) return null;
      return summed.reduce<number>((sum, v) => sum + Number(v), 0);
    };
  },
  array_index_of: arrayIndexOf,
  bag_keys: bagKeys,
  bag_has_key: (call) => {
    const read = dynamics(call, 0);
    const key = texts(call, 1);
    return (row) => {
      const value = read(row);
      if (!isBag(value)) return null;
      let inner: Value = value;
      for (const step of keyPath(key(row))) {
        if (!isBag(inner) || !Object.hasOwn(inner, step)) return false;
        inner = inner[step] ?? null;
      }
      return true;
    };
  },
  bag_merge: merge,
  bag_remove_keys: (call) => {
    const read = dynamics(call, 0);
    const keys = arrays(call, 1);
    return (row) => {
      const value = read(row);
      const removed = keys(row);
      if (!isBag(value) || removed === null) return null;
      return removed.reduce<Value>((bag, key) => withoutKey(bag, keyPath(toText(key, 'dynamic'))), value);
    };
  },
  bag_set_key: (call) => {
    const read = dynamics(call, 0);
    const key = texts(call, 1);
    const value = dynamics(call, 2);
    return (row) => {
      const bag = read(row);
      if (!isBag(bag)) return null;
      return withKey(bag, keyPath(key(row)), value(row));
    };
  },
  bag_pack_columns: (call) => {
    const names = call.argumentNodes.map((node) => simpleName(node));
    const values = call.args.map((_, i) => dynamics(call, i));
    return (row) => {
      const bag = emptyBag();
      names.forEach((name, i) => {
        bag[name] = values[i]?.(row) ?? null;
      });
      return bag;
    };
  },
  bag_zip: (call) => {
    const keys = arrays(call, 0);
    const values = arrays(call, 1);
    return (row) => {
      const names = keys(row);
      const cells = values(row);
      if (names === null || cells === null) return null;
      const bag = emptyBag();
      names.forEach((n, i) => {
        if (typeof n === 'string') bag[n] = cells[i] ?? null;
      });
      return bag;
    };
  },
  array_iff: arrayIff,
  array_iif: arrayIff,
  jaccard_index: comparedSets((x, y) => {
    const both = [...x].filter((k) => y.has(k)).length;
    return both / (x.size + y.size - both);
  }),
  set_union: sets((all) => new Map(all.flatMap((s) => [...s])).values()),
  set_intersect: sets(([first, ...rest]) =>
    [...(first ?? [])].filter(([k]) => rest.every((s) => s.has(k))).map(([, v]) => v),
  ),
  set_difference: sets(([first, ...rest]) =>
    [...(first ?? [])].filter(([k]) => !rest.some((s) => s.has(k))).map(([, v]) => v),
  ),
  set_equals: comparedSets((x, y) => x.size === y.size && [...x].every((k) => y.has(k))),
  set_has_element: (call) => {
    const read = arrays(call, 0);
    const sought = dynamics(call, 1);
    return (row) => {
      const array = read(row);
      const value = sought(row);
      return array === null ? null : array.some((v) => equalDynamics(v, value));
    };
  },
  repeat,
  range,
  zip: (call) => {
    const reads = call.args.map((_, i) => arrays(call, i));
    return (row) => {
      const found = reads.map((r) => r(row) ?? []);
      const longest = Math.max(0, ...found.map((a) => a.length));
      return Array.from({ length: longest }, (_, i) => found.map((a) => a[i] ?? null));
    };
  },
  extract_json: extractJson,
  extractjson: extractJson,
};

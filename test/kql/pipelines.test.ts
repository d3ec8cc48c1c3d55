import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { type ColumnType, tableFromRows } from '../../src/kql/table.ts';

// Random tables through random pipelines, against an engine that works on rows of plain objects, in the plainest way
// that Kusto's rules can be written down. It shares no code with the evaluator and does not see Microsoft's tree.

type Type = 'string' | 'long' | 'real' | 'bool';
type Cell = string | number | boolean | null;
type Row = Record<string, Cell>;

interface State {
  columns: Map<string, Type>;
  rows: Row[];
  text: string;
  /** Whether the order of the rows is part of the answer. */
  ordered: boolean;
  made: number;
}

const base: [string, Type][] = [
  ['k', 'string'],
  ['n', 'long'],
  ['r', 'real'],
  ['b', 'bool'],
];
const row = fc.record<Row>({
  k: fc.constantFrom('', 'a', 'A', 'b', 'a_b', 'ab c'),
  n: fc.option(fc.integer({ min: -3, max: 3 }), { nil: null }),
  r: fc.option(fc.constantFrom(-1.5, 0, 0.5, 2), { nil: null }),
  b: fc.option(fc.boolean(), { nil: null }),
});
const someRows = fc.array(row, { maxLength: 12 });

/** Numbers from which a step is made once the columns before it are known. */
const dice = fc.tuple(fc.nat(11), fc.nat(9), fc.nat(9), fc.integer({ min: -2, max: 3 }));
type Dice = [number, number, number, number];

const none = (type: Type): Cell => (type === 'string' ? '' : null);
const terms = (text: string): string[] => text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
const keyOf = (r: Row, names: readonly string[]): string => JSON.stringify(names.map((n) => r[n]));

function compare(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

function where(s: State, [, x, y, c]: Dice): State {
  const names = [...s.columns.keys()];
  const name = names[x % names.length] ?? 'k';
  const type = s.columns.get(name);
  let text: string;
  let holds: (v: Cell) => boolean | null;
  if (type === 'string') {
    const word = ['a', 'A', 'b', ''][y % 4] ?? '';
    const tests: [string, (v: string) => boolean][] = [
      [`has "${word}"`, (v) => word === '' || terms(v).includes(word.toLowerCase())],
      [`!contains "${word}"`, (v) => !v.toLowerCase().includes(word.toLowerCase())],
      [`== "${word}"`, (v) => v === word],
      [`in~ ("${word}", "AB C")`, (v) => [word.toLowerCase(), 'ab c'].includes(v.toLowerCase())],
    ];
    const [op, test] = tests[y % 3] ?? ['== ""', (v: string) => v === ''];
    text = `['${name}'] ${op}`;
    holds = (v) => test(String(v));
  } else if (type === 'bool') {
    text = y % 2 === 0 ? name : `not(${name})`;
    holds = (v) => (typeof v === 'boolean' ? (y % 2 === 0 ? v : !v) : null);
  } else {
    const tests: [string, (v: number | null) => boolean | null][] = [
      [`> ${c}`, (v) => (v === null ? null : v > c)],
      [`!= ${c}`, (v) => v === null || v !== c],
      [`== ${c}`, (v) => v !== null && v === c],
      [`!in (${c}, 0)`, (v) => v === null || (v !== c && v !== 0)],
      [`between (${c} .. 2)`, (v) => (v === null ? null : v >= c && v <= 2)],
    ];
    const [op, test] = tests[y % 5] ?? ['> 0', () => null];
    text = `${name} ${op}`;
    holds = (v) => test(typeof v === 'number' ? v : null);
  }
  const either = y > 6;
  const full = either ? `${text} or isnull(${name})` : text;
  const kept = s.rows.filter((r) => {
    const v = r[name] ?? none(type ?? 'string');
    const first = holds(v);
    return either ? first === true || (type !== 'string' && v === null) : first === true;
  });
  return { ...s, rows: kept, text: `${s.text} | where ${full}` };
}

function extend(s: State, [, x, y, c]: Dice): State {
  const numbers = [...s.columns].filter(([, t]) => t === 'long').map(([n]) => n);
  const name = `x${s.made}`;
  const a = numbers[x % Math.max(1, numbers.length)];
  const b = numbers[y % Math.max(1, numbers.length)];
  const add = (text: string, type: Type, value: (r: Row) => Cell): State => ({
    ...s,
    made: s.made + 1,
    columns: new Map(s.columns).set(name, type),
    rows: s.rows.map((r) => ({ ...r, [name]: value(r) })),
    text: `${s.text} | extend ${name} = ${text}`,
  });
  const num = (r: Row, n: string): number | null => {
    const v = r[n];
    return typeof v === 'number' ? v : null;
  };
  if (a === undefined || b === undefined) return add(`"${c}"`, 'string', () => String(c));
  const both = (r: Row, f: (p: number, q: number) => number | null): number | null => {
    const [p, q] = [num(r, a), num(r, b)];
    return p === null || q === null ? null : f(p, q);
  };
  switch (x % 7) {
    case 0:
      return add(`${a} + ${b}`, 'long', (r) => both(r, (p, q) => p + q));
    case 1:
      return add(`${a} / ${b}`, 'long', (r) => both(r, (p, q) => (q === 0 ? null : Math.trunc(p / q) + 0)));
    case 2:
      return add(`bin(${a}, 2)`, 'long', (r) => {
        const p = num(r, a);
        return p === null ? null : Math.floor(p / 2) * 2;
      });
    case 3:
      return add(`iff(${a} > ${c}, "more", tostring(${b}))`, 'string', (r) => {
        const p = num(r, a);
        return p !== null && p > c ? 'more' : String(num(r, b) ?? '');
      });
    case 4:
      return add(`coalesce(${a}, ${c})`, 'long', (r) => num(r, a) ?? c);
    case 5:
      return add(`isnull(${a})`, 'bool', (r) => num(r, a) === null);
    default:
      return add(`strcat("<", ${a}, ">")`, 'string', (r) => `<${num(r, a) ?? ''}>`);
  }
}

function project(s: State, [, x, y]: Dice): State {
  const names = [...s.columns.keys()];
  const kept = names.filter((_, i) => (x + i * (y + 1)) % 3 !== 0);
  const chosen = kept.length > 0 ? kept : names.slice(0, 1);
  return {
    ...s,
    columns: new Map(chosen.map((n) => [n, s.columns.get(n) ?? 'string'])),
    rows: s.rows.map((r) => Object.fromEntries(chosen.map((n) => [n, r[n] ?? null]))),
    text: `${s.text} | project ${chosen.join(', ')}`,
  };
}

function summarize(s: State, [, x, y]: Dice): State {
  const names = [...s.columns.keys()];
  const keys = names.filter((_, i) => (i + x) % 3 === 0).slice(0, 2);
  const of = [...s.columns].find(([n, t]) => t === 'long' && !keys.includes(n))?.[0];
  const by = keys.length > 0 ? ` by ${keys.join(', ')}` : '';
  const groups = new Map<string, Row[]>();
  if (keys.length === 0) groups.set('', s.rows);
  for (const r of keys.length > 0 ? s.rows : []) {
    const key = keyOf(r, keys);
    groups.set(key, [...(groups.get(key) ?? []), r]);
  }
  const total = `c${s.made}`;
  const made = `m${s.made}`;
  const kinds: [string, (v: number[]) => number | null][] = [
    ['sum', (v) => v.reduce((p, q) => p + q, 0)],
    ['min', (v) => (v.length > 0 ? Math.min(...v) : null)],
    ['max', (v) => (v.length > 0 ? Math.max(...v) : null)],
    ['dcount', (v) => new Set(v).size],
  ];
  const [kind, value] = kinds[y % 4] ?? ['sum', () => 0];
  const columns = new Map<string, Type>(keys.map((n) => [n, s.columns.get(n) ?? 'string']));
  columns.set(total, 'long');
  if (of) columns.set(made, 'long');
  return {
    ...s,
    made: s.made + 1,
    ordered: false,
    columns,
    rows: [...groups.values()].map((members) => {
      const out: Row = Object.fromEntries(keys.map((n) => [n, members[0]?.[n] ?? null]));
      out[total] = members.length;
      if (of) out[made] = value(members.flatMap((m) => (typeof m[of] === 'number' ? [m[of]] : [])));
      return out;
    }),
    text: `${s.text} | summarize ${total} = count()${of ? `, ${made} = ${kind}(${of})` : ''}${by}`,
  };
}

/** Sorted by every column, so that no two orders are right. */
function sort(s: State, [, x, y, c]: Dice): State {
  const names = [...s.columns.keys()];
  const first = names[x % names.length] ?? 'k';
  const order = [first, ...names.filter((n) => n !== first)];
  const ascending = order.map((_, i) => (x + y + i) % 2 === 0);
  const sorted = s.rows.toSorted((p, q) => {
    for (const [i, n] of order.entries()) {
      const by = compare(p[n] ?? none(s.columns.get(n) ?? 'string'), q[n] ?? none(s.columns.get(n) ?? 'string'));
      if (by !== 0) return ascending[i] ? by : -by;
    }
    return 0;
  });
  const text = `${s.text} | sort by ${order.map((n, i) => `${n}${ascending[i] ? ' asc' : y % 2 === 0 ? '' : ' desc'}`).join(', ')}`;
  return c > 1
    ? { ...s, rows: sorted.slice(0, c), text: `${text} | take ${c}`, ordered: true }
    : { ...s, rows: sorted, text, ordered: true };
}

function distinct(s: State, [, x]: Dice): State {
  const names = [...s.columns.keys()].filter((_, i) => (i + x) % 2 === 0);
  const chosen = names.length > 0 ? names : [...s.columns.keys()];
  const seen = new Map<string, Row>();
  for (const r of s.rows) seen.set(keyOf(r, chosen), Object.fromEntries(chosen.map((n) => [n, r[n] ?? null])));
  return {
    ...s,
    ordered: false,
    columns: new Map(chosen.map((n) => [n, s.columns.get(n) ?? 'string'])),
    rows: [...seen.values()],
    text: `${s.text} | distinct ${chosen.join(', ')}`,
  };
}

function union(s: State, other: readonly Row[]): State {
  // Only where no column has another type on the other side, which would split it in two.
  if ([...s.columns].some(([n, t]) => base.some(([m, u]) => n === m && t !== u))) return s;
  const columns = new Map(s.columns);
  for (const [n, t] of base) if (!columns.has(n)) columns.set(n, t);
  const whole = (r: Row): Row => Object.fromEntries([...columns].map(([n, t]) => [n, r[n] ?? none(t)]));
  return { ...s, ordered: false, columns, rows: [...s.rows, ...other].map(whole), text: `${s.text} | union U` };
}

const kinds = ['innerunique', 'inner', 'leftouter', 'rightouter', 'fullouter', 'leftsemi', 'leftanti', 'rightanti'];

function join(s: State, other: readonly Row[], [, x]: Dice): State {
  const key =
    ['k', 'n'].find((n, i) => s.columns.has(n) && (i + x) % 2 === 0) ?? (s.columns.has('k') ? 'k' : undefined);
  if (key === undefined || s.columns.get(key) !== base.find(([n]) => n === key)?.[1] || s.made > 3) return s;
  const kind = kinds[x % kinds.length] ?? 'inner';
  const value = `j${s.made}`;
  const right = other.map((r): Row => ({ [key]: r[key] ?? null, [value]: r.b ?? null }));
  const rightKey = `${key}1`;
  if (s.columns.has(rightKey)) return s;
  const text = `${s.text} | join kind=${kind} (U | project ${key}, ${value} = b) on ${key}`;
  const same = (l: Row, r: Row): boolean => l[key] === r[key];
  const next = { ...s, made: s.made + 1, ordered: false, text };
  if (kind === 'leftsemi') return { ...next, rows: s.rows.filter((l) => right.some((r) => same(l, r))) };
  if (kind === 'leftanti') return { ...next, rows: s.rows.filter((l) => !right.some((r) => same(l, r))) };
  const type = s.columns.get(key) ?? 'string';
  if (kind === 'rightanti') {
    const columns = new Map<string, Type>([
      [key, type],
      [value, 'bool'],
    ]);
    return { ...next, columns, rows: right.filter((r) => !s.rows.some((l) => same(l, r))) };
  }
  const columns = new Map(s.columns).set(rightKey, type).set(value, 'bool');
  const blank: Row = Object.fromEntries([...s.columns].map(([n, t]) => [n, none(t)]));
  // A bare join keeps one left row a key; which one is Kusto's choice, so only whole keys are compared.
  const left = kind === 'innerunique' ? s.rows.filter((l, i) => s.rows.findIndex((o) => same(o, l)) === i) : s.rows;
  const out: Row[] = [];
  for (const l of left) {
    const matches = right.filter((r) => same(l, r));
    for (const r of matches) out.push({ ...l, [rightKey]: r[key] ?? null, [value]: r[value] ?? null });
    if (matches.length === 0 && (kind === 'leftouter' || kind === 'fullouter')) {
      out.push({ ...l, [rightKey]: none(type), [value]: null });
    }
  }
  if (kind === 'rightouter' || kind === 'fullouter') {
    for (const r of right) {
      if (!left.some((l) => same(l, r))) out.push({ ...blank, [rightKey]: r[key] ?? null, [value]: r[value] ?? null });
    }
  }
  return { ...next, columns, rows: out };
}

function step(s: State, other: readonly Row[], d: Dice): State {
  switch (d[0]) {
    case 0:
    case 1:
    case 2:
      return where(s, d);
    case 3:
    case 4:
      return extend(s, d);
    case 5:
      return project(s, d);
    case 6:
    case 7:
      return summarize(s, d);
    case 8:
      return sort(s, d);
    case 9:
      return distinct(s, d);
    case 10:
      return union(s, other);
    default:
      return join(s, other, d);
  }
}

const schema: Record<string, ColumnType> = Object.fromEntries(base);
const table = (name: string, rows: readonly Row[]) => tableFromRows(name, [...rows], schema);
const sorted = (rows: readonly Json[][]): string[] => rows.map((r) => JSON.stringify(r)).sort();

describe('random pipelines over random tables', () => {
  it('give what a naive engine gives', () => {
    const lengths = new Set<number>();
    fc.assert(
      fc.property(someRows, someRows, fc.array(dice, { minLength: 1, maxLength: 5 }), (left, right, rolls) => {
        let state: State = { columns: new Map(base), rows: left, text: 'T', ordered: true, made: 0 };
        for (const roll of rolls) state = step(state, right, roll);
        const result = evaluate(state.text, [table('T', left), table('U', right)], { now: new Date(0) });
        expect(
          result.columns.map((c) => `${c.name}:${c.type}`),
          state.text,
        ).toEqual([...state.columns].map(([n, t]) => `${n}:${t}`));
        const names = [...state.columns];
        const expected = state.rows.map((r): Json[] => names.map(([n, t]) => r[n] ?? none(t)));
        const got = logAnalyticsRows(result);
        if (state.ordered) expect(got, state.text).toEqual(expected);
        else expect(sorted(got), state.text).toEqual(sorted(expected));
        lengths.add(got.length);
      }),
      { numRuns: 600 },
    );
    // The pipelines do not all end in nothing.
    expect(lengths.size).toBeGreaterThan(8);
  });
});

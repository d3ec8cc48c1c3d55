import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { type ColumnType, tableFromRows } from '../../src/kql/table.ts';

// The evaluator works by columns and indices over Microsoft's tree. The oracle below works row by row, in the plainest
// way that Kusto's rules can be written down, and shares no code with it.

interface Row {
  k: string;
  n: number | null;
  r: number | null;
  b: boolean | null;
}

const schema: Record<string, ColumnType> = { k: 'string', n: 'long', r: 'real', b: 'bool' };
const row = fc.record<Row>({
  k: fc.constantFrom('', 'a', 'A', 'b', 'a_b', 'ab c'),
  n: fc.option(fc.integer({ min: -3, max: 3 }), { nil: null }),
  r: fc.option(fc.constantFrom(-1.5, 0, 0.5, 2), { nil: null }),
  b: fc.option(fc.boolean(), { nil: null }),
});
const someRows = fc.array(row, { maxLength: 25 });

const tableOf = (name: string, rows: readonly Row[]) =>
  tableFromRows(
    name,
    rows.map((r) => ({ ...r })),
    schema,
  );

const run = (query: string, left: readonly Row[], right: readonly Row[] = []): Json[][] =>
  logAnalyticsRows(evaluate(query, [tableOf('T', left), tableOf('U', right)], { now: new Date(0) }));

const cellsOf = (r: Row): Json[] => [r.k, r.n, r.r, r.b];
const unordered = (rows: readonly Json[][]): string[] => rows.map((r) => JSON.stringify(r)).sort();

// ---- where ------------------------------------------------------------------------------------------------------

interface Predicate {
  text: string;
  holds(r: Row): boolean | null;
}

type Compare = (a: number | string, b: number | string) => boolean;
const equalities: [string, boolean][] = [
  ['==', false],
  ['!=', true],
];
const orderings: [string, Compare][] = [
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
];
const terms = (text: string): string[] => text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
const textTests: [string, (text: string, sought: string) => boolean][] = [
  ['has', (t, s) => s === '' || terms(t).includes(s.toLowerCase())],
  ['contains', (t, s) => t.toLowerCase().includes(s.toLowerCase())],
  ['contains_cs', (t, s) => t.includes(s)],
  ['startswith', (t, s) => t.toLowerCase().startsWith(s.toLowerCase())],
  ['endswith_cs', (t, s) => t.endsWith(s)],
  ['=~', (t, s) => t.toLowerCase() === s.toLowerCase()],
];

const number = fc.integer({ min: -3, max: 3 });
const word = fc.constantFrom('', 'a', 'A', 'b', 'ab');
const column = fc.constantFrom('n' as const, 'r' as const);

const atom: fc.Arbitrary<Predicate> = fc.oneof(
  fc.tuple(column, fc.constantFrom(...equalities), number).map(([c, [op, negated], x]) => ({
    text: `${c} ${op} ${x}`,
    holds: (r: Row) => (r[c] === null ? negated : (r[c] === x) !== negated),
  })),
  fc.tuple(column, fc.constantFrom(...orderings), number).map(([c, [op, test], x]) => ({
    text: `${c} ${op} ${x}`,
    holds: (r: Row) => (r[c] === null ? null : test(r[c], x)),
  })),
  fc.constantFrom(...equalities).map(([op, negated]) => ({
    text: `n ${op} r`,
    holds: (r: Row) => (r.n === null || r.r === null ? (r.n === r.r ? null : negated) : (r.n === r.r) !== negated),
  })),
  fc.tuple(fc.constantFrom(...textTests), word).map(([[op, test], s]) => ({
    text: `k ${op} "${s}"`,
    holds: (r: Row) => test(r.k, s),
  })),
  fc.tuple(fc.array(number, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([list, negated]) => ({
    text: `n ${negated ? '!in' : 'in'} (${list.join(',')})`,
    holds: (r: Row) => (r.n !== null && list.includes(r.n)) !== negated,
  })),
  fc.constant({ text: 'b', holds: (r: Row) => r.b }),
  fc.constantFrom('n' as const, 'b' as const).map((c) => ({ text: `isnull(${c})`, holds: (r: Row) => r[c] === null })),
);

const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    fc.tuple(tie('predicate'), tie('predicate')).map(([a, b]) => ({
      text: `(${a.text} and ${b.text})`,
      holds: (r: Row) => {
        const [x, y] = [a.holds(r), b.holds(r)];
        return x === false || y === false ? false : x === null || y === null ? null : true;
      },
    })),
    fc.tuple(tie('predicate'), tie('predicate')).map(([a, b]) => ({
      text: `(${a.text} or ${b.text})`,
      holds: (r: Row) => {
        const [x, y] = [a.holds(r), b.holds(r)];
        return x === true || y === true ? true : x === null || y === null ? null : false;
      },
    })),
    tie('predicate').map((p) => ({
      text: `not(${p.text})`,
      holds: (r: Row) => {
        const x = p.holds(r);
        return x === null ? null : !x;
      },
    })),
  ),
}));

describe('against a naive oracle, row by row', () => {
  it('where keeps exactly the rows for which the predicate is true', () => {
    fc.assert(
      fc.property(someRows, predicate, (rows, p) => {
        expect(run(`T | where ${p.text}`, rows)).toEqual(rows.filter((r) => p.holds(r) === true).map(cellsOf));
      }),
      { numRuns: 120 },
    );
  });

  it('a predicate has the same three values as a column', () => {
    fc.assert(
      fc.property(someRows, predicate, (rows, p) => {
        expect(run(`T | project x = ${p.text}`, rows).flat()).toEqual(rows.map((r) => p.holds(r)));
      }),
      { numRuns: 60 },
    );
  });

  it('summarize groups by every key, nulls among them, and aggregates what is not null', () => {
    const query = `T | summarize count(), sum(n), min(r), max(k), dcount(n), countif(b), avg(r), make_list(n), percentile(n, 50)
      by k = tolower(k), b`;
    fc.assert(
      fc.property(someRows, (rows) => {
        const groups = new Map<string, Row[]>();
        for (const r of rows) {
          const key = JSON.stringify([r.k.toLowerCase(), r.b]);
          groups.set(key, [...(groups.get(key) ?? []), r]);
        }
        const expected = [...groups].map(([key, members]): Json[] => {
          const [k, b]: [string, boolean | null] = JSON.parse(key);
          const numbers = members.flatMap((m) => m.n ?? []);
          const reals = members.flatMap((m) => m.r ?? []);
          const sorted = numbers.toSorted((x, y) => x - y);
          const texts = members.map((m) => m.k).sort();
          return [
            k,
            b,
            members.length,
            numbers.reduce((s, n) => s + n, 0),
            reals.length > 0 ? Math.min(...reals) : null,
            texts.at(-1) ?? '',
            new Set(numbers).size,
            members.filter((m) => m.b === true).length,
            reals.length > 0 ? reals.reduce((s, n) => s + n, 0) / reals.length : 'NaN',
            JSON.stringify(numbers),
            sorted[Math.max(0, Math.ceil(sorted.length / 2) - 1)] ?? null,
          ];
        });
        expect(run(query, rows)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('arg_max takes the row of the greatest value in each group', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        for (const [k, n] of run('T | summarize arg_max(n, r, b) by k | project k, n', rows)) {
          const numbers = rows.filter((r) => r.k === k).flatMap((r) => r.n ?? []);
          expect(n).toBe(numbers.length > 0 ? Math.max(...numbers) : null);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    'innerunique',
    'inner',
    'leftouter',
    'rightouter',
    'fullouter',
    'leftsemi',
    'leftanti',
    'rightsemi',
    'rightanti',
  ])('join kind=%s pairs rows as nested loops do', (kind) => {
    fc.assert(
      fc.property(someRows, someRows, (left, right) => {
        const query = `T | join kind=${kind} (U) on k, n`;
        expect(unordered(run(query, left, right))).toEqual(unordered(nestedLoops(kind, left, right)));
      }),
      { numRuns: 60 },
    );
  });

  it('sort is stable and puts null at the low end, unless told otherwise', () => {
    const orders: [string, 1 | -1, 1 | -1][] = [
      ['n desc', -1, 1],
      ['n asc', 1, -1],
      ['n asc nulls last', 1, 1],
      ['n desc nulls first', -1, -1],
    ];
    fc.assert(
      fc.property(someRows, fc.constantFrom(...orders), (rows, [text, sign, nullSide]) => {
        const expected = rows.toSorted((x, y) => {
          if (x.n !== y.n) {
            if (x.n === null) return nullSide;
            if (y.n === null) return -nullSide;
            return (x.n - y.n) * sign;
          }
          return x.k < y.k ? 1 : x.k > y.k ? -1 : 0;
        });
        expect(run(`T | sort by ${text}, k`, rows)).toEqual(expected.map(cellsOf));
        expect(run(`T | sort by ${text}, k | take 3`, rows)).toEqual(expected.slice(0, 3).map(cellsOf));
      }),
      { numRuns: 100 },
    );
  });

  it('operators after a filter or a join see the rows that are left', () => {
    fc.assert(
      fc.property(someRows, someRows, (left, right) => {
        const query = `T | where n > 0 | join kind=leftouter (U | where b | project k, m = n) on k
          | where isnull(m) or m != 1 | extend t = n + coalesce(m, 0) | project k, t`;
        const expected = left
          .filter((l) => l.n !== null && l.n > 0)
          .flatMap((l): [Row, number | null][] => {
            const matches = right.filter((r) => r.b === true && r.k === l.k);
            return matches.length > 0 ? matches.map((m): [Row, number | null] => [l, m.n]) : [[l, null]];
          })
          .filter(([, m]) => m !== 1)
          .map(([l, m]): Json[] => [l.k, (l.n ?? 0) + (m ?? 0)]);
        expect(unordered(run(query, left, right))).toEqual(unordered(expected));
      }),
      { numRuns: 100 },
    );
  });
});

function nestedLoops(kind: string, left: readonly Row[], right: readonly Row[]): Json[][] {
  const same = (a: Row, b: Row): boolean => a.k === b.k && a.n === b.n;
  const nothing: Json[] = ['', null, null, null];
  switch (kind) {
    case 'leftsemi':
      return left.filter((l) => right.some((r) => same(l, r))).map(cellsOf);
    case 'leftanti':
      return left.filter((l) => !right.some((r) => same(l, r))).map(cellsOf);
    case 'rightsemi':
      return right.filter((r) => left.some((l) => same(l, r))).map(cellsOf);
    case 'rightanti':
      return right.filter((r) => !left.some((l) => same(l, r))).map(cellsOf);
  }
  const from = kind === 'innerunique' ? left.filter((l, i) => left.findIndex((o) => same(l, o)) === i) : left;
  const out: Json[][] = [];
  for (const l of from) for (const r of right) if (same(l, r)) out.push([...cellsOf(l), ...cellsOf(r)]);
  if (kind === 'leftouter' || kind === 'fullouter') {
    for (const l of left) if (!right.some((r) => same(l, r))) out.push([...cellsOf(l), ...nothing]);
  }
  if (kind === 'rightouter' || kind === 'fullouter') {
    for (const r of right) if (!left.some((l) => same(l, r))) out.push([...nothing, ...cellsOf(r)]);
  }
  return out;
}

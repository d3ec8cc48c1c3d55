import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { askedMembers } from '../../src/kql/members.ts';
import { neededColumns, possibleValues } from '../../src/kql/needed.ts';
import { type Table, tableFromRows } from '../../src/kql/table.ts';

const now = new Date('2026-11-23T12:00:00Z');
const rows = Array.from({ length: 12 }, (_, i) => ({
  First: `f${i % 4}`,
  At: new Date(now.getTime() - i * 600_000).toISOString(),
  Id: i % 3,
  Who: ['ann', 'bob', ''][i % 3],
  N: i % 5 === 0 ? null : i,
  D: { k: i, list: [i, 'x'] },
}));
const types = { First: 'string', At: 'datetime', Id: 'int', Who: 'string', N: 'long', D: 'dynamic' } as const;
const tables = [
  tableFromRows('T', rows, types),
  tableFromRows('U', rows.slice(3, 8), types),
  tableFromRows('Umbrella', rows.slice(0, 2), types),
];

/** The tables with only what the query needs: the other columns are there, without cells, and the other rows are not. */
function pruned(query: string, all: readonly Table[]): Table[] {
  const needed = neededColumns(query, all);
  const ids = possibleValues(query, all, 'Id');
  return all.map((t) => {
    const id = t.data[t.columns.findIndex((c) => c.name === 'Id')] ?? [];
    const rows = Array.from({ length: needed.has(t.name) ? t.length : 0 }, (_, r) => r).filter(
      (r) => ids === undefined || ids.has(Number(id[r])),
    );
    const data = t.columns.map((c, i) =>
      needed.get(t.name)?.has(c.name) ? rows.map((r) => t.data[i]?.[r] ?? null) : [],
    );
    return { ...t, length: rows.length, data };
  });
}

const same = (query: string, all: readonly Table[] = tables): void => {
  const whole = evaluate(query, all, { now });
  const part = evaluate(query, pruned(query, all), { now });
  expect(part.columns, query).toEqual(whole.columns);
  expect(logAnalyticsRows(part), query).toEqual(logAnalyticsRows(whole));
};

describe('the columns that a query needs', () => {
  it('are those it names, and the first of a table that stands for a value', () => {
    const needed = neededColumns('T | where Id == 1 | summarize count() by Who', tables);
    expect([...needed.keys()]).toEqual(['T']);
    expect([...(needed.get('T') ?? [])].sort()).toEqual(['Id', 'Who']);
    for (const query of ['T | where Who in (U)', 'print toscalar(U)', 'let u = U; T | where Who in (u)'])
      expect([...(neededColumns(query, tables).get('U') ?? [])], query).toContain('First');
  });

  it('are all of them where a query looks at cells without naming them', () => {
    for (const query of [
      'T | project-away D | distinct *',
      'T | where * has "x"',
      'T | search "x"',
      'T | project p = pack_all()',
      'T',
    ]) {
      expect(neededColumns(query, tables).get('T')?.size, query).toBe(6);
    }
    expect([...neededColumns('search "x"', tables).keys()]).toEqual(['T', 'U', 'Umbrella']);
    expect([...neededColumns('union U* | count', tables).keys()]).toEqual(['U', 'Umbrella']);
  });

  it('of which the first filters let only some values pass', () => {
    const values = (query: string) => possibleValues(query, tables, 'Id');
    expect(values('T | where N > 1 | where Who == "a" and Id in (1, 2) | count')).toEqual(new Set([1, 2]));
    expect(values('T | where Id == 1 | join (U | where (Id == 2)) on Who')).toEqual(new Set([1, 2]));
    expect(values('let t = T | where Id == 1; t | where Id == 2')).toEqual(new Set([1]));
    for (const open of [
      'T',
      'T | where Id == 1 or N == 2',
      'T | where Id != 1',
      'T | where not(Id == 1)',
      'T | extend Id = 1 | where Id == 1',
      'T | take 1 | where Id == 1',
      'T | where Id == 1 | union U',
      'union T, U | where Id == 1',
      'union U* | where Id == 1',
      'search "x" | where Id == 1',
      "table('T') | where Id == 1",
      'T | where Id == 1 | where N in (U)',
      'let f = (i:int) { T | where Id == i }; f(1)',
      'T | where Id in (dynamic([1]))',
      'T | where Id == "1"',
    ]) {
      expect(values(open), open).toBeUndefined();
    }
  });

  const queries = [
    'T | where First in (union U, Umbrella) | count',
    'T | where N > 0 | where First in (union (U | project First), (Umbrella | project First)) | count',
    'T | where Id == 1 | count',
    'T | where Id in (1, 2) and N > 2 | summarize count() by Who',
    'T | where Id == 1 | join kind=leftouter (U | where Id == 2) on Who | project Who, N1',
    'let t = T | where Id == 1; t | where N > 0 | union t',
    'T',
    'T | count',
    'T | where Id == 1',
    'T | project-away D | distinct *',
    'T | distinct Id',
    'T | join kind=inner (U) on Who | project Id, N1, D1',
    'T | join (U | project Who, Other = N) on Who | summarize sum(Other) by Id',
    'T | lookup (U | project Who, M = N) on Who | project M',
    'union withsource=S T, U | summarize count() by S, Who',
    'union U* | project N',
    'T | union (U | extend N = tostring(N)) | project N_string, N_long',
    'search "ann" | project $table, At',
    'T | where Who in (U)',
    'T | where First in (U | where Id == 1)',
    'T | extend x = toscalar(U | where N > 4) | project x',
    'T | summarize arg_max(At, *) by Id | project Who, D',
    'T | summarize take_any(*) by Id',
    'T | evaluate bag_unpack(D) | project k, Who',
    'T | project Id, Who | evaluate pivot(Id)',
    'T | evaluate narrow() | count',
    'T | where * has "ann" | project Id',
    'T | project-away Who, D',
    'T | project-keep W*',
    'T | project-rename Name = Who | project Name',
    'T | project-reorder N, *',
    'T | getschema',
    'T | extend x = column_ifexists("N", 0) | project x',
    'T | mv-expand e = D.list | project e, Id',
    'T | mv-apply e = D.list on (take 1) | project e',
    'let f = (t:(Who:string)) { t | summarize n = count() by Who }; f(T)',
    'let f = (a:string) { T | where Who == a | project N }; f("bob")',
    'let v = view () { T }; v | where N > 3 | project Id',
    'T | as Z | where Id == 1 | union (Z | summarize N = sum(N))',
    'T | partition by Id (top 1 by N | project Id, Who)',
    'T | make-series n = sum(N) on At step 20m by Who',
    'T | top 3 by N | project Who',
    'T | sort by At asc | extend p = prev(N) | project p',
    'T | parse First with "f" num:long | project num',
    'T | summarize make_list(pack_all())',
    'T | sample-distinct 2 of Who',
    'T | summarize dcount(Who), percentile(N, 50)',
    "table('U') | project N",
    'T | take 2 | project-away D | union (datatable(Q:string)["q"])',
  ];
  it.each(queries)('give the same answer without the others: %s', (query) => {
    same(query);
  });

  it('also for random pipes', () => {
    const column = fc.constantFrom('Id', 'Who', 'N', 'First');
    const step = fc.oneof(
      column.map((c) => `project-away ${c}`),
      fc
        .tuple(column, column)
        .map(([a, b]) => `where tostring(column_ifexists("${a}", "")) != tostring(column_ifexists("${b}", ""))`),
      fc.constant('summarize arg_max(At, *) by Who = tostring(column_ifexists("Who", "")) | extend At = now()'),
      fc.constant('join kind=leftouter (U | project First, M = N, Id) on First'),
      fc.constant('extend First = strcat(column_ifexists("First", ""), "z")'),
      fc.constant('union (U)'),
      fc.constant('take 5'),
    );
    const end = fc.constantFrom(
      '',
      '| count',
      '| project x = tostring(column_ifexists("N", 0))',
      '| project-away D | distinct *',
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3 }), end, (steps, last) => {
        const query = `T ${steps.map((s) => `| ${s} `).join('')}${last}`;
        try {
          evaluate(query, tables, { now });
        } catch {
          // A column that is gone already, or a dynamic where none is allowed: no query at all.
          fc.pre(false);
        }
        same(query);
      }),
      { numRuns: 60 },
    );
  });

  const shared = resolve(process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../../shared'), 'kql/published');
  const files = existsSync(shared) ? readdirSync(shared).filter((f) => f.endsWith('.kql')) : [];
  if (files.length === 0) {
    console.warn(`no published queries in ${shared}: not tested`);
    it.skip('of published queries are few', () => {});
    return;
  }
  it.each(files)('of the published query %s are few of the many', async (file) => {
    const { columnsOf } = await import('../../src/kql/table-schemas.ts');
    const schemas = ['SecurityEvent', 'Syslog', 'SecurityAlert', 'Heartbeat'].map((name) => ({
      name,
      columns: Object.entries(columnsOf(name)).map(([c, type]) => ({ name: c, type })),
    }));
    const needed = neededColumns(readFileSync(resolve(shared, file), 'utf8'), schemas);
    expect(needed.size).toBeGreaterThan(0);
    const most = file.startsWith('26') ? 60 : 25;
    for (const columns of needed.values()) expect(columns.size).toBeLessThan(most);
  });
});

describe('members of bags', () => {
  const tables = [
    {
      name: 'T',
      columns: [
        { name: 'K', type: 'string' as const },
        { name: 'D', type: 'dynamic' as const },
      ],
    },
  ];
  const asked = (query: string) => Object.fromEntries(askedMembers(query, tables));

  it('are named where a query asks for nothing else of the column', () => {
    expect(asked('T | extend x = D.a.b, y = tostring(parse_json(D).c) | summarize count() by x = tostring(x)')).toEqual(
      {
        D: ['a', 'c'],
      },
    );
    expect(asked('let f = () { T | where D.a == 1 | project x = D.b }; f()')).toEqual({ D: ['a', 'b'] });
  });

  it.each([
    'T | where D.a == 1',
    'T | extend x = D.a | project x, D',
    'T | extend x = D.a | summarize take_any(*) by K',
    'T | extend x = D["a"], y = D.b | project x, y',
    'T | extend x = D.a, E = pack_all() | project x, E',
    'T | where isnotempty(D) | project x = D.a',
    'T | extend x = D.a | project-rename E = D | project x, E',
    'T | extend x = column_ifexists("D", dynamic(1)).b, y = D.a | project x, y',
    'T | project D | where D.a in (T | project D) | project x = D.a',
    'T | extend x = D.a | join kind=inner (T | project K, D) on K | project x, D1',
    'T | mv-expand D | project x = D.a',
    'union T, (T | extend x = D.a) | project x',
    'T | where * has "a" | project x = D.a',
  ])('are not in: %s', (query) => {
    expect(asked(query)).toEqual({});
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate, KqlError } from '../../src/kql/evaluate.ts';
import { closedPatterns, Effort, type Pattern, TooManyPatterns } from '../../src/kql/pattern-mining.ts';
import { remarksOn } from '../../src/kql/remarks.ts';
import { type Table, tableFromRows } from '../../src/kql/table.ts';
import type { ColumnType } from '../../src/kql/types.ts';

// basket-plugin, autocluster-plugin, diffpatterns-plugin (of 2024-08-11) and anomaly-diagnosis of Microsoft's reference, read
// 2026-11-30. The tables of its examples are made anew here so that they have the counts that the pages print; all else in
// them is spread too thin to be a pattern.

const run = (query: string, table: Table): Json[][] => logAnalyticsRows(evaluate(query, [table], { now: new Date(0) }));

type Row = Record<string, unknown>;

/** So many rows. */
const rows = (count: number, make: (row: number) => Row): Row[] => Array.from({ length: count }, (_, row) => make(row));

/** StormEvents of May 2007: 5,884 events, by type, damage and damage of crops. */
function stormEvents(): Table {
  const counts: [count: number, type: string | undefined, damage: string, crops: boolean][] = [
    [2278, 'Hail', 'NO', false],
    [93, 'Hail', 'YES', false],
    [97, 'Hail', 'YES', true],
    [779, 'Thunderstorm Wind', 'NO', false],
    [500, 'Thunderstorm Wind', 'YES', false],
    [12, 'Thunderstorm Wind', 'YES', true],
    [1517, undefined, 'NO', false],
    [508, undefined, 'YES', false],
    [100, undefined, 'YES', true],
  ];
  const all = counts.flatMap(([count, type, damage, crops]) =>
    rows(count, (row) => ({
      State: `STATE ${row % 50}`,
      EventType: type ?? `Type ${row % 40}`,
      Damage: damage,
      DamageCrops: crops ? row + 1 : 0,
    })),
  );
  return tableFromRows('StormEvents', all, {
    State: 'string',
    EventType: 'string',
    Damage: 'string',
    DamageCrops: 'int',
  });
}

const EAU = { Region: 'eau', ScaleUnit: 'su7', DeploymentId: 'b5d1', ServiceHost: 'e7f6' };
const ZEROS = '00000000';

/** Exceptions of a region: how many there are, and how many of these have one of three values that all regions share. */
function exceptions(
  set: string,
  region: string,
  unit: string,
  counts: readonly [number, number, number, number],
): Row[] {
  const [all, sevens, sixes, zeros] = counts;
  return rows(all, (row) => ({
    AB: set,
    Region: region,
    ScaleUnit: unit,
    DeploymentId: `${region} ${unit}`,
    Tracepoint: row < sevens ? 10007007 : row < sevens + sixes ? 10007006 : 20_000_000 + row,
    ServiceHost: row >= all - zeros ? ZEROS : `${set} ${region} ${unit} ${row}`,
  }));
}

/** Of exceptions that have their region alone, which a seed is not to begin a pattern with. */
const rare = (row: number): number => (row < 10 ? 50_000_000 + row : row < 18 ? 10007007 : 10007006);

/** demo_clustering1: 972 exceptions of two minutes, and 1,232 of the minutes before. */
function exceptionsOf(set: 'Anomaly' | 'Baseline'): Row[] {
  if (set === 'Anomaly')
    return [
      ...rows(324, () => ({ AB: set, ...EAU, Tracepoint: 0 })),
      ...rows(315, () => ({ AB: set, ...EAU, Tracepoint: 16108 })),
      ...rows(3, (row) => ({ AB: set, ...EAU, Tracepoint: 1000 + row, ServiceHost: `eau ${row}` })),
      ...exceptions(set, 'scus', 'su5', [94, 24, 25, 14]),
      ...exceptions(set, 'scus', 'su3', [68, 22, 20, 14]),
      ...rows(4, (row) => ({
        ...exceptions(set, 'scus', 'su9', [1, 0, 0, 0])[0],
        Tracepoint: 0,
        ServiceHost: `s9 ${row}`,
      })),
      ...exceptions(set, 'scus', 'su8', [1, 0, 0, 0]),
      ...exceptions(set, 'ncus', 'su1', [82, 23, 22, 14]),
      ...exceptions(set, 'weu', 'su4', [55, 15, 15, 10]),
      ...rows(26, (row) => ({
        ...exceptions(set, `r${row}`, `u${row}`, [1, 0, 0, row < 5 ? 1 : 0])[0],
        Tracepoint: rare(row),
      })),
    ];
  return [
    ...rows(21, (row) => ({ AB: set, ...EAU, Tracepoint: 3000 + row })),
    ...rows(6, (row) => ({ AB: set, ...EAU, Tracepoint: 4000 + row, ServiceHost: `eau b${row}` })),
    ...exceptions(set, 'scus', 'su5', [300, 90, 85, 50]),
    ...exceptions(set, 'scus', 'su3', [244, 67, 63, 40]),
    ...exceptions(set, 'ncus', 'su1', [318, 92, 87, 53]),
    ...exceptions(set, 'weu', 'su4', [252, 73, 70, 41]),
    ...exceptions(set, 'eus2', 'su2', [45, 17, 16, 10]),
    ...exceptions(set, 'eus', 'su6', [46, 17, 15, 10]),
  ];
}

const SCHEMA: Record<string, ColumnType> = {
  AB: 'string',
  Region: 'string',
  ScaleUnit: 'string',
  DeploymentId: 'string',
  Tracepoint: 'long',
  ServiceHost: 'string',
};
const spike = tableFromRows('T', exceptionsOf('Anomaly'), SCHEMA);
const both = tableFromRows('T', [...exceptionsOf('Anomaly'), ...exceptionsOf('Baseline')], SCHEMA);
const deployment = (region: string, unit: string): string[] => [region, unit, `${region} ${unit}`];

describe('basket', () => {
  it('prints the patterns of the first example, in its order', () => {
    const table = stormEvents();
    const printed = 'StormEvents | evaluate basket(0.2) | extend Percent = round(Percent, 1)';
    const expected = [
      [0, 4574, 77.7, '', '', 'NO', 0],
      [1, 2278, 38.7, '', 'Hail', 'NO', 0],
      [2, 5675, 96.4, '', '', '', 0],
      [3, 2371, 40.3, '', 'Hail', '', 0],
      [4, 1279, 21.7, '', 'Thunderstorm Wind', '', 0],
      [5, 2468, 41.9, '', 'Hail', '', null],
      [6, 1310, 22.3, '', '', 'YES', null],
      [7, 1291, 21.9, '', 'Thunderstorm Wind', '', null],
    ];
    expect(run(printed, table)).toEqual(expected);
    const wildcards = printed.replace('0.2', "0.2, '~', '~', '*', int(-1)");
    expect(run(wildcards, table)).toEqual(
      expected.map((row) => row.map((cell) => (cell === '' ? '*' : cell === null ? -1 : cell))),
    );
  });

  it('prints the patterns of the exceptions, in the order of their page', () => {
    const [eau, unit, id, host] = ['eau', 'su7', 'b5d1', 'e7f6'];
    expect(run('T | project-away AB | evaluate basket()', spike)).toEqual([
      [0, 639, 65.74074074074075, eau, unit, id, null, host],
      [1, 642, 66.04938271604938, eau, unit, id, null, ''],
      [2, 324, 33.333333333333336, eau, unit, id, 0, host],
      [3, 315, 32.407407407407405, eau, unit, id, 16108, host],
      [4, 328, 33.74485596707819, '', '', '', 0, ''],
      [5, 94, 9.670781893004115, ...deployment('scus', 'su5'), null, ''],
      [6, 82, 8.436213991769547, ...deployment('ncus', 'su1'), null, ''],
      [7, 68, 6.995884773662551, ...deployment('scus', 'su3'), null, ''],
      [8, 167, 17.181069958847736, 'scus', '', '', null, ''],
      [9, 55, 5.658436213991769, ...deployment('weu', 'su4'), null, ''],
      [10, 92, 9.465020576131687, '', '', '', 10007007, ''],
      [11, 90, 9.25925925925926, '', '', '', 10007006, ''],
      [12, 57, 5.864197530864198, '', '', '', null, ZEROS],
    ]);
  });

  it('counts weights, and has no pattern of the column that holds them', () => {
    const table = tableFromRows(
      'T',
      [
        { Who: 'a', Where: 'x', Times: 8 },
        { Who: 'b', Where: 'x', Times: 1 },
        { Who: 'c', Where: 'y', Times: 1 },
      ],
      { Who: 'string', Where: 'string', Times: 'long' },
    );
    expect(
      run(
        "T | evaluate basket(0.5, Times) | project Count, Percent, Who, Where, Times1 = column_ifexists('Times', 0)",
        table,
      ),
    ).toEqual([
      [8, 80, 'a', 'x', null],
      [9, 90, '', 'x', null],
    ]);
    expect(() =>
      run("T | extend Times = iff(Who == 'a', long(null), Times) | evaluate basket('~', Times)", table),
    ).toThrow(/each row needs a weight/);
    expect(() => run("T | evaluate basket('~', Who)", table)).toThrow(/a weight is a number/);
  });

  it('has no empty value in a pattern, where it would read as any value, unless any value is printed otherwise', () => {
    const table = tableFromRows(
      'T',
      [
        { A: '', N: null },
        { A: '', N: null },
        { A: '', N: 3 },
        { A: 'x', N: 4 },
      ],
      {
        A: 'string',
        N: 'int',
      },
    );
    expect(run('T | evaluate basket(0.5)', table)).toEqual([]);
    expect(run("T | evaluate basket(0.5, '~', '~', '*', int(-1))", table)).toEqual([
      [0, 2, 50, '', null],
      [1, 3, 75, '', -1],
    ]);
  });

  it('looks for no combination of more values than it may, of which none follows from the others', () => {
    const all = rows(8, (row) => ({ A: row & 1, B: row & 2, C: row & 4, D: `${row & 4}!` }));
    const table = tableFromRows('T', all, { A: 'int', B: 'int', C: 'int', D: 'string' });
    const sizes = (most: number): Json[][] =>
      run(
        `T | evaluate basket(0.1, '~', ${most}) | summarize count() by Size = countof(strcat(A >= 0, B >= 0, C >= 0, D != ''), 'True') | sort by Size asc`,
        table,
      );
    expect(sizes(1)).toEqual([
      [1, 4],
      [2, 2],
    ]);
    expect(sizes(3)).toEqual([
      [1, 4],
      [2, 6],
      [3, 8],
      [4, 8],
    ]);
  });

  it('says which argument is wrong', () => {
    const table = stormEvents();
    for (const [args, why] of [
      ['0.01', /Threshold is a number from 0.015 to 1/],
      ["'~', '~', 0", /MaxDimensions is a number from 1 to/],
    ] as const)
      expect(() => run(`StormEvents | evaluate basket(${args})`, table)).toThrow(why);
    expect(() => run('StormEvents | evaluate basket(Threshold=0.2)', table)).toThrow(
      /basket\(\) with 'Threshold' by its name/,
    );
  });

  it('keeps the numbers of its columns within the memory of the query', () => {
    const kept: string[] = [];
    const hold = ({ by, frame }: { by: string; frame?: { length: number } }) => kept.push(`${by} ${frame?.length}`);
    evaluate('StormEvents | evaluate basket()', [stormEvents()], { now: new Date(0), hold });
    expect(kept).toEqual(['basket() 5884', 'basket() 5884', 'basket() 5884', 'basket() 5884']);
  });
});

describe('the patterns of rows', () => {
  /** Every closed pattern by trying all combinations of values. */
  function byTrying(columns: readonly (readonly number[])[], threshold: number): string[] {
    const length = columns[0]?.length ?? 0;
    const found = new Set<string>();
    const tryAll = (codes: number[]): void => {
      if (codes.length < columns.length) {
        for (const code of [-1, ...new Set(columns[codes.length])]) tryAll([...codes, code]);
        return;
      }
      const matching = Array.from({ length }, (_, row) => row).filter((row) =>
        codes.every((code, c) => code < 0 || code === columns[c]?.[row]),
      );
      if (matching.length === 0 || matching.length / length < threshold) return;
      const closed = columns.map((column) => {
        const [first = -1, ...others] = matching.map((row) => column[row] ?? -1);
        return others.every((code) => code === first) ? first : -1;
      });
      if (closed.some((code) => code >= 0)) found.add(`${closed.join()} ${matching.length}`);
    };
    tryAll([]);
    return [...found].sort();
  }

  const printed = ({ codes, weights }: Pattern): string => `${codes.join()} ${weights.join()}`;

  it('are all there, and no others', () => {
    const cell = fc.integer({ min: -1, max: 2 });
    const table = fc
      .integer({ min: 1, max: 12 })
      .chain((length) =>
        fc.array(fc.array(cell, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 4 }),
      );
    fc.assert(
      fc.property(table, fc.constantFrom(0.1, 0.25, 0.5), (columns, threshold) => {
        const length = columns[0]?.length ?? 0;
        const given = {
          columns: columns.map((c) => Int32Array.from(c)),
          sets: [new Float64Array(length).fill(1)],
          length,
        };
        const found = closedPatterns(given, [length], threshold, 9, new Effort());
        expect(found.map(printed).sort()).toEqual(byTrying(columns, threshold));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('are not looked for beyond a bound', () => {
    const columns = Array.from({ length: 12 }, (_, c) =>
      Int32Array.from({ length: 4096 }, (__, row) => (row >> c) & 1),
    );
    const given = { columns, sets: [new Float64Array(4096).fill(1)], length: 4096 };
    expect(() => closedPatterns(given, [4096], 0.015, 5, new Effort(1e6))).toThrow(TooManyPatterns);
  });

  it('are refused by the name of the plugin where they are too many', () => {
    const columns = Array.from({ length: 16 }, (_, c) => `c${c}`);
    let state = 1;
    const bit = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) & 1;
    };
    const all = rows(64, () => Object.fromEntries(columns.map((name) => [name, bit()])));
    const table = tableFromRows('T', all, Object.fromEntries(columns.map((name) => [name, 'int' as const])));
    let told: unknown;
    try {
      run("T | evaluate basket(0.015, '~', 9)", table);
    } catch (error) {
      told = error;
    }
    expect(told).toBeInstanceOf(KqlError);
    expect(told).toMatchObject({
      kind: 'limit',
      message: expect.stringMatching(/^basket\(\) finds too many patterns/),
    });
  });
});

describe('autocluster', () => {
  it('prints the segments of the exceptions, as their page does', () => {
    expect(run('T | project-away AB | evaluate autocluster() | project-away Percent', spike)).toEqual([
      [0, 639, 'eau', 'su7', 'b5d1', null, 'e7f6'],
      [1, 94, ...deployment('scus', 'su5'), null, ''],
      [2, 82, ...deployment('ncus', 'su1'), null, ''],
      [3, 68, ...deployment('scus', 'su3'), null, ''],
      [4, 55, ...deployment('weu', 'su4'), null, ''],
    ]);
  });

  it('counts the rows of each pattern exactly', () => {
    for (const weight of [0.1, 0.5, 0.9]) {
      const found = run(`StormEvents | evaluate autocluster(${weight}, '~', 50, '*', int(-1))`, stormEvents());
      expect(found.length).toBeGreaterThan(0);
      for (const [, count, , state, type, damage, crops] of found) {
        const where = [
          ['State', state],
          ['EventType', type],
          ['Damage', damage],
        ].flatMap(([name, value]) => (value === '*' ? [] : [`${name} == '${value}'`]));
        if (crops !== -1) where.push(`DamageCrops == ${crops}`);
        expect(run(`StormEvents | where ${where.join(' and ')} | count`, stormEvents())).toEqual([[count]]);
      }
    }
  });

  it('has more columns in its patterns where their size weighs less', () => {
    const sizes = (weight: number): Json | undefined =>
      run(
        `StormEvents | evaluate autocluster(${weight}, '~', '~', '*', int(-1)) | summarize max(countof(strcat(State != '*', EventType != '*', Damage != '*', DamageCrops != -1), 'True'))`,
        stormEvents(),
      )[0]?.[0];
    expect([sizes(0.2), sizes(0.9)]).toEqual([3, 1]);
  });
});

describe('diffpatterns', () => {
  it('prints the differences of the exceptions, as their page does', () => {
    expect(run("T | evaluate diffpatterns(AB, 'Anomaly', 'Baseline')", both)).toEqual([
      [0, 639, 21, 65.74, 1.7, 64.04, '', 'eau', 'su7', 'b5d1', null, 'e7f6'],
      [1, 167, 544, 17.18, 44.16, 26.97, '', 'scus', '', '', null, ''],
      [2, 92, 356, 9.47, 28.9, 19.43, '', '', '', '', 10007007, ''],
      [3, 90, 336, 9.26, 27.27, 18.01, '', '', '', '', 10007006, ''],
      [4, 82, 318, 8.44, 25.81, 17.38, '', ...deployment('ncus', 'su1'), null, ''],
      [5, 55, 252, 5.66, 20.45, 14.8, '', ...deployment('weu', 'su4'), null, ''],
      [6, 57, 204, 5.86, 16.56, 10.69, '', '', '', '', null, ZEROS],
    ]);
  });

  it('refuses to compare with no rows', () => {
    expect(() => run("T | evaluate diffpatterns(AB, 'Anomaly', 'None')", both)).toThrow(/no row has this value/);
    expect(() => run("T | evaluate diffpatterns(AB, 'Anomaly', 'Anomaly')", both)).toThrow(
      /the two values are the same/,
    );
    expect(run("T | take 0 | evaluate diffpatterns(AB, 'Anomaly', 'Baseline')", both)).toEqual([]);
  });
});

describe('remarks', () => {
  it('say where an answer may be another than that of the service', () => {
    expect(remarksOn('T | evaluate autocluster( )')).toEqual([
      expect.stringMatching(/^autocluster\(\): each row is counted/),
    ]);
    expect(remarksOn('T | where basket == 1')).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logAnalyticsRows } from '../../src/kql/cells.ts';
import { type EvaluateOptions, evaluate } from '../../src/kql/evaluate.ts';
import {
  type Frame,
  frameOf,
  LateVector,
  pick,
  pickVectors,
  reader,
  type Vector,
  vectorOf,
} from '../../src/kql/frame.ts';
import { KqlError } from '../../src/kql/kqlerror.ts';
import { packedFrame, unpackedFrame } from '../../src/kql/packed.ts';
import { PartEvaluator } from '../../src/kql/part-evaluator.ts';
import type { ReadTable } from '../../src/kql/read-table.ts';
import { type Table, tableFromRows } from '../../src/kql/table.ts';
import type { Value } from '../../src/kql/values.ts';
import { PartsDiffer, type Work } from '../../src/kql/work.ts';

// A query over tables that are read piece by piece gives what it gives over the same tables in memory, to the last digit
// and in the same order, wherever they are cut, and where several threads evaluate parts of it.

const now = new Date('2026-11-23T12:00:00Z');
const types = {
  K: 'string',
  N: 'long',
  I: 'int',
  R: 'real',
  B: 'bool',
  At: 'datetime',
  D: 'dynamic',
} as const;
const cells = fc.record({
  K: fc.constantFrom('', 'a', 'A', 'b', 'a b'),
  N: fc.constantFrom(
    null,
    0,
    1,
    -2,
    '9007199254740993',
    '9007199254740992',
    '-9223372036854775808',
    '5000000000000000',
  ),
  I: fc.constantFrom(null, 1, 2, 3),
  R: fc.constantFrom(null, 0.1, 0.2, 1e300, -1e300, 3),
  B: fc.constantFrom(null, true, false),
  At: fc.constantFrom(null, '2026-11-23T01:00:00Z', '2026-11-23T02:30:00.1234567Z', '1750-01-01T00:00:00Z'),
  D: fc.constantFrom(null, { k: 1 }, { k: 'x', l: [1, 'y'] }, [1, 2], 'text'),
});
const someRows = fc.array(cells, { maxLength: 14 });
const cuts = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 });

/** Every text and number of a column once, and for each row where it is: as readers of files hand columns on. */
function coded(vector: Vector, length: number): Vector {
  const read = reader(vector);
  const values: Value[] = [];
  const rows = Int32Array.from({ length }, (_, row) => {
    const value = read(row);
    const known = values.indexOf(value);
    return known >= 0 ? known : values.push(value) - 1;
  });
  return { type: vector.type, values, rows };
}

/** The table as one that is read in pieces of these lengths, again and again from the first. */
function cut(table: Table, lengths: readonly number[], size?: number): ReadTable {
  const frame = frameOf(table);
  const whole: Frame = { ...frame, vectors: frame.vectors.map((v, i) => (i % 2 ? v : coded(v, frame.length))) };
  const rows = (from: number, to: number): Frame =>
    pick(
      whole,
      Int32Array.from({ length: to - from }, (_, i) => from + i),
    );
  return {
    name: table.name,
    columns: table.columns,
    empty: rows(0, 0),
    ...(size === undefined ? {} : { size }),
    *pieces() {
      let at = 0;
      for (let i = 0; at < whole.length; i++) {
        // A length of 0 makes a piece without rows, but not for ever.
        const next = Math.min(whole.length, at + (lengths[i % lengths.length] || (i >= lengths.length ? 1 : 0)));
        yield rows(at, next);
        at = next;
      }
    },
  };
}

/** Parts that were made of pieces elsewhere, and pieces that could not be. */
const done = { parts: 0, elsewhere: 0, refused: 0 };

/** A piece with columns that are made when they are looked at, and only until the next piece is read. */
function late(frame: Frame): { piece: Frame; end(): void } {
  let gone = false;
  const made = (vector: Vector): Vector =>
    new LateVector(vector.type, frame.length, (picked) => {
      if (gone) throw new Error('cells are asked for after their piece has gone');
      return picked ? (pickVectors([vector], picked)[0] ?? vector) : vector;
    });
  const end = (): void => {
    gone = true;
  };
  return { piece: { ...frame, vectors: frame.vectors.map((v, i) => (i % 3 === 1 ? v : made(v))) }, end };
}

function whilePieceIsThere<T>(frame: Frame, work: (piece: Frame) => T): T {
  const { piece, end } = late(frame);
  try {
    return work(piece);
  } finally {
    end();
  }
}

/** The table read as several threads do it: the first piece here, the others in turn by evaluators that know plain data alone. */
function shared(table: ReadTable): ReadTable {
  return {
    ...table,
    *worked(work) {
      let others: PartEvaluator[] | undefined;
      let at = 0;
      for (const piece of table.pieces()) {
        const evaluator = others?.[at % others.length];
        yield evaluator ? elsewhere(evaluator, piece, at, work) : here(piece, at, work);
        at += 1;
        if (others) continue;
        const part = work.plain();
        others = part ? [structuredClone(part), structuredClone(part)].map((one) => new PartEvaluator(one)) : [];
      }
      for (const other of others ?? []) {
        const part = structuredClone(other.take());
        if (part === undefined) continue;
        done.parts += 1;
        work.join(part);
      }
    },
  };
}

const here = (piece: Frame, at: number, work: Work): Frame => whilePieceIsThere(piece, (own) => work.here(own, at));

function elsewhere(evaluator: PartEvaluator, piece: Frame, at: number, work: Work): Frame {
  const travelled = (frame: Frame): Frame => unpackedFrame(structuredClone(packedFrame(frame)));
  let made: Frame;
  try {
    made = whilePieceIsThere(travelled(piece), (own) => evaluator.rows(own));
  } catch {
    done.refused += 1;
    return here(piece, at, work);
  }
  done.elsewhere += 1;
  if (!evaluator.reduces) return travelled(made);
  try {
    evaluator.keep(made, at);
  } catch {
    throw new PartsDiffer();
  }
  return { ...made, length: 0, vectors: made.vectors.map(({ type }) => vectorOf(type, [])) };
}

function answer(query: string, tables: Iterable<Table | ReadTable>, options: Partial<EvaluateOptions> = {}): unknown {
  try {
    const result = evaluate(query, tables, { now, ...options });
    return { columns: result.columns, rows: logAnalyticsRows(result), exact: result.data };
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    return { error: error.message };
  }
}

const steps = [
  'where N > 0 or K == "a"',
  'where K has "a"',
  'where isnotempty(K) and I in (1, 3)',
  'where K in ((U | project K))',
  'where N between (0 .. 9007199254740992)',
  'where K matches regex "^[aA]"',
  'extend X = tolower(strcat(K, tostring(I))), Y = N + I',
  'extend K = iff(K == "", "none", K)',
  'extend n = toscalar(U | count)',
  'project K, N, I, R, B, At, D',
  'project-away B',
  'project-rename W = At | project-rename At = W',
  'mv-expand e = D to typeof(string) | project-away e',
  'parse K with * "a" rest | project-away rest',
  'summarize N = sum(N), I = take_any(I), R = sum(R), B = take_any(B), At = max(At), D = take_any(D) by K',
  'summarize arg_max(N, *) by K, I | project-rename N2 = N | extend N = N2 | project K, N, I, R, B, At, D',
  'summarize arg_min(R, At, D), N = dcount(N), B = take_any(B) by K, I | project K, N, I, R, B, At, D',
  'summarize take_any(*) by I | project K, N, I, R, B, At, D',
  'distinct *',
  'distinct K, N, I, R, B, At, I1 = I',
  'take 3',
  'top 3 by R asc nulls last',
  'top 4 by N',
  'top 2 by R desc nulls first',
  'top 2 by K asc',
  'top 3 by At desc',
  'sort by K asc, N desc | take 5',
  'sort by At asc nulls last, R desc',
  'join kind=inner (U | project K, M = N) on K',
  'join (U | project K, M = N) on K',
  'join kind=leftouter (U | project I, M = R) on I',
  'join kind=rightouter (U | project K, I, M = R) on K, I | project-away K1, I1',
  'join kind=fullouter (U | project N, M = R) on N | project-away N1',
  'join kind=leftsemi U on K, I',
  'join kind=leftanti U on N',
  'join kind=rightsemi U on K',
  'join kind=rightanti U on K',
  'lookup (U | summarize M = max(R) by K) on K',
  'union U',
  'union (U | where I == 1 | extend Z = 1)',
  'as S | union (S | where I == 2)',
  'sort by N asc | extend p = prev(N), q = row_number()',
  'serialize q = row_number()',
  'top-hitters 2 of K by I | extend N = 1, I = 1, R = 1.0, B = true, At = now(), D = dynamic(1)',
  'partition by K (top 1 by N)',
];
const ends = [
  '',
  '| count',
  '| summarize count(), countif(B), sum(N), avg(R), stdev(R), min(At), max(K), dcount(K), make_list(N), make_set(D), percentile(N, 50) by K',
  '| summarize percentiles(R, 5, 50, 95), avg(N), sumif(I, B), make_bag(D), binary_all_xor(I), variance(I)',
  '| summarize a = round(avg(I), 1) + count() by bin(At, 1h), I',
  '| summarize count(), countif(B), sum(N), avg(I), min(R), max(K), dcount(K), arg_max(R, *), take_any(K) by I',
  '| summarize arg_min(N, D), take_anyif(K, B), minif(At, B), dcountif(I, B), binary_all_or(I)',
  '| summarize by R, K',
  '| make-series c = count() default = 0 on At from datetime(2026-11-23) to datetime(2026-11-24) step 6h by K',
  '| getschema',
  '| search "a"',
  '| evaluate bag_unpack(D)',
  '| where I in (toscalar(T | summarize max(I)), 1) | project K, N',
];

describe('conditions that are joined by `and`', () => {
  const rows = Array.from({ length: 100 }, (_, n) => ({ N: n % 10, K: `k${n}` }));
  const table = tableFromRows('T', rows, { N: 'long', K: 'string' });

  it('are each asked of the rows that the one before left', () => {
    const looked: number[] = [];
    const frame = frameOf(table);
    const [numbers = vectorOf('long', []), texts = vectorOf('string', [])] = frame.vectors;
    const lateTexts = new LateVector('string', frame.length, (picked) => {
      looked.push(picked?.length ?? frame.length);
      return picked ? (pickVectors([texts], picked)[0] ?? texts) : texts;
    });
    const piece = { ...frame, vectors: [numbers, lateTexts] };
    const read: ReadTable = {
      name: 'T',
      columns: table.columns,
      empty: pick(frame, new Int32Array(0)),
      pieces: () => [piece],
    };
    const { data } = evaluate('T | where N == 3 and (K has "k13" and K != "k14")', [read], { now });
    expect(data).toEqual([[3], ['k13']]);
    // Once for each condition but the first, and once for the result.
    expect(looked).toEqual([10, 1, 1]);
  });

  it('look at the rows before where their order means something', () => {
    const query = 'T | order by K asc | where N == 3 and prev(N) == 2 and row_number() > 50 | project K';
    const order = rows.toSorted((a, b) => (a.K < b.K ? -1 : 1));
    const expected = order.filter(({ N }, i) => N === 3 && order[i - 1]?.N === 2 && i + 1 > 50);
    expect(expected.length).toBeGreaterThan(2);
    expect(evaluate(query, [table], { now }).data).toEqual([expected.map(({ K }) => K)]);
  });
});

describe('tables that are read piece by piece', () => {
  it('are answered as those in memory', () => {
    let answered = 0;
    const step = fc.constantFrom(...steps);
    fc.assert(
      fc.property(
        someRows,
        someRows,
        cuts,
        cuts,
        fc.array(step, { maxLength: 3 }),
        fc.constantFrom(...ends),
        (t, u, a, b, middle, end) => {
          const tables = [tableFromRows('T', t, types), tableFromRows('U', u, types)] as const;
          const query = `T ${middle.map((s) => `| ${s} `).join('')}${end}`;
          const expected = answer(query, tables);
          expect(answer(query, [cut(tables[0], a), cut(tables[1], b)]), query).toEqual(expected);
          const inParts = [shared(cut(tables[0], a)), shared(cut(tables[1], b))];
          expect(answer(query, inParts), `in parts: ${query}`).toEqual(expected);
          if (!Object.hasOwn(expected as object, 'error')) answered += 1;
        },
      ),
      { numRuns: 250 },
    );
    expect(answered).toBeGreaterThan(100);
    expect(done.parts).toBeGreaterThan(50);
    expect(done.elsewhere).toBeGreaterThan(10 * done.refused);
  });

  const t = tableFromRows(
    'T',
    [
      { K: 'a', N: 1 },
      { K: 'b', N: 2 },
      { K: 'a', N: 3 },
    ],
    types,
  );
  const queries = [
    'let x = T | where N > 1; x | join kind=inner (x | summarize n = count() by K) on K | project K, n',
    'let x = materialize(T | where N > 1); union x, (x | take 1)',
    'let f = (s:string) { T | where K == s }; f("a") | count',
    'let f = (s:string) { strcat(s, "1") }; let k = f("a"); T | where f(K) == k | summarize count() by x = f(f(K))',
    'let f = (s:string) { toscalar(T | where K == s | count) }; T | extend n = f("a"), m = f("b") | project n, m',
    'let s = T | where N > 1 | project K; T | where K in (s) | summarize sum(N) by K',
    'T | extend D = pack("n", N, "t", now(), "constructor", pack_array(K)) | take 3',
    'T | extend a = range(1, N) | mv-apply x = a to typeof(long) on (where x > 1 | summarize s = sum(x)) | project K, s',
    'T | extend r = series_stats(dynamic([1, 2])) | project-keep r*',
    'T | where K matches regex "(" | count',
    'union withsource=S T, (T | take 1) | summarize count() by S',
    'search in (T) "a" | project $table, N',
    'search "b"',
    "table('T') | where N == 2",
    'T | where N > toscalar(T | summarize avg(N)) | render timechart',
    'T | consume',
  ];
  it.each(queries)('also in: %s', (query) => {
    expect(answer(query, [cut(t, [1])])).toEqual(answer(query, [t]));
    expect(answer(query, [shared(cut(t, [1]))])).toEqual(answer(query, [t]));
  });

  it('are kept in memory only where all rows are needed at once', () => {
    const held = (query: string): number => {
      let rows = 0;
      answer(query, [cut(t, [1])], {
        hold: ({ frame }) => {
          rows += frame?.length ?? 0;
        },
      });
      return rows;
    };
    expect(held('T | where N > 1 | extend M = N | summarize count() by K')).toBe(0);
    expect(held('T | sort by N asc | take 1')).toBe(0);
    expect(held('T | top 1 by N | join (T | summarize n = count() by K) on K')).toBe(0);
    expect(held('T | sort by N asc | project K')).toBe(3);
    expect(held('T | where N > 1 | sort by N asc')).toBe(2);
    expect(held('T | summarize count() by K | join (T | where N > 2) on K')).toBe(1);
  });

  it('say how large they are before a row of them is read', () => {
    const told = (query: string): unknown =>
      answer(query, [{ ...cut(t, [1], 5_000), pieces: () => expect.fail('it was read') }], {
        hold: ({ about }) => {
          throw new KqlError('limit', `about ${about}`, []);
        },
      });
    for (const query of ['T | sort by N asc', 'T | extend M = N | sort by M asc', 'T | serialize']) {
      expect(told(query), query).toEqual({ error: 'about 5000' });
    }
  });
});

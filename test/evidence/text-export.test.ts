import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { type QueryRequest, type QueryResult, runQuery } from '../../src/evidence/run-query.ts';
import type { Tuning } from '../../src/evidence/sources-of.ts';
import { KqlError } from '../../src/kql/kqlerror.ts';

// Files of which only the beginning is known when their rows are read.

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-text-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;
async function file(content: string | Buffer, name = 'T.csv'): Promise<string> {
  made += 1;
  const path = join(folder, `${made}-${name}`);
  await writeFile(path, content);
  return path;
}

const ask = (query: string, path: string, more: Partial<QueryRequest> = {}): Promise<QueryResult> =>
  runQuery({ query, files: [evidenceFile(`T=${path}`)], now: 0, limit: 1000, ...more }, () => {});

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const cell = fc.constantFrom(
  '',
  '1',
  '-2',
  '007',
  '2.5',
  '9007199254740993',
  'true',
  'x',
  'a "b", c',
  'é😀\r\nz',
  '2026-11-23T02:14:09Z',
  '2026-11-23T02:14:09.1234567Z',
  '2026-02-30T00:00:00Z',
  '{"k":[1,"y"]}',
  '-0',
  // Texts that differ in some of their first or last bytes, of fewer than four, of four, and of more.
  'ab',
  'ac',
  'abcd',
  'abcde',
  'bbcde',
  'abcdf',
  'ABCDE\0',
);
const queries = [
  'T',
  'T | count',
  'T | project b, t = gettype(b)',
  'T | summarize n = count(), m = max(tostring(a)) by c',
  'T | where isnotempty(c) | take 2',
  'T | top 2 by tostring(a) desc | project a, b',
  'T | getschema | project ColumnName, ColumnType',
  'T | where b startswith "2"',
  'T | where a != "1" | project c, b',
  'T | where b !has "é" and isnotempty(c) | where a =~ "ABCDE" or c != "" | extend d = strcat(c, b) | project a, d',
  'T | where a in~ ("AB", "É😀\\r\\nZ") | summarize n = count() by b, c',
  'T | where b == "abcde" | join kind=leftouter (T | project a, z = b) on a',
  'T | sort by b asc, c desc | take 3',
  'T | top 2 by b asc nulls last',
  'T | top 3 by c desc nulls first | project c, a',
];

/** The answer, or the refusal. */
async function told(query: string, path: string, tuning: Tuning = {}): Promise<unknown> {
  try {
    const { columns, rows, total, files, notes } = await ask(query, path, tuning);
    return { columns, rows, total, sha256: files[0]?.sha256, notes };
  } catch (error) {
    if (error instanceof KqlError) return { refused: error.message };
    throw error;
  }
}

describe('a file that is read piece by piece', () => {
  it('is answered as one that is known as a whole, wherever it is cut: CSV', async () => {
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 3, max: 60 }), fc.constantFrom(...queries), async (cells, at, query) => {
        const text = `a,b,c\r\n${cells.map((row) => row.map(quoted).join(',')).join('\r\n')}`;
        const path = await file(text);
        const answer = await told(query, path, { bytesAtOnce: at });
        expect(answer).toEqual(await told(query, path));
        if (!Object.hasOwn(answer as object, 'refused'))
          expect(answer).toMatchObject({ sha256: createHash('sha256').update(text).digest('hex') });
      }),
      { numRuns: 60 },
    );
  });

  it('also JSON lines, whose columns may come late', async () => {
    const value = fc.oneof(
      cell,
      fc.constantFrom(1, 2.5, true, null, 5),
      fc.constant({ k: [1, 'y'] }),
      fc.constant(['x']),
    );
    const record = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), value);
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 3, max: 60 }),
        fc.constantFrom(...queries),
        async (records, at, query) => {
          const path = await file(records.map((r) => JSON.stringify(r)).join('\n'), 'T.jsonl');
          expect(await told(query, path, { bytesAtOnce: at })).toEqual(await told(query, path));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has the type that its last row makes necessary', async () => {
    const path = await file(`n,s,e\n${'1,a,\n'.repeat(50)}x,b,2026-11-23T02:14:09Z\n`);
    const { columns, rows } = await ask('T | where s == "b"', path, { bytesAtOnce: 16 });
    expect(columns.map((c) => c.type)).toEqual(['string', 'string', 'datetime']);
    expect(rows).toEqual([['x', 'b', '2026-11-23T02:14:09Z']]);
    // A filter that only texts can have is no error, though the beginning shows numbers.
    expect((await ask('T | where n startswith "x" | count', path, { bytesAtOnce: 16 })).rows).toEqual([[1]]);
  });

  it('may be UTF-16, or have a byte order mark, or lines that end with CR', async () => {
    const text = `n,s\r\n${'1,é😀\r\n'.repeat(20)}`;
    const expected = [['é😀', 20]];
    for (const content of [
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      Buffer.from(`\ufeff${text}`),
      Buffer.from(text.replaceAll('\r\n', '\r')),
    ]) {
      const path = await file(content);
      for (const bytesAtOnce of [5, 64, 4096])
        expect((await ask('T | summarize count() by s', path, { bytesAtOnce })).rows).toEqual(expected);
    }
  });

  it('is damaged where it is, by its line', async () => {
    const path = await file(`n,s\n${'1,"a\nb"\n'.repeat(20)}1,x"y\n`);
    await expect(ask('T | count', path, { bytesAtOnce: 16 })).rejects.toThrow('line 42: a quote inside');
    await expect(ask('T | count', await file(`n,s\n${'1,a\n'.repeat(20)}1\n`), { bytesAtOnce: 16 })).rejects.toThrow(
      'line 22: 1 fields where the header has 2',
    );
  });

  it('of a found file the rows before the damage are read', async () => {
    const path = await file(`n,s\n${'1,a\n'.repeat(20)}1,x"y\n1,z\n`);
    const files = [{ ...evidenceFile(`T=${path}`), found: true }];
    for (const bytesAtOnce of [16, 4096]) {
      const { rows, notes } = await ask('T | count', path, { files, bytesAtOnce });
      expect([rows, notes]).toEqual([
        [[20]],
        [`not read to its end: ${path}, line 22: a quote inside an unquoted field`],
      ]);
    }
  });

  it('has its whole digest, however little of it was needed', async () => {
    const text = `n\n${'1\n'.repeat(500)}`;
    const { rows, files } = await ask('T | take 1', await file(text), { bytesAtOnce: 16 });
    expect(rows).toEqual([[1]]);
    expect(files).toMatchObject([{ bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') }]);
  });
});

describe('a column of JSON', () => {
  const values = [
    '{"agent":"x","n":1}',
    '{"agent":"x","n":12345678901234567}',
    '{"agent":{"deep":[1,{"a":"b"}]},"constructor":{"n":1}}',
    '{"a\\u0067ent":"y","agent":"x \\"q\\""}',
    '{"agent":1,"agent":null}',
    '{}',
    '[1,{"agent":"in a list"}]',
    '{"n":"é😀"}',
    '',
  ];
  const text = (more: readonly string[]) =>
    `D,s\n${[...values, ...values.slice(0, 3), ...more].map((value) => `"${value.replaceAll('"', '""')}",1`).join('\n')}\n`;
  const asked = [
    ['extend x = D.agent', 'project x, gettype(x)'],
    ['extend x = tostring(parse_json(D).agent)', 'summarize count() by x'],
    ['where isnotnull(D.n) or tostring(D.agent.deep) has "b"', 'project s, D.constructor.n, todynamic(D).n'],
    ['extend x = D.agent, y = D', 'summarize count() by tostring(x), tostring(y)'],
  ];

  it('is what it is as a whole where members of it alone are asked for', async () => {
    // Under another name it is read as a whole.
    const whole = (step: string) => `extend E = D | project-away D | ${step.replace(/\bD\b/g, 'E')}`;
    for (const more of [[], ['no JSON'], ['{"agent":"x"']])
      for (const tuning of [{}, { bytesAtOnce: 64 }, { bytesAtOnce: 64, threads: 2 }]) {
        const path = await file(text(more));
        for (const [first = '', rest = ''] of tuning.threads || more.length > 0 ? asked.slice(1, 2) : asked) {
          const { rows, total } = await ask(`T | ${first} | ${rest}`, path, tuning);
          const other = await ask(`T | ${whole(first)} | ${whole(rest).replace(/^.*? \| .*? \| /, '')}`, path);
          expect({ rows, total }, `${first} | ${rest}`).toEqual({ rows: other.rows, total: other.total });
        }
      }
    const [[, shown] = []] = (await ask('T | take 1 | extend x = D.agent | project x, D', await file(text([])))).rows;
    expect(shown).toBe('{"agent":"x","n":1}');
  });

  it('may have cells longer than what is read of them at first', async () => {
    const long = JSON.stringify({ agent: 'x "y" '.repeat(2000), z: 1 });
    const path = await file(`s\n"${long.replaceAll('"', '""')}"\n"${long.replaceAll('"', '""')}"\n`);
    const { rows } = await ask('T | project n = strlen(tostring(s.agent)), z = s.z', path);
    expect(rows).toEqual([
      [12_000, '1'],
      [12_000, '1'],
    ]);
  });
});

describe('a file that several threads parse', () => {
  const rows = Array.from({ length: 1_500 }, (_, i) => [
    i % 7 === 0 ? '' : `k${i % 50}`,
    String(i % 11 === 0 ? 9007199254740993n : i),
    i % 13 === 0 ? 'é "quoted",\r\nline' : `text ${i}`,
    i % 5 === 0 ? '' : `2026-11-23T02:14:${String(i % 60).padStart(2, '0')}.1234567Z`,
    i % 3 === 0 ? '2.5' : '7',
  ]);
  const csvText = `k,n,s,t,r\r\n${rows.map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`;
  const lines = rows.map(([k, n, s, t, r]) => `{"k":"${k}","n":${n},"s":${JSON.stringify(s)},"t":"${t}","r":${r}}`);
  const asked = [
    'T | summarize count(), sum(n), min(s), max(t), avg(r), dcount(k)',
    'T | where k has "k7" or s contains "é" | project k, n, s, t, r',
    'T | summarize make_list(n, 20), take_any(s), arg_max(t, s) by k',
    'T | take 900 | summarize count(), max(s)',
    'T | extend d = parse_json(strcat("[", r, "]")) | mv-expand d to typeof(real) | top 5 by d desc, n asc | project n, d',
    'T | join kind=leftouter (T | summarize last = max(s) by k | take 20) on k | distinct k, last',
    'T | where strcat(k, "x") matches regex "k[1-3]x" | project n, d = pack("t", t, "constructor", pack_array(k))',
    'T | where k in ("k5", "k6") and n > 700 | project s, t, r | sort by s asc | take 7',
    'T | top 9 by n desc | project n, k, s',
    'T | top 6 by t asc nulls first | project t, k',
    'T | where s startswith "é" | summarize count() by k | top 3 by count_',
    'let b = toscalar(T | summarize max(n)); T | where n < b and k !in ((T | where r > 5 | distinct k | take 3)) | count',
  ];
  const inThreads = { bytesAtOnce: 4096, threads: 2 };

  it('is answered as by one', async () => {
    // The forms differ in how cells are made: a reduction, a filter and rows that become several show those of JSON.
    const [csvFile, jsonFile] = [await file(csvText), await file(lines.join('\n'), 'T.jsonl')];
    const ofJson = asked.filter((query) => /avg\(r\)|has "k7"|mv-expand/.test(query));
    expect(ofJson).toHaveLength(3);
    for (const [path, own] of [
      [csvFile, asked],
      [jsonFile, ofJson],
    ] as const)
      for (const query of own) expect(await told(query, path, inThreads), query).toEqual(await told(query, path));
  });

  it('is read by one where a thread has not memory enough', async () => {
    const path = await file(`n\n${Array.from({ length: 20 }, (_, i) => 400_000 + i).join('\n')}`);
    const query = 'T | extend a = range(1, n, 1) | summarize count(), sum(array_length(a))';
    const { rows, notes } = await ask(query, path, { bytesAtOnce: 64, threads: 1, threadMegabytes: 24 });
    expect([rows, notes]).toEqual([
      [[20, 8_000_190]],
      [`${path}: read without further threads, since one needed more than the 24 MB that it may take`],
    ]);
  });

  it('has the types of all of its rows, and its remarks and damage by their lines', async () => {
    const late = await file(`${csvText}k1,late,s,,1\r\n`);
    const query = 'T | where n == "late" or k == "k1" | summarize count(), max(n)';
    expect(await told(query, late, inThreads)).toEqual(await told(query, late));
    const extra = await file(`${lines.join('\n')}\n{"k":"k1","x":1}\n`, 'T.jsonl');
    expect(await told('T | where isnotnull(x) | project k, x', extra, inThreads)).toEqual(
      await told('T | where isnotnull(x) | project k, x', extra),
    );
    const damaged = await file(`${csvText}k1,5,a"b,,1\r\n${csvText}`);
    const message = await ask('T | count', damaged).catch((error: Error) => error.message);
    await expect(ask('T | count', damaged, inThreads)).rejects.toThrow(String(message));
    const found = { files: [{ ...evidenceFile(`T=${damaged}`), found: true }] };
    const whole = await ask('T | summarize count(), max(s)', damaged, found);
    expect(await ask('T | summarize count(), max(s)', damaged, { ...found, ...inThreads })).toEqual(whole);
    expect([whole.rows[0]?.[0], whole.notes.length]).toEqual([1500, 1]);
    const misfit = join(folder, 'SecurityEvent.csv');
    await writeFile(misfit, `EventID,Computer\n${'4625,a\n'.repeat(3000)}x,b\n4624,c\ny,d\n`);
    const counted = (tuning: Tuning) =>
      ask('SecurityEvent | summarize count() by EventID', misfit, { files: [evidenceFile(misfit)], ...tuning });
    expect(await counted(inThreads)).toEqual(await counted({}));
    const hunted = join(folder, 'DeviceEvents.csv');
    await writeFile(hunted, `TimeGenerated,DeviceName\n${'2026-11-23T02:14:09Z,a\n'.repeat(3000)}`);
    for (const tuning of [{}, inThreads]) {
      const query = 'DeviceEvents | where Timestamp == TimeGenerated | summarize count(), max(Timestamp)';
      const { rows: answer } = await ask(query, hunted, { files: [evidenceFile(hunted)], ...tuning });
      expect(answer).toEqual([[3000, '2026-11-23T02:14:09Z']]);
    }
    expect((await counted(inThreads)).notes).toEqual([
      `${misfit}: 2 values of EventID can be no int and count as missing (first in line 3002)`,
    ]);
  });
});

describe('memory', () => {
  const lines = Array.from({ length: 4_000 }, (_, i) => `${i},${`text ${i} `.repeat(20)}`).join('\n');

  it('is refused before a row is read where all rows are needed at once', async () => {
    const path = await file(`n,s\n${lines}\n`);
    const small = { memory: 200_000, bytesAtOnce: 4096 };
    for (const query of [
      'T | sort by n asc',
      'T | extend m = n | serialize',
      'let x = materialize(T); x | where s has "9" | count',
    ]) {
      await expect(ask(query, path, small), query).rejects.toThrow(
        /needs all of its rows at once: about \d+ kB, more than the \d+ kB/,
      );
    }
    await expect(ask('T | where n >= 0 | sort by n asc', path, small)).rejects.toThrow("The operator 'sort' needs all");
    for (const query of [
      'T | sort by n desc | take 1 | project n',
      'T | top 1 by n | project n',
      'T | summarize max(n)',
    ])
      expect((await ask(query, path, small)).rows, query).toEqual([[3999]]);
    expect((await ask('T | where n > 3990 | sort by n asc | count', path, small)).rows).toEqual([[9]]);
  });
});

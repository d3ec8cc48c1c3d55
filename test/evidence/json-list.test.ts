import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { JsonListEnds } from '../../src/evidence/json-list.ts';
import { recordList } from '../../src/evidence/record-lists.ts';
import { type QueryRequest, type QueryResult, runQuery } from '../../src/evidence/run-query.ts';

// JSON lists are read as lines are; both must give the same rows, wherever the list is cut.

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-json-list-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;
async function file(content: string | Buffer, name = 'T.json'): Promise<string> {
  made += 1;
  const path = join(folder, `${made}-${name}`);
  await writeFile(path, content);
  return path;
}

const ask = (query: string, path: string, more: Partial<QueryRequest> = {}): Promise<QueryResult> =>
  runQuery({ query, files: [evidenceFile(`T=${path}`)], now: 0, limit: 1000, ...more }, () => {});

/** The answer, or the refusal without its file. */
async function answer(path: string, more: Partial<QueryRequest> = {}): Promise<unknown> {
  try {
    const { columns, rows, total, tables } = await ask('T', path, more);
    return { columns, rows, total, tables };
  } catch (error) {
    return String(error).replace(path, '');
  }
}

const value = fc.oneof(
  fc.constantFrom(1, -2.5, true, null, 'x', '', '],[', '}{"a":1}', 'a\\"],', '\n\t', 'é😀\\', '2026-11-23T02:14:09Z'),
  fc.constantFrom({ k: [1, { y: '[' }], value: [1] }, ['x', [], {}], { records: [{}] }, []),
);
const record = fc.dictionary(fc.constantFrom('a', 'b', 'value', 'records', '__proto__'), value, { minKeys: 1 });
const blank = fc.constantFrom('', ' ', '\r\n', '\n\t');
const around = fc.constantFrom<[string, string]>(
  ['', ''],
  ['{"value":', '}'],
  ['{"@odata.context":"a]\\"b","x":0,\r\n"records" :', ',"nextLink":"{","n":{"value":[1]}}'],
  ['{"schema":[{"name":"a","type":"results\\":["}],"results":', '}'],
  ['{"Stats":{"n":[1]},"Schema":\n[{"Name":"a"}],"Results":', ',"results":[]}'],
);
const encoded = fc.constantFrom<(text: string) => Buffer>(
  (text) => Buffer.from(text),
  (text) => Buffer.from(`\ufeff${text}`),
  (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
);

describe('a JSON list', () => {
  it('has the rows of the same records as JSON lines, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 7 }),
        blank,
        around,
        encoded,
        fc.integer({ min: 2, max: 60 }),
        fc.constantFrom(undefined, 1),
        async (records, white, [before, after], bytesOf, bytesAtOnce, indent) => {
          const elements = records.map((one) => JSON.stringify(one, undefined, indent));
          const list = `${white}${before}${white}[${white}${elements.join(`${white},${white}`)}${white}]${white}${after}${white}`;
          const lines = await file(records.map((one) => JSON.stringify(one)).join('\n'), 'T.jsonl');
          const path = await file(bytesOf(list));
          const expected = await answer(lines);
          expect(await answer(path)).toEqual(expected);
          expect(await answer(path, { bytesAtOnce })).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('in an object is the one that is found in the object as a whole', () => {
    const names = fc.constantFrom('records', 'value', 'results', 'schema', 'Results', 'Schema', 'x');
    const member = fc.tuple(names, fc.oneof(fc.array(record, { maxLength: 2 }), value));
    fc.assert(
      fc.property(fc.uniqueArray(member, { selector: ([name]) => name }), (members) => {
        const bytes = Buffer.from(JSON.stringify(Object.fromEntries(members)));
        const ends = new JsonListEnds();
        for (let length = 1; length <= bytes.length; length++) ends.last(bytes, length);
        const list = recordList(new Map(members));
        expect(ends.hasList).toBe(list !== undefined);
        if (!list || ends.fault) return;
        const lines = bytes.toString().split('\n');
        expect(lines.map((line) => line.trim()).filter((line) => line !== '')).toEqual(
          list.map((one) => JSON.stringify(one)),
        );
      }),
    );
  });

  it('named results is that of the records behind a schema alone', async () => {
    const results = [{ a: 1 }, { a: 2 }];
    const schema = [{ name: 'a' }];
    expect((await ask('T', await file(JSON.stringify({ schema, results })))).rows).toEqual([[1], [2]]);
    for (const other of [{ results, schema }, { schema: 'a', results }, { Schema: schema, results }, { results }])
      await expect(ask('T', await file(JSON.stringify(other)))).rejects.toThrow('neither a list of objects');
  });

  it('keeps the digits of long numbers, and says in which element a value can be none of its type', async () => {
    const path = join(folder, 'SecurityEvent.json');
    await writeFile(path, '[{"EventID":4625,"n":9007199254740993},\n{"EventID":"x"}]');
    const { rows, notes } = await ask('SecurityEvent | project EventID, n', path, { files: [evidenceFile(path)] });
    expect(rows).toEqual([
      [4625, '9007199254740993'],
      [null, null],
    ]);
    expect(notes).toEqual([`${path}: 1 value of EventID can be no int and counts as missing (first in element 2)`]);
  });

  it('that is torn is refused with the byte, and one that was found is read up to there', async () => {
    for (const [text, why] of [
      ['[{"a":1},{"a":2},{"a', 'its end is missing: it ends within element 3, at byte 20'],
      ['[{"a":1},{"a":2}', 'its end is missing: it ends after element 2, at byte 16'],
      ['{"value":[{"a":1},{"a":2}]', 'its end is missing, behind its list, at byte 26'],
      ['[{"a":1},{"a":2},]', 'element 3 is missing, at byte 17'],
      ['[{"a":1},{"a":2}] [', 'something follows on its end, at byte 18'],
      ['[{"a":1},{"a":2},{"a":"x\n"}]', 'a text of element 3 is not closed, at byte 24'],
      ['{"value":[{"a":1},{"a":2}],"records":[]}', 'it has more than one list of records, at byte 37'],
    ] as const) {
      const path = await file(text);
      await expect(ask('T', path), text).rejects.toThrow(`${path}: ${why}`);
      for (const bytesAtOnce of [3, 4096]) {
        const files = [{ ...evidenceFile(`T=${path}`), found: true }];
        const { rows, notes } = await ask('T', path, { files, bytesAtOnce });
        expect([rows, notes]).toEqual([[[1], [2]], [`not read to its end: ${path}: ${why}`]]);
      }
    }
    await expect(ask('T', await file('[{"a":1},{"a":}]'))).rejects.toThrow('element 2: this element is no JSON object');
  });

  it('is read by several threads as by one', async () => {
    const records = Array.from({ length: 900 }, (_, i) => ({ n: i, s: `text ${i % 40}`, d: { k: [i % 7] } }));
    const path = await file(JSON.stringify(records, undefined, 1));
    for (const query of [
      'T | summarize count(), sum(n), max(s) by k = tostring(d.k[0])',
      'T | where s has "7" | project n',
    ])
      expect((await ask(query, path, { bytesAtOnce: 2048, threads: 2 })).rows).toEqual((await ask(query, path)).rows);
  });
});

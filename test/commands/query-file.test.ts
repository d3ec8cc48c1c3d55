import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOut, writeAnswer } from '../../src/commands/query-file.ts';
import type { QueryDocument } from '../../src/documents/query.ts';
import { Failure } from '../../src/failure.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-out-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const answer = (more: Partial<QueryDocument> = {}): QueryDocument => ({
  schema: 'cordon.kql/1',
  query: 'T',
  now: '2026-11-23T02:00:00.000Z',
  source: {},
  columns: [
    { name: 'Time', type: 'datetime' },
    { name: 'Who', type: 'string' },
    { name: 'Count', type: 'long' },
    { name: 'Share', type: 'real' },
    { name: 'Ok', type: 'bool' },
  ],
  rows: [
    ['2026-11-23T02:00:00.1234567Z', '=cmd()', '9007199254740993', 0.5, true],
    [null, null, null, null, null],
  ],
  total: 2,
  notes: [],
  ...more,
});

async function written(name: string, document = answer()) {
  const { line, notes } = await writeAnswer(document, join(folder, name));
  const file = /to (.*) · \d+ bytes/.exec(line)?.[1] ?? '';
  const bytes = await readFile(file);
  expect(line).toContain(createHash('sha256').update(bytes).digest('hex'));
  return { file, bytes, notes };
}

describe('an answer in a file', () => {
  it('is read back from Parquet with all its digits', async () => {
    const { bytes, notes } = await written('answer.parquet');
    const rows = await parquetReadObjects({
      file: toArrayBuffer(bytes),
      parsers: { timestampFromNanoseconds: (nanoseconds: bigint) => String(nanoseconds) },
    });
    expect(rows).toEqual([
      { Time: '1795399200123456700', Who: '=cmd()', Count: 9007199254740993n, Share: 0.5, Ok: true },
      { Time: null, Who: null, Count: null, Share: null, Ok: null },
    ]);
    expect(notes).toEqual([]);
    const early = answer({ rows: [['0001-01-01T00:00:00.0000000Z', 'x', 1, 1, true]], total: 1 });
    expect((await written('early.parquet', early)).notes[0]).toContain('Time is written as text');
    expect(
      await parquetReadObjects({ file: toArrayBuffer((await written('none.parquet', answer({ rows: [] }))).bytes) }),
    ).toEqual([]);
  });

  it('is a workbook of texts and numbers, without a formula', async () => {
    const { file } = await written('answer.xlsx');
    const sheet = await promisify(execFile)(process.execPath, ['-e', unzip, file]);
    expect(sheet.stdout).toContain('=cmd()');
    expect(sheet.stdout).not.toContain('<f>');
    expect(sheet.stdout).toContain('<v>0.5</v>');
    const long = answer({ rows: [[null, 'x'.repeat(40_000), null, null, null]] });
    expect((await written('long.xlsx', long)).notes[0]).toContain('1 cell cut');
  });

  it('is CSV, JSON lines, or JSON', async () => {
    expect((await written('answer.csv')).bytes.toString().split('\r\n')[1]).toContain(`'=cmd()`);
    expect(JSON.parse((await written('answer.jsonl')).bytes.toString().split('\n')[1] ?? '')).toEqual({
      Time: null,
      Who: null,
      Count: null,
      Share: null,
      Ok: null,
    });
    expect(JSON.parse((await written('answer.json')).bytes.toString())).toMatchObject({ schema: 'cordon.kql/1' });
  });

  it('has each text whole in CSV and in a workbook, and says where one is not as it was read', async () => {
    const texts = ['y'.repeat(32_500), 'one\ntwo\tthree', 'ad\u0000m\u202ein', '_x0041_\r\n'];
    const document = answer({ rows: texts.map((text) => [null, text, null, null, null]), total: texts.length });
    const { bytes, notes } = await written('whole.csv', document);
    expect(bytes.toString()).toBe(
      `Time,Who,Count,Share,Ok\r\n,${texts[0]},,,\r\n,"one\ntwo\tthree",,,\r\n,ad<U+0000>m<U+202E>in,,,\r\n,"_x0041_\r\n",,,\r\n`,
    );
    expect(notes).toEqual([expect.stringContaining('1 text has characters by their numbers')]);
    const sheet = await promisify(execFile)(process.execPath, [
      '-e',
      unzip,
      (await written('whole.xlsx', document)).file,
    ]);
    for (const text of [
      texts[0] ?? '',
      'one\ntwo\tthree',
      'ad&lt;U+0000&gt;m&lt;U+202E&gt;in',
      '_x005F_x0041__x000D_\n',
    ])
      expect(sheet.stdout).toContain(`>${text}<`);
  });

  it('is a chart where render asks for one', async () => {
    const chart = answer({ visualization: { kind: 'timechart', yColumns: ['Share'] } });
    expect((await written('answer.svg', chart)).bytes.toString()).toContain('<svg');
    await expect(writeAnswer(answer(), join(folder, 'none.svg'))).rejects.toThrow(/ends in render/);
    const tree = answer({ visualization: { kind: 'treemap' } });
    await expect(writeAnswer(tree, join(folder, 'tree.svg'))).rejects.toThrow(/treemap is not drawn/);
  });

  it('replaces no file, and keeps no secret', async () => {
    const name = join(folder, 'there.csv');
    await writeFile(name, 'mine');
    const secret = answer({
      rows: [[null, `https://x.blob.core.windows.net/a?sig=${'A'.repeat(43)}%3D`, null, null, null]],
    });
    const { file, bytes } = await written('there.csv', secret);
    expect(file).toBe(join(folder, 'there-2.csv'));
    expect(await readFile(name, 'utf8')).toBe('mine');
    expect(bytes.toString()).not.toContain('AAAA');
  });

  it('is told by name where it cannot be written', async () => {
    await writeFile(join(folder, 'plain'), '');
    const inside = join(folder, 'plain', 'answer.csv');
    await expect(writeAnswer(answer(), inside)).rejects.toThrow(
      `${inside} cannot be written: a part of its path is no folder`,
    );
  });

  it('needs a known ending', () => {
    for (const name of ['answer', 'answer.doc', 'answer.constructor']) expect(() => checkOut(name)).toThrow(Failure);
    expect(() => checkOut('Answer.CSV')).not.toThrow();
  });
});

const toArrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Prints the XML of a workbook's parts: reads the archive's directory and inflates each member, with Node alone. */
const unzip = `
const { readFileSync } = require('node:fs');
const { inflateRawSync } = require('node:zlib');
const b = readFileSync(process.argv[1]);
let at = b.readUInt32LE(b.lastIndexOf(Buffer.from('PK\\u0005\\u0006')) + 16);
while (b.toString('latin1', at, at + 4) === 'PK\\u0001\\u0002') {
  const [method, size, name, extra, comment] = [b.readUInt16LE(at + 10), b.readUInt32LE(at + 20), b.readUInt16LE(at + 28), b.readUInt16LE(at + 30), b.readUInt16LE(at + 32)];
  const local = b.readUInt32LE(at + 42);
  const start = local + 30 + b.readUInt16LE(local + 26) + b.readUInt16LE(local + 28);
  const data = b.subarray(start, start + size);
  console.log((method === 8 ? inflateRawSync(data) : data).toString());
  at += 46 + name + extra + comment;
}
`;

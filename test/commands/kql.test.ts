import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KqlFlags, kql } from '../../src/commands/kql.ts';
import { memorySize } from '../../src/commands/memory-size.ts';
import { readingLine } from '../../src/commands/reading-line.ts';
import { queryDocument } from '../../src/documents/query.ts';
import { Failure } from '../../src/failure.ts';
import { cordon } from '../e2e/cordon.ts';
import { begunCase } from './begun-case.ts';
import { capture } from './capture.ts';

let folder = '';
let csv = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-kql-'));
  csv = join(folder, 'Logs.csv');
  await writeFile(csv, `n,who\n1,ann\n-2,"=cmd|' /C calc'!A0"\n3,"a, ""b"""\n4,\u001b[2Jx\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(query: string, flags: KqlFlags, stdin: string[] = []) {
  const { streams, out, err } = capture();
  async function* typed() {
    yield* stdin;
  }
  const code = await kql(query, flags, streams, typed());
  return { code, stdout: out(), stderr: err() };
}

const told = (query: string, flags: KqlFlags): Promise<string> =>
  run(query, flags).then(
    () => expect.fail('no error'),
    (error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      expect(error.exitCode).toBe(2);
      return error.message;
    },
  );

describe('cordon kql', () => {
  it('asks one query of a text that holds several', async () => {
    const text = 'Logs\n| where n == 1\n\n// the others\nLogs // all\n| where n > 1\n| project m\n';
    const file = join(folder, 'several.kql');
    await writeFile(file, text);
    expect(await told(`@${file}`, { evidence: [csv] })).toBe(
      'the text holds 2 queries, divided by empty lines; --part says which to ask:\n  --part 1  line 1: Logs\n  --part 2  line 5: Logs',
    );
    expect((await run(`@${file}`, { evidence: [csv], part: 1, csv: true })).stdout).toBe('n,who\r\n1,ann\r\n');
    expect(await told(`@${file}`, { evidence: [csv], part: 2 })).toMatch(/^line 7, column 11: /);
    expect(await told(`@${file}`, { evidence: [csv], part: 3 })).toContain('--part 2  line 5');
    expect(await told('Logs | take 1', { evidence: [csv], part: 1 })).toContain('one query');
  });

  it('prints a table, without what would drive a terminal', async () => {
    const { stdout, code } = await run('Logs | project n, who | sort by n asc', { evidence: [csv] });
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        ' n  who',
        '──  ──────────────────',
        "-2  =cmd|' /C calc'!A0",
        ' 1  ann',
        ' 3  a, "b"',
        ' 4  x',
        '',
        '4 rows',
        '',
      ].join('\n'),
    );
    const cutTo = await run('Logs | sort by n asc | project n', { evidence: [csv], limit: 1 });
    expect(cutTo.stdout).toContain('1 row of 4 rows; --limit shows more');
  });

  it('leaves out columns without a value where there are many', async () => {
    const wide = join(folder, 'SecurityEvent.csv');
    await writeFile(wide, 'EventID,Account\n4625,HOST\\ann\n');
    const { stdout } = await run('SecurityEvent', { evidence: [wide] });
    expect(stdout).toMatch(/^Account +EventID\n/);
    expect(stdout).toMatch(/1 row · \d{3} columns without a value not shown\n$/);
    const none = await run('SecurityEvent | where EventID == 1 | project EventID', { evidence: [wide] });
    expect(none.stdout).toBe('EventID\n───────\n\n0 rows\n');
  });

  it('prints a document of its own schema', async () => {
    const { stdout } = await run('Logs | summarize total = sum(n), count() by bin(n, 10)', {
      evidence: [csv],
      json: true,
      now: '2026-11-23T00:00:00Z',
    });
    const document = queryDocument.parse(JSON.parse(stdout));
    const whole = await readFile(csv);
    const [bytes, sha256] = [whole.length, createHash('sha256').update(whole).digest('hex')];
    expect(document).toMatchObject({
      schema: 'cordon.kql/1',
      now: '2026-11-23T00:00:00.000Z',
      source: { files: [{ path: csv, bytes, sha256 }], tables: [{ name: 'Logs', rows: 4 }] },
      columns: [
        { name: 'n', type: 'long' },
        { name: 'total', type: 'long' },
        { name: 'count_', type: 'long' },
      ],
      rows: [
        [0, 8, 3],
        [-10, -2, 1],
      ],
      total: 2,
    });
  });

  it('names the first files of a folder that are copies, and counts the others', async () => {
    const copies = await mkdtemp(join(tmpdir(), 'cordon-copies-'));
    for (let i = 1; i <= 6; i++) {
      const line = {
        TimeGenerated: '2026-11-23T02:00:00Z',
        EventID: 4625,
        Computer: 'web01',
        IpAddress: '203.0.113.9',
      };
      await writeFile(join(copies, `SecurityEvent${i}.jsonl`), `${JSON.stringify(line)}\n`);
    }
    const { stdout, stderr } = await run('SecurityEvent | count', { evidence: [copies], json: true });
    await rm(copies, { recursive: true });
    expect(JSON.parse(stdout).rows).toEqual([[1]]);
    expect(stderr.match(/read once/g)).toHaveLength(4);
    expect(stderr).toContain('2 more files with the bytes of another, read once');
  });

  it('prints CSV that no spreadsheet runs', async () => {
    const { stdout, stderr } = await run('Logs | project n, who', { evidence: [csv], csv: true });
    expect(stdout).toBe(`n,who\r\n1,ann\r\n-2,'=cmd|' /C calc'!A0\r\n3,"a, ""b"""\r\n4,<U+001B>[2Jx\r\n`);
    expect(stderr).toContain('1 text that a spreadsheet would run has an apostrophe in front');
    expect(stderr).toContain('1 text has characters by their numbers');
    const cutTo = await run('Logs', { evidence: [csv], csv: true, limit: 2 });
    expect(cutTo.stderr).toContain('2 of 4 rows were written');
  });

  it('reads the query from a file or from standard input', async () => {
    const file = join(folder, 'q.kql');
    await writeFile(file, '\ufeff// failures\nLogs | count');
    expect((await run(`@${file}`, { evidence: [csv] })).stdout).toContain('4');
    expect((await run('-', { evidence: [csv] }, ['Logs ', '| count'])).stdout).toContain('4');
  });

  it('takes a size of memory', async () => {
    expect((await run('Logs | count', { evidence: [csv], memory: '512M' })).stdout).toContain('4');
    for (const memory of ['1M', 'much', '-2G', '']) {
      expect(await told('Logs | count', { evidence: [csv], memory })).toContain('--memory takes a size such as 2G');
    }
    expect(['1g', '1.5 GB', '512MiB'].map(memorySize)).toEqual([2 ** 30, 1.5 * 2 ** 30, 2 ** 29]);
  });

  it('says how far the reading is, how fast, and how long it will take', () => {
    expect(readingLine({ bytes: 4e9, of: 10e9 }, 20)).toBe(
      '  reading ████████░░░░░░░░░░░░ 40 % of 10.0 GB · 200 MB/s · 0:30 left',
    );
    expect(readingLine({ bytes: 0, of: 50e6 }, 0)).toBe('  reading ░░░░░░░░░░░░░░░░░░░░ 0 % of 50 MB · 0 MB/s');
  });

  it('marks the faults of a query', async () => {
    expect(await told('Logs\n|\twhere nope == 3 and Nay > 1', { evidence: [csv] })).toBe(
      [
        'line 2, column 9: The name ’nope’ does not refer to any known column, table, variable or function. (KS142)'.replaceAll(
          '’',
          "'",
        ),
        '  | where nope == 3 and Nay > 1',
        '          ^^^^',
        "line 2, column 23: The name 'Nay' does not refer to any known column, table, variable or function. (KS142)",
        '  | where nope == 3 and Nay > 1',
        '                        ^^^',
      ].join('\n'),
    );
    // Names of KQL have a case: the nearest that fits there is in the message.
    expect(await told('Logs | where Who == "ann"', { evidence: [csv] })).toContain('function. Nearest: who. (KS142)');
    expect(await told('Log | count', { evidence: [csv] })).toContain('Nearest: Logs. The evidence has Logs.');
    const link = join(folder, 'zero.csv');
    await symlink('/dev/zero', link);
    expect(await told('zero | count', { evidence: [csv, link] })).toContain(`Not read: ${link}: it is not a file.`);
    expect(await told('Logs | extend x = current_principal()', { evidence: [csv] })).toContain(
      "line 1, column 19: The function 'current_principal()' is not supported by this evaluator.\n  Logs | extend x = current_principal()\n                    ^",
    );
  });

  it('says what is wrong with its options and its evidence', async () => {
    expect(await told('Logs', {})).toContain('--evidence');
    expect(await told(' ', { evidence: [csv] })).toBe('the query is empty');
    expect(await told('Logs', { evidence: [csv], vm: 'web01' })).toContain('exclude each other');
    expect(await told('Logs', { evidence: [csv], now: 'soon' })).toContain('--now takes a time');
    expect(await told('Logs', { evidence: [join(folder, 'no.csv')] })).toBe(
      `${join(folder, 'no.csv')}: there is no such file`,
    );
    const empty = await run('Logs | where now() < ago(1d)', { evidence: [csv] });
    expect(empty.stderr).toContain('note: now() is ');
  });

  it('asks Log Analytics about a VM', async () => {
    const { stdout, stderr } = await run('SecurityEvent | where EventID == 4625 | summarize count() by Computer', {
      demo: true,
      vm: 'web01',
      csv: true,
    });
    expect(stdout).toMatch(/^Computer,count_\r\nweb01[^,]*,\d{3,}\r\n$/i);
    expect(stderr).toContain('of the last 24 hours');
  });

  it('enters the query, the files and the answer into a case', async () => {
    const begun = await begunCase();
    await run('Logs | count', { evidence: [csv, `Again=${csv}`], ...begun.flags });
    const [files, query, ...more] = await begun.entries('fact', 'query');
    const sha256 = createHash('sha256')
      .update(await readFile(csv))
      .digest('hex');
    expect(files?.body).toMatchObject({ name: 'evidence files', summary: expect.stringContaining(sha256) });
    // One file is listed once, under however many names it is read.
    expect(String(files?.body.summary).split(sha256)).toHaveLength(2);
    const evidence = { file: expect.stringContaining('query'), sha256: query?.body.sha256 };
    expect(query?.body).toMatchObject({ service: 'evidence files', text: 'Logs | count', rows: 1, evidence });
    expect(more).toEqual([]);
    expect(await begun.verify()).toMatchObject({ ok: true, evidence: 2 });
    await expect(run('Logs', { evidence: [csv], ...begun.flags, case: 'not-there' })).rejects.toMatchObject({
      name: 'CaseNotFoundError',
    });
  });

  it('enters what Log Analytics answered, and what it refused', async () => {
    const begun = await begunCase();
    const into = ['--demo', '--vm', 'web01', '--case', begun.flags.case, '--cases', begun.flags.cases];
    const query = 'SecurityEvent | where EventID == 4625 | take 3';
    expect(await cordon(['kql', query, ...into])).toMatchObject({ code: 0 });
    expect(await cordon(['kql', 'SecurityEvnt', ...into])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^cordon: line 1, column 1: Log Analytics: .*'SecurityEvnt'\. Nearest: SecurityEvent\.\n/,
      ),
    });
    const [answered, refused, ...more] = (await begun.entries('query')).map(({ body }) => body);
    expect(answered).toMatchObject({
      service: 'Log Analytics',
      rows: 3,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(answered?.evidence).toMatchObject({ file: expect.stringContaining('query') });
    expect(refused).toMatchObject({ text: 'SecurityEvnt', rows: null, error: expect.stringMatching(/^400 /) });
    expect(more).toEqual([]);
  });
});

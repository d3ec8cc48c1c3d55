import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isOpen, promptForQueries } from '../../src/commands/kql-prompt.ts';
import { onOneLine, readHistory, writeHistory } from '../../src/commands/query-history.ts';
import { Failure } from '../../src/failure.ts';
import { completionAt } from '../../src/kql/completion.ts';
import { program as cordonProgram } from '../e2e/cordon.ts';
import { TerminalProgram } from '../e2e/terminal.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-prompt-'));
  await writeFile(
    join(folder, 'Logs.csv'),
    `n,who\n${Array.from({ length: 60 }, (_, i) => `${i},ann${i}`).join('\n')}\n`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a question', () => {
  it.each([
    ['T | where a == 1', false],
    ['T |', true],
    ['T | where x in (1,', true],
    ['T | where x == "("', false],
    ["T | where x == '\\'('", false],
    ['T // (', false],
    ["T | where p == @'C:\\' and q == '('", false],
    ['print ```a', true],
    ['print ```a\nb```', false],
    ['T \\', true],
    ['print "a |"', false],
  ])('%s goes on in the next line: %s', (text, open) => {
    expect(isOpen(text)).toBe(open);
  });
});

describe('completion', () => {
  const tables = [{ name: 'Logs', columns: [{ name: 'Who', type: 'string' as const }] }];
  const at = (text: string) => completionAt(text, text.length, tables);

  it('offers tables, operators, columns and functions that begin so', () => {
    expect(at('Lo').texts).toEqual(['Logs | ']);
    expect(at('Logs | summ').texts.map((text) => text.trim())).toContain('summarize');
    expect(at('Logs | where wh')).toMatchObject({ start: 13 });
    expect(at('Logs | where wh').texts.map((text) => text.trim())).toContain('Who');
    expect(at('Logs | where strc').texts.some((text) => text.startsWith('strcat('))).toBe(true);
    expect(at('((((').texts).toBeInstanceOf(Array);
  });
});

describe('earlier questions', () => {
  it('are kept without secrets, for their owner alone, each once', async () => {
    const file = join(folder, 'deep', 'history.jsonl');
    const sas = `x?sig=${'A'.repeat(43)}%3D`;
    await writeHistory(file, ['T | count', `print "${sas}"`, 'T | count']);
    expect(readHistory(file)[0]).toBe('T | count');
    expect(readHistory(file)).toHaveLength(2);
    expect(await readFile(file, 'utf8')).not.toContain('AAAA');
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeHistory(file, ['T | take 1']);
    expect(readHistory(file).slice(0, 2)).toEqual(['T | take 1', 'T | count']);
    await writeFile(file, 'not JSON\n"T | take 2"\n');
    expect(readHistory(file)).toEqual(['T | take 2']);
  });

  it.each([
    ['T // all of it\n| take 1', 'T | take 1'],
    ['T\n| where a == "http://x" // y', 'T | where a == "http://x"'],
    ["T | where a == @'C:\\' // it's\n| take 1", "T | where a == @'C:\\' | take 1"],
    ['print ```a\nb```', undefined],
  ])('are recalled on one line: %j', (question, line) => {
    expect(onOneLine(question)).toBe(line);
  });
});

describe('cordon kql without a query', () => {
  it('says what is wrong in a terminal that does not know its size, too', async () => {
    vi.stubEnv('CORDON_KQL_HISTORY', join(folder, 'sizeless.jsonl'));
    const [input, output] = [new PassThrough(), new PassThrough({ encoding: 'utf8' })];
    let shown = '';
    output.on('data', (text) => {
      shown += text;
    });
    const parts = {
      title: 'nothing',
      ask: () => Promise.reject(new Failure('line 1, column 1: no such table')),
      complete: () => Promise.reject(new Error('none')),
      drawn: () => '',
    };
    const ended = promptForQueries(parts, {
      input: Object.assign(input, { isTTY: true, setRawMode: () => input }) as unknown as ReadStream,
      output: Object.assign(output, { isTTY: true, columns: 0, rows: 0 }) as unknown as WriteStream,
    });
    input.write('T\r');
    await vi.waitFor(() => expect(shown).toContain('no such table'));
    input.write(':help\r');
    await vi.waitFor(() => expect(shown).toContain('ends the prompt'));
    input.write(':quit\r');
    expect(await ended).toBe(0);
    vi.unstubAllEnvs();
  });

  it('asks, completes, pages, shows the place of an error, and ends', async () => {
    const program = new TerminalProgram(
      process.execPath,
      [cordonProgram, 'kql', '--evidence', join(folder, 'Logs.csv')],
      {
        columns: 90,
        rows: 20,
        env: { CORDON_KQL_HISTORY: join(folder, 'history.jsonl') },
      },
    );
    await program.until('kql>', 60_000);
    program.type('Logs | where Nope == 1\r');
    await program.until("The name 'Nope' does not refer", 60_000);
    await program.until('^^^^', 60_000);
    program.type('Logs | proj');
    await program.until('proj', 60_000);
    program.type('\t');
    await program.until('project', 60_000);
    program.type('\u0015Logs | project who\r');
    await program.until(/18 of 64 lines/, 60_000);
    program.type(' ');
    await program.until('ann30', 60_000);
    program.type('q');
    await program.until(/kql>\s*$/, 60_000);
    program.type('Logs\r\n| where n > 57\r\n| project who\r');
    await program.until('2 rows', 60_000);
    program.type(':quit\r');
    expect((await program.exited).exitCode).toBe(0);
    expect(readHistory(join(folder, 'history.jsonl'))[0]).toBe('Logs\n| where n > 57\n| project who');
  });
});

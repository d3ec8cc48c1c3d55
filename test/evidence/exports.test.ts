import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlockCells } from '../../src/evidence/block-cells.ts';
import { CellMemory } from '../../src/evidence/cell-memory.ts';
import { CsvRecords } from '../../src/evidence/csv.ts';
import { EvidenceError } from '../../src/evidence/evidence-error.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { fileBlocks, RecordBlocks } from '../../src/evidence/record-blocks.ts';
import { type QueryResult, runQuery } from '../../src/evidence/run-query.ts';
import { KqlError } from '../../src/kql/kqlerror.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-evidence-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function file(content: string | Buffer, ending = 'csv'): Promise<string> {
  count += 1;
  const path = join(folder, `f${count}.${ending}`);
  await writeFile(path, content);
  return path;
}

const ask = (query: string, ...files: string[]): Promise<QueryResult> =>
  runQuery({ query, files: files.map(evidenceFile), now: Date.parse('2026-11-23T12:00:00Z'), limit: 1000 }, () => {});

/** The fields of a file that is read so many bytes at a time. */
async function fields(content: string, bytesAtOnce = 7): Promise<string[][]> {
  const path = await file(content);
  const [blocks, records] = [new RecordBlocks(path, 'csv'), new CsvRecords(path)];
  const found: string[][] = [];
  const take = (block: Buffer | undefined): void => {
    for (let at = 0; block && at < block.length; ) {
      const cells: string[] = [];
      at = records.next(block, at, (_place, bytes, from, to) => cells.push(bytes.toString('utf8', from, to)));
      if (records.cells > 0) found.push(cells);
    }
  };
  for (const { bytes } of fileBlocks(path, bytesAtOnce)) take(blocks.add(bytes, records.line));
  take(blocks.end());
  return found;
}

const memory = new CellMemory();

/** The cells of the columns of a block, by rows. */
const textsOf = (cells: BlockCells, columns: number): string[][] => {
  const all = Array.from({ length: columns }, (_, slot) => cells.column(slot));
  return Array.from({ length: cells.found }, (_, row) =>
    all.map(({ memory, spans, each }) => {
      const at = spans + row * each;
      const end = memory.functions.single(at);
      return memory.bytes.toString('utf8', memory.words[at >> 2], end);
    }),
  );
};

interface Records {
  rows: string[][];
  lines: number[];
  /** The line after them, or what is wrong with the next. */
  end: string | number;
}

/** The records of two cells of a text. */
function recordByRecord(text: string, separator = ','): Records {
  const block = Buffer.from(text);
  const records = new CsvRecords('f', separator.charCodeAt(0));
  const [rows, lines]: [string[][], number[]] = [[], []];
  try {
    for (let at = 0; at < block.length; ) {
      const row: string[] = [];
      at = records.next(block, at, (_place, bytes, from, to) => row.push(bytes.toString('utf8', from, to)));
      if (records.cells === 0) continue;
      if (row.length !== 2)
        throw new EvidenceError('f', `${row.length} fields where the header has 2`, { line: records.began });
      rows.push(row);
      lines.push(records.began);
    }
  } catch (error) {
    return { rows, lines, end: String(error) };
  }
  return { rows, lines, end: records.line };
}

/** The same, found together. */
function inBlock(text: string, separator = ','): Records {
  const cells = new BlockCells('f', memory, [0, 1], separator.charCodeAt(0));
  let end: string | number;
  try {
    end = cells.find(Buffer.from(text), 1);
  } catch (error) {
    end = String(error);
  }
  return { rows: textsOf(cells, 2), lines: [...cells.column(0).lines], end };
}

describe('tables that Microsoft documents', () => {
  it('have the documented types and columns, whatever an export holds', async () => {
    const csv =
      'TimeGenerated,UserPrincipalName,ResultType,Status\n2026-11-23T01:00:00Z,a@b.c,50126,"{""errorCode"": 50126}"\n';
    const path = join(folder, 'SigninLogs.csv');
    await writeFile(path, csv);
    const { rows } = await ask(
      'SigninLogs | where ResultType startswith "50" and isempty(UserType) | project ResultType, e = tolong(Status.errorCode), _ItemId',
      path,
    );
    expect(rows).toEqual([['50126', 50126, '']]);
  });
});

describe('CSV', () => {
  it('reads what RFC 4180 allows', async () => {
    expect(await fields('a,b\r\n"x, ""y""\r\nz",\r\n\r\n"",last')).toEqual([
      ['a', 'b'],
      ['x, "y"\r\nz', ''],
      ['', 'last'],
    ]);
    expect(await fields('a\rb\nc')).toEqual([['a'], ['b'], ['c']]);
    expect(await fields(',\n')).toEqual([['', '']]);
  });

  it('gives back any fields that were written by the rules, wherever the file is cut into pieces', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '😀', ' '), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        async (rows, bytes) => {
          const text = rows.map((r) => r.map((c) => `"${c.replaceAll('"', '""')}"`).join(',')).join('\r\n');
          expect(await fields(text, bytes)).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
    const long = Array.from({ length: 40_000 }, (_, i) => [`${i}`, `"\r\n,é${'x'.repeat(i % 40)}`]);
    expect(
      await fields(long.map((r) => r.map((c) => `"${c.replaceAll('"', '""')}"`).join(',')).join('\r\n'), 4096),
    ).toEqual(long);
  });

  it('finds in a block of any bytes what reading record by record finds, and refuses the same', () => {
    const unit = fc.constantFrom(
      ...['"', '""', ',', '","', '\n', '\r', '\r\n', 'a', '\u00ad', 'q,"x\n"",",z\n', 'b'.repeat(61)],
    );
    const plain = fc.constantFrom(
      ...['a,b\n', '"a",b\r\n', '"a,""\n",\r', ',\n', `${'c'.repeat(30)},"${'d'.repeat(40)}"\n`],
    );
    const text = fc.array(fc.oneof({ weight: 6, arbitrary: plain }, { weight: 1, arbitrary: unit }), { maxLength: 40 });
    fc.assert(
      fc.property(text, (parts) => {
        expect(inBlock(parts.join(''))).toEqual(recordByRecord(parts.join('')));
      }),
      { numRuns: 1500 },
    );
    // With another separator in place of commas it is the same.
    fc.assert(
      fc.property(text, fc.constantFrom(';', '\t'), (parts, separator) => {
        const whole = parts.join('');
        const exchanged = (given: string) =>
          given.replace(/[,;\t]/g, (c) => (c === ',' ? separator : c === separator ? ',' : c));
        const { rows, ...rest } = recordByRecord(whole);
        const expected = { rows: rows.map((row) => row.map(exchanged)), ...rest };
        expect(inBlock(exchanged(whole), separator)).toEqual(expected);
        expect(recordByRecord(exchanged(whole), separator)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
    // Each at all places among the bytes that are looked at together.
    for (const part of [
      'a,"b"\n',
      '"a"b,c\n',
      'a"b,c\n',
      'a,"b\n',
      'a,"b""c"\r\n\r\n"",d',
      'a,"\r\n,"\r\r\na,b',
      ',"""a,"\n,"',
    ])
      for (let length = 0; length < 130; length++) {
        const whole = `${'x'.repeat(length)},y\n${part}`;
        expect(inBlock(whole), whole).toEqual(recordByRecord(whole));
      }
    const many = 'a,"b"\r\n'.repeat(3000);
    expect(inBlock(many)).toEqual(recordByRecord(many));
  });

  it('finds the cells of a block that begins at any place, quoted where it must be, as they were written', () => {
    const unit = fc.constantFrom(
      'a',
      '"',
      ',',
      '\n',
      '\r',
      'é',
      '\u00ad',
      '😀',
      ' ',
      '-',
      '.',
      '\0',
      '\x7f',
      'bcdefgh',
    );
    const cells = fc.array(fc.string({ unit, maxLength: 9 }), { minLength: 3, maxLength: 3 });
    const end = fc.constantFrom('\n', '\r\n', '\r', '\n\n\r\n');
    const rows = fc.array(fc.tuple(cells, end), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 3 }), fc.boolean(), (written, shift, open) => {
        const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const text = written.map(([row, by]) => row.map(field).join(',') + by).join('');
        const bytes = Buffer.from(open ? text.replace(/[\r\n]+$/, '') : text);
        const block = Buffer.concat([Buffer.alloc(shift, ','), bytes]).subarray(shift);
        const cells = new BlockCells('f', memory, [1, 0, -1]);
        cells.find(block, 1);
        // The second column is wanted in the first slot, the first in the second.
        const found = textsOf(cells, 2).map(([second, first]) => [first, second]);
        expect(found).toEqual(written.map(([[a, b]]) => [a, b]));
        // A row begins a line below all line ends before it that are within it or between.
        const ends = (part: string): number => part.split(/\r\n?|\n/).length - 1;
        const lines = written.map((_, row) =>
          written
            .slice(0, row)
            .flatMap(([own, by]) => [...own.map((c) => c.replace(/\r/g, '')), by])
            .reduce((line, part) => line + ends(part), 1),
        );
        expect([...cells.column(0).lines]).toEqual(lines);
      }),
      { numRuns: 300 },
    );
  });

  it('names the file and the line of what breaks the rules', async () => {
    const bad: [string, string][] = [
      ['a,b\n1,2\n1,2,3\n', 'line 3: 3 fields where the header has 2'],
      ['a,b\n1\n', 'line 2: 1 fields'],
      ['a,b\n"x\n\n', 'line 2: the file ends within quotes'],
      ['a,b\n"x"y,2\n', 'line 2: text follows a closing quote'],
      ['a,b\n1,x"y\n', 'line 2: a quote inside an unquoted field'],
      ['a;b\n1;2\n1;2,3\n4\n', 'line 4: 1 fields where the header has 2'],
      ['sep=;\n#TYPE x\na;b\n1\n', 'line 4: 1 fields where the header has 2'],
      ['', 'it is empty'],
      ['"a\nb"\n1\n', 'line 1: "a b" can be no column'],
      [`${Array.from({ length: 2001 }, (_, i) => `c${i}`).join(',')}\n`, 'more than 2000 columns'],
      ['"Time [Local Time]"\nx\n', 'line 1: "Time [Local Time]" is in some local time'],
    ];
    for (const [content, message] of bad) {
      const path = await file(content);
      await expect(ask('T | count', `T=${path}`), content).rejects.toThrow(EvidenceError);
      await expect(ask('T | count', `T=${path}`)).rejects.toThrow(message);
      await expect(ask('T | count', `T=${path}`)).rejects.toThrow(path);
    }
    await expect(ask('T', `T=${await file(Buffer.from([0x61, 0x0a, 0x81, 0xc0, 0x0a]))}`)).rejects.toThrow(
      'no text (neither UTF-8 nor Windows-1252)',
    );
    await expect(ask('T', `T=${join(folder, 'absent.csv')}`)).rejects.toThrow('there is no such file');
  });

  it('reads what spreadsheets and PowerShell make of it: other separators, lines before the header, UTF-16, Windows-1252', async () => {
    const rows = [
      ['Müller, "A"', '1,5', '2026-11-23T10:00:00Z'],
      ['€;\n', '2', '2026-11-23T11:00:00Z'],
    ];
    const quoted = (separator: string) =>
      [['Name', 'Wert', 'Zeit'], ...rows]
        .map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(separator))
        .join('\r\n');
    const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
    const windows = (text: string) => Buffer.from(text.replaceAll('€', '\u0080'), 'latin1');
    const said = 'it is no UTF-8, and read as Windows-1252: letters beyond ASCII may be others';
    const forms: [string, string | Buffer, string[]][] = [
      ['csv', quoted(';'), []],
      ['tsv', quoted('\t'), []],
      ['csv', `\ufeffsep=;\r\n${quoted(';')}`, []],
      ['csv', `#TYPE Selected.System.Management.Automation.PSCustomObject\r\n${quoted(',')}`, []],
      ['csv', utf16(`#TYPE System.Object\r\n${quoted(',')}`), []],
      ['txt', utf16(quoted('\t')), []],
      ['csv', windows(quoted(';')), [said]],
    ];
    for (const [ending, content, notes] of forms) {
      const path = await file(content, ending);
      const answer = await ask('T | project Name, Wert = tostring(Wert), Zeit', `T=${path}`);
      expect(answer.rows, String(content)).toEqual(rows);
      expect(answer.notes).toEqual(notes.map((note) => `${path}: ${note}`));
    }
    // Spreadsheets leave what needs no quotes without; a decimal comma is no separator then.
    const bare = await file('a;b\n1,5;x,y\n');
    expect((await ask('T', `T=${bare}`)).rows).toEqual([['1,5', 'x,y']]);
    // UTF-8 with some damage is not taken for Windows-1252.
    const damaged = await file(Buffer.concat([Buffer.from('a\n日本語\n'), Buffer.from([0xff, 0x0a])]));
    await expect(ask('T', `T=${damaged}`)).rejects.toThrow('not UTF-8');
  });

  it('is UTF-8 or Windows-1252 wherever its bytes are cut', async () => {
    const text = `a\n${'x'.repeat(20)}é\n`;
    for (let at = 1; at < 30; at++) expect(await fields(text, at)).toEqual([['a'], [`${'x'.repeat(20)}é`]]);
    expect((await ask('T', `T=${await file(Buffer.from('a\nbcé', 'latin1'))}`)).rows).toEqual([['bcé']]);
  });

  it('has the letters of Windows-1252 that ISO 8859-1 has no place for', async () => {
    const letters = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
    const defined = Array.from({ length: 32 }, (_, i) => 0x80 + i).filter(
      (byte) => ![0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte),
    );
    const path = await file(Buffer.from([0x61, 0x0a, ...defined, 0x0a]));
    expect((await ask('T', `T=${path}`)).rows).toEqual([[letters]]);
  });

  it('names columns that have no name, or another’s', async () => {
    const path = await file(',a,a1,a,,a\n0,1,2,3,4,5\n');
    expect((await ask('T', `T=${path}`)).columns.map(({ name }) => name)).toEqual([
      'Column1',
      'a',
      'a1',
      'a2',
      'Column5',
      'a3',
    ]);
  });

  it('types columns by Microsoft’s schema, others by their values', async () => {
    const path = await file(
      '"TimeGenerated [UTC]",EventID,LogonType,Code,Zero,Real,Flag,Bag,Mixed\r\n' +
        '"11/23/2026, 2:14:09.123 AM",4625,3,7,007,1.5,true,"{""a"":1}",1\r\n' +
        '"11/23/2026, 2:15:09.123 PM",4625,10,,008,2,false,,x\r\n',
    );
    const { columns, rows } = await ask(
      'SecurityEvent | project TimeGenerated, EventID, LogonType, Code, Zero, Real, Flag, a = Bag.a, Mixed',
      `SecurityEvent=${path}`,
    );
    expect(columns.map((c) => c.type)).toEqual([
      'datetime',
      'int',
      'int',
      'long',
      'string',
      'real',
      'bool',
      'dynamic',
      'string',
    ]);
    expect(rows).toEqual([
      ['2026-11-23T02:14:09.123Z', 4625, 3, 7, '007', 1.5, true, '1', '1'],
      ['2026-11-23T14:15:09.123Z', 4625, 10, null, '008', 2, false, null, 'x'],
    ]);
  });

  it('takes no day for a month: what may be either is missing, and said', async () => {
    const times = [
      '03/04/2026, 10:00:00.000',
      '23/11/2026, 10:00:00.000',
      '11/23/2026, 10:00',
      '04/04/2026, 10:00:00',
      '3/4/2026, 10:00:00 AM',
      '23.11.2026, 10:00:00',
      '03.04.2026 10:00',
      '03-04-2026 10:00:00',
    ];
    const path = await file(`"TimeGenerated [UTC]",Other\n${times.map((time) => `"${time}","${time}"\n`).join('')}`);
    const { rows, columns, notes } = await ask('SecurityEvent | project TimeGenerated, Other', `SecurityEvent=${path}`);
    expect(rows.map(([time]) => time)).toEqual([
      null,
      '2026-11-23T10:00:00Z',
      '2026-11-23T10:00:00Z',
      '2026-04-04T10:00:00Z',
      '2026-03-04T10:00:00Z',
      '2026-11-23T10:00:00Z',
      // Between points the day is first.
      '2026-04-03T10:00:00Z',
      null,
    ]);
    expect([columns[1]?.type, rows[0]?.[1]]).toEqual(['string', times[0]]);
    expect(notes).toEqual([
      `${path}: 2 values of TimeGenerated can be no datetime and count as missing (first in line 2): of 3/4/2026 it is not known which is the month`,
    ]);
  });

  it('tells of cells that their column cannot hold', async () => {
    const path = await file('EventID,Computer\nabc,web01\n4625,web02\n');
    const { rows, notes } = await ask('SecurityEvent | project EventID, Computer', `SecurityEvent=${path}`);
    expect(rows).toEqual([
      [null, 'web01'],
      [4625, 'web02'],
    ]);
    expect(notes).toEqual([`${path}: 1 value of EventID can be no int and counts as missing (first in line 2)`]);
  });
});

describe('JSON', () => {
  it('reads lists of objects, tables of rows, and lines', async () => {
    const list = await file('[{"t":"2026-11-23T01:02:03.1234567Z","n":1,"b":{"x":[1]}},{"n":2.5}]', 'json');
    const api = await file(
      '{"tables":[{"name":"P","columns":[{"name":"n"},{"name":"s"}],"rows":[[7,"a"],[8,null]]}]}',
      'json',
    );
    const lines = await file('{"n":1}\n\n{"n":9007199254740993,"s":"é"}\n', 'jsonl');
    expect((await ask('A | project t, n, x = b.x[0]', `A=${list}`)).rows).toEqual([
      ['2026-11-23T01:02:03.1234567Z', 1, '1'],
      [null, 2.5, null],
    ]);
    expect((await ask('A', `A=${api}`)).rows).toEqual([
      [7, 'a'],
      [8, ''],
    ]);
    expect((await ask('A | project n, s', `A=${lines}`)).rows).toEqual([
      [1, ''],
      ['9007199254740993', 'é'],
    ]);
  });

  it('names the place of what it cannot read', async () => {
    await expect(ask('A', `A=${await file('[1]', 'json')}`)).rejects.toThrow(
      'element 1: this element is no JSON object',
    );
    await expect(ask('A', `A=${await file('[{"\\u001b[2J":1}]', 'json')}`)).rejects.toThrow("can be no column's name");
    await expect(ask('A', `A=${await file('{"a":1}', 'json')}`)).rejects.toThrow('neither a list of objects');
    await expect(ask('A', `A=${await file('{"a":', 'json')}`)).rejects.toThrow('it is no JSON');
    await expect(ask('A', `A=${await file('{"n":1}\n{"n":\n', 'jsonl')}`)).rejects.toThrow(
      'line 2: this line is no JSON object',
    );
  });
});

describe('evidence', () => {
  it('of several files is one table where they have one name', async () => {
    const a = await file('n,s\n1,x\n2,y\n');
    const b = await file('{"n":2.5,"extra":true}\n', 'jsonl');
    const { rows, columns, tables } = await ask('T | project n, s, extra', `T=${a}`, `T=${b}`);
    expect(columns.map((c) => c.type)).toEqual(['real', 'string', 'bool']);
    expect(rows).toEqual([
      [1, 'x', null],
      [2, 'y', null],
      [2.5, '', true],
    ]);
    expect(tables).toEqual([{ name: 'T', rows: 3 }]);
  });

  it('is read only where the query needs it', async () => {
    const a = await file('n\n1\n');
    const b = await file('m\n1\n');
    expect((await ask('A | count', `A=${a}`, `B=${b}`)).tables).toEqual([{ name: 'A', rows: 1 }]);
  });

  it('has a name by its file or by the responder', () => {
    expect(evidenceFile('/x/query_data.csv')).toEqual({
      path: '/x/query_data.csv',
      format: 'csv',
      table: 'query_data',
    });
    expect(evidenceFile('Syslog=/x/query data (1).JSON')).toMatchObject({ format: 'json', table: 'Syslog' });
    expect(() => evidenceFile('/x/query data (1).csv')).toThrow('NAME=FILE');
    expect(() => evidenceFile('/x/a.xlsx')).toThrow('not ".xlsx"');
  });

  it('may have columns of any printable name', async () => {
    const names = ["it's", 'a b', 'back\\slash', '__proto__', 'constructor', 'type', 'where', '2nd', 'é', "'):long, x"];
    const path = await file(`${names.map((n) => `"${n}"`).join(',')}\n${names.map((_, i) => i).join(',')}\n`);
    const { columns, rows } = await ask('T', `T=${path}`);
    expect(columns.map((c) => c.name)).toEqual(names);
    expect(rows).toEqual([names.map((_, i) => i)]);
    const bag = await file('{"__proto__":{"x":1},"constructor":{"x":1},"toString":"y"}\n', 'jsonl');
    expect((await ask("B | project a = constructor.x, ['toString']", `B=${bag}`)).rows).toEqual([['1', 'y']]);
  });

  it('refuses a wrong query before it is read', async () => {
    await expect(ask('T | where nope == 1', `T=${await file('n\n1\n')}`)).rejects.toThrow(KqlError);
    await expect(ask('Syslog | count', `T=${await file('n\n1\n')}`)).rejects.toThrow('The evidence has T.');
  });
});

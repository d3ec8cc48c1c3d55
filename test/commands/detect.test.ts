import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DetectFlags, detect } from '../../src/commands/detect.ts';
import { detectionsMarkdown, detectionsText } from '../../src/commands/detect-report.ts';
import { detectionsDocument } from '../../src/documents/detections.ts';
import { Failure } from '../../src/failure.ts';
import { text, writeLog } from '../eventlog/log-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';
import { begunCase } from './begun-case.ts';
import { capture } from './capture.ts';

const folder = temporaryFolder();
const log = folder.write(
  'Sysmon.evtx',
  writeLog(
    ['whoami', 'whoami | clip'].map((command, i) => ({
      recordId: i + 1,
      time: `2026-11-23T02:00:0${i}.0000000Z`,
      eventId: 1,
      provider: 'Microsoft-Windows-Sysmon',
      channel: 'Microsoft-Windows-Sysmon/Operational',
      computer: 'web01',
      data: [
        ['Image', text('C:\\Windows\\System32\\whoami.exe')],
        ['CommandLine', text(command)],
      ],
    })),
  ),
);
const rule = (title: string, level: string, category: string): string =>
  [
    `title: ${title}`,
    `id: id-${level}`,
    `level: ${level}`,
    'tags: [attack.discovery, attack.t1033]',
    `logsource: {product: windows, category: ${category}}`,
    'detection:',
    '  sel:',
    "    Image|endswith: '\\whoami.exe'",
    '  condition: sel',
  ].join('\n');
const rules = folder.write(
  'rules.yml',
  [rule('Who | am I', 'medium', 'process_creation'), rule('Loads', 'high', 'image_load')].join('\n---\n'),
);

async function run(flags: DetectFlags) {
  const { streams, out, err } = capture();
  const code = await detect(flags, streams);
  return { code, out: out(), err: err() };
}

describe('cordon detect', () => {
  it('prints what matched, and what could not be asked', async () => {
    const { code, out } = await run({ evidence: [log], rules: [rules], hits: 1 });
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'medium              2  Who | am I',
      '                       2026-11-23 02:00:00Z – 02:00:01Z · web01 · T1033',
      `                       ${rules}:1 id-medium`,
      '                         2026-11-23 02:00:00Z web01 record 1 in Sysmon.evtx  Image=C:\\Windows\\System32\\whoami.exe',
      '                         and 1 more',
      '',
      '2 rules in 1 file: 1 asked, 1 not asked for want of events, 0 refused',
      '',
      'Not asked, because the evidence does not hold what the rules are about',
      '       1  no event of Microsoft-Windows-Sysmon/Operational with the event id 7 is in the evidence; no row of DeviceImageLoadEvents is in the evidence',
      '',
    ]);
  });

  it('prints a document, a table, and Markdown without what would break it', async () => {
    const { out, code, err } = await run({ evidence: [log], rules: [rules], json: true, failOn: 'high' });
    const document = detectionsDocument.parse(JSON.parse(out));
    expect(document.detections.map(({ id, count, techniques, tactics }) => [id, count, techniques, tactics])).toEqual([
      ['id-medium', 2, ['T1033'], ['discovery']],
    ]);
    expect(document.source.files.map(({ path }) => path)).toEqual([log]);
    // Of the level that was asked for nothing matched, but a rule could not be asked.
    expect([code, err]).toEqual([
      1,
      'cordon: 1 rule that would be high or worse could not be asked; --json names them\n',
    ]);
    expect(detectionsMarkdown(document)).toContain(
      '| medium | 2 | 2026-11-23 02:00:00Z – 02:00:01Z | web01 | T1033 | Who \\| am I | id-medium |',
    );
    expect(detectionsText(document, 200, 0)).toMatch(
      /^LEVEL {3}COUNT {2}FIRST – LAST .*\nmedium {6}2 {2}2026-11-23 02:00:00Z – 02:00:01Z {2}web01 /,
    );
  });

  it('breaks no word of a narrow terminal, and tells refusals for the same reason once', async () => {
    const unknown = (name: string): string =>
      `title: ${name}\nlogsource: {product: ${name}}\ndetection: {s: {a: b}, condition: s}`;
    const many = folder.write('many.yml', ['a', 'b', 'c', 'd', 'e', 'f'].map(unknown).join('\n---\n'));
    const broken = folder.write('broken.yml', 'title: x\ndetection: "');
    const { out } = await run({ evidence: [log], rules: [many, broken, rules], json: true });
    const document = detectionsDocument.parse(JSON.parse(out));
    const long = {
      ...document,
      detections: document.detections.map((one) => ({ ...one, title: 'seven words of a title '.repeat(5).trim() })),
    };
    const lines = detectionsText(long, 80, 0).split('\n');
    expect(lines.filter((line) => line.length > 80 && !line.includes(folder.path))).toEqual([]);
    expect(lines.slice(0, 2)).toEqual([
      'medium              2  seven words of a title seven words of a title seven words',
      '                       of a title seven words of a title seven words of a title',
    ]);
    const refusals = detectionsText(document, Number.POSITIVE_INFINITY, 0).split('\nRefused\n')[1];
    expect(refusals?.split('\n')).toEqual([
      expect.stringContaining(`${broken}:2: a file of rules: not YAML`),
      '       6  logs of … are in no table that is known here',
      '',
    ]);
  });

  it('writes every match with its rule to a file', async () => {
    const target = join(folder.path, 'matches.csv');
    const { code, err } = await run({ evidence: [log], rules: [rules], out: target });
    expect([code, err]).toEqual([0, expect.stringMatching(/^wrote 2 rows to .*matches\.csv · \d+ bytes · SHA-256 /)]);
    const [header, first, ...rest] = readFileSync(target, 'utf8')
      .replace(/^\ufeff/, '')
      .trim()
      .split(/\r?\n/);
    expect(header).toMatch(/^TimeGenerated,Level,Rule,RuleId,Techniques,Tactics,Computer,Fields,/);
    expect(first).toContain('2026-11-23T02:00:00Z,medium,Who | am I,id-medium,T1033,discovery,web01,');
    expect(first).toContain('""Image"":""C:\\\\Windows\\\\System32\\\\whoami.exe""');
    expect(rest).toHaveLength(1);
    await expect(run({ evidence: [log], rules: [rules], out: 'x.svg' })).rejects.toThrow(
      '--out takes a file that ends in .csv, .jsonl, .parquet, .xlsx, not "x.svg"',
    );
  });

  it('prints the queries that Log Analytics takes', async () => {
    const { out } = await run({ rules: [rules], showQuery: true });
    expect(out).toContain(
      '// Who | am I (medium, T1033, id-medium)\nunion\n(Event\n  | where EventLog == "Microsoft-Windows-Sysmon/Operational" and EventID == 1\n',
    );
    expect(out).toContain(
      '(SecurityEvent\n  | where EventID == 4688\n  | where NewProcessName endswith @"\\whoami.exe")',
    );
  });

  it('enters the files and what was found into a case', async () => {
    const { flags, entries, verify } = await begunCase();
    const { code } = await run({ evidence: [log], rules: [rules], failOn: 'critical', ...flags });
    expect(code).toBe(0);
    expect(JSON.stringify(await entries('fact'))).toContain(
      '1 rule of 1 matched: Who | am I (medium); 1 rule could not be asked',
    );
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('says what is wrong with its options, its rules and its evidence', async () => {
    const told = (flags: DetectFlags) =>
      run(flags).then(
        () => 'nothing',
        (error: unknown) => (error instanceof Failure ? `${error.exitCode} ${error.message}` : String(error)),
      );
    expect(await told({ rules: [rules] })).toBe(
      '2 name the evidence with --evidence FILE…, or see the queries with --show-query',
    );
    expect(await told({ evidence: [log], rules: [join(folder.path, 'none')] })).toMatch(
      /^2 .*none: cannot be read \(ENOENT\)$/,
    );
    expect(await told({ evidence: [join(folder.path, 'x.evtx')], rules: [rules] })).toMatch(/^2 .*x\.evtx/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DetectResult, runDetections } from '../../src/detect/run-detections.ts';
import { type EvidenceFile, evidenceFile } from '../../src/evidence/evidence-files.ts';
import { text, type WrittenEvent, writeLog } from '../eventlog/log-writer.ts';
import { haveRealLogs, realFile, realFiles, trueRecords } from '../eventlog/real-logs.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';
import { matches, type PlainEvent, plainRules } from './straightforward-matcher.ts';

const folder = temporaryFolder();
let written = 0;

const sysmon = 'Microsoft-Windows-Sysmon/Operational';

interface Given {
  channel: string;
  provider?: string;
  eventId: number;
  data: Record<string, string>;
  at?: string;
}

const at = (second: number): string =>
  `2026-11-23T02:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.0000000Z`;

/** The log files of some events, one a channel, and the events as the plain matcher takes them. */
function logsOf(given: readonly Given[]): { files: string[]; events: PlainEvent[] } {
  const byChannel = new Map<string, WrittenEvent[]>();
  const events = given.map(
    ({ channel, provider = 'Microsoft-Windows-Sysmon', eventId, data, at: time }, i): PlainEvent => {
      const log = byChannel.get(channel) ?? [];
      byChannel.set(channel, log);
      const fields = Object.entries(data).map(([name, value]) => ({ name: name.replace(/^unnamed\d*$/, ''), value }));
      log.push({
        recordId: i + 1,
        time: time ?? at(i),
        eventId,
        provider,
        channel,
        computer: 'web01',
        data: fields.map(({ name, value }) => [name, text(value)] as const),
      });
      return { channel, provider, computer: 'web01', level: 4, eventId, fields };
    },
  );
  const files = [...byChannel.values()].map((log) => {
    written += 1;
    return folder.write(`log-${written}.evtx`, writeLog(log, { each: 10 }));
  });
  return { files, events };
}

function detections(
  rules: string | Record<string, string>,
  files: readonly (string | EvidenceFile)[],
  placeholders?: ReadonlyMap<string, readonly string[]>,
): Promise<DetectResult> {
  const named = typeof rules === 'string' ? { 'rules.yml': rules } : rules;
  const paths = Object.entries(named).map(([name, source]) => {
    written += 1;
    return folder.write(`${written}-${name}`, source);
  });
  return runDetections(
    {
      rules: paths,
      files: files.map((file) => (typeof file === 'string' ? evidenceFile(file) : file)),
      now: Date.UTC(2026, 10, 23, 3),
      hits: 10_000,
      ...(placeholders ? { placeholders } : {}),
    },
    () => {},
  );
}

/** The numbers of the records that each rule matches, by its id. */
const recordsOf = ({ detections: found }: DetectResult): Record<string, number[]> =>
  Object.fromEntries(
    found.map((one) => [one.id, one.hits.map((hit) => Number(hit._EventRecordId)).sort((a, b) => a - b)]),
  );

const rule = (id: string, logsource: string, detection: string, more = ''): string =>
  [
    `title: rule ${id}`,
    `id: ${id}`,
    more,
    'logsource:',
    '  product: windows',
    `  ${logsource}`,
    'detection:',
    detection.replace(/^/gm, '  '),
  ]
    .filter((line) => line !== '')
    .join('\n');

const processes: Given[] = [
  {
    Image: 'C:\\Windows\\System32\\whoami.exe',
    CommandLine: 'whoami  /all',
    User: 'CONTOSO\\ann',
    OriginalFileName: 'whoami.exe',
  },
  {
    Image: 'C:\\Users\\ann\\x.exe',
    CommandLine: 'x.exe -enc SQBFAFgA',
    User: 'CONTOSO\\ann',
    OriginalFileName: 'PowerShell.EXE',
  },
  { Image: 'C:\\Windows\\cmd.exe', CommandLine: 'cmd /c echo "a & b" > c:\\t<1>.txt', User: '', OriginalFileName: '' },
  {
    Image: 'C:\\a\\b*c?.exe',
    CommandLine: 'tool –decode file',
    User: 'NT AUTHORITY\\SYSTEM',
    OriginalFileName: 'tool',
  },
  {
    Image: 'C:\\a\\bxxcy.exe',
    CommandLine: `say ${Buffer.from('zz-http://evil').toString('base64')}`,
    User: 'ann',
    OriginalFileName: 'ann',
  },
].map((data) => ({ channel: sysmon, eventId: 1, data: { ...data, IntegrityLevel: 'High', LogonId: '0x3e7' } }));

const others: Given[] = [
  {
    channel: 'Security',
    eventId: 4688,
    provider: 'Microsoft-Windows-Security-Auditing',
    data: {
      NewProcessName: 'C:\\Windows\\System32\\whoami.exe',
      CommandLine: 'whoami',
      ParentProcessName: 'C:\\cmd.exe',
      MandatoryLabel: 'S-1-16-12288',
      SubjectUserName: 'ann',
    },
  },
  {
    channel: 'Security',
    eventId: 4624,
    provider: 'Microsoft-Windows-Security-Auditing',
    data: { TargetUserName: 'ann', LogonType: '3', IpAddress: '10.1.2.3', IpPort: '4444' },
  },
  {
    channel: 'Security',
    eventId: 4624,
    provider: 'Microsoft-Windows-Security-Auditing',
    data: { TargetUserName: 'bob', LogonType: '10', IpAddress: 'fe80::1', IpPort: '5' },
  },
  {
    channel: 'Application',
    eventId: 1000,
    provider: 'MSSQL',
    data: { unnamed1: 'xp_cmdshell', unnamed2: 'from 0 to 1' },
  },
  {
    channel: 'Microsoft-Windows-Windows Defender/Operational',
    eventId: 5007,
    provider: 'Microsoft-Windows-Windows Defender',
    data: { 'New Value': 'HKLM\\x = 0x1', 'Old Value': 'N' },
  },
];

const rules = [
  rule('any-case', 'category: process_creation', `sel:\n  Image|endswith: '\\WHOAMI.exe'\ncondition: sel`),
  rule('all', 'category: process_creation', `sel:\n  CommandLine|contains|all: [whoami, '/all']\ncondition: sel`),
  rule('quotes', 'category: process_creation', `sel:\n  CommandLine|contains: '"a & b" > c:\\t<1>'\ncondition: sel`),
  rule('escaped', 'category: process_creation', `sel:\n  Image: 'C:\\\\a\\b\\*c\\?.exe'\ncondition: sel`),
  rule('wild', 'category: process_creation', `sel:\n  Image: '*\\b*c?.exe'\ncondition: sel`),
  rule('cased', 'category: process_creation', `sel:\n  OriginalFileName|cased: powershell.exe\ncondition: sel`),
  rule('regex', 'category: process_creation', `sel:\n  CommandLine|re: '(?:^|\\s)-e(nc)?\\s'\ncondition: sel`),
  rule('regex-i', 'category: process_creation', `sel:\n  CommandLine|re|i: '-ENC'\ncondition: sel`),
  rule('windash', 'category: process_creation', `sel:\n  CommandLine|contains|windash: ' -decode '\ncondition: sel`),
  rule(
    'offset',
    'category: process_creation',
    `sel:\n  CommandLine|base64offset|contains: 'http://evil'\ncondition: sel`,
  ),
  rule('empty', 'category: process_creation', `sel:\n  User: null\ncondition: sel`),
  rule(
    'not-empty',
    'category: process_creation',
    `sel:\n  Image|endswith: .exe\nf:\n  User: ''\ncondition: sel and not f`,
  ),
  rule('fieldref', 'category: process_creation', `sel:\n  User|fieldref: OriginalFileName\ncondition: sel`),
  rule(
    'fieldref-end',
    'category: process_creation',
    `sel:\n  Image|fieldref|endswith: OriginalFileName\ncondition: sel`,
  ),
  rule('neq', 'category: process_creation', `sel:\n  User|neq: ['CONTOSO\\ann', ann]\ncondition: sel`),
  rule('label', 'category: process_creation', `sel:\n  IntegrityLevel: High\ncondition: sel`),
  rule(
    'precedence',
    'category: process_creation',
    `a:\n  Image|contains: x.exe\nb:\n  Image|contains: cmd\nc:\n  CommandLine|contains: echo\ncondition: a or b and not c`,
  ),
  rule(
    'of',
    'category: process_creation',
    `sel_a:\n  Image|contains: ann\nsel_b:\n  CommandLine|contains: enc\n_x:\n  Image: '*'\ncondition: all of sel_* and 1 of them`,
  ),
  rule(
    'maps',
    'category: process_creation',
    `sel:\n  - Image|contains: cmd\n  - OriginalFileName: tool\ncondition: sel`,
  ),
  rule('words', 'service: application', `w:\n  - 'XP_CMDSHELL'\ncondition: w`),
  rule('names', 'service: application', `w: [EventData]\ncondition: w`),
  rule('data', 'service: application', `sel:\n  Provider_Name: mssql\n  Data|contains: 'from 0'\ncondition: sel`),
  rule('network', 'service: security', `sel:\n  IpAddress|cidr: 10.0.0.0/8\ncondition: sel`),
  rule(
    'not-network',
    'service: security',
    `e:\n  EventID: 4624\nf:\n  IpAddress|cidr: [10.0.0.0/8, 'fe80::/10']\ncondition: e and not f`,
  ),
  rule('greater', 'service: security', `sel:\n  IpPort|gt: 100\ncondition: sel`),
  rule('number', 'service: security', `sel:\n  LogonType: [3, '5']\ncondition: sel`),
  rule('exists', 'service: security', `sel:\n  IpAddress|exists: true\ncondition: sel`),
  rule('not-exists', 'service: security', `sel:\n  IpAddress|exists: false\ncondition: sel`),
  rule('spaces', 'service: windefend', `sel:\n  NewValue|endswith: '= 0x1'\ncondition: sel`),
].join('\n---\n');

describe('Sigma rules over event logs', () => {
  const { files, events } = logsOf([...processes, ...others]);
  const expected: Record<string, number[]> = {
    'any-case': [1, 6],
    all: [1],
    quotes: [3],
    escaped: [4],
    wild: [4, 5],
    regex: [2],
    'regex-i': [2],
    windash: [4],
    offset: [5],
    empty: [3, 6],
    'not-empty': [1, 2, 4, 5],
    fieldref: [5],
    'fieldref-end': [1],
    neq: [3, 4, 6],
    label: [1, 2, 3, 4, 5, 6],
    precedence: [2],
    of: [2],
    maps: [3, 4],
    words: [9],
    data: [9],
    network: [7],
    greater: [7],
    number: [7],
    exists: [7, 8],
    'not-exists': [6],
    spaces: [10],
  };

  it('match the events that they should, by hand and by a matcher of another kind', async () => {
    const result = await detections(rules, files);
    expect(result.notRun).toEqual([]);
    expect(recordsOf(result)).toEqual(expected);
    for (const one of plainRules(rules)) {
      const plain = events.flatMap((event, i) => (matches(one, event) ? [i + 1] : []));
      expect({ [one.id]: plain }).toEqual({ [one.id]: expected[one.id] ?? [] });
    }
  });

  it('are equal to that matcher for rules at random', async () => {
    const value = fc.oneof(
      fc.constantFrom(
        'whoami',
        '.exe',
        'a & b',
        '<1>',
        '"a',
        '\\',
        '\\\\',
        'b\\*c',
        'C:\\a\\b*c?.exe',
        '*',
        '?',
        '',
        'ann',
        'SYSTEM',
        '-enc',
        ' /',
      ),
      fc.string({
        maxLength: 3,
        unit: fc.constantFrom('a', 'B', '\\', '*', '?', '.', ' ', '"', "'", '$', '&', '-', '/'),
      }),
      fc.integer({ min: 0, max: 5000 }),
      fc.constant(null),
    );
    const mods = fc.constantFrom(
      '',
      '|contains',
      '|startswith',
      '|endswith',
      '|contains|all',
      '|cased',
      '|contains|windash',
      '|contains|cased',
    );
    const field = fc.constantFrom(
      'Image',
      'CommandLine',
      'User',
      'OriginalFileName',
      'LogonId',
      'IntegrityLevel',
      'ParentImage',
      'EventID',
    );
    const item = fc.record({ field, mods, values: fc.array(value, { minLength: 1, maxLength: 3 }) });
    const selection = fc.array(item, { minLength: 1, maxLength: 2 });
    const detection = fc.record({
      a: selection,
      b: selection,
      c: selection,
      condition: fc.constantFrom(
        'a',
        'a and b',
        'a or b and c',
        'not a',
        'a and not (b or c)',
        'not a and not b or c',
        '1 of them',
        'all of a*',
        'not 1 of *',
      ),
    });
    const items = (list: { field: string; mods: string; values: (string | number | null)[] }[]) =>
      Object.fromEntries(
        list.map(({ field: name, mods: how, values }) => [
          name + how,
          // A modifier of texts has no meaning for null.
          how === '' ? values : values.map((one) => (one === null ? 'x' : one)),
        ]),
      );
    const sampled = fc.sample(detection, { numRuns: 80, seed: 7 }).map((one, i) => ({
      title: 'random',
      id: `random-${i}`,
      logsource: { product: 'windows', category: 'process_creation' },
      detection: { a: items(one.a), b: items(one.b), c: items(one.c), condition: one.condition },
    }));
    const source = sampled.map((one) => JSON.stringify(one)).join('\n---\n');
    const result = await detections(source, files);
    expect(result.notRun.filter(({ kind }) => kind === 'refused')).toEqual([]);
    const found = recordsOf(result);
    let matched = 0;
    for (const one of plainRules(source)) {
      const plain = events.flatMap((event, i) => (matches(one, event) ? [i + 1] : []));
      matched += plain.length;
      expect({ rule: JSON.stringify(one), records: found[one.id] ?? [] }).toEqual({
        rule: JSON.stringify(one),
        records: plain,
      });
    }
    expect(matched).toBeGreaterThan(80);
  });
});

describe('Sigma rules over real event logs', () => {
  it.skipIf(!haveRealLogs)('match what the other matcher finds in the events as libevtx reads them', async () => {
    const source = [
      rule(
        'r1',
        'service: security',
        `sel:\n  EventID: 4625\n  LogonType: [3, 10]\nf:\n  IpAddress: ['-', '127.0.0.1']\ncondition: sel and not f`,
      ),
      rule('r2', 'service: security', `sel:\n  EventID: [4688, 4697]\ncondition: sel`),
      rule('r3', 'service: security', `sel:\n  TargetUserName|endswith: '$'\ncondition: sel`),
      rule(
        'r4',
        'service: security',
        `sel:\n  EventID: 4624\nf:\n  SubjectUserSid: S-1-5-18\ncondition: sel and not f`,
      ),
      rule('r5', 'service: security', `w: ['advapi', 'NtLmSsp']\ncondition: w`),
      rule('r6', 'service: security', `sel:\n  EventID: 4625\n  SubStatus: '0xc0000064'\ncondition: sel`),
      rule('r7', 'category: process_creation', `sel:\n  Image|endswith: '\\tscon.exe'\ncondition: sel`),
    ].join('\n---\n');
    const result = await detections(source, realFiles().map(realFile));
    const seen = new Set<string>();
    const plain = plainRules(source);
    const expected = Object.fromEntries(plain.map((one): [string, number] => [one.id, 0]));
    for (const name of realFiles()) {
      for (const record of trueRecords(name)) {
        const key = [record.comp, record.ch, record.rec, record.t].join(' ');
        if (seen.has(key)) continue;
        seen.add(key);
        const fields = Object.entries(record.d).map(([field, value]) => ({ name: field, value }));
        const event = {
          channel: record.ch,
          provider: record.prov,
          computer: record.comp,
          level: null,
          eventId: record.id,
          fields,
        };
        for (const one of plain) if (matches(one, event)) expected[one.id] = (expected[one.id] ?? 0) + 1;
      }
    }
    const counts = Object.fromEntries(
      plain.map((one): [string, number] => [one.id, result.detections.find(({ id }) => id === one.id)?.count ?? 0]),
    );
    expect(counts).toEqual(expected);
    expect(Object.values(expected).filter((count) => count > 0).length).toBeGreaterThan(4);
  });
});

describe('what cannot be asked', () => {
  const { files } = logsOf(processes);

  it('is named with its reason and place, and is no answer', async () => {
    const result = await detections(
      [
        rule('no-log', 'category: dns_query', 'sel:\n  QueryName: x\ncondition: sel'),
        rule('no-field', 'category: process_creation', 'sel:\n  Hashes|contains: x\ncondition: sel'),
        rule('no-source', 'category: file_access', 'sel:\n  Image: x\ncondition: sel'),
        rule(
          'partly',
          'category: process_creation',
          `sel:\n  - Product: x\n  - Image|endswith: whoami.exe\ncondition: sel`,
        ),
        rule(
          'unfiltered',
          'category: process_creation',
          `sel:\n  Image|endswith: whoami.exe\nf:\n  ParentImage|endswith: x\ncondition: sel and not f`,
        ),
        rule('placeholder', 'category: process_creation', `sel:\n  User|expand: '%admins%'\ncondition: sel`),
        rule('unknown', 'category: process_creation', 'sel:\n  User|rot13: x\ncondition: sel'),
        rule('old', 'category: process_creation', 'sel:\n  User: x\ncondition: sel | count() by User > 5'),
        rule('lookahead', 'category: process_creation', `sel:\n  User|re: '(?=a)b'\ncondition: sel`),
        rule('name', 'category: process_creation', 'sel:\n  User: x\ncondition: sel and other'),
      ].join('\n---\n'),
      files,
    );
    const because = Object.fromEntries(result.notRun.map((one) => [one.id, `${one.kind}: ${one.because}`]));
    expect(because).toEqual({
      'no-log':
        'no-events: no event of Microsoft-Windows-Sysmon/Operational with the event id 22 is in the evidence; no row of DeviceEvents with the action DnsQueryResponse is in the evidence',
      'no-field':
        'no-events: Event: no event has the field Hashes; no event of Security with the event id 4688 is in the evidence; no row of DeviceProcessEvents is in the evidence',
      'no-source': 'refused: no event log has what the category "file_access" means',
      placeholder: 'refused: the placeholder %admins% has no value here (--placeholders gives it one)',
      unknown: 'refused: the modifier "rot13" is not known',
      old: 'refused: the condition "| count() by User > 5" is of the form before correlations; write it as a correlation rule',
      lookahead: expect.stringMatching(/^refused: the regular expression is not valid/i),
      name: 'refused: the condition names "other", which the detection does not have',
    });
    expect(result.notRun.find(({ id }) => id === 'unknown')?.line).toBeGreaterThan(60);
    expect(recordsOf(result)).toEqual({ partly: [1], unfiltered: [1] });
    expect(result.partly.map(({ id, without }) => [id, without])).toEqual([
      ['partly', ['Event: no event has the field Product']],
      ['unfiltered', ['Event: no event has the field ParentImage']],
    ]);
    expect(result.detections.find(({ id }) => id === 'unfiltered')?.unfiltered).toEqual(['ParentImage']);
    expect(result.rules).toMatchObject({ run: 2, noEvents: 2, refused: 6, partly: 2 });
  });

  it('includes names that every object of JavaScript has, and ends no run', async () => {
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];
    const refused = names.flatMap((name) => [
      rule(`service-${name}`, `service: ${name}`, 'sel:\n  A: x\ncondition: sel'),
      rule(`category-${name}`, `category: ${name}`, 'sel:\n  A: x\ncondition: sel'),
      ...['service', 'category'].map((part) =>
        rule(`linux-${part}-${name}`, `${part}: ${name}`, 'sel:\n  A: x\ncondition: sel').replace('windows', 'linux'),
      ),
      rule(`azure-${name}`, `service: ${name}`, 'sel:\n  A: x\ncondition: sel').replace('windows', 'azure'),
      rule(`modifier-${name}`, 'category: process_creation', `sel:\n  User|${name}: x\ncondition: sel`),
      rule(`condition-${name}`, 'category: process_creation', `sel:\n  User: x\ncondition: sel and ${name}`),
    ]);
    const fields = names.map((name) =>
      rule(`field-${name}`, 'category: process_creation', `sel:\n  ${name}: x\ncondition: sel`),
    );
    const whole = rule(
      'whole',
      'category: process_creation',
      `sel:\n  Image|endswith: whoami.exe\nfilter:\n  toString: x\ncondition: sel and not filter`,
    );
    const result = await detections([...refused, ...fields, whole].join('\n---\n'), files);
    expect(recordsOf(result)).toEqual({ whole: [1] });
    const kinds = new Map(result.notRun.map(({ id, kind, because }) => [id, { kind, because }]));
    expect([...kinds].filter(([, { because }]) => /program fails/.test(because))).toEqual([]);
    expect([...kinds].flatMap(([id, { kind }]) => (kind === 'refused' ? [id] : []))).toHaveLength(refused.length);
    expect(result.rules).toMatchObject({ run: 1, refused: refused.length, noEvents: names.length });
  });

  it('includes files that are no rules, or would grow without bound', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(30)}]\nc: &c [${'*b,'.repeat(30)}]\ntitle: [${'*c,'.repeat(30)}]\n`;
    const result = await detections(
      {
        'bomb.yml': bomb,
        'other.yml': 'services:\n  web: 1\n',
        'broken.yml': 'title: x\n  logsource: [\n',
        'deep.yml': rule('deep', 'service: security', `sel:\n  A: x\ncondition: ${'('.repeat(80)}sel${')'.repeat(80)}`),
        'title.yml': rule(
          'title',
          'category: process_creation',
          `sel:\n  Image|endswith: whoami.exe\ncondition: sel`,
          'level: high\nstatus: "\\e[2Jx"',
        ).replace('rule title', '"\\e]0;x\\a\\e[31mred\\u202e"'),
      },
      files,
    );
    expect(result.notRun.map(({ because }) => because)).toEqual([
      expect.stringMatching(/alias/i),
      'neither a Sigma rule nor an analytic rule with a query',
      expect.stringMatching(/^not YAML: /),
      'the condition is nested too deeply',
    ]);
    expect(result.detections[0]?.title).toBe('red');
  });
});

describe('what the specification 2.1 adds', () => {
  const { files } = logsOf(processes);
  const part = (id: string, item: string): string =>
    rule(id, 'category: process_creation', `sel:\n  ${item}\ncondition: sel`);

  it('compares parts of a time', async () => {
    const result = await detections(
      [
        part('minute', 'SystemTime|minute: 0'),
        part('late', 'SystemTime|hour|gte: 3'),
        part('early', 'SystemTime|hour|lt: 3'),
        part('day', 'SystemTime|day: 23'),
        // 2026-11-23 is a Monday, the first day of the week 48 of ISO 8601.
        part('week', 'SystemTime|week: 48'),
        part('month', 'SystemTime|month: [10, 11]'),
        part('year', 'SystemTime|year: 2025'),
        part('text', 'Image|hour: 2'),
        part('none', 'SystemTime|hour: 24'),
      ].join('\n---\n'),
      files,
    );
    const all = [1, 2, 3, 4, 5];
    expect(recordsOf(result)).toEqual({ minute: all, early: all, day: all, week: all, month: all });
    expect(result.notRun.map(({ because }) => because)).toEqual([
      'the modifier "hour" takes a whole number from 0 to 23',
    ]);
  });

  it('takes values of placeholders, and leaves out what filters name', async () => {
    const filter = (id: string, rules: string, selection: string, condition = 'not selection'): string =>
      `title: ${id}\nid: ${id}\nlogsource: {product: windows, category: process_creation}\nfilter:\n  rules: ${rules}\n  selection:\n    ${selection}\n  condition: ${condition}`;
    const result = await detections(
      [
        part('value', "User|expand: 'CONTOSO\\%people%'"),
        part('piece', "Image|expand|endswith: '\\%tools%.exe'"),
        part('unknown', "User|expand: '%others%'"),
        part('narrowed', "Image|contains: '.exe'"),
        filter('one', '[narrowed]', 'Image|endswith: whoami.exe'),
        filter('every', 'any', "Image|startswith: 'C:\\a'"),
        filter('other', '[nobody]', 'Image|contains: exe'),
        filter('double', '[narrowed]', 'Image|contains: exe', 'selection'),
      ].join('\n---\n'),
      files,
      new Map([
        ['people', ['ann', 'bob']],
        ['tools', ['who*i', 'x']],
      ]),
    );
    expect(recordsOf(result)).toEqual({ value: [1, 2], piece: [1, 2], narrowed: [2, 3] });
    expect(Object.fromEntries(result.notRun.map(({ id, because }) => [id, because]))).toEqual({
      unknown: 'the placeholder %others% has no value here (--placeholders gives it one)',
      double: 'a filter whose condition does not begin with "not" is read in two ways',
    });
    expect(result.notes).toContain('3 rules of Sigma leave out what filters name');
  });
});

describe('analytic rules and queries', () => {
  const { files } = logsOf(others);

  it('run as they are, with what their head says', async () => {
    const result = await detections(
      {
        'sentinel.yaml': `id: s1\nname: Logons over the network\nseverity: High\ntactics: [LateralMovement]\nrelevantTechniques: [T1021]\nkind: Scheduled\nquery: |\n  SecurityEvent\n  | where EventID == 4624 and LogonType == 3\n`,
        'hunt.kql': 'SecurityEvent | summarize n = count() by Computer, EventID',
        'missing.kql': 'SigninLogs | take 1',
        'two.kql': 'SecurityEvent\n\n| where EventID == 4624\n\n// and another\nSecurityEvent\n| where NoSuch == 1\n',
        'wrong.kql': 'SecurityEvent | where NoSuch == 1',
      },
      files,
    );
    expect(
      result.detections.map(({ id, kind, level, techniques, tactics, count }) => [
        id,
        kind,
        level,
        techniques,
        tactics,
        count,
      ]),
    ).toEqual([
      ['s1', 'kql', 'high', ['T1021'], ['lateral-movement'], 1],
      [expect.stringMatching(/hunt$/), 'kql', 'none', [], [], 2],
      [expect.stringMatching(/two \(1\)$/), 'kql', 'none', [], [], 2],
    ]);
    expect(result.notRun.map(({ kind, because }) => `${kind}: ${because}`)).toEqual([
      'no-events: the evidence has no table SigninLogs',
      expect.stringMatching(/^refused: line 7, column 9: /),
      expect.stringMatching(/^refused: line 1, column 23: /),
    ]);
  });
});

describe('Sigma rules over exports', () => {
  const product = (id: string, logsource: string, detection: string): string =>
    rule(id, logsource, detection).replace('  product: windows\n', '');
  const exported = (name: string, rows: readonly Record<string, unknown>[]): string => {
    written += 1;
    const timed = rows.map((row, i) => JSON.stringify({ TimeGenerated: at(i), ...row }));
    return `${name}=${folder.write(`export-${written}.jsonl`, timed.join('\n'))}`;
  };

  it('of Azure take the names that its rules use', async () => {
    const result = await detections(
      [
        product(
          'activity',
          'product: azure\n  service: activitylogs',
          "s:\n  operationName|endswith: '/DISKS/DELETE'\ncondition: s",
        ),
        product('keywords', 'product: azure\n  service: activitylogs', "k: ['ROLEASSIGNMENTS/write']\ncondition: k"),
        product('column', 'product: azure\n  service: activitylogs', 'k: [CategoryValue]\ncondition: k'),
        product('audit', 'product: azure\n  service: auditlogs', 'properties.message:\n  x: 1').replace(
          /detection:.*$/s,
          'detection:\n  s:\n    properties.message: Add user\n    Status: Success\n  condition: s',
        ),
        product(
          'signin',
          'product: azure\n  service: signinlogs',
          "s:\n  resultType: 50126\n  DeviceDetail.trusttype: ''\ncondition: s",
        ),
        product('portal', 'product: azure\n  service: signinlogs', 's:\n  Status: Success\ncondition: s'),
        product(
          'risk',
          'product: azure\n  service: riskdetection',
          's:\n  riskEventType: unfamiliarFeatures\ncondition: s',
        ),
      ].join('\n---\n'),
      [
        exported('AzureActivity', [
          { OperationNameValue: 'MICROSOFT.COMPUTE/DISKS/DELETE', CategoryValue: 'Administrative', Caller: 'ann' },
          { OperationNameValue: 'MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE', CategoryValue: 'Administrative' },
        ]),
        exported('AuditLogs', [
          { OperationName: 'Add user', Result: 'success' },
          { OperationName: 'Add user', Result: 'failure' },
        ]),
        exported('SigninLogs', [
          { ResultType: '50126', DeviceDetail: { trustType: '' }, UserPrincipalName: 'ann' },
          { ResultType: '0', DeviceDetail: { trustType: 'Hybrid' } },
          { ResultType: '50126', DeviceDetail: { trustType: 'Hybrid' } },
        ]),
      ],
    );
    expect(result.detections.map(({ id, count, first }) => [id, count, first]).sort()).toEqual([
      ['activity', 1, at(0).replace('.0000000', '')],
      ['audit', 1, at(0).replace('.0000000', '')],
      ['keywords', 1, at(1).replace('.0000000', '')],
      ['signin', 1, at(0).replace('.0000000', '')],
    ]);
    expect(result.notRun.map(({ id, because }) => [id, because])).toEqual([
      ['portal', 'SigninLogs: SigninLogs has no Status as the portal shows it'],
      ['risk', 'no row of AADUserRiskEvents is in the evidence'],
    ]);
  });

  it('of Linux, web servers, name servers and AWS are asked of their tables', async () => {
    const of = (name: string, source: string, detection: string): string =>
      `title: ${name}\nid: ${name}\nlogsource:\n  ${source}\ndetection:\n  ${detection.replaceAll('\n', '\n  ')}\n`;
    const web = {
      csMethod: 'POST',
      csUriStem: '/owa/auth.js',
      csUriQuery: 'x=1',
      scStatus: '200',
      csUserAgent: 'curl+8 x',
    };
    const result = await detections(
      [
        of('shell', 'product: linux\n  category: process_creation', "s:\n  Image|endswith: '/bash'\ncondition: s"),
        of(
          'uri',
          'category: webserver',
          "s:\n  cs-uri-query|contains: 'auth.js?x='\n  sc-status: 200\n  cs-method: POST\ncondition: s",
        ),
        of('agent', 'category: webserver', "s:\n  cs-user-agent: 'curl 8 x'\ncondition: s"),
        of('whole', 'category: webserver', "s:\n  cs-uri-query: 'x=1'\ncondition: s"),
        of('path', 'category: webserver', "s:\n  cs-uri-query|endswith: 'auth.js?x=1'\ncondition: s"),
        of('no-path', 'category: webserver', "s:\n  cs-uri-query|startswith: '?x'\ncondition: s"),
        of('pattern', 'category: webserver', "s:\n  cs-uri-query|re: '^x=\\d$'\ncondition: s"),
        of('raw', 'category: webserver', "s:\n  cs-uri-query|endswith: '&lt;x'\ncondition: s"),
        of(
          'rule',
          'product: m365\n  service: audit',
          's:\n  Workload: Exchange\n  Operation: New-InboxRule\n  Parameters|contains: ForwardTo\ncondition: s',
        ),
        of('words', 'product: linux\n  service: auditd', "k: ['to ports', 'the secret']\ncondition: k"),
        of('query', 'category: dns', 's:\n  query|startswith: evil\ncondition: s'),
        of(
          'trail',
          'product: aws\n  service: cloudtrail',
          's:\n  eventName: StopLogging\n  userIdentity.type: Root\ncondition: s',
        ),
      ].join('\n---\n'),
      [
        exported('DeviceProcessEvents', [
          { ActionType: 'ProcessCreated', FolderPath: '/usr/bin/bash' },
          { ActionType: 'ProcessCreated', FolderPath: 'C:/git/bin/bash' },
        ]),
        exported('W3CIISLog', [web, { ...web, csUriStem: '/', csUserAgent: 'Edge' }]),
        exported('W3CIISLog', [
          { ...web, csUriStem: '/q', csUriQuery: 'a=1&lt;x', scStatus: '404', csUserAgent: 'Edge' },
        ]),
        exported('OfficeActivity', [
          { OfficeWorkload: 'Exchange', Operation: 'New-InboxRule', Parameters: '[{"Name":"ForwardTo","Value":"x"}]' },
          {
            OfficeWorkload: 'Exchange',
            Operation: 'New-InboxRule',
            Parameters: '[{"Name":"MoveToFolder","Value":"x"}]',
          },
        ]),
        {
          path: folder.write(
            'audit.log',
            [
              'type=EXECVE msg=audit(1700000001.100:1): argc=3 a0="iptables" a1="to" a2="ports"',
              `type=EXECVE msg=audit(1700000002.100:2): argc=2 a0="grep" a1=${Buffer.from('the secret').toString('hex').toUpperCase()}`,
              'type=EXECVE msg=audit(1700000003.100:3): argc=1 a0="toports"',
            ].join('\n'),
          ),
          format: 'audit',
          table: 'LinuxAuditLog',
        },
        exported('DnsEvents', [{ Name: 'evil.example' }, { Name: 'www.example' }]),
        exported('AWSCloudTrail', [
          { EventName: 'StopLogging', UserIdentityType: 'Root' },
          { EventName: 'StopLogging', UserIdentityType: 'IAMUser' },
        ]),
      ],
    );
    expect(Object.fromEntries(result.detections.map(({ id, count }) => [id, count]))).toEqual({
      shell: 1,
      uri: 1,
      agent: 1,
      whole: 2,
      path: 1,
      pattern: 2,
      raw: 1,
      rule: 1,
      words: 2,
      query: 1,
      trail: 1,
    });
    expect(result.notRun).toEqual([]);
  });

  it('of Windows that share an event id are told apart by what the event says of itself', async () => {
    const eventRow = (EventLog: string, EventID: number, data: string) => ({
      EventLog,
      EventID,
      Source: 'x',
      EventData: `<DataItem>${data}</DataItem>`,
    });
    const cleared = (channel: string) =>
      eventRow('System', 104, `<UserData><LogFileCleared><Channel>${channel}</Channel></LogFileCleared></UserData>`);
    const changed = (type: string) =>
      eventRow(sysmon, 12, `<EventData><Data Name="EventType">${type}</Data></EventData>`);
    const threat = (id: number) =>
      eventRow(
        'Microsoft-Windows-Windows Defender/Operational',
        id,
        '<EventData><Data Name="Threat Name">HackTool:Win32/X</Data><Data Name="Path">file:_C:\\a.exe</Data></EventData>',
      );
    const refusedService = { Channel: 'Security', EventID: 4673, Keywords: '0x8010000000000000' };
    const any = 's:\n  EventType: "*"\ncondition: s';
    const alert = 's:\n  Signature|startswith: HackTool\n  Filename|endswith: ".exe"\ncondition: s';
    const result = await detections(
      [
        rule('important', 'service: system', 's:\n  EventID: 104\n  Channel: Security\ncondition: s'),
        rule('cleared', 'service: system', 's:\n  EventID: 104\n  Channel: System\ncondition: s'),
        rule('elsewhere', 'service: application', 's:\n  Channel: Application\ncondition: s'),
        rule('failure', 'service: security', "s:\n  Keywords: '0x8010000000000000'\ncondition: s"),
        rule('error', 'service: application', 's:\n  Level: Error\ncondition: s'),
        rule('number', 'service: application', 's:\n  Level: 2\ncondition: s'),
        rule('add', 'category: registry_add', any),
        rule('delete', 'category: registry_delete', any),
        rule('both', 'category: registry_event', any),
        rule('threat', 'category: antivirus', alert),
        rule('threat-of-any', 'category: antivirus', alert).replace(/\n.*product.*/, ''),
      ].join('\n---\n'),
      [
        exported('Event', [
          ...['Security', 'System', 'Setup', 'Setup'].map(cleared),
          eventRow('Application', 1, '<EventData></EventData>'),
          { ...eventRow('Application', 2, '<EventData></EventData>'), EventLevel: 2 },
          ...['CreateKey', 'DeleteKey', 'DeleteValue'].map(changed),
          // Event 1117 tells the action that was taken on a threat.
          ...[1116, 1117].map(threat),
        ]),
        exported('SecurityEvent', [refusedService, { ...refusedService, Keywords: '0x8020000000000000' }]),
        exported('DeviceEvents', [
          {
            ActionType: 'AntivirusDetection',
            FileName: 'b.exe',
            FolderPath: 'C:\\t',
            AdditionalFields: '{"ThreatName":"HackTool:Win32/Y"}',
          },
        ]),
      ],
    );
    expect(Object.fromEntries(result.detections.map(({ id, count }) => [id, count]))).toEqual({
      important: 1,
      cleared: 1,
      elsewhere: 2,
      failure: 1,
      error: 1,
      number: 1,
      add: 1,
      delete: 2,
      both: 3,
      threat: 2,
      'threat-of-any': 2,
    });
    expect(result.notRun).toEqual([]);
  });

  it('of many values are asked as long as Log Analytics would take them', async () => {
    const values = ['a', 'b', 'c'].map((letter) => `    - '${letter.repeat(80_000)}'`);
    const result = await detections(
      rule(
        'long',
        'category: process_creation',
        `s:\n  CommandLine|contains:\n${values.join('\n')}\n    - whoami\ncondition: s`,
      ),
      logsOf(processes).files,
    );
    expect(recordsOf(result)).toEqual({ long: [1] });
  });

  it('of Defender’s tables of devices take Sysmon’s names and forms', async () => {
    const process = {
      ActionType: 'ProcessCreated',
      DeviceName: 'pc1',
      FolderPath: 'C:\\Windows\\System32\\whoami.exe',
      ProcessCommandLine: 'whoami /all',
      AccountDomain: 'contoso',
      AccountName: 'ann',
      InitiatingProcessFolderPath: 'c:\\windows\\system32\\cmd.exe',
      SHA256: 'ab12',
      LogonId: 999,
    };
    const registry = {
      ActionType: 'RegistryValueSet',
      RegistryKey: 'HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Control\\Lsa',
      RegistryValueName: 'RunAsPPL',
      RegistryValueType: 'Dword',
      RegistryValueData: '0',
    };
    const connection = { LocalIP: '10.0.0.5', LocalPort: 49152, RemoteIP: '203.0.113.9', RemotePort: 443 };
    const result = await detections(
      [
        rule(
          'process',
          'category: process_creation',
          "s:\n  Image|endswith: '\\WHOAMI.exe'\n  ParentImage|endswith: '\\cmd.exe'\n  User: 'CONTOSO\\ann'\n  LogonId: '0x3e7'\n  Hashes|contains: 'SHA256=AB12'\ncondition: s",
        ),
        rule('imphash', 'category: process_creation', "s:\n  Hashes|contains: 'IMPHASH=AB12'\ncondition: s"),
        rule('directory', 'category: process_creation', 's:\n  CurrentDirectory: x\ncondition: s'),
        rule(
          'registry',
          'category: registry_set',
          "s:\n  TargetObject: 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\RunAsPPL'\n  Details: 'DWORD (0x00000000)'\n  EventType: SetValue\ncondition: s",
        ),
        rule('entity', 'category: registry_set', "s:\n  Details: 'a &lt;b'\ncondition: s"),
        rule('key', 'category: registry_add', 's:\n  TargetObject|contains: Lsa\ncondition: s'),
        rule(
          'outbound',
          'category: network_connection',
          "s:\n  Initiated: 'true'\n  DestinationPort: 443\n  DestinationIp|cidr: 203.0.113.0/24\ncondition: s",
        ),
        rule(
          'inbound',
          'category: network_connection',
          's:\n  SourceIp: 203.0.113.9\n  DestinationPort: 49152\ncondition: s',
        ),
        rule('created', 'category: file_event', "s:\n  TargetFilename|endswith: '.exe'\ncondition: s"),
        rule('deleted', 'category: file_delete', "s:\n  TargetFilename|endswith: '.exe'\ncondition: s"),
        rule('image', 'category: image_load', "s:\n  ImageLoaded|endswith: '\\evil.dll'\ncondition: s"),
        rule(
          'failed',
          'service: security',
          's:\n  EventID: 4625\n  LogonType: 10\n  TargetUserName: ann\ncondition: s',
        ),
        rule('other', 'service: security', 's:\n  EventID: 4720\ncondition: s'),
        rule(
          'driver',
          'category: driver_load',
          "s:\n  ImageLoaded|endswith: '\\evil.sys'\n  Hashes|contains: 'SHA256=CD34'\ncondition: s",
        ),
        rule('pipe', 'category: pipe_created', "s:\n  PipeName: '\\wkssvc'\ncondition: s"),
        rule(
          'thread',
          'category: create_remote_thread',
          "s:\n  SourceImage|endswith: '\\msbuild.exe'\n  TargetImage: 'C:\\Windows\\System32\\lsass.exe'\ncondition: s",
        ),
        rule('name', 'category: dns_query', "s:\n  QueryName|endswith: '.avsvmcloud.com'\ncondition: s"),
      ].join('\n---\n'),
      [
        exported('DeviceProcessEvents', [process, { ...process, AccountName: 'bob' }]),
        exported('DeviceRegistryEvents', [
          registry,
          { ...registry, RegistryValueData: '1' },
          { ...registry, RegistryValueType: 'String', RegistryValueData: 'a &lt;b' },
        ]),
        exported('DeviceNetworkEvents', [
          { ActionType: 'ConnectionSuccess', ...connection },
          { ActionType: 'InboundConnectionAccepted', ...connection },
        ]),
        exported('DeviceFileEvents', [
          { ActionType: 'FileCreated', FolderPath: 'C:\\a\\x.exe' },
          { ActionType: 'FileDeleted', FolderPath: 'C:\\a\\y.exe' },
        ]),
        exported('DeviceEvents', [
          { ActionType: 'DriverLoad', FolderPath: 'C:\\a\\evil.sys', FileName: 'evil.sys', SHA256: 'cd34' },
          { ActionType: 'NamedPipeEvent', AdditionalFields: { PipeName: '\\Device\\NamedPipe\\wkssvc' } },
          {
            ActionType: 'CreateRemoteThreadApiCall',
            InitiatingProcessFolderPath: 'c:\\b\\msbuild.exe',
            FolderPath: 'C:\\Windows\\System32',
            FileName: 'lsass.exe',
          },
          { ActionType: 'DnsQueryResponse', AdditionalFields: { DnsQueryString: 'x.avsvmcloud.com' } },
        ]),
        exported('DeviceImageLoadEvents', [{ ActionType: 'ImageLoaded', FolderPath: 'C:\\a\\evil.dll' }]),
        exported('DeviceLogonEvents', [
          { ActionType: 'LogonFailed', LogonType: 'RemoteInteractive', AccountName: 'ann' },
          { ActionType: 'LogonSuccess', LogonType: 'RemoteInteractive', AccountName: 'ann' },
        ]),
      ],
    );
    const times = Object.fromEntries(result.detections.map(({ id, count, first }) => [id, [count, first]]));
    expect(times).toEqual({
      process: [1, '2026-11-23T02:00:00Z'],
      registry: [1, '2026-11-23T02:00:00Z'],
      entity: [1, '2026-11-23T02:00:02Z'],
      outbound: [1, '2026-11-23T02:00:00Z'],
      inbound: [1, '2026-11-23T02:00:01Z'],
      created: [1, '2026-11-23T02:00:00Z'],
      deleted: [1, '2026-11-23T02:00:01Z'],
      image: [1, '2026-11-23T02:00:00Z'],
      failed: [1, '2026-11-23T02:00:00Z'],
      driver: [1, '2026-11-23T02:00:00Z'],
      pipe: [1, '2026-11-23T02:00:01Z'],
      thread: [1, '2026-11-23T02:00:02Z'],
      name: [1, '2026-11-23T02:00:03Z'],
    });
    expect(result.detections.find(({ id }) => id === 'process')?.computers).toEqual(['pc1']);
    const reasons = Object.fromEntries(result.notRun.map(({ id, because }) => [id, because]));
    expect(reasons).toEqual({
      imphash: expect.stringContaining('DeviceProcessEvents: Defender’s tables have no hash of imports'),
      directory: expect.stringContaining('DeviceProcessEvents: DeviceProcessEvents has no column for CurrentDirectory'),
      key: expect.stringContaining(
        'no row of DeviceRegistryEvents with the action RegistryKeyCreated is in the evidence',
      ),
      other: expect.stringContaining('DeviceLogonEvents: Defender’s logons stand for the events 4624 and 4625 alone'),
    });
  });

  it('of auditd look at the records of a log of Linux audit, one at a time', async () => {
    const about = (type: string, said: string): string => `type=${type} msg=audit(1795399200.123:7): ${said}\n`;
    const log = folder.write(
      'audit.log',
      [
        about('SYSCALL', 'arch=c000003e syscall=99 success=yes pid=2 auid=1000 uid=0 comm="x" exe="/tmp/x" key=(null)'),
        about('EXECVE', 'argc=3 a0="chattr" a1="-i" a2=2F6574632F70617373776420'),
        about('PATH', 'item=0 name="/etc/audit/rules.d/audit.rules" nametype=NORMAL'),
      ].join(''),
    );
    const auditd = 'product: linux\n  service: auditd';
    const result = await detections(
      [
        product(
          'sysinfo',
          auditd,
          's:\n  type: SYSCALL\n  syscall: sysinfo\nf:\n  exe|endswith: /bin/splunkd\ncondition: s and not f',
        ),
        product('chattr', auditd, "s:\n  type: EXECVE\n  a0|contains: chattr\n  a1|contains: '-i'\ncondition: s"),
        product('rules', auditd, 's:\n  type: PATH\n  name: /etc/audit/*\ncondition: s'),
        product('other', auditd, 's:\n  type: EXECVE\n  a0: wget\ncondition: s'),
        product('field', auditd, 's:\n  nonsense: x\ncondition: s'),
      ].join('\n---\n'),
      [{ path: log, format: 'audit', table: 'LinuxAuditLog' }],
    );
    expect(result.detections.map(({ id, count }) => [id, count]).sort()).toEqual([
      ['chattr', 1],
      ['rules', 1],
      ['sysinfo', 1],
    ]);
    expect(result.notRun.map(({ id, because }) => [id, because])).toEqual([
      ['field', 'LinuxAuditLog: records of audit have no column nonsense'],
    ]);
  });

  it('of syslog look at the program and the facility', async () => {
    const xml =
      '<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID></System><EventData><Data Name="Image">/usr/bin/nc</Data><Data Name="CommandLine">nc -e &lt;x&gt; &#39;&apos; &amp;lt;</Data></EventData></Event>';
    const result = await detections(
      [
        product('sshd', 'product: linux\n  service: sshd', "k: ['invalid user*from']\ncondition: k"),
        product('auth', 'product: linux\n  service: auth', 'k: [session]\ncondition: k'),
        product('any', 'product: linux', 's: [session]\nf: [root]\ncondition: s and not f'),
        product(
          'process',
          'product: linux\n  category: process_creation',
          's:\n  Image|endswith: /nc\n  CommandLine|endswith: "<x> \'\' &lt;"\ncondition: s',
        ),
        product('auditd', 'product: linux\n  service: auditd', 's:\n  type: EXECVE\ncondition: s'),
        product('field', 'product: linux\n  service: sshd', 's:\n  pam_user: x\ncondition: s'),
      ].join('\n---\n'),
      [
        exported('Syslog', [
          {
            ProcessName: 'sshd-session',
            Facility: 'auth',
            Computer: 'l1',
            SyslogMessage: 'Invalid user bob from 10.0.0.1',
          },
          {
            ProcessName: 'cron',
            Facility: 'cron',
            Computer: 'l1',
            SyslogMessage: 'session opened for root, Invalid user x from y',
          },
          { ProcessName: 'sudo', Facility: 'authpriv', Computer: 'l2', SyslogMessage: 'session closed' },
          { ProcessName: 'sysmon', Facility: 'user', Computer: 'l2', SyslogMessage: xml },
        ]),
      ],
    );
    expect(result.detections.map(({ id, count, computers }) => [id, count, computers]).sort()).toEqual([
      ['any', 1, ['l2']],
      ['auth', 1, ['l2']],
      ['process', 1, ['l2']],
      ['sshd', 1, ['l1']],
    ]);
    expect(result.notRun.map(({ id, because }) => [id, because])).toEqual([
      ['auditd', expect.stringContaining('no row of LinuxAuditLog is in the evidence')],
      ['field', 'Syslog: lines of syslog have no field pam_user'],
    ]);
  });
});

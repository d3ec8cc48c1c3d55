import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exploitedOption, parseKev } from '../../src/commands/kev-file.ts';

const entry = {
  cveID: 'CVE-2019-0708',
  vendorProject: 'Microsoft',
  product: 'Remote Desktop Services',
  vulnerabilityName: 'Microsoft Remote Desktop Services Remote Code Execution Vulnerability',
  dateAdded: '2021-11-03',
  shortDescription: 'x',
  requiredAction: 'Apply updates per vendor instructions.',
  dueDate: '2022-05-03',
  knownRansomwareCampaignUse: 'Known',
  notes: '',
  cwes: ['CWE-416'],
};
const file = (changes: Record<string, unknown> = {}) => ({
  title: 'CISA Catalog of Known Exploited Vulnerabilities',
  catalogVersion: '2026.11.20',
  dateReleased: '2026-11-20T15:00:11.0123Z',
  count: 1,
  vulnerabilities: [entry],
  ...changes,
});
const parse = (value: unknown) => parseKev(JSON.stringify(value, null, 2), 'kev.json');

describe('CISA’s list', () => {
  it('is read by CVE, with its date, with or without a byte order mark', () => {
    const catalog = parseKev(`\ufeff${JSON.stringify(file())}`, 'kev.json');
    expect(catalog).toMatchObject({ version: '2026.11.20', releasedAt: '2026-11-20T15:00:11.012Z', count: 1 });
    expect(catalog.entries.get('CVE-2019-0708')?.knownRansomwareCampaignUse).toBe('Known');
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{ "count": 1,\n  oops }', /^--kev kev\.json:2: expected .*(name|string|")/],
    ['cut', JSON.stringify(file(), null, 2).slice(0, 200), /^--kev kev\.json:\d+: expected/],
    ['another document', '{}', /^--kev kev\.json:1: expected catalogVersion/],
    ['a list', '[]', /expected CISA’s catalogue/],
    ['empty', '', /^--kev kev\.json:1: expected/],
  ])('that is %s is refused with its place', (_, text, message) => {
    expect(() => parseKev(text, 'kev.json')).toThrow(message);
  });

  it('names the line of the value that is wrong, and nothing that could drive a terminal', () => {
    const bad = file({ vulnerabilities: [entry, { ...entry, cveID: 'BlueKeep\u001b[2J' }], count: 2 });
    expect(() => parse(bad)).toThrow(/^--kev kev\.json:2\d: expected vulnerabilities\.1\.cveID: a CVE, such as/);
    expect(() => parseKev('{', 'a\u001b[2Jb')).toThrow(/^--kev ab:1/);
    expect(() => parse(file({ dateReleased: 'soon' }))).toThrow(/dateReleased: a time/);
    expect(() => parse(file({ vulnerabilities: [{ ...entry, dateAdded: '3 Nov' }] }))).toThrow(/dateAdded: a day/);
  });

  it('that is not whole is refused: what it lacks would count as not exploited', () => {
    expect(() => parse(file({ count: 1300 }))).toThrow(/count says \(1300\), found 1: the file is not whole/);
  });
});

describe('--kev', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-kev-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('names the file that is not there', async () => {
    await expect(exploitedOption({ kev: join(folder, 'none.json') })).rejects.toThrow(
      /--kev .*none\.json: there is no such file/,
    );
    const huge = join(folder, 'huge.json');
    writeFileSync(huge, '');
    truncateSync(huge, 256 * 1024 * 1024 + 1);
    await expect(exploitedOption({ kev: huge })).rejects.toThrow(/huge\.json: 268435457 bytes are more/);
    expect(await exploitedOption({})).toEqual({});
    writeFileSync(join(folder, 'kev.json'), JSON.stringify(file()));
    expect((await exploitedOption({ kev: join(folder, 'kev.json') })).exploited?.count).toBe(1);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseServiceTags, serviceTagsOption } from '../../src/commands/service-tags-file.ts';

const now = new Date('2026-11-23T02:20:11Z');
const file = (changes: Record<string, unknown> = {}) => ({
  changeNumber: 300,
  cloud: 'Public',
  values: [
    {
      name: 'AzureCloud.eastus',
      id: 'AzureCloud.eastus',
      properties: { region: 'eastus', platform: 'Azure', addressPrefixes: ['20.0.0.0/12', '2603:1030::/25'] },
    },
    { name: 'Storage', id: 'Storage', properties: { addressPrefixes: ['20.60.0.0/16'] } },
  ],
  ...changes,
});
const parse = (value: unknown, name = 'ServiceTags_Public_20261116.json', cloud: 'public' | 'usgov' = 'public') =>
  parseServiceTags(JSON.stringify(value, null, 2), name, cloud, now);

describe('Microsoft’s service tags', () => {
  it('are read by name, with where they are from', () => {
    const read = parse(file());
    expect(read.tags.get('AzureCloud.eastus')).toEqual(['20.0.0.0/12', '2603:1030::/25']);
    expect(read).toMatchObject({ source: 'ServiceTags_Public_20261116.json, change 300', doubt: '' });
  });

  it('may be what az prints, whose change number is text', () => {
    expect(parse(file({ changeNumber: '300', type: 'Microsoft.Network/serviceTags' })).tags.size).toBe(2);
  });

  it('that are old are read, and doubted', () => {
    expect(parse(file(), 'ServiceTags_Public_20261001.json').doubt).toMatch(/53 days old.*not counted/);
  });

  it('whose name tells no day are read, and doubted', () => {
    expect(parse(file(), '/tmp/tags.json').doubt).toMatch(/does not report when/);
  });

  it('of another cloud are refused', () => {
    expect(() => parse(file(), 'f.json', 'usgov')).toThrow(
      /^--service-tags f\.json:3: expected the tags of the cloud that is asked \(usgov\), found Public/,
    );
    expect(parse(file({ cloud: 'AzureGovernment' }), 'f.json', 'usgov').tags.size).toBe(2);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{ "cloud": "Public",\n  oops }', /^--service-tags f\.json:2: expected/],
    ['empty', '', /^--service-tags f\.json:1: expected/],
    ['another document', '{}', /^--service-tags f\.json:1: expected changeNumber/],
    ['without tags', JSON.stringify(file({ values: [] })), /values: at least one tag/],
  ])('that are %s are refused with the place', (_, text, message) => {
    expect(() => parseServiceTags(text, 'f.json', 'public', now)).toThrow(message);
  });

  it('with a prefix that cannot be read are refused: a smaller tag would close what is open', () => {
    const bad = file({
      values: [{ name: 'Storage', properties: { addressPrefixes: ['20.60.0.0/16', '20.60.0.0/\u001b[2J'] } }],
    });
    expect(() => parse(bad, 'f.json')).toThrow(
      /^--service-tags f\.json:10: expected .*addressPrefixes\.1.*"20\.60\.0\.0\/"/,
    );
  });
});

describe('--service-tags', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('names a file, or nothing', async () => {
    const path = join(folder, 'ServiceTags_Public_20261116.json');
    writeFileSync(path, JSON.stringify(file()));
    expect((await serviceTagsOption({ serviceTags: path }, now)).serviceTags?.tags.size).toBe(2);
    expect(await serviceTagsOption({}, now)).toEqual({});
    await expect(serviceTagsOption({ serviceTags: join(folder, 'gone.json') }, now)).rejects.toThrow(
      /--service-tags .*gone\.json: there is no such file/,
    );
  });
});

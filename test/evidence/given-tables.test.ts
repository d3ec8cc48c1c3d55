import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { runQuery } from '../../src/evidence/run-query.ts';

// Lists that a query would fetch from elsewhere are files that the responder names.

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-given-'));
  await writeFile(join(folder, 'bad-hosts.csv'), 'host,score\nevil.example,9\nworse.example,10\n');
  await writeFile(join(folder, 'vips.csv'), 'SearchKey,Team\nana,finance\n');
  await writeFile(join(folder, 'T.csv'), 'TimeGenerated,user\n2026-01-02T03:04:05Z,ana\n2026-01-02T03:04:06Z,bob\n');
  const places = 'network,country,state,city,latitude,longitude,geoname_id';
  const sydney = '20.53.203.0/24,Australia,New South Wales,Sydney,-33.8715,151.2006,1';
  await writeFile(join(folder, 'places.csv'), `${places}\n${sydney}\n`);
  await writeFile(
    join(folder, 'graph.json'),
    '[{"name":"web01","location":"westeurope"},{"name":"db01","location":"x"}]',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (query: string, ...files: string[]) =>
  runQuery({ query, files: files.map((f) => evidenceFile(f)), now: 0, limit: 100 }, () => {});
const at = (file: string): string => join(folder, file);

describe('externaldata', () => {
  const query = (columns: string, options = ''): string =>
    `externaldata(${columns})["https://lists.example/a/bad-hosts.csv?raw=1"]${options} | project host, score`;

  it('reads the file that is given under the name of what it would fetch', async () => {
    const { rows, columns } = await run(query('host:string, score:string'), `bad_hosts=${at('bad-hosts.csv')}`);
    expect(rows).toEqual([
      ['evil.example', '9'],
      ['worse.example', '10'],
    ]);
    expect(columns.map((c) => c.type)).toEqual(['string', 'string']);
  });

  it('finds columns by their places where the first line is to be ignored', async () => {
    const text = `externaldata(h:string, s:long)["https://lists.example/bad-hosts.csv"] with (ignoreFirstRecord=true) | project h`;
    expect((await run(text, `bad_hosts=${at('bad-hosts.csv')}`)).rows.flat()).toEqual([
      'evil.example',
      'worse.example',
    ]);
  });

  it('says what to give where nothing is given, and what is lacking', async () => {
    await expect(run(query('host:string, score:long'), at('T.csv'))).rejects.toThrow(
      /not fetched.*--evidence bad_hosts=FILE\.csv/,
    );
    await expect(run(query('host:string, score:long, x:string'), `bad_hosts=${at('bad-hosts.csv')}`)).rejects.toThrow(
      /no column 'x'/,
    );
  });
});

describe('_GetWatchlist', () => {
  const query = "T | where user in ((_GetWatchlist('vips') | project SearchKey)) | project user";

  it('is the table of its name', async () => {
    expect((await run(query, at('T.csv'), at('vips.csv'))).rows).toEqual([['ana']]);
  });

  it('says how to give a watchlist that is not there', async () => {
    await expect(run(query, at('T.csv'))).rejects.toThrow(/watchlist 'vips'.*--evidence vips=FILE\.csv/);
  });
});

describe('a function of a workspace', () => {
  it('is the table of its name, with the columns of its schema where it is a parser', async () => {
    const called = (name: string): string => `${name} ( ) | where user == 'ana' | project user, EventResult`;
    const { rows } = await run(called('_Im_Authentication'), `_Im_Authentication=${at('T.csv')}`);
    expect(rows).toEqual([['ana', '']]);
    await expect(run('Saved() | count', at('T.csv'))).rejects.toThrow(/--evidence Saved=FILE\.csv/);
    expect((await run('Saved() | count', `Saved=${at('T.csv')}`)).rows).toEqual([[2]]);
  });

  it('of Resource Graph is the table of the evidence', async () => {
    const { rows } = await run(
      "arg('').Resources | where name == 'web01' | project location",
      `resources=${at('graph.json')}`,
    );
    expect(rows).toEqual([['westeurope']]);
  });

  it('is none within a text or a comment, and is one behind them', async () => {
    const query = [
      'print a = \'arg("").Nope\', b = "say \\"_GetWatchlist(\'no\')", c = @"""arg(\'\').Nope", d = ```',
      '  arg("").Nope``` // it\'s _GetWatchlist("no")',
      '| extend n = strcat("https://x/", toscalar(arg("").Resources | project location))',
    ].join('\n');
    expect((await run(query, `resources=${at('graph.json')}`)).rows).toEqual([
      ['arg("").Nope', "say \"_GetWatchlist('no')", "\"arg('').Nope", '\n  arg("").Nope', 'https://x/westeurope'],
    ]);
  });
});

describe('geo_info_from_ip_address', () => {
  it('is looked up in the file of its name, and the answer says so', async () => {
    const query =
      "T | where user == 'ana' | extend geo = geo_info_from_ip_address('20.53.203.50') | project tostring(geo.city)";
    const { rows, notes } = await run(query, at('T.csv'), `geo_info_from_ip_address=${at('places.csv')}`);
    expect(rows).toEqual([['Sydney']]);
    expect(notes).toEqual([expect.stringMatching(/what the file of that name says/)]);
  });
});

describe('ingestion_time', () => {
  it('is TimeGenerated, and the answer says so', async () => {
    const { rows, notes } = await run("T | where user == 'ana' | project t=ingestion_time()", at('T.csv'));
    expect(rows).toEqual([['2026-01-02T03:04:05Z']]);
    expect(notes).toEqual([expect.stringMatching(/ingestion_time\(\) is TimeGenerated/)]);
  });
});

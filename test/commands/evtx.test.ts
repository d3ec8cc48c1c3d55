import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EvtxFlags, evtx } from '../../src/commands/evtx.ts';
import { evtxDocument } from '../../src/documents/evtx.ts';
import { isoOf, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { writeZip } from '../archives/zip-writer.ts';
import { cordon } from '../e2e/cordon.ts';
import { failedLogon, successfulLogon, text, writeLog } from '../eventlog/log-writer.ts';
import { haveRealLogs, realFile, realFiles, trueRecords } from '../eventlog/real-logs.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';
import { begunCase } from './begun-case.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(paths: string[], flags: EvtxFlags = {}) {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const code = await evtx(paths, flags, { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const folder = temporaryFolder();
const start = ticksOf('2026-11-23T01:58:02.1234567Z') ?? 0;
const later = (seconds: number): number => start + Math.round(seconds * ticksPerSecond);
let log = '';
beforeAll(() => {
  const guess = Array.from({ length: 40 }, (_, i) =>
    failedLogon(100 + i, later(i * 3.2), { WorkstationName: text(`\u001b]0;owned\u0007kali\u009b2J\u202e${i}`) }),
  );
  log = folder.write('Security.evtx', writeLog([...guess, successfulLogon(300, later(400))]));
});

describe('cordon evtx', () => {
  it('tells a responder what happened', async () => {
    const { code, stdout, stderr } = await run([log]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('41 records, 2026-11-23T01:58:02.1234567Z – 2026-11-23T02:04:42.1234567Z');
    expect(stdout).toContain('40 failures from 1 address on 1 account; 1 burst of 10 in 300 s');
    expect(stdout).toContain('▲ brute force  2026-11-23T01:58:02.1234567Z – 2026-11-23T02:00:06.9234567Z');
    expect(stdout).toContain('wrong password 0xc000006a (40)');
    expect(stdout).toContain(
      '▲ THEN A LOGON as svc-backup from 203.0.113.77 at 2026-11-23T02:04:42.1234567Z (type 3, network)',
    );
  });

  it('prints a document of its schema, with thresholds as they were set', async () => {
    const { code, stdout } = await run([log], { json: true, failures: 41, window: 60 });
    expect(code).toBe(0);
    const document = evtxDocument.parse(JSON.parse(stdout));
    expect(document).toMatchObject({
      schema: 'cordon.evtx/1',
      files: [{ path: log, records: 41, failures: 40, successes: 1, damaged: [], first: isoOf(start) }],
      addresses: 1,
      accounts: 1,
      logons: { state: 'known', value: { bursts: [], thresholds: { failures: 41, windowSeconds: 3600 } } },
    });
    expect(document.files[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('prints logon events as lines of JSON that cannot drive a terminal, and lose nothing', async () => {
    const { code, stdout } = await run([log], { events: true });
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBe(41);
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      recordId: 100,
      time: '2026-11-23T01:58:02.1234567Z',
      eventId: 4625,
      computer: 'web01',
      account: 'svc-backup',
      domain: 'CONTOSO',
      address: '203.0.113.77',
      workstation: '\u001b]0;owned\u0007kali\u009b2J\u202e0',
      logonType: 3,
      status: '0xc000006d',
      subStatus: '0xc000006a',
      process: 'NtLmSsp ',
      processName: '-',
      verified: true,
    });
  });

  it.skipIf(!haveRealLogs).each(realFiles())('--events of %s equals the truth in every field', async (name) => {
    const { code, stdout } = await run([realFile(name)], { events: true });
    expect(code).toBe(0);
    const found = new Map(
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line): [number, Record<string, unknown>] => {
          const event: Record<string, unknown> = JSON.parse(line);
          return [Number(event.recordId), event];
        }),
    );
    const truth = trueRecords(name).filter(({ id, ch, prov }) => {
      return [4624, 4625].includes(id) && ch === 'Security' && prov === 'Microsoft-Windows-Security-Auditing';
    });
    expect([...found.keys()].sort()).toEqual(truth.map(({ rec }) => rec).sort());
    const hex = (code = ''): string => code.replace(/^0x0*(?=[0-9a-f])/, '0x');
    for (const { id, rec, comp, t, d = {} } of truth) {
      expect(found.get(rec)).toEqual({
        recordId: rec,
        time: t.replace(/(\.\d*?)0*Z$/, '$1Z').replace('.Z', 'Z'),
        eventId: id,
        computer: comp,
        account: d.TargetUserName ?? '',
        domain: d.TargetDomainName ?? '',
        address: d.IpAddress ?? '',
        workstation: d.WorkstationName ?? '',
        logonType: Number(d.LogonType),
        status: hex(d.Status),
        subStatus: hex(d.SubStatus),
        process: d.LogonProcessName ?? '',
        processName: d.ProcessName ?? '',
        verified: true,
      });
    }
  });

  it('names each file that it cannot read, and reads the others', async () => {
    const empty = folder.write('empty.evtx', '');
    const stranger = folder.write('list.evtx', 'hello '.repeat(2000));
    const xml = folder.write('export.evtx', '<Events><Event/></Events>');
    const gone = join(folder.path, 'gone\u001b[2J.evtx');
    const { code, stdout, stderr } = await run([empty, stranger, xml, gone, log], { json: true });
    expect(code).toBe(0);
    const { files, unread, logons } = evtxDocument.parse(JSON.parse(stdout));
    expect(files.map(({ path }) => path)).toEqual([log]);
    expect(unread.map(({ because }) => because)).toEqual([
      `${empty}: the file is empty`,
      `${stranger}: not an event log (.evtx)`,
      `${xml}: it is XML: export the log as .evtx`,
      `${gone}: there is no such file`,
    ]);
    expect(stderr).not.toContain('\u001b');
    expect(stderr.split('\n').filter((line) => line.startsWith('cordon: ')).length).toBe(4);
    expect(logons).toMatchObject({ state: 'known', notSeen: expect.arrayContaining([`${empty}: the file is empty`]) });
  });

  it('exits 2 when nothing could be read, and for options that exclude each other', async () => {
    expect((await run([folder.write('nothing.evtx', 'x'.repeat(9000))])).code).toBe(2);
    const tables = join(folder.path, 'tables');
    mkdirSync(tables);
    folder.write('tables/SigninLogs.jsonl', '{"TimeGenerated":"2026-11-23T02:00:00Z"}\n');
    folder.write('tables/notes.bin', 'x');
    const { code, stdout, stderr } = await run([tables]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `cordon: no log that holds logons is in ${tables}\n  for cordon kql: SigninLogs (1 file)\n  not read: 1 file of kinds that are no evidence here: 1 .bin\n`,
    );
    await expect(run([log], { json: true, events: true })).rejects.toMatchObject({ exitCode: 2 });
    await expect(run([log], { cases: folder.path })).rejects.toMatchObject({ exitCode: 2 });
  });

  it.skipIf(process.getuid?.() === 0)('says when it may not read a file', async () => {
    const closed = folder.write('closed.evtx', writeLog([failedLogon(1, start)]));
    chmodSync(closed, 0);
    const { code, stderr } = await run([closed]);
    expect(code).toBe(2);
    expect(stderr).toBe(`cordon: ${closed}: no permission to read it\n`);
  });

  it('tells where a file is damaged', async () => {
    const bytes = writeLog(
      Array.from({ length: 60 }, (_, i) => failedLogon(1 + i, later(i))),
      { each: 20 },
    );
    bytes.fill(0, 4096 + 65_536, 4096 + 65_536 + 8);
    const path = folder.write('damaged.evtx', bytes.subarray(0, -50_000));
    const { code, stdout } = await run([path]);
    expect(code).toBe(0);
    expect(stdout).toContain('! at byte 69,632: no chunk begins here');
    expect(stdout).toMatch(/\? \d+ records without a checksum that matches/);
    const events = await run([path], { events: true });
    expect(events.stderr).toContain(`${path}: at byte 69632: no chunk begins here`);
    expect(events.stdout).toContain('"verified":false');
  });

  it('enters files, hashes and facts into a case', async () => {
    const begun = await begunCase();
    await expect(run([log], { ...begun.flags, case: 'not-there' })).rejects.toMatchObject({
      name: 'CaseNotFoundError',
    });
    await expect(run([log], { cases: begun.flags.cases })).rejects.toThrow('name the case too');
    const { code, stdout } = await run([log], { json: true, ...begun.flags });
    expect(code).toBe(0);
    const { sha256 } = evtxDocument.parse(JSON.parse(stdout)).files[0] ?? { sha256: '' };
    const facts = (await begun.entries('fact')).map(({ body }) => body);
    expect(facts).toMatchObject([
      { name: 'event logs', state: 'known', summary: expect.stringContaining(`${log}, `) },
      { name: 'logons', state: 'known', summary: 'failed logons in Security.evtx: 40 failures, 1 burst' },
      { name: 'conclusion', vm: { id: '', name: 'event logs of web01' } },
    ]);
    expect(JSON.stringify(facts[0])).toContain(sha256);
    expect(await begun.verify()).toMatchObject({ ok: true, evidence: 3 });
  });

  it('says of a folder first what it holds: by computer and period, the logs without logons in one line, and what is not read', async () => {
    const root = join(folder.path, 'collection');
    mkdirSync(root);
    const put = (name: string, bytes: Buffer | string) => folder.write(`collection/${name}`, bytes);
    const guesses = Array.from({ length: 12 }, (_, i) => failedLogon(i + 1, later(i)));
    put('Security.evtx', writeLog(guesses));
    put('again.evtx', writeLog(guesses));
    for (const i of [1, 2, 3, 4, 5, 6])
      put(`quiet${i}.evtx`, writeLog([{ ...failedLogon(1, later(i)), eventId: 4616, computer: 'db01' }]));
    const archive = writeZip([
      {
        name: 'secure',
        content: '2026-11-23T02:00:00Z db02 sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2\n',
      },
      { name: 'locked.evtx', content: 'x', encrypted: true },
    ]);
    put('case.zip', archive);
    put('SigninLogs.jsonl', '{"TimeGenerated":"2026-11-23T02:00:00Z"}\n');
    put('results.json', '[{"a":1}]');
    put('pagefile.sys', 'x'.repeat(100));

    const { code, stdout } = await run([root]);
    expect(code).toBe(0);
    const [first = '', ...lines] = stdout.split('\n');
    expect(first).toBe('Found 8 logs of 3 computers, 1 archive opened');
    expect(lines.slice(0, lines.indexOf(''))).toEqual([
      '  web01: 1 log, 12 records, 2026-11-23T01:58:02Z – 2026-11-23T01:58:13Z; 12 failed and 0 successful logons',
      '  db02: 1 log, 1 record, 2026-11-23T02:00:00Z – 2026-11-23T02:00:00Z; 1 failed and 0 successful logons',
      '  db01: 6 logs, 6 records, 2026-11-23T01:58:03Z – 2026-11-23T01:58:08Z; no event of logons',
      '  no logons in 6 logs: quiet1.evtx, quiet2.evtx, quiet3.evtx, quiet4.evtx and 2 more',
      '  1 file with the bytes of another, counted once',
      '  for cordon kql: SigninLogs (1 file)',
      `  not read: 1 export of no table that is known (name one: NAME=FILE): ${join(root, 'results.json')}`,
      '  not read: 1 file of kinds that are no evidence here: 1 .sys',
      `! not read: ${join(root, 'case.zip')}!locked.evtx: it is protected by a password: unpack it with that, and name the folder`,
    ]);
    expect(stdout).toContain('13 failures from 2 addresses on 2 accounts; 1 burst of 10 in 300 s');

    const { besides, files, unread } = evtxDocument.parse(JSON.parse((await run([root], { json: true })).stdout));
    expect(files.map(({ sha256 }) => sha256).every((one) => /^[0-9a-f]{64}$/.test(one))).toBe(true);
    expect(besides?.archives).toEqual([
      {
        path: join(root, 'case.zip'),
        bytes: archive.length,
        sha256: createHash('sha256').update(archive).digest('hex'),
      },
    ]);
    expect(unread).toHaveLength(1);
  });

  it('is a command of the program', async () => {
    const { code, stdout, stderr } = await cordon(['evtx', log, '--failures', '20', '--window', '5']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1 burst of 20 in 300 s');
    expect(await cordon(['evtx', '/dev/null'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('/dev/null'),
    });
    expect((await cordon(['evtx'])).code).toBe(2);
    expect(JSON.parse((await cordon(['schema', 'evtx'])).stdout)).toMatchObject({ $id: 'cordon.evtx/1' });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evtx } from '../../src/commands/evtx.ts';
import { openedLogs, pathsIn } from '../../src/commands/opened-logs.ts';
import { isoOf, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { machine } from '../azure/log-workspace.ts';
import { failedLogon, successfulLogon, writeLog } from '../eventlog/log-writer.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon opened '));
  writeFileSync(join(folder, 'not a log.evtx'), 'hello');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what is typed names one file with blanks, or several quoted or escaped', async () => {
  const path = join(folder, 'not a log.evtx');
  expect(await pathsIn(` ${path} `)).toEqual([path]);
  expect(await pathsIn(`'/a b/c.evtx' "/d e.evtx" /f\\ g.evtx ./h.evtx`)).toEqual([
    '/a b/c.evtx',
    '/d e.evtx',
    '/f g.evtx',
    resolve('h.evtx'),
  ]);
  expect((await pathsIn('~/x.evtx'))[0]).toMatch(/^\/.*x\.evtx$/);
});

test('a file that is no event log is named, with why', async () => {
  const logs = openedLogs({ thresholds: {}, now: () => new Date('2026-11-23T02:20:11Z') });
  const { signal } = new AbortController();
  await expect(logs.open(join(folder, 'not a log.evtx'), machine(), () => {}, signal)).rejects.toThrow(
    /not a log\.evtx: not an event log/,
  );
  await expect(logs.open(join(folder, 'gone.evtx'), machine(), () => {}, signal)).rejects.toThrow(
    /gone\.evtx: there is no such file/,
  );
});

const start = ticksOf('2026-11-23T01:58:02Z') ?? 0;
const at = (seconds: number) => isoOf(start + seconds * ticksPerSecond);
/** 300 failures, one a second, then a logon; written by a computer of that name. */
const attack = (computer: string) =>
  writeLog([
    ...Array.from({ length: 300 }, (_, i) => ({ ...failedLogon(i + 1, at(i)), computer })),
    { ...successfulLogon(301, at(302)), computer },
  ]);

test('the logons of a file, and the events next to the one that ended a burst', async () => {
  const logs = openedLogs({ thresholds: {}, now: () => new Date('2026-11-23T02:20:11Z') });
  const { signal } = new AbortController();
  const path = join(folder, 'Security.evtx');
  writeFileSync(path, attack('web01.contoso.local'));
  const told: number[] = [];
  const opened = await logs.open(path, machine(), (fraction) => told.push(fraction), signal);
  expect(opened.doubt).toBe('');
  expect(told.at(-1)).toBe(1);
  expect(opened.files).toMatchObject([
    { path, records: 301, damaged: 0, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  expect(opened.logons).toMatchObject({
    state: 'known',
    value: { failures: 300, bursts: [{ kind: 'guess', failures: 300, success: { value: { at: at(302) } } }] },
    notSeen: [],
  });
  const around = await opened.around(at(302), signal);
  if (around.state === 'unknown') throw new Error(around.because);
  expect(around.value.events).toHaveLength(200);
  expect(around.value.events.at(-1)).toMatchObject({
    eventId: 4624,
    what: 'logon of svc-backup from 203.0.113.77 (type 3, network)',
  });
  expect(around.notSeen).toEqual(['events further away than the nearest 200']);
});

const open = async (computer: string, now: string) => {
  const logs = openedLogs({ thresholds: {}, now: () => new Date(now) });
  const path = join(folder, 'other.evtx');
  writeFileSync(path, attack(computer));
  return logs.open(path, machine(), () => {}, new AbortController().signal);
};

test('a log is as old as its last event, whenever it was opened', async () => {
  const opened = await open('WEB01.contoso.local', '2026-11-24T02:20:11Z');
  expect([opened.doubt, opened.name]).toEqual(['', 'other.evtx']);
  expect(opened.logons).toMatchObject({ state: 'known', asOf: at(302) });
});

test('a log of another computer, or of long ago, is named so', async () => {
  const foreign = await open('fs01.offsec.lan', '2026-11-23T02:20:11Z');
  expect(foreign.doubt).toBe('log of fs01.offsec.lan, ends 2026-11-23');
  expect(foreign.name).toBe('other.evtx, a log of fs01.offsec.lan');
  expect(foreign.logons).toMatchObject({ notSeen: [`what this VM did: ${foreign.doubt}`] });
  expect((await open('web01', '2027-01-23T02:20:11Z')).doubt).toBe('log, ends 2026-11-23');
});

test('without a VM they are the lines of cordon evtx', async () => {
  const path = join(folder, 'alone.evtx');
  writeFileSync(path, attack('web01'));
  const logs = openedLogs({ thresholds: {}, now: () => new Date() });
  const { signal } = new AbortController();
  const lines = await logs.report(path, () => {}, signal);
  let printed = '';
  const stream = new Writable({
    write(chunk, _, done) {
      printed += String(chunk);
      done();
    },
  });
  await evtx([path], {}, { stdout: stream, stderr: stream });
  expect(lines.join('\n')).toContain('THEN A LOGON');
  expect(`${lines.join('\n')}\n`).toBe(printed);
  await expect(logs.report(join(folder, 'not a log.evtx'), () => {}, signal)).rejects.toThrow(/not an event log/);
});

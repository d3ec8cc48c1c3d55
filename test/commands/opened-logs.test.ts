import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openedLogs, pathsIn } from '../../src/commands/opened-logs.ts';
import { machine } from '../azure/log-workspace.ts';

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

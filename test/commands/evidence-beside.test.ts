import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withEvidence } from '../../src/commands/evidence-beside.ts';
import type { TriageDocument } from '../../src/documents/triage.ts';
import { isoOf, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { failedLogon, successfulLogon, writeLog } from '../eventlog/log-writer.ts';
import { incident, machine } from '../views/fixtures/incident.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-beside-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = ticksOf('2026-11-22T20:00:00Z') ?? 0;
const at = (seconds: number) => isoOf(start + seconds * ticksPerSecond);
function logOf(computer: string): string {
  const path = join(folder, `${computer}.evtx`);
  const failures = Array.from({ length: 40 }, (_, i) => ({ ...failedLogon(i + 1, at(i)), computer }));
  writeFileSync(path, writeLog([...failures, { ...successfulLogon(41, at(50)), computer }]));
  return path;
}
const options = { thresholds: {}, now: new Date('2026-11-23T02:20:11Z') };
const readFrom = ({ logons }: TriageDocument) =>
  logons.state === 'known' ? logons.value.bursts.map((burst) => burst.readFrom) : [];

test('an exported log stands beside what Log Analytics tells, each burst with its source', async () => {
  const { document, leftOut } = await withEvidence(incident(), machine('web01'), [logOf('web01')], options);
  expect(leftOut).toEqual([]);
  expect(readFrom(document).toSorted()).toEqual(['Log Analytics', 'Log Analytics', 'event log web01.evtx']);
  expect(document.logons).toMatchObject({ asOf: at(50), value: { failures: 1554 } });
  expect(document.findings.flatMap(({ id, covers = [] }) => [id, ...covers])).toContain('brute-force-succeeded');
});

test('a log of another computer does not count, and the document says so', async () => {
  const { document, leftOut } = await withEvidence(incident(), machine('web01'), [logOf('fs01')], options);
  expect(leftOut).toEqual(['fs01.evtx, a log of fs01 (log of fs01, ends 2026-11-22)']);
  expect(document.logons).toMatchObject({ value: { failures: 1514 } });
  expect(document.logons.state === 'known' && document.logons.notSeen.join()).toMatch(/does not fit web01: fs01\.evtx/);
});

test('a log that tells nothing of logons takes nothing away', async () => {
  const path = join(folder, 'empty.evtx');
  writeFileSync(path, writeLog([{ ...successfulLogon(1, at(0)), eventId: 4720, computer: 'web01' }]));
  const { document } = await withEvidence(incident(), machine('web01'), [path], options);
  expect(document.logons).toMatchObject({ state: 'known', value: { failures: 1514 } });
  expect(document.logons.state === 'known' && document.logons.notSeen.join()).toMatch(
    /event log empty\.evtx: not known/,
  );
});

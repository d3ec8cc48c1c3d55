import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entryLine, oneLine, resourceOf } from '../../src/casefile/one-line.ts';
import { type Entry, entryKind } from '../../src/documents/transcript.ts';
import { printable } from '../../src/text/printable.ts';
import { eventfulCase, newStore } from './sample-case.ts';

it('says in a line what happened, as the transcript shows it', async () => {
  const file = await eventfulCase(await newStore());
  const lines: string[] = [];
  for await (const entry of file.entries()) lines.push(oneLine(entry));
  await file.release();
  expect(lines.slice(1).map((line) => line.replace(/^\S+ {2}/, ''))).toEqual([
    'open     opened web01   anna@contoso.com',
    'fact     exposure of web01: 3 ports, effective rules agree   evidence 0001',
    'fact     ? logons: no table SecurityEvent in this workspace',
    'query    Log Analytics, SecurityEvent: 0 rows   1.2 s',
    'note     "customer confirms svc-backup should never log on interactively"   anna@contoso.com',
    'plan     lock-nsg: 1 step, 1 change',
    'confirm  lock-nsg step 3: typed web01   anna@contoso.com',
    'intent   PUT networkInterfaces/web01-nic   request 4f1c…',
    'outcome  200 Succeeded   correlation 88ab…   4.9 s',
    'verify   ✓ no port open to the Internet',
    'fact     exposure of web01: none',
  ]);
  expect(lines[0]).toMatch(/^02:20:\d\dZ {2}case {5}case 2026-11-23-web01 on web01, cordon 0.1.0 {3}anna@contoso.com$/);
});

it('never calls an outcome done that is not known', () => {
  const body = { intent: 'i', status: null, ok: null, requestId: '', correlationId: '', durationSeconds: 30 };
  const of: Entry = { seq: 2, at: '2026-11-23T02:20:00Z', kind: 'outcome', actor: 'cordon', body, prev: '', hash: '' };
  expect(entryLine(of)).toMatchObject({ text: '? no answer outcome not known', aside: '30.0 s' });
  expect(entryLine({ ...of, body: { ...body, ok: false, status: 403, error: 'AuthorizationFailed' } }).text).toBe(
    '✗ 403 failed: AuthorizationFailed',
  );
});

it('is one printable line of bounded length for any body of any kind', () => {
  const hostile = fc.oneof(
    fc.constantFrom('\u001b[2J\u001b]0;title\u0007', 'a\nb\r\nc', '\u202egnp.exe', 'x'.repeat(10_000)),
    fc.string({ unit: 'binary' }),
  );
  const body = fc.dictionary(
    fc.constantFrom('text', 'summary', 'name', 'request', 'intent', 'steps', 'vm', 'evidence', 'state', 'ok', 'step'),
    fc.oneof(hostile, fc.boolean(), fc.constant(null), fc.record({ method: hostile, url: hostile, name: hostile })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...entryKind.options), hostile, body, (kind, actor, some) => {
      const of: Entry = { seq: 1, at: '2026-11-23T02:20:00Z', kind, actor, body: some, prev: '', hash: '' };
      const line = oneLine(of);
      expect(line).toBe(printable(line, 2000));
      expect(line.length).toBeLessThan(1000);
    }),
  );
});

it.each([
  [
    'https://management.azure.com/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/networkSecurityGroups/n/securityRules/x?api-version=1',
    'networkSecurityGroups/n/securityRules/x',
  ],
  ['/subscriptions/s/providers/Microsoft.Compute/virtualMachines/v/providers/Microsoft.Insights/x/y', 'x/y'],
  ['https://api.loganalytics.io/v1/workspaces/w/query', '/v1/workspaces/w/query'],
  ['', ''],
])('names the resource of %s', (url, name) => {
  expect(resourceOf(url)).toBe(name);
});

it('tells what a query leaves out', () => {
  const body = { service: 'Log Analytics', text: 'T', rows: 2, sha256: '', durationSeconds: 1, error: 'not permitted' };
  const of: Entry = { seq: 2, at: '2026-11-23T02:20:00Z', kind: 'query', actor: 'anna', body, prev: '', hash: '' };
  expect(entryLine(of).text).toBe('Log Analytics, T: 2 rows in part: not permitted');
  expect(entryLine({ ...of, body: { ...body, rows: null } }).text).toBe('Log Analytics, T: failed: not permitted');
});

it.each([
  ['SecurityEvent\n| count', 'SecurityEvent'],
  [
    '// Active alerts, with the resources. Printed in Pascal case.\nsecurityresources',
    'Active alerts, with the resources',
  ],
  [
    'let events = // Where the agent puts them.\nSecurityEvent\n| take 5;\n// Failed logons, reduced: one row a minute.\n// Takes: events.\nevents\n// not this\n| count',
    'Failed logons, reduced',
  ],
  ['', ''],
])('tells what a query is for: %j', (text, purpose) => {
  const body = { service: 'Log Analytics', text, rows: 2, sha256: '', durationSeconds: 1 };
  const of: Entry = { seq: 2, at: '2026-11-23T02:20:00Z', kind: 'query', actor: 'anna', body, prev: '', hash: '' };
  expect(entryLine(of).text).toBe(`Log Analytics, ${purpose}: 2 rows`);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctorDocument } from '../../src/documents/doctor.ts';
import { queryDocument } from '../../src/documents/query.ts';
import { scanDocument, triageDocument } from '../../src/documents/triage.ts';
import { cordon, type RunningSimulator, simulate } from './cordon.ts';

let simulator: RunningSimulator;
let folder: string;
const at = () => ['--simulator', simulator.url];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-headless-'));
  simulator = await simulate();
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('without a terminal', () => {
  it('prints the triage report of the most suspicious VM and exits 0', async () => {
    const { code, stdout } = await cordon(['--demo']);
    expect(code).toBe(0);
    expect(stdout).toContain('web01');
    expect(stdout).toContain('THEN A LOGON as svc-backup from 203.0.113.77');
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('triage --json is a valid cordon.triage/1 with the facts of the incident', async () => {
    const { code, stdout } = await cordon(['triage', 'web01', '--json', ...at()]);
    expect(code).toBe(0);
    const document = triageDocument.parse(JSON.parse(stdout));
    expect(
      document.exposure.state === 'known' && document.exposure.value.ports.map((port) => [port.from, port.agrees]),
    ).toEqual([
      [3389, 'effective-rules'],
      [4389, 'effective-rules'],
      [443, 'effective-rules'],
    ]);
    expect(document.logons.state === 'known' && document.logons.value.failures).toBe(1514);
    expect(document.logons.state === 'known' && document.logons.value.bursts[0]?.success).toMatchObject({
      state: 'known',
      value: { account: 'svc-backup', address: '203.0.113.77', logonType: 10 },
    });
    expect(
      document.patches.state === 'known' &&
        document.patches.value.missing.filter((patch) => patch.classification === 'Critical'),
    ).toHaveLength(3);
    expect(document.findings[0]).toMatchObject({ id: 'exposed-brute-forced-compromised', severity: 'critical' });
    expect(document.timeLine.entries.map(({ source }) => source)).toEqual(
      expect.arrayContaining(['activity', 'logons', 'defender', 'backup']),
    );
  });

  it('kql runs a detection over an export, in the thread of the bundle', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      TimeGenerated: `2026-11-23T02:${String(i).padStart(2, '0')}:00.1234567Z`,
      EventID: i === 59 ? 4624 : 4625,
      IpAddress: '203.0.113.77',
    }));
    const file = join(folder, 'SecurityEvent.jsonl');
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    const query =
      'SecurityEvent | where TimeGenerated > ago(1h) | summarize Failed = countif(EventID == 4625), Last = max(TimeGenerated) by IpAddress';
    const asked = ['kql', query, '--evidence', file, '--now', '2026-11-23T03:00:00Z'];
    const { code, stdout } = await cordon([...asked, '--json']);
    expect(code).toBe(0);
    expect(queryDocument.parse(JSON.parse(stdout)).rows).toEqual([
      ['203.0.113.77', 59, '2026-11-23T02:59:00.1234567Z'],
    ]);
    const wrong = await cordon(['kql', 'SecurityEvent | where EventId == 4625', '--evidence', file]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(
      "line 1, column 23: The name 'EventId' does not refer to any known column, table, variable or function. Nearest: EventID. (KS142)",
    );
    expect(wrong.stderr).toContain(`${' '.repeat(24)}^^^^^^^`);
  });

  it('what makes a burst can be set, and stands in the document', async () => {
    const flags = ['--failures', '500', '--window', '10', '--hours', '48'];
    const { stdout } = await cordon(['triage', 'web01', '--json', ...flags, ...at()]);
    const { logons } = triageDocument.parse(JSON.parse(stdout));
    expect(logons).toMatchObject({
      coverage: 'last 2 days',
      value: { thresholds: { failures: 500, windowSeconds: 600 }, bursts: [{ kind: 'guess', failures: 1204 }] },
    });
    expect((await cordon(['triage', 'web01', '--failures', 'many', ...at()])).code).toBe(2);
  });

  it('scan ranks the broken-into server first; --fail-on sets the exit code; --full adds exposure', async () => {
    const { code, stdout } = await cordon(['scan', '--json', '--full', '--fail-on', 'critical', ...at()]);
    expect(code).toBe(1);
    const document = scanDocument.parse(JSON.parse(stdout));
    expect(document.vms).toHaveLength(25);
    expect(document.vms[0]?.name).toBe('web01');
    expect(document.vms.find((vm) => vm.name === 'sql02')?.exposedPorts).toEqual(['nat 50001→3389']);
    expect(document.vms.find((vm) => vm.name === 'legacy7')).toMatchObject({
      criticalPatches: null,
      worstBurst: { state: 'unknown' },
    });
    expect(document.vms[0]?.exposure?.state).toBe('known');
  });

  it('a wrong name: what was looked for, where, and the nearest names', async () => {
    const { code, stderr } = await cordon(['triage', 'web1', ...at()]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no virtual machine "web1" among the 25 in reach; nearest: web01/);
  });

  it('a name of two VMs: both ids, and nothing done', async () => {
    const { code, stderr } = await cordon(['triage', 'app01', ...at()]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/rg-app\/[\s\S]*virtualMachines\/app01/);
    expect(stderr).toMatch(/rg-app-dr\//);
  });

  it('a wrong subscription, file, schema, simulator: one line and exit 2', async () => {
    for (const parameters of [
      ['scan', '--subscription', 'contoso-prd', ...at()],
      ['scan', '--world', join(folder, 'none.json')],
      ['schema', 'nonsense'],
      ['scan', '--simulator', 'http://example.com'],
      ['scan', '--latency', 'slow'],
    ]) {
      const { code, stderr } = await cordon(parameters);
      expect(code, parameters.join(' ')).toBe(2);
      expect(stderr.trim().split('\n'), parameters.join(' ')).toHaveLength(1);
    }
  });

  it('a world file with an error: file, line, what was expected', async () => {
    const file = join(folder, 'world.json');
    writeFileSync(file, '{\n  "schema": "cordon.world/1",\n  "now": 5,\n  "resources": []\n}\n');
    const { code, stderr } = await cordon(['scan', '--world', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/world\.json:3/);
  });

  it('keeps no token in the traffic file', async () => {
    const file = join(folder, 'traffic.jsonl');
    await cordon(['triage', 'app03', '--traffic', file, ...at()]);
    const text = readFileSync(file, 'utf8');
    expect(text.split('\n').length).toBeGreaterThan(10);
    // The match itself is not printed: it would be the whole file.
    expect(/eyJ[\w-]+\.|Bearer|"authorization"/i.test(text)).toBe(false);
  });

  it('doctor says what works', async () => {
    const { code, stdout } = await cordon(['doctor', '--json', ...at()]);
    expect(code).toBe(0);
    const { checks, playbooks } = doctorDocument.parse(JSON.parse(stdout));
    expect(new Set(checks.map(({ subscription }) => subscription))).toEqual(
      new Set(['', 'contoso-prod', 'contoso-dev']),
    );
    expect(checks.map(({ name }) => name)).toContain('logs: SecurityEvent');
    expect(playbooks.map(({ name }) => name)).toContain('lock-nsg');
  });
});

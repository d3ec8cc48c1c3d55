import { describe, expect, it } from 'vitest';
import type { ExposedPort, Exposure, Logons, MissingPatch, Patches } from '../../src/documents/triage.ts';
import { known, unknown } from '../../src/triage/fact.ts';
import { portText } from '../../src/triage/findings/ports.ts';
import type { FindingFacts } from '../../src/triage/findings/rule.ts';
import { rulesTable } from '../../src/triage/findings/table.ts';
import { judge, practices, rules } from '../../src/triage/findings.ts';
import { patchAge, patchOrder } from '../../src/triage/patches.ts';

const about = { source: 'test', asOf: '2026-11-23T02:20:11Z', coverage: 'all' };
const nothing: FindingFacts = {
  os: 'windows',
  now: new Date('2026-11-23T02:20:11Z'),
  exposure: null,
  logons: null,
  patches: null,
  installations: null,
  knownExploited: null,
  alerts: null,
  secureScore: null,
  recommendations: null,
  jit: null,
  identity: null,
  software: null,
  backup: null,
  firewall: null,
  activity: null,
};
const port = (from: number, service: string, breadth: 'internet' | 'narrow' = 'internet'): ExposedPort => ({
  protocol: 'tcp',
  from,
  to: from,
  service,
  frontend: { address: '20.51.7.14', from, to: from },
  via: 'public-ip',
  sources: { publicAddresses: breadth === 'narrow' ? 1 : 3_702_259_456, breadth, prefixes: [] },
  decidedBy: [],
  agrees: 'not-checked',
  networkInterface: '/nic',
});
const exposure = (...ports: ExposedPort[]): Exposure => ({ ports, disagreements: [], secondOpinion: [] });
const logons = (success: Logons['bursts'][number]['success']): Logons => ({
  failures: 1204,
  lastEventAt: null,
  successesCollected: true,
  thresholds: { failures: 10, windowSeconds: 300 },
  bursts: [
    {
      kind: 'guess',
      start: '2026-11-23T01:58:02Z',
      end: '2026-11-23T02:14:07Z',
      failures: 1204,
      peakPerMinute: 96,
      sources: [{ address: '203.0.113.77', failures: 1204 }],
      accounts: [{ name: 'svc\u001b[2J-backup', failures: 1204, exists: true }],
      codes: [],
      logonTypes: [3],
      histogram: [],
      success,
      next: [],
    },
  ],
});
const missing = (changes: Partial<MissingPatch> = {}): MissingPatch => ({
  name: 'x',
  kb: '5034439',
  version: '',
  classification: 'Critical',
  msrcSeverity: '',
  publishedAt: null,
  ageDays: null,
  rebootRequired: null,
  cves: [],
  lastAttempt: null,
  ...changes,
});
const assessed = (...patches: MissingPatch[]): Patches => ({
  assessedAt: '2026-11-21T00:00:00Z',
  startedBy: '',
  rebootPending: null,
  rebootPendingSince: null,
  counts: {},
  service: '',
  missing: patches,
});
const ids = (facts: Partial<FindingFacts>) => judge({ ...nothing, ...facts }).map((finding) => finding.id);

describe('findings', () => {
  it('draws nothing from what is not known or not answered', () => {
    const no = unknown('no permission', 'ask', 'test');
    expect(judge(nothing)).toEqual([]);
    expect(
      judge({
        ...nothing,
        exposure: no,
        logons: no,
        patches: no,
        alerts: no,
        jit: no,
        identity: no,
        software: no,
        backup: no,
      }),
    ).toEqual([]);
  });
  it('puts a logon after guessing first, and strips what the attacker wrote into a name', () => {
    const found = judge({
      ...nothing,
      exposure: known(exposure(port(3389, 'RDP')), about),
      logons: known(
        logons({
          state: 'known',
          value: {
            at: '2026-11-23T02:14:09Z',
            account: 'svc\u001b]0;x\u0007-backup',
            address: '203.0.113.77',
            logonType: 10,
          },
        }),
        about,
      ),
    });
    expect(found.map((finding) => [finding.id, finding.severity])).toEqual([
      ['brute-force-succeeded', 'critical'],
      ['rdp-open-to-internet', 'critical'],
    ]);
    expect(found[0]?.title).toContain('as svc-backup from 203.0.113.77 at 02:14:09Z');
  });
  it('never says that none succeeded when successes are not collected', () => {
    const [finding] = judge({
      ...nothing,
      logons: known(logons({ state: 'unknown', because: 'not collected', cure: 'collect' }), about),
    });
    expect(finding?.title).toContain('whether one succeeded is not known');
    expect(finding?.severity).toBe('high');
  });
  it('tells a range that holds two management ports once', () => {
    const range = { ...port(22, 'SSH, Telnet'), to: 23 };
    expect(ids({ exposure: known(exposure(range), about) })).toEqual(['ssh-open-to-internet']);
    expect(ids({ exposure: known(exposure(port(5985, 'WinRM')), about) })).toEqual(['management-port-open']);
  });
  it('is not fooled by RDP moved to 4389', () => {
    expect(ids({ exposure: known(exposure(port(4389, '')), about) })).toEqual(['unnamed-port-open-to-internet']);
  });
  it('does not call a port open to the Internet that one address reaches', () => {
    expect(ids({ exposure: known(exposure(port(3389, 'RDP', 'narrow')), about) })).toEqual([]);
  });
  it('weighs missing patches higher on a machine that the Internet reaches', () => {
    const patches = assessed(missing({ kb: '5034439' }));
    const severity = (with_: Exposure) =>
      judge({ ...nothing, patches: known(patches, about), exposure: known(with_, about) }).find(
        (f) => f.id === 'critical-patches-missing',
      )?.severity;
    expect(severity(exposure())).toBe('medium');
    expect(severity(exposure(port(443, 'HTTPS')))).toBe('high');
  });
  it('says what is not known and could change a verdict', () => {
    const patches = assessed(missing({ kb: '1' }));
    const [blind] = judge({
      ...nothing,
      patches: known(patches, { ...about, notSeen: ['WSUS may hide some'] }),
      exposure: unknown('no permission\u001b[2J', 'ask', 'test'),
    });
    expect(blind?.unknown).toEqual(['patches not seen: WSUS may hide some', 'exposed ports not known: no permission']);
    const [waiting] = judge({ ...nothing, patches: known(patches, about) });
    expect(waiting?.unknown).toEqual([]);
  });
  it('has one id a rule, gives each severity it can give a reason, and names a practice', () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(Object.keys(rule.severities), rule.id).not.toEqual([]);
      expect(rule.when, rule.id).not.toBe('');
      expect(practices[rule.practice - 1], rule.id).toBeDefined();
    }
  });
  it('is written down for review', async () => {
    const page = [
      '# Findings',
      '',
      'Every rule that draws a finding, made from the table in `src/triage/findings.ts` (`npx vitest run test/triage/findings.test.ts -u` writes it).',
      'Unknown evidence draws no finding. Of equal severity, the earlier rule leads.',
      '',
      rulesTable(rules, practices),
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot('../../docs/findings.md');
  });
  it('says how a port is reached', () => {
    expect(
      portText({ ...port(3389, 'RDP'), via: 'nat-rule', frontend: { address: 'x', from: 50001, to: 50001 } }),
    ).toBe('50001→3389');
    expect(portText({ ...port(0, ''), to: 65535 })).toBe('all ports');
  });
});

describe('patches', () => {
  it('orders by class, then by how long they are missing', () => {
    const patch = (classification: string, ageDays: number | null) =>
      missing({ kb: String(ageDays), classification, ageDays });
    expect(
      [patch('Security', 69), patch('Critical', 3), patch('Critical', 41), patch('Other', 900)]
        .sort(patchOrder)
        .map((p) => p.kb),
    ).toEqual(['41', '3', '69', '900']);
  });
  it('counts whole days and never backwards', () => {
    expect(patchAge('2026-11-21T03:00:00Z', new Date('2026-11-23T02:20:11Z'))).toBe(1);
    expect(patchAge('2026-11-24T03:00:00Z', new Date('2026-11-23T02:20:11Z'))).toBe(0);
  });
});

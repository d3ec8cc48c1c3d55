import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../src/documents/fact.ts';
import type { ExposedPort, Exposure, Logons } from '../../src/documents/triage.ts';
import { portText } from '../../src/network/port-text.ts';
import { rulesTable } from '../../src/triage/findings/markdown.ts';
import type { FindingFacts } from '../../src/triage/findings/rule.ts';
import { judge, practices, rules } from '../../src/triage/findings.ts';
import { patchAge, patchOrder } from '../../src/triage/patches.ts';
import {
  about,
  alert,
  assessed,
  backup,
  missing,
  nothingAnswered as nothing,
  run,
  scanned,
  tried,
  vulnerability,
} from './evidence.ts';

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
const ids = (facts: Partial<FindingFacts>) => judge({ ...nothing, ...facts }).map((finding) => finding.id);

describe('findings', () => {
  it('draws nothing from what is not known or not answered', () => {
    const no = unknown('denied', 'no permission', 'ask', 'test');
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
      ['exposed-brute-forced-compromised', 'critical'],
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
    const all = { ...port(0, 'RDP'), to: 65535 };
    expect(judge({ ...nothing, exposure: known(exposure(all), about) })).toMatchObject([
      { title: 'RDP and SSH are open to the whole Internet (all ports)', covers: ['ssh-open-to-internet'] },
    ]);
    expect(ids({ exposure: known(exposure(port(3389, 'RDP'), port(22, 'SSH')), about) })).toHaveLength(2);
  });
  it('is not fooled by RDP moved to 4389', () => {
    expect(ids({ exposure: known(exposure(port(4389, '')), about) })).toEqual(['unnamed-port-open-to-internet']);
  });
  it('does not call a port open to the Internet that one address reaches', () => {
    expect(ids({ exposure: known(exposure(port(3389, 'RDP', 'narrow')), about) })).toEqual([]);
  });
  it('counts missing updates that the assessment does not list', () => {
    const patches = known({ ...assessed(), counts: { critical: 5, security: 2 } }, about);
    const titles = judge({ ...nothing, patches }).map(({ id, title, evidence }) => [id, title, evidence]);
    expect(titles).toContainEqual([
      'critical-patches-missing',
      '5 critical updates missing: the assessment does not list which',
      ['patches.counts'],
    ]);
    expect(titles).toContainEqual(['security-patches-missing', '2 security updates missing', ['patches.counts']]);
  });

  it('weighs missing patches higher on a VM that the Internet reaches', () => {
    const patches = assessed(missing({ kb: '5034439' }));
    const severity = (with_: Exposure) =>
      judge({ ...nothing, patches: known(patches, about), exposure: known(with_, about) }).find(
        (f) => f.id === 'critical-patches-missing',
      )?.severity;
    expect(severity(exposure())).toBe('medium');
    expect(severity(exposure(port(443, 'HTTPS')))).toBe('high');
  });
  it('crosses a missing fix of RDP or SMB with what is open: BlueKeep’s lesson', () => {
    const fix = (changes: Parameters<typeof missing>[0], ...ports: ExposedPort[]) =>
      judge({
        ...nothing,
        patches: known(assessed(missing({ kb: '1', classification: 'Other' }), missing(changes)), about),
        exposure: known(exposure(...ports), about),
      }).find(({ id }) => id === 'remote-service-unpatched');
    expect(fix({ kb: '4499175' }, port(443, 'HTTPS'), port(3389, 'RDP'))).toMatchObject({
      severity: 'critical',
      title: 'RDP lacks KB4499175 (BlueKeep), and 3389, which is RDP, is open to the Internet',
      evidence: ['patches.missing[1]', 'exposure.ports[1]'],
      playbook: 'lock-nsg',
    });
    // Moved to 4389, it may still be RDP; it cannot be known from outside.
    expect(fix({ kb: '4499175' }, port(4389, ''))).toMatchObject({
      severity: 'high',
      title: expect.stringMatching(/4389, which may be RDP/),
      unknown: expect.arrayContaining(['what listens on it inside the VM']),
    });
    expect(fix({ kb: '4499175' }, port(3389, 'RDP', 'narrow'))?.severity).toBe('medium');
    expect(fix({ name: 'Remote Desktop Services Security Update' }, port(3389, 'RDP'))?.severity).toBe('high');
    expect(fix({ kb: '4013389', cves: ['CVE-2017-0144'] }, { ...port(1, 'many'), to: 1024 })?.severity).toBe(
      'critical',
    );
    expect(fix({ kb: '4499175' }, port(443, 'HTTPS'))).toBeUndefined();
    expect(fix({ kb: '4499175' }, port(445, 'SMB'))).toBeUndefined();
    expect(fix({ kb: '5034439' }, port(3389, 'RDP'))).toBeUndefined();
    expect(fix({ kb: '4499175' })).toBeUndefined();
  });
  it('crosses vulnerability findings with what is open too, and says when patches are not known', () => {
    const [found] = judge({
      ...nothing,
      patches: unknown('absent', 'never assessed', 'assess', 'test'),
      software: known(scanned(vulnerability({ title: 'SMBGhost', cves: ['CVE-2020-0796'] })), about),
      exposure: known(exposure(port(445, 'SMB')), about),
    });
    expect(found).toMatchObject({
      id: 'remote-service-unpatched',
      severity: 'critical',
      evidence: ['posture.software.vulnerabilities[0]', 'exposure.ports[0]'],
      unknown: ['patches not known: never assessed'],
    });
    const linux = judge({
      ...nothing,
      os: 'linux',
      software: known(scanned(vulnerability({ title: 'Samba SMB server' })), about),
      exposure: known(exposure(port(445, 'SMB')), about),
    });
    expect(linux.map(({ id }) => id)).not.toContain('remote-service-unpatched');
  });
  it('puts what CISA lists as exploited first, worst on a VM that the Internet reaches', () => {
    const match = {
      cve: 'CVE-2023-31102',
      name: '7-Zip',
      vendor: '',
      product: '',
      addedAt: '2026-01-01',
      dueAt: '',
      ransomware: true,
      on: ['7-Zip\u001b[2J'],
    };
    const knownExploited = known(
      { catalogVersion: '1', releasedAt: '2026-11-20T00:00:00Z', count: 1, matches: [match] },
      about,
    );
    const software = known(
      scanned(vulnerability(), vulnerability({ title: '7-Zip', cves: [match.cve], severity: 'Low' })),
      about,
    );
    const facts = { ...nothing, knownExploited, software };
    const open = judge({ ...facts, exposure: known(exposure(port(443, 'HTTPS')), about) });
    expect(open[0]).toMatchObject({
      id: 'known-exploited-vulnerability',
      severity: 'critical',
      title: 'a known exploited vulnerability: CVE-2023-31102 (7-Zip), used by ransomware',
    });
    expect(judge(facts).find(({ id }) => id === 'known-exploited-vulnerability')?.severity).toBe('high');
    expect(judge(facts).find(({ id }) => id === 'vulnerable-software')).toMatchObject({
      severity: 'high',
      evidence: ['posture.software.vulnerabilities[1]'],
      title: expect.stringMatching(/7-Zip, known to be exploited/),
    });
  });
  it('tells failed installations and a pending reboot', () => {
    const installations = known({ runs: [run({ failed: 1, patches: [tried('5034127', 'Failed')] })] }, about);
    const patches = known({ ...assessed(), rebootPending: true, rebootPendingSince: '2026-11-19T04:20:10Z' }, about);
    expect(judge({ ...nothing, installations, patches }).map(({ id, title }) => [id, title])).toEqual([
      ['patches-failing', 'the last installation of updates failed for 1: KB5034127'],
      ['reboot-pending', 'a reboot is pending since 2026-11-19; a reboot destroys memory, so collect that first'],
    ]);
    expect(ids({ installations: known({ runs: [run()] }, about) })).toEqual([]);
  });
  it('tells programs that are no longer supported, not those that soon will be', () => {
    const item = { vendor: 'oracle', name: 'jre', version: '8', endOfSupportAt: '', knownVulnerabilities: 0 };
    const of = (endOfSupport: string) =>
      ids({ software: known({ ...scanned(), items: [{ ...item, endOfSupport }] }, about) });
    expect(of('versionNoLongerSupported')).toEqual(['software-end-of-support']);
    expect(of('noLongerSupported')).toEqual(['software-end-of-support']);
    expect(of('upcomingVersionNoLongerSupported')).toEqual([]);
    expect(of('None')).toEqual([]);
    const ends = (endOfSupportAt: string) =>
      ids({
        software: known(
          { ...scanned(), items: [{ ...item, endOfSupport: 'upcomingNoLongerSupported', endOfSupportAt }] },
          about,
        ),
      });
    const several = Array.from({ length: 3 }, (_, i) => ({
      ...item,
      version: `${i}`,
      endOfSupport: 'noLongerSupported',
    }));
    const [found] = judge({ ...nothing, software: known({ ...scanned(), items: several }, about) });
    expect(found?.title).toBe('3 programs are no longer supported: jre 0, jre 1 and 1 more');
    // A day that was announced has come.
    expect(ends('2026-07-14')).toEqual(['software-end-of-support']);
    expect(ends('2027-07-14')).toEqual([]);
  });
  it('tells backups that are deleted, stopped, old, without a point before the attack, or easy to delete', () => {
    const of = (changes: Parameters<typeof backup>[0]) => ids({ backup: known(backup(changes), about) });
    const vaultSecurity = (changes = {}) =>
      known(
        {
          softDelete: 'Enabled',
          softDeleteDays: 14,
          immutability: 'Disabled',
          multiUserAuthorization: 'Disabled',
          ...changes,
        },
        about,
      );
    expect(of({})).toEqual([]);
    expect(of({ softDeleted: { remaining: '3.00:00:00' } })).toEqual(['backup-deleted']);
    expect(of({ state: 'ProtectionStopped' })).toEqual(['no-backup']);
    expect(of({ state: 'IRPending', lastBackupAt: null, lastPointAt: null })).toEqual(['no-backup']);
    // The last operation is of yesterday and failed; the last point is what counts.
    expect(of({ lastPointAt: '2026-11-14T00:00:00Z', lastBackupStatus: 'Failed' })).toEqual(['no-backup']);
    expect(of({ lastGood: known({ point: null, before: '2026-11-01T00:00:00Z', event: 'x' }, about) })).toEqual([
      'no-point-before-attack',
    ]);
    expect(of({ vaultSecurity: vaultSecurity() })).toEqual(['backup-can-be-deleted']);
    expect(of({ vaultSecurity: vaultSecurity({ immutability: 'Locked' }) })).toEqual([]);
    expect(of({ vaultSecurity: vaultSecurity({ softDelete: 'AlwaysON' }) })).toEqual([]);
    expect(of({ vaultSecurity: vaultSecurity({ softDelete: '' }) })).toEqual([]);
    const kept = (expiresAt: string) => {
      const at = '2026-11-01T00:00:00Z';
      const point = { id: 'p', at, consistency: 'crash' as const, tiers: [], expiresAt, softDeleted: false };
      const lastGood = known({ point, before: '2026-11-02T00:00:00Z', event: 'x' }, about);
      return judge({ ...nothing, backup: known(backup({ lastGood }), about) }).map(({ id, severity }) => [
        id,
        severity,
      ]);
    };
    expect(kept('2026-12-14T00:00:00Z')).toEqual([]);
    expect(kept('2026-11-28T00:00:00Z')).toEqual([['good-point-expires', 'medium']]);
    expect(kept('2026-11-24T00:00:00Z')).toEqual([['good-point-expires', 'high']]);
    const off = judge({
      ...nothing,
      backup: known(backup({ vaultSecurity: vaultSecurity({ softDelete: 'Disabled' }) }), about),
    });
    expect(off[0]).toMatchObject({ id: 'backup-can-be-deleted', severity: 'high' });
  });
  it('tells what passes a firewall by, and what it lets in itself', () => {
    const path = {
      inPath: true,
      name: 'fw',
      id: '',
      policy: '',
      outbound: 'firewall' as const,
      routes: [],
      dnatRules: [],
      past: ['a'],
    };
    const of = (inbound: 'beside-firewall' | 'no-firewall' | 'firewall' | 'unknown') =>
      ids({ firewall: known({ ...path, inbound }, about) });
    expect(of('beside-firewall')).toEqual(['open-past-firewall']);
    expect(of('no-firewall')).toEqual(['no-firewall']);
    expect([...of('firewall'), ...of('unknown')]).toEqual([]);
    const dnat = { ...port(3389, 'RDP'), via: 'firewall-dnat' as const, path: { id: '/fw', rule: 'rdp-in' } };
    expect(
      judge({ ...nothing, exposure: known(exposure(dnat), about) }).find(
        ({ id }) => id === 'firewall-leads-to-management',
      )?.title,
    ).toMatch(/rdp-in/);
  });
  it('labels the score as the subscription’s', () => {
    const score = (percentage: number) =>
      judge({
        ...nothing,
        secureScore: known({ subscription: 'contoso-dev', percentage, current: 1, max: 2, controls: [] }, about),
      });
    expect(score(41)[0]?.title).toBe('the classic Secure Score of the subscription contoso-dev is 41 %');
    expect(score(54)).toEqual([]);
  });
  it('counts alerts by their severity', () => {
    const alerts = known({ alerts: [alert('2026-11-23T00:00:00Z')], plan: '', servers: 'P2' as const }, about);
    expect(judge({ ...nothing, alerts })[0]).toMatchObject({ id: 'defender-alerts', severity: 'high' });
    const late = { ...alert('2026-11-23T01:00:00Z', 'a late one'), severity: 'Low' };
    const both = known({ alerts: [late, ...alerts.value.alerts], plan: '', servers: 'P2' as const }, about);
    expect(judge({ ...nothing, alerts: both })[0]).toMatchObject({
      title: 'Defender has 2 active alerts: an alert',
      evidence: ['posture.alerts.alerts[0]', 'posture.alerts.alerts[1]'],
    });
  });
  it('says what is not known and could change a verdict', () => {
    const patches = assessed(missing({ kb: '1' }));
    const [blind] = judge({
      ...nothing,
      patches: known(patches, { ...about, notSeen: ['WSUS may hide some'] }),
      exposure: unknown('denied', 'no permission\u001b[2J', 'ask', 'test'),
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
  it('tells a right credential that was refused, and a slow guess that a logon followed, beside bursts', () => {
    const quiet = logons({ state: 'known', value: null });
    const refused = {
      account: 'bob',
      address: '203.0.113.9',
      code: '0xc0000224',
      meaning: 'must change the password (it was right)',
      failures: 1,
      first: '2026-11-23T02:00:00Z',
      last: '2026-11-23T02:00:00Z',
      guesses: 11,
    };
    const after = {
      account: 'anna',
      failures: 5,
      first: '2026-11-23T01:00:00Z',
      last: '2026-11-23T01:40:00Z',
      sources: ['203.0.113.9'],
      distinctSources: 1,
      success: { at: '2026-11-23T02:00:00Z', account: 'anna', address: '203.0.113.9', logonType: 3 },
    };
    const of = (value: Logons) => ids({ logons: known(value, about) });
    const both = of({ ...quiet, rightButRefused: [refused], afterFailures: [after] });
    expect(both).toEqual(
      expect.arrayContaining(['right-credential-refused', 'logon-after-failures', 'brute-force-running']),
    );
    // A user who mistypes twice and then has an expired password is no attacker.
    expect(of({ ...quiet, rightButRefused: [{ ...refused, guesses: 2 }] })).not.toContain('right-credential-refused');
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
    expect(portText({ ...port(3389, 'RDP'), via: 'nat-rule', frontend: { from: 50001, to: 50001 } })).toBe(
      '50001→3389',
    );
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

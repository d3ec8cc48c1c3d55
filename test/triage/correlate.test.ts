import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../src/documents/fact.ts';
import type { KevCatalog } from '../../src/documents/kev-catalog.ts';
import type { Activity, ActivityEntry, Logons, RecoveryPoint } from '../../src/documents/triage.ts';
import { type Correlated, correlate, lastAttemptOf, rebootPendingSince } from '../../src/triage/correlate.ts';
import { catalogOf } from '../../src/triage/known-exploited.ts';
import { type AttackEvidence, firstMalicious, lastBefore } from '../../src/triage/last-good-point.ts';
import { remoteServiceFixes, remoteServicesIn } from '../../src/triage/remote-service-fixes.ts';
import { about, alert, assessed, backup, missing, run, scanned, tried, vulnerability } from './evidence.ts';

const now = new Date('2026-11-23T02:20:11Z');
const no = unknown('denied', 'no permission', 'ask', 'test');
const nothing: Correlated = {
  logons: null,
  patches: null,
  installations: null,
  alerts: null,
  activity: null,
  software: null,
  backup: null,
  knownExploited: null,
};
const logons = (...starts: string[]): Logons => ({
  failures: 0,
  lastEventAt: null,
  successesCollected: true,
  thresholds: { failures: 10, windowSeconds: 300 },
  bursts: starts.map((start) => ({
    kind: 'guess',
    start,
    end: start,
    failures: 10,
    peakPerMinute: 1,
    sources: [],
    accounts: [],
    codes: [],
    logonTypes: [],
    histogram: [],
    success: { state: 'known', value: null },
    next: [],
  })),
});
const catalog = (released: string, ...entries: Partial<KevCatalog['vulnerabilities'][number]>[]) =>
  catalogOf({
    catalogVersion: '2026.11.20',
    dateReleased: released,
    count: entries.length,
    vulnerabilities: entries.map((entry) => ({
      cveID: 'CVE-2019-0708',
      vendorProject: 'Microsoft',
      product: 'Remote Desktop Services',
      vulnerabilityName: 'BlueKeep',
      dateAdded: '2021-11-03',
      knownRansomwareCampaignUse: 'Unknown',
      ...entry,
    })),
  });

describe('why an update is missing', () => {
  it('is what the newest run that named it left of it', () => {
    const runs = [
      run({ id: 'new', endedAt: '2026-11-20T00:00:00Z', patches: [tried('2', 'Excluded')] }),
      run({ id: 'old', endedAt: '2026-11-10T00:00:00Z', patches: [tried('1', 'Failed'), tried('2', 'Pending')] }),
    ];
    expect(lastAttemptOf(missing({ kb: '1' }), runs)).toEqual({ state: 'Failed', at: '2026-11-10T00:00:00Z' });
    expect(lastAttemptOf(missing({ kb: '2' }), runs)).toEqual({ state: 'Excluded', at: '2026-11-20T00:00:00Z' });
    expect(lastAttemptOf(missing({ kb: '3' }), runs)).toBeNull();
  });

  it('goes by name and version on Linux, where there is no KB', () => {
    const own = { ...tried('', 'NotSelected'), name: 'openssl', version: '3.0.2' };
    const runs = [run({ patches: [own] })];
    expect(lastAttemptOf(missing({ kb: '', name: 'openssl', version: '3.0.2' }), runs)?.state).toBe('NotSelected');
    expect(lastAttemptOf(missing({ kb: '', name: 'openssl', version: '3.0.3' }), runs)).toBeNull();
    expect(lastAttemptOf(missing({ kb: '', name: 'curl', version: '3.0.2' }), runs)).toBeNull();
  });

  it('is said to be not known where the history is', () => {
    const raw = { ...nothing, patches: known(assessed(missing()), about), installations: no, software: no };
    expect(correlate(raw, undefined, now).patches).toMatchObject({
      notSeen: ['why they are missing: no permission', 'their CVEs: no permission'],
    });
    expect(correlate({ ...raw, patches: known(assessed(), about) }, undefined, now).patches).toMatchObject({
      notSeen: [],
    });
  });
});

describe('since when a reboot is pending', () => {
  it('is the end of the newest run that asked for it, until one was done', () => {
    const asked = run({ rebootStatus: 'Required', endedAt: '2026-11-19T04:20:10Z' });
    const idle = run({ rebootStatus: 'NotNeeded', endedAt: '2026-11-21T00:00:00Z' });
    const done = run({ rebootStatus: 'Completed', endedAt: '2026-11-20T00:00:00Z' });
    expect(rebootPendingSince([asked])).toBe('2026-11-19T04:20:10Z');
    expect(rebootPendingSince([idle, asked])).toBe('2026-11-19T04:20:10Z');
    expect(rebootPendingSince([done, asked])).toBeNull();
    expect(rebootPendingSince([])).toBeNull();
    const patches = known({ ...assessed(), rebootPending: false }, about);
    const raw = { ...nothing, patches, installations: known({ runs: [asked] }, about) };
    expect(correlate(raw, undefined, now).patches).toMatchObject({ value: { rebootPendingSince: null } });
  });
});

describe('the CVEs of an update', () => {
  it('are those of the findings that name it, and of the table of RDP and SMB fixes', () => {
    const raw = {
      ...nothing,
      patches: known(assessed(missing({ kb: '5035849' }), missing({ kb: '4499175' }), missing({ kb: '1' })), about),
      software: known(scanned(vulnerability({ cves: ['CVE-2026-1234'], kbs: ['5035849'] })), about),
    };
    const { patches } = correlate(raw, undefined, now);
    expect(patches?.state === 'known' && patches.value.missing.map(({ cves }) => cves)).toEqual([
      ['CVE-2026-1234'],
      ['CVE-2019-0708'],
      [],
    ]);
  });
});

describe('what is known to be exploited', () => {
  it('comes first among missing updates and vulnerabilities, without another order being lost', () => {
    const raw = {
      ...nothing,
      patches: known(assessed(missing({ kb: '1' }), missing({ kb: '2' }), missing({ kb: '4499175' })), about),
      software: known(scanned(vulnerability({ id: 'a' }), vulnerability({ id: 'b', cves: ['CVE-2019-0708'] })), about),
    };
    const { patches, software } = correlate(raw, catalog('2026-11-20T00:00:00Z', {}), now);
    expect(patches?.state === 'known' && patches.value.missing.map(({ kb }) => kb)).toEqual(['4499175', '1', '2']);
    expect(software?.state === 'known' && software.value.vulnerabilities.map(({ id }) => id)).toEqual(['b', 'a']);
  });

  const patches = known(assessed(missing({ kb: '4499175' })), about);
  const software = known(scanned(vulnerability({ title: '7-Zip', cves: ['CVE-2023-31102'] })), about);
  const ask = (raw: Partial<Correlated>, list: ReturnType<typeof catalog> | undefined) =>
    correlate({ ...nothing, ...raw }, list, now).knownExploited;

  it('is not known without a list, and not answered before the evidence is', () => {
    expect(ask({ patches, software }, undefined)).toMatchObject({
      state: 'unknown',
      cure: expect.stringMatching(/--kev/),
    });
    expect(ask({ patches }, catalog('2026-11-20T00:00:00Z', {}))).toBeNull();
  });

  it('is what the list and the VM have in common, with what names it', () => {
    const list = catalog(
      '2026-11-20T15:00:00Z',
      { knownRansomwareCampaignUse: 'Known' },
      { cveID: 'CVE-2023-31102', vulnerabilityName: '7-Zip\u001b[2J' },
      { cveID: 'CVE-2020-0796' },
    );
    expect(ask({ patches, software }, list)).toMatchObject({
      state: 'known',
      asOf: '2026-11-20T15:00:00.000Z',
      notSeen: [],
      value: {
        count: 3,
        matches: [
          { cve: 'CVE-2019-0708', ransomware: true, on: ['KB4499175'] },
          { cve: 'CVE-2023-31102', ransomware: null, on: ['7-Zip'], name: '7-Zip' },
        ],
      },
    });
  });

  it('is known to be none only where a scan has looked', () => {
    const list = catalog('2026-11-20T00:00:00Z', { cveID: 'CVE-2020-0796' });
    expect(ask({ patches, software }, list)).toMatchObject({ state: 'known', value: { matches: [] } });
    expect(ask({ patches, software: no }, list)).toMatchObject({
      state: 'unknown',
      because: 'which vulnerabilities this VM has is not known: no permission',
    });
    const unscanned = known({ ...scanned(), scan: { state: 'not-scanned' as const, at: null, because: 'off' } }, about);
    expect(ask({ patches, software: unscanned }, list)).toMatchObject({ state: 'unknown' });
    // The table of fixes still shows what an update closes.
    expect(ask({ patches, software: unscanned }, catalog('2026-11-20T00:00:00Z', {}))).toMatchObject({
      state: 'known',
      value: { matches: [{ cve: 'CVE-2019-0708' }] },
      notSeen: [expect.stringMatching(/no scan of it is known/)],
    });
  });

  it('says that an old list lacks what came since, and which updates it says nothing of', () => {
    const untold = known(assessed(missing({ kb: '1' }), missing({ kb: '2', classification: 'Tools' })), about);
    expect(ask({ patches: untold, software }, catalog('2026-10-01T00:00:00Z', {}))).toMatchObject({
      notSeen: [
        'which CVEs 1 of the missing critical and security updates close',
        'what CISA has added since 2026-10-01: the list is older than 7 days',
      ],
    });
  });
});

describe('RDP and SMB in updates and findings', () => {
  const names = (one: Partial<Parameters<typeof remoteServicesIn>[0]>) =>
    remoteServicesIn({ kbs: [], cves: [], title: '', ...one });
  it('are told by KB, by CVE, and by title; a client is no server', () => {
    expect(names({ kbs: ['4499175'] })).toEqual([{ service: 'RDP', name: 'BlueKeep' }]);
    expect(names({ kbs: ['KB4499180'] })).toEqual([{ service: 'RDP', name: 'BlueKeep' }]);
    expect(names({ cves: ['cve-2017-0144'] })).toEqual([{ service: 'SMB', name: 'EternalBlue (MS17-010)' }]);
    expect(names({ title: '2026-11 Remote Desktop Services Security Update' })).toEqual([{ service: 'RDP', name: '' }]);
    expect(names({ title: 'Windows SMBv3 Server elevation of privilege' })).toEqual([{ service: 'SMB', name: '' }]);
    expect(names({ title: 'Remote Desktop Protocol Client remote code execution' })).toEqual([]);
    expect(names({ title: '2026-10 Cumulative Update for Windows Server 2019' })).toEqual([]);
  });
  it('have their sources, and well-formed CVEs and KBs', () => {
    for (const fix of remoteServiceFixes) {
      expect(fix.source).toMatch(/^https:\/\/(msrc|learn)\.microsoft\.com\//);
      for (const cve of fix.cves) expect(cve).toMatch(/^CVE-\d{4}-\d{4,}$/);
      for (const kb of fix.kbs) expect(kb).toMatch(/^\d{7}$/);
    }
  });
});

describe('the last good recovery point', () => {
  const point = (at: string, softDeleted = false): RecoveryPoint => ({
    id: at,
    at,
    consistency: 'application',
    tiers: [],
    expiresAt: null,
    softDeleted,
  });
  const points = known([point('2026-11-22T00:00:00Z'), point('2026-11-20T00:00:00Z')], about);
  const alertsOf = (...all: ReturnType<typeof alert>[]) =>
    known({ alerts: all, plan: '', servers: 'P2' as const }, about);
  const activityOf = (...entries: Activity['entries']) =>
    known({ from: '2026-11-15T00:00:00Z', until: '2026-11-23T00:00:00Z', entries }, about);
  const change = (at: string, changes: Partial<ActivityEntry> = {}): ActivityEntry => ({
    at,
    endedAt: null,
    operation: '',
    kind: 'jit',
    what: 'just-in-time policy deleted',
    resource: '',
    status: 'succeeded',
    caller: '',
    callerKind: 'person',
    address: '',
    correlationId: '',
    severity: 'high',
    attack: [],
    about: 'machine',
    rule: null,
    ...changes,
  });
  const blind = { logons: no, alerts: no, activity: no };
  const lastGood = (evidence: Partial<typeof blind> | Partial<AttackEvidence>, more = {}) => {
    const raw = { ...nothing, ...blind, backup: known(backup({ points, ...more }), about), ...evidence };
    const joined = correlate(raw, undefined, now);
    return joined.backup?.state === 'known' ? joined.backup.value.lastGood : undefined;
  };

  it('is the newest before the first burst, alert, or grave change in Azure', () => {
    const burst = known(logons('2026-11-22T10:00:00Z'), about);
    expect(lastGood({ logons: burst })).toMatchObject({
      state: 'known',
      value: { point: { at: '2026-11-22T00:00:00Z' }, before: '2026-11-22T10:00:00Z' },
      notSeen: ['failed logons before what was read (all)', 'alerts: no permission', 'changes in Azure: no permission'],
    });
    expect(lastGood({ logons: burst, alerts: alertsOf(alert('2026-11-21T00:00:00Z', 'x\u001b[2J')) })).toMatchObject({
      value: { point: { at: '2026-11-20T00:00:00Z' }, event: 'the alert “x”' },
    });
    const slight = change('2026-11-10T00:00:00Z', { severity: 'medium' });
    const ours = change('2026-11-11T00:00:00Z', { callerKind: 'cordon' });
    expect(
      lastGood({ logons: burst, activity: activityOf(slight, ours, change('2026-11-21T12:00:00Z')) }),
    ).toMatchObject({
      value: { before: '2026-11-21T12:00:00Z', event: 'a change in Azure: just-in-time policy deleted' },
    });
  });

  it('can be none, and is not known where points or the attack are not', () => {
    const alerts = alertsOf(alert('2026-11-01T00:00:00Z'));
    expect(lastGood({ alerts })).toMatchObject({ state: 'known', value: { point: null } });
    expect(lastGood({})).toMatchObject({ state: 'unknown', because: expect.stringMatching(/when the attack began/) });
    expect(lastGood({ logons: known(logons(), about), alerts: alertsOf() })).toMatchObject({
      because: expect.stringMatching(/no attack is known/),
    });
    expect(lastGood({ alerts }, { points: no })).toMatchObject({ state: 'unknown', because: 'no permission' });
  });

  it('is none that somebody deleted', () => {
    const all = [point('2026-11-22T00:00:00Z', true), point('2026-11-20T00:00:00Z')];
    expect(lastBefore(all, '2026-11-23T00:00:00Z')?.at).toBe('2026-11-20T00:00:00Z');
  });

  it('agrees with looking at every point', () => {
    const day = fc.integer({ min: 1, max: 28 }).map((number) => `2026-11-${String(number).padStart(2, '0')}T00:00:00Z`);
    fc.assert(
      fc.property(fc.array(day), day, (days, at) => {
        let best: string | null = null;
        for (const one of days) if (one < at && (best === null || one > best)) best = one;
        expect(
          lastBefore(
            days.map((one) => point(one)),
            at,
          )?.at ?? null,
        ).toBe(best);
        const first = firstMalicious({
          logons: known(logons(...days), about),
          alerts: alertsOf(alert(at)),
          activity: activityOf(...days.map((one) => change(one))),
        });
        expect(first?.at).toBe([...days, at].sort()[0]);
      }),
    );
  });
});

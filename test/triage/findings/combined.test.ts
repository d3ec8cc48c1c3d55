import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../../src/documents/fact.ts';
import { severityOrder } from '../../../src/documents/severity.ts';
import type { Activity, ActivityEntry, IdentityPosture, Jit, Logons } from '../../../src/documents/triage.ts';
import type { FindingFacts } from '../../../src/triage/findings/rule.ts';
import { judge, rules } from '../../../src/triage/findings.ts';
import { burst, change, port } from '../../views/fixtures/incident.ts';
import { nothingAnswered as nothing } from '../evidence.ts';

const about = { source: 'test', asOf: '2026-11-23T02:20:11Z', coverage: 'all' };
const exposed = (...ports: ReturnType<typeof port>[]) => known({ ports, disagreements: [], secondOpinion: [] }, about);
const logons = (...bursts: ReturnType<typeof burst>[]) => {
  const value: Logons = {
    failures: 1204,
    bursts,
    lastEventAt: null,
    successesCollected: true,
    thresholds: { failures: 10, windowSeconds: 300 },
  };
  return known(value, about);
};
const quiet = burst({ success: { state: 'known', value: null } });
const activity = (...entries: ActivityEntry[]) => {
  const value: Activity = { from: '2026-11-15T02:20:11Z', until: '2026-11-23T02:20:11Z', entries };
  return known(value, about);
};
const identity = (changes: Partial<IdentityPosture> = {}) => {
  const value: IdentityPosture = {
    localAdmin: 'contosoadmin',
    passwordAuthentication: true,
    sshKeys: null,
    domainJoined: false,
    entraLogin: false,
    signIn: [],
    managedIdentities: [],
    ...changes,
  };
  return known(value, about);
};
const contributor: IdentityPosture['managedIdentities'][number] = {
  kind: 'system-assigned',
  name: 'web01',
  rolesKnown: true,
  roles: ['Contributor'],
  assignments: [{ role: 'Contributor', scope: '/subscriptions/s/resourceGroups/rg-web', can: ['download disks'] }],
};
const jit = (changes: Partial<Jit> = {}) => {
  const value: Jit = { policy: '', policyId: '', available: true, ports: [], grants: [], ...changes };
  return known(value, about);
};
const found = (facts: Partial<FindingFacts>) => judge({ ...nothing, ...facts });
const one = (id: string, facts: Partial<FindingFacts>) => found(facts).find((finding) => finding.id === id);
const no = unknown('denied', 'no permission', 'ask', 'test');

describe('exposed, guessed and compromised', () => {
  it('is the top finding, and one sentence', () => {
    const [top, next] = found({ exposure: exposed(port(443, 'HTTPS'), port(3389, 'RDP')), logons: logons(burst()) });
    expect(top).toMatchObject({
      id: 'exposed-brute-forced-compromised',
      severity: 'critical',
      evidence: ['exposure.ports[1]', 'logons.bursts[0].success'],
      playbook: 'contain-brute-force',
    });
    expect(top?.title).toBe(
      'RDP is open to the whole Internet, and a brute-force attack of 1,204 failures ended in a logon as svc-backup from 203.0.113.77 at 02:14:09Z',
    );
    expect(top?.covers).toEqual(['brute-force-succeeded', 'rdp-open-to-internet']);
    expect(next?.id).toBe('services-open-to-internet');
  });
  it('is not drawn when one of the three is missing or not known', () => {
    expect(one('exposed-brute-forced-compromised', { exposure: exposed(), logons: logons(burst()) })).toBeUndefined();
    expect(
      one('exposed-brute-forced-compromised', { exposure: exposed(port(3389, 'RDP')), logons: logons(quiet) }),
    ).toBeUndefined();
    expect(one('exposed-brute-forced-compromised', { exposure: no, logons: logons(burst()) })).toBeUndefined();
    expect(
      one('exposed-brute-forced-compromised', { exposure: exposed(port(3389, 'RDP')), logons: no }),
    ).toBeUndefined();
  });
});

describe('a break-in and a powerful identity', () => {
  it('are more than either', () => {
    const finding = one('compromised-vm-with-privileged-identity', {
      logons: logons(burst()),
      identity: identity({ managedIdentities: [contributor] }),
      activity: no,
    });
    expect(finding?.title).toBe('svc-backup can now use the identity web01: Contributor on rg-web (download disks)');
    expect(finding?.unknown).toEqual(['changes in Azure not known: no permission']);
  });
  it('do not tie a break-in to an identity that may do nothing, or whose roles are not known', () => {
    const harmless = { ...contributor, assignments: [{ role: 'Reader', scope: '/subscriptions/s', can: [] }] };
    const unread = { ...contributor, rolesKnown: false, roles: [], assignments: [] };
    for (const managed of [harmless, unread]) {
      const facts = { logons: logons(burst()), identity: identity({ managedIdentities: [managed] }) };
      expect(one('compromised-vm-with-privileged-identity', facts)).toBeUndefined();
      expect(one('powerful-identity', facts)).toBeUndefined();
    }
  });
  it('weigh more when the role is on a subscription', () => {
    const facts = (scope: string) => ({
      identity: identity({
        managedIdentities: [{ ...contributor, assignments: [{ role: 'Owner', scope, can: ['x'] }] }],
      }),
    });
    expect(one('powerful-identity', facts('/subscriptions/s'))?.severity).toBe('high');
    expect(one('powerful-identity', facts('/subscriptions/s/resourceGroups/g'))?.severity).toBe('medium');
  });
});

describe('what was changed before an attack', () => {
  const exposure = exposed(port(3389, 'RDP'));
  it('ties the rule that opens a port to who wrote it and to the failures after it', () => {
    const finding = one('exposure-change-made', { activity: activity(change()), exposure, logons: logons(burst()) });
    expect(finding?.severity).toBe('critical');
    expect(finding?.title).toBe(
      'web-nsg/allow-rdp, which opens 3389, was written by m.keller@contoso.com from 203.0.113.140 at 2026-11-22 17:41Z, 8 h before the first failed logons',
    );
  });
  it.each([
    ['high', { logons: logons(quiet) }],
    ['medium', { logons: null }],
    ['medium', { logons: logons(burst({ start: '2026-11-22T10:00:00Z' })) }],
    ['medium', { logons: logons(burst({ start: '2026-11-27T10:00:00Z' })) }],
  ] as const)('is %s by what followed', (severity, facts) => {
    expect(one('exposure-change-made', { activity: activity(change()), exposure, ...facts })?.severity).toBe(severity);
  });
  it('does not accuse a change that closes, that Azure refused, that cordon made, or of another rule', () => {
    const deny = change({
      rule: { access: 'Deny', direction: 'Inbound', protocol: '*', ports: ['3389'], sources: ['*'] },
    });
    const other = change({ resource: change().resource.replace('allow-rdp', 'allow-smtp') });
    for (const entry of [deny, other, change({ status: 'failed' }), change({ callerKind: 'cordon' })]) {
      expect(one('exposure-change-made', { activity: activity(entry), exposure })).toBeUndefined();
    }
    expect(one('exposure-change-made', { activity: activity(change()), exposure: exposed() })).toBeUndefined();
  });
  it('says of a deleted just-in-time policy what it cannot know', () => {
    const deleted = change({
      kind: 'jit',
      what: 'just-in-time policy deleted',
      operation: 'Microsoft.Security/locations/jitNetworkAccessPolicies/delete',
      resource:
        '/subscriptions/s1/resourceGroups/rg-web/providers/Microsoft.Security/locations/eastus/jitNetworkAccessPolicies/default',
      rule: null,
    });
    const finding = one('jit-deleted', { activity: activity(deleted), logons: logons(burst()), jit: jit() });
    expect(finding).toMatchObject({ severity: 'high', playbook: 'enable-jit', practice: 4 });
    expect(finding?.unknown[0]).toContain('whether it named this VM');
    expect(one('jit-deleted', { activity: activity(deleted) })?.severity).toBe('medium');
    expect(one('jit-deleted', { activity: activity({ ...deleted, status: 'failed' }) })).toBeUndefined();
  });
});

describe('what was done through Azure', () => {
  const own = change({
    at: '2026-11-23T02:16:20Z',
    callerKind: 'identity-of-this-machine',
    kind: 'command',
    what: 'command run inside the VM',
    severity: 'high',
    about: 'identity',
    rule: null,
  });
  it('tells the VM’s own identity acting after the compromise from before it', () => {
    expect(one('managed-identity-used', { activity: activity(own), logons: logons(burst()) })?.severity).toBe(
      'critical',
    );
    expect(one('managed-identity-used', { activity: activity(own), logons: logons(quiet) })?.severity).toBe('high');
    const early = { ...own, at: '2026-11-22T02:16:20Z' };
    expect(one('managed-identity-used', { activity: activity(early), logons: logons(burst()) })?.severity).toBe('high');
    expect(one('managed-identity-used', { activity: activity(change()) })).toBeUndefined();
  });
  it('reports an account reset, and one that Azure refused as an attempt', () => {
    const reset = change({ kind: 'account', what: 'password set', about: 'machine', attack: ['T1098'], rule: null });
    expect(one('account-reset-from-azure', { activity: activity(reset) })?.severity).toBe('high');
    const refused = one('account-reset-from-azure', { activity: activity({ ...reset, status: 'failed' }) });
    expect(refused).toMatchObject({ severity: 'medium', title: expect.stringContaining('refused or failed') });
    expect(one('account-reset-from-azure', { activity: no })).toBeUndefined();
  });
  it('does not report what cordon did', () => {
    const snapshot = change({
      kind: 'disk',
      what: 'link made',
      operation: 'Microsoft.Compute/snapshots/beginGetAccess/action',
      callerKind: 'cordon',
    });
    expect(one('disk-downloaded', { activity: activity(snapshot) })).toBeUndefined();
    expect(one('disk-downloaded', { activity: activity({ ...snapshot, callerKind: 'person' }) })?.severity).toBe(
      'high',
    );
  });
});

describe('accounts', () => {
  const against = (name: string) =>
    logons(burst({ accounts: [{ name, failures: 12, exists: true }], success: quiet.success }));
  it('tells that the local administrator’s own name is guessed, under any of its spellings', () => {
    for (const name of ['contosoadmin', '.\\ContosoAdmin', 'WEB01\\contosoadmin', 'contosoadmin@web01']) {
      expect(one('local-admin-attacked', { identity: identity(), logons: against(name) })?.title).toContain(
        '12 failures',
      );
    }
    expect(one('local-admin-attacked', { identity: identity(), logons: against('contosoadmin2') })).toBeUndefined();
    const keys = identity({ passwordAuthentication: false });
    expect(one('local-admin-attacked', { identity: keys, logons: against('contosoadmin') })?.severity).toBe('low');
    expect(one('local-admin-attacked', { identity: no, logons: against('contosoadmin') })).toBeUndefined();
  });
  it('names well-known names among the guessed ones', () => {
    const admin = identity({ localAdmin: 'Administrator' });
    const finding = one('well-known-admin', { identity: admin, logons: against('DOM\\sql') });
    expect(finding).toMatchObject({ severity: 'medium', title: expect.stringContaining('tried here: DOM\\sql') });
    expect(one('well-known-admin', { identity: admin, logons: no })).toMatchObject({
      severity: 'low',
      unknown: ['failed logons not known: no permission'],
    });
    expect(one('well-known-admin', { identity: identity() })).toBeUndefined();
  });
});

describe('just-in-time access', () => {
  const exposure = exposed(port(3389, 'RDP'));
  it('is missed only where it could be had', () => {
    expect(one('no-jit', { jit: jit(), exposure })).toMatchObject({ severity: 'medium', unknown: [] });
    expect(one('no-jit', { jit: jit({ available: null }), exposure })?.unknown).toHaveLength(1);
    expect(one('no-jit', { jit: jit({ available: false }), exposure })).toBeUndefined();
    expect(one('no-jit', { jit: no, exposure })).toBeUndefined();
    expect(one('no-jit', { jit: jit(), exposure: exposed() })).toBeUndefined();
  });
  it('does not close a port that another rule opens, and a grant for anyone is worse than one for an address', () => {
    const ports = [{ number: 3389, protocol: '*', maxDuration: 'PT3H', sources: ['*'] }];
    const grant = {
      requestor: 'x',
      port: 3389,
      source: '192.0.2.1',
      justification: '',
      status: 'Initiated',
      startedAt: '2026-11-23T02:00:00Z',
      endsAt: '2026-11-23T05:00:00Z',
      open: true,
    };
    expect(one('jit-behind-open-rule', { jit: jit({ policy: 'default', ports }), exposure })?.title).toContain('3389');
    expect(
      one('jit-behind-open-rule', { jit: jit({ policy: 'default', ports, grants: [grant] }), exposure }),
    ).toBeUndefined();
    expect(one('jit-for-anyone', { jit: jit({ policy: 'default', ports }) })?.title).toContain('every protocol');
    expect(one('jit-grant-open', { jit: jit({ grants: [grant] }) })?.severity).toBe('medium');
    expect(one('jit-grant-open', { jit: jit({ grants: [grant, { ...grant, source: '*' }] }) })).toMatchObject({
      severity: 'high',
      evidence: ['posture.jit.grants[1]'],
    });
  });
});

describe('every rule', () => {
  it('keeps to the severities of its line', () => {
    const facts: Partial<FindingFacts>[] = [
      {
        exposure: exposed(port(3389, 'RDP'), port(22, 'SSH')),
        logons: logons(burst(), quiet),
        activity: activity(change(), change({ kind: 'command', what: 'x' })),
        identity: identity({ managedIdentities: [contributor], localAdmin: 'svc-backup' }),
        jit: jit(),
      },
      { os: 'linux', exposure: exposed(port(22, 'SSH')), identity: identity(), logons: logons(quiet) },
    ];
    const drawn = facts.flatMap(found);
    expect(drawn.length).toBeGreaterThan(8);
    for (const { id, severity } of drawn) {
      expect(Object.keys(rules.find((rule) => rule.id === id)?.severities ?? {}), id).toContain(severity);
    }
    for (const list of facts.map(found)) {
      const ranks = list.map(({ severity }) => severityOrder[severity]);
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    }
  });
});

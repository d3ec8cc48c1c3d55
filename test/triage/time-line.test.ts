import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../src/documents/fact.ts';
import { resourceText, type TimedFacts, timeLineOf } from '../../src/triage/time-line.ts';
import { burst, change } from '../views/fixtures/incident.ts';

const about = { source: 'test', asOf: '2026-11-23T02:20:11Z', coverage: 'all' };
const nothing: TimedFacts = { logons: null, alerts: null, jit: null, activity: null, backup: null };
const logons = (...bursts: ReturnType<typeof burst>[]) =>
  known(
    {
      failures: 0,
      bursts,
      lastEventAt: null,
      successesCollected: true,
      thresholds: { failures: 10, windowSeconds: 300 },
    },
    about,
  );
const activity = (...entries: ReturnType<typeof change>[]) =>
  known({ from: '2026-11-15T02:20:11Z', until: '2026-11-23T02:20:11Z', entries }, about);
const alert = (at: string) => ({
  id: at,
  name: 'Brute force',
  type: '',
  severity: 'High',
  status: 'Active',
  at,
  startAt: at,
  endAt: at,
  description: '',
  intent: '',
  techniques: ['T1110'],
  entities: { addresses: ['203.0.113.77'], accounts: [] },
  remediation: [],
});

describe('the time line', () => {
  it('puts failures, the logon, alerts, grants and changes in one order', () => {
    const { entries, unknown: gaps } = timeLineOf({
      logons: logons(burst()),
      alerts: known({ alerts: [alert('2026-11-23T02:14:09.100Z')], plan: 'Standard P2', servers: 'P2' }, about),
      jit: known(
        {
          policy: 'default',
          policyId: '',
          available: true,
          ports: [],
          grants: [
            {
              requestor: 'm.keller@contoso.com',
              port: 3389,
              source: '*',
              justification: '',
              status: 'Initiated',
              startedAt: '2026-11-22T20:00:00Z',
              endsAt: '2026-11-22T23:00:00Z',
              open: false,
            },
          ],
        },
        about,
      ),
      activity: activity(change()),
      backup: null,
    });
    expect(entries.map(({ source, who }) => [source, who])).toEqual([
      ['activity', 'm.keller@contoso.com'],
      ['jit', 'm.keller@contoso.com'],
      ['logons', 'svc-backup'],
      ['logons', 'svc-backup'],
      ['defender', ''],
    ]);
    expect(entries[0]?.text).toBe('security rule written: web-nsg/allow-rdp (Allow Tcp from * to 3389, Inbound)');
    expect(entries[0]).toMatchObject({ from: '203.0.113.140', evidence: 'posture.activity.entries[0]' });
    expect(entries[3]).toMatchObject({ severity: 'critical', evidence: 'logons.bursts[0].success', attack: ['T1078'] });
    expect(gaps).toEqual([]);
  });

  it('names the sources that it lacks, and those that lack something; what is awaited is in neither', () => {
    const { entries, unknown: gaps } = timeLineOf({
      ...nothing,
      logons: unknown('silent', 'no agent\u001b[2J', 'connect one', 'Log Analytics'),
      activity: known({ from: '', until: '', entries: [] }, { ...about, notSeen: ['other groups'] }),
    });
    expect(entries).toEqual([]);
    expect(gaps).toEqual(['failed logons: no agent; connect one', 'changes in Azure: other groups']);
  });

  it('does not call a burst harmless whose end is not known', () => {
    const [entry] = timeLineOf({
      ...nothing,
      logons: logons(burst({ success: { state: 'unknown', because: 'not collected', cure: 'collect' } })),
    }).entries;
    expect(entry).toMatchObject({
      severity: 'high',
      text: expect.stringContaining('whether one succeeded is not known'),
    });
  });

  it('says of a refused change that it did not happen', () => {
    const [entry] = timeLineOf({ ...nothing, activity: activity(change({ status: 'failed' })) }).entries;
    expect(entry?.text).toContain('REFUSED OR FAILED');
  });

  it('is ordered, complete and safe to draw, whatever the log says', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const instant = fc
      .date({ min: new Date('2026-11-15T00:00:00Z'), max: new Date('2026-11-23T00:00:00Z'), noInvalidDate: true })
      .map((date) => date.toISOString());
    const entry = fc
      .record({ at: instant, caller: text, resource: text, operation: text, address: text, what: text })
      .map((fields) => change(fields));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), fc.array(instant, { maxLength: 5 }), (changes, alerts) => {
        const { entries } = timeLineOf({
          ...nothing,
          activity: activity(...changes),
          alerts: known({ alerts: alerts.map(alert), plan: '', servers: 'P2' }, about),
        });
        expect(entries).toHaveLength(changes.length + alerts.length);
        const times = entries.map(({ at }) => Date.parse(at));
        expect(times).toEqual([...times].sort((a, b) => a - b));
        for (const one of entries)
          expect(`${one.text}${one.who}${one.from}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      }),
    );
  });
});

describe('the name of a resource', () => {
  const group = '/subscriptions/s/resourceGroups/g/providers';
  it.each([
    [`${group}/Microsoft.Network/networkSecurityGroups/web-nsg/securityRules/allow-rdp`, 'web-nsg/allow-rdp'],
    [`${group}/Microsoft.Security/locations/eastus/jitNetworkAccessPolicies/default`, 'default'],
    [`${group}/Microsoft.Compute/virtualMachines/vm/providers/Microsoft.Authorization/roleAssignments/1`, '1'],
    ['nonsense', 'nonsense'],
  ])('%s is %s', (id, name) => {
    expect(resourceText(id)).toBe(name);
  });
});

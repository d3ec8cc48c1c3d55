import { expect, test } from 'vitest';
import type { ActivityEntry, Exposure } from '../../../src/documents/triage.ts';
import { judge } from '../../../src/triage/findings.ts';
import { known } from '../../views/fixtures/incident.ts';
import { nothingAnswered } from '../evidence.ts';

const group = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/web-nsg';
const nic = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/web01-nic';
const entry = (changes: Partial<ActivityEntry>): ActivityEntry => ({
  at: '2026-11-22T17:41:12Z',
  endedAt: null,
  operation: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
  kind: 'network',
  what: 'security rule written',
  resource: `${group}/securityRules/allow-rdp`,
  status: 'succeeded',
  caller: 'm.keller@contoso.com',
  callerKind: 'person',
  address: '203.0.113.140',
  correlationId: '',
  severity: 'high',
  attack: [],
  about: 'machine',
  rule: { access: 'Allow', direction: 'Inbound', protocol: 'Tcp', ports: ['3389'], sources: ['*'] },
  ...changes,
});
const locked = entry({
  at: '2026-11-23T02:25:40Z',
  endedAt: '2026-11-23T02:25:47Z',
  operation: 'Microsoft.Network/networkInterfaces/write',
  resource: nic,
  caller: 'anna@contoso.com',
  rule: null,
});
const closedNow: Exposure = { ports: [], disagreements: [], secondOpinion: [] };
const found = (entries: ActivityEntry[], exposure: Parameters<typeof judge>[0]['exposure'] = known(closedNow)) =>
  judge({
    ...nothingAnswered,
    now: new Date('2026-11-23T02:30:00Z'),
    exposure,
    activity: known({ from: '2026-11-15T00:00:00Z', until: '2026-11-23T02:30:00Z', entries }),
  }).find(({ id }) => id === 'exposure-change-made');

test('the rule that had opened a port stays a finding after the port was closed, with who closed it and when', () => {
  expect(found([entry({}), locked])).toMatchObject({
    severity: 'medium',
    playbook: '',
    closed: { at: '2026-11-23T02:25:47Z', by: 'anna@contoso.com' },
    title: expect.stringMatching(/allow-rdp, which opened 3389 .*m\.keller.*; closed 2026-11-23 02:25:47Z by anna/),
  });
});

test('only where something closed it, the exposure is known, and it had let the Internet in', () => {
  expect(found([entry({})])).toBeUndefined();
  expect(found([entry({}), { ...locked, status: 'failed' }])).toBeUndefined();
  expect(found([{ ...locked, at: '2026-11-22T10:00:00Z' }, entry({})])).toBeUndefined();
  expect(found([entry({}), locked], null)).toBeUndefined();
  const rule = { access: 'Allow', direction: 'Inbound', protocol: 'Tcp', ports: ['3389'], sources: ['198.51.100.20'] };
  expect(found([entry({ rule }), locked])).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import type { ActivityEntry } from '../../src/documents/triage.ts';
import {
  type Followed,
  type LogonElsewhere,
  logonLeads,
  operationLeads,
  reachedVms,
} from '../../src/triage/incident.ts';

const group = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute';
const self = { id: `${group}/virtualMachines/a`, name: 'a', parts: new Set<string>() };
const followed: Followed = {
  addresses: ['203.0.113.7'],
  accounts: ['svc'],
  privateAddresses: ['10.0.0.4'],
  since: '2026-11-23T02:00:00Z',
};

function row(name: string, given: Partial<LogonElsewhere> = {}): LogonElsewhere {
  return {
    vm: { id: `${group}/virtualMachines/${name}`, name },
    account: 'svc',
    address: '203.0.113.7',
    failures: 0,
    successes: 1,
    first: '2026-11-23T02:10:00Z',
    last: '2026-11-23T02:20:00Z',
    firstSuccess: '2026-11-23T02:15:00Z',
    ...given,
  };
}

function done(operation: string, resource: string, given: Partial<ActivityEntry> = {}): ActivityEntry {
  return {
    at: '2026-11-23T02:16:20Z',
    endedAt: null,
    operation,
    kind: 'other',
    what: 'done',
    resource,
    status: 'succeeded',
    caller: 'x',
    callerKind: 'identity-of-this-machine',
    address: '',
    correlationId: '',
    severity: 'medium',
    attack: [],
    about: 'identity',
    rule: null,
    ...given,
  };
}

describe('logons elsewhere', () => {
  it('lead by address, by own address and by account, what reached first; the VM itself in any case leads nowhere', () => {
    const failed = { failures: 9, successes: 0, firstSuccess: null };
    const leads = logonLeads(
      [
        row('c', { ...failed, account: 'root' }),
        row('c', { ...failed, account: 'admin', first: '2026-11-23T02:05:00Z' }),
        row('d', { address: '10.0.0.4', account: 'CORP\\svc' }),
        row('e', { address: '198.51.100.1' }),
        row('A', {}),
      ],
      followed,
      self,
    );
    expect(leads.map(({ kind, to, reached, text }) => [kind, to.name, reached, text])).toEqual([
      ['internal-logon', 'd', true, '1 logon as CORP\\svc from a (10.0.0.4)'],
      ['account', 'e', true, '1 logon as svc from 198.51.100.1'],
      ['address', 'c', false, '18 failed logons as 2 accounts from 203.0.113.7'],
    ]);
    expect(leads[0]?.first).toBe('2026-11-23T02:15:00Z');
    expect(leads[2]?.first).toBe('2026-11-23T02:05:00Z');
    expect(reachedVms(leads).map(({ name }) => name)).toEqual(['d', 'e']);
  });

  it('draws no terminal sequence that a log holds', () => {
    const [lead] = logonLeads([row('c', { account: '\u001b[31mroot' })], followed, self);
    expect(JSON.stringify(lead)).not.toContain('\\u001b[');
  });
});

describe('operations elsewhere', () => {
  const run = 'Microsoft.Compute/virtualMachines/runCommand/action';
  const b = `${group}/virtualMachines/b`;

  it('lead to VMs, disks and scopes; cordon’s own and those of strangers lead nowhere', () => {
    const assignment = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/x';
    const leads = operationLeads(
      [
        done(run, b, { kind: 'command' }),
        done(run, self.id.toUpperCase(), { kind: 'command' }),
        done('Microsoft.Compute/disks/beginGetAccess/action', `${group}/disks/a-data`, { kind: 'disk' }),
        done('Microsoft.Authorization/roleAssignments/write', assignment, { kind: 'access' }),
        done(run, b, { kind: 'command', callerKind: 'cordon' }),
        done(run, b, { kind: 'command', callerKind: 'person', address: '192.0.2.1' }),
      ],
      followed,
      self,
    );
    expect(leads.map(({ kind, to }) => [kind, to.kind, to.name])).toEqual([
      ['run-command', 'vm', 'b'],
      ['disk-link', 'disk', 'a-data'],
      ['role-assignment', 'other', 'rg'],
    ]);
  });

  it('of a stranger at an attacking address lead on; what Azure refused reached nothing', () => {
    const theirs = { kind: 'command', callerKind: 'person', address: '203.0.113.7', status: 'failed' } as const;
    const leads = operationLeads([done(run, b, theirs)], followed, self);
    expect(leads).toMatchObject([{ kind: 'run-command', reached: false, severity: 'medium', from: '203.0.113.7' }]);
    expect(reachedVms(leads)).toEqual([]);
  });

  it('that changed a VM without a command in it are no way into it', () => {
    const leads = operationLeads([done('Microsoft.Compute/virtualMachines/start/action', b)], followed, self);
    expect(leads).toMatchObject([{ kind: 'identity', to: { name: 'b' } }]);
    expect(reachedVms(leads)).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/azure/client/connection.ts';
import { readAddressTrace } from '../../../src/azure/readers/address-trace.ts';
import { readEventsAround } from '../../../src/azure/readers/events-around.ts';
import { addressTrace, eventsAround } from '../../../src/documents/traces.ts';
import { connectTo, machine, type Workspace } from '../log-workspace.ts';

const now = '2026-11-23T02:20:11.000Z';
const web01 = machine();
const sql02 = machine({ name: 'sql02' });
const lin = machine({ name: 'lin-build', os: 'linux' });
type Row = Record<string, unknown>;

function event(vm: { id: string; name: string }, time: string, EventID: number, given: Row = {}): Row {
  return {
    TimeGenerated: `2026-11-23T${time}Z`,
    EventID,
    Computer: vm.name,
    _ResourceId: vm.id,
    EventSourceName: 'Microsoft-Windows-Security-Auditing',
    TargetUserName: 'svc-backup',
    IpAddress: '203.0.113.77',
    LogonType: 3,
    Status: '0xc000006d',
    SubStatus: '0xc000006a',
    ...given,
  };
}

function line(time: string, SyslogMessage: string, ProcessID = 4711): Row {
  return {
    TimeGenerated: `2026-11-23T${time}Z`,
    Computer: 'lin-build',
    _ResourceId: lin.id,
    Facility: 'auth',
    SeverityLevel: 'info',
    ProcessName: 'sshd-session',
    ProcessID,
    SyslogMessage,
  };
}

/** A connection to the workspace in which two subscriptions are in reach. */
function connectionTo(tables: Workspace['tables'], given: Partial<Workspace> = {}, names = ['prod']): Connection {
  const list = async function* () {
    for (const [at, displayName] of names.entries()) yield { subscriptionId: `s${at}`, displayName };
  };
  const subscriptions = { subscriptions: { list } };
  return {
    ...connectTo({ now, tables, ...given }),
    subscriptions: () => Promise.resolve(subscriptions as unknown as Awaited<ReturnType<Connection['subscriptions']>>),
  };
}

const trace = (tables: Workspace['tables'], given: Partial<Workspace> = {}, names?: string[]) =>
  readAddressTrace(connectionTo(tables, given, names), '203.0.113.77');

describe('what an address did', () => {
  it('is told VM by VM, Windows and Linux, where it got in first', async () => {
    const asked: { path: string; query: string }[] = [];
    const fact = await trace(
      {
        SecurityEvent: [
          event(web01, '01:58:02', 4625),
          event(web01, '01:58:04', 4625, { TargetUserName: 'CONTOSO\\SVC-BACKUP ' }),
          event(web01, '01:58:06', 4625, { IpAddress: '::ffff:203.0.113.77', TargetUserName: 'admin' }),
          event(web01, '01:59:00', 4625, { IpAddress: '198.51.100.9' }),
          event(web01, '02:14:09', 4624),
          event(sql02, '00:10:00', 4625),
          // A null session is no logon.
          event(sql02, '00:11:00', 4624, { TargetUserName: 'ANONYMOUS LOGON' }),
        ],
        Syslog: [
          line('00:20:00', 'Failed password for root from 203.0.113.77 port 50422 ssh2'),
          line('00:20:01', 'Failed password for root from 203.0.113.78 port 50422 ssh2', 9),
          line('00:21:00', 'Accepted password for deploy from 203.0.113.77 port 50440 ssh2', 12),
        ],
      },
      { asked },
    );
    if (fact.state === 'unknown') throw new Error(fact.because);
    expect(addressTrace.parse(fact.value)).toMatchObject({
      address: '203.0.113.77',
      machines: [
        { name: 'lin-build', failures: 1, successes: 1, firstSuccess: '2026-11-23T00:21:00Z' },
        {
          id: web01.id.toLowerCase(),
          name: 'web01',
          failures: 3,
          successes: 1,
          first: '2026-11-23T01:58:02Z',
          last: '2026-11-23T02:14:09Z',
          firstSuccess: '2026-11-23T02:14:09Z',
          distinctAccounts: 2,
          accounts: [
            { name: 'svc-backup', failures: 2, successes: 1 },
            { name: 'admin', failures: 1, successes: 0 },
          ],
        },
        { name: 'sql02', failures: 1, successes: 0, firstSuccess: null },
      ],
    });
    expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(['/v1/subscriptions/s0/query']));
    expect(fact).toMatchObject({ source: 'Log Analytics', asOf: now, coverage: 'last 24 h, the logs of prod' });
    // It never claims to have seen machines without logs.
    expect(fact.notSeen).toContain('VMs that send their logs nowhere that you can read');
  });

  it('that stands nowhere is none, and one that was not recorded is not followed', async () => {
    expect(await trace({ SecurityEvent: [] })).toMatchObject({ state: 'known', value: { machines: [] } });
    expect(await readAddressTrace(connectionTo({}), '-')).toMatchObject({ state: 'unknown' });
  });

  it('is not known where logs may not be read; what one subscription refuses is named beside what another tells', async () => {
    const body = { error: { code: 'InsufficientAccessError', message: 'no access' } };
    const all = await trace(
      { SecurityEvent: [event(web01, '01:58:02', 4625)] },
      { refuse: () => ({ status: 403, body }) },
    );
    expect(all).toMatchObject({ state: 'unknown', cure: expect.stringContaining('Log Analytics Reader') });
    let asked = 0;
    const part = await trace(
      { SecurityEvent: [event(web01, '01:58:02', 4625)] },
      { refuse: () => (++asked <= 4 ? { status: 403, body } : undefined) },
      ['closed', 'open'],
    );
    expect(part).toMatchObject({ state: 'known', value: { machines: [{ name: 'web01' }] } });
    expect(part.state === 'known' ? part.notSeen.join() : '').toContain('SecurityEvent of closed: no permission');
  });

  it('is counted as a plain loop over the rows counts it', async () => {
    const one = fc.record({
      vm: fc.constantFrom(web01, sql02),
      at: fc.integer({ min: 0, max: 7000 }),
      EventID: fc.constantFrom(4624, 4625, 4672),
      IpAddress: fc.constantFrom('203.0.113.77', '::ffff:203.0.113.77', '198.51.100.9', '-'),
      TargetUserName: fc.constantFrom('a', 'A', 'dom\\a', 'b@dom', 'ANONYMOUS LOGON'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 40 }), async (cases) => {
        const rows = cases.map(({ vm, at, ...given }) =>
          event(
            vm,
            new Date(Date.parse('2026-11-23T00:00:00Z') + at * 1000).toISOString().slice(11, 19),
            given.EventID,
            given,
          ),
        );
        const fact = await trace({ SecurityEvent: rows });
        if (fact.state === 'unknown') throw new Error(fact.because);
        for (const vm of [web01, sql02]) {
          const theirs = cases.filter((one) => one.vm === vm && one.IpAddress.endsWith('203.0.113.77'));
          const failures = theirs.filter((one) => one.EventID === 4625).length;
          const successes = theirs.filter(
            (one) => one.EventID === 4624 && one.TargetUserName !== 'ANONYMOUS LOGON',
          ).length;
          const told = fact.value.machines.find((machine) => machine.name === vm.name);
          expect({ failures: told?.failures ?? 0, successes: told?.successes ?? 0 }).toEqual({ failures, successes });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the events around an instant', () => {
  const instant = '2026-11-23T02:14:09Z';

  it('are those next to it, in the order of time, each in a sentence', async () => {
    const fact = await readEventsAround(
      connectTo({
        now,
        tables: {
          SecurityEvent: [
            event(web01, '02:00:00', 4625),
            event(web01, '02:15:00', 4720, { TargetUserName: 'helper', SubjectUserName: 'svc-backup' }),
            event(web01, '02:14:07', 4625),
            event(web01, '02:14:09', 4624, { LogonType: 10 }),
            event(web01, '02:45:00', 1102),
          ],
        },
      }),
      web01,
      instant,
    );
    if (fact.state === 'unknown') throw new Error(fact.because);
    expect(eventsAround.parse(fact.value).events.map(({ at, what }) => `${at.slice(11)} ${what}`)).toEqual([
      '02:14:07Z failed logon of svc-backup from 203.0.113.77: wrong password',
      '02:14:09Z logon of svc-backup from 203.0.113.77 (type 10, remote desktop)',
      '02:15:00Z account helper created by svc-backup',
    ]);
  });

  it('are sshd’s own lines on Linux, without control sequences', async () => {
    const evil = 'Failed password for invalid user \u001b[2Jx from 203.0.113.77 port 50422 ssh2';
    const fact = await readEventsAround(connectTo({ now, tables: { Syslog: [line('02:14:00', evil)] } }), lin, instant);
    if (fact.state === 'unknown') throw new Error(fact.because);
    expect(fact.value.events[0]?.what).not.toContain('\u001b');
    expect(fact.value.events[0]?.what).toContain('from 203.0.113.77');
  });

  it('say when a flood leaves some out, and are not known when nothing may be read', async () => {
    const flood = Array.from({ length: 500 }, (_, at) =>
      event(web01, new Date(Date.parse(instant) + at * 100).toISOString().slice(11, 23), 4625),
    );
    const fact = await readEventsAround(connectTo({ now, tables: { SecurityEvent: flood } }), web01, instant);
    expect(fact).toMatchObject({ notSeen: ['events further away than the nearest 200'] });
    const body = { error: { code: 'InsufficientAccessError', message: 'no access' } };
    const refused = await readEventsAround(
      connectTo({ now, tables: {}, refuse: () => ({ status: 403, body }) }),
      web01,
      instant,
    );
    expect(refused).toMatchObject({ state: 'unknown', cure: expect.stringContaining('Log Analytics Reader') });
  });
});

import { describe, expect, it } from 'vitest';
import { readLogons } from '../../../src/azure/readers/logons.ts';
import type { VirtualMachine } from '../../../src/documents/triage.ts';
import { connectTo, fleetLogonsOf, machine, securityEvent, type Workspace } from '../log-workspace.ts';

type Row = Record<string, unknown>;
const now = '2026-11-23T02:20:11.000Z';
const start = Date.parse('2026-11-23T01:00:00Z');
const after = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

const event = (vm: VirtualMachine, seconds: number, EventID: number, given: Row = {}): Row =>
  securityEvent(vm, after(seconds), EventID, given);

const web = machine({ name: 'web01', computerName: 'web01' });
const quiet = machine({ name: 'app03', computerName: 'app03' });
const lin = machine({ name: 'lin01', computerName: 'lin01', os: 'linux', osName: 'Ubuntu 22.04' });
const arriving = [web, quiet].map((vm) =>
  event(vm, 4700, 4624, { TargetUserName: 'SYSTEM', LogonType: 5, IpAddress: '-' }),
);
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const source = (i: number): string => `198.51.${100 + i}.7`;
/** One guess each of `count` sources at `count` accounts, all within a burst's window. */
const spray = (count: number): Row[] =>
  many(count, (i) => event(web, i * 4, 4625, { IpAddress: source(i), TargetUserName: `u${i}` }));

async function fleetOf(vms: VirtualMachine[], tables: Workspace['tables'], given: Partial<Workspace> = {}) {
  const asked: { path: string; query: string }[] = [];
  const Heartbeat = vms.map((vm) => ({ TimeGenerated: after(4750), Computer: vm.computerName, _ResourceId: vm.id }));
  const workspace = { now, tables: { Heartbeat, ...tables }, asked, ...given };
  const fleet = await fleetLogonsOf(connectTo(workspace), vms);
  if (fleet.state === 'unknown') throw new Error(fleet.because);
  const one = (vm: VirtualMachine) => readLogons(connectTo(workspace), vm);
  return { of: (vm: VirtualMachine) => fleet.value.get(vm.id.toLowerCase()), notSeen: fleet.notSeen, asked, one };
}

describe('a distributed password spray on a VM of the fleet', () => {
  it.each([60, 12])('of %i guesses is its burst, as in its triage', async (count) => {
    const { of, one, asked } = await fleetOf([web, quiet], { SecurityEvent: [...arriving, ...spray(count)] });
    expect(of(web)).toMatchObject({
      value: { kind: 'distributed-spray', failures: count, totalFailures: count, accounts: count, succeeded: false },
    });
    expect(of(quiet)).toMatchObject({ state: 'known', value: null });
    expect(await one(web)).toMatchObject({
      value: { failures: count, bursts: [{ kind: 'distributed-spray', failures: count, distinctSources: count }] },
    });
    // The second question names that VM alone.
    const second = asked.filter(({ query }) => query.includes('Machine in~'));
    expect(second).toHaveLength(1);
    expect(second[0]?.query).toContain(web.id.toLowerCase());
    expect(second[0]?.query).not.toContain(quiet.id.toLowerCase());
  });

  it('is followed by a logon from one of its sources, which failed there once', async () => {
    const tables = {
      SecurityEvent: [
        ...arriving,
        ...spray(60),
        event(web, 600, 4624, { IpAddress: source(20), TargetUserName: 'u20' }),
      ],
    };
    const { of, one } = await fleetOf([web, quiet], tables);
    expect(of(web)).toMatchObject({ value: { kind: 'distributed-spray', succeeded: true } });
    expect(await one(web)).toMatchObject({
      value: { bursts: [{ success: { value: { account: 'u20', by: 'both' } } }] },
    });
  });

  it('is none where people mistyped and then logged on', async () => {
    const people = many(30, (i) => event(web, i * 4 + 20, 4624, { IpAddress: source(i), TargetUserName: `U${i}` }));
    const { of, one } = await fleetOf([web], { SecurityEvent: [...arriving, ...spray(30), ...people] });
    expect(of(web)).toMatchObject({ state: 'known', value: null });
    expect(await one(web)).toMatchObject({ value: { failures: 30, bursts: [] } });
  });

  it('has no “no success” where the second question was refused', async () => {
    const refuse = (query: string) =>
      query.includes('Machine in~')
        ? { status: 429, body: { error: { code: 'TooManyRequests', message: 'Rate limit is exceeded' } } }
        : undefined;
    const { of, notSeen } = await fleetOf([web], { SecurityEvent: [...arriving, ...spray(60)] }, { refuse });
    expect(of(web)).toMatchObject({ value: { kind: 'distributed-spray', succeeded: null } });
    expect(notSeen.join()).toContain('logons after distributed sprays');
  });

  it('is read from sshd’s lines as well', async () => {
    const line = (seconds: number, SyslogMessage: string, ProcessID: number): Row => ({
      TimeGenerated: after(seconds),
      Computer: lin.computerName,
      _ResourceId: lin.id.toLowerCase(),
      Facility: 'auth',
      SeverityLevel: 'info',
      ProcessName: 'sshd',
      ProcessID,
      SyslogMessage,
    });
    const lines = many(40, (i) =>
      [0, 1, 2].map((n) =>
        line(i * 5 + n, `Failed password for invalid user u${i}-${n} from ${source(i)} port ${5000 + i} ssh2`, 900 + i),
      ),
    ).flat();
    const { of, one } = await fleetOf([lin], { Syslog: lines });
    expect(of(lin)).toMatchObject({
      value: { kind: 'distributed-spray', failures: 120, totalFailures: 120, accounts: 120, succeeded: false },
    });
    expect(await one(lin)).toMatchObject({ value: { failures: 120, bursts: [{ distinctSources: 40 }] } });
  });
});

describe('failures without an address on a VM of the fleet', () => {
  const nameless = many(12, (i) => event(web, i, 4625, { IpAddress: '-', TargetUserName: 'admin' }));
  const other = (seconds: number, EventID: number, EventLog: string, data: Row): Row => ({
    ...event(web, seconds, EventID),
    EventSourceName: undefined,
    EventLog,
    Source: EventLog.split('/')[0],
    EventData: `<DataItem><EventData>${Object.entries(data)
      .map(([name, value]) => `<Data Name="${name}">${value}</Data>`)
      .join('')}</EventData></DataItem>`,
  });
  const rdpCore = 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational';
  const manager = 'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational';

  it.each([
    ['RdpCoreTS 140', many(12, (i) => other(i, 140, rdpCore, { IPString: '203.0.113.9' }))],
    ['RdpCoreTS 131', many(12, (i) => other(i, 131, rdpCore, { ConnType: 'TCP', ClientIP: '203.0.113.9:50122' }))],
    ['TerminalServices 1149', [other(3, 1149, manager, { Param1: 'admin', Param2: 'CONTOSO', Param3: '203.0.113.9' })]],
    [
      'OpenSSH, a refused logon',
      many(12, (i) =>
        other(i, 4, 'OpenSSH/Operational', {
          process: 'sshd',
          payload: `Failed password for oper from 203.0.113.9 port ${i + 1} ssh2`,
        }),
      ),
    ],
  ])('are given a witness by %s', async (name, Event) => {
    const { of, notSeen } = await fleetOf([web, quiet], { SecurityEvent: [...arriving, ...nameless], Event });
    expect(of(web)).toMatchObject({
      value: {
        kind: 'unattributed',
        failures: 12,
        witnesses: [{ address: '203.0.113.9', events: Event.length, source: expect.stringContaining(name) }],
      },
    });
    expect(notSeen).toEqual([]);
  });

  it.each([2, 3])('are given a witness by OpenSSH’s event %i, which is in a log of its own', async (id) => {
    const Event = many(12, (i) =>
      other(i, id, 'OpenSSH/Admin', {
        process: 'sshd',
        payload: `error: maximum authentication attempts exceeded for oper from 203.0.113.9 port ${i + 1} ssh2 [preauth]`,
      }),
    );
    const { of } = await fleetOf([web], { SecurityEvent: [...arriving, ...nameless], Event });
    expect(of(web)).toMatchObject({ value: { witnesses: [{ address: '203.0.113.9', events: 12 }] } });
  });

  it('have none where no other log was sent, and that is no lack', async () => {
    const { of, notSeen } = await fleetOf([web], { SecurityEvent: [...arriving, ...nameless] });
    expect(of(web)).toMatchObject({ value: { kind: 'unattributed', failures: 12 } });
    expect(of(web)).not.toHaveProperty('value.witnesses');
    expect(notSeen).toEqual([]);
  });

  it('are not joined to a stranger of another hour or of another VM', async () => {
    const elsewhere = { ...other(3, 140, rdpCore, { IPString: '203.0.113.9' }), _ResourceId: quiet.id.toLowerCase() };
    const later = other(1800, 140, rdpCore, { IPString: '203.0.113.8' });
    const { of } = await fleetOf([web, quiet], {
      SecurityEvent: [...arriving, ...nameless],
      Event: [elsewhere, later],
    });
    expect(of(web)).not.toHaveProperty('value.witnesses');
  });
});

import { describe, expect, it } from 'vitest';
import type { Known } from '../../src/documents/fact.ts';
import type { Logons } from '../../src/documents/triage.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { type Ticks, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { failedLogon, hex32, successfulLogon, text, uint32, type WrittenEvent, writeLog } from './log-writer.ts';
import { haveRealLogs, realFile } from './real-logs.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-23T02:20:11Z');
const start = ticksOf('2026-11-23T01:58:02Z') ?? 0;
const later = (seconds: number): Ticks => start + Math.round(seconds * ticksPerSecond);

let files = 0;
async function read(...logs: (readonly WrittenEvent[])[]) {
  const paths = logs.map((events) => {
    files += 1;
    return folder.write(`log-${files}.evtx`, writeLog(events));
  });
  return (await readEventLogs(paths, { now })).logons;
}

async function known(...logs: (readonly WrittenEvent[])[]): Promise<Known<Logons>> {
  const fact = await read(...logs);
  if (fact.state === 'unknown') throw new Error(fact.because);
  return fact;
}

/** `count` events, one a second. */
const many = (
  count: number,
  event: (i: number, at: Ticks) => Omit<WrittenEvent, 'recordId' | 'time'>,
  from = 0,
): WrittenEvent[] =>
  Array.from({ length: count }, (_, i) => ({ recordId: 1 + i, time: later(from + i), ...event(i, later(from + i)) }));

const openSsh = (payload: string) => ({
  eventId: 4,
  provider: 'OpenSSH',
  channel: 'OpenSSH/Operational',
  data: [
    ['process', text('sshd')],
    ['payload', text(payload)],
  ] as const,
});
const rdpCore = 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS';
const refusedRdp = (address: string) => ({
  eventId: 140,
  provider: rdpCore,
  channel: `${rdpCore}/Operational`,
  data: [['IPString', text(address)]] as const,
});
const connectedRdp = (address: string) => ({
  eventId: 131,
  provider: rdpCore,
  channel: `${rdpCore}/Operational`,
  data: [
    ['ConnType', text('TCP')],
    ['ClientIP', text(`${address}:50122`)],
  ] as const,
});

describe('the log of OpenSSH for Windows', () => {
  it('tells of failed logons with their addresses, and that other logs were not opened', async () => {
    const lines = many(12, (i) =>
      openSsh(`Failed password for invalid user oper from 203.0.113.9 port ${50_000 + i} ssh2`),
    );
    const { value, notSeen } = await known(lines);
    expect(value).toMatchObject({ failures: 12, successesCollected: true });
    expect(value.bursts).toMatchObject([
      { kind: 'guess', sources: [{ address: '203.0.113.9', failures: 12 }], success: { state: 'known', value: null } },
    ]);
    expect(notSeen.join()).toContain('no Security log was opened');
  });

  it.each([
    [1, 'OpenSSH/Admin'],
    [2, 'OpenSSH/Admin'],
    [2, 'OpenSSH/Operational'],
    [3, 'OpenSSH/Operational'],
  ])('has its lines as event %i in %s too, by their severity', async (eventId, channel) => {
    const lines = many(12, (i) => ({
      ...openSsh(
        `error: maximum authentication attempts exceeded for oper from 203.0.113.9 port ${i + 1} ssh2 [preauth]`,
      ),
      eventId,
      channel,
    }));
    const { value } = await known(lines);
    expect(value).toMatchObject({ failures: 12, bursts: [{ sources: [{ address: '203.0.113.9', failures: 12 }] }] });
    const others = await read(many(12, (i) => ({ ...openSsh(`x ${i}`), eventId, channel: 'OpenSSH/Debug' })));
    expect(others.state).toBe('unknown');
  });

  it('gives the 4625s of the same attempts their address, and no attempt counts twice', async () => {
    const sshd = {
      IpAddress: text('-'),
      LogonType: uint32(8),
      TargetUserName: text('oper'),
      ProcessName: text('C:\\Windows\\sshd.exe'),
    };
    const security = Array.from({ length: 12 }, (_, i) => failedLogon(100 + i, later(i) + 3000, sshd));
    const lines = many(12, (i) => openSsh(`Failed password for oper from 203.0.113.9 port ${50_000 + i} ssh2`));
    const entered = openSsh('Accepted password for oper from 203.0.113.9 port 60000 ssh2');
    const { value } = await known(
      [...security, successfulLogon(200, later(60))],
      [...lines, ...many(1, () => entered, 30)],
    );
    expect(value.failures).toBe(12);
    expect(value.bursts).toMatchObject([
      {
        kind: 'guess',
        failures: 12,
        sources: [{ address: '203.0.113.9' }],
        success: { value: { account: 'oper', by: 'both' } },
      },
    ]);
  });
});

describe('the logs of Remote Desktop', () => {
  const nla = Array.from({ length: 12 }, (_, i) =>
    failedLogon(100 + i, later(i), { IpAddress: text('-'), TargetUserName: text('admin') }),
  );

  const session = (address: string) => ({
    eventId: 21,
    provider: 'Microsoft-Windows-TerminalServices-LocalSessionManager',
    channel: 'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    data: [
      ['User', text('WEB01\\anna')],
      ['Address', text(address)],
    ] as const,
  });

  it('tell of sessions, but not that no logon failed: neither alone nor for a time that the Security log does not cover', async () => {
    const alone = await read(many(3, (i) => session(i === 2 ? 'LOCAL' : '2001:db8::7')));
    expect(alone).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/Remote Desktop counts 2 sessions there, of 2001:db8::7 \(2\)/),
    });
    const both = await known(nla, [
      { ...many(1, () => session('203.0.113.9'), 7200)[0], recordId: 900 } as WrittenEvent,
    ]);
    expect(both.coverage).toBe('2026-11-23T01:58:02Z to 2026-11-23T01:58:13Z');
    const ssh = many(1, () => openSsh('Failed password for anna from 203.0.113.9 port 5 ssh2'), 7200);
    expect(
      (
        await known(
          nla,
          ssh.map((event) => ({ ...event, recordId: 900 })),
        )
      ).coverage,
    ).toBe(
      'Security 2026-11-23T01:58:02Z to 2026-11-23T01:58:13Z, other logs 2026-11-23T03:58:02Z to 2026-11-23T03:58:02Z',
    );
  });

  it('name who was there while failures without an address were logged, joined by time alone', async () => {
    const strangers = many(3, () => refusedRdp('198.51.100.66'), 4000).map((event) => ({
      ...event,
      recordId: 200 + event.recordId,
    }));
    const { value } = await known(nla, [
      ...many(12, () => refusedRdp('203.0.113.9')),
      ...many(2, () => connectedRdp('203.0.113.9')).map((event) => ({ ...event, recordId: 100 + event.recordId })),
      ...strangers,
    ]);
    expect(value.failures).toBe(12);
    expect(value.bursts).toMatchObject([
      {
        kind: 'unattributed',
        sources: [{ address: '-' }],
        witnesses: [
          { address: '203.0.113.9', events: 12, source: expect.stringContaining('140') },
          { address: '203.0.113.9', events: 2, source: expect.stringContaining('131') },
        ],
      },
    ]);
  });

  it('tell of refused logons by themselves where no Security log is there', async () => {
    const { value, notSeen } = await known(many(15, () => refusedRdp('203.0.113.9')));
    expect(value.bursts).toMatchObject([
      { failures: 15, sources: [{ address: '203.0.113.9' }], success: { state: 'unknown' } },
    ]);
    expect(notSeen.join()).toContain('no Security log was opened');
  });

  it('that hold connections alone tell of no logon, and how many there were', async () => {
    expect(await read(many(15, () => connectedRdp('203.0.113.9')))).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('15 connections there, of 203.0.113.9 (15)'),
    });
  });

  it('tell of sessions that followed', async () => {
    const manager = 'Microsoft-Windows-TerminalServices-LocalSessionManager';
    const session = (address: string) => ({
      eventId: 21,
      provider: manager,
      channel: `${manager}/Operational`,
      data: [
        ['User', text('WEB01\\admin')],
        ['SessionID', uint32(2)],
        ['Address', text(address)],
      ] as const,
    });
    const of = async (address: string) =>
      (
        await known(
          [...nla, successfulLogon(300, later(1))],
          many(1, () => session(address), 60),
        )
      ).value.bursts[0]?.success;
    expect(await of('203.0.113.9')).toMatchObject({
      value: { account: 'WEB01\\admin', address: '203.0.113.9', logonType: 10 },
    });
    expect(await of('LOCAL')).toMatchObject({ state: 'known', value: null });
  });
});

describe('the Security log of a domain controller', () => {
  const kerberos = (eventId: number, status: number, account: string, address = '::ffff:10.1.9.9') => ({
    eventId,
    data: [
      ['TargetUserName', text(account)],
      ['Status', hex32(status)],
      ['IpAddress', text(address)],
    ] as const,
  });
  const ntlm = (account: string, status = 0xc000006a) => ({
    eventId: 4776,
    data: [
      ['TargetUserName', text(account)],
      ['Workstation', text('KALI')],
      ['Status', hex32(status)],
    ] as const,
  });

  it('counts refusals of Kerberos, not what comes before every ticket', async () => {
    const { value } = await known([
      ...many(12, (i) => kerberos(i % 2 ? 4771 : 4768, i % 2 ? 0x18 : 0x6, i % 2 ? 'anna' : `u${i}`)),
      ...many(30, () => kerberos(4768, 0x19, 'anna'), 100).map((event, i) => ({ ...event, recordId: 100 + i })),
      ...many(30, () => kerberos(4768, 0, 'svc'), 200).map((event, i) => ({ ...event, recordId: 200 + i })),
    ]);
    expect(value.failures).toBe(12);
    expect(value.bursts).toMatchObject([
      { failures: 12, sources: [{ address: '10.1.9.9' }], success: { state: 'known', value: null } },
    ]);
    expect(value.bursts[0]?.codes.map(({ meaning }) => meaning).sort()).toEqual(['no such account', 'wrong password']);
  });

  it('a log of refusals alone is told as one with logons, and its cure asks for the successes', async () => {
    const log = folder.write('refusals.evtx', writeLog(many(12, () => kerberos(4771, 0x18, 'anna'))));
    const { files: told, logons } = await readEventLogs([log], { now });
    expect(told).toMatchObject([{ failures: 0, successes: 0, others: 12 }]);
    const burst = logons.state === 'known' ? logons.value.bursts[0] : undefined;
    expect(burst?.success).toMatchObject({ state: 'unknown', cure: expect.stringContaining('4768') });
    expect(JSON.stringify(logons)).not.toMatch(/export the Security log/i);
  });

  it('a ticket granted to a guessed account at the guessing address is a success, elsewhere everyday work', async () => {
    const guesses = many(12, () => kerberos(4771, 0x18, 'anna'));
    const granted = (address: string) => ({ ...kerberos(4768, 0, 'anna', address), recordId: 90, time: later(60) });
    const of = async (address: string) => (await known([...guesses, granted(address)])).value.bursts[0]?.success;
    expect(await of('10.1.9.9')).toMatchObject({ value: { account: 'anna', by: 'both' } });
    expect(await of('10.1.9.40')).toMatchObject({ state: 'known', value: null });
  });

  it('NTLM: an attempt that 4625 tells of too counts once', async () => {
    const both = Array.from({ length: 12 }, (_, i) => [
      failedLogon(100 + 2 * i, later(i), { TargetUserName: text('anna') }),
      { recordId: 101 + 2 * i, time: later(i), ...ntlm('anna') },
    ]).flat();
    expect((await known(both)).value.failures).toBe(12);
    expect(
      (await known([...both, ...many(5, () => ntlm('bob'), 500).map((event, i) => ({ ...event, recordId: 900 + i }))]))
        .value.failures,
    ).toBe(17);
  });

  it('denied Remote Desktop is a right password that was refused', async () => {
    const denied = {
      recordId: 50,
      time: later(20),
      eventId: 4825,
      data: [
        ['AccountName', text('anna')],
        ['ClientAddress', text('203.0.113.9')],
      ] as const,
    };
    const guesses = Array.from({ length: 12 }, (_, i) =>
      failedLogon(1 + i, later(i), { TargetUserName: text('anna') }),
    );
    expect((await known([...guesses, denied])).value.rightButRefused).toMatchObject([
      { account: 'anna', code: 'rdp:denied', guesses: 12 },
    ]);
  });

  it('one subject that tries many accounts with explicit credentials is a spray; one that uses one is at work', async () => {
    const explicit = (account: string) => ({
      eventId: 4648,
      data: [
        ['SubjectUserName', text('mallory')],
        ['TargetUserName', text(account)],
        ['IpAddress', text('172.16.144.128')],
        ['ProcessName', text('C:\\spray.exe')],
      ] as const,
    });
    const { value } = await known(many(40, (i) => explicit(`u${i}`)));
    expect(value.bursts).toMatchObject([{ kind: 'spray', failures: 40, sources: [{ address: '172.16.144.128' }] }]);
    expect((await read(many(40, () => explicit('svc')))).state).toBe('unknown');
  });

  it('a subject whose name is written in several ways is one, as is its computer', async () => {
    const spray = (subject: string, from: number) =>
      Array.from({ length: 45 }, (_, i) => ({
        recordId: 1 + from + i,
        time: later(from + i),
        computer: subject === 'bob' ? 'WEB01.contoso.local' : 'web01.CONTOSO.local',
        eventId: 4648,
        data: [
          ['SubjectUserName', text(subject)],
          ['TargetUserName', text(`${subject}-${i % 9}`.replace('Bob', 'rob'))],
          ['IpAddress', text('172.16.144.128')],
        ] as const,
      }));
    const { value } = await known([...spray('bob', 0), ...spray('Bob', 45)]);
    expect(value).toMatchObject({ failures: 90, bursts: [{ kind: 'spray', failures: 90, distinctAccounts: 18 }] });
  });

  it('of one subject, only the bursts that try many accounts are sprays, not what it does before, between and after', async () => {
    const attempt = (at: number, account: string) => ({
      recordId: 1 + at,
      time: later(at),
      eventId: 4648,
      data: [
        ['SubjectUserName', text('web')],
        ['TargetUserName', text(account)],
        ['IpAddress', text('172.16.144.128')],
      ] as const,
    });
    const burst = (from: number, count: number, name: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => attempt(from + i, name(i)));
    const { value } = await known([
      ...burst(0, 20, () => 'svc'),
      ...burst(5_000, 12, (i) => `u${i}`),
      attempt(9_000, 'svc'),
      ...burst(15_000, 20, () => 'svc'),
      ...burst(25_000, 15, (i) => `v${i}`),
      ...burst(35_000, 20, () => 'svc'),
    ]);
    expect(value.bursts.map(({ kind, failures }) => [kind, failures]).sort()).toEqual([
      ['spray', 12],
      ['spray', 15],
    ]);
    expect(value.failures).toBe(27);
  });

  it.skipIf(!haveRealLogs).each([
    ['ID4771-Kerberos_brutforce_with_valid_user.evtx', 54, 1],
    ['ID4825-Denied_RDP_connection_with_valid_credentials.evtx', 2, 0],
    ['ID_4776_4625-AccountRestore_local_bruteforce.evtx', 16, 1],
  ])('real: %s has %i failures', async (name, failures, bursts) => {
    const { logons } = await readEventLogs([realFile(name)], { now });
    expect(logons).toMatchObject({ state: 'known', value: { failures } });
    if (logons.state === 'known') expect(logons.value.bursts).toHaveLength(bursts);
  });
});

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kqlString, withParameters } from '../../../src/azure/client/kql-literal.ts';
import { readLogons } from '../../../src/azure/readers/logons.ts';
import type { Known } from '../../../src/documents/fact.ts';
import { type Logons, logons as logonsSchema } from '../../../src/documents/triage.ts';
import { analyse, evaluate } from '../../../src/kql/evaluate.ts';
import { type ColumnType, tableFromRows } from '../../../src/kql/table.ts';
import { xmlTextFunction } from '../../../src/text/xml-text.ts';
import { defaultThresholds } from '../../../src/triage/logons/bursts.ts';
import { FailureColumns, type LogonEvent } from '../../../src/triage/logons/events.ts';
import { assembleLogons } from '../../../src/triage/logons/logons.ts';
import { isoOf, type Ticks, ticksOf, ticksPerSecond } from '../../../src/triage/logons/ticks.ts';
import { connections, consistent, inTurn, written } from '../../triage/logons/sshd-model.ts';
import { connectTo, fleetLogonsOf, logTables, machine, type Workspace } from '../log-workspace.ts';

const now = '2026-11-23T02:20:11.000Z';
const web01 = machine();
const at = (time: string): Ticks => ticksOf(`2026-11-23T${time}Z`) ?? 0;
type Row = Record<string, unknown>;

function security(time: Ticks | string, EventID: number, given: Row = {}): Row {
  return {
    TimeGenerated: typeof time === 'string' ? `2026-11-23T${time}Z` : isoOf(time),
    EventID,
    Computer: 'web01',
    _ResourceId: web01.id.toLowerCase(),
    EventSourceName: 'Microsoft-Windows-Security-Auditing',
    ...given,
  };
}

function failed(time: Ticks | string, given: Row = {}): Row {
  return security(time, 4625, {
    TargetUserName: 'svc-backup',
    IpAddress: '203.0.113.77',
    LogonType: 3,
    Status: '0xc000006d',
    SubStatus: '0xc000006a',
    WorkstationName: 'kali',
    ...given,
  });
}

function entered(time: Ticks | string, given: Row = {}): Row {
  const logon = { TargetUserName: 'svc-backup', IpAddress: '203.0.113.77', LogonType: 3, TargetLogonId: '0x47a203c' };
  return security(time, 4624, { ...logon, ...given });
}

/** `count` rows, `apart` seconds from one to the next. */
function many(count: number, start: string, apart: number, row: (time: Ticks, i: number) => Row): Row[] {
  return Array.from({ length: count }, (_, i) => row(at(start) + Math.round(i * apart * ticksPerSecond), i));
}

const alive = { Heartbeat: [{ TimeGenerated: '2026-11-23T02:19:50Z', Computer: 'web01', _ResourceId: web01.id }] };
const service = entered('02:19:40', { TargetUserName: 'SYSTEM', IpAddress: '-', LogonType: 5, TargetLogonId: '0x3e7' });

function workspace(tables: Workspace['tables'], given: Partial<Workspace> = {}): Workspace {
  return { now, tables: { ...alive, ...tables }, ...given };
}

async function read(tables: Workspace['tables'], given: Partial<Workspace> = {}, vm = web01) {
  const fact = await readLogons(connectTo(workspace(tables, given)), vm);
  if (fact.state === 'known') logonsSchema.parse(fact.value);
  return fact;
}

async function readKnown(...given: Parameters<typeof read>): Promise<Known<Logons>> {
  const fact = await read(...given);
  if (fact.state === 'unknown') throw new Error(`${fact.because}; ${fact.cure}`);
  return fact;
}

const guess = many(300, '01:58:02', 3.2, (time) => failed(time));

describe('the logons of a Windows VM', () => {
  it('are bursts with what followed, asked by the id of the VM and counted by Log Analytics', async () => {
    const asked: { path: string; query: string }[] = [];
    const fact = await readKnown(
      {
        SecurityEvent: [
          ...guess,
          service,
          entered('02:14:09'),
          security('02:14:09.1', 4672, { SubjectLogonId: '0x47a203c', SubjectUserName: 'svc-backup' }),
          security('02:14:10', 4672, { SubjectLogonId: '0x3e7', SubjectUserName: 'SYSTEM' }),
          security('02:15:00', 4720, { TargetUserName: 'helper', SubjectUserName: 'svc-backup' }),
          security('02:16:00', 4698, { SubjectUserName: 'svc-backup', EventData: '<Data Name="TaskName">\\up</Data>' }),
          security('02:17:00', 1102, { EventSourceName: 'Microsoft-Windows-Eventlog' }),
        ],
        Event: [
          {
            ...security('02:18:00', 7045),
            EventLog: 'System',
            Source: 'Service Control Manager',
            EventData: '<DataItem><EventData><Data Name="ServiceName">evilsvc</Data></EventData></DataItem>',
          },
        ],
      },
      { asked },
    );
    expect(fact).toMatchObject({
      source: 'Log Analytics · SecurityEvent',
      asOf: now,
      coverage: 'last 24 h',
      notSeen: [],
    });
    expect(fact.value).toMatchObject({
      failures: 300,
      lastEventAt: '2026-11-23T02:19:40Z',
      successesCollected: true,
      thresholds: { failures: 10, windowSeconds: 300 },
    });
    expect(fact.value.bursts).toMatchObject([
      {
        kind: 'guess',
        failures: 300,
        start: '2026-11-23T01:58:02Z',
        end: '2026-11-23T02:13:58.8Z',
        codes: [{ code: '0xc000006a', meaning: 'wrong password' }],
        success: { state: 'known', value: { at: '2026-11-23T02:14:09Z', account: 'svc-backup', by: 'both' } },
        next: [
          { eventId: 4672, what: 'special privileges for svc-backup' },
          { eventId: 4720, what: 'account helper created by svc-backup' },
          { eventId: 4698, what: 'scheduled task \\up created by svc-backup' },
          { eventId: 1102, what: 'security log cleared by someone' },
          { eventId: 7045, what: 'service evilsvc installed' },
        ],
      },
    ]);
    expect(asked.every(({ path }) => path.toLowerCase() === `/v1${web01.id}/query`.toLowerCase())).toBe(true);
  });

  it('are the same bursts as the events themselves give', async () => {
    const events = fc.array(
      fc.record({
        seconds: fc.integer({ min: 0, max: 1500 }),
        address: fc.constantFrom('198.51.100.1', '198.51.100.2', '::ffff:198.51.100.2', '-'),
        account: fc.constantFrom('admin', '.\\Admin', 'WEB01\\admin', 'anna', '-', ''),
        code: fc.constantFrom('0xc000006a', '0xC0000064', '0x0'),
      }),
      { maxLength: 150, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(events, async (given) => {
        const times = given.map(({ seconds }) => at('01:00:00') + seconds * ticksPerSecond);
        const rows = given.map(({ address, account, code }, i) =>
          failed(times[i] ?? 0, { IpAddress: address, TargetUserName: account, SubStatus: code, Status: '0xC0000234' }),
        );
        const columns = new FailureColumns();
        given.forEach(({ address, account, code }, i) => {
          columns.addEvent(eventOf({ at: times[i] ?? 0, address, account, subStatus: code, status: '0xC0000234' }));
        });
        const { logons } = assembleLogons({
          failures: columns,
          successes: { collected: true, complete: true, because: '', cure: '', rows: [] },
          later: [],
          lastEventAt: '2026-11-23T02:19:40Z',
          thresholds: defaultThresholds,
        });
        const counted = (await readKnown({ SecurityEvent: [...rows, service] })).value;
        expect(ordered(counted)).toEqual(ordered(logons));
      }),
      { numRuns: 25 },
    );
  });

  it('past 5,000 are counted per minute, and it says so', async () => {
    const rows = many(6000, '00:10:00', 1, (time, i) => failed(time, { WorkstationName: `WS${i}` }));
    const fact = await readKnown({ SecurityEvent: [...rows, service] });
    expect(fact.coverage).toContain('counted per minute');
    expect(fact.value.bursts).toMatchObject([
      { kind: 'guess', failures: 6000, start: '2026-11-23T00:10:00Z', end: '2026-11-23T01:49:59Z', peakPerMinute: 60 },
    ]);
  });

  it('of made-up names, one for each failure, do not travel as rows of their own', async () => {
    const rows = many(6000, '00:10:00', 1, (time, i) =>
      failed(time, { TargetUserName: `user${i}`, SubStatus: '0xc0000064' }),
    );
    const fact = await readKnown({ SecurityEvent: [...rows, service] });
    expect(fact.value.bursts).toMatchObject([{ kind: 'spray', failures: 6000, distinctAccounts: 6000 }]);
    expect(fact.value.bursts[0]?.accounts[0]?.exists).toBe(false);
  });

  it("say of each domain's account whether it exists, in each of the tables", async () => {
    const data = many(36, '01:00:00', 1, (_, i) => ({
      SubStatus: ['0xc0000064', '0xC000006A', '0xc000006a'][i % 3],
      TargetDomainName: ['DOM1', 'DOM2', '-'][i % 3],
    }));
    const each = [
      {
        SecurityEvent: data.map((given, i) =>
          failed(at('01:00:00') + i * ticksPerSecond, { ...given, TargetUserName: 'x' }),
        ),
      },
      {
        WindowsEvent: data.map((given, i) => ({
          ...security(at('01:00:00') + i * ticksPerSecond, 4625),
          Provider: 'Microsoft-Windows-Security-Auditing',
          EventData: { TargetUserName: 'x', IpAddress: '203.0.113.77', LogonType: '3', ...given },
        })),
      },
      {
        Event: data.map((given, i) => ({
          ...security(at('01:00:00') + i * ticksPerSecond, 4625),
          EventLog: 'Security',
          Source: 'Microsoft-Windows-Security-Auditing',
          EventData: `<DataItem><EventData>${Object.entries({
            TargetUserName: 'x',
            IpAddress: '203.0.113.77',
            LogonType: '3',
            ...given,
          })
            .map(([name, value]) => `<Data Name="${name}">${value}</Data>`)
            .join('')}</EventData></DataItem>`,
        })),
      },
    ];
    for (const tables of each) {
      const { value } = await readKnown({
        ...tables,
        ...(tables.SecurityEvent ? { SecurityEvent: [...tables.SecurityEvent, service] } : {}),
      });
      expect(value.bursts).toMatchObject([
        {
          failures: 36,
          distinctAccounts: 3,
          accounts: [
            { name: 'dom1\\x', failures: 12, exists: false },
            { name: 'dom2\\x', failures: 12, exists: true },
            { name: 'x', failures: 12, exists: true },
          ],
        },
      ]);
    }
  });

  it('leave 4625 of another provider alone', async () => {
    const rows = many(30, '01:00:00', 1, (time) => failed(time, { EventSourceName: 'Microsoft-Windows-EventSystem' }));
    expect((await readKnown({ SecurityEvent: [...rows, service] })).value).toMatchObject({ failures: 0, bursts: [] });
  });

  it('join a success on the account that was tried, not on the subject that reports it (Velociraptor FailedLogBeforeSuccess)', async () => {
    const subject = { SubjectUserName: '-', IpAddress: '-' };
    const rows = many(20, '01:00:00', 1, (time) => failed(time, { ...subject, TargetUserName: 'WEB01\\Admin' }));
    const other = entered('01:10:00', { ...subject, TargetUserName: 'anna' });
    const same = entered('01:20:00', { ...subject, TargetUserName: 'admin' });
    expect((await readKnown({ SecurityEvent: [...rows, other, same, service] })).value.bursts).toMatchObject([
      { kind: 'unattributed', success: { value: { at: '2026-11-23T01:20:00Z', account: 'admin' } } },
    ]);
  });

  it('are read from WindowsEvent or Event where these hold them', async () => {
    const data = { TargetUserName: 'svc-backup', IpAddress: '203.0.113.77', LogonType: '3', SubStatus: '0xc000006a' };
    const base = (time: Ticks, EventID: number): Row => ({ ...security(time, EventID), EventSourceName: undefined });
    const forwarded = many(20, '02:00:00', 1, (time) => ({
      ...base(time, 4625),
      Provider: 'Microsoft-Windows-Security-Auditing',
      Channel: 'Security',
      EventData: data,
    }));
    const xml = Object.entries(data).map(([name, value]) => `<Data Name="${name}">${value}</Data>`);
    const plain = many(20, '02:00:00', 1, (time) => ({
      ...base(time, 4625),
      Source: 'Microsoft-Windows-Security-Auditing',
      EventLog: 'Security',
      EventData: `<DataItem><EventData>${xml.join('')}</EventData></DataItem>`,
    }));
    for (const [table, rows] of Object.entries({ WindowsEvent: forwarded, Event: plain })) {
      const fact = await readKnown({ SecurityEvent: [], [table]: rows });
      expect(fact.source).toBe(`Log Analytics · ${table}`);
      expect(fact.value.bursts).toMatchObject([{ kind: 'guess', failures: 20, accounts: [{ exists: true }] }]);
    }
  });
});

describe('failures without an address', () => {
  const nla = many(12, '02:00:00', 1, (time) => failed(time, { IpAddress: '-', TargetUserName: 'admin' }));
  const elsewhere = (time: Ticks | string, EventID: number, EventLog: string, data: Row): Row => ({
    ...security(time, EventID),
    EventSourceName: undefined,
    EventLog,
    Source: EventLog.split('/')[0],
    EventData: `<DataItem><EventData>${Object.entries(data).map(([name, value]) => `<Data Name="${name}">${value}</Data>`)}</EventData></DataItem>`,
  });
  const rdpCore = 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational';

  it('are joined by time to who connected, as Remote Desktop tells it', async () => {
    const refused = many(12, '02:00:00', 1, (time) => elsewhere(time, 140, rdpCore, { IPString: '203.0.113.9' }));
    const broken = many(3, '02:00:00', 1, (time) => elsewhere(time, 139, rdpCore, { IPString: '2001:db8::7' }));
    const stranger = elsewhere('00:30:00', 140, rdpCore, { IPString: '198.51.100.66' });
    const fact = await readKnown({ SecurityEvent: [...nla, service], Event: [...refused, ...broken, stranger] });
    expect(fact.value.bursts).toMatchObject([
      {
        kind: 'unattributed',
        witnesses: [
          { address: '203.0.113.9', events: 12, source: 'RdpCoreTS 140, wrong name or password' },
          { address: '2001:db8::7', events: 3, source: 'RdpCoreTS 139, broken off in the security layer' },
        ],
      },
    ]);
    const forwarded = many(12, '02:00:00', 1, (time) => ({
      ...security(time, 131),
      EventSourceName: undefined,
      Channel: rdpCore,
      EventData: { ConnType: 'TCP', ClientIP: '203.0.113.9:50122' },
    }));
    const windows = await readKnown({ SecurityEvent: [...nla, service], Event: [], WindowsEvent: forwarded });
    expect(windows.value.bursts[0]?.witnesses).toMatchObject([{ address: '203.0.113.9', events: 12 }]);
  });

  it('get the address that OpenSSH logged of the same attempt', async () => {
    const sshd = many(12, '02:00:00', 1, (time) =>
      failed(time, { IpAddress: '-', LogonType: 8, TargetUserName: 'oper' }),
    );
    const lines = many(12, '02:00:00', 1, (time, i) =>
      elsewhere(time, 4, 'OpenSSH/Operational', {
        process: 'sshd',
        payload: `Failed password for oper from 203.0.113.9 port ${i + 1} ssh2`,
      }),
    );
    const { value } = await readKnown({ SecurityEvent: [...sshd, service], Event: lines });
    expect(value).toMatchObject({
      failures: 12,
      bursts: [{ kind: 'guess', sources: [{ address: '203.0.113.9', failures: 12 }] }],
    });
  });

  it('count where OpenSSH alone logged them: a key that it refused writes no 4625', async () => {
    const lines = many(12, '02:00:00', 1, (time, i) =>
      elsewhere(time, 4, 'OpenSSH/Operational', {
        process: 'sshd',
        payload: `Failed publickey for oper from 203.0.113.9 port ${i + 1} ssh2: RSA SHA256:abc`,
      }),
    );
    const { value } = await readKnown({ SecurityEvent: [service], Event: lines });
    expect(value).toMatchObject({ failures: 12, bursts: [{ sources: [{ address: '203.0.113.9', failures: 12 }] }] });
  });
});

describe('attempts with explicit credentials', () => {
  const attempt = (time: Ticks, account: string, subject = 'pc01user') =>
    security(time, 4648, {
      TargetUserName: account,
      SubjectUserName: subject,
      IpAddress: '172.16.144.128',
      ProcessName: 'C:\\Windows\\System32\\svchost.exe',
    });

  it('are a burst where one subject tries many accounts, in each of the tables', async () => {
    const spray = many(41, '02:00:00', 5, (time, i) => attempt(time, `user${i}`));
    const { value } = await readKnown({ SecurityEvent: [...spray, service], Event: [] });
    expect(value).toMatchObject({
      failures: 41,
      bursts: [
        {
          kind: 'spray',
          sources: [{ address: '172.16.144.128', failures: 41 }],
          distinctAccounts: 41,
          codes: [{ code: 'explicit-credentials' }],
        },
      ],
    });
  });

  it('are of one subject, however its name is written', async () => {
    const as = (subject: string, from: string) =>
      many(45, from, 1, (time, i) => attempt(time, `${subject === 'bob' ? 'b' : 'r'}${i % 9}`, subject));
    const { value } = await readKnown({ SecurityEvent: [...as('bob', '02:00:00'), ...as('Bob', '02:00:45'), service] });
    expect(value).toMatchObject({ failures: 90, bursts: [{ kind: 'spray', distinctAccounts: 18 }] });
  });

  it('are none where a service uses one account all day, or several people their own', async () => {
    const work = many(200, '00:30:00', 20, (time) => attempt(time, 'svc-sql', 'svc-agent'));
    const people = many(60, '02:00:00', 3, (time, i) => attempt(time, `admin${i % 12}`, `user${i % 12}`));
    const { value } = await readKnown({ SecurityEvent: [...work, ...people, service] });
    expect(value).toMatchObject({ failures: 0, bursts: [] });
  });
});

describe('the logons of a domain controller', () => {
  const kerberos = (time: Ticks | string, EventID: number, Status: string, given: Row = {}) =>
    security(time, EventID, { TargetUserName: 'anna', IpAddress: '::ffff:10.1.9.9', Status, ...given });

  it('are what Kerberos refuses, and a ticket at the guessing address a success', async () => {
    const guesses = [
      ...many(12, '02:00:00', 1, (time) => kerberos(time, 4771, '0x18')),
      ...many(9, '02:01:00', 1, (time) => kerberos(time, 4768, '0x19')),
    ];
    const everyday = kerberos('02:05:00', 4768, '0x0', { IpAddress: '::ffff:10.1.9.40' });
    const none = await readKnown({ SecurityEvent: [...guesses, everyday], Event: [] });
    expect(none.value).toMatchObject({ failures: 12, successesCollected: true });
    expect(none.value.bursts).toMatchObject([
      {
        failures: 12,
        codes: [{ code: 'kerberos:0x18', meaning: 'wrong password' }],
        success: { state: 'known', value: null },
      },
    ]);
    const entered = await readKnown({
      SecurityEvent: [...guesses, everyday, kerberos('02:06:00', 4768, '0x0')],
      Event: [],
    });
    expect(entered.value.bursts).toMatchObject([{ success: { value: { at: '2026-11-23T02:06:00Z', by: 'both' } } }]);
  });

  it('count an attempt once that NTLM and the logon both refuse, and denied Remote Desktop as right', async () => {
    const ntlm = (time: Ticks, account: string) =>
      security(time, 4776, { TargetUserName: account, Status: '0xc000006a' });
    const rows = [
      ...many(12, '02:00:00', 1, (time) => failed(time, { TargetUserName: 'anna' })),
      ...many(12, '02:00:00', 1, (time) => ntlm(time, 'anna')),
      ...many(3, '02:10:00', 1, (time) => ntlm(time, 'bob')),
      security('02:12:00', 4825, { AccountName: 'anna', ClientAddress: '203.0.113.77' }),
    ];
    const { value } = await readKnown({ SecurityEvent: [...rows, service] });
    expect(value.failures).toBe(16);
    expect(value.rightButRefused).toMatchObject([{ account: 'anna', code: 'rdp:denied', guesses: 12 }]);
  });
});

describe('names and what came next', () => {
  it('entities of the XML in Event are undone once, and make no element', async () => {
    const data = {
      TargetUserName: 'R&amp;D &lt;b&gt; &amp;lt;',
      IpAddress: '203.0.113.77',
      LogonType: '3',
      SubStatus: '0xc000006a',
    };
    const xml = Object.entries(data).map(([name, value]) => `<Data Name="${name}">${value}</Data>`);
    const rows = many(12, '02:00:00', 1, (time) => ({
      ...security(time, 4625),
      EventSourceName: undefined,
      Source: 'Microsoft-Windows-Security-Auditing',
      EventLog: 'Security',
      EventData: `<DataItem><EventData>${xml.join('')}</EventData></DataItem>`,
    }));
    const fact = await readKnown({ SecurityEvent: [], Event: rows });
    expect(fact.value.bursts[0]?.accounts).toMatchObject([{ name: 'R&D <b> &lt;' }]);
  });

  it('entities are undone in the names of tasks and services too, and once', async () => {
    const guesses = many(12, '02:00:00', 1, (time) => failed(time, { TargetUserName: 'anna' }));
    const entered = security('02:01:00', 4624, { TargetUserName: 'anna', IpAddress: '203.0.113.77', LogonType: 3 });
    const task = security('02:02:00', 4698, {
      SubjectUserName: 'anna',
      EventData: '<Data Name="TaskName">\\R&amp;D &amp;lt;</Data>',
    });
    const installed = (time: string, given: Row) => ({
      ...security(time, 7045),
      EventSourceName: undefined,
      EventLog: 'System',
      Source: 'Service Control Manager',
      EventData: '',
      ParameterXml: '',
      RenderedDescription: '',
      ...given,
    });
    const fact = await readKnown({
      SecurityEvent: [...guesses, entered, task, service],
      Event: [
        installed('02:03:00', { EventData: '<Data Name="ServiceName">R&amp;D</Data>' }),
        installed('02:04:00', { ParameterXml: '<Param>R&amp;amp;D</Param><Param>x</Param>' }),
        installed('02:05:00', { RenderedDescription: 'A service was installed.\r\nService Name:  R&amp;D\r\n' }),
      ],
    });
    expect(fact.value.bursts[0]?.next.map(({ what }) => what)).toEqual([
      'scheduled task \\R&D &lt; created by anna',
      'service R&D installed',
      'service R&amp;D installed',
      'service R&amp;D installed',
    ]);
  });

  it('bursts by program where no address is known', async () => {
    const rows = many(16, '02:00:00', 0.001, (time, i) =>
      failed(time, { IpAddress: '-', TargetUserName: `u${i % 2}`, ProcessName: 'C:\\Temp\\guess.exe' }),
    );
    expect((await readKnown({ SecurityEvent: [...rows, service] })).value.bursts).toMatchObject([
      { kind: 'unattributed', failures: 16, distinctAccounts: 2 },
    ]);
  });

  it.each([
    ['gpasswd', 'user aux added by root to group wheel'],
    ['usermod', "change user 'aux' password"],
    ['usermod', "change user 'aux' shell from '/bin/sh' to '/bin/bash'"],
    ['usermod', "unlock user 'aux' password"],
    ['usermod', "add 'aux' to group 'wheel'"],
    ['useradd', 'new user: name=aux, UID=1002, GID=1002, home=/home/aux, shell=/bin/bash, from=none'],
    ['userdel', "delete user 'adm'"],
    ['passwd', 'pam_unix(passwd:chauthtok): password changed for aux'],
    ['chage', 'changed password expiry for aux'],
    ['chsh', "changed user 'aux' shell to '/bin/bash'"],
    ['sudo', 'bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/bash'],
    ['su', '(to root) bob on pts/0'],
    ['crontab', '(root) REPLACE (root)'],
    ['crontab', '(root) DELETE (root)'],
    ['groupmems', 'user aux added by root to group sudo'],
    ['sudo-rs', 'bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/bash'],
    ['su-l', '(to root) bob on pts/0'],
    ['doas', 'bob ran command id as root from /home/bob'],
    ['vipw', 'file /etc/passwd edited'],
  ])('on Linux: %s: %s', async (ProcessName, message) => {
    const rows = many(12, '02:00:00', 1, (time, i) =>
      syslog(time, `Failed password for bob from 203.0.113.9 port ${i + 1} ssh2`, { ProcessID: i + 1 }),
    );
    const logon = syslog('02:01:00', 'Accepted password for bob from 203.0.113.9 port 99 ssh2', { ProcessID: 99 });
    const next = ['02:02:00', '02:03:00'].map((time) =>
      syslog(time, message, { ProcessName, Facility: 'authpriv', ProcessID: 500 }),
    );
    const fact = await readKnown({ Syslog: [...rows, logon, ...next] }, {}, lin);
    expect(fact.value.bursts[0]?.next).toMatchObject([{ what: `${ProcessName}: ${message}` }]);
  });
});

it('on Linux, passwords of an account that PAM has locked are not called wrong', async () => {
  const rows = many(12, '02:00:00', 10, (time, i) =>
    syslog(time, `Failed password for bob from 2001:db8::7 port ${i + 1} ssh2`, { ProcessID: i + 1 }),
  );
  const lock = syslog(
    '02:00:19',
    'pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked',
    { ProcessID: 3 },
  );
  const { value } = await readKnown({ Syslog: [...rows, lock] }, {}, lin);
  expect(value.failures).toBe(12);
  expect(Object.fromEntries(value.bursts[0]?.codes.map(({ code, failures }) => [code, failures]) ?? [])).toEqual({
    'pam:locked-out': 9,
    'sshd:wrong-password': 3,
  });
});

describe('what came next on Windows', () => {
  const guesses = many(12, '02:00:00', 1, (time) => failed(time, { TargetUserName: 'anna' }));
  const entered = security('02:01:00', 4624, { TargetUserName: 'anna', IpAddress: '203.0.113.77', LogonType: 3 });

  it.each([
    [4719, 'audit policy changed by anna'],
    [4722, 'account Guest enabled by anna'],
    [4724, 'password of Guest set by anna'],
    [4726, 'account Guest deleted by anna'],
    [4756, 'S-1-5-21-1-2-3-1104 added to Guest by anna'],
  ])('%i', async (id, what) => {
    const given = {
      TargetUserName: 'Guest',
      SubjectUserName: 'anna',
      MemberName: '-',
      MemberSid: 'S-1-5-21-1-2-3-1104',
    };
    const fact = await readKnown({ SecurityEvent: [...guesses, entered, security('02:02:00', id, given), service] });
    expect(fact.value.bursts[0]?.next).toMatchObject([{ eventId: id, what }]);
  });
});

describe('what is not known is not none', () => {
  it('none, where events arrive', async () => {
    const fact = await readKnown({ SecurityEvent: [service], Event: [] });
    expect(fact.value).toMatchObject({ failures: 0, bursts: [], lastEventAt: '2026-11-23T02:19:40Z' });
    expect(fact.notSeen).toEqual([]);
  });

  it('no agent', async () => {
    expect(await read({ SecurityEvent: [], Heartbeat: [] })).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('no agent'),
      cure: expect.stringContaining('Azure Monitor Agent'),
    });
  });

  it('no table', async () => {
    expect(await read({})).toMatchObject({
      state: 'unknown',
      because: 'no table SecurityEvent in the workspaces of this VM that you can read',
    });
  });

  it('an agent that sends other things', async () => {
    expect(await read({ SecurityEvent: [] })).toMatchObject({
      state: 'unknown',
      because: 'the agent reports (2026-11-23T02:19:50Z) but sends no security events',
    });
  });

  it('events that are no logons: cleared logs, new accounts, privileges', async () => {
    const others = [
      security('02:00:00', 4672),
      security('02:01:00', 4720),
      security('02:02:00', 1102, { EventSourceName: 'Microsoft-Windows-Eventlog' }),
    ];
    expect(await read({ SecurityEvent: others })).toMatchObject({
      state: 'unknown',
      because:
        'security events of this VM arrive (2026-11-23T02:02:00Z), but no logon, failed or not, is among them; the security log was cleared at 2026-11-23T02:02:00Z',
      cure: expect.stringContaining('4625'),
    });
    const known = await readKnown({ SecurityEvent: [service, ...others], Event: [] });
    expect(known.notSeen).toEqual([
      'events that had not been sent yet: the security log was cleared at 2026-11-23T02:02:00Z',
    ]);
  });

  it('events that stopped before the look-back, and within it', async () => {
    const old = { ...service, TimeGenerated: '2026-11-20T10:00:00Z' };
    expect(await read({ SecurityEvent: [old] })).toMatchObject({
      state: 'unknown',
      because: 'security events of this VM stopped arriving at 2026-11-20T10:00:00Z',
    });
    const quiet = await readKnown({ SecurityEvent: [{ ...service, TimeGenerated: '2026-11-22T22:00:00Z' }] });
    expect(quiet.notSeen).toContain('nothing after 2026-11-22T22:00:00Z: events stopped arriving');
  });

  it('a VM that is off sends nothing, and that is why', async () => {
    const old = { ...service, TimeGenerated: '2026-11-20T10:00:00Z' };
    const fact = await readKnown({ SecurityEvent: [old] }, {}, machine({ power: 'deallocated' }));
    expect(fact.notSeen).toContain('nothing after 2026-11-20T10:00:00Z: the VM is off');
  });

  it('no permission, with the role to ask for and on what', async () => {
    const body = {
      error: { code: 'InsufficientAccessError', message: 'The provided credentials have insufficient access' },
    };
    const fact = await read({ SecurityEvent: guess }, { refuse: () => ({ status: 403, body }) });
    expect(fact).toMatchObject({ state: 'unknown', because: expect.stringMatching(/^no permission /) });
    expect(fact).toMatchObject({ cure: `ask the customer for Log Analytics Reader on ${web01.id}` });
  });

  it('a column that is not there is no missing table', async () => {
    const told = { code: 'SEM0100', message: "Failed to resolve column or scalar expression named 'ServiceName'" };
    const body = {
      error: { code: 'BadArgumentError', message: 'The request had some invalid properties', innererror: told },
    };
    expect(await read({ SecurityEvent: guess }, { refuse: () => ({ status: 400, body }) })).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/^Azure answered 400 BadArgumentError/),
    });
  });

  it('throttled, with the time to wait', async () => {
    const body = { error: { code: 'ThrottledError', message: 'Rate limit is exceeded' } };
    const refuse = () => ({ status: 429, body, headers: { 'retry-after': '17' } });
    expect(await read({ SecurityEvent: guess }, { refuse })).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('throttles'),
      cure: expect.stringMatching(/wait 17 s.*then refresh/),
    });
  });

  it('successes that are not collected: the success is unknown, the bursts are not', async () => {
    const fact = await readKnown({ SecurityEvent: [...guess, security('02:19:00', 4672)] });
    expect(fact.value.successesCollected).toBe(false);
    expect(fact.value.bursts[0]?.success).toMatchObject({ state: 'unknown', because: expect.stringContaining('4624') });
  });

  it('successes that could not be read: unknown, and named', async () => {
    const refuse = (query: string) =>
      query.includes('let entered') ? { status: 500, body: { error: { code: 'Oops', message: 'broken' } } } : undefined;
    const fact = await readKnown({ SecurityEvent: [...guess, service] }, { refuse });
    expect(fact.value.bursts[0]?.success.state).toBe('unknown');
    expect(fact.notSeen.join()).toContain('successful logons: Azure answered 500');
  });

  it('a part of an answer says that it is one', async () => {
    const partialError = { code: 'PartialError', message: 'There were some errors when processing your query.' };
    const fact = await readKnown({ SecurityEvent: [...guess, service] }, { partialError });
    expect(fact.notSeen.join()).toContain('failed logons: Log Analytics gave a part of the answer');
    expect(fact.value.bursts[0]?.success.state).toBe('unknown');
  });
});

const lin = machine({ name: 'lin-build', os: 'linux', osName: 'Ubuntu 22.04' });

function syslog(time: Ticks | string, SyslogMessage: string, given: Row = {}): Row {
  return {
    TimeGenerated: typeof time === 'string' ? `2026-11-23T${time}Z` : isoOf(time),
    Computer: 'lin-build',
    _ResourceId: lin.id.toLowerCase(),
    Facility: 'auth',
    SeverityLevel: 'info',
    ProcessName: 'sshd',
    ProcessID: 4711,
    SyslogMessage,
    ...given,
  };
}

describe('the logons of a Linux VM', () => {
  it.each(['sshd', 'sshd-session'])('are read from the lines of %s', async (ProcessName) => {
    const rows = many(40, '02:00:00', 5, (time, i) =>
      syslog(time, `Failed password for root from 203.0.113.9 port ${40_000 + i} ssh2`, {
        ProcessName,
        ProcessID: i + 1,
      }),
    );
    const logon = syslog('02:10:00', 'Accepted password for root from 203.0.113.9 port 51000 ssh2', {
      ProcessName,
      ProcessID: 9,
    });
    const added = syslog('02:11:00', 'new user: name=helper, UID=1001', { ProcessName: 'useradd' });
    const fact = await readKnown({ Syslog: [...rows, logon, added] }, {}, lin);
    expect(fact.source).toBe('Log Analytics · Syslog');
    expect(fact.value.bursts).toMatchObject([
      {
        kind: 'guess',
        failures: 40,
        codes: [{ code: 'sshd:wrong-password', meaning: 'wrong password', failures: 40 }],
        accounts: [{ name: 'root', exists: true }],
        success: { value: { account: 'root', address: '203.0.113.9', by: 'both', logonType: null } },
        next: [{ what: 'useradd: new user: name=helper, UID=1001', eventId: 0 }],
      },
    ]);
  });

  it.each([false, true])('are read from the lines of dropbear, counted per minute: %s', async (busy) => {
    const dropbear = (time: Ticks | string, message: string, ProcessID: number): Row =>
      syslog(time, message, { ProcessName: 'dropbear', ProcessID, Facility: 'authpriv', SeverityLevel: 'warning' });
    // Each connection has two guesses, and says at its end how many it had.
    const rows = Array.from({ length: 20 }, (_, i) => {
      const time = at('02:00:00') + i * 5 * ticksPerSecond;
      return [
        dropbear(time, `Bad password attempt for 'ops' from 203.0.113.9:${40_000 + i}`, 100 + i),
        dropbear(time + 2 * ticksPerSecond, `Bad password attempt for 'ops' from 203.0.113.9:${40_000 + i}`, 100 + i),
        dropbear(
          time + 3 * ticksPerSecond,
          `Exit before auth from <203.0.113.9:${40_000 + i}>: (user 'ops', 2 fails): Disconnect received`,
          100 + i,
        ),
      ];
    }).flat();
    const others = many(busy ? 5100 : 0, '01:40:00', 0.01, (time, i) =>
      syslog(time, `Accepted publickey for deploy from 10.0.0.5 port ${i + 1} ssh2: RSA SHA256:abc`, {
        ProcessID: 20_000 + i,
      }),
    );
    const logon = dropbear('02:10:00', "Password auth succeeded for 'ops' from 203.0.113.9:51000", 9);
    const { value } = await readKnown({ Syslog: [...rows, ...others, logon] }, {}, lin);
    expect(value).toMatchObject({
      failures: 40,
      bursts: [
        {
          kind: 'guess',
          failures: 40,
          sources: [{ address: '203.0.113.9' }],
          codes: [{ code: 'sshd:wrong-password' }],
          success: { value: { account: 'ops', by: 'both' } },
        },
      ],
    });
    const fleet = await fleetLogonsOf(connectTo(workspace({ Syslog: [...rows, ...others, logon] })), [lin]);
    expect(fleet).toMatchObject({ state: 'known' });
    const worst = fleet.state === 'known' ? fleet.value.get(lin.id.toLowerCase()) : undefined;
    expect(worst).toMatchObject({ value: { kind: 'guess', failures: 40, totalFailures: 40, succeeded: true } });
  });

  it('are not hidden by names that read like a logon', async () => {
    const names = ['session opened for user root', 'x Accepted password for root', 'Password auth succeeded for'];
    const rows = many(30, '02:00:00', 5, (time, i) =>
      syslog(time, `Failed password for invalid user ${names[i % 3]} from 203.0.113.9 port ${i + 1} ssh2`, {
        ProcessID: i + 1,
      }),
    );
    const fleet = await fleetLogonsOf(connectTo(workspace({ Syslog: rows })), [lin]);
    const worst = fleet.state === 'known' ? fleet.value.get(lin.id.toLowerCase()) : undefined;
    expect(worst).toMatchObject({ value: { failures: 30, totalFailures: 30, succeeded: false } });
  });

  it('without a failure are none where syslog arrives, and unknown where auth does not', async () => {
    const quiet = syslog('02:00:00', 'Server listening on 0.0.0.0 port 22.');
    expect((await readKnown({ Syslog: [quiet] }, {}, lin)).value).toMatchObject({ failures: 0, bursts: [] });
    const cron = syslog('02:00:00', 'job', { Facility: 'cron', ProcessName: 'cron' });
    expect(await read({ Syslog: [cron] }, {}, lin)).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('nothing of the facilities auth'),
    });
    expect(await read({}, {}, lin)).toMatchObject({
      because: 'no table Syslog in the workspaces of this VM that you can read',
    });
  });

  it('count every attempt once, whichever facilities are collected, and sent once or twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        connections,
        fc.constantFrom<readonly string[]>(['auth'], ['authpriv'], ['auth', 'authpriv']),
        fc.constantFrom(false, false, false, false, true),
        async (given, collected, merged) => {
          const made = inTurn(given.map(consistent)).map((tried, i) => written(tried, 10_000 + 10 * i));
          const rows = made
            .flatMap(({ lines }) => lines)
            .filter(({ facility }) => collected.includes(facility))
            .map(({ seconds, pid, facility, message }) =>
              syslog(at('00:20:00') + (seconds / 4) * ticksPerSecond, message, { ProcessID: pid, Facility: facility }),
            );
          const twice = rows.map((row) => ({ ...row, Facility: 'local7' }));
          // More processes than travel one by one.
          const busy = merged
            ? many(5100, '01:40:00', 0.01, (time, i) =>
                syslog(time, `Accepted publickey for deploy from 10.0.0.5 port ${i + 1} ssh2: RSA SHA256:abc`, {
                  ProcessID: 20_000 + i,
                }),
              )
            : [];
          const listening = syslog('02:19:00', 'Server listening on 0.0.0.0 port 22.');
          const fact = await readKnown({ Syslog: [...rows, ...twice, ...busy, listening] }, {}, lin);
          const told = made
            .flatMap(({ truth }) => truth)
            .filter(({ toldBy }) => toldBy === 'both' || collected.includes(toldBy));
          expect(fact.value.failures).toBe(told.length);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are not hidden by a line that no form is known for', async () => {
    const rows = many(12, '02:00:00', 5, (time, i) =>
      syslog(time, `Failed password for bob via a way to come (203.0.113.9)`, { ProcessID: i + 1 }),
    );
    const fact = await readKnown({ Syslog: rows }, {}, lin);
    expect(fact.notSeen.join()).toContain('12 lines of sshd or PAM about logons in a form that is not known');
  });

  describe('where only PAM is heard', () => {
    const pam = { Facility: 'authpriv', SeverityLevel: 'info' };
    const wrong = (pid: number, time: Ticks | string, user: string): Row =>
      syslog(
        time,
        `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=${user}`,
        { ...pam, ProcessID: pid },
      );
    const opened = (pid: number, time: Ticks | string, user: string, service = 'sshd'): Row =>
      syslog(time, `pam_unix(${service}:session): session opened for user ${user}(uid=1000) by ${user}(uid=0)`, {
        ...pam,
        ProcessID: pid,
        ...(service === 'sshd' ? {} : { ProcessName: service }),
      });
    const guesses = (user: string, count = 12): Row[] =>
      many(count, '02:00:00', 5, (time, i) => wrong(i + 1, time, user));

    it('a session of a guessed account is told, and unknown is what opened it', async () => {
      const { value } = await readKnown({ Syslog: [...guesses('bob'), opened(900, '02:05:00', 'bob')] }, {}, lin);
      expect(value.failures).toBe(12);
      expect(value.bursts).toMatchObject([
        {
          success: { state: 'unknown', because: expect.stringContaining('whether a password or a key') },
          session: { account: 'bob', address: '-', how: 'sshd session opened, method not known' },
        },
      ]);
    });

    it('a session after a wrong guess in the same connection came from there', async () => {
      const rows = [...guesses('bob'), wrong(900, '02:05:00', 'bob'), opened(900, '02:05:04', 'bob')];
      const { value } = await readKnown({ Syslog: rows }, {}, lin);
      expect(value.failures).toBe(13);
      expect(value.bursts).toMatchObject([
        { success: { state: 'known', value: { account: 'bob', address: '203.0.113.9', by: 'both' } } },
      ]);
      expect(value.bursts[0]?.session).toBeUndefined();
    });

    it('five failures and a session are told too', async () => {
      const { value } = await readKnown({ Syslog: [...guesses('bob', 5), opened(900, '02:05:00', 'bob')] }, {}, lin);
      expect(value.afterFailures).toMatchObject([
        { failures: 5, success: { account: 'bob', how: 'sshd session opened, method not known' } },
      ]);
    });

    it('sessions of sudo, cron, su and of others are none', async () => {
      const others = ['sudo', 'CRON', 'su', 'systemd-user', 'login'].map((service, i) =>
        opened(900 + i, '02:05:00', 'bob', service),
      );
      const rows = [...guesses('bob'), ...others, opened(950, '02:05:00', 'anna')];
      const [burst] = (await readKnown({ Syslog: rows }, {}, lin)).value.bursts;
      expect(burst?.success).toMatchObject({ state: 'unknown', because: expect.stringContaining('not collected') });
      expect(burst?.session).toBeUndefined();
    });

    it('beside sshd’s own line a session says nothing new, by whatever process', async () => {
      const key = (ProcessID: number): Row =>
        syslog('02:05:00', 'Accepted publickey for bob from 10.0.0.5 port 51000 ssh2: RSA SHA256:abc', { ProcessID });
      for (const pid of [900, 901, 0]) {
        const rows = [...guesses('bob'), key(900), opened(pid, '02:05:00.2', 'bob')];
        const [burst] = (await readKnown({ Syslog: rows }, {}, lin)).value.bursts;
        expect(burst?.success, String(pid)).toEqual({ state: 'known', value: null });
        expect(burst?.session).toBeUndefined();
      }
    });
  });

  it('are unknown where only what PAM warns of arrives, and successes where only PAM is heard', async () => {
    const warned = syslog('02:00:00', 'error: kex_exchange_identification: Connection closed by remote host', {
      SeverityLevel: 'err',
    });
    expect(await read({ Syslog: [warned] }, {}, lin)).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('level'),
    });
    const pam = many(12, '02:00:00', 5, (time, i) =>
      syslog(
        time,
        'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=bob',
        {
          ProcessID: i + 1,
          Facility: 'authpriv',
          SeverityLevel: 'notice',
        },
      ),
    );
    const fact = await readKnown({ Syslog: pam }, {}, lin);
    expect(fact.value).toMatchObject({ failures: 12, successesCollected: false });
    expect(fact.value.bursts[0]?.success.state).toBe('unknown');
  });
});

function eventOf(given: Partial<LogonEvent> & { at: Ticks }): LogonEvent {
  return {
    recordId: 0,
    eventId: 4625,
    computer: web01.id,
    account: '',
    domain: '',
    address: '',
    workstation: '',
    logonType: 3,
    status: '',
    subStatus: '',
    process: '',
    logonId: '',
    method: '',
    ...given,
  };
}

/** Lists of equal counts in one order, and names by their key: counts do not show which form of a name came first. */
function ordered(logons: Logons) {
  const byName = <T extends object>(list: T[]) => list.map((item) => JSON.stringify(item)).sort();
  return {
    failures: logons.failures,
    bursts: logons.bursts
      .map((burst) => ({
        ...burst,
        accounts: byName(burst.accounts.map(({ failures, exists }) => ({ failures, exists }))),
        sources: byName(burst.sources),
        codes: byName(burst.codes),
      }))
      .map((burst) => JSON.stringify(burst))
      .sort(),
  };
}

describe('the fleet', () => {
  it('has the worst burst of each VM from one set of queries a subscription', async () => {
    const quiet = machine({ name: 'app03' });
    const silent = machine({ name: 'legacy7' });
    const ofQuiet = { _ResourceId: quiet.id.toLowerCase(), Computer: 'app03' };
    const ssh = many(30, '02:00:00', 5, (time, i) =>
      syslog(time, `Failed password for invalid user u${i} from 203.0.113.9 port ${i + 1} ssh2`, { ProcessID: i + 1 }),
    );
    const asked: { path: string; query: string }[] = [];
    const tables = {
      SecurityEvent: [
        ...guess,
        ...many(12, '00:00:00', 1, (time, i) => failed(time, { IpAddress: '198.51.100.9', TargetUserName: `u${i}` })),
        failed('01:00:00', { IpAddress: '192.0.2.1', TargetUserName: 'x' }),
        failed('01:00:00', { IpAddress: '192.0.2.1', TargetUserName: 'x', ...ofQuiet }),
        entered('02:14:09'),
        service,
        { ...service, ...ofQuiet },
      ],
      Syslog: ssh,
    };
    const fleet = await fleetLogonsOf(connectTo(workspace(tables, { asked })), [web01, quiet, silent, lin]);
    if (fleet.state === 'unknown') throw new Error(fleet.because);
    const of = (id: string) => fleet.value.get(id.toLowerCase());
    expect(of(web01.id)).toMatchObject({
      state: 'known',
      value: { kind: 'guess', failures: 300, totalFailures: 313, accounts: 1, succeeded: true },
    });
    expect(of(quiet.id)).toMatchObject({ state: 'known', value: null });
    expect(of(silent.id)).toMatchObject({ state: 'unknown', because: expect.stringContaining('no agent') });
    expect(of(lin.id)).toMatchObject({ value: { kind: 'spray', failures: 30, accounts: 30, succeeded: false } });
    expect(asked.every(({ path }) => path === `/v1/subscriptions/${web01.subscriptionId}/query`)).toBe(true);
    expect(asked.length).toBeLessThan(10);
  });

  it('never misses a logon after five failures of its account, and says none of four, of others or of long ago', async () => {
    const guesses = (name: string, count: number, start: string, apart: number): Row[] => {
      const own = { _ResourceId: machine({ name }).id.toLowerCase(), Computer: name };
      return many(count, start, apart, (time, i) => failed(time, { IpAddress: `203.0.113.${i}`, ...own }));
    };
    const enter = (name: string, time: string, given: Row = {}): Row =>
      entered(time, {
        IpAddress: '10.0.0.4',
        _ResourceId: machine({ name }).id.toLowerCase(),
        Computer: name,
        TargetUserName: 'CONTOSO\\SVC-backup',
        ...given,
      });
    const names = ['slow', 'four', 'other', 'late', 'wide', 'twice'];
    const fleet = await fleetLogonsOf(
      connectTo(
        workspace({
          SecurityEvent: [
            ...guesses('slow', 5, '00:30:00', 1200),
            enter('slow', '02:10:00'),
            ...guesses('four', 4, '00:30:00', 60),
            enter('four', '00:40:00'),
            ...guesses('other', 6, '00:30:00', 60),
            enter('other', '00:40:00', { TargetUserName: 'else' }),
            ...guesses('late', 6, '00:05:00', 60),
            enter('late', '01:20:00'),
            ...guesses('wide', 5, '00:00:00', 1900),
            enter('wide', '02:12:00'),
            ...guesses('twice', 3, '00:30:00', 60),
            enter('twice', '00:35:00'),
            ...guesses('twice', 3, '00:36:00', 60),
            enter('twice', '00:40:00'),
          ],
          Syslog: [],
        }),
      ),
      names.map((name) => machine({ name })),
    );
    if (fleet.state === 'unknown') throw new Error(fleet.because);
    const of = (name: string) => {
      const fact = fleet.value.get(machine({ name }).id.toLowerCase());
      return fact?.state === 'known' ? fact.value : fact?.because;
    };
    expect(of('slow')).toEqual({ kind: 'guess', failures: 5, totalFailures: 5, accounts: 1, succeeded: true });
    for (const name of ['four', 'other', 'late', 'wide', 'twice']) expect([name, of(name)]).toEqual([name, null]);
  });

  it('never misses one of sshd either, below a burst, and says none of four or of a key', async () => {
    const names = ['slow', 'four', 'keyed', 'interactive', 'repeated', 'escaped', 'absent'];
    let pid = 0;
    const line = (name: string, seconds: number, message: string): Row => {
      pid += 1;
      const own = { _ResourceId: machine({ name, os: 'linux' }).id.toLowerCase(), Computer: name, ProcessID: pid };
      return syslog(at('00:30:00') + seconds * ticksPerSecond, message, own);
    };
    const lines = (name: string, count: number, message: string): Row[] =>
      Array.from({ length: count }, (_, i) => line(name, i * 1200, message));
    const wrong = (user: string): string => `Failed password for ${user} from 203.0.113.9 port 40001 ssh2`;
    const right = (user: string, method = 'password'): string =>
      `Accepted ${method} for ${user} from 10.0.0.4 port 50001 ssh2`;
    const fleet = await fleetLogonsOf(
      connectTo(
        workspace({
          Syslog: [
            ...lines('slow', 5, wrong('bob')),
            line('slow', 5000, right('bob')),
            ...lines('four', 4, wrong('bob')),
            line('four', 5000, right('bob')),
            ...lines('keyed', 6, wrong('bob')),
            line('keyed', 6100, `${right('bob', 'publickey')}: ED25519 SHA256:abc`),
            ...lines('interactive', 5, 'error: PAM: Authentication failure for bob from 203.0.113.9'),
            line('interactive', 5000, right('bob', 'keyboard-interactive/pam')),
            line('repeated', 0, `message repeated 5 times: [ ${wrong('bob')}]`),
            line('repeated', 60, right('bob')),
            ...lines('escaped', 5, wrong('jos\\303\\251')),
            line('escaped', 5000, right('andr\\303\\251')),
            ...lines('absent', 5, wrong('invalid user bob')),
            line('absent', 5000, right('anna')),
          ],
        }),
      ),
      names.map((name) => machine({ name, os: 'linux' })),
    );
    if (fleet.state === 'unknown') throw new Error(fleet.because);
    const of = (name: string) => {
      const fact = fleet.value.get(machine({ name, os: 'linux' }).id.toLowerCase());
      return fact?.state === 'known' ? fact.value : fact?.because;
    };
    for (const name of ['slow', 'interactive', 'repeated'])
      expect([name, of(name)]).toEqual([
        name,
        { kind: 'guess', failures: 5, totalFailures: 5, accounts: 1, succeeded: true },
      ]);
    for (const name of ['four', 'keyed', 'escaped', 'absent']) expect([name, of(name)]).toEqual([name, null]);
  });

  it('is unknown as a whole where no subscription lets us ask', async () => {
    const refuse = () => ({ status: 403, body: { error: { code: 'InsufficientAccessError', message: 'no' } } });
    const fleet = await fleetLogonsOf(connectTo(workspace({}, { refuse })), [web01]);
    expect(fleet).toMatchObject({ state: 'unknown', cure: expect.stringContaining('Log Analytics Reader') });
  });
});

const folder = new URL('../../../src/azure/queries/', import.meta.url);
const uses: Record<string, { as: 'events' | 'lines'; sources: string[]; begins?: string; ends?: string } | null> = {
  'logon-failures': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'logon-successes': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'logon-aftermath': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'explicit-credentials': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'last-event': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'fleet-bursts': { as: 'events', sources: ['events-security-event'] },
  'fleet-after-failures': { as: 'events', sources: ['events-security-event', 'guesses-syslog'] },
  'address-windows': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'events-around': { as: 'events', sources: ['events-security-event', 'events-windows-event', 'events-event'] },
  'linux-logons': { as: 'lines', sources: ['lines-syslog'], begins: 'sshd-attempts' },
  'fleet-sshd': { as: 'lines', sources: ['lines-syslog'], begins: 'sshd-attempts' },
  'sshd-attempts': { as: 'lines', sources: ['lines-syslog'], ends: 'telling' },
  'lines-around': { as: 'lines', sources: ['lines-syslog'] },
  'other-logs': { as: 'events', sources: ['others-event', 'others-windows-event'] },
  'events-security-event': null,
  'events-event': null,
  'guesses-syslog': null,
  'lines-syslog': null,
  'service-installs': null,
  'linux-aftermath': null,
  'last-syslog': null,
  'last-heartbeat': null,
};
const parameters = {
  xmlText: xmlTextFunction,
  from: 'datetime(2026-11-22T02:20:11.000Z)',
  until: 'datetime(2026-11-23T02:20:11.000Z)',
  since: 'datetime(2026-11-09T02:20:11.000Z)',
  grain: 'time(60s)',
  span: 'time(360s)',
  exactLimit: '5000',
  minimum: '10',
  accountMinimum: '10',
  fewest: '5',
  gap: 'time(3600s)',
  longest: 'time(7200s)',
  tupleLimit: '100',
  rowLimit: '100',
  followed: 'dynamic(["203.0.113.77"])',
  instant: 'datetime(2026-11-23T02:14:09Z)',
};

async function composed(name: string): Promise<string[]> {
  const text = (file: string) => readFile(new URL(`${file}.kql`, folder), 'utf8');
  const use = uses[name];
  const parts = [...(use?.begins ? [await text(use.begins)] : []), await text(name), use?.ends ?? ''];
  const query = parts.filter((part) => part !== '').join('\n');
  if (!use) return [withParameters(query, parameters)];
  const sources = await Promise.all(use.sources.map(text));
  const { xmlText: _, ...given } = parameters;
  return sources.map((source) =>
    withParameters(query, { xmlText: xmlTextFunction, [use.as]: source.trim(), ...given }),
  );
}

describe('the queries', () => {
  const errorsIn = async (schemas: Record<string, Record<string, ColumnType>>, without: string[] = []) => {
    const found: string[] = [];
    for (const name of Object.keys(uses)) {
      for (const query of await composed(name)) {
        if (without.some((table) => query.includes(table))) continue;
        for (const diagnostic of analyse(query, schemas).diagnostics) {
          if (diagnostic.severity === 'error') found.push(`${name}: ${JSON.stringify(diagnostic)}`);
        }
      }
    }
    return found;
  };

  it('are right by the analyser of Microsoft', async () => {
    expect(await errorsIn(logTables)).toEqual([]);
  });

  it('use columns that Microsoft documents', async (context) => {
    const shared = new URL(
      `file://${process.env.CORDON_SHARED ?? new URL('../../../../shared', import.meta.url).pathname}/`,
    );
    const file = new URL('kql/schemas.json', shared);
    if (!existsSync(file)) {
      console.warn(`skipped: no documented schemas at ${file.pathname}`);
      context.skip();
    }
    const { tables } = JSON.parse(await readFile(file, 'utf8'));
    expect(await errorsIn(tables, ['WindowsEvent'])).toEqual([]);
  });

  it('are wrong with a column misspelt: each of the columns once, and each of the queries', async () => {
    const unnoticed: string[] = [];
    const done = new Set<string>();
    for (const name of Object.keys(uses)) {
      for (const query of await composed(name)) {
        const code = query.replace(/\/\/.*$/gm, '');
        let tried = false;
        for (const [table, columns] of Object.entries(logTables)) {
          if (!new RegExp(`^${table}\\b`, 'm').test(code.replaceAll('(', '\n').replaceAll('= ', '\n'))) continue;
          for (const column of Object.keys(columns)) {
            if (!new RegExp(`\\b${column}\\b`).test(code)) continue;
            if (tried && done.has(`${table}.${column}`)) continue;
            tried = true;
            done.add(`${table}.${column}`);
            const wrong = query.replace(new RegExp(`\\b${column}\\b`, 'g'), `${column}X`);
            const { diagnostics } = analyse(wrong, logTables);
            if (!diagnostics.some(({ severity }) => severity === 'error'))
              unnoticed.push(`${name}: ${table}.${column}`);
          }
        }
      }
    }
    expect(done.size).toBeGreaterThan(25);
    expect(unnoticed).toEqual([]);
  });

  it('are all checked', async () => {
    const files = (await readdir(folder)).filter((name) =>
      /^(events|explicit|guesses|lines|logon|last|fleet|linux|service|address|sshd|others?)-.*\.kql$/.test(name),
    );
    const listed = Object.keys(uses)
      .concat('events-windows-event', 'others-event', 'others-windows-event')
      .map((name) => `${name}.kql`);
    expect(files.sort()).toEqual(listed.sort());
  });

  it('cannot be changed by a text that goes into them', () => {
    const any = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '"; drop', "' or 1==1 //", '\n', '\u2028'),
    );
    fc.assert(
      fc.property(
        fc.array(any).map((parts) => parts.join('')),
        (text) => {
          const table = tableFromRows('T', [{ x: 1 }]);
          const result = evaluate(`T | project s = ${kqlString(text)}`, [table], { now: new Date(now) });
          expect(result.data[0]).toEqual([text]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

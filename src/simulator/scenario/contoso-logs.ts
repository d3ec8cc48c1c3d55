// What happened at Contoso in the night of 23 November 2026, as its logs record it.
import type { Row } from '../world.ts';
import { contosoActivity } from './contoso-activity.ts';
import type { Member } from './contoso-machines.ts';
import { boundPort, heartbeats, inboundConnections } from './fleet-logs.ts';
import { guidOf } from './seeded.ts';
import { sshAttack, syslog } from './ssh-logons.ts';
import { ago, at, hour, minute, now, second, sevenDigits } from './time.ts';
import {
  attack,
  bySubject,
  everydayLogons,
  failedLogon,
  type Host,
  logon,
  type Success,
  securityEvent,
  type Target,
} from './windows-logons.ts';

/** The intruder, and the two other sources. */
export const intruder = '203.0.113.77';
const sprayer = '198.51.100.9';
const mailSprayer = '198.51.100.77';
const sqlGuesser = '203.0.113.201';

const noSuchUser = '0xc0000064';
const wrongPassword = '0xc000006a';
const lockedOut = '0xc0000234';

const guessedNames = [
  'admin',
  'administrator',
  'test',
  'user',
  'guest',
  'backup',
  'scanner',
  'support',
  'office',
  'sales',
  'info',
  'ftp',
  'sqlsvc',
  'oracle',
  'postgres',
  'helpdesk',
  'reception',
  'kiosk',
  'pos',
  'manager',
  'owner',
  'root',
  'ceo',
  'hr',
  'training',
  'temp',
  'student',
  'copier',
  'veeam',
  'vpn',
  'p.novak',
  'l.haas',
] as const;

// Names made to attack the log's readers: terminals, spreadsheets, Markdown, buffers.
const hostileNames = [
  '\u001b]0;you are owned\u0007sysop',
  '\u001b[2J\u001b[1;1Hoperator',
  'adm\u202enimda',
  "=cmd|' /C calc'!A0",
  '| x | y |',
  '`whoami`',
  'z'.repeat(300),
  'ünïcödé-тест',
] as const;

/** Forty names; those in `real` exist. */
function sprayTargets(real: readonly string[], locked?: string): [Target, ...Target[]] {
  const targets = [...guessedNames, ...hostileNames].map((name) => ({
    name,
    subStatus: name === locked ? lockedOut : real.includes(name) ? wrongPassword : noSuchUser,
  }));
  const [first = { name: 'admin', subStatus: noSuchUser }, ...rest] = targets;
  return [first, ...rest];
}

// Failures of the guessing on web01 in each minute from 01:58 to 02:14.
const guessShape = [8, 14, 40, 56, 82, 94, 96, 94, 90, 93, 95, 94, 92, 88, 84, 76, 8];

const tick = (time: string, milliseconds = 0): number => at(time) + milliseconds;

function webEvents(host: Host): Row[] {
  const subject: Success = {
    user: 'svc-backup',
    domain: 'WEB01',
    address: intruder,
    logonType: 10,
    sid: 'S-1-5-21-2713094417-188203956-3044017712-1009',
    logonId: '0x3e7a1c4',
    workstation: 'WEB01',
  };
  const by = bySubject(subject);
  const created = {
    ...by,
    TargetAccount: 'WEB01\\helpdesk2',
    TargetUserName: 'helpdesk2',
    TargetDomainName: 'WEB01',
    TargetSid: 'S-1-5-21-2713094417-188203956-3044017712-1014',
  };
  // Yesterday's mistypings are outside the 24 hours that a triage looks at.
  const older = [0, 1, 2].map((index) =>
    failedLogon(host, tick(ago(30 * hour), index * 4 * second), 100 * index, {
      user: 'm.keller',
      domain: 'CONTOSO',
      address: '10.1.9.14',
      port: '51000',
      workstation: 'LT-0415',
      logonType: 3,
      subStatus: wrongPassword,
    }),
  );
  return [
    ...older,
    ...attack({
      host,
      from: sprayer,
      targets: sprayTargets(['administrator', 'helpdesk', 'p.novak', 'l.haas'], 'helpdesk'),
      first: tick('2026-11-23T00:10:40Z', 217),
      last: tick('2026-11-23T00:41:13Z', 604),
      count: 310,
    }),
    ...attack({
      host,
      from: intruder,
      targets: [{ name: 'svc-backup', subStatus: wrongPassword }],
      first: tick('2026-11-23T01:58:02Z', 118),
      last: tick('2026-11-23T02:14:07Z', 442),
      count: 1204,
      perMinute: guessShape,
    }),
    logon(host, tick('2026-11-23T02:14:09Z', 306), 5511, { ...subject, port: '0' }),
    securityEvent(host, tick('2026-11-23T02:14:09Z', 306), 5530, 4672, {
      ...by,
      PrivilegeList:
        'SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeDebugPrivilege',
    }),
    securityEvent(host, tick('2026-11-23T02:15:02Z', 871), 12, 4688, {
      ...by,
      NewProcessName: 'C:\\Windows\\System32\\cmd.exe',
      Process: 'cmd.exe',
      NewProcessId: '0x1a2c',
      ParentProcessName: 'C:\\Windows\\explorer.exe',
      CommandLine: 'cmd.exe /c whoami /all',
    }),
    securityEvent(host, tick('2026-11-23T02:15:31Z', 40), 7710, 4720, { ...created, SamAccountName: 'helpdesk2' }),
    securityEvent(host, tick('2026-11-23T02:15:31Z', 42), 9100, 4722, created),
    securityEvent(host, tick('2026-11-23T02:15:40Z', 655), 3020, 4732, {
      ...by,
      TargetAccount: 'Builtin\\Administrators',
      TargetUserName: 'Administrators',
      TargetDomainName: 'Builtin',
      TargetSid: 'S-1-5-32-544',
      MemberName: '-',
      MemberSid: 'S-1-5-21-2713094417-188203956-3044017712-1014',
    }),
    securityEvent(host, tick('2026-11-23T02:16:22Z', 9), 401, 4698, {
      ...by,
      EventData:
        '<EventData xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><Data Name="TaskName">\\Microsoft\\Windows\\UpdateCheck</Data><Data Name="TaskContent">&lt;Exec&gt;&lt;Command&gt;C:\\ProgramData\\upd.exe&lt;/Command&gt;&lt;/Exec&gt;</Data></EventData>',
    }),
  ];
}

function newService(host: Host): Row {
  return {
    TimeGenerated: sevenDigits(tick('2026-11-23T02:16:35Z', 220), 88),
    Source: 'Service Control Manager',
    EventLog: 'System',
    Computer: host.computer,
    EventCategory: 0,
    EventLevel: 4,
    EventLevelName: 'Information',
    UserName: 'WEB01\\svc-backup',
    ParameterXml:
      '<Param>UpdateCheckSvc</Param><Param>C:\\ProgramData\\upd.exe</Param><Param>user mode service</Param><Param>auto start</Param><Param>LocalSystem</Param>',
    EventID: 7045,
    RenderedDescription:
      'A service was installed in the system. Service Name: UpdateCheckSvc Service File Name: C:\\ProgramData\\upd.exe Service Type: user mode service Service Start Type: auto start Service Account: LocalSystem',
    SourceSystem: 'OpsManager',
    Type: 'Event',
    _ResourceId: host.resourceId,
  };
}

function buildServerLines(host: Host): Row[] {
  return [
    syslog(
      host,
      tick('2026-11-22T08:41:09Z'),
      'sshd',
      2210,
      'info',
      'Accepted publickey for runner from 10.1.9.31 port 50122 ssh2: ED25519 SHA256:0pX4mTqk3bZs8wKc5n1yRf7uVdGh2eLaJi6oQsW9xBM',
    ),
    ...sshAttack({
      host,
      from: '198.51.100.23',
      daemon: 'sshd',
      accounts: [{ name: 'root', exists: true }],
      first: tick('2026-11-22T09:12:03Z'),
      last: tick('2026-11-22T11:40:55Z'),
      count: 1940,
      twice: 4,
    }),
    ...sshAttack({
      host,
      from: '203.0.113.140',
      daemon: 'sshd-session',
      accounts: [
        { name: 'root', exists: true },
        { name: 'admin', exists: false },
        { name: 'git\u001b[31m', exists: false },
      ],
      first: tick('2026-11-22T19:02:10Z'),
      last: tick('2026-11-22T21:17:44Z'),
      count: 1280,
      twice: 4,
    }),
  ];
}

function devApiLines(host: Host): Row[] {
  return [
    ...sshAttack({
      host,
      from: '198.51.100.61',
      daemon: 'sshd',
      accounts: [{ name: 'deploy', exists: true }],
      first: tick('2026-11-23T00:31:10Z'),
      last: tick('2026-11-23T00:38:44Z'),
      count: 46,
      twice: 0,
    }),
    // The same account, but with its key: no guessed password opens that.
    syslog(
      host,
      tick('2026-11-23T00:41:02Z'),
      'sshd',
      9120,
      'info',
      'Accepted publickey for deploy from 10.20.1.5 port 41822 ssh2: ED25519 SHA256:Wm3Kc8rT1yPq6vXz0nJb5dLfHg2sEoUa9iNtR7uQwYk',
    ),
  ];
}

/** Agents report until the machine is switched off. */
const jumpStopped = '2026-11-22T17:04:33Z';

/** The host of a machine's log rows. */
function hostOf(member: Member): Host {
  const resourceId = member.id.toLowerCase();
  return { computer: member.name, resourceId, sourceId: guidOf(`computer:${resourceId}`) };
}

function securityEvents(member: Member): Row[] {
  const host = hostOf(member);
  switch (member.name) {
    case 'web01':
      return [...everydayLogons(host, tick('2026-11-23T01:40:00Z'), 50 * minute, 12), ...webEvents(host)];
    case 'sql02':
      return [
        ...everydayLogons(host, tick('2026-11-23T02:18:20Z'), 40 * minute, 12),
        ...attack({
          host,
          from: sqlGuesser,
          targets: [
            { name: 'Administrator', subStatus: wrongPassword },
            { name: 'sa', subStatus: noSuchUser },
            { name: 'sqladmin', subStatus: noSuchUser },
          ],
          first: tick('2026-11-22T21:30:05Z', 71),
          last: tick('2026-11-22T22:58:40Z', 930),
          count: 806,
        }),
      ];
    case 'mail01':
      return [
        ...everydayLogons(host, tick('2026-11-23T02:17:02Z'), 25 * minute, 20),
        ...attack({
          host,
          from: mailSprayer,
          targets: sprayTargets(['administrator', 'reception', 'sales', 'info', 'office', 'hr', 'p.novak', 'l.haas']),
          first: tick('2026-11-22T14:05:11Z', 15),
          last: tick('2026-11-22T16:32:50Z', 480),
          count: 412,
          logonType: 8,
        }),
      ];
    case 'file01':
      // From web01, two minutes after the intrusion. Whether one succeeded is not collected here.
      return attack({
        host,
        from: '10.1.4.7',
        targets: [{ name: 'svc-backup', subStatus: wrongPassword, domain: 'FILE01' }],
        first: tick('2026-11-23T02:16:40Z', 90),
        last: tick('2026-11-23T02:19:02Z', 733),
        count: 23,
      });
    case 'jump01':
      return everydayLogons(host, at(jumpStopped) - 20 * minute, 30 * minute, 6);
    default:
      return everydayLogons(host, tick('2026-11-23T02:19:40Z'), 55 * minute, 6);
  }
}

/** Every Log Analytics table. */
export function contosoLogs(members: Member[]): Record<string, Row[]> {
  const tables: Record<
    'SecurityEvent' | 'Syslog' | 'Heartbeat' | 'Event' | 'VMBoundPort' | 'VMConnection' | 'AzureActivity',
    Row[]
  > = { SecurityEvent: [], Syslog: [], Heartbeat: [], Event: [], VMBoundPort: [], VMConnection: [], AzureActivity: [] };
  for (const member of members) {
    if (!member.logs) continue;
    const host = hostOf(member);
    const last = member.name === 'jump01' ? at(jumpStopped) : at(now) - 31 * second;
    const { os, osName } = member.system;
    tables.Heartbeat.push(...heartbeats({ ...host, os, osName, place: member.place, name: member.name, last }));
    if (os === 'Windows') tables.SecurityEvent.push(...securityEvents(member));
    if (member.name === 'lin-build') tables.Syslog.push(...buildServerLines(host));
    if (member.name === 'dev-api') tables.Syslog.push(...devApiLines(host));
    if (member.name === 'dev-web') {
      const closed = 'Connection closed by 10.20.1.5 port 41830 [preauth]';
      tables.Syslog.push(syslog(host, at(now) - 3 * minute, 'sshd', 1200, 'info', closed));
    }
    if (member.name !== 'web01') continue;
    tables.Event.push(newService(host));
    tables.VMBoundPort.push(
      ...boundPort(host, 'TermService', 3389, tick('2026-11-01T04:12:09Z')),
      ...boundPort(host, 'System', 443, tick('2026-11-01T04:12:30Z')),
    );
    const others = Array.from({ length: 13 }, (_, index) => `198.51.100.${100 + index * 7}`);
    // Each guess is a connection of its own.
    const guessers = [
      { remote: intruder, links: 1206 },
      { remote: sprayer, links: 310 },
    ];
    tables.VMConnection.push(
      ...inboundConnections(host, '10.1.4.7', 'svchost', 3389, [...guessers, ...others.map((remote) => ({ remote }))]),
    );
  }
  tables.AzureActivity.push(...contosoActivity(members));
  for (const rows of Object.values(tables)) rows.sort(byTime);
  return tables;
}

const timeOf = (row: Row): string => (typeof row.TimeGenerated === 'string' ? row.TimeGenerated : '');

function byTime(one: Row, other: Row): number {
  return timeOf(one) < timeOf(other) ? -1 : timeOf(one) > timeOf(other) ? 1 : 0;
}

/** The workspaces, by customer id, with the machines that each collects from. */
export function contosoWorkspaces(
  members: Member[],
): { name: string; subscription: string; customerId: string; members: string[] }[] {
  const collect = (wanted: (member: Member) => boolean): string[] =>
    members.filter((member) => member.logs && wanted(member)).map((member) => member.id.toLowerCase());
  const [first] = members;
  const prodId = first?.place.subscription ?? '';
  const devId = members.find((member) => member.place.subscription !== prodId)?.place.subscription ?? '';
  const spaces = [
    {
      name: 'law-prod',
      subscription: prodId,
      members: [
        ...collect((each) => each.place.subscription === prodId && each.name !== 'file01'),
        // The activity log of the subscription is exported to it.
        ...new Set(contosoActivity(members).map((row) => String(row._ResourceId))),
      ],
    },
    // This one is configured to collect only failures.
    { name: 'law-files', subscription: prodId, members: collect((each) => each.name === 'file01') },
    { name: 'law-dev', subscription: devId, members: collect((each) => each.place.subscription === devId) },
  ];
  return spaces.map((space) => ({ ...space, customerId: guidOf(`workspace:${space.name}`) }));
}

// Rows of SecurityEvent as the Azure Monitor Agent sends them.
import type { Row } from '../world.ts';
import { type Dice, dice } from './seeded.ts';
import { minute, second, sevenDigits } from './time.ts';

/** The machine that logged, as its rows name it. */
export interface Host {
  computer: string;
  /** Lower case, as Log Analytics writes _ResourceId. */
  resourceId: string;
  /** The agent's id of the machine. */
  sourceId: string;
}

export interface Target {
  name: string;
  /** SubStatus; `0xc0000064` no such user, `0xc000006a` wrong password. */
  subStatus: string;
  domain?: string;
}

const activities: Record<number, [text: string, task: number]> = {
  4624: ['An account was successfully logged on.', 12544],
  4625: ['An account failed to log on.', 12544],
  4634: ['An account was logged off.', 12545],
  4672: ['Special privileges assigned to new logon.', 12548],
  4688: ['A new process has been created.', 13312],
  4698: ['A scheduled task was created.', 12804],
  4720: ['A user account was created.', 13824],
  4722: ['A user account was enabled.', 13824],
  4732: ['A member was added to a security-enabled local group.', 13826],
};

const logonTypeNames: Record<number, string> = {
  2: '2 - Interactive',
  3: '3 - Network',
  4: '4 - Batch',
  5: '5 - Service',
  7: '7 - Unlock',
  8: '8 - NetworkCleartext',
  10: '10 - RemoteInteractive',
};

// What the event says of a code; %%-numbers are message ids that Windows resolves when it draws the event.
const failureReasons: Record<string, string> = {
  '0xc0000064': '%%2313',
  '0xc000006a': '%%2313',
  '0xc0000072': '%%2310',
  '0xc0000234': '%%2307',
};

/** The columns that every row carries. `time` in milliseconds since 1970, `ticks` below the millisecond. */
export function securityEvent(host: Host, time: number, ticks: number, eventId: number, columns: Row): Row {
  const [text, task] = activities[eventId] ?? ['', 0];
  return {
    TimeGenerated: sevenDigits(time, ticks),
    SourceSystem: 'OpsManager',
    Account: '',
    AccountType: 'User',
    Computer: host.computer,
    EventSourceName: 'Microsoft-Windows-Security-Auditing',
    Channel: 'Security',
    Task: task,
    Level: '0',
    EventID: eventId,
    Activity: `${eventId} - ${text}`,
    SourceComputerId: host.sourceId,
    ManagementGroupName: '',
    Type: 'SecurityEvent',
    _ResourceId: host.resourceId,
    ...columns,
  };
}

export interface Attempt {
  user: string;
  domain: string;
  address: string;
  port: string;
  workstation: string;
  logonType: number;
  subStatus: string;
}

/** The package that carries a logon: IIS and OpenSSH pass clear text to Advapi, the network takes NTLM. */
function carrier(logonType: number): Row {
  if (logonType === 8) {
    return {
      LogonProcessName: 'Advapi  ',
      AuthenticationPackageName: 'Negotiate',
      Process: 'w3wp.exe',
      ProcessName: 'C:\\Windows\\System32\\inetsrv\\w3wp.exe',
      ProcessId: '0x1f3c',
    };
  }
  if (logonType === 10) {
    return {
      LogonProcessName: 'User32 ',
      AuthenticationPackageName: 'Negotiate',
      Process: 'svchost.exe',
      ProcessName: 'C:\\Windows\\System32\\svchost.exe',
      ProcessId: '0x4e8',
    };
  }
  return {
    LogonProcessName: 'NtLmSsp ',
    AuthenticationPackageName: 'NTLM',
    Process: '-',
    ProcessName: '-',
    ProcessId: '0x0',
  };
}

/** 4625. RDP with network level authentication fails as logon type 3, before there is a session. */
export function failedLogon(host: Host, time: number, ticks: number, attempt: Attempt): Row {
  const account = `${attempt.domain}\\${attempt.user}`;
  const lockout = attempt.subStatus === '0xc0000234';
  return securityEvent(host, time, ticks, 4625, {
    Account: account,
    TargetAccount: account,
    TargetUserName: attempt.user,
    TargetDomainName: attempt.domain,
    TargetUserSid: 'S-1-0-0',
    SubjectAccount: '-\\-',
    SubjectUserName: '-',
    SubjectDomainName: '-',
    SubjectUserSid: 'S-1-0-0',
    SubjectLogonId: '0x0',
    // A lockout is in Status and leaves SubStatus 0x0.
    Status: lockout ? '0xc0000234' : '0xc000006d',
    SubStatus: lockout ? '0x0' : attempt.subStatus,
    FailureReason: failureReasons[attempt.subStatus] ?? '%%2304',
    LogonType: attempt.logonType,
    LogonTypeName: logonTypeNames[attempt.logonType] ?? String(attempt.logonType),
    IpAddress: attempt.address,
    IpPort: attempt.port,
    WorkstationName: attempt.workstation,
    ...carrier(attempt.logonType),
    LmPackageName: '-',
    TransmittedServices: '-',
    KeyLength: 0,
  });
}

export interface Success {
  user: string;
  domain: string;
  address: string;
  logonType: number;
  sid: string;
  logonId: string;
  workstation?: string;
  port?: string;
}

/** 4624. */
export function logon(host: Host, time: number, ticks: number, success: Success): Row {
  const account = `${success.domain}\\${success.user}`;
  return securityEvent(host, time, ticks, 4624, {
    Account: account,
    TargetAccount: account,
    TargetUserName: success.user,
    TargetDomainName: success.domain,
    TargetUserSid: success.sid,
    TargetLogonId: success.logonId,
    TargetLinkedLogonId: '0x0',
    SubjectAccount: '-\\-',
    SubjectUserName: '-',
    SubjectDomainName: '-',
    SubjectUserSid: 'S-1-0-0',
    SubjectLogonId: '0x0',
    LogonType: success.logonType,
    LogonTypeName: logonTypeNames[success.logonType] ?? String(success.logonType),
    IpAddress: success.address,
    IpPort: success.port ?? '0',
    WorkstationName: success.workstation ?? host.computer,
    ...carrier(success.logonType),
    LmPackageName: success.logonType === 3 ? 'NTLM V2' : '-',
    ElevatedToken: '%%1842',
    VirtualAccount: '%%1843',
    KeyLength: success.logonType === 3 ? 128 : 0,
  });
}

/** Columns of an event caused by a logged-on user. */
export function bySubject(subject: Success): Row {
  return {
    Account: `${subject.domain}\\${subject.user}`,
    SubjectAccount: `${subject.domain}\\${subject.user}`,
    SubjectUserName: subject.user,
    SubjectDomainName: subject.domain,
    SubjectUserSid: subject.sid,
    SubjectLogonId: subject.logonId,
  };
}

/** Attackers' tools invent the client's name, and some invent it to attack the log's reader. */
const workstationNames: readonly [string, ...string[]] = [
  'kali',
  'WIN-7G2KD0PQ3LV',
  'DESKTOP-4K1J9RM',
  '\u001b]0;pwned\u0007',
  '\u001b[2J\u001b[H',
  'PC\u202e\u2066txt.exe',
  "=cmd|'/C calc'!A0",
  '| **bold** `code` |',
  '<script>alert(1)</script>',
  'X'.repeat(300),
];

function workstation(random: Dice): string {
  if (random.real() < 0.15) return random.pick(workstationNames);
  return `${random.pick(['DESKTOP-', 'WIN-', 'PC-', ''])}${random.hex(7).toUpperCase()}`;
}

export interface Guessing {
  host: Host;
  from: string;
  targets: [Target, ...Target[]];
  /** First and last failure, milliseconds since 1970. */
  first: number;
  last: number;
  /** Failures in all. With `perMinute`, its sum; otherwise spread evenly with jitter. */
  count: number;
  perMinute?: number[];
  logonType?: number;
}

/** Times of an attack: the first and the last as given, the others between, in order, in whole milliseconds. */
function times({ first, last, count, perMinute }: Guessing, random: Dice): number[] {
  const found: number[] = [first];
  if (perMinute === undefined) {
    const step = (last - first) / (count - 1);
    for (let index = 1; index < count - 1; index++)
      found.push(Math.floor(first + (index + (random.real() - 0.5) * 0.8) * step));
  } else {
    const start = Math.floor(first / minute) * minute;
    for (const [index, failures] of perMinute.entries()) {
      const from = Math.max(start + index * minute, first + 1);
      const to = Math.min(start + (index + 1) * minute, last) - 1;
      const own = failures - (index === 0 ? 1 : 0) - (index === perMinute.length - 1 ? 1 : 0);
      for (let each = 0; each < own; each++)
        found.push(Math.floor(from + ((to - from) * (each + random.real())) / own));
    }
  }
  found.push(last);
  return found.sort((one, other) => one - other);
}

/**
 * Failures of one source against one or many accounts, taken in turn: a few accounts make a guess, many a spray.
 * The rows are in time order.
 */
export function attack(plan: Guessing): Row[] {
  const random = dice(`attack:${plan.host.computer}:${plan.from}`);
  return times(plan, random).map((time, index) => {
    const target = plan.targets[index % plan.targets.length] ?? plan.targets[0];
    return failedLogon(plan.host, time, random.whole(0, 9999), {
      user: target.name,
      domain: target.domain ?? random.pick(['', '', '.', plan.host.computer.toUpperCase()]),
      address: plan.from,
      port: random.real() < 0.3 ? '0' : String(random.whole(49152, 65535)),
      workstation: workstation(random),
      logonType: plan.logonType ?? 3,
      subStatus: target.subStatus,
    });
  });
}

/** Everyday logons of services and of colleagues in the network, until `last`, going back `count` steps of `every`. */
export function everydayLogons(host: Host, last: number, every: number, count: number): Row[] {
  const random = dice(`everyday:${host.resourceId}`);
  const people = ['m.keller', 'svc-monitor', 'j.osei'] as const;
  return Array.from({ length: count }, (_, index) => {
    const user = random.pick([people[0], people[1], people[2]]);
    return logon(host, last - (count - 1 - index) * every - random.whole(0, 20) * second, random.whole(0, 9999), {
      user,
      domain: 'CONTOSO',
      address: `10.1.9.${random.whole(10, 40)}`,
      logonType: 3,
      sid: `S-1-5-21-1004336348-1177238915-682003330-${1100 + people.indexOf(user)}`,
      logonId: `0x${random.hex(6)}`,
    });
  });
}

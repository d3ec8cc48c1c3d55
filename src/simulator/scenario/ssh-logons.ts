// Rows of Syslog as sshd and PAM write them.
import type { Row } from '../world.ts';
import { dice } from './seeded.ts';
import { sevenDigits } from './time.ts';
import type { Host } from './windows-logons.ts';

/** sshd-session is what OpenSSH 9.8 and later call the process that serves a connection. */
export type Daemon = 'sshd' | 'sshd-session';

/** One line. `time` in milliseconds since 1970; Syslog's own time has no fraction of a second. */
export function syslog(
  host: Host,
  time: number,
  daemon: Daemon,
  pid: number,
  severity: 'info' | 'notice',
  message: string,
): Row {
  return {
    TimeGenerated: sevenDigits(time, 1234),
    EventTime: sevenDigits(Math.floor(time / 1000) * 1000),
    Computer: host.computer,
    HostName: host.computer,
    HostIP: '127.0.0.1',
    Facility: severity === 'notice' ? 'authpriv' : 'auth',
    SeverityLevel: severity,
    ProcessName: daemon,
    ProcessID: pid,
    SyslogMessage: message,
    SourceSystem: 'Linux',
    Type: 'Syslog',
    _ResourceId: host.resourceId,
  };
}

export interface SshAttack {
  host: Host;
  from: string;
  daemon: Daemon;
  accounts: [SshAccount, ...SshAccount[]];
  first: number;
  last: number;
  /** `Failed password` lines, each another attempt. */
  count: number;
  /** Of a hundred lines, how many arrive twice. */
  twice: number;
}

export interface SshAccount {
  name: string;
  exists: boolean;
}

/**
 * Password guessing against sshd. Each attempt is its own connection with one `Failed password` line; some are led by
 * PAM's and `Invalid user` lines about the same attempt, and some lines are delivered twice, identical in every column.
 */
export function sshAttack(plan: SshAttack): Row[] {
  const { host, from, daemon } = plan;
  const random = dice(`ssh:${host.computer}:${from}`);
  const rows: Row[] = [];
  const step = (plan.last - plan.first) / Math.max(1, plan.count - 1);
  for (let index = 0; index < plan.count; index++) {
    const account = plan.accounts[index % plan.accounts.length] ?? plan.accounts[0];
    const time = Math.floor(plan.first + index * step);
    const pid = 4000 + index;
    const port = 20000 + ((index * 7) % 45000);
    const who = account.exists ? account.name : `invalid user ${account.name}`;
    if (!account.exists && random.real() < 0.5) {
      rows.push(syslog(host, time - 2, daemon, pid, 'info', `Invalid user ${account.name} from ${from} port ${port}`));
    }
    if (random.real() < 0.2) {
      const user = account.exists ? `  user=${account.name}` : '';
      const pam = `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${from}${user}`;
      rows.push(syslog(host, time - 1, daemon, pid, 'notice', pam));
    }
    const line = syslog(host, time, daemon, pid, 'info', `Failed password for ${who} from ${from} port ${port} ssh2`);
    rows.push(line);
    if (random.real() * 100 < plan.twice) rows.push({ ...line });
  }
  return rows;
}

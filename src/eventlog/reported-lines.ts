import type { SyslogEntry } from '../syslog/syslog-entry.ts';
import { type SyslogLine, sshLogons } from '../triage/logons/ssh-logons.ts';
import { parseSshd } from '../triage/logons/sshd.ts';
import { mostLines } from './other-witnesses.ts';
import type { ReportedLogon } from './reported-logons.ts';
import { mayTell } from './syslog-logons.ts';

/** Lines of sshd and PAM that an export has, and not every one; several may report one logon. */
export class ReportedLines {
  readonly #lines: SyslogLine[] = [];

  /** Is it about logons? */
  tells({ program, message }: Pick<SyslogEntry, 'program' | 'message'>): boolean {
    return mayTell({ program, message }) && parseSshd(message) !== null;
  }

  /** Takes a line that is; false where so many are kept that it is not. */
  take(line: SyslogLine): boolean {
    if (this.#lines.length >= mostLines) return false;
    this.#lines.push(line);
    return true;
  }

  /** The logons of all lines, each once. */
  *logons(): Generator<ReportedLogon> {
    const { failures, successes } = sshLogons(this.#lines);
    for (const [outcome, own] of [
      ['failed', failures],
      ['succeeded', successes],
    ] as const)
      for (const { at, computer, account, domain, address, logonType, status } of own)
        yield {
          ...{ at, computer, account, domain, address, logonType, outcome },
          code: outcome === 'failed' ? status : '',
          program: '',
          id: [computer, account, address, outcome, at].join('\n'),
          once: false,
        };
  }
}

import type { SyslogEntry } from '../syslog/syslog-entry.ts';
import { noGaps, type SyslogFile, syslogEntries } from '../syslog/syslog-file.ts';
import { yearNote } from '../syslog/years.ts';
import { counted } from '../text/counts.ts';
import { ownCopy } from '../text/own-copy.ts';
import { printable } from '../text/printable.ts';
import { linuxAction } from '../triage/logons/linux-actions.ts';
import { sshLogons } from '../triage/logons/ssh-logons.ts';
import { parseSshd } from '../triage/logons/sshd.ts';
import type { FiledLine } from '../triage/logons/syslog-copies.ts';
import type { Ticks } from '../triage/logons/ticks.ts';
import { type LogonCollector, mostLater } from './logon-collector.ts';
import { type LogonLog, mostComputers, namedComputers } from './logon-log.ts';
import { mostLines } from './other-witnesses.ts';
import { type ReadFile, readThrough, type ThroughOptions } from './read-through.ts';
import { Span } from './span.ts';

const longestAction = 1024;

/** Lines about logons: those of sshd, which splits itself since 9.8, of dropbear, of a unit (`journalctl -o with-unit`), and what PAM says of guesses over the network. */
export const mayTell = ({ program, message }: Pick<SyslogEntry, 'program' | 'message'>): boolean =>
  /^(?:sshd|(?:dropbear|pam_duo|login_duo)$|ssh@?[\w.-]*\.service$)/.test(program) ||
  (/authentication failures?\b/.test(message) && message.includes('rhost'));

/**
 * Reads a log of syslog, or an exported journal, and gives its lines about logons to the collector; `number` is the file's
 * among those that are read; `most`: lines of logons that are kept. Throws an EventLogError when it cannot be opened; where its
 * end cannot be read, the rest counts.
 */
export async function readSyslogLogons(
  file: SyslogFile,
  number: number,
  collector: LogonCollector,
  options: ThroughOptions,
  most = mostLines,
): Promise<LogonLog> {
  const reading = new SyslogReading(file, number, most);
  const read = await readThrough(
    file.path,
    (more) => syslogEntries(file, reading.gaps, more),
    (entries) => {
      for (const entry of entries) reading.take(entry);
    },
    options,
  );
  reading.give(collector);
  return reading.log(read);
}

/** What one file holds. */
class SyslogReading {
  readonly gaps = noGaps();
  readonly #file: SyslogFile;
  readonly #number: number;
  readonly #most: number;
  readonly #span = new Span();
  readonly #lines: FiledLine[] = [];
  readonly #actions: { at: Ticks; computer: string; what: string }[] = [];
  readonly #computers = new Set<string>();
  #records = 0;
  #cut = 0;

  constructor(file: SyslogFile, number: number, most: number) {
    this.#file = file;
    this.#number = number;
    this.#most = most;
  }

  take(entry: SyslogEntry): void {
    this.#records += 1;
    this.#span.add(entry.at);
    if (this.#computers.size < mostComputers) this.#computers.add(entry.host);
    this.#takeAction(entry);
    if (!mayTell(entry) || parseSshd(entry.message) === null) return;
    if (this.#lines.length >= this.#most) {
      this.#cut += 1;
      return;
    }
    const { at, host: computer, processId } = entry;
    this.#lines.push({ at, computer, processId, message: ownCopy(entry.message), file: this.#number });
  }

  #takeAction({ at, host: computer, program, message }: SyslogEntry): void {
    const what = linuxAction({ program, message: message.slice(0, longestAction) });
    if (what === '') return;
    if (this.#actions.length >= mostLater) this.#cut += 1;
    else this.#actions.push({ at, computer, what: ownCopy(printable(what, longestAction)) });
  }

  /** Where there are lines about logons, the whole log was listening. */
  give(collector: LogonCollector): void {
    collector.other.cutLines += this.#cut;
    for (const line of this.#lines) collector.other.takeLine(line);
    for (const action of this.#actions) collector.takeAction(action);
    if (this.#lines.length > 0) collector.otherSpan.include(this.#span);
  }

  log(read: ReadFile): LogonLog {
    const { failures, successes } = sshLogons(this.#lines);
    return {
      ...read,
      records: this.#records,
      failures: failures.length,
      successes: successes.length,
      ...this.#span.written,
      channel: this.#file.format === 'syslog' ? 'syslog' : 'journal',
      computers: namedComputers(this.#computers),
      notes: this.#notes(),
    };
  }

  #notes(): string[] {
    const { year } = this.#file;
    const { unread, firstUnread, zeros, remarks } = this.gaps;
    return [
      ...(year ? [yearNote(year)] : []),
      ...(unread > 0 ? [`${counted(unread, 'line')} of no known form (first in line ${firstUnread})`] : []),
      ...remarks,
      ...(this.#cut > 0 ? [`${counted(this.#cut, 'line')} of logons and actions beyond the first that are kept`] : []),
      ...(zeros > 0 ? [`${counted(zeros, 'byte')} of zeros among its lines`] : []),
    ];
  }
}

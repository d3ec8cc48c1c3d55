import type { Ticks } from '../triage/logons/ticks.ts';

/** One message of syslog or of a journal. */
export interface SyslogEntry {
  at: Ticks;
  /** One-based; of a journal the number of its entry. */
  line: number;
  host: string;
  /** "sshd"; "" where the line names none. */
  program: string;
  processId: number | null;
  message: string;
  /** "authpriv" and "info"; "" where the form of the file does not keep them. */
  facility: string;
  severity: string;
}

/** RFC 5424, tables 1 and 2, by their names in syslog.h and in Log Analytics' Syslog table. */
const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  ...Array.from({ length: 8 }, (_, i) => `local${i}`),
];
const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** The names of a facility's and of a severity's number; "" for a number that is none. */
export const facilityName = (number: number): string => facilities[number] ?? '';
export const severityName = (number: number): string => severities[number] ?? '';

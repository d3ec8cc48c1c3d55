import { type Ticks, ticksOfUnix } from '../triage/logons/ticks.ts';
import { facilityName, type SyslogEntry, severityName } from './syslog-entry.ts';

/**
 * A line as a syslog daemon writes it to a file. RFC 3164 has neither a year nor a time zone; RFC 5424, and what rsyslog
 * calls RSYSLOG_FileFormat (the default of Debian 12 and Ubuntu 24.04), have both.
 */
export interface SyslogLineForm extends Omit<SyslogEntry, 'at' | 'line'> {
  /** Of a time with its year and zone; null where `yearless` has it. */
  at: Ticks | null;
  yearless: YearlessTime | null;
}

/** "Nov 23 02:17:00" */
export interface YearlessTime {
  /** 0 for January. */
  month: number;
  day: number;
  /** Since midnight. */
  milliseconds: number;
}

/** No daemon passes on a longer one. */
const longest = 64 * 1024;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const priority = /^<(\d{1,3})>/;
const traditional = /^([A-Z][a-z]{2}) ([ \d]\d) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (\S+) (.*)$/;
const isoTime = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/;
/** "sshd[1234]: "; "su(pam_unix)[7]: " as older PAM has it. */
const tagged = /^([^\s:[\]]{1,128})(?:\[(\d{1,10})\])?:(?: (.*)|$)/;
/** RFC 5424, 6: version, time, host, program, process, message id, structured data, message. */
const structured = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\.)*"|\\.)*\])+)(?: (.*))?$/;

// AIX (auth|security:info), BusyBox (auth.info) and syslog-ng ([auth.info]) write facility and severity between host and program.
const level = '(emerg|alert|crit|err|error|warn|warning|notice|info|debug)';
const given = new RegExp(String.raw`^\[?([a-z]+\d?)(?:\|[a-z]+\d?)*[.:]${level}\]? `);
const longNames: ReadonlyMap<string, string> = new Map([
  ['warn', 'warning'],
  ['error', 'err'],
]);
/** AIX, of a line that another machine sent. */
const forwarded = /^Message forwarded from (\S+?): /;
/** OpenWrt's `logread`, which has the year behind the time, and no host. */
const logread = new RegExp(
  String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4}) ((?:[a-z]+\d?)\.${level} .*)$`,
);
/** `journalctl -o short-full` where the zone is UTC, and macOS' `log show --style syslog`. */
const spaced =
  /^(?:[A-Z][a-z]{2} )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: (UTC)|([+-]\d{4}))\s+(\S+) (.*)$/;
/** `journalctl -o short-unix` */
const unix = /^(\d{9,10})\.(\d{1,7}) (\S+) (.*)$/;

/** Reads a line; null for what is none of syslog's. */
export function syslogLine(text: string): SyslogLineForm | null {
  const line = text.length > longest ? text.slice(0, longest) : text;
  const first = priority.exec(line);
  const number = first ? Number(first[1]) : -1;
  const facility = first ? facilityName(number >> 3) : '';
  const severity = first ? severityName(number & 7) : '';
  const rest = first ? line.slice(first[0].length) : line;
  const read = rest.startsWith('1 ')
    ? fromStructured(rest)
    : (fromTraditional(rest) ?? fromIso(rest) ?? fromLogread(rest) ?? fromJournal(rest));
  return read && { facility, severity, ...read };
}

type Read = Omit<SyslogLineForm, 'facility' | 'severity'> & { facility?: string; severity?: string };

function fromTraditional(line: string): Read | null {
  const match = traditional.exec(line);
  if (!match) return null;
  const [, name = '', dayText = '', year, hour, minute, second, fraction = '', host = '', rest = ''] = match;
  const month = months.indexOf(name);
  const day = Number(dayText);
  if (month < 0 || day < 1 || day > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  const milliseconds = seconds * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  const text = { host, ...programOf(rest) };
  if (year !== undefined)
    return { at: ticksOfUnix(Date.UTC(Number(year), month, day) + milliseconds), yearless: null, ...text };
  return { at: null, yearless: { month, day, milliseconds }, ...text };
}

function fromIso(line: string): Read | null {
  const space = line.indexOf(' ');
  const at = space > 0 ? isoTicks(line.slice(0, space)) : null;
  if (at === null) return null;
  const next = line.indexOf(' ', space + 1);
  if (next < 0) return null;
  return said(at, line.slice(space + 1, next), line.slice(next + 1));
}

/** Other programs begin their lines with a time too: syslog has a tag. */
function said(at: Ticks, host: string, rest: string): Read | null {
  const program = programOf(rest);
  return program.program === '' ? null : { at, yearless: null, host, ...program };
}

function fromLogread(line: string): Read | null {
  const match = logread.exec(line);
  if (!match) return null;
  const [, name = '', dayText = '', time = '', year = '', rest = ''] = match;
  const month = `${months.indexOf(name) + 1}`.padStart(2, '0');
  const at = isoTicks(`${year}-${month}-${dayText.replace(' ', '0')}T${time}Z`);
  return at === null || month === '00' ? null : said(at, '', rest);
}

function fromJournal(line: string): Read | null {
  const match = spaced.exec(line);
  if (match) {
    const [, date = '', time = '', , zone = 'Z', host = '', rest = ''] = match;
    const at = isoTicks(`${date}T${time}${zone}`);
    return at === null ? null : said(at, host, rest);
  }
  const since = unix.exec(line);
  if (!since) return null;
  const [, seconds = '', fraction = '', host = '', rest = ''] = since;
  return said(ticksOfUnix(Number(seconds) * 1000) + Number(fraction.padEnd(7, '0')), host, rest);
}

function fromStructured(line: string): Read | null {
  const match = structured.exec(line);
  if (!match) return null;
  const [, time = '', host = '', program = '', process = '', , , message = ''] = match;
  const at = isoTicks(time);
  if (at === null) return null;
  return {
    at,
    yearless: null,
    host: host === '-' ? '' : host,
    program: program === '-' ? '' : program,
    processId: /^\d{1,10}$/.test(process) ? Number(process) : null,
    message: message.replace(/^\ufeff/, ''),
  };
}

type Program = Pick<SyslogEntry, 'program' | 'processId' | 'message'> & Partial<SyslogEntry>;

function programOf(rest: string): Program {
  const before = given.exec(rest);
  if (before && tagged.test(rest.slice(before[0].length))) {
    const severity = longNames.get(before[2] ?? '') ?? before[2] ?? '';
    return { ...programOf(rest.slice(before[0].length)), facility: before[1] ?? '', severity };
  }
  const from = forwarded.exec(rest);
  if (from) return { ...programOf(rest.slice(from[0].length)), host: from[1] ?? '' };
  const match = tagged.exec(rest);
  if (!match) return { program: '', processId: null, message: rest };
  return {
    // A daemon that was started by its path may have the path for a tag; postfix/smtpd is a name.
    program: (match[1] ?? '').replace(/^\/.*\//, ''),
    processId: match[2] === undefined ? null : Number(match[2]),
    message: match[3] ?? '',
  };
}

function isoTicks(text: string): Ticks | null {
  const match = isoTime.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const whole = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (Number(month) > 12 || Number(day) > 31 || Number(hour) > 23 || Number(minute) > 59) return null;
  const minutes = zone === 'Z' ? 0 : Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  const offset = zone.startsWith('-') ? -minutes : minutes;
  return ticksOfUnix(whole - offset * 60_000) + Number(fraction.slice(0, 7).padEnd(7, '0'));
}

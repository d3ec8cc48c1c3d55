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

/** Reads a line; null for what is none of syslog's. */
export function syslogLine(text: string): SyslogLineForm | null {
  const line = text.length > longest ? text.slice(0, longest) : text;
  const given = priority.exec(line);
  const number = given ? Number(given[1]) : -1;
  const facility = given ? facilityName(number >> 3) : '';
  const severity = given ? severityName(number & 7) : '';
  const rest = given ? line.slice(given[0].length) : line;
  const read = rest.startsWith('1 ') ? fromStructured(rest) : (fromTraditional(rest) ?? fromIso(rest));
  return read && { ...read, facility, severity };
}

type Read = Omit<SyslogLineForm, 'facility' | 'severity'>;

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
  const program = programOf(line.slice(next + 1));
  // Other programs begin their lines with a time too: syslog has a host and a tag.
  return program.program === '' ? null : { at, yearless: null, host: line.slice(space + 1, next), ...program };
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

function programOf(rest: string): { program: string; processId: number | null; message: string } {
  const match = tagged.exec(rest);
  if (!match) return { program: '', processId: null, message: rest };
  return {
    program: match[1] ?? '',
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

import { type Ticks, ticksOfUnix } from '../triage/logons/ticks.ts';

/**
 * A record of the kernel's audit as auditd writes it to a line of audit.log. Several records of one event share time and
 * serial number. Form and fields: linux-audit/audit-documentation, specs/fields/field-dictionary.csv; auditd.conf(5) for
 * `name_format` (node=) and `log_format = ENRICHED`; audit_encode_nv_string(3) for texts in hexadecimal (as of 2026-11).
 */
export interface AuditRecord {
  at: Ticks;
  serial: string;
  /** "USER_LOGIN" */
  type: string;
  /** Of the computer; "" without `name_format`. */
  node: string;
  /** As they are meant: without quotes, and texts in hexadecimal decoded. `(null)` and `(none)` are "". */
  fields: ReadonlyMap<string, string>;
  /** Names that auditd looked up for numbers: UID, AUID, SYSCALL. */
  names: ReadonlyMap<string, string>;
}

const header =
  /^(?:node=(\S{1,255}) )?type=([A-Z][A-Z0-9_]{1,40}|UNKNOWN\[\d{1,6}\]) msg=audit\((\d{9,11})\.(\d{3}):(\d{1,20})\): ?/;

/** The output of `ausearch -i`, whose time is in the zone of the computer that ran it. */
export const interpretedAudit =
  /^(?:node=\S+ )?type=[A-Z_0-9]+ msg=audit\(\d{1,4}[./-]\d{1,2}[./-]\d{2,4} [\d:.]+(?: [AP]M)?:\d+\) :/m;

/** Between events in what `ausearch` prints, raw or not. */
const separator = /^(?:----|time->.*)$/;

/** A name and its value, `msg='` that begins a message of a program, or what begins the names that auditd adds. */
const token = /\u001d|([A-Za-z0-9_-]{1,40}(?:\[\d{1,9}\])?)=("[^"]*"?|'|[^\s'\u001d]*)/g;
/** Older programs have blanks in it: "op=adding user id=1001". */
const operation = /([^="'\u001d]{0,200}?)(?= {1,4}[A-Za-z_-]{1,40}=|['\u001d]|$)/y;

/** Fields whose value is in quotes, or in hexadecimal where it has blanks, quotes or bytes that are no ASCII. */
const encoded =
  /^(?:acct|acl|apparmor|cgroup|cmd|comm|cwd|data|device|dir|exe|file|grp|invalid_context|key|name|ocomm|path|proctitle|vm|watch)$/;
const argument = /^a\d{1,9}(?:\[\d{1,9}\])?$/;
const hexadecimal = /^(?:[0-9A-Fa-f]{2})+$/;
const mostFields = 1000;

/** Reads a line; null for what is no record of audit. */
export function auditRecord(line: string): AuditRecord | null {
  const match = header.exec(line);
  if (!match) return null;
  const [whole, node = '', type = '', seconds = '', milliseconds = '', serial = ''] = match;
  const fields = new Map<string, string>();
  const names = new Map<string, string>();
  let added = false;
  token.lastIndex = whole.length;
  for (let found = token.exec(line); found && fields.size < mostFields; found = token.exec(line)) {
    const [, name, value = ''] = found;
    if (name === undefined) added = true;
    else if (value === "'") continue;
    else if (added || (/^[A-Z]+$/.test(name) && value.startsWith('"'))) names.set(name, plain(value));
    else if (type === 'EXECVE' && /^a\d+\[/.test(name)) {
      // A long argument is written in parts.
      const whole = name.slice(0, name.indexOf('['));
      fields.set(whole, (fields.get(whole) ?? '') + meant(name, value, type));
    } else if (!fields.has(name)) {
      if (name === 'op' && !value.startsWith('"')) {
        operation.lastIndex = token.lastIndex - value.length;
        const text = operation.exec(line)?.[1] ?? value;
        token.lastIndex += text.length - value.length;
        fields.set(name, text);
      } else fields.set(name, meant(name, value, type));
    }
  }
  return { at: ticksOfUnix(Number(seconds) * 1000 + Number(milliseconds)), serial, type, node, fields, names };
}

/** Is a line one that `ausearch` puts between events? */
export const isAuditSeparator = (line: string): boolean => separator.test(line);

const plain = (value: string): string => value.replace(/^"|"$/g, '');

function meant(name: string, value: string, type: string): string {
  if (value.startsWith('"')) return plain(value);
  // PAM of RHEL 5: "(hostname=web01, addr=203.0.113.9, terminal=ssh res=failed)".
  const bare = value.replace(/[,)]$/, (end) => (end === ',' || !value.includes('(') ? '' : end));
  if (bare === '(null)' || bare === '(none)') return '';
  const text = encoded.test(name) || (argument.test(name) && type === 'EXECVE');
  if (!text || !hexadecimal.test(bare)) return bare;
  const decoded = Buffer.from(bare, 'hex').toString('utf8');
  // Arguments of a command line are parted by zeros.
  return decoded.replace(/\0+$/, '').replaceAll('\0', ' ');
}

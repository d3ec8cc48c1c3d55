import { type Ticks, ticksOfUnix } from '../triage/logons/ticks.ts';
import { facilityName, type SyslogEntry, severityName } from './syslog-entry.ts';

/**
 * Entries of systemd's journal, exported by `journalctl -o export` or `-o json` (systemd.io/JOURNAL_EXPORT_FORMATS, as of
 * 2024-06): fields by name. A value that is no text comes with its length, or in JSON as a list of its bytes, one that is too
 * long as null; a field with several values as a list of them.
 */
export type JournalFields = ReadonlyMap<string, string>;

/** The fields that are kept of an entry. */
const wanted = new Set([
  '__REALTIME_TIMESTAMP',
  '_SOURCE_REALTIME_TIMESTAMP',
  '_HOSTNAME',
  'SYSLOG_IDENTIFIER',
  '_COMM',
  'SYSLOG_PID',
  '_PID',
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_FACILITY',
]);
export const isWanted = (name: string): boolean => wanted.has(name);

/** The entry that fields make; null where they have no time or no message. */
export function journalEntry(fields: JournalFields, line: number): SyslogEntry | null {
  const at = microseconds(fields.get('__REALTIME_TIMESTAMP') ?? fields.get('_SOURCE_REALTIME_TIMESTAMP'));
  const message = fields.get('MESSAGE');
  if (at === null || message === undefined) return null;
  const processId = fields.get('SYSLOG_PID') ?? fields.get('_PID') ?? '';
  const numberOf = (name: string): number => (/^\d{1,3}$/.test(fields.get(name) ?? '') ? Number(fields.get(name)) : -1);
  return {
    at,
    line,
    host: fields.get('_HOSTNAME') ?? '',
    program: fields.get('SYSLOG_IDENTIFIER') ?? fields.get('_COMM') ?? '',
    processId: /^\d{1,10}$/.test(processId) ? Number(processId) : null,
    message,
    facility: facilityName(numberOf('SYSLOG_FACILITY')),
    severity: severityName(numberOf('PRIORITY')),
  };
}

function microseconds(text: string | undefined): Ticks | null {
  if (text === undefined || !/^\d{1,17}$/.test(text)) return null;
  const whole = Number(text.slice(0, -3) || '0');
  return ticksOfUnix(whole) + Number(text.slice(-3)) * 10;
}

/** The fields of a line of JSON; null where it is no entry. */
export function jsonFields(text: string): JournalFields | null {
  let parsed: unknown;
  try {
    // `-o json-seq` writes a record separator before each (RFC 7464).
    parsed = JSON.parse(text.charCodeAt(0) === 0x1e ? text.slice(1) : text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) {
    const told = isWanted(name) ? jsonText(value) : null;
    if (told !== null) fields.set(name, told);
  }
  return fields;
}

function jsonText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return null;
  if (value.every((one) => typeof one === 'number')) return Buffer.from(value).toString('utf8');
  // Several values: the first is what the others repeat or add to.
  return value.map(jsonText).find((one) => one !== null) ?? null;
}

const lineFeed = 0x0a;
const equals = 0x3d;
/** journald takes no larger field (DATA_SIZE_MAX in journal-importer.h). */
const largestField = 768 * 1024 * 1024;
/** Fields that are not kept pass by; of one that is kept there is no more. */
const largestKept = 1024 * 1024;

/** Parts a stream of `-o export` into the fields of its entries, in bounded memory. */
export class ExportParser {
  #rest = Buffer.alloc(0);
  #fields = new Map<string, string>();
  /** Bytes of a binary field that pass by. */
  #skip = 0;
  damaged = 0;

  /** The entries that end in `bytes`. */
  *push(bytes: Buffer): Generator<JournalFields> {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    this.#rest = Buffer.alloc(0);
    for (;;) {
      const skipped = Math.min(this.#skip, data.length);
      data = data.subarray(skipped);
      this.#skip -= skipped;
      const end = data.indexOf(lineFeed);
      if (end < 0) break;
      const line = data.subarray(0, end);
      const equal = line.indexOf(equals);
      if (line.length === 0) {
        if (this.#fields.size > 0) yield this.#fields;
        this.#fields = new Map();
        data = data.subarray(1);
      } else if (equal >= 0) {
        this.#keep(line.toString('latin1', 0, equal), line.subarray(equal + 1));
        data = data.subarray(end + 1);
      } else {
        const rest = this.#binary(line.toString('latin1'), data, end + 1);
        if (rest === null) break;
        data = rest;
      }
    }
    if (data.length > largestKept * 2) {
      // No line of an export is so long.
      this.damaged += 1;
      data = Buffer.alloc(0);
    }
    this.#rest = Buffer.from(data);
  }

  /** The entry that the end of the stream completes. */
  *finish(): Generator<JournalFields> {
    if (this.#rest.length > 0 || this.#skip > 0) this.damaged += 1;
    if (this.#fields.size > 0) yield this.#fields;
    this.#fields = new Map();
  }

  #keep(name: string, value: Buffer): void {
    if (isWanted(name) && !this.#fields.has(name)) this.#fields.set(name, value.toString('utf8', 0, largestKept));
  }

  /** Reads a field with its length at `at`; the rest of the data, or null when more is needed. */
  #binary(name: string, data: Buffer, at: number): Buffer | null {
    if (!/^[A-Z0-9_]{1,64}$/.test(name)) {
      this.damaged += 1;
      return data.subarray(at);
    }
    if (data.length < at + 8) return null;
    const length = Number(data.readBigUInt64LE(at));
    if (length > largestField) {
      this.damaged += 1;
      return data.subarray(at + 8);
    }
    if (!isWanted(name) || length > largestKept) {
      this.#skip = length + 1;
      return data.subarray(at + 8);
    }
    if (data.length < at + 8 + length + 1) return null;
    this.#keep(name, data.subarray(at + 8, at + 8 + length));
    return data.subarray(at + 8 + length + 1);
  }
}

import { basename, extname } from 'node:path';
import { unpackedName } from '../archives/open-file.ts';
import type { SyslogFormat } from '../syslog/syslog-file.ts';
import type { UtmpFormat } from '../syslog/utmp.ts';
import type { DerivedYear } from '../syslog/years.ts';
import { printable } from '../text/printable.ts';
import { EvidenceError } from './evidence-error.ts';
import type { EventForm } from './exported-events/event-form.ts';
import type { Artifact } from './other-artifacts.ts';
import type { ShapeName } from './shapes/export-shape.ts';

export type EvidenceFormat =
  | 'evtx'
  | 'events'
  | 'csv'
  | 'json'
  | 'jsonl'
  | SyslogFormat
  | UtmpFormat
  | 'audit'
  | LineLogFormat;

/** Logs of requests, a line each: of IIS, of Apache and nginx, of storage accounts (`$logs`); and of Windows' firewall. */
export type LineLogFormat = 'firewall' | 'iis' | 'access' | 'storage-log';

/** A file that a responder named: its format, and the table its rows belong to unless it says itself. */
export interface EvidenceFile {
  path: string;
  format: EvidenceFormat;
  /** Undefined for event logs and exported events, whose events say which table is theirs. */
  table: string | undefined;
  /** It was found in a folder, or in an archive, and not named itself: damage is a remark, and the rest is read. */
  found?: boolean;
  /** Of a log whose lines have no year: where theirs comes from. */
  year?: DerivedYear;
  /** Of events that a program exported: how they are written. */
  form?: EventForm;
  /** Of an export whose records have another shape than the rows of its table. */
  shape?: ShapeName;
}

export const isSyslogFormat = (format: EvidenceFormat): format is SyslogFormat =>
  format === 'syslog' || format.startsWith('journal-');

export const isUtmpFormat = (format: EvidenceFormat): format is UtmpFormat => format === 'btmp' || format === 'wtmp';

export const isLineLogFormat = (format: EvidenceFormat): format is LineLogFormat =>
  format === 'firewall' || format === 'iis' || format === 'access' || format === 'storage-log';

/** The table of the records of wtmp, btmp and utmp. */
export const utmpTable = 'UtmpRecords';

/** The table of the records of Linux' audit, as Defender for Cloud's agent named it. */
export const auditTable = 'LinuxAuditLog';

/** Can a file of that format hold logons? */
export const isLogFormat = (format: EvidenceFormat): boolean =>
  format === 'evtx' || format === 'events' || isLinuxFormat(format);

/** Is it a log of Linux? */
export const isLinuxFormat = (format: EvidenceFormat): boolean =>
  format === 'audit' || isUtmpFormat(format) || isSyslogFormat(format);

/** A file that is evidence, or may be, and is not read: why. */
export interface UnreadFile {
  path: string;
  because: string;
}

/** The kind of a file by its content, which its name can only claim. */
export type FileKind =
  | { kind: 'evidence'; format: EvidenceFormat; table: string | undefined; form?: EventForm; shape?: ShapeName }
  | { kind: 'archive' }
  /** Of a form that is not read; `because` says which, and the cure. */
  | { kind: 'refused'; because: string }
  /** Of the form of evidence, and of no table that is known. */
  | { kind: 'tableless'; format: EvidenceFormat }
  /** Evidence that other programs read. */
  | ({ kind: 'artifact' } & Artifact)
  | { kind: 'empty' }
  | { kind: 'stranger' };

const FORMATS: ReadonlyMap<string, EvidenceFormat> = new Map(
  Object.entries<EvidenceFormat>({
    '.evtx': 'evtx',
    '.csv': 'csv',
    '.tsv': 'csv',
    '.tab': 'csv',
    '.json': 'json',
    '.jsonl': 'jsonl',
    '.ndjson': 'jsonl',
  }),
);

/** The parts of `NAME=FILE`; of any other text it is all the path. */
export function namedFile(given: string): { path: string; table?: string } {
  const [, table, path = given] = /^([\p{L}_][\p{L}\p{N}_]*)=(.+)$/su.exec(given) ?? [];
  return table === undefined ? { path } : { path, table };
}

/** `FILE` or `NAME=FILE`. The format follows from the file's ending, where NAME is given also that of a text with columns; the table from NAME, else from the file's name. */
export function evidenceFile(given: string): EvidenceFile {
  const { path, table: named } = namedFile(given);
  const ending = extname(unpackedName(path)).toLowerCase();
  const format = FORMATS.get(ending) ?? (named && ending === '.txt' ? 'csv' : undefined);
  if (!format) {
    throw new EvidenceError(
      path,
      `evidence is .evtx, .csv, .tsv, .json, .jsonl or .ndjson, not "${printable(ending, 20)}"`,
    );
  }
  if (format === 'evtx') {
    if (named) throw new EvidenceError(path, 'the events of an event log say themselves which table is theirs');
    return { path, format, table: undefined };
  }
  const table = named ?? basename(unpackedName(path)).slice(0, -ending.length);
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(table)) {
    throw new EvidenceError(path, `"${printable(table, 60)}" can be no table's name; give one: NAME=FILE`);
  }
  return { path, format, table };
}

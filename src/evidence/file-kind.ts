import type { ArchiveError } from '../archives/archive-error.ts';
import { baseName } from '../archives/evidence-path.ts';
import { archiveKind, headOf, isPacked, unpackedName } from '../archives/open-file.ts';
import { notAnEventLog } from '../eventlog/event-log-file.ts';
import { auditRecord, interpretedAudit, isAuditSeparator } from '../syslog/audit-record.ts';
import { beginsAsJournal } from '../syslog/journal-file.ts';
import type { SyslogFormat } from '../syslog/syslog-file.ts';
import { syslogLine } from '../syslog/syslog-line.ts';
import { utmpFormat } from '../syslog/utmp.ts';
import { decodedHead } from './decoded-head.ts';
import { auditTable, type FileKind, utmpTable } from './evidence-files.ts';
import { eventForm } from './exported-events/event-form.ts';
import { lineLogFormat, lineLogTable } from './line-logs/line-log.ts';
import { lossyExport } from './lossy-exports.ts';
import { artifactOf } from './other-artifacts.ts';
import { recognisedTable } from './recognised-table.ts';

/** How much of a file is looked at. */
const headBytes = 64 * 1024;

const stranger: FileKind = { kind: 'stranger' };

/** Packed or archived in a way that is not read, by how the content begins; and the command that unpacks it. */
const packed: readonly { begins: string; what: string; command: string }[] = [
  { begins: '7z\u00bc\u00af\u0027\u001c', what: 'a .7z archive', command: '7z x FILE' },
  { begins: 'Rar!\u001a\u0007', what: 'a .rar archive', command: 'unrar x FILE' },
  { begins: '\u00fd7zXZ\u0000', what: 'packed by xz', command: 'xz -dk FILE' },
  { begins: 'BZh', what: 'packed by bzip2', command: 'bzip2 -dk FILE' },
  { begins: '\u0004\u0022\u004d\u0018', what: 'packed by lz4', command: 'lz4 -d FILE' },
  { begins: '\u001f\u009d', what: 'packed by compress', command: 'uncompress FILE' },
  { begins: '070701', what: 'a cpio archive', command: 'cpio -idm < FILE' },
  // APPNOTE.TXT of PKWARE, 8.5.3 (6.3.10, 2022).
  {
    begins: 'PK\u0007\u0008',
    what: 'the first part of a split .zip archive',
    command: 'zip -s 0 FIRST.zip --out WHOLE.zip',
  },
];

/** Parts of an archive that was split, by their names: only the first has a beginning. */
const parts = /\.(?:z\d\d|(?:zip|7z|tar|rar|t?gz|zst|xz)\.\d{3})$/i;

/** Finds out the kind of a file, of a damaged one by what is before the damage. Throws as the system does, or an ArchiveError. */
export async function fileKind(path: string): Promise<FileKind> {
  const damages: ArchiveError[] = [];
  const head = await headOf(path, headBytes, (error) => damages.push(error));
  const known = await kindBy(path, head);
  // A beginning that is no evidence says nothing about the rest.
  if (known.kind === 'stranger') for (const damage of damages) throw damage;
  return known;
}

async function kindBy(path: string, head: Buffer): Promise<FileKind> {
  if (head.length === 0) return { kind: 'empty' };
  const text = head.toString('latin1');
  if (text.startsWith('ElfFile\0') || text.startsWith('ElfChnk\0')) return eventLog;
  const form = eventForm(path, head);
  if (form !== null) return { kind: 'evidence', format: 'events', table: undefined, form };
  if (/\.evtx$/i.test(unpackedName(path))) {
    const because = await notAnEventLog(path);
    if (because === '') return eventLog;
    return { kind: 'refused', because: `it is called .evtx: ${because}` };
  }
  const unread = packedWithout(path, text);
  if (unread) return unread;
  const archive = archiveKind(head);
  // A document, a program in Java: they are archives too, and no collection.
  if (archive === 'zip') return /\.zip$/i.test(unpackedName(path)) ? { kind: 'archive' } : stranger;
  if (archive === 'tar') return { kind: 'archive' };
  const records = utmpFormat(baseName(path), head);
  if (records) return { kind: 'evidence', format: records, table: utmpTable };
  const artifact = artifactOf(path, head);
  if (artifact) return { kind: 'artifact', ...artifact };
  const lines = firstLines(text);
  const audit = recognisedAudit(lines);
  if (audit) return audit;
  const lossy = lossyExport(decodedHead(head) ?? '', lines);
  if (lossy !== '') return { kind: 'refused', because: lossy };
  const lineLog = lineLogFormat(lines);
  if (lineLog) return { kind: 'evidence', format: lineLog, table: lineLogTable(lineLog) };
  const known = recognisedSyslog(text, lines) ?? recognisedTable(path, head);
  // Members may follow on a beginning that is damaged.
  if (known.kind === 'stranger' && /\.tar$/i.test(unpackedName(path))) return { kind: 'archive' };
  if (known.kind === 'stranger' && /\.zip$/i.test(path))
    return { kind: 'refused', because: 'it is no archive, whatever its name says, or its beginning is lost' };
  return known;
}

const eventLog: FileKind = { kind: 'evidence', format: 'evtx', table: undefined };

/** A packing that is not read, or a packed file whose name does not say so; null for any other file. */
function packedWithout(path: string, text: string): FileKind | null {
  if (parts.test(path))
    return {
      kind: 'refused',
      because: 'it is a part of a split archive, which is not read: join them (cat PARTS > WHOLE)',
    };
  const found = packed.find(({ begins }) => text.startsWith(begins));
  if (found)
    return { kind: 'refused', because: `it is ${found.what}, which is not read: unpack it (${found.command})` };
  if (!isPacked(path) && (text.startsWith('\u001f\u008b\u0008') || text.startsWith('\u0028\u00b5\u002f\u00fd')))
    return {
      kind: 'refused',
      because: `it is packed, and its name does not say so: add .${text.startsWith('\u001f') ? 'gz' : 'zst'} to it`,
    };
  return null;
}

/** Lines of a head that are tried. */
const linesTried = 40;

/** A log of Linux' audit, as auditd writes it or `ausearch --raw` prints it; null for anything else. */
function recognisedAudit(lines: readonly string[]): FileKind | null {
  const read = lines.filter((line) => auditRecord(line) !== null).length;
  if (read > 0 && read * 2 >= lines.filter((line) => !isAuditSeparator(line)).length)
    return { kind: 'evidence', format: 'audit', table: auditTable };
  return lines.some((line) => interpretedAudit.test(line))
    ? {
        kind: 'refused',
        because: 'it is what ausearch -i prints, with the time of an unnamed zone: give audit.log itself',
      }
    : null;
}

/** The first lines that hold anything; the last of a head may be cut. */
const firstLines = (text: string): string[] =>
  text
    .slice(0, text.length < headBytes ? undefined : text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => line.replaceAll('\0', ''))
    .filter((line) => line.trim() !== '')
    .slice(0, linesTried);

/** Messages of syslog, or of a journal that was exported; null for anything else. */
function recognisedSyslog(text: string, lines: readonly string[]): FileKind | null {
  const found = (format: SyslogFormat): FileKind => ({ kind: 'evidence', format, table: 'Syslog' });
  if (beginsAsJournal(text)) return found('journal-file');
  if (/^(?:__CURSOR|__REALTIME_TIMESTAMP|__SEQNUM|__MONOTONIC_TIMESTAMP)=/.test(text)) return found('journal-export');
  if (/^\u001e?\s*\{/.test(text) && text.includes('"__REALTIME_TIMESTAMP"')) {
    if (/^\u001e?\s*\{[^\n]*"__REALTIME_TIMESTAMP"/.test(text)) return found('journal-json');
    return {
      kind: 'refused',
      because: 'it is a journal over several lines an entry: export it with -o json or -o export',
    };
  }
  const read = lines.filter((line) => syslogLine(line) !== null).length;
  return read > 0 && read * 2 >= lines.length ? found('syslog') : null;
}

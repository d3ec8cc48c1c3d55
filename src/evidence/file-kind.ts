import { headOf } from '../archives/open-file.ts';
import type { SyslogFormat } from '../syslog/syslog-file.ts';
import { syslogLine } from '../syslog/syslog-line.ts';
import type { FileKind } from './evidence-files.ts';
import { recognisedTable } from './recognised-table.ts';

/** How much of a file is looked at. */
const headBytes = 64 * 1024;

const stranger: FileKind = { kind: 'stranger' };

/** Contents that are evidence in a form that is not read, by how they begin. */
const refused: readonly { begins: string; because: string }[] = [
  {
    begins: 'LPKSHHRH',
    because: 'it is a journal as systemd keeps it: export it (journalctl --file FILE -o export > FILE.export)',
  },
  { begins: '7z\u00bc\u00af\u0027\u001c', because: 'it is a .7z archive: unpack it' },
  { begins: 'Rar!\u001a\u0007', because: 'it is a .rar archive: unpack it' },
  { begins: 'vhdxfile', because: 'it is a virtual disk: attach it read-only and name the folder' },
  { begins: '\u00fd7zXZ\u0000', because: 'it is packed by xz: unpack it' },
  { begins: '\u0028\u00b5\u002f\u00fd', because: 'it is packed by zstd: unpack it' },
  { begins: 'BZh', because: 'it is packed by bzip2: unpack it' },
];

/** Finds out what a file is. Throws as the system does, or an ArchiveError. */
export async function fileKind(path: string): Promise<FileKind> {
  const head = await headOf(path, headBytes);
  if (head.length === 0) return { kind: 'empty' };
  const text = head.toString('latin1');
  if (text.startsWith('ElfFile\0') || text.startsWith('ElfChnk\0') || /\.evtx(?:\.gz)?$/i.test(path))
    return { kind: 'evidence', format: 'evtx', table: undefined };
  if (/^PK(?:\u0003\u0004|\u0005\u0006)/.test(text)) return /\.zip$/i.test(path) ? { kind: 'archive' } : stranger;
  const known = refused.find(({ begins }) => text.startsWith(begins));
  if (known) return { kind: 'refused', because: known.because };
  if (text.slice(257, 262) === 'ustar') return { kind: 'refused', because: 'it is a tar archive: unpack it' };
  return recognisedSyslog(text) ?? recognisedTable(path, head);
}

/** Lines of a head that are tried. */
const linesTried = 40;

/** Messages of syslog, or of a journal that was exported; null for anything else. */
function recognisedSyslog(text: string): FileKind | null {
  const found = (format: SyslogFormat): FileKind => ({ kind: 'evidence', format, table: 'Syslog' });
  if (/^(?:__CURSOR|__REALTIME_TIMESTAMP|__SEQNUM|__MONOTONIC_TIMESTAMP)=/.test(text)) return found('journal-export');
  if (/^\u001e?\s*\{/.test(text) && text.includes('"__REALTIME_TIMESTAMP"')) {
    if (/^\u001e?\s*\{[^\n]*"__REALTIME_TIMESTAMP"/.test(text)) return found('journal-json');
    return {
      kind: 'refused',
      because: 'it is a journal over several lines an entry: export it with -o json or -o export',
    };
  }
  const lines = text
    .slice(0, text.length < headBytes ? undefined : text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => line.replaceAll('\0', ''))
    .filter((line) => line.trim() !== '')
    .slice(0, linesTried);
  const read = lines.filter((line) => syslogLine(line) !== null).length;
  return read > 0 && read * 2 >= lines.length ? found('syslog') : null;
}

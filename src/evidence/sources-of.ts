import { auditSource } from './audit-logs.ts';
import { EvidenceEvents, eventLogSource, exportedEventsSource } from './event-logs.ts';
import { type EvidenceFile, isSyslogFormat, isUtmpFormat } from './evidence-files.ts';
import { jsonSource } from './json-export.ts';
import type { Reading } from './reading.ts';
import { shapedSource } from './shaped-exports.ts';
import type { Source } from './source.ts';
import { syslogSource } from './syslog-logs.ts';
import { TextExport } from './text-export.ts';
import { utmpSource } from './utmp-records.ts';

/** A file by the way in which its rows are read: piece by piece, or into memory. */
export type OpenedFile = { file: EvidenceFile } & (
  | { text: TextExport; source: undefined }
  | { text: undefined; source: Source }
);

/** How files are read, where not as is good for their size. */
export interface Tuning {
  bytesAtOnce?: number | undefined;
  threads?: number | undefined;
  /** Megabytes of memory that each of these threads may take. */
  threadMegabytes?: number | undefined;
}

/** The rows of evidence files, by their formats. An event that is in several event logs is a row once. */
export function sourcesOf(reading: Reading, tuning: Tuning = {}): OpenedFile[] {
  const events = new EvidenceEvents();
  // An export may hold what a log beside it holds in full.
  const inOrder = [...reading.files].sort((a, b) => Number(a.format === 'events') - Number(b.format === 'events'));
  return inOrder.map((file): OpenedFile => {
    const { path, format, found, year, shape, form } = file;
    const table = file.table ?? path;
    if (format === 'evtx') return { file, text: undefined, source: eventLogSource(path, events) };
    if (format === 'events') {
      const source = exportedEventsSource({ path, form: form ?? 'xml' }, events);
      return { file, text: undefined, source };
    }
    if (format === 'audit') return { file, text: undefined, source: auditSource(path) };
    if (isUtmpFormat(format)) return { file, text: undefined, source: utmpSource({ path, format }) };
    if (isSyslogFormat(format))
      return { file, text: undefined, source: syslogSource({ path, format, ...(year ? { year } : {}) }) };
    if (shape)
      return { file, text: undefined, source: shapedSource({ path, format, table, shape, lenient: found === true }) };
    if (format === 'csv' || format === 'jsonl') {
      const text = new TextExport({
        file: path,
        table,
        format,
        lenient: found === true,
        digest: reading.digestOf(path),
        learned: reading.learned.get(path),
        ...tuning,
        ...(reading.alone.has(path) ? { threads: 0 } : {}),
      });
      return { file, text, source: undefined };
    }
    return { file, text: undefined, source: jsonSource(table, path, found) };
  });
}

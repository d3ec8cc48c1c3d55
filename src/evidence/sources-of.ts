import { headOf } from '../archives/open-file.ts';
import { decodedHead } from './decoded-head.ts';
import { EvidenceEvents } from './event-logs.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { JsonListEnds } from './json-list.ts';
import type { Reading } from './reading.ts';
import { rowSource } from './row-source.ts';
import type { Source } from './source.ts';
import { TextExport } from './text-export.ts';

/** A file by the way in which its rows are read: piece by piece, or into memory. */
export type OpenedFile = { file: EvidenceFile } & (
  | { text: TextExport; source: undefined }
  | { text: undefined; source: Source }
);

/** How files are read, where not as is good for their size. */
export interface Tuning {
  bytesAtOnce?: number | undefined;
  threads?: number | undefined;
  /** Bytes of files that are read into memory, where together they have fewer. */
  wholeBelow?: number | undefined;
  /** Megabytes of memory that each of these threads may take. */
  threadMegabytes?: number | undefined;
}

/** The rows of evidence files, by their formats. An event that is in several event logs is a row once; `events` gets them. */
export async function sourcesOf(
  reading: Reading,
  tuning: Tuning = {},
  events = new EvidenceEvents(),
): Promise<OpenedFile[]> {
  // An export may hold what a log beside it holds in full.
  const inOrder = [...reading.files].sort((a, b) => Number(a.format === 'events') - Number(b.format === 'events'));
  const opened: OpenedFile[] = [];
  // One after the other: of many archives that are read at once some would be closed before they are.
  for (const file of inOrder) {
    const { path, format, found, shape } = file;
    const isText = shape === undefined && (format === 'csv' || format === 'jsonl' || format === 'json');
    if (!isText || (format === 'json' && !(await beginsAsList(path)))) {
      opened.push({ file, text: undefined, source: rowSource(file, events) });
      continue;
    }
    const text = new TextExport({
      file: path,
      table: file.table ?? path,
      format,
      lenient: found === true,
      content: reading.contentOf(path),
      learned: reading.learned.get(path),
      bytesAtOnce: tuning.bytesAtOnce,
      threads: reading.alone.has(path) ? 0 : tuning.threads,
      threadMegabytes: tuning.threadMegabytes,
    });
    opened.push({ file, text, source: undefined });
  }
  return opened;
}

/** Is it a JSON list, or an object with a list of records, by its beginning? Log Analytics' tables of rows are neither. */
async function beginsAsList(path: string): Promise<boolean> {
  const head = await headOf(path, 64 * 1024, () => {}).catch(() => Buffer.alloc(0));
  const text = Buffer.from(decodedHead(head) ?? '');
  const ends = new JsonListEnds();
  ends.last(text, text.length);
  return ends.hasList;
}

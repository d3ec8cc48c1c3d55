import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Entry } from '../documents/transcript.ts';
import { caseNotes } from './case-notes.ts';
import type { CaseFile, CaseReader } from './case-store.ts';
import { genesis } from './chain.ts';
import { readEvidence } from './evidence.ts';
import { htmlNotes } from './export-html.ts';
import { indicatorCsv } from './export-indicators.ts';
import { irisTimeline } from './export-iris.ts';
import { markdownNotes } from './export-markdown.ts';
import { stixBundle } from './export-stix.ts';
import { timesketchEvents } from './export-timesketch.ts';
import type { NotesSource } from './notes-source.ts';
import { TranscriptDamagedError } from './transcript.ts';
import type { Verification } from './verify.ts';
import { writeNew } from './write-new.ts';

/** The formats that hold the whole record and need nothing but cordon to be written. */
export const exportFormats = ['markdown', 'html', 'timesketch'] as const;
export type ExportFormat = (typeof exportFormats)[number] | 'pdf' | 'csv' | 'stix' | 'iris';

const extensions: Record<ExportFormat, string> = {
  markdown: '.md',
  html: '.html',
  pdf: '.pdf',
  timesketch: '.jsonl',
  csv: '-indicators.csv',
  stix: '.stix.json',
  iris: '-iris.csv',
};

export interface Exported {
  format: ExportFormat;
  /** Absolute path. */
  file: string;
  sha256: string;
  bytes: number;
  /** What it covers: note these two outside of the machine. */
  entries: number;
  head: string;
  verification: Verification;
}

export interface ExportOptions {
  format: ExportFormat;
  /** Where to write; default `exports/<case id>` with the format's ending in the case's folder. */
  target?: string;
  now: () => Date;
  /** Prints one HTML page; needed for `pdf` alone. */
  printPdf?: (html: string) => Promise<Uint8Array>;
}

/**
 * Writes the case notes. An existing file is never replaced: the name gets `-2`, `-3`. What is readable of a damaged
 * case is exported with a warning; `verification` reports.
 */
export async function exportCase(source: CaseReader, options: ExportOptions): Promise<Exported> {
  const { format } = options;
  const from = await notesSourceOf(source, options.now().toISOString());
  const { head, count, verification } = from;
  const target = resolve(options.target ?? join(source.directory, 'exports', `${source.id}${extensions[format]}`));
  const written = await writeNew(target, piecesOf(options, from));
  return { format, ...written, entries: count, head, verification };
}

/** The input of notes: the case as far as it goes now, though it may grow while they are written. */
export async function notesSourceOf(source: CaseReader, exportedAt: string): Promise<NotesSource> {
  const verification = await source.verify();
  let head = genesis;
  let count = 0;
  for await (const entry of readable(source.entries())) {
    head = entry.hash;
    count = entry.seq;
  }
  return {
    id: source.id,
    header: source.header,
    // Later passes read no further than the first, though the case may grow.
    entries: () => upTo(readable(source.entries()), count),
    // Lost evidence is reported by the verification; the shortened body is still there.
    fullBody: (entry) => source.fullBody(entry).catch(() => entry.body),
    evidence: (ref) => readEvidence(source.directory, ref).catch(() => null),
    verification,
    head,
    count,
    exportedAt,
  };
}

/** Exports an open case and appends the `export` entry with the file's SHA-256. */
export async function exportAndRecord(open: CaseFile, actor: string, options: ExportOptions): Promise<Exported> {
  await open.transcript.flush();
  const exported = await exportCase(open, options);
  const inside = relative(open.directory, exported.file);
  await open.transcript.append('export', actor, {
    format: exported.format,
    file: inside.startsWith('..') || isAbsolute(inside) ? exported.file : inside,
    sha256: exported.sha256,
    bytes: exported.bytes,
    entries: exported.entries,
    head: exported.head,
  });
  return exported;
}

function piecesOf({ format, printPdf }: ExportOptions, source: NotesSource): AsyncIterable<string | Uint8Array> {
  switch (format) {
    case 'markdown':
      return markdownNotes(caseNotes(source));
    case 'html':
      return htmlNotes(`Case ${source.id}`, caseNotes(source));
    case 'pdf':
      return printed(source, printPdf);
    case 'timesketch':
      return timesketchEvents(source);
    case 'csv':
      return indicatorCsv(source);
    case 'stix':
      return stixBundle(source);
    case 'iris':
      return irisTimeline(source);
  }
}

async function* printed(source: NotesSource, print: ExportOptions['printPdf']): AsyncGenerator<Uint8Array> {
  if (!print) throw new Error('nothing here prints PDF');
  const pieces: string[] = [];
  for await (const piece of htmlNotes(`Case ${source.id}`, caseNotes(source))) pieces.push(piece);
  yield await print(pieces.join(''));
}

async function* readable(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  try {
    yield* entries;
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError)) throw error;
  }
}

async function* upTo(entries: AsyncIterable<Entry>, last: number): AsyncGenerator<Entry> {
  if (last === 0) return;
  for await (const entry of entries) {
    yield entry;
    if (entry.seq >= last) return;
  }
}

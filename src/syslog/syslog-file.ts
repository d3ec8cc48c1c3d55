import { contentOf } from '../archives/open-file.ts';
import { type Ticks, ticksOfUnix, ticksPerMinute, unixOf } from '../triage/logons/ticks.ts';
import { ExportParser, type JournalFields, journalEntry, jsonFields } from './journal.ts';
import { JournalFileParser } from './journal-file.ts';
import type { SyslogEntry } from './syslog-entry.ts';
import { type SyslogLineForm, syslogLine, type YearlessTime } from './syslog-line.ts';
import { LocalTimes } from './time-zone.ts';
import { type DerivedYear, instantOf, localOf, YearCounter, type YearEvidence } from './years.ts';

/** How the messages are written in a file. */
export type SyslogFormat = 'syslog' | 'journal-json' | 'journal-export' | 'journal-file';

/** A file of syslog's messages. */
export interface SyslogFile {
  path: string;
  format: SyslogFormat;
  /** Of lines that have none (RFC 3164). */
  year?: DerivedYear;
}

/** What could not be read in a file, once all was. */
export interface SyslogGaps {
  /** Lines, or entries, of no known form, and the first of them; 0 where there is none. */
  unread: number;
  firstUnread: number;
  /** Bytes of zeros between lines: what a file system leaves after a crash. */
  zeros: number;
  /** Of a journal as systemd keeps it: its state, and what is damaged in it. */
  remarks: string[];
}

/** Messages are handed on in portions. */
type Portion = SyslogEntry[];
/** Longer lines are no line of syslog. */
const longestLine = 1024 * 1024;

/**
 * The messages of a file, in portions and in bounded memory. Throws as the system does, or an ArchiveError: what came before
 * counts. `gaps` is added to.
 */
export async function* syslogEntries(
  file: SyslogFile,
  gaps: SyslogGaps,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<Portion> {
  const reader = file.format === 'syslog' ? new LineReader(file.year, gaps) : new JournalReader(gaps);
  if (file.format === 'journal-export' || file.format === 'journal-file') yield* exportEntries(file, gaps, read);
  else for await (const lines of linesOf(file.path, gaps, read)) yield lines.flatMap((line) => reader.read(line) ?? []);
}

export const noGaps = (): SyslogGaps => ({ unread: 0, firstUnread: 0, zeros: 0, remarks: [] });

/** One-based. */
export interface NumberedLine {
  number: number;
  text: string;
}

/** The lines of a file that hold anything. Bytes that are no UTF-8 are replaced: names that clients try can be any. */
export async function* linesOf(
  path: string,
  gaps: SyslogGaps,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<NumberedLine[]> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let number = 0;
  const take = (parts: string[]): NumberedLine[] =>
    parts.flatMap((part) => {
      number += 1;
      const text = part.includes('\0') ? withoutZeros(part, gaps) : part;
      return text.trim() === '' ? [] : [{ number, text: text.endsWith('\r') ? text.slice(0, -1) : text }];
    });
  for await (const bytes of await contentOf(path)) {
    read(bytes.length);
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = (parts.pop() ?? '').slice(0, longestLine);
    yield take(parts);
  }
  yield take([rest + decoder.decode()]);
}

function withoutZeros(text: string, gaps: SyslogGaps): string {
  const rest = text.replaceAll('\0', '');
  gaps.zeros += text.length - rest.length;
  return rest;
}

/** Counts a line, or an entry, of no known form. */
export function noteUnread(gaps: SyslogGaps, number: number): void {
  if (gaps.unread === 0) gaps.firstUnread = number;
  gaps.unread += 1;
}

/** How sysklogd and the BSDs leave out lines that are like the one before; Apple's syslog has dashes for the host. */
const repeated = /^last message repeated (\d{1,6}) times?(?: ---)?$/;
const noHost = '---';
/** The daemon speaks without a tag, or by its name (FreeBSD, rsyslog 4); a program that says the same says it of itself. */
const ofDaemon = ({ program }: SyslogLineForm): boolean => /^(?:r?syslogd)?$/.test(program);

class LineReader {
  readonly #counter = new YearCounter();
  readonly #year: number;
  readonly #gaps: SyslogGaps;
  #before: SyslogLineForm | null = null;
  readonly #local: LocalTimes | undefined;

  constructor(year: DerivedYear | undefined, gaps: SyslogGaps) {
    this.#local = year?.zone && new LocalTimes(year.zone.name);
    this.#year = year?.first ?? new Date().getUTCFullYear();
    this.#gaps = gaps;
  }

  read({ number, text }: NumberedLine): SyslogEntry | null {
    const line = syslogLine(text);
    if (line === null) {
      noteUnread(this.#gaps, number);
      return null;
    }
    const at = line.at ?? this.#instant(line.yearless);
    const again = ofDaemon(line) ? repeated.exec(line.message) : null;
    const { host, program, processId, message, facility, severity } = line;
    if (!again || !this.#before) {
      this.#before = line;
      return { at, line: number, host, program, processId, message, facility, severity };
    }
    // sysklogd and BSD's say it without the message, rsyslog with it.
    const before = this.#before;
    return {
      at,
      line: number,
      host: host === noHost ? before.host : host,
      program: before.program,
      processId: before.processId,
      message: `message repeated ${again[1]} times: [ ${before.message}]`,
      facility: facility || before.facility,
      severity: severity || before.severity,
    };
  }

  #instant(time: YearlessTime | null): Ticks {
    if (!time) return 0;
    const year = this.#year + this.#counter.yearOf(time);
    return this.#local ? ticksOfUnix(this.#local.instant(localOf(time, year))) : instantOf(time, year);
  }
}

class JournalReader {
  readonly #gaps: SyslogGaps;

  constructor(gaps: SyslogGaps) {
    this.#gaps = gaps;
  }

  read({ number, text }: NumberedLine): SyslogEntry | null {
    return entryOf(jsonFields(text), number, this.#gaps);
  }
}

function entryOf(fields: JournalFields | null, number: number, gaps: SyslogGaps): SyslogEntry | null {
  const entry = fields && journalEntry(fields, number);
  if (entry === null) noteUnread(gaps, number);
  return entry;
}

async function* exportEntries(
  { path, format }: SyslogFile,
  gaps: SyslogGaps,
  read: (bytes: number) => void,
): AsyncGenerator<Portion> {
  const parser = format === 'journal-file' ? new JournalFileParser() : new ExportParser();
  let number = 0;
  const take = (entries: Iterable<JournalFields>): Portion => {
    const taken: Portion = [];
    for (const fields of entries) {
      number += 1;
      const entry = entryOf(fields, number, gaps);
      if (entry) taken.push(entry);
    }
    return taken;
  };
  for await (const bytes of await contentOf(path)) {
    read(bytes.length);
    yield take(parser.push(bytes));
  }
  if (parser instanceof JournalFileParser) {
    gaps.remarks.push(...parser.finish());
    return;
  }
  yield take(parser.finish());
  for (let i = 0; i < parser.damaged; i++) noteUnread(gaps, number);
}

/** Reads the times of a log alone, for its years. What cannot be read ends it there. */
export async function yearEvidence(path: string): Promise<YearEvidence> {
  const counter = new YearCounter();
  const leapYears = new Set<number>();
  let first: YearlessTime | null = null;
  let last: YearlessTime | null = null;
  let anchored: number | null = null;
  let begins: Ticks | null = null;
  try {
    for await (const lines of linesOf(path, noGaps())) {
      for (const { text } of lines) {
        const line = syslogLine(text.slice(0, 512));
        if (line?.yearless) {
          const years = counter.yearOf(line.yearless);
          first ??= line.yearless;
          last = line.yearless;
          if (line.yearless.month === 1 && line.yearless.day === 29) leapYears.add(years);
        } else if (line?.at != null) {
          begins ??= line.at;
          if (last !== null) anchored ??= anchoredYear(line.at, last, counter.years);
        }
      }
    }
  } catch {
    // It is reported when its lines are read.
  }
  const { years } = counter;
  return { yearless: first !== null, years, first, last, leapYears: [...leapYears], anchored, begins };
}

/** The first line's year, by a line with its year that follows one without. */
function anchoredYear(at: Ticks, last: YearlessTime, years: number): number | null {
  for (const year of [0, 1]) {
    const candidate = new Date(unixOf(at)).getUTCFullYear() - year;
    // A day more, where the line that follows has a zone.
    if (instantOf(last, candidate) <= at + 24 * 60 * ticksPerMinute) return candidate - years;
  }
  return null;
}

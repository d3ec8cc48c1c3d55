import { ticksOfUnix } from '../../triage/logons/ticks.ts';
import { type Fields, textOf } from '../shapes/export-shape.ts';
import { places } from './get-winevent.ts';
import { fieldText, instantOf, type Reporter, type RowLogon, valueText } from './reporter.ts';
import { windowsLogon } from './windows.ts';

const provider = 'Microsoft-Windows-Security-Auditing';
const mostStrings = 100;

interface Record {
  eventId: number;
  computer: string;
  recordId: string;
  strings: readonly unknown[];
}

/** A record in JSON, as `psort -o json_line` has it (log2timeline/plaso, plaso/parsers/winevtx.py, 20240826). */
function recordIn(row: Fields): Record | null {
  const strings = row.get('strings');
  if (row.get('data_type') !== 'windows:evtx:record' || row.get('source_name') !== provider) return null;
  return {
    eventId: Number(fieldText(row, 'event_identifier')),
    computer: fieldText(row, 'computer_name', 'hostname'),
    recordId: fieldText(row, 'record_number'),
    strings: Array.isArray(strings) ? strings : [],
  };
}

/** The message of its formatter (data/formatters/windows.yaml), whose strings are a list of Python's; a CSV has blanks in place of commas. */
const begins =
  /^\[(\d{1,5}) \/ 0x[0-9a-f]{4,8}\] (?:Provider identifier: \S{1,60} )?Source Name: Microsoft-Windows-Security-Auditing /;
const [listBegins, listEnds] = [' Strings: [', '] Computer Name: '];
const ends = /^(\S{1,255}) Record Number: (\d{1,16})\b/;
const longestMessage = 64 * 1024;
const pythonText = /'((?:[^'\\]|\\.){0,4000})'|"((?:[^"\\]|\\.){0,4000})"|None/g;

/** A logon's record; why it cannot be read from the message; null for any other. A name that was typed may hold what ends the list, or begins one. */
function recordSaid(message: string): Record | null | { because: string } {
  const text = message.slice(0, longestMessage);
  const eventId = begins.exec(text)?.[1];
  if (eventId === undefined || !places.has(Number(eventId))) return null;
  const from = text.indexOf(listBegins);
  const to = text.lastIndexOf(listEnds);
  if (from < 0 || to < from || text.lastIndexOf(listBegins) !== from)
    return { because: 'its message does not have one list of strings' };
  const list = text.slice(from + listBegins.length, to);
  const [, computer = '', recordId = ''] = ends.exec(text.slice(to + listEnds.length)) ?? [];
  const strings = [...list.matchAll(pythonText)]
    .slice(0, mostStrings)
    .map(([, single, double]) => (single ?? double ?? '').replace(/\\(['"\\])/g, '$1'));
  return { eventId: Number(eventId), computer, recordId, strings };
}

/** Microseconds since 1970 in JSON, `datetime` of the dynamic CSV, or date and time of l2tcsv where its zone is UTC. */
function timeOf(row: Fields) {
  const unix = Number(fieldText(row, 'timestamp') || Number.NaN);
  if (Number.isSafeInteger(unix)) return ticksOfUnix(0) + unix * 10;
  if (row.has('datetime')) return instantOf(row.get('datetime'));
  const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(fieldText(row, 'date')) ?? [];
  const isUtc = fieldText(row, 'timezone') === 'UTC';
  return year !== undefined && isUtc ? instantOf(`${year}-${month}-${day}T${fieldText(row, 'time')}Z`) : null;
}

/** The time line of Plaso: json_line, and CSV as `dynamic` and `l2tcsv` have it. */
export const plaso: Reporter = {
  lacks: 'events that Plaso was not given, or that its filter left out',
  logonOf: (row): RowLogon => {
    const record = recordIn(row) ?? recordSaid(textOf(row.get('message')) || textOf(row.get('desc')));
    if (!record || 'because' in record) return record;
    const own = places.get(record.eventId);
    if (!own) return null;
    const logon = windowsLogon({
      ...record,
      at: timeOf(row),
      field: (name) => valueText(record.strings[own.get(name) ?? -1]),
    });
    if (!logon || 'because' in logon || !logon.once) return logon;
    // One record is an event at the time when it was made, and another at that when it was written.
    return { ...logon, id: [record.computer, record.recordId, record.eventId].join('\n') };
  },
};

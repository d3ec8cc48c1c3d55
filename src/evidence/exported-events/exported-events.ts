import { TextDecoder } from 'node:util';
import { contentOf } from '../../archives/open-file.ts';
import { fieldsOf, type LogEvent, systemOf, type XmlElement } from '../../eventlog/log-event.ts';
import { ticksOf } from '../../triage/logons/ticks.ts';
import { csvRows, textLines } from '../text-rows.ts';
import type { EventForm } from './event-form.ts';
import { type EventParts, eventParts, evtxecmdParts } from './event-json.ts';
import { EventTexts, xmlElement } from './event-xml.ts';
import { ObjectTexts } from './object-texts.ts';

/** Events as a program exported them. */
export interface ExportedEvents {
  path: string;
  form: EventForm;
}

/** What could not be read of a file of exported events: how many records, and the line of the first. */
export interface ExportGaps {
  unread: number;
  firstUnread: number;
}

/**
 * The events of an export, in its order; `offset` of each is the line that it begins in. No checksum covers any: they are
 * as whole as the program left them. Throws an EvidenceError, or as the system does, where the file cannot be read on.
 */
export async function* exportedEvents(
  { path, form }: ExportedEvents,
  gaps: ExportGaps,
  read: (bytes: number) => void,
): AsyncGenerator<LogEvent> {
  const records =
    form === 'xml' ? xmlEvents(path, read) : form === 'json' ? jsonEvents(path, read) : partsOf(path, form, read);
  for await (const { line, event } of records) {
    if (event) yield { ...event, offset: line };
    else note(gaps, line);
  }
}

function note(gaps: ExportGaps, line: number): void {
  if (gaps.unread === 0) gaps.firstUnread = line;
  gaps.unread += 1;
}

interface Read {
  line: number;
  event: Omit<LogEvent, 'offset'> | null;
}

/** What parts a stream of text into those of events. */
interface Texts {
  push(text: string): Iterable<{ text: string; line: number }>;
  finish(): Iterable<{ text: string; line: number }>;
}

async function* textsOf(
  path: string,
  read: (bytes: number) => void,
  texts: Texts,
): AsyncGenerator<{ text: string; line: number }> {
  let decoder: TextDecoder | undefined;
  for await (const bytes of await contentOf(path)) {
    read(bytes.length);
    decoder ??= new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8');
    yield* texts.push(decoder.decode(bytes, { stream: true }));
  }
  yield* texts.push(decoder?.decode() ?? '');
  yield* texts.finish();
}

async function* xmlEvents(path: string, read: (bytes: number) => void): AsyncGenerator<Read> {
  for await (const { text, line } of textsOf(path, read, new EventTexts())) {
    const xml = xmlElement(text);
    const system = xml && systemOf(xml, ticksOf);
    yield { line, event: xml && system ? { system, fields: fieldsOf(xml), xml, verified: true } : null };
  }
}

async function* jsonEvents(path: string, read: (bytes: number) => void): AsyncGenerator<Read> {
  for await (const { text, line } of textsOf(path, read, new ObjectTexts()))
    yield { line, event: eventOf(jsonParts(text)) };
}

async function* partsOf(path: string, form: EventForm, read: (bytes: number) => void): AsyncGenerator<Read> {
  if (form === 'json-lines') {
    for await (const { line, text } of textLines(path, read)) yield { line, event: eventOf(jsonParts(text)) };
    return;
  }
  let places: Map<string, number> | undefined;
  for await (const { line, fields } of csvRows(path, read)) {
    if (places) {
      const at = places;
      yield { line, event: eventOf(evtxecmdParts((name) => fields[at.get(name) ?? -1])) };
    } else places = new Map(fields.map((name, place) => [name, place]));
  }
}

function jsonParts(text: string): EventParts | null {
  try {
    return eventParts(JSON.parse(text));
  } catch {
    return null;
  }
}

function eventOf(parts: EventParts | null): Read['event'] {
  if (!parts) return null;
  const element = (name: string, children: XmlElement['children']): XmlElement => ({
    name,
    attributes: [],
    children,
    empty: false,
  });
  const data = parts.fields.map(
    ({ name, value }): XmlElement => ({
      ...element('Data', value === '' ? [] : [value]),
      attributes: name === '' ? [] : [['Name', name]],
    }),
  );
  return { ...parts, xml: element('Event', [element('EventData', data)]), verified: true };
}

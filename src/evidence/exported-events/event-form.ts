import { baseName } from '../../archives/evidence-path.ts';
import { csvHead } from '../csv-dialect.ts';
import { decodedHead } from '../decoded-head.ts';
import { eventParts } from './event-json.ts';

/**
 * Events of Windows that a program has written as text: the XML of Event Viewer and of `wevtutil qe /f:xml`, EvtxECmd's CSV, and
 * JSON lines of EvtxECmd, Velociraptor, evtx_dump and Chainsaw.
 */
export type EventForm = 'xml' | 'evtxecmd-csv' | 'json-lines';

/** In words, for remarks. */
export const eventFormNames: Record<EventForm, string> = {
  xml: 'XML',
  'evtxecmd-csv': 'EvtxECmd’s CSV',
  'json-lines': 'JSON lines',
};

/** The columns of EvtxECmd without which its rows are no whole events. */
const evtxecmd = ['EventRecordId', 'TimeCreated', 'EventId', 'Provider', 'Channel', 'Computer', 'Payload'];

/** The form of a file of events; null where it is none. */
export function eventForm(path: string, head: Buffer): EventForm | null {
  const text = decodedHead(head)?.trimStart();
  if (text === undefined) return null;
  if (/^(?:<\?xml[^>]*>\s*)?(?:<Events(?:\s[^>]*)?>\s*)?<Event[\s>]/.test(text) && text.includes('<System>'))
    return 'xml';
  const [first = ''] = text.split(/\r?\n/, 1);
  if (first.startsWith('{')) return eventParts(parsed(first)) === null ? null : 'json-lines';
  if (!/\.(?:csv|tsv|txt)/i.test(baseName(path))) return null;
  const names = new Set(csvHead(text).names);
  return evtxecmd.every((name) => names.has(name)) ? 'evtxecmd-csv' : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

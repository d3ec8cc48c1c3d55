import { baseName } from '../../archives/evidence-path.ts';
import { csvHead } from '../csv-dialect.ts';
import { decodedHead } from '../decoded-head.ts';
import { eventParts } from './event-json.ts';
import { ObjectTexts } from './object-texts.ts';

/**
 * Events of Windows that a program has written as text: the XML of Event Viewer, `wevtutil qe /f:xml`, evtx_dump and python-evtx,
 * EvtxECmd's CSV, JSON lines of EvtxECmd, Velociraptor, evtx_dump, Chainsaw, Winlogbeat and NXLog; and the same as JSON over several lines, or
 * in a list.
 */
export type EventForm = 'xml' | 'evtxecmd-csv' | 'json-lines' | 'json';

/** In words, for remarks. */
export const eventFormNames: Record<EventForm, string> = {
  xml: 'XML',
  'evtxecmd-csv': 'EvtxECmd’s CSV',
  'json-lines': 'JSON lines',
  json: 'JSON',
};

/** The columns of EvtxECmd without which its rows are no whole events. */
const evtxecmd = ['EventRecordId', 'TimeCreated', 'EventId', 'Provider', 'Channel', 'Computer', 'Payload'];

/** The form of a file of events; null where it is none. */
export function eventForm(path: string, head: Buffer): EventForm | null {
  const text = decodedHead(head)?.trimStart();
  if (text === undefined) return null;
  if (
    /^(?:Record \d+\s+)?(?:<\?xml[^>]*>\s*)?(?:<Events(?:\s[^>]*)?>\s*)?<Event[\s>]/.test(text) &&
    text.includes('<System>')
  )
    return 'xml';
  if (/^(?:Record \d+\s+|\[\s*)?\{/.test(text)) {
    const [object] = new ObjectTexts().push(text);
    if (!object || eventParts(parsed(object.text)) === null) return null;
    const [first = ''] = text.split(/\r?\n/, 1);
    return first.trim() === object.text ? 'json-lines' : 'json';
  }
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

import type { Ticks } from '../triage/logons/ticks.ts';

/** An element of an event's XML with its values in place. */
export interface XmlElement {
  name: string;
  attributes: [name: string, value: string][];
  children: (XmlElement | string)[];
  /** Written as `<Name/>`; an element without content otherwise is `<Name></Name>`. */
  empty: boolean;
}

/** What an event says under `System`, in the words of its XML. A number that is absent is null, a text "". */
export interface EventSystem {
  provider: string;
  providerGuid: string;
  eventSourceName: string;
  eventId: number;
  qualifiers: number | null;
  version: number | null;
  level: number | null;
  task: number | null;
  opcode: number | null;
  /** "0x8010000000000000". */
  keywords: string;
  /** TimeCreated: 100 ns, see `Ticks`; null when the event has no time that can be read. */
  time: Ticks | null;
  /** EventRecordID: for a forwarded event, its number in the log that it comes from. */
  recordId: number;
  activityId: string;
  processId: number | null;
  threadId: number | null;
  channel: string;
  computer: string;
  /** SID of the account that wrote it, "" when it is not known. */
  userId: string;
}

/** One field of EventData or UserData, in their order in the record. */
export interface EventField {
  /** "" for a `Data` without a name. */
  name: string;
  value: string;
}

/** A whole event. */
export interface LogEvent {
  system: EventSystem;
  fields: EventField[];
  /** The whole XML, `Event` at its root. */
  xml: XmlElement;
  /** Is what it says covered by checksums that match? What is not is shown, and proves nothing. */
  verified: boolean;
  /** Where its record is, in bytes from the beginning of the file. */
  offset: number;
}

/** The value of the event's first field of that name; "" when it has none. */
export function fieldOf(event: LogEvent, name: string): string {
  return event.fields.find((field) => field.name === name)?.value ?? '';
}

/** The text of an element and of all that it holds. */
export function textOf(element: XmlElement): string {
  return element.children.map((part) => (typeof part === 'string' ? part : textOf(part))).join('');
}

function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((part): part is XmlElement => typeof part !== 'string' && part.name === name);
}

function attributeOf(element: XmlElement | undefined, name: string): string {
  return element?.attributes.find(([known]) => known === name)?.[1] ?? '';
}

function numberIn(text: string): number | null {
  return /^\d{1,16}$/.test(text) ? Number(text) : null;
}

/** The content of `System`, with the time as it was read; null when there is no event id. */
export function systemOf(root: XmlElement, time: (text: string) => Ticks | null): EventSystem | null {
  const system = childOf(root, 'System');
  const text = (name: string): string => {
    const found = childOf(system, name);
    return found ? textOf(found).trim() : '';
  };
  const eventId = numberIn(text('EventID'));
  if (root.name !== 'Event' || eventId === null) return null;
  const provider = childOf(system, 'Provider');
  const execution = childOf(system, 'Execution');
  return {
    provider: attributeOf(provider, 'Name'),
    providerGuid: attributeOf(provider, 'Guid'),
    eventSourceName: attributeOf(provider, 'EventSourceName'),
    eventId,
    qualifiers: numberIn(attributeOf(childOf(system, 'EventID'), 'Qualifiers')),
    version: numberIn(text('Version')),
    level: numberIn(text('Level')),
    task: numberIn(text('Task')),
    opcode: numberIn(text('Opcode')),
    keywords: text('Keywords'),
    time: time(attributeOf(childOf(system, 'TimeCreated'), 'SystemTime')),
    recordId: numberIn(text('EventRecordID')) ?? 0,
    activityId: attributeOf(childOf(system, 'Correlation'), 'ActivityID'),
    processId: numberIn(attributeOf(execution, 'ProcessID')),
    threadId: numberIn(attributeOf(execution, 'ThreadID')),
    channel: text('Channel'),
    computer: text('Computer'),
    userId: attributeOf(childOf(system, 'Security'), 'UserID'),
  };
}

/** The fields of EventData and UserData: `Data` by its attribute Name, other leaves by their own name. */
export function fieldsOf(root: XmlElement): EventField[] {
  const fields: EventField[] = [];
  const collect = (element: XmlElement): void => {
    for (const part of element.children) {
      if (typeof part === 'string') continue;
      if (part.children.some((inner) => typeof inner !== 'string')) collect(part);
      else fields.push({ name: part.name === 'Data' ? attributeOf(part, 'Name') : part.name, value: textOf(part) });
    }
  };
  for (const part of root.children)
    if (typeof part !== 'string' && (part.name === 'EventData' || part.name === 'UserData')) collect(part);
  return fields;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

/** An element as XML text, as Windows renders it, with the quotation marks that Log Analytics has in `EventData`. */
export function xmlText(element: XmlElement): string {
  const attributes = element.attributes.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
  if (element.empty && element.children.length === 0) return `<${element.name}${attributes}/>`;
  const inner = element.children.map((part) => (typeof part === 'string' ? escaped(part) : xmlText(part))).join('');
  return `<${element.name}${attributes}>${inner}</${element.name}>`;
}

import type { EventField, EventSystem } from '../../eventlog/log-event.ts';
import { fieldsOf } from '../../eventlog/log-event.ts';
import { type Ticks, ticksOf, ticksOfUnix, ticksPerMinute } from '../../triage/logons/ticks.ts';
import { textOf } from '../shapes/export-shape.ts';
import { xmlElement } from './event-xml.ts';

/** What an exported event says, before it is an event: its fields are those of EventData, or of UserData. */
export interface EventParts {
  system: EventSystem;
  fields: EventField[];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field of an object, of several names the first that is there. */
function field(object: unknown, ...names: string[]): unknown {
  if (!isObject(object)) return undefined;
  for (const name of names) if (Object.hasOwn(object, name) && object[name] !== null) return object[name];
  return undefined;
}

/**
 * An attribute of one of an object's elements, as the several writers keep it: in it, or beside it (Chainsaw, and `evtx_dump
 * --separate-json-attributes`; omerbenamram/evtx).
 */
function attribute(object: Json, element: string, name: string): unknown {
  const inner = object[element];
  return (
    field(field(inner, '#attributes'), name) ??
    field(object[`${element}_attributes`], name) ??
    field(inner, `@${name}`, name)
  );
}

/** The text of an element: itself, or what its attributes are kept beside. */
const content = (element: unknown): string => textOf(isObject(element) ? field(element, '#text', 'Value') : element);

function numberOf(value: unknown): number | null {
  const text = content(value);
  return /^\d{1,16}$/.test(text) ? Number(text) : null;
}

/** An instant in UTC: ISO 8601, or seconds since 1970. */
function instant(value: unknown): Ticks | null {
  if (typeof value === 'number') return value > 0 && value < 2 ** 33 ? ticksOfUnix(0) + Math.round(value * 1e7) : null;
  return ticksOf(textOf(value));
}

/** `content` of the System of an event; the numbers that its source leaves out are null. */
const emptySystem: EventSystem = {
  provider: '',
  providerGuid: '',
  eventSourceName: '',
  eventId: 0,
  qualifiers: null,
  version: null,
  level: null,
  task: null,
  opcode: null,
  keywords: '',
  time: null,
  recordId: 0,
  activityId: '',
  processId: null,
  threadId: null,
  channel: '',
  computer: '',
  userId: '',
};

/** EvtxECmd's words for levels; its CSV and its JSON have them. */
const levels: Record<string, number> = {
  logalways: 0,
  critical: 1,
  error: 2,
  warning: 3,
  info: 4,
  information: 4,
  verbose: 5,
};

/** Is it a row of EvtxECmd, `--csv` or `--json`? Their Payload is the event's data, as JSON (its README, 2024-05). */
export function evtxecmdParts(row: (name: string) => unknown): EventParts | null {
  const eventId = numberOf(row('EventId'));
  const payload = row('Payload');
  if (eventId === null || typeof payload !== 'string') return null;
  const level = textOf(row('Level'));
  let data: unknown;
  try {
    data = payload === '' ? {} : JSON.parse(payload);
  } catch {
    return null;
  }
  const system: EventSystem = {
    ...emptySystem,
    provider: textOf(row('Provider')),
    eventId,
    level: levels[level.toLowerCase()] ?? (/^\d$/.test(level) ? Number(level) : null),
    time: instant(row('TimeCreated')),
    recordId: numberOf(row('EventRecordId')) ?? 0,
    processId: numberOf(row('ProcessId')),
    threadId: numberOf(row('ThreadId')),
    channel: textOf(row('Channel')),
    computer: textOf(row('Computer')),
    userId: textOf(row('UserId')),
  };
  return { system, fields: dataFields(field(data, 'EventData', 'UserData')) };
}

/** The parts of an exported event in JSON, by whichever program; null for any other record. */
export function eventParts(record: unknown): EventParts | null {
  if (!isObject(record)) return null;
  if (Object.hasOwn(record, 'Payload') && Object.hasOwn(record, 'EventRecordId'))
    return evtxecmdParts((name) => field(record, name));
  const whole = field(record, 'Event') ?? record;
  const own = field(whole, 'System');
  return isObject(own) ? wholeParts(whole, own) : (hunterParts(record) ?? beatParts(record) ?? flatParts(record));
}

/**
 * A document of Winlogbeat or Elastic Agent (elastic.co/guide/en/beats/winlogbeat/8.19/exported-fields-winlog.html; the tests of elastic/integrations,
 * packages/system, 2026-11), also as a hit of a search has it; of Winlogbeat before 7 the fields lie in the document itself.
 */
function beatParts(hit: Json): EventParts | null {
  const record = field(hit, '_source') ?? hit;
  const log = field(record, 'winlog') ?? record;
  const eventId = numberOf(field(log, 'event_id'));
  const channel = field(log, 'channel', 'log_name');
  const computer = field(log, 'computer_name');
  const data = field(log, 'event_data', 'user_data');
  if (eventId === null || typeof channel !== 'string' || typeof computer !== 'string') return null;
  const process = field(log, 'process');
  const fields = dataFields(data);
  const names = new Set(fields.map(({ name }) => name));
  // Its module for the Security log moves these to where they are of any kind of log.
  for (const [name, element, inner] of moved) {
    const value = textOf(field(field(record, element), inner));
    if (channel === 'Security' && value !== '' && !names.has(name)) fields.push({ name, value });
  }
  return {
    system: {
      ...emptySystem,
      provider: textOf(field(log, 'provider_name', 'source_name')),
      providerGuid: textOf(field(log, 'provider_guid')),
      eventId,
      version: numberOf(field(log, 'version')),
      level: levels[textOf(field(log, 'level')).toLowerCase()] ?? null,
      time: instant(field(log, 'time_created') ?? field(record, '@timestamp')),
      recordId: numberOf(field(log, 'record_id', 'record_number')) ?? 0,
      activityId: textOf(field(log, 'activity_id')),
      processId: numberOf(field(process, 'pid') ?? field(log, 'process_id')),
      threadId: numberOf(field(field(process, 'thread'), 'id') ?? field(log, 'thread_id')),
      channel,
      computer,
      userId: textOf(field(field(log, 'user'), 'identifier')),
    },
    fields,
  };
}

const moved = [
  ['IpAddress', 'source', 'ip'],
  ['IpPort', 'source', 'port'],
  ['WorkstationName', 'source', 'domain'],
  ['ProcessName', 'process', 'executable'],
] as const;

/** Of a row that has the event's own fields beside these, by NXLog (its to_json()) and by what reads logs through Windows' API. */
const flatNames = new Set(
  (
    'EventTime TimeCreated TimeGenerated EventReceivedTime Hostname Computer ComputerName Keywords EventType SeverityValue Severity EventID ' +
    'SourceName Provider ProviderName EventSourceName ProviderGuid Version Task Category OpcodeValue Opcode Level RecordNumber EventRecordID ' +
    'ActivityID RelatedActivityID ProcessID ThreadID Channel Message UserID AccountName AccountType Domain ERROR_EVT_UNRESOLVED ' +
    'SourceModuleName SourceModuleType EventData UserData @timestamp @version host port tags type'
  ).split(' '),
);

/** Programs that have rules' hits, or rows of a table, have some of the same columns. */
const ofOthers = ['RuleTitle', 'TenantId', 'SourceSystem'];

function flatParts(given: Json): EventParts | null {
  const record = field(given, '_source') ?? given;
  if (!isObject(record) || ofOthers.some((name) => Object.hasOwn(record, name))) return null;
  const eventId = numberOf(record.EventID);
  const [provider, computer] = [
    field(record, 'Provider', 'ProviderName', 'SourceName'),
    field(record, 'Computer', 'Hostname', 'ComputerName'),
  ];
  const number = numberOf(field(record, 'EventRecordID', 'RecordNumber'));
  const times = ['TimeCreated', 'EventTime', '@timestamp'].flatMap((name) => field(record, name) ?? []);
  if (eventId === null || number === null || times.length === 0 || typeof record.Channel !== 'string') return null;
  if (typeof provider !== 'string' || typeof computer !== 'string') return null;
  const data = record.EventData;
  const xml = typeof data === 'string' ? xmlElement(`<Event>${data}</Event>`) : null;
  const own = Object.fromEntries(Object.entries(record).filter(([name]) => !flatNames.has(name)));
  return {
    system: {
      ...emptySystem,
      provider,
      providerGuid: textOf(record.ProviderGuid),
      eventId,
      version: numberOf(record.Version),
      level: numberOf(record.Level),
      task: numberOf(record.Task),
      opcode: numberOf(field(record, 'OpcodeValue', 'Opcode')),
      time: times.map(zoned).find((time) => time !== null) ?? null,
      recordId: number,
      activityId: textOf(record.ActivityID),
      processId: numberOf(record.ProcessID),
      threadId: numberOf(record.ThreadID),
      channel: record.Channel,
      computer,
      userId: textOf(record.UserID),
    },
    fields: xml ? fieldsOf(xml) : dataFields(isObject(data) ? data : own),
  };
}

/** An instant whose zone is said: without one NXLog means that of its computer. */
const zoned = (value: unknown): Ticks | null => {
  const text = textOf(value);
  const [, local, zone = ''] = /^(.*\d)(Z|[+-]\d\d:?\d\d)$/.exec(text) ?? [];
  const time = local === undefined ? null : ticksOf(local);
  if (time === null || zone === 'Z') return time;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return time + (zone.startsWith('-') ? minutes : -minutes) * ticksPerMinute;
};

/** A whole event: `parse_evtx` of Velociraptor, evtx_dump and Chainsaw (`-o jsonl`). */
function wholeParts(whole: unknown, own: Json): EventParts | null {
  const eventId = numberOf(own.EventID);
  const time = instant(attribute(own, 'TimeCreated', 'SystemTime'));
  if (eventId === null || typeof own.Channel !== 'string') return null;
  const text = (name: string): string => content(own[name]);
  return {
    system: {
      ...emptySystem,
      provider: textOf(attribute(own, 'Provider', 'Name')),
      providerGuid: textOf(attribute(own, 'Provider', 'Guid')),
      eventSourceName: textOf(attribute(own, 'Provider', 'EventSourceName')),
      eventId,
      qualifiers: numberOf(attribute(own, 'EventID', 'Qualifiers')),
      version: numberOf(own.Version),
      level: numberOf(own.Level),
      task: numberOf(own.Task),
      opcode: numberOf(own.Opcode),
      keywords: text('Keywords'),
      time,
      recordId: numberOf(own.EventRecordID) ?? 0,
      activityId: textOf(attribute(own, 'Correlation', 'ActivityID')),
      processId: numberOf(attribute(own, 'Execution', 'ProcessID')),
      threadId: numberOf(attribute(own, 'Execution', 'ThreadID')),
      channel: own.Channel,
      computer: text('Computer'),
      userId: textOf(attribute(own, 'Security', 'UserID')),
    },
    fields: dataFields(field(whole, 'EventData') ?? field(whole, 'UserData')),
  };
}

/** A row of Velociraptor's artifacts of event logs: Windows.EventLogs.EvtxHunter and its kin (0.7x, 2024). */
function hunterParts(record: Json): EventParts | null {
  const eventId = numberOf(record.EventID);
  const data = field(record, 'EventData') ?? field(record, 'UserData');
  if (eventId === null || typeof record.Channel !== 'string' || typeof record.Computer !== 'string') return null;
  if (!isObject(data) || field(record, 'EventTime') === undefined) return null;
  return {
    system: {
      ...emptySystem,
      provider: textOf(field(record, 'Provider')) || providerOf(record.Channel, eventId),
      eventId,
      time: instant(field(record, 'EventTime')),
      recordId: numberOf(record.EventRecordID) ?? 0,
      channel: record.Channel,
      computer: record.Computer,
      userId: textOf(field(record, 'UserSID')),
    },
    fields: dataFields(data),
  };
}

/** Of older versions, whose rows do not name it: the Security log is written by one provider, but for its clearing. */
const providerOf = (channel: string, eventId: number): string => {
  if (channel !== 'Security') return '';
  return eventId === 1102 ? 'Microsoft-Windows-Eventlog' : 'Microsoft-Windows-Security-Auditing';
};

/** More fields, or levels of them, has no event. */
const mostFields = 500;
const deepest = 8;

/** The fields of EventData or UserData, by whichever way of keeping them. */
function dataFields(data: unknown): EventField[] {
  const fields: EventField[] = [];
  const add = (name: string, value: unknown, depth: number): void => {
    if (fields.length >= mostFields || depth > deepest || value === undefined) return;
    const isList = Array.isArray(value);
    if (name === 'Data' && isList) {
      for (const one of value)
        add(textOf(field(one, '@Name')), isObject(one) ? (field(one, '#text') ?? '') : one, depth + 1);
    } else if (isObject(value) && field(value, '#text') !== undefined)
      add(textOf(field(value, '@Name')) || name, value['#text'], depth + 1);
    else if (isObject(value)) {
      for (const [inner, found] of Object.entries(value)) if (!/^[#@]/.test(inner)) add(inner, found, depth + 1);
    } else if (isList) for (const one of value) add(name, one, depth + 1);
    else fields.push({ name: name === 'Data' ? '' : name, value: fieldText(name, value) });
  };
  if (isObject(data)) for (const [name, value] of Object.entries(data)) if (!/^[#@]/.test(name)) add(name, value, 0);
  return fields;
}

/** Fields that Windows renders in hexadecimal (HexInt32, HexInt64, and pointers); some writers have them as numbers. */
const hexadecimal =
  /^(?:Status|SubStatus|Target\w*LogonId|Subject\w*LogonId|LogonId|NewProcessId|ProcessId|TicketOptions|TicketEncryptionType|HandleId|AccessMask|FailureCode)$/;

const fieldText = (name: string, value: unknown): string =>
  typeof value === 'number' && hexadecimal.test(name) ? `0x${value.toString(16)}` : textOf(value);

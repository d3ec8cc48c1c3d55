import { fieldOf, type LogEvent, type XmlElement, xmlText } from '../eventlog/log-event.ts';
import { convert } from '../kql/call.ts';
import { columnsOf } from '../kql/table-schemas.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import { activityOf } from './activities.ts';
import { RecordEvent } from './record-event.ts';

/**
 * Events of Windows as the rows that Log Analytics makes of them: the Security log is SecurityEvent, every other log is
 * Event. Columns and types: Azure Monitor's table reference. What an event log does not hold (rendered descriptions, the
 * resource, the workspace) stays empty.
 */

/** Columns of our own, which show where a row comes from. */
const provenance: Record<string, ColumnType> = {
  _EvidenceFile: 'string',
  _EvidenceOffset: 'long',
  _EventRecordId: 'long',
  /** Whether checksums that match cover the event. What they do not cover is shown, and proves nothing. */
  _Verified: 'bool',
};

export const eventTables: ReadonlyMap<string, ReadonlyMap<string, ColumnType>> = new Map(
  ['SecurityEvent', 'Event'].map((name) => [name, new Map(Object.entries({ ...columnsOf(name), ...provenance }))]),
);

export const tableOfEvent = (event: LogEvent): string =>
  event.system.channel === 'Security' ? 'SecurityEvent' : 'Event';

/** From 2015-01-01, where an event's ticks begin, to 2020-01-01, where a datetime's do. */
export const TICKS_TO_DATETIME = (Date.UTC(2020, 0, 1) - Date.UTC(2015, 0, 1)) * 10_000;

const LOGON_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '0': 'System',
    '2': 'Interactive',
    '3': 'Network',
    '4': 'Batch',
    '5': 'Service',
    '7': 'Unlock',
    '8': 'NetworkCleartext',
    '9': 'NewCredentials',
    '10': 'RemoteInteractive',
    '11': 'CachedInteractive',
    '12': 'CachedRemoteInteractive',
    '13': 'CachedUnlock',
  }),
);

/** Events whose Account is the one that logs on, and not the one that asks for it. */
const OF_TARGET: ReadonlySet<number> = new Set([4624, 4625, 4634, 4647, 4740, 4768, 4769, 4771, 4776, 4778, 4779]);

/** The event's first field of a name; "" when it has none. */
const fieldText = (event: LogEvent, name: string): string =>
  event instanceof RecordEvent ? event.field(name) : fieldOf(event, name);

const present = (text: string): boolean => text !== '' && text !== '-';

/** DOMAIN\user, or the user alone where the event names no domain. */
function account(event: LogEvent, prefix: 'Target' | 'Subject'): string {
  const user = fieldText(event, `${prefix}UserName`);
  const domain = fieldText(event, `${prefix}DomainName`);
  return user === '' && domain === '' ? '' : domain === '' ? user : `${domain}\\${user}`;
}

/** 4778 and 4779 call theirs AccountName and AccountDomain. */
function sessionAccount(event: LogEvent): string {
  const [user, domain] = [fieldText(event, 'AccountName'), fieldText(event, 'AccountDomain')];
  return present(domain) ? `${domain}\\${user}` : user;
}

function ownAccount(event: LogEvent): string {
  const [target, subject] = [account(event, 'Target'), account(event, 'Subject')];
  const [first, second] = OF_TARGET.has(event.system.eventId) ? [target, subject] : [subject, target];
  if (present(first) && first !== '-\\-') return first;
  return present(second) ? second : first || sessionAccount(event);
}

/** `S-1-5-18` and names that end with $ are the VM's own. */
const accountType = (name: string): string => (name === '' ? '' : name.endsWith('$') ? 'Machine' : 'User');

const fileName = (path: string): string => path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);

function dataElement(event: LogEvent): XmlElement | undefined {
  return event.xml.children.find(
    (part): part is XmlElement => typeof part !== 'string' && (part.name === 'EventData' || part.name === 'UserData'),
  );
}

function dataXml(event: LogEvent): string {
  const data = dataElement(event);
  return data ? xmlText(data) : '';
}

const LEVELS: Record<number, string> = {
  1: 'Error',
  2: 'Error',
  3: 'Warning',
  4: 'Information',
  0: 'Information',
  5: 'Verbose',
};

type Read = (event: LogEvent) => Value;

const levelName: Read = ({ system: { level } }) => (level === null ? '' : (LEVELS[level] ?? String(level)));

const common: Record<string, Read> = {
  TimeGenerated: ({ system }) => (system.time === null ? null : system.time - TICKS_TO_DATETIME),
  Computer: ({ system }) => system.computer,
  EventID: ({ system }) => system.eventId,
  _EvidenceOffset: ({ offset }) => offset,
  _EventRecordId: ({ system }) => system.recordId,
  _Verified: ({ verified }) => verified,
};

const securityEvent: Record<string, Read> = {
  ...common,
  Type: () => 'SecurityEvent',
  Channel: ({ system }) => system.channel,
  EventSourceName: ({ system }) => system.provider,
  Task: ({ system }) => system.task,
  Level: ({ system }) => (system.level === null ? '' : String(system.level)),
  EventLevelName: levelName,
  EventRecordId: ({ system }) => String(system.recordId),
  Version: ({ system }) => system.version,
  Opcode: ({ system }) => (system.opcode === null ? '' : String(system.opcode)),
  Keywords: ({ system }) => system.keywords,
  Correlation: ({ system }) => system.activityId,
  SystemProcessId: ({ system }) => system.processId,
  SystemThreadId: ({ system }) => system.threadId,
  SystemUserId: ({ system }) => system.userId,
  Activity: ({ system }) => activityOf(system.eventId),
  Account: ownAccount,
  AccountType: (event) => accountType(ownAccount(event)),
  TargetAccount: (event) => account(event, 'Target'),
  SubjectAccount: (event) => account(event, 'Subject'),
  LogonTypeName: (event) => {
    const type = fieldText(event, 'LogonType');
    const name = LOGON_TYPES.get(type);
    return name === undefined ? type : `${type} - ${name}`;
  },
  Process: (event) => fileName(fieldText(event, 'NewProcessName') || fieldText(event, 'ProcessName')),
  EventData: dataXml,
};

const otherEvent: Record<string, Read> = {
  ...common,
  Type: () => 'Event',
  Source: ({ system }) => system.provider,
  EventLog: ({ system }) => system.channel,
  EventCategory: ({ system }) => system.task,
  EventLevel: ({ system }) => system.level,
  EventLevelName: levelName,
  UserName: ({ system }) => system.userId,
  EventData: (event) => {
    const xml = dataXml(event);
    return xml === '' ? '' : `<DataItem type="System.XmlData">${xml}</DataItem>`;
  },
  ParameterXml: (event) =>
    event.fields
      .map(
        ({ value }) =>
          `<Param>${value.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;'))}</Param>`,
      )
      .join(''),
};

/** The columns that distinguish an event from all others of its table: computer, channel, record id, time. */
export const identityColumns = (table: string): string[] => [
  'Computer',
  table === 'SecurityEvent' ? 'Channel' : 'EventLog',
  '_EventRecordId',
  'TimeGenerated',
];

const none: Read = () => null;

/** The reader of one column of one of the two tables. */
export function eventColumn(table: string, { name, type }: Column, file: string): Read {
  if (name === '_EvidenceFile') return () => file;
  const own = (table === 'SecurityEvent' ? securityEvent : otherEvent)[name];
  if (own) return own;
  // Event has its fields in EventData alone; SecurityEvent gives those that it knows a column of the same name.
  if (table !== 'SecurityEvent') return none;
  return (event) => {
    const value = fieldText(event, name);
    return value === '' ? null : convert(value, 'string', type);
  };
}

import { plainPattern } from '../../text/plain-pattern.ts';
import { defenderField } from './defender.ts';
import { kqlName, kqlText } from './kql-words.ts';
import type { Columns, Leg } from './leg.ts';

/** Where a leg's table has a field of Sigma. */
export interface Place {
  /** The field as text, for conditions. */
  text: string;
  /** The column itself, where it holds whole numbers. */
  whole?: string;
  /** A column that has to be made first; where its table has XML, of text whose entities are resolved then. */
  define?: { name: string; as: string };
  /** What shows that the events have the field at all: a name among their data, or one of some columns that is filled. */
  evidence: { data: RegExp } | { columns: readonly string[] } | undefined;
  /** Other ways in which the field has a value. */
  also?: ReadonlyMap<string, string>;
  /** May it be compared as a whole? Several values in one text can only be searched. */
  searchOnly?: true;
  /** A column that a test of a whole text may mean alone, where the field is within a text that holds more. */
  alone?: string;
  /** Texts that are never its value here, though they could be in another log, and why. */
  never?: { test(text: string): boolean; because: string };
}

/** The columns of several tables, by the name of the table, a blank and Sigma's name of the field: any text is a field. */
function byTableAndField(tables: Record<string, Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(tables).flatMap(([table, fields]) =>
      Object.entries(fields).map(([field, column]) => [`${table} ${field}`, column] as const),
    ),
  );
}

/** What every event of a log says of itself, by table: Sigma's names and the columns. */
const SYSTEM: ReadonlyMap<string, string> = byTableAndField({
  Event: {
    EventID: 'EventID',
    Provider_Name: 'Source',
    Channel: 'EventLog',
    EventLog: 'EventLog',
    Computer: 'Computer',
    ComputerName: 'Computer',
    Level: 'EventLevel',
    Security_UserID: 'UserName',
    TimeCreated: 'TimeGenerated',
    SystemTime: 'TimeGenerated',
    TimeGenerated: 'TimeGenerated',
  },
  SecurityEvent: {
    EventID: 'EventID',
    Provider_Name: 'EventSourceName',
    Channel: 'Channel',
    TimeCreated: 'TimeGenerated',
    SystemTime: 'TimeGenerated',
    TimeGenerated: 'TimeGenerated',
    Computer: 'Computer',
    ComputerName: 'Computer',
    Level: 'Level',
    Keywords: 'Keywords',
    Opcode: 'Opcode',
    Version: 'Version',
    Execution_ProcessID: 'SystemProcessId',
    Execution_ThreadID: 'SystemThreadId',
    Correlation_ActivityID: 'Correlation',
    Security_UserID: 'SystemUserId',
  },
});

/** https://learn.microsoft.com/windows/win32/wes/defining-severity-levels: rules have the number of a level, or its name. */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ['critical', '1'],
  ['error', '2'],
  ['warning', '3'],
  ['information', '4'],
  ['informational', '4'],
  ['verbose', '5'],
]);

/** What Log Analytics leaves out of events, some of it of those in Event alone. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'Keywords',
  'Opcode',
  'Version',
  'Message',
  'Execution_ProcessID',
  'Execution_ThreadID',
  'Correlation_ActivityID',
]);

/** Columns of SecurityEvent that are made of several fields, or of what an event says of itself. */
const MADE: ReadonlySet<string> = new Set([
  'Account',
  'AccountType',
  'Activity',
  'Channel',
  'Computer',
  'Correlation',
  'EventData',
  'EventLevelName',
  'EventRecordId',
  'EventSourceName',
  'Level',
  'LogonTypeName',
  'Process',
  'SourceSystem',
  'SubjectAccount',
  'SystemProcessId',
  'SystemThreadId',
  'SystemUserId',
  'TargetAccount',
  'Task',
  'TenantId',
  'Type',
]);

/**
 * Event 4688 beside Sysmon's 1, whose names Sigma has. Of the account it has the one that started the process, in another
 * form; ids of processes are hexadecimal. https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4688
 */
const PROCESS_4688: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Image: 'NewProcessName',
    ParentImage: 'ParentProcessName',
    CommandLine: 'CommandLine',
    LogonId: 'SubjectLogonId',
    IntegrityLevel: 'MandatoryLabel',
  }),
);
const NOT_IN_4688: ReadonlySet<string> = new Set(['User', 'ProcessId', 'ParentProcessId']);

/** https://learn.microsoft.com/windows/win32/secauthz/well-known-sids: the integrity levels. */
const INTEGRITY: ReadonlyMap<string, string> = new Map([
  ['untrusted', 'S-1-16-0'],
  ['low', 'S-1-16-4096'],
  ['medium', 'S-1-16-8192'],
  ['high', 'S-1-16-12288'],
  ['system', 'S-1-16-16384'],
]);

/**
 * Fields of the cloud's logs that Sigma's rules call as the portal or the diagnostic JSON does. `properties.message` is the name of the
 * activity in the rules about Entra's audit log.
 */
const AZURE: ReadonlyMap<string, string> = byTableAndField({
  AzureActivity: { operationName: 'OperationNameValue' },
  AuditLogs: { 'properties.message': 'OperationName', Status: 'Result', 'properties.result': 'Result' },
  SigninLogs: { Username: 'UserPrincipalName', ClientApp: 'ClientAppUsed' },
  // https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail, dnsevents (as of 2026-07-27).
  AWSCloudTrail: {
    eventType: 'EventTypeName',
    'userIdentity.type': 'UserIdentityType',
    'userIdentity.arn': 'UserIdentityArn',
    'userIdentity.accountId': 'UserIdentityAccountId',
    'userIdentity.userName': 'UserIdentityUserName',
    'userIdentity.sessionContext.sessionIssuer.type': 'SessionIssuerType',
  },
  // https://learn.microsoft.com/azure/azure-monitor/reference/tables/officeactivity; the rules' names are of the Management Activity API.
  OfficeActivity: {
    Workload: 'OfficeWorkload',
    ObjectId: 'OfficeObjectId',
    Id: 'OfficeId',
    CreationTime: 'TimeGenerated',
  },
  DnsEvents: { query: 'Name', answer: 'IPAddresses', record_type: 'QueryType' },
});

/**
 * Fields of web servers, which Sigma names as W3C's extended log does (taxonomy appendix 2.1.0), in IIS' table
 * (https://learn.microsoft.com/azure/azure-monitor/reference/tables/w3ciislog, as of 2026-07-27). IIS writes "+" for a blank,
 * and "-" for nothing.
 */
const WEB: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'c-ip': 'cIP',
    'cs-method': 'csMethod',
    'cs-uri-stem': 'csUriStem',
    'cs-username': 'csUserName',
    'cs-host': 'csHost',
    'cs-referer': 'csReferer',
    'cs-cookie': 'csCookie',
    'cs-version': 'csVersion',
    'cs-bytes': 'csBytes',
    'sc-bytes': 'scBytes',
    'sc-status': 'scStatus',
    'sc-win32-status': 'scWin32Status',
    's-ip': 'sIP',
    's-port': 'sPort',
    's-sitename': 'sSiteName',
    's-computername': 'Computer',
    'time-taken': 'TimeTaken',
  }),
);

function webPlace(field: string, columns: Columns): Place | string {
  const column = WEB.get(field);
  if (column !== undefined && columns.has(column)) return columnPlace(column, columns);
  if (field === 'cs-user-agent') {
    const define = defined(field, 'replace_string(csUserAgent, "+", " ")', columns);
    return { text: define.name, define, evidence: { columns: ['csUserAgent'] } };
  }
  // The taxonomy means what is behind the question mark; rules have paths in it too, also at its end. So it is sought in both.
  if (field === 'cs-uri-query' || field === 'cs-uri') {
    const as = 'iff(csUriQuery in ("", "-"), csUriStem, strcat(csUriStem, "?", csUriQuery))';
    const define = defined(field, as, columns);
    const alone = field === 'cs-uri-query' ? { alone: 'csUriQuery' } : {};
    return { text: define.name, define, evidence: { columns: ['csUriStem', 'csUriQuery'] }, ...alone };
  }
  return `W3CIISLog has no column for ${field}`;
}

/** Properties of dynamic columns, as Entra writes them. */
const PROPERTIES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    trusttype: 'trustType',
    deviceid: 'deviceId',
    iscompliant: 'isCompliant',
    ismanaged: 'isManaged',
    displayname: 'displayName',
    operatingsystem: 'operatingSystem',
    browser: 'browser',
  }),
);

/** The column that a field is made as: its own name, unless the table has it. */
function defined(field: string, as: string, columns: Columns): { name: string; as: string } {
  const plain = field.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[^A-Z])/, 'Field_');
  return { name: columns.has(plain) ? `Field_${plain}` : plain, as };
}

/** The taxonomy's fields of an alert, as Defender's log calls them (github.com/SigmaHQ/sigma, tests/thor.yml, read 2026-11-30). */
const ANTIVIRUS: ReadonlyMap<string, string> = new Map([
  ['Signature', 'ThreatName'],
  ['Filename', 'Path'],
]);

function dataPlace(field: string, xml: string, leg: Leg, columns: Columns): Place {
  if (field === 'Data') {
    const as = `strcat_array(extract_all(@"<Data>([^<]*)<", ${xml}), "\\n")`;
    const define = defined('Data', as, columns);
    return { text: define.name, define, evidence: { data: /<Data>/ }, searchOnly: true };
  }
  const own = leg.fields === 'antivirus' ? (ANTIVIRUS.get(field) ?? field) : field;
  const spaced = own.replaceAll('_', ' ').replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
  const isSpaced = leg.fields === 'spaced' || leg.fields === 'antivirus';
  const name = isSpaced ? plainPattern(spaced).replaceAll(' ', ' ?') : plainPattern(field);
  const named = `Data Name="${name}"`;
  const element = `${name}(?: [^>]*)?`;
  const tag = leg.fields === 'elements' ? `(?:${named}|${element})` : field === 'Binary' ? element : named;
  const define = defined(field, `extract(${kqlText(`<${tag}>([^<]*)<`)}, 1, ${xml})`, columns);
  return { text: define.name, define, evidence: { data: new RegExp(`<${tag}>`) } };
}

/**
 * The channel of an event; of the event that a log was cleared (104 of the System log) the log it says was, by which Sigma's rules tell such
 * events apart.
 */
function channelPlace(columns: Columns): Place {
  const as = `coalesce(extract("<Channel>([^<]*)<", 1, EventData), EventLog)`;
  const define = defined('Channel', as, columns);
  return { text: define.name, define, evidence: undefined };
}

function columnPlace(column: string, columns: Columns): Place {
  const type = columns.get(column) ?? 'string';
  const name = kqlName(column);
  if (type === 'string') return { text: name, evidence: { columns: [column] } };
  const whole = type === 'int' || type === 'long' ? { whole: name } : {};
  return { text: `tostring(${name})`, ...whole, evidence: { columns: [column] } };
}

/** The values of an event, without the names of its fields: where keywords are sought. */
function valuesPlace(xml: string): Place {
  const as = `replace_regex(${xml}, @"<[^>]*>", "\\n")`;
  return { text: 'EventValues', define: { name: 'EventValues', as }, evidence: undefined, searchOnly: true };
}

/** Arguments that a function of KQL takes at most. */
const MAX_ARGUMENTS = 60;

/** The texts of a whole row, without the columns that every table has, or that say where a row was read. */
function allTexts(columns: Columns): Place {
  const texts = [...columns].flatMap(([name, type]) => {
    if (name.startsWith('_') || MADE.has(name)) return [];
    return type === 'string' ? [kqlName(name)] : type === 'dynamic' ? [`tostring(${kqlName(name)})`] : [];
  });
  const groups: string[] = [];
  for (let at = 0; at < texts.length; at += MAX_ARGUMENTS) {
    groups.push(`strcat_delim("\\n", ${[...texts.slice(at, at + MAX_ARGUMENTS), '""'].join(', ')})`);
  }
  const as = groups.length === 1 ? (groups[0] ?? '') : `strcat_delim("\\n", ${groups.join(', ')}, "")`;
  return { text: 'EventValues', define: { name: 'EventValues', as }, evidence: undefined, searchOnly: true };
}

function securityPlace(field: string, leg: Leg, columns: Columns): Place | string {
  if (leg.fields === 'process-4688') {
    if (NOT_IN_4688.has(field)) return `event 4688 has no ${field} as Sysmon has it`;
    const column = PROCESS_4688.get(field);
    if (column !== undefined) {
      return { ...columnPlace(column, columns), ...(field === 'IntegrityLevel' ? { also: INTEGRITY } : {}) };
    }
  }
  const hasColumn = columns.has(field) && !MADE.has(field) && !field.startsWith('_');
  return hasColumn ? columnPlace(field, columns) : dataPlace(field, 'EventData', leg, columns);
}

function azurePlace(field: string, table: string, columns: Columns): Place | string {
  const wanted = AZURE.get(`${table} ${field}`) ?? field.replace(/^properties\./, '');
  // The portal's own text, where the column holds a code.
  if (table === 'SigninLogs' && wanted === 'Status') return 'SigninLogs has no Status as the portal shows it';
  const [head = '', ...path] = wanted.split('.');
  const column = [...columns.keys()].find((name) => name.toLowerCase() === head.toLowerCase());
  if (column === undefined || column.startsWith('_')) return `${table} has no column for ${field}`;
  if (path.length === 0) return columnPlace(column, columns);
  const property = PROPERTIES.get((path[0] ?? '').toLowerCase());
  if (path.length > 1 || property === undefined || columns.get(column) !== 'dynamic') {
    return `${table} has no column for ${field}`;
  }
  return { text: `tostring(${kqlName(column)}.${property})`, evidence: { columns: [column] } };
}

/** Fields of audit whose column has another name. */
const auditd: ReadonlyMap<string, string> = new Map(
  Object.entries({ type: 'RecordType', SYSCALL: 'syscall', AUID: 'audit_user', UID: 'user', ARCH: 'arch' }),
);

/** Columns whose texts the kernel may write in hexadecimal digits. */
const DECODED = ['cmd', 'comm', 'cwd', 'data', 'exe', 'key', 'name', 'path'];

/** A record of audit as it was written, and what its digits mean; its arguments together, as they were typed. */
function recordPlace(columns: Columns): Place {
  const list = (names: readonly string[]): string => [...names.filter((name) => columns.has(name)), '""'].join(', ');
  const words = list(Array.from({ length: 10 }, (_, i) => `a${i}`));
  const as = `strcat_delim("\\n", RawRecord, strcat_delim(" ", ${words}), ${list(DECODED)})`;
  return { text: 'EventValues', define: { name: 'EventValues', as }, evidence: undefined, searchOnly: true };
}

/** Where a leg has a field; a sentence where it has none. A field named "" is the whole event. */
export function placeOf(field: string, leg: Leg, columns: Columns): Place | string {
  const { table } = leg;
  switch (leg.fields) {
    case 'syslog':
      if (field === '') return { text: 'SyslogMessage', evidence: undefined };
      if (field === 'Computer' || field === 'HostName') return columnPlace('Computer', columns);
      return field === 'ProcessName' || field === 'Facility' || field === 'SeverityLevel'
        ? columnPlace(field, columns)
        : `lines of syslog have no field ${field}`;
    case 'auditd': {
      if (field === '') return recordPlace(columns);
      const column = auditd.get(field) ?? field;
      return columns.has(column) && !column.startsWith('_')
        ? columnPlace(column, columns)
        : `records of audit have no column ${field}`;
    }
    case 'sysmon-linux':
      return field === '' ? valuesPlace('SyslogMessage') : dataPlace(field, 'SyslogMessage', leg, columns);
    case 'defender': {
      if (field === '') return allTexts(columns);
      const found = defenderField(field, leg, columns);
      if (typeof found === 'string') return found;
      if ('column' in found) return columnPlace(found.column, columns);
      const define = defined(field, found.as, columns);
      const { never } = found;
      return { text: define.name, define, evidence: { columns: found.evidence }, ...(never ? { never } : {}) };
    }
    case 'web':
      return field === '' ? allTexts(columns) : webPlace(field, columns);
    case 'columns':
      return field === '' ? allTexts(columns) : azurePlace(field, table, columns);
    default: {
      if (field === '') return valuesPlace('EventData');
      if (field === 'Channel' && leg.fields === 'elements') return channelPlace(columns);
      const system = SYSTEM.get(`${table} ${field}`);
      if (system !== undefined)
        return { ...columnPlace(system, columns), ...(field === 'Level' ? { also: LEVELS } : {}) };
      if (NOT_KEPT.has(field)) return `${table} does not keep ${field}`;
      return table === 'SecurityEvent'
        ? securityPlace(field, leg, columns)
        : dataPlace(field, 'EventData', leg, columns);
    }
  }
}

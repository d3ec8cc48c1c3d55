import type { Columns, Leg } from './leg.ts';

/**
 * What Defender's tables of devices have of Sigma's log sources of Windows, whose names are Sysmon's. Tables and columns:
 * Microsoft's advanced hunting reference and the Microsoft XDR pipeline of pySigma (github.com/AttackIQ/pySigma-backend-kusto,
 * sigma/pipelines/microsoftxdr, read 2026-11-30), which asks about one column for each field. Actions of DeviceEvents and their additional
 * fields: github.com/microsoft/Microsoft-365-Defender-Hunting-Queries (C2-NamedPipe, DNSPattern), FalconForceTeam/FalconFriday
 * (0xFF-0081: the path of a remote thread lacks the name), Bert-JanP/Hunting-Queries-Detection-Rules (SliverC2BeaconLoaded). Sysmon writes some of them in
 * another form (https://learn.microsoft.com/sysinternals/downloads/sysmon): those are made here as Sysmon writes them.
 */

const legOf = (table: string, actions: readonly string[] = []): Leg => ({
  table,
  fields: 'defender',
  ...(actions.length > 0 ? { actions } : {}),
});

/** By category of Windows. Reading a file, and changing the time of its creation, are not among Defender's actions. */
const CATEGORIES: ReadonlyMap<string, Leg> = new Map([
  ['process_creation', legOf('DeviceProcessEvents')],
  ['image_load', legOf('DeviceImageLoadEvents')],
  ['network_connection', legOf('DeviceNetworkEvents')],
  // Sysmon's event 11 is of files that are created or written over.
  ['file_event', legOf('DeviceFileEvents', ['FileCreated', 'FileModified'])],
  ['file_delete', legOf('DeviceFileEvents', ['FileDeleted'])],
  ['file_rename', legOf('DeviceFileEvents', ['FileRenamed'])],
  ['registry_add', legOf('DeviceRegistryEvents', ['RegistryKeyCreated'])],
  ['registry_delete', legOf('DeviceRegistryEvents', ['RegistryKeyDeleted', 'RegistryValueDeleted'])],
  ['registry_set', legOf('DeviceRegistryEvents', ['RegistryValueSet'])],
  ['registry_rename', legOf('DeviceRegistryEvents', ['RegistryKeyRenamed'])],
  ['registry_event', legOf('DeviceRegistryEvents')],
  ['driver_load', legOf('DeviceEvents', ['DriverLoad'])],
  // Pipes that are made and pipes that are opened, as Sysmon's events 17 and 18.
  ['pipe_created', legOf('DeviceEvents', ['NamedPipeEvent'])],
  ['create_remote_thread', legOf('DeviceEvents', ['CreateRemoteThreadApiCall'])],
  // Sentinel's query "AV Detections with Source" (github.com/Azure/Azure-Sentinel, read 2026-11-30) has the name of the threat among the additional fields.
  ['antivirus', legOf('DeviceEvents', ['AntivirusDetection'])],
  ['dns_query', legOf('DeviceEvents', ['DnsQueryResponse'])],
]);

/** The table of a category's events of Linux in Defender. */
export const defenderLinuxLegs = (category: string): Leg[] => {
  const unixPath = category === 'network_connection' ? 'InitiatingProcessFolderPath' : 'FolderPath';
  return defenderLegs(category).map((leg) => ({ ...leg, unixPath }));
};

/** The table of a category's events in Defender; none where it has no such events. */
export const defenderLegs = (category: string): Leg[] => {
  const leg = CATEGORIES.get(category);
  return leg ? [leg] : [];
};

/** Logons, which the Security log has as its events 4624 and 4625. */
export const defenderLogons: Leg = legOf('DeviceLogonEvents', ['LogonSuccess', 'LogonFailed']);

/** A field that is made of columns, of which the first shows whether it is there, or any of them. */
interface Made {
  columns: readonly [string, ...string[]];
  any?: true;
  as: string;
  /** Texts that the field can never be, though an event of Sysmon's could. */
  never?: { test(text: string): boolean; because: string };
}

const made = (as: string, columns: Made['columns'], never?: Made['never']): Made => ({
  as,
  columns,
  ...(never ? { never } : {}),
});

const cases = (column: string, pairs: readonly (readonly [string, string])[], otherwise: string): string =>
  `case(${pairs.map(([is, then]) => `${column} =~ "${is}", "${then}"`).join(', ')}, ${otherwise})`;

/** `DOMAIN\user`, as Windows writes accounts. */
const account = (prefix: string): Made =>
  made(
    `iff(isempty(${prefix}AccountDomain), ${prefix}AccountName, strcat(${prefix}AccountDomain, "\\\\", ${prefix}AccountName))`,
    [`${prefix}AccountName`, `${prefix}AccountDomain`],
  );

const hashes: Made = {
  as: 'strcat("MD5=", MD5, ",SHA1=", SHA1, ",SHA256=", SHA256)',
  columns: ['SHA1', 'MD5', 'SHA256'],
  any: true,
  never: { test: (text) => /imphash/i.test(text), because: 'Defender’s tables have no hash of imports' },
};

/** Sysmon's pipe \wkssvc is \Device\NamedPipe\wkssvc here. */
const pipe = made('replace_regex(tostring(AdditionalFields.PipeName), @"(?i)^\\\\Device\\\\NamedPipe", "")', [
  'AdditionalFields',
]);

/** Of a remote thread the path lacks the name of its file. */
const target = made(
  'iff(FolderPath endswith strcat(@"\\", FileName), FolderPath, strcat(FolderPath, @"\\", FileName))',
  ['FileName', 'FolderPath'],
);

/** Where the other end began the connection, Sysmon has it as the source. */
const INBOUND = 'ActionType startswith "Inbound"';
const end = (ofInitiator: boolean, local: string, remote: string): Made => {
  const [inbound, outbound] = ofInitiator ? [remote, local] : [local, remote];
  return made(`iff(${INBOUND}, tostring(${inbound}), tostring(${outbound}))`, [outbound, inbound, 'ActionType']);
};

/** Sysmon shortens the roots of the registry and the control set, and has a value's name behind its key. */
const key = (column: string, value: string): string =>
  `strcat(${[
    ['^HKEY_LOCAL_MACHINE\\\\SYSTEM\\\\ControlSet\\d+', 'HKLM\\\\SYSTEM\\\\CurrentControlSet'],
    ['^HKEY_LOCAL_MACHINE\\\\(?:SOFTWARE\\\\)?Classes', 'HKCR'],
    ['^HKEY_CLASSES_ROOT', 'HKCR'],
    ['^HKEY_LOCAL_MACHINE', 'HKLM'],
    ['^(?:HKEY_USERS|HKEY_CURRENT_USER)', 'HKU'],
  ].reduce(
    (inner, [pattern, by]) => `replace_regex(${inner}, @"(?i)${pattern}", @"${by}")`,
    column,
  )}, iff(isempty(${value}), "", strcat("\\\\", ${value})))`;

const details = made(
  `case(RegistryValueType =~ "Dword" and isnotnull(tolong(RegistryValueData)), strcat("DWORD (0x", tohex(tolong(RegistryValueData), 8), ")"), RegistryValueType =~ "Qword" and isnotnull(tolong(RegistryValueData)), strcat("QWORD (0x", substring(tohex(tolong(RegistryValueData), 16), 0, 8), "-0x", substring(tohex(tolong(RegistryValueData), 16), 8, 8), ")"), RegistryValueType =~ "Binary", "Binary Data", RegistryValueData)`,
  ['RegistryValueData', 'RegistryValueType'],
);

const eventType = made(
  cases(
    'ActionType',
    [
      ['RegistryValueSet', 'SetValue'],
      ['RegistryKeyCreated', 'CreateKey'],
      ['RegistryKeyDeleted', 'DeleteKey'],
      ['RegistryValueDeleted', 'DeleteValue'],
      ['RegistryKeyRenamed', 'RenameKey'],
    ],
    'ActionType',
  ),
  ['ActionType'],
);

/** https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4624: numbers of logon types. */
const LOGON_TYPES = [
  ['Interactive', '2'],
  ['Network', '3'],
  ['Batch', '4'],
  ['Service', '5'],
  ['Unlock', '7'],
  ['NetworkCleartext', '8'],
  ['NewCredentials', '9'],
  ['RemoteInteractive', '10'],
  ['Remote interactive (RDP) logons', '10'],
  ['CachedInteractive', '11'],
  ['CachedRemoteInteractive', '12'],
  ['CachedUnlock', '13'],
] as const;

/** The process that did it, in the tables about something else than a process. */
const INITIATING: Record<string, string | Made> = {
  Image: 'InitiatingProcessFolderPath',
  ProcessId: 'InitiatingProcessId',
  CommandLine: 'InitiatingProcessCommandLine',
  ParentProcessId: 'InitiatingProcessParentId',
  User: account('InitiatingProcess'),
};

const HASHES: Record<string, string | Made> = { Hashes: hashes, md5: 'MD5', sha1: 'SHA1', sha256: 'SHA256' };

const DEVICE: Record<string, string> = { Computer: 'DeviceName', ComputerName: 'DeviceName' };

const FIELDS: ReadonlyMap<string, ReadonlyMap<string, string | Made>> = new Map(
  Object.entries<Record<string, string | Made>>({
    DeviceProcessEvents: {
      Image: 'FolderPath',
      CommandLine: 'ProcessCommandLine',
      OriginalFileName: 'ProcessVersionInfoOriginalFileName',
      FileVersion: 'ProcessVersionInfoProductVersion',
      Description: 'ProcessVersionInfoFileDescription',
      Product: 'ProcessVersionInfoProductName',
      Company: 'ProcessVersionInfoCompanyName',
      IntegrityLevel: 'ProcessIntegrityLevel',
      LogonId: made('strcat("0x", tohex(LogonId))', ['LogonId']),
      User: account(''),
      ...HASHES,
      ParentImage: 'InitiatingProcessFolderPath',
      ParentCommandLine: 'InitiatingProcessCommandLine',
      ParentProcessId: 'InitiatingProcessId',
      ParentUser: account('InitiatingProcess'),
    },
    DeviceImageLoadEvents: {
      ...INITIATING,
      ImageLoaded: 'FolderPath',
      ...HASHES,
    },
    DeviceFileEvents: {
      ...INITIATING,
      TargetFilename: 'FolderPath',
      SourceFilename: made(
        'iff(isempty(PreviousFolderPath) or isempty(PreviousFileName), "", strcat(PreviousFolderPath, "\\\\", PreviousFileName))',
        ['PreviousFileName', 'PreviousFolderPath'],
      ),
      ...HASHES,
    },
    DeviceNetworkEvents: {
      ...INITIATING,
      Initiated: made(`iff(${INBOUND}, "false", iff(ActionType startswith "Connection", "true", ""))`, ['ActionType']),
      SourceIp: end(true, 'LocalIP', 'RemoteIP'),
      SourcePort: end(true, 'LocalPort', 'RemotePort'),
      DestinationIp: end(false, 'LocalIP', 'RemoteIP'),
      DestinationPort: end(false, 'LocalPort', 'RemotePort'),
      SourceHostname: end(true, 'DeviceName', 'RemoteUrl'),
      DestinationHostname: end(false, 'DeviceName', 'RemoteUrl'),
      SourceIsIpv6: made('iff(LocalIP contains ":", "true", "false")', ['LocalIP']),
      DestinationIsIpv6: made('iff(RemoteIP contains ":", "true", "false")', ['RemoteIP']),
    },
    DeviceRegistryEvents: {
      ...INITIATING,
      EventType: eventType,
      TargetObject: made(key('RegistryKey', 'RegistryValueName'), ['RegistryKey', 'RegistryValueName']),
      Details: details,
    },
    DeviceEvents: {
      ...INITIATING,
      SourceImage: 'InitiatingProcessFolderPath',
      SourceProcessId: 'InitiatingProcessId',
      SourceCommandLine: 'InitiatingProcessCommandLine',
      TargetImage: target,
      TargetProcessId: 'ProcessId',
      ImageLoaded: 'FolderPath',
      PipeName: pipe,
      Signature: made('tostring(AdditionalFields.ThreatName)', ['AdditionalFields']),
      Filename: target,
      QueryName: made('tostring(AdditionalFields.DnsQueryString)', ['AdditionalFields']),
      ...HASHES,
    },
    DeviceLogonEvents: {
      EventID: made(
        cases(
          'ActionType',
          [
            ['LogonSuccess', '4624'],
            ['LogonFailed', '4625'],
          ],
          '""',
        ),
        ['ActionType'],
        {
          test: (text) => text !== '4624' && text !== '4625',
          because: 'Defender’s logons stand for the events 4624 and 4625 alone',
        },
      ),
      TargetUserName: 'AccountName',
      TargetDomainName: 'AccountDomain',
      TargetUserSid: 'AccountSid',
      TargetLogonId: made('strcat("0x", tohex(LogonId))', ['LogonId']),
      LogonType: made(cases('LogonType', LOGON_TYPES, 'LogonType'), ['LogonType']),
      IpAddress: 'RemoteIP',
      IpPort: 'RemotePort',
      WorkstationName: 'RemoteDeviceName',
      ProcessName: 'InitiatingProcessFolderPath',
    },
  }).map(([table, fields]) => [table, new Map(Object.entries({ ...DEVICE, ...fields }))]),
);

/** A column, or a field that is made of columns; a sentence where the table has neither. */
export function defenderField(
  field: string,
  leg: Leg,
  columns: Columns,
): string | { column: string } | (Pick<Made, 'as' | 'never'> & { evidence: readonly string[] }) {
  const found = FIELDS.get(leg.table)?.get(field);
  const none = `${leg.table} has no column for ${field}`;
  if (typeof found === 'string') return columns.has(found) ? { column: found } : none;
  if (found) {
    const { as, never, columns: of } = found;
    return of.every((name) => columns.has(name))
      ? { as, evidence: found.any ? of : [of[0]], ...(never ? { never } : {}) }
      : none;
  }
  return columns.has(field) && !field.startsWith('_') ? { column: field } : none;
}

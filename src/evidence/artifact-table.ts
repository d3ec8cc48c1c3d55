import { baseName } from '../archives/evidence-path.ts';
import { unpackedName } from '../archives/open-file.ts';

/**
 * Tables that programs of responders write, by the columns that no other has (as of 2026-11: Hayabusa 3, Chainsaw 2, RECmd and
 * MFTECmd of EZ Tools, Get-WinEvent of PowerShell, the time line of a device as Defender's portal exports it, Velociraptor's RDPAuth, Plaso's psort, Splunk's export, the unified audit log as Purview and Search-UnifiedAuditLog export it,
 * CloudTrail's records).
 */
const byColumns: readonly { table: string; columns: readonly string[] }[] = [
  { table: 'Hayabusa', columns: ['RuleTitle', 'Level', 'Computer', 'Channel', 'EventID', 'Details'] },
  { table: 'HayabusaLogonSummary', columns: ['Failed', 'First Attempt', 'Last Attempt', 'Target Account'] },
  { table: 'HayabusaLogonSummary', columns: ['Successful', 'First Logon', 'Last Logon', 'Target Account'] },
  { table: 'Chainsaw', columns: ['timestamp', 'detections', 'path'] },
  { table: 'Chainsaw', columns: ['group', 'kind', 'name', 'timestamp', 'authors', 'level', 'source', 'status'] },
  { table: 'RECmd', columns: ['HivePath', 'HiveType', 'KeyPath', 'ValueName'] },
  { table: 'MFTECmd', columns: ['EntryNumber', 'SequenceNumber', 'ParentPath', 'FileName'] },
  { table: 'GetWinEvent', columns: ['TimeCreated', 'ProviderName', 'LogName', 'MachineName', 'Id'] },
  { table: 'Linux_Forensics_Journal', columns: ['File', 'Offset', 'Timestamp', 'Data'] },
  { table: 'Plaso', columns: ['data_type', 'timestamp', 'timestamp_desc'] },
  { table: 'Plaso', columns: ['datetime', 'timestamp_desc', 'source', 'source_long', 'message', 'parser'] },
  { table: 'Plaso', columns: ['date', 'time', 'timezone', 'MACB', 'source', 'sourcetype', 'desc', 'extra'] },
  { table: 'Splunk', columns: ['_raw', '_time'] },
  { table: 'Splunk', columns: ['preview', 'result'] },
  { table: 'DeviceTimeline', columns: ['Event Time', 'Machine Id', 'Computer Name', 'Action Type'] },
  {
    table: 'Windows_EventLogs_RDPAuth',
    columns: ['EventTime', 'Computer', 'Channel', 'EventID', 'UserName', 'LogonType', 'SourceIP', 'Description'],
  },
  { table: 'UnifiedAuditLog', columns: ['CreationDate', 'RecordType', 'AuditData'] },
  { table: 'UnifiedAuditLog', columns: ['CreationDate', 'UserIds', 'Operations', 'AuditData'] },
  // Graph's auditLogRecord.
  { table: 'UnifiedAuditLog', columns: ['createdDateTime', 'auditLogRecordType', 'operation', 'auditData'] },
  { table: 'UnifiedAuditLog', columns: ['CreationTime', 'Operation', 'Workload', 'RecordType'] },
  { table: 'CloudTrail', columns: ['eventVersion', 'eventTime', 'eventSource', 'eventName', 'awsRegion'] },
];

/**
 * The table of an export that has no table of Azure's: by its columns, or, in the output of KAPE's modules and of Velociraptor, by
 * the artifact that its name says: `results/Windows.System.Pslist.json` is Windows_System_Pslist. Undefined for any other.
 */
export function artifactTable(path: string, columns: readonly string[]): string | undefined {
  const has = new Set(columns);
  const found = byColumns.find((one) => one.columns.every((name) => has.has(name)));
  if (found) return found.table;
  const name = unpackedName(baseName(path)).replace(/\.[^.]*$/, '');
  const folder = baseName(path.slice(0, path.length - baseName(path).length).replace(/[/\\!]$/, ''));
  // KAPE and EZ Tools begin a name with the time of the run.
  const named = folder === 'results' ? decoded(name) : /^\d{14}_(.+)$/.exec(name)?.[1];
  const table = named?.replace(/[^\p{L}\p{N}_]+/gu, '_').replace(/^_+|_+$/g, '');
  return table === undefined || !/^\p{L}/u.test(table) || table.length > longestName ? undefined : table;
}

const longestName = 200;

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

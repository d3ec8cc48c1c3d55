import { baseName } from '../../archives/evidence-path.ts';
import { at, type ExportShape, type Fields, textOf } from './export-shape.ts';
import { namedColumns } from './named-columns.ts';
import { fromPowerShell } from './power-shell.ts';

/**
 * Sign-ins and audit records as Microsoft Graph has them, which the Entra portal's JSON download and the `properties` of
 * Entra's diagnostic logs are too (learn.microsoft.com/entra/identity/monitoring-health/reference-sign-ins-log-schema, as of
 * 2024-09; Graph's signIn and directoryAudit): the names of Log Analytics' columns, but for case, and these.
 */
const renamed: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ipAddress: 'IPAddress',
    location: 'LocationDetails',
    resourceId: 'ResourceIdentity',
    appliedConditionalAccessPolicies: 'ConditionalAccessPolicies',
    operationType: 'AADOperationType',
  }),
);

/** The table of sign-ins by the name that the portal gives its downloads, "NonInteractiveSignIns_2026-11-22_2026-11-23.json". */
export function signInTable(path: string): string | undefined {
  const name = baseName(path);
  if (/non-?interactive/i.test(name)) return 'AADNonInteractiveUserSignInLogs';
  if (/interactivesignins/i.test(name)) return 'SigninLogs';
  if (/applicationsignins/i.test(name)) return 'AADServicePrincipalSignInLogs';
  return /msisignins/i.test(name) ? 'AADManagedIdentitySignInLogs' : undefined;
}

/** The objects of PowerShell's module for Graph, as JSON. */
const graphRecord = (record: Fields): Fields =>
  record.has('TimeGenerated') || !(record.has('CreatedDateTime') || record.has('ActivityDateTime'))
    ? record
    : fromPowerShell(record);

function tableOf(given: Fields, path: string): string | undefined {
  const record = graphRecord(given);
  if (record.has('activityDateTime') && record.has('initiatedBy')) return 'AuditLogs';
  if (!record.has('createdDateTime') || !record.has('ipAddress')) return undefined;
  const named = signInTable(path);
  if (named) return named;
  const kinds = JSON.stringify(record.get('signInEventTypes') ?? '');
  if (/managedIdentity/i.test(kinds)) return 'AADManagedIdentitySignInLogs';
  if (/servicePrincipal/i.test(kinds)) return 'AADServicePrincipalSignInLogs';
  const interactive = record.get('isInteractive');
  return /nonInteractive/i.test(kinds) || interactive === false ? 'AADNonInteractiveUserSignInLogs' : 'SigninLogs';
}

/** The columns of a sign-in or of an audit record. */
export function graphColumns(record: Fields, table: string): Map<string, unknown> {
  const fields = new Map([...record].map(([name, value]) => [renamed.get(name) ?? name, value]));
  const row = namedColumns(fields, table);
  if (table === 'AuditLogs') {
    row.set('TimeGenerated', record.get('activityDateTime'));
    row.set('OperationName', record.get('activityDisplayName'));
    return row;
  }
  row.set('TimeGenerated', record.get('createdDateTime'));
  const status = record.get('status');
  const code = at(status, 'errorCode');
  if (code !== undefined) row.set('ResultType', textOf(code));
  if (at(status, 'failureReason') !== undefined) row.set('ResultDescription', at(status, 'failureReason'));
  const country = at(record.get('location'), 'countryOrRegion');
  if (country !== undefined) row.set('Location', country);
  if (!row.has('Identity') && record.has('userDisplayName')) row.set('Identity', record.get('userDisplayName'));
  return row;
}

export const graph: ExportShape = {
  tableOf,
  rowOf: (record, table) => graphColumns(graphRecord(record), table),
};

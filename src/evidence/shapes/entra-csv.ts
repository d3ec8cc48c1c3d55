import type { ExportShape, Fields } from './export-shape.ts';
import { signInTable } from './graph.ts';

/**
 * The portal's CSV of sign-ins, by the names of its columns (headers as downloaded in 2024 and 2025; Microsoft documents
 * them only as what the page shows). "Incoming token type" is there twice, and some names end with a blank.
 */
const columns: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Request ID': 'Id',
    'User agent': 'UserAgent',
    'Correlation ID': 'CorrelationId',
    'User ID': 'UserId',
    User: 'UserDisplayName',
    Username: 'UserPrincipalName',
    'User type': 'UserType',
    'Service principal ID': 'ServicePrincipalId',
    'Service principal name': 'ServicePrincipalName',
    'Cross tenant access type': 'CrossTenantAccessType',
    'Incoming token type': 'IncomingTokenType',
    'Authentication Protocol': 'AuthenticationProtocol',
    'Unique token identifier': 'UniqueTokenIdentifier',
    'Original transfer method': 'OriginalTransferMethod',
    'Client credential type': 'ClientCredentialType',
    Application: 'AppDisplayName',
    'Application ID': 'AppId',
    'App owner tenant ID': 'AppOwnerTenantId',
    Resource: 'ResourceDisplayName',
    'Resource ID': 'ResourceIdentity',
    'Resource tenant ID': 'ResourceTenantId',
    'Resource owner tenant ID': 'ResourceOwnerTenantId',
    'Home tenant ID': 'HomeTenantId',
    'Home tenant name': 'HomeTenantName',
    'IP address': 'IPAddress',
    'Client app': 'ClientAppUsed',
    'Session ID': 'SessionId',
    'Through Global Secure Access': 'IsThroughGlobalSecureAccess',
    'Global Secure Access IP address': 'GlobalSecureAccessIpAddress',
    'Autonomous system number': 'AutonomousSystemNumber',
    'Token issuer type': 'TokenIssuerType',
    'Token issuer name': 'TokenIssuerName',
  }),
);
/** Columns that are made into one. */
const parts = new Set([
  'Date (UTC)',
  'Location',
  'Status',
  'Sign-in error code',
  'Failure reason',
  'Device ID',
  'Browser',
  'Operating System',
  'Compliant',
  'Managed',
  'Join Type',
  'Multifactor authentication auth method',
  'Multifactor authentication auth detail',
  'Authentication requirement',
  'Conditional Access',
]);

/** The portal's words for Graph's values; others stay as they are. */
const requirements: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'multifactor authentication': 'multiFactorAuthentication',
    'single-factor authentication': 'singleFactorAuthentication',
  }),
);
const access: ReadonlyMap<string, string> = new Map(
  Object.entries({ success: 'success', failure: 'failure', 'not applied': 'notApplied' }),
);
const worded = (words: ReadonlyMap<string, string>, text: string): string => words.get(text.toLowerCase()) ?? text;

/** A flag as JSON: the portal writes True, False, or nothing where it is not known. */
const flag = (text: string): boolean | undefined =>
  /^(?:true|yes)$/i.test(text) ? true : /^(?:false|no)$/i.test(text) ? false : undefined;

function given(values: Record<string, unknown>): Record<string, unknown> | undefined {
  const found = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

/** The header of a download: trimmed, with blanks made one. */
export const entraHeader = (name: string): string => name.trim().replace(/\s+/g, ' ');

function rowOf(record: Fields): Map<string, unknown> {
  const text = (name: string): string => String(record.get(name) ?? '').trim();
  const row = new Map<string, unknown>();
  for (const [name, value] of record) {
    const column = columns.get(name);
    if (column !== undefined) row.set(column, value);
    else if (!parts.has(name)) row.set(name, value);
  }
  row.set('TimeGenerated', text('Date (UTC)'));
  row.set('CreatedDateTime', text('Date (UTC)'));
  row.set('Identity', record.get('User'));
  // "Bellevue, Washington, US": the country is last.
  const places = text('Location')
    .split(',')
    .map((place) => place.trim());
  const [country = '', state = '', city = ''] = [places.at(-1), places.at(-2), places.slice(0, -2).join(', ')];
  row.set('Location', country);
  row.set('LocationDetails', given({ city, state, countryOrRegion: country }));
  const code = text('Sign-in error code');
  const result = /^\d+$/.test(code) ? code : text('Status').toLowerCase() === 'success' ? '0' : code;
  row.set('ResultType', result);
  row.set('ResultDescription', text('Failure reason'));
  row.set(
    'Status',
    given({ errorCode: result === '' ? undefined : Number(result), failureReason: text('Failure reason') }),
  );
  row.set(
    'DeviceDetail',
    given({
      deviceId: text('Device ID'),
      browser: text('Browser'),
      operatingSystem: text('Operating System'),
      isCompliant: flag(text('Compliant')),
      isManaged: flag(text('Managed')),
      trustType: text('Join Type'),
    }),
  );
  row.set(
    'MfaDetail',
    given({
      authMethod: text('Multifactor authentication auth method'),
      authDetail: text('Multifactor authentication auth detail'),
    }),
  );
  row.set('AuthenticationRequirement', worded(requirements, text('Authentication requirement')));
  row.set('ConditionalAccessStatus', worded(access, text('Conditional Access')));
  return row;
}

export const entraCsv: ExportShape = {
  tableOf: (record, path) => {
    if (!record.has('Date (UTC)') || !record.has('Request ID') || !record.has('IP address')) return undefined;
    const bySort = record.has('Username') ? 'SigninLogs' : 'AADServicePrincipalSignInLogs';
    return signInTable(path) ?? bySort;
  },
  rowOf,
};

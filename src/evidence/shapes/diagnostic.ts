import { knownTables } from '../../kql/table-schemas.ts';
import { at, type ExportShape, type Fields, fieldsOf, textOf } from './export-shape.ts';
import { graphColumns } from './graph.ts';
import { namedColumns } from './named-columns.ts';

/**
 * Records that diagnostic settings write to a storage account (`insights-activity-logs`, `insights-logs-…`, files
 * y=…/m=…/PT1H.json), and Defender's streaming API: time, category, and what is of the category's own in `properties`
 * (learn.microsoft.com/azure/azure-monitor/essentials/resource-logs-schema; activity-log-schema, "Schema from storage account and
 * event hubs", 2020-09; Entra's, 2019-04).
 */
const tables: ReadonlyMap<string, string> = new Map(
  Object.entries({
    signinlogs: 'SigninLogs',
    noninteractiveusersigninlogs: 'AADNonInteractiveUserSignInLogs',
    serviceprincipalsigninlogs: 'AADServicePrincipalSignInLogs',
    managedidentitysigninlogs: 'AADManagedIdentitySignInLogs',
    auditlogs: 'AuditLogs',
    riskyusers: 'AADRiskyUsers',
    userriskevents: 'AADUserRiskEvents',
    provisioninglogs: 'AADProvisioningLogs',
    microsoftgraphactivitylogs: 'MicrosoftGraphActivityLogs',
    storageread: 'StorageBlobLogs',
    storagewrite: 'StorageBlobLogs',
    storagedelete: 'StorageBlobLogs',
  }),
);
/** Categories of the activity log, and the kinds of operation that older records have in their place. */
const activityCategories = new Set(
  'administrative security servicehealth alert recommendation policy autoscale resourcehealth write delete action'.split(
    ' ',
  ),
);
const operationKinds = new Set(['write', 'delete', 'action']);
const entra = new Set([
  'SigninLogs',
  'AADNonInteractiveUserSignInLogs',
  'AADServicePrincipalSignInLogs',
  'AADManagedIdentitySignInLogs',
  'AuditLogs',
]);

/** Other services have a category AuditEvent too. */
const vault = /\/providers\/microsoft\.keyvault\/vaults\//i;

const streamed = /^AdvancedHunting-(\w+)$/i;

function tableOf(record: Fields): string | undefined {
  if (!record.has('time') || !record.has('category')) return undefined;
  const category = textOf(record.get('category'));
  const hunted = streamed.exec(category)?.[1]?.toLowerCase();
  if (hunted !== undefined) return knownTables().find((table) => table.toLowerCase() === hunted);
  const lower = category.toLowerCase();
  if (activityCategories.has(lower) && record.has('resourceId')) return 'AzureActivity';
  // The other services of a storage account write these categories too.
  if (lower.startsWith('storage') && !/\/blobservices\//i.test(textOf(record.get('resourceId')))) return undefined;
  if (lower === 'auditevent') return vault.test(textOf(record.get('resourceId'))) ? 'AZKVAuditLogs' : undefined;
  // Categories of Azure Firewall's structured logs are called as their tables.
  if (/^AZFW[A-Za-z]{1,40}$/.test(category)) return category;
  return tables.get(lower);
}

function rowOf(record: Fields, table: string): Map<string, unknown> {
  const properties = fieldsOf(record.get('properties'));
  const { properties: _, ...own } = Object.fromEntries(record);
  if (table === 'AzureActivity') return activityRow(record);
  const base = namedColumns(fieldsOf(own), table);
  const inner = entra.has(table) ? graphColumns(properties, table) : namedColumns(properties, table);
  // Log Analytics takes the values beside the properties before those in them.
  const row = new Map([...[...inner].filter(([, value]) => value !== undefined), ...base]);
  row.set('TimeGenerated', properties.get('Timestamp') ?? record.get('time'));
  row.delete('time');
  if (table === 'AZKVAuditLogs') row.set('Properties', record.get('properties'));
  else if (record.has('callerIpAddress') && !inner.get('IPAddress'))
    row.set('IPAddress', record.get('callerIpAddress'));
  if (record.has('tenantId')) row.set('AADTenantId', record.get('tenantId'));
  return row;
}

const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';

function activityRow(record: Fields): Map<string, unknown> {
  const properties = record.get('properties');
  const identity = record.get('identity');
  const claimed = at(identity, 'claims');
  const resource = textOf(record.get('resourceId'));
  const category = textOf(record.get('category'));
  const parts = /^\/subscriptions\/([^/]+)(?:\/resourcegroups\/([^/]+))?(?:\/providers\/([^/]+))?/i.exec(resource);
  const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));
  return new Map<string, unknown>([
    ['TimeGenerated', record.get('time')],
    ['OperationNameValue', record.get('operationName')],
    ['ActivityStatusValue', record.get('resultType')],
    // "Succeeded.Created": the status and, behind the point, what of it.
    ['ActivitySubstatusValue', textOf(record.get('resultSignature')).split('.').slice(1).join('.')],
    [
      'CategoryValue',
      at(properties, 'eventCategory') ?? (operationKinds.has(category.toLowerCase()) ? 'Administrative' : category),
    ],
    ['Caller', at(claimed, `${claims}upn`) ?? at(claimed, `${claims}name`) ?? at(claimed, 'appid')],
    ['CallerIpAddress', record.get('callerIpAddress')],
    ['CorrelationId', record.get('correlationId')],
    ['Level', record.get('level') ?? record.get('Level')],
    ['ResourceId', resource],
    ['_ResourceId', resource.toLowerCase()],
    ['SubscriptionId', parts?.[1]],
    ['ResourceGroup', parts?.[2]],
    ['ResourceProviderValue', parts?.[3]],
    ['OperationId', at(properties, 'operationId')],
    ['EventDataId', at(properties, 'eventDataId')],
    ['Hierarchy', at(properties, 'hierarchy')],
    ['Authorization', json(at(identity, 'authorization'))],
    ['Authorization_d', at(identity, 'authorization')],
    ['Claims', json(claimed)],
    ['Claims_d', claimed],
    ['Properties', json(properties)],
    ['Properties_d', properties],
    ['Type', 'AzureActivity'],
  ]);
}

export const diagnostic: ExportShape = { tableOf, rowOf };

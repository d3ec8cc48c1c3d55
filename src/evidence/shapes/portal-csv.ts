import type { ExportShape, Fields } from './export-shape.ts';

/** Properties that were changed, and targets, have numbers in the names of their columns. */
const mostTargets = 5;
const mostProperties = 10;

const textIn =
  (record: Fields) =>
  (...names: string[]): string => {
    for (const name of names) {
      const value = String(record.get(name) ?? '').trim();
      if (value !== '') return value;
    }
    return '';
  };

function given(values: Record<string, unknown>): Record<string, unknown> | undefined {
  const found = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

/** "Target1ModifiedProperty2NewValue" and its kin. */
function targetOf(text: ReturnType<typeof textIn>, target: string): Record<string, unknown> | undefined {
  const changed = Array.from({ length: mostProperties }, (_, i) => {
    const property = `${target}ModifiedProperty${i + 1}`;
    const displayName = text(`${property}Name`);
    const [oldValue, newValue] = [text(`${property}OldValue`), text(`${property}NewValue`)];
    return displayName === '' ? undefined : { displayName, oldValue, newValue };
  }).filter((property) => property !== undefined);
  return given({
    id: text(`${target}ObjectId`),
    displayName: text(`${target}DisplayName`),
    type: text(`${target}Type`),
    userPrincipalName: text(`${target}UserPrincipalName`),
    modifiedProperties: changed.length > 0 ? changed : undefined,
  });
}

/** The portal's CSV of Entra's audit log, whose columns are those of Graph's directoryAudit laid out flat (as downloaded 2023 to 2025). */
export const entraAuditCsv: ExportShape = {
  tableOf: (record) =>
    ['Date (UTC)', 'Service', 'Activity', 'ActorType', 'Target1Type'].every((name) => record.has(name))
      ? 'AuditLogs'
      : undefined,
  rowOf: (record) => {
    const text = textIn(record);
    const address = text('IPAddress', 'IP Address');
    const app = given({
      displayName:
        text('ActorServicePrincipalName') || (text('ActorUserPrincipalName') ? '' : text('ActorDisplayName')),
      servicePrincipalId: text('ActorServicePrincipalId'),
    });
    const user = given({
      id: text('ActorObjectId'),
      displayName: text('ActorDisplayName'),
      userPrincipalName: text('ActorUserPrincipalName'),
      ipAddress: address,
    });
    const isApp = /application|service ?principal/i.test(text('ActorType')) || text('ActorServicePrincipalId') !== '';
    const targets = Array.from({ length: mostTargets }, (_, i) => targetOf(text, `Target${i + 1}`));
    const agent = text('User Agent', 'UserAgent');
    const details = Array.from({ length: mostTargets }, (_, i) => ({
      key: text(`AdditionalDetail${i + 1}Key`),
      value: text(`AdditionalDetail${i + 1}Value`),
    })).filter(({ key }) => key !== '');
    return new Map<string, unknown>([
      ['TimeGenerated', text('Date (UTC)')],
      ['ActivityDateTime', text('Date (UTC)')],
      ['CorrelationId', text('CorrelationId', 'Correlation ID')],
      ['LoggedByService', text('Service')],
      ['Category', text('Category')],
      ['OperationName', text('Activity')],
      ['ActivityDisplayName', text('Activity')],
      ['Result', text('Result')],
      ['ResultReason', text('ResultReason', 'Result Reason')],
      ['Identity', text('ActorDisplayName')],
      ['InitiatedBy', isApp ? { app: { ...app, ...(address === '' ? {} : { ipAddress: address }) } } : { user }],
      ['TargetResources', targets.filter((target) => target !== undefined)],
      ['AdditionalDetails', [...(agent === '' ? [] : [{ key: 'User-Agent', value: agent }]), ...details]],
      ['Type', 'AuditLogs'],
    ]);
  },
};

/** The portal's words for the status of an operation, by what the activity log has in its place (activity-log-schema, 2020-09). */
const statuses: ReadonlyMap<string, string> = new Map(
  Object.entries({ succeeded: 'Success', failed: 'Failure', started: 'Start', accepted: 'Accept' }),
);

/**
 * The portal's CSV of the activity log (as Microsoft's training "DP-203" has one, 2021). Of an operation it has the words that the
 * page shows, not its name, so that OperationNameValue is empty, and nothing of the address.
 */
export const activityCsv: ExportShape = {
  tableOf: (record) =>
    ['Correlation id', 'Operation name', 'Event category', 'Event initiated by'].every((name) => record.has(name))
      ? 'AzureActivity'
      : undefined,
  rowOf: (record) => {
    const text = textIn(record);
    const status = text('Status');
    const resource = text('Resource');
    const id = /^\/subscriptions\//i.test(resource) ? resource : '';
    return new Map<string, unknown>([
      ['TimeGenerated', text('Time')],
      ['CorrelationId', text('Correlation id')],
      ['OperationName', text('Operation name')],
      ['ActivityStatus', status],
      ['ActivityStatusValue', statuses.get(status.toLowerCase()) ?? status],
      ['CategoryValue', text('Event category')],
      ['Level', text('Level')],
      ['Caller', text('Event initiated by')],
      ['SubscriptionId', text('Subscription')],
      ['ResourceGroup', text('Resource group')],
      ['ResourceProviderValue', text('Resource type')],
      ['Resource', resource],
      ['ResourceId', id],
      ['_ResourceId', id.toLowerCase()],
      ['Type', 'AzureActivity'],
    ]);
  },
};

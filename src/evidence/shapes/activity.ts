import { at, type ExportShape, type Fields, textOf } from './export-shape.ts';
import { fromPowerShell } from './power-shell.ts';

/** Is it an event as Get-AzActivityLog gives it? */
const isOfPowerShell = (event: Fields): boolean => event.has('EventTimestamp') && event.has('EventDataId');

/**
 * An event of the activity log as its REST API has it, `az monitor activity-log list`, and Get-AzActivityLog with ConvertTo-Json
 * (activity-log-schema, 2020-09; learn.microsoft.com/powershell/module/az.monitor/get-azactivitylog, as of 2026-11).
 */
function rowOf(given: Fields): Map<string, unknown> {
  const event = isOfPowerShell(given) ? fromPowerShell(given) : given;
  // Older versions of the module have the claims one level deeper.
  const claims = at(event.get('claims'), 'content') ?? event.get('claims');
  const value = (name: string): unknown => at(event.get(name), 'value') ?? event.get(name);
  const told = (name: string): unknown => at(event.get(name), 'localizedValue') ?? '';
  const json = (name: string): string => (event.has(name) ? JSON.stringify(event.get(name)) : '');
  return new Map<string, unknown>([
    ['TimeGenerated', event.get('eventTimestamp')],
    ['EventSubmissionTimestamp', event.get('submissionTimestamp')],
    ['Caller', event.get('caller')],
    ['CallerIpAddress', at(event.get('httpRequest'), 'clientIpAddress') ?? at(claims, 'ipaddr')],
    ['OperationNameValue', value('operationName')],
    ['OperationName', told('operationName')],
    ['ActivityStatusValue', value('status')],
    ['ActivityStatus', told('status')],
    ['ActivitySubstatusValue', value('subStatus')],
    ['ActivitySubstatus', told('subStatus')],
    ['CategoryValue', value('category')],
    ['Category', told('category')],
    ['Level', event.get('level')],
    ['ResourceId', event.get('resourceId')],
    ['_ResourceId', textOf(event.get('resourceId')).toLowerCase()],
    ['ResourceGroup', event.get('resourceGroupName')],
    ['ResourceProviderValue', value('resourceProviderName')],
    ['SubscriptionId', event.get('subscriptionId')],
    ['CorrelationId', event.get('correlationId')],
    ['EventDataId', event.get('eventDataId')],
    ['OperationId', event.get('operationId')],
    ['Authorization', json('authorization')],
    ['Authorization_d', event.get('authorization')],
    ['Claims', claims === undefined ? '' : JSON.stringify(claims)],
    ['Claims_d', claims],
    ['HTTPRequest', json('httpRequest')],
    ['Properties', json('properties')],
    ['Properties_d', event.get('properties')],
    ['Type', 'AzureActivity'],
  ]);
}

export const activity: ExportShape = {
  tableOf: (event) =>
    (event.has('eventTimestamp') && event.has('eventDataId')) || isOfPowerShell(event) ? 'AzureActivity' : undefined,
  rowOf,
};

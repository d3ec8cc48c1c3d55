import { at, type ExportShape, type Fields, textOf } from './export-shape.ts';

/** An event of the activity log as its REST API has it, and `az monitor activity-log list` (activity-log-schema, 2020-09). */
function rowOf(event: Fields): Map<string, unknown> {
  const value = (name: string): unknown => at(event.get(name), 'value') ?? event.get(name);
  const told = (name: string): unknown => at(event.get(name), 'localizedValue') ?? '';
  const json = (name: string): string => (event.has(name) ? JSON.stringify(event.get(name)) : '');
  return new Map<string, unknown>([
    ['TimeGenerated', event.get('eventTimestamp')],
    ['EventSubmissionTimestamp', event.get('submissionTimestamp')],
    ['Caller', event.get('caller')],
    ['CallerIpAddress', at(event.get('httpRequest'), 'clientIpAddress') ?? at(event.get('claims'), 'ipaddr')],
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
    ['Claims', json('claims')],
    ['Claims_d', event.get('claims')],
    ['HTTPRequest', json('httpRequest')],
    ['Properties', json('properties')],
    ['Properties_d', event.get('properties')],
    ['Type', 'AzureActivity'],
  ]);
}

export const activity: ExportShape = {
  tableOf: (event) => (event.has('eventTimestamp') && event.has('eventDataId') ? 'AzureActivity' : undefined),
  rowOf,
};

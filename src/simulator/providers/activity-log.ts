import { AzureError } from '../azure-error.ts';
import { type Call, type Handler, page, type Route } from '../call.ts';
import { at, isRecord, type Json, same, text } from '../json.ts';
import type { Row } from '../world.ts';

const localizable = (value: unknown): unknown => (typeof value === 'string' ? { value, localizedValue: value } : value);

const pick = (row: Row, ...names: string[]): unknown => {
  for (const name of names) if (row[name] !== undefined && row[name] !== '') return row[name];
  return undefined;
};

function textOf(value: unknown): string | undefined {
  return text(value) ?? text(at(value, 'value'));
}

/**
 * An event of the activity log from a row of the table AzureActivity (the columns of Log Analytics), or from a row that
 * already has the fields of the log itself.
 */
function eventOf(row: Row): Json {
  const event: Json = {};
  const copy: [string, unknown][] = [
    ['eventDataId', pick(row, 'eventDataId', 'EventDataId')],
    ['correlationId', pick(row, 'correlationId', 'CorrelationId')],
    ['operationId', pick(row, 'operationId', 'OperationId')],
    ['caller', pick(row, 'caller', 'Caller')],
    ['level', pick(row, 'level', 'Level')],
    ['description', pick(row, 'description')],
    ['eventTimestamp', pick(row, 'eventTimestamp', 'TimeGenerated')],
    ['submissionTimestamp', pick(row, 'submissionTimestamp', 'EventSubmissionTimestamp')],
    ['resourceGroupName', pick(row, 'resourceGroupName', 'ResourceGroup')],
    ['resourceId', pick(row, 'resourceId', 'ResourceId', '_ResourceId')],
    ['claims', objectOf(row, 'claims', 'Claims_d', 'Claims')],
    ['properties', objectOf(row, 'properties', 'Properties_d', 'Properties')],
    ['subscriptionId', pick(row, 'subscriptionId', 'SubscriptionId')],
    ['tenantId', pick(row, 'tenantId')],
    ['operationName', localizable(operationOf(row))],
    ['status', localizable(statusOf(row))],
    ['subStatus', localizable(pick(row, 'subStatus', 'ActivitySubstatusValue', 'ActivitySubstatus'))],
    ['category', localizable(pick(row, 'category', 'CategoryValue', 'Category'))],
    [
      'resourceProviderName',
      localizable(pick(row, 'resourceProviderName', 'ResourceProviderValue', 'ResourceProvider')),
    ],
    ['resourceType', localizable(pick(row, 'resourceType'))],
    ['httpRequest', httpOf(row)],
  ];
  for (const [name, value] of copy) if (value !== undefined) event[name] = value;
  if (!/^(Critical|Error|Warning|Informational|Verbose)$/.test(String(event.level))) {
    event.level = 'Informational';
  }
  return event;
}

function httpOf(row: Row): unknown {
  const given = objectOf(row, 'httpRequest', 'HTTPRequest');
  if (given !== undefined) return given;
  const address = pick(row, 'CallerIpAddress');
  return address === undefined ? undefined : { clientIpAddress: address };
}

/** A column that holds an object, or its JSON. */
function objectOf(row: Row, ...names: string[]): unknown {
  const given = pick(row, ...names);
  if (typeof given !== 'string') return given;
  try {
    const parsed: unknown = JSON.parse(given);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Log Analytics has the operation in capitals in one column and as a person reads it in another; the log has neither. */
function operationOf(row: Row): unknown {
  const readable = text(row.OperationName);
  return (
    pick(row, 'operationName') ??
    (readable?.includes('/') ? readable : pick(row, 'OperationNameValue', 'OperationName'))
  );
}

const statuses: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Start: 'Started',
    Accept: 'Accepted',
    Success: 'Succeeded',
    Failure: 'Failed',
  }),
);

function statusOf(row: Row): unknown {
  const given = pick(row, 'status', 'ActivityStatusValue', 'ActivityStatus');
  return (typeof given === 'string' ? statuses.get(given) : undefined) ?? given;
}

/** A value in quotes; a time also without, as the Azure CLI writes it. */
const clause = /^\s*(\w+)\s+(eq|ge|le|gt|lt)\s+(?:'([^']*)'|(\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?))\s*$/i;

/** A time without a zone is in UTC. */
const timeOf = (value: string): number => Date.parse(/(Z|[+-]\d\d:\d\d)$/i.test(value) ? value : `${value}Z`);

/** The texts of a list in one value: `'Critical, Error'`. */
const oneOf = (list: string, value: unknown): boolean =>
  list.split(',').some((each) => same(each.trim(), textOf(value)));

/** The conditions that the activity log's `$filter` knows; a lower bound of time is required, as in Azure. */
function conditionOf(filter: string): (event: Json) => boolean {
  const tests = filter.split(/\s+and\s+/i).map((part) => {
    const match = clause.exec(part);
    if (match === null) throw new AzureError(400, 'BadRequest', `The filter '${part}' is not valid.`);
    const [, field = '', operator = '', quoted, bare = ''] = match;
    const value = quoted ?? bare;
    return (event: Json): boolean => {
      if (/^eventTimestamp$/i.test(field)) {
        const time = Date.parse(text(event.eventTimestamp) ?? '');
        const bound = timeOf(value);
        return /^g/i.test(operator) ? time >= bound : time <= bound;
      }
      if (/^(resourceUri|resourceId)$/i.test(field)) return same(text(event.resourceId), value);
      if (/^resourceGroupName$/i.test(field)) return same(text(event.resourceGroupName), value);
      if (/^correlationId$/i.test(field)) return same(text(event.correlationId), value);
      if (/^caller$/i.test(field)) return same(text(event.caller), value);
      if (/^resourceProvider$/i.test(field)) return same(textOf(event.resourceProviderName), value);
      if (/^levels$/i.test(field)) return oneOf(value, event.level);
      if (/^status$/i.test(field)) return oneOf(value, event.status);
      if (/^eventChannels$/i.test(field)) return true;
      throw new AzureError(400, 'BadRequest', `The filter property '${field}' is not supported.`);
    };
  });
  if (!/eventTimestamp\s+g/i.test(filter)) {
    throw new AzureError(400, 'BadRequest', "The filter must contain a start time: eventTimestamp ge '…'.");
  }
  return (event) => tests.every((test) => test(event));
}

/** Read access to a resource group includes its activity log; without a group, access to the subscription is needed. */
function demandScope(call: Call, filter: string): void {
  const subscription = `/subscriptions/${call.params.subscription ?? ''}`;
  const group = /resourceGroupName\s+eq\s+'([^']+)'/i.exec(filter)?.[1];
  const resource = /resource(?:Uri|Id)\s+eq\s+'([^']+)'/i.exec(filter)?.[1];
  const scope = resource ?? (group === undefined ? subscription : `${subscription}/resourceGroups/${group}`);
  call.azure.permissions.demand('Microsoft.Insights/eventtypes/values/read', scope);
}

const values: Handler = (call) => {
  const filter = call.query.get('$filter') ?? '';
  const fits = conditionOf(filter);
  demandScope(call, filter);
  const subscription = call.params.subscription;
  const horizon = call.azure.clock.ms() - 90 * 86_400_000;
  const events = [...(call.azure.table('AzureActivity') ?? []), ...call.azure.activity]
    .map(eventOf)
    .filter((event) => {
      const owner = text(event.subscriptionId) ?? /^\/subscriptions\/([^/]+)/i.exec(text(event.resourceId) ?? '')?.[1];
      return owner === undefined || same(owner, subscription);
    })
    .filter((event) => Date.parse(text(event.eventTimestamp) ?? '') >= horizon && fits(event))
    .sort((a, b) => Date.parse(text(b.eventTimestamp) ?? '') - Date.parse(text(a.eventTimestamp) ?? ''));
  const selected = call.query
    .get('$select')
    ?.split(',')
    .map((name) => name.trim().toLowerCase());
  const shown = (event: Json): Json =>
    selected === undefined
      ? event
      : Object.fromEntries(Object.entries(event).filter(([name]) => selected.includes(name.toLowerCase())));
  return page(call, events.map(shown), Math.min(200, call.azure.pageSize));
};

export const activityLogRoutes: Route[] = [
  {
    method: 'GET',
    template: '/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values',
    handler: values,
  },
];

import type { Row } from '../world.ts';
import { guidOf } from './seeded.ts';
import { type Place, tenantId } from './tenant.ts';
import { at, second, sevenDigits } from './time.ts';

/** Who asks Azure for a change. */
export interface Doer {
  /** User principal name; for an application or a managed identity the object id of its service principal. */
  caller: string;
  objectId: string;
  /** Where the request comes from. */
  address: string;
}

/** A change in Azure. */
export interface ChangeSpec {
  place: Place;
  resourceId: string;
  /** "Microsoft.Network/networkSecurityGroups/securityRules/write" */
  operation: string;
  by: Doer;
  time: string;
  /** Seconds until it ended; 2 when absent. */
  took?: number;
  failed?: string;
  /** The request's body, which the log keeps for writes. */
  body?: unknown;
}

const objectIdClaim = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

/** The two events of a change, its start and its end, with the columns of the table AzureActivity. */
export function changeRows(change: ChangeSpec): Row[] {
  const { place, resourceId, operation, by, time, took = 2, failed, body } = change;
  const correlation = guidOf(`activity:${resourceId}:${operation}:${time}`);
  const person = by.caller.includes('@');
  const event = (when: number, status: string, subStatus: string, extra: Record<string, string>): Row => ({
    TimeGenerated: sevenDigits(when, 7211),
    OperationNameValue: operation.toUpperCase(),
    OperationName: operation,
    ActivityStatusValue: status,
    ActivitySubstatusValue: subStatus,
    CategoryValue: 'Administrative',
    Level: failed !== undefined && status === 'Failure' ? 'Error' : 'Informational',
    Caller: by.caller,
    CallerIpAddress: by.address,
    Claims: JSON.stringify({
      aud: 'https://management.azure.com/',
      [objectIdClaim]: by.objectId,
      idtyp: person ? 'user' : 'app',
      ipaddr: by.address,
    }),
    HTTPRequest: JSON.stringify({
      clientRequestId: guidOf(`request:${correlation}`),
      clientIpAddress: by.address,
      method: operation.endsWith('/delete') ? 'DELETE' : operation.endsWith('/action') ? 'POST' : 'PUT',
    }),
    CorrelationId: correlation,
    EventDataId: guidOf(`event:${correlation}:${status}`),
    OperationId: guidOf(`operation:${correlation}`),
    ResourceGroup: place.group.toUpperCase(),
    ResourceProviderValue: operation.split('/')[0]?.toUpperCase() ?? '',
    ResourceId: resourceId,
    SubscriptionId: place.subscription,
    Properties: JSON.stringify({ entity: resourceId, message: operation, hierarchy: tenantId, ...extra }),
    Type: 'AzureActivity',
    _ResourceId: resourceId.toLowerCase(),
  });
  const begun = at(time);
  return [
    event(begun, 'Start', '', body === undefined ? {} : { requestbody: JSON.stringify(body) }),
    failed === undefined
      ? event(begun + took * second, 'Success', 'OK', { statusCode: 'OK' })
      : event(begun + took * second, 'Failure', failed, { statusCode: failed }),
  ];
}

import {
  directoryEvents,
  explicitCredentials,
  failedLogon,
  openSshEvents,
  otherLogEvents,
  specialPrivileges,
  successfulLogon,
  wholeFields,
} from './security-events.ts';

/** The fields that are read of each kind of event, in lists that are compared by identity (`EventRecord.choose`). */
export const failureFields = [
  'TargetUserName',
  'IpAddress',
  'LogonType',
  'Status',
  'SubStatus',
  'ProcessName',
  'TargetDomainName',
  'FailureReason',
];
export const successFields = ['TargetUserName', 'IpAddress', 'LogonType', 'TargetLogonId'];
export const privilegeFields = ['SubjectUserName', 'SubjectLogonId'];
export const explicitFields = ['TargetUserName', 'IpAddress', 'SubjectUserName', 'ProcessName'];
export const payloadField = ['payload'];
export const refusalFields = ['Status', 'TargetUserName', 'IpAddress', 'AccountName', 'ClientAddress'];
export const rdpFields = ['ClientIP', 'IPString', 'Param1', 'Param3', 'User', 'Address'];

const lists = new Map([
  [failedLogon, failureFields],
  [successfulLogon, successFields],
  [specialPrivileges, privilegeFields],
  [explicitCredentials, explicitFields],
  ...[...openSshEvents].map((eventId) => [eventId, payloadField] as const),
]);

/** The fields that are read of an event that `isSecurityEvent` chose, unless the whole of it is asked for. */
export function fieldsRead(eventId: number): readonly string[] {
  const own = lists.get(eventId);
  if (own) return own;
  return otherLogEvents.has(eventId) ? rdpFields : directoryEvents.has(eventId) ? refusalFields : wholeFields;
}

/** Fields that are read as numbers; as texts only where they are none. */
export const numberFields: ReadonlyMap<readonly string[], ReadonlySet<number>> = new Map([
  [failureFields, new Set([2, 3, 4])],
  [successFields, new Set([2, 3])],
  [privilegeFields, new Set([1])],
  [refusalFields, new Set([0])],
]);

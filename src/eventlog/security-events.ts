import type { EventParts } from '../triage/logons/event-words.ts';
import type { LogonEvent } from '../triage/logons/events.ts';
import type { EventRecord } from './record.ts';

/** An event of the Security log about a logon, or about what an intruder does after one. */
export interface SecurityEvent extends LogonEvent {
  channel: string;
  /** ProcessName: the program that asked for the logon. `process` is LogonProcessName. */
  processName: string;
  /** SubjectLogonId: the session that did it. */
  session: string;
  subject: string;
  member: string;
  thing: string;
  /** Is it covered by checksums that match? */
  verified: boolean;
}

/** The parts of an event that its sentence is made of. */
export function partsOf(event: SecurityEvent): EventParts {
  const { eventId, account, address, status, subStatus, subject, member, thing } = event;
  return {
    eventId,
    account,
    address,
    logonType: event.logonType === null ? '' : String(event.logonType),
    status,
    subStatus,
    subject,
    member,
    thing,
  };
}

export const failedLogon = 4625;
export const successfulLogon = 4624;
export const specialPrivileges = 4672;

const auditing = 'Microsoft-Windows-Security-Auditing';

/**
 * The events that are read, with the provider that writes them and the channel that they are written to: others have
 * events of the same numbers (4625 of EventSystem in the Application log). A forwarded event keeps both.
 */
const sources: Readonly<Record<number, { provider: string; channel: string }>> = {
  1102: { provider: 'Microsoft-Windows-Eventlog', channel: 'Security' },
  [successfulLogon]: { provider: auditing, channel: 'Security' },
  [failedLogon]: { provider: auditing, channel: 'Security' },
  [specialPrivileges]: { provider: auditing, channel: 'Security' },
  4697: { provider: auditing, channel: 'Security' },
  4698: { provider: auditing, channel: 'Security' },
  4720: { provider: auditing, channel: 'Security' },
  4728: { provider: auditing, channel: 'Security' },
  4732: { provider: auditing, channel: 'Security' },
  7045: { provider: 'Service Control Manager', channel: 'System' },
};

const wanted = new Uint8Array(0x10000);
for (const id of Object.keys(sources)) wanted[Number(id)] = 1;

/** Is it an event of logons, and not another one of the same number? */
export function isSecurityEvent(record: EventRecord): boolean {
  if (wanted[record.eventId] !== 1 || record.time === null) return false;
  const source = sources[record.eventId];
  return source?.provider === record.system('provider') && source.channel === record.system('channel');
}

const names = [
  'TargetUserName',
  'TargetDomainName',
  'IpAddress',
  'WorkstationName',
  'LogonType',
  'Status',
  'SubStatus',
  'LogonProcessName',
  'ProcessName',
  'TargetLogonId',
  'SubjectLogonId',
  'SubjectUserName',
  'MemberName',
  'MemberSid',
  'TaskName',
  'ServiceName',
] as const;

/** The whole of an event that `isSecurityEvent` chose. */
export function securityEventOf(record: EventRecord): SecurityEvent {
  record.choose(names);
  const text = (name: (typeof names)[number]): string => record.text(names.indexOf(name));
  const { eventId } = record;
  const logon = eventId === successfulLogon || eventId === failedLogon;
  const member = text('MemberName');
  return {
    at: record.time ?? 0,
    recordId: record.recordId,
    eventId,
    channel: record.system('channel'),
    computer: record.system('computer'),
    account: text('TargetUserName'),
    domain: text('TargetDomainName'),
    address: text('IpAddress'),
    workstation: text('WorkstationName'),
    logonType: logon ? record.number(names.indexOf('LogonType')) : null,
    status: text('Status'),
    subStatus: text('SubStatus'),
    process: text('LogonProcessName'),
    processName: text('ProcessName'),
    logonId: eventId === failedLogon ? '' : text('TargetLogonId'),
    method: '',
    session: eventId === failedLogon ? '' : text('SubjectLogonId'),
    subject: text('SubjectUserName'),
    member: member === '-' || member === '' ? text('MemberSid') : member,
    thing: text('TaskName') || text('ServiceName'),
    verified: record.verified,
  };
}

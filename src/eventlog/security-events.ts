import type { EventParts } from '../triage/logons/event-words.ts';
import type { LogonEvent } from '../triage/logons/events.ts';
import { KnownText } from './known-text.ts';
import type { TakenRecord } from './record.ts';

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
export const securityLogCleared = 1102;
/** Another log was cleared; it is in the System log. */
export const logCleared = 104;
export const serviceInstalled = 7045;
/** A domain controller's: a ticket asked for, proof of identity refused, NTLM validated. */
export const kerberosTicket = 4768;
export const kerberosRefused = 4771;
export const ntlmValidation = 4776;
export const explicitCredentials = 4648;
/** Remote Desktop denied to an account that may not use it, after the right password. */
export const rdpDenied = 4825;
/**
 * A line of OpenSSH for Windows, as syslog would have it, by its severity: critical (1), error (2), warning (3), information (4).
 * https://github.com/PowerShell/openssh-portable, contrib/win32/openssh/Openssh-events.man at a915f06c (2024-10-14): the first
 * two are in OpenSSH/Admin, the others in OpenSSH/Operational; debug messages (6) tell nothing of logons.
 */
export const openSshEvents: ReadonlySet<number> = new Set([1, 2, 3, 4]);
/**
 * Remote Desktop's own: a connection, one that broke in its security layer, one refused for name or password, an
 * authenticated one, a session on and again. 148, a channel that was closed, names no address (messages of the provider).
 */
export const rdpConnected = 131;
export const rdpBroken = 139;
export const rdpRefused = 140;
export const rdpAuthenticated = 1149;
export const sessionLogon = 21;
export const sessionReconnected = 25;

const security = new KnownText('Security');
const system = new KnownText('System');

/**
 * The events that are read, with the provider that writes them and the channel that they are written to: others have
 * events of the same numbers (4625 of EventSystem in the Application log). A forwarded event keeps both.
 */
const sources: readonly {
  eventIds: readonly number[];
  provider: KnownText;
  channel: KnownText;
  otherChannel?: KnownText;
}[] = [
  {
    eventIds: [
      successfulLogon,
      failedLogon,
      specialPrivileges,
      4697,
      4698,
      4719,
      4720,
      4722,
      4724,
      4726,
      4728,
      4732,
      4756,
    ],
    provider: new KnownText('Microsoft-Windows-Security-Auditing'),
    channel: security,
  },
  { eventIds: [securityLogCleared], provider: new KnownText('Microsoft-Windows-Eventlog'), channel: security },
  { eventIds: [logCleared], provider: new KnownText('Microsoft-Windows-Eventlog'), channel: system },
  {
    eventIds: [kerberosTicket, kerberosRefused, ntlmValidation, explicitCredentials, rdpDenied],
    provider: new KnownText('Microsoft-Windows-Security-Auditing'),
    channel: security,
  },
  {
    eventIds: [...openSshEvents],
    provider: new KnownText('OpenSSH'),
    channel: new KnownText('OpenSSH/Operational'),
    otherChannel: new KnownText('OpenSSH/Admin'),
  },
  {
    eventIds: [rdpConnected, rdpBroken, rdpRefused],
    provider: new KnownText('Microsoft-Windows-RemoteDesktopServices-RdpCoreTS'),
    channel: new KnownText('Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational'),
  },
  {
    eventIds: [rdpAuthenticated],
    provider: new KnownText('Microsoft-Windows-TerminalServices-RemoteConnectionManager'),
    channel: new KnownText('Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational'),
  },
  {
    eventIds: [sessionLogon, sessionReconnected],
    provider: new KnownText('Microsoft-Windows-TerminalServices-LocalSessionManager'),
    channel: new KnownText('Microsoft-Windows-TerminalServices-LocalSessionManager/Operational'),
  },
  { eventIds: [serviceInstalled], provider: new KnownText('Service Control Manager'), channel: system },
];

/** Events that report logons beside 4624 and 4625: those of the Security log, and those of other logs. */
export const directoryEvents: ReadonlySet<number> = new Set([
  kerberosTicket,
  kerberosRefused,
  ntlmValidation,
  explicitCredentials,
  rdpDenied,
]);
export const otherLogEvents: ReadonlySet<number> = new Set([
  ...openSshEvents,
  rdpConnected,
  rdpBroken,
  rdpRefused,
  rdpAuthenticated,
  sessionLogon,
  sessionReconnected,
]);

/** Of each event id, the place of its source. */
const nowhere = 255;
const sourceOf = new Uint8Array(0x10000).fill(nowhere);
for (const [place, { eventIds }] of sources.entries()) for (const id of eventIds) sourceOf[id] = place;

/** Is it an event of logons, and not another one of the same number? */
export function isSecurityEvent(record: TakenRecord): boolean {
  const place = sourceOf[record.eventId] ?? nowhere;
  if (place === nowhere || Number.isNaN(record.time)) return false;
  const source = sources[place];
  if (source === undefined) return false;
  const { provider, channel, otherChannel } = source;
  return record.isOf(provider, channel) || (otherChannel !== undefined && record.isOf(provider, otherChannel));
}

/** The fields of which the whole of an event is made. */
export const wholeFields = [
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
  'TargetSid',
  'TaskName',
  'ServiceName',
  'Channel',
] as const;

/** The whole of an event that `isSecurityEvent` chose. */
export function securityEventOf(record: TakenRecord): SecurityEvent {
  record.choose(wholeFields);
  const text = (name: (typeof wholeFields)[number]): string => record.text(wholeFields.indexOf(name));
  const { eventId } = record;
  const logon = eventId === successfulLogon || eventId === failedLogon;
  const member = text('MemberName');
  return {
    at: record.time,
    recordId: record.recordId,
    eventId,
    channel: record.system('channel'),
    computer: record.system('computer'),
    account: text('TargetUserName'),
    domain: text('TargetDomainName'),
    address: text('IpAddress'),
    workstation: text('WorkstationName'),
    logonType: logon ? record.number(wholeFields.indexOf('LogonType')) : null,
    status: text('Status'),
    subStatus: text('SubStatus'),
    process: text('LogonProcessName'),
    processName: text('ProcessName'),
    logonId: eventId === failedLogon ? '' : text('TargetLogonId'),
    method: '',
    session: eventId === failedLogon ? '' : text('SubjectLogonId'),
    subject: text('SubjectUserName'),
    member: eventId === 4720 ? text('TargetSid') : member === '-' || member === '' ? text('MemberSid') : member,
    thing: text('TaskName') || text('ServiceName') || text('Channel'),
    verified: record.verified,
  };
}

import { failedLogon, successfulLogon } from '../../eventlog/security-events.ts';
import type { Ticks } from '../../triage/logons/ticks.ts';
import type { EventParts } from '../exported-events/event-json.ts';
import { fieldText, type RowLogon } from './reporter.ts';

/** An event of the Security log as another program has it. `field` gives one of its data by Windows' name, "" where it is not there. */
export interface WindowsLogon {
  eventId: number;
  /** null where it cannot be read. */
  at: Ticks | null;
  computer: string;
  /** EventRecordID; "" where it is not known. */
  recordId: string;
  field(name: string): string;
}

/** The code of a failure whose reason is not in the export. */
export const noReason = 'reported:';

/** The logon that it is; null for another event, and why it cannot be read. */
export function windowsLogon({ eventId, at, computer, recordId, field }: WindowsLogon): RowLogon {
  if (eventId !== failedLogon && eventId !== successfulLogon) return null;
  if (at === null) return { because: 'it has no time that can be read' };
  const failed = eventId === failedLogon;
  const [account, address] = [field('TargetUserName'), field('IpAddress')];
  const type = /^(\d{1,2})\b/.exec(field('LogonType'))?.[1];
  const sub = field('SubStatus');
  const reason = /^0x0*$/i.test(sub) || sub === '' ? field('Status') || sub : sub;
  const code = /^0x[0-9a-f]{1,8}$/i.test(reason) ? reason : noReason;
  return {
    at,
    computer,
    account,
    domain: field('TargetDomainName'),
    address,
    logonType: type === undefined ? null : Number(type),
    outcome: failed ? 'failed' : 'succeeded',
    code: failed ? code : '',
    program: field('ProcessName'),
    // Several rules hit one event.
    id: [computer, recordId || `${account}\n${address}`, eventId, at].join('\n'),
    once: recordId !== '',
  };
}

/** The logon that a whole event is; null for one of another log. */
export function eventLogon({ system, fields }: EventParts): RowLogon {
  if (system.channel !== 'Security') return null;
  const named = new Map(fields.map(({ name, value }) => [name, value]));
  return windowsLogon({
    eventId: system.eventId,
    at: system.time,
    computer: system.computer,
    recordId: system.recordId > 0 ? String(system.recordId) : '',
    field: (name) => fieldText(named, name),
  });
}

import { defaultThresholds } from '../../../src/triage/logons/bursts.ts';
import type { FailureBucket, LogonEvent } from '../../../src/triage/logons/events.ts';
import { FailureColumns } from '../../../src/triage/logons/events.ts';
import type { LogonEvidence } from '../../../src/triage/logons/logons.ts';
import type { Success } from '../../../src/triage/logons/success.ts';
import { type Ticks, ticksOf, ticksPerSecond } from '../../../src/triage/logons/ticks.ts';

/** Ticks of "HH:MM:SS[.fff]" on the day of the tests, or of `seconds` after its beginning. */
export function at(time: string | number): Ticks {
  const text = typeof time === 'number' ? '00:00:00' : time;
  const ticks = ticksOf(`2026-11-23T${text}Z`);
  if (ticks === null) throw new Error(`no time: ${time}`);
  return typeof time === 'number' ? ticks + Math.round(time * ticksPerSecond) : ticks;
}

/** A failed logon with the wrong password, as event 4625 says it. */
export function failure(given: Partial<LogonEvent> & { at: Ticks }): LogonEvent {
  return {
    recordId: 0,
    eventId: 4625,
    computer: 'web01',
    account: 'svc-backup',
    domain: 'WEB01',
    address: '203.0.113.77',
    workstation: 'kali',
    logonType: 3,
    status: '0xc000006d',
    subStatus: '0xc000006a',
    process: '-',
    logonId: '',
    method: '',
    ...given,
  };
}

/** `count` failures, `apart` seconds from one to the next. */
export function failures(count: number, start: string, apart: number, given: Partial<LogonEvent> = {}): LogonEvent[] {
  return Array.from({ length: count }, (_, i) =>
    failure({ ...given, at: at(start) + Math.round(i * apart * ticksPerSecond), recordId: i + 1 }),
  );
}

export function success(given: Partial<Success> & { at: Ticks }): Success {
  return {
    first: given.at,
    last: given.at,
    recordId: 0,
    computer: 'web01',
    account: 'svc-backup',
    address: '203.0.113.77',
    logonType: 3,
    logonId: '0x47a203c',
    method: '',
    ...given,
  };
}

export function columnsOf(events: readonly LogonEvent[]): FailureColumns {
  const columns = new FailureColumns();
  for (const event of events) columns.addEvent(event);
  return columns;
}

/** The reduction that the query asks of Log Analytics: per minute, computer, address, account, code and type. */
export function bucketsOf(events: readonly LogonEvent[], codeOf: (event: LogonEvent) => string): FailureBucket[] {
  const buckets = new Map<string, FailureBucket>();
  for (const event of events) {
    const minute = Math.floor(event.at / (60 * ticksPerSecond));
    const code = codeOf(event);
    const key = [minute, event.computer, event.address, event.account, code, event.logonType].join('\n');
    const bucket = buckets.get(key);
    if (bucket) {
      bucket.failures++;
      bucket.first = Math.min(bucket.first, event.at);
      bucket.last = Math.max(bucket.last, event.at);
    } else {
      const { computer, address, account, logonType } = event;
      buckets.set(key, { first: event.at, last: event.at, failures: 1, computer, address, account, logonType, code });
    }
  }
  return [...buckets.values()];
}

export function evidence(events: readonly LogonEvent[], given: Partial<LogonEvidence> = {}): LogonEvidence {
  return {
    failures: columnsOf(events),
    successes: { collected: true, complete: true, because: '', cure: '', rows: [] },
    later: [],
    lastEventAt: null,
    thresholds: defaultThresholds,
    ...given,
  };
}

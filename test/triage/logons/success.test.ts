import { describe, expect, it } from 'vitest';
import type { LogonEvent } from '../../../src/triage/logons/events.ts';
import { assembleLogons, type LogonEvidence, type SuccessEvidence } from '../../../src/triage/logons/logons.ts';
import { type LaterEvent, normalLogonId, type Success } from '../../../src/triage/logons/success.ts';
import { at, evidence, failures, success } from './logon-events.ts';

const collected = (rows: Success[], given: Partial<SuccessEvidence> = {}): SuccessEvidence => ({
  collected: true,
  complete: true,
  because: '',
  cure: '',
  rows,
  ...given,
});

function burstAfter(events: LogonEvent[], rows: Success[], given: Partial<LogonEvidence> = {}) {
  const { logons } = assembleLogons(evidence(events, { successes: collected(rows), ...given }));
  const burst = logons.bursts[0];
  if (!burst) throw new Error('no burst');
  return burst;
}

function valueAfter(events: LogonEvent[], rows: Success[]) {
  const { success: told } = burstAfter(events, rows);
  return told.state === 'known' ? told.value : told;
}

const attack = failures(20, '02:00:00', 5);

describe('a success after a burst', () => {
  it('is the first by the same address or account, at or after the first failure', () => {
    const rows = [
      success({ at: at('01:59:59') }),
      success({ at: at('02:00:40'), address: '10.0.0.5' }),
      success({ at: at('02:00:30'), account: 'other' }),
    ];
    expect(valueAfter(attack, rows)).toEqual({
      at: '2026-11-23T02:00:30Z',
      account: 'other',
      address: '203.0.113.77',
      logonType: 3,
      by: 'address',
    });
  });

  it('at the very instant of the first failure counts, unless its record came before', () => {
    const late = failures(20, '02:00:00', 5).map((event) => ({ ...event, recordId: event.recordId + 100 }));
    expect(valueAfter(late, [success({ at: at('02:00:00'), recordId: 300 })])).toMatchObject({ by: 'both' });
    expect(valueAfter(late, [success({ at: at('02:00:00') })])).toMatchObject({ by: 'both' });
    expect(valueAfter(late, [success({ at: at('02:00:00'), recordId: 7 })])).toBeNull();
  });

  it('is not one before the burst, of a stranger, or on another computer', () => {
    const rows = [
      success({ at: at('01:00:00') }),
      success({ at: at('02:10:00'), account: 'anna', address: '10.0.0.5' }),
      success({ at: at('02:10:00'), computer: 'web02' }),
    ];
    expect(valueAfter(attack, rows)).toBeNull();
  });

  it.each(['.\\SVC-Backup', 'WEB01\\svc-backup', 'svc-backup@contoso.com', 'svc-backup '])(
    'is found under the name %j of the same account',
    (account) => {
      expect(valueAfter(attack, [success({ at: at('02:10:00'), account, address: '10.0.0.5' })])).toMatchObject({
        by: 'account',
      });
    },
  );

  it('is of the account that was tried, never of the subject: `-` matches nobody', () => {
    const unnamed = failures(20, '02:00:00', 5, { account: '-', address: '-' });
    expect(valueAfter(unnamed, [success({ at: at('02:10:00'), account: '-', address: '-' })])).toBeNull();
  });

  it('counts network, unlock and RDP, not a service that starts', () => {
    for (const logonType of [3, 7, 10])
      expect(valueAfter(attack, [success({ at: at('02:10:00'), logonType })])).toMatchObject({ logonType });
    for (const logonType of [0, 2, 4, 5, 8, 9, 11])
      expect(valueAfter(attack, [success({ at: at('02:10:00'), logonType })])).toBeNull();
  });

  it('counts type 8 after failures of type 8: OpenSSH on Windows', () => {
    const openssh = failures(20, '02:00:00', 5, { address: '-', logonType: 8 });
    const logon = success({ at: at('02:10:00'), address: '-', logonType: 8 });
    expect(valueAfter(openssh, [logon])).toMatchObject({ by: 'account', address: '-' });
  });

  it('is not concluded from a loopback address, which every local logon has', () => {
    const local = failures(20, '02:00:00', 5, { address: '127.0.0.1' });
    expect(valueAfter(local, [success({ at: at('02:10:00'), account: 'anna', address: '127.0.0.1' })])).toBeNull();
    expect(valueAfter(local, [success({ at: at('02:10:00'), address: '127.0.0.1' })])).toMatchObject({ by: 'both' });
  });

  it('is not the null session of a scanner', () => {
    expect(valueAfter(attack, [success({ at: at('02:10:00'), account: 'ANONYMOUS LOGON' })])).toBeNull();
  });

  it('by a key proves no guess from elsewhere, but is told from the same address', () => {
    const byKey = { at: at('02:10:00'), method: 'publickey', logonType: null };
    expect(valueAfter(attack, [success({ ...byKey, address: '10.0.0.5' })])).toBeNull();
    expect(valueAfter(attack, [success(byKey)])).toMatchObject({ by: 'both' });
  });

  it('from elsewhere does not hide a later one from the source itself', () => {
    const rows = [
      success({ at: at('02:01:00'), address: '10.0.0.5' }),
      success({ at: at('02:10:00'), account: 'admin' }),
    ];
    expect(burstAfter(attack, rows).success).toMatchObject({
      value: { by: 'account', address: '10.0.0.5' },
      fromSource: { by: 'address', at: '2026-11-23T02:10:00Z' },
    });
  });

  it('counted by the minute is one after the burst began when its last is', () => {
    const row = success({ at: at('02:00:10'), first: at('01:59:50'), last: at('02:00:10') });
    expect(valueAfter(attack, [row])).toMatchObject({ at: '2026-11-23T02:00:10Z' });
  });

  it('counted by the minute may begin before one that ended earlier', () => {
    const rows = [
      success({ at: at('02:10:20'), account: 'a' }),
      success({ at: at('02:10:50'), first: at('02:10:10'), last: at('02:10:50'), account: 'b' }),
      success({ at: at('02:10:55'), first: at('02:10:30'), last: at('02:10:55'), account: 'c' }),
    ];
    expect(valueAfter(attack, rows)).toMatchObject({ at: '2026-11-23T02:10:10Z', account: 'b' });
  });

  it('is unknown, never none, where successes are not collected or not complete', () => {
    const reason = { because: 'no 4624', cure: 'collect them' };
    const told = (given: Partial<SuccessEvidence>, rows: Success[] = []) =>
      burstAfter(attack, [], { successes: collected(rows, { ...given, ...reason }) }).success;
    expect(told({ collected: false })).toEqual({ state: 'unknown', ...reason });
    expect(told({ collected: null })).toEqual({ state: 'unknown', ...reason });
    expect(told({ complete: false })).toEqual({ state: 'unknown', ...reason });
    expect(told({ complete: false }, [success({ at: at('02:10:00') })])).toMatchObject({ state: 'known' });
  });
});

describe('what came next', () => {
  const logon = success({ at: at('02:10:00'), logonId: '0x00000000047A203C' });
  const later = (given: Partial<LaterEvent>): LaterEvent => ({
    at: at('02:11:00'),
    eventId: 4720,
    computer: 'web01',
    logonId: '0x3e7',
    what: 'account created: helper',
    ...given,
  });
  const nextOf = (events: LaterEvent[]) => burstAfter(attack, [logon], { later: events }).next;

  it('tells new accounts, services and cleared logs of the next 24 hours, in order', () => {
    expect(
      nextOf([
        later({ at: at('03:00:00'), eventId: 1102, what: 'log cleared' }),
        later({}),
        later({ at: at('02:09:59') }),
        later({ at: at('02:10:00') + 24 * 3600 * 10_000_000 + 1 }),
        later({ computer: 'web02' }),
      ]),
    ).toEqual([
      { at: '2026-11-23T02:11:00Z', eventId: 4720, what: 'account created: helper' },
      { at: '2026-11-23T03:00:00Z', eventId: 1102, what: 'log cleared' },
    ]);
  });

  it('tells special privileges of that session only, in whatever form its id is printed', () => {
    expect(nextOf([later({ eventId: 4672, logonId: '0x47a203c' })])).toHaveLength(1);
    expect(nextOf([later({ eventId: 4672, logonId: '0x3e7' })])).toEqual([]);
    expect(normalLogonId('0x00000000047A203C')).toBe(normalLogonId('0x47a203c'));
  });

  it('tells a password that was set and an account that was enabled, but not as parts of a new account', () => {
    const made = later({ target: 'helper' });
    const parts = [4722, 4724].map((eventId) => later({ eventId, target: 'Helper', at: at('02:11:01') }));
    const others = [
      later({ eventId: 4724, target: 'Guest', at: at('02:11:01') }),
      later({ eventId: 4724, target: 'helper', at: at('02:20:00') }),
    ];
    expect(nextOf([made, ...parts, ...others]).map(({ eventId }) => eventId)).toEqual([4720, 4724, 4724]);
  });

  it('is empty where no success followed', () => {
    expect(burstAfter(attack, [], { later: [later({})] }).next).toEqual([]);
  });
});

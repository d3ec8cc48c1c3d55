import { describe, expect, it } from 'vitest';
import { logons as logonsSchema } from '../../../src/documents/triage.ts';
import type { LogonEvent } from '../../../src/triage/logons/events.ts';
import { assembleLogons } from '../../../src/triage/logons/logons.ts';
import type { Success } from '../../../src/triage/logons/success.ts';
import { at, evidence, failures, success } from './logon-events.ts';

function logonsOf(events: readonly LogonEvent[], rows: readonly Success[] = [], collected = true) {
  const successes = { collected, complete: collected, because: 'not collected', cure: 'collect 4624', rows };
  const { logons } = assembleLogons(evidence(events, { successes }));
  logonsSchema.parse(logons);
  return logons;
}

/** Guesses at `accounts` from `sources`, all in turn. */
const thin = (count: number, sources: number, accounts: number, apart = 4, start = '01:00:00') =>
  failures(count, start, apart).map((event, i) => ({
    ...event,
    address: `198.51.${100 + (i % sources)}.7`,
    account: `u${i % accounts}`,
  }));

// ATT&CK T1110.003: "adversaries may use a single or small list of commonly used passwords against many different accounts";
// from as many addresses as there are accounts no source, account or network stands out.
describe('a password spray that is thin by source and by account', () => {
  it.each([
    ['a guess each of 60 sources at 60 accounts', thin(60, 60, 60), 60, 60],
    ['40 sources with three accounts each', thin(120, 40, 39, 2), 40, 39],
    ['40 sources on a handful of accounts, five guesses each', thin(40, 40, 8), 40, 8],
    ['twelve of twelve', thin(12, 12, 12), 12, 12],
  ])('%s', (_, events, sources, accounts) => {
    const { bursts, failures: total } = logonsOf(events);
    expect(bursts).toMatchObject([
      {
        kind: 'distributed-spray',
        failures: events.length,
        distinctSources: sources,
        distinctAccounts: accounts,
        success: { state: 'known', value: null },
      },
    ]);
    expect(total).toBe(events.length);
  });

  it.each([
    ['nine guesses', thin(9, 9, 9)],
    ['twelve guesses in an hour', thin(12, 12, 12, 300)],
    ['nine sources', thin(27, 9, 27)],
    ['ten guesses at five accounts', thin(10, 10, 5)],
  ])('is not told of %s', (_, events) => {
    expect(logonsOf(events).bursts).toEqual([]);
  });

  it('is told beside a louder attack, and no failure is in both', () => {
    const loud = failures(500, '01:00:00', 1, { account: 'root' });
    const { bursts, failures: total } = logonsOf([...loud, ...thin(60, 60, 60)]);
    expect(bursts.map(({ kind, failures: count }) => [kind, count])).toEqual([
      ['guess', 500],
      ['distributed-spray', 60],
    ]);
    expect(total).toBe(560);
  });

  it('is no burst of two computers together', () => {
    const events = thin(18, 18, 18).map((event, i) => ({ ...event, computer: i % 2 ? 'web01' : 'web02' }));
    expect(logonsOf(events).bursts).toEqual([]);
  });

  it('is not told of people who mistype their passwords and log on from where they did', () => {
    const events = thin(30, 30, 30);
    const people = events.map(({ at: when, account, address }) => success({ at: when + 10, account, address }));
    expect(logonsOf(events, people).bursts).toEqual([]);
    expect(logonsOf(events, people.slice(0, 14)).bursts).toMatchObject([{ kind: 'distributed-spray', failures: 30 }]);
  });

  describe('is followed by', () => {
    const events = thin(60, 60, 60);
    const followed = (given: Partial<Success> & { at: number }, before: readonly Success[] = []) =>
      logonsOf(events, [...before, success({ address: '198.51.120.7', account: 'u20', ...given })]).bursts[0]?.success;

    it('a logon from one of its sources, whatever the account', () => {
      expect(followed({ at: at('01:30:00') })).toMatchObject({ value: { account: 'u20', by: 'both' } });
      expect(followed({ at: at('01:30:00'), account: 'other' })).toMatchObject({ value: { by: 'address' } });
    });

    it('perhaps a logon of an account from where it never came before: its owner is at work, or the intruder came from elsewhere', () => {
      const elsewhere = { at: at('01:30:00'), address: '192.0.2.4' };
      const because = expect.stringMatching(
        /^u20 logged on from 192\.0\.2\.4 at 2026-11-23T01:30:00Z, an address that it had not come from/,
      );
      expect(followed(elsewhere)).toMatchObject({ state: 'unknown', because });
      expect(
        followed(elsewhere, [success({ at: at('01:40:00'), address: '192.0.2.4', account: 'u21' })]),
      ).toMatchObject({
        because: expect.stringContaining('and 1 other of its accounts too'),
      });
      // A logon from a source of the spray is certain, and said alone.
      const certain = success({ at: at('01:50:00'), address: '198.51.120.7', account: 'u9' });
      expect(followed(elsewhere, [certain])).toMatchObject({ state: 'known', value: { account: 'u9' } });
    });

    it.each<[string, Partial<Success> & { at: number }]>([
      ['by key', { at: at('01:30:00'), method: 'publickey' }],
      ['of an account that it did not guess', { at: at('01:30:00'), account: 'other' }],
      ['before it', { at: at('00:30:00') }],
      ['two days after it', { at: at('01:30:00') + 2 * 86_400 * 1e7 }],
      ['of a task (batch)', { at: at('01:30:00'), logonType: 4 }],
      ['on the computer itself', { at: at('01:30:00'), address: '127.0.0.1' }],
      ['whose address no record has', { at: at('01:30:00'), address: '-' }],
    ])('no logon from elsewhere %s', (_, given) => {
      expect(followed({ address: '192.0.2.4', ...given })).toEqual({ state: 'known', value: null });
    });

    it('no logon of an account from where it came before', () => {
      const before = success({ at: at('00:10:00'), address: '192.0.2.4', account: 'u20' });
      expect(followed({ at: at('01:30:00'), address: '192.0.2.4' }, [before])).toEqual({ state: 'known', value: null });
    });

    it('no logon of one who came from there before', () => {
      const before = success({ at: at('00:10:00'), address: '198.51.120.7', account: 'u20' });
      expect(followed({ at: at('01:30:00') }, [before])).toEqual({ state: 'known', value: null });
    });

    it('nothing known where logons are not collected', () => {
      expect(logonsOf(events, [], false).bursts).toMatchObject([
        { kind: 'distributed-spray', success: { state: 'unknown', because: 'not collected' } },
      ]);
    });
  });
});

import { describe, expect, it } from 'vitest';
import { attackOn, attackOnAll, attackRows } from '../../src/words/attack-strip.ts';
import { incident, known } from '../views/fixtures/incident.ts';

const now = new Date('2026-11-23T02:20:11Z');
const part = incident();

describe('the attack in a row', () => {
  it('is in the order of time, with the day where it changes, in few words', () => {
    const [row] = attackRows(attackOn(part), now, 400, 1);
    expect(row).toBe(
      '11-22 17:41Z security rule written web-nsg/all… ▸ 11-23 00:10Z password spray ▸ 01:58Z brute force ▸ 02:14Z logon svc-backup ▸ 02:16Z command on web02',
    );
  });

  it('keeps the way in and what led further where there is room for few, and marks what is left out', () => {
    const steps = attackOn(part);
    expect(attackRows(steps, now, 60, 1)).toEqual(['… 02:14Z logon svc-backup ▸ 02:16Z command on web02']);
    expect(attackRows(steps, now, 52, 2).join(' ')).toMatch(/^… .*02:14Z logon svc-backup ▸ 02:16Z command on web02$/);
    expect(attackRows(steps, now, 20, 1)).toEqual([]);
  });

  it('is empty where nothing says that the attack succeeded, and one row never lies about the order', () => {
    const none = { ...part, timeLine: { entries: [], unknown: [] } };
    expect(attackOn(none)).toEqual([]);
    expect(attackRows([], now, 80, 1)).toEqual([]);
  });

  it('tells once what the first VM and a lead from it both report', () => {
    const lead = {
      kind: 'run-command' as const,
      to: { kind: 'vm' as const, id: '/x/web02', name: 'web02' },
      reached: true,
      severity: 'critical' as const,
      text: '',
      who: '',
      from: '',
      first: '2026-11-23T02:16:20.000Z',
      last: '2026-11-23T02:16:58Z',
      failures: null,
      successes: null,
    };
    const one = { vm: { id: '/x/web01', name: 'web01' }, hop: 0, because: '', followed: null, logons: null };
    const steps = attackOnAll(part, { vms: [{ ...one, operations: known([lead]) }] });
    expect(steps.filter(({ text }) => text === 'command on web02')).toHaveLength(1);
  });
});

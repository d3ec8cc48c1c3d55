import { expect, test } from 'vitest';
import { SidNames } from '../../../src/triage/logons/sid-names.ts';

const sid = 'S-1-5-21-2713094417-188203956-3044017712-1014';

test('a member of a group is named by the account that the log says its SID was given to', () => {
  const sids = new SidNames();
  sids.learn(4720, 'helpdesk2', sid);
  expect(sids.told(`${sid} added to Administrators by svc-backup`)).toBe(
    `helpdesk2 (${sid}) added to Administrators by svc-backup`,
  );
});

test('and by its SID alone where the log does not, or names another', () => {
  const sids = new SidNames();
  // A group's SID in a change of its members is not the member's.
  sids.learn(4732, 'Administrators', sid);
  sids.learn(4720, '', sid);
  sids.learn(4720, 'everybody', 'S-1-5-32-544');
  sids.learn(4720, 'other', `${sid}5`);
  expect(sids.told(`${sid} added to Users`)).toBe(`${sid} added to Users`);
  expect(sids.told('S-1-5-32-544 added to Users')).toBe('S-1-5-32-544 added to Users');
});

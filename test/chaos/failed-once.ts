import { playbooks, type Schedule, scheduleOf } from './schedule.ts';

const byHand = (playbook: string, vm: string, text: string, part: Partial<Schedule>): Schedule => ({
  seed: 0,
  playbook,
  vm,
  text,
  faults: [],
  undoFaults: [],
  latency: 'none',
  diesAt: null,
  undoDiesAt: null,
  again: false,
  undoneAtOnce: false,
  ...part,
});

const bySeed = (playbook: string, seed: number): Schedule => scheduleOf(seed, playbook, playbooks[playbook] ?? []);

/** What failed once stays a test. */
export const failedOnce: readonly Schedule[] = [
  byHand('lock-nsg', 'gate01', 'the removal of the group is delivered twice, and the second is refused', {
    undoFaults: [
      { match: { method: 'DELETE', path: '/networkSecurityGroups/[^/?]+\\?' }, times: 1, effect: { repeat: true } },
    ],
  }),
  byHand('assess-patches', 'app03', 'the request is lost, which only the activity log tells', {
    faults: [{ match: { method: 'POST', path: '/assessPatches' }, times: 1, effect: { drop: true } }],
  }),
  byHand('lock-nsg', 'web01', 'the tokens end at each change of the undo', {
    undoFaults: [{ match: { method: 'PUT' }, effect: { expireTokens: true } }],
  }),
  byHand('undelete-backup', 'web01', 'the job is cancelled after the vault took the request', {
    faults: [
      { match: { method: 'PUT', path: '/protectedItems/[^/?]+\\?' }, times: 1, effect: { cancelOperation: true } },
    ],
  }),
  byHand('contain-brute-force', 'web01', 'a backup that never ends does not keep the door open', {
    faults: [{ match: { method: 'POST', path: '/backup\\?' }, times: 1, effect: { hangOperation: true } }],
  }),
  byHand('lock-nsg', 'web01', 'killed before the first line of the case was whole', { diesAt: 1 }),
  byHand('lock-nsg', 'web01', 'undone at once after a kill that left half a line', { diesAt: 21, undoneAtOnce: true }),
  bySeed('lock-nsg', 31),
  bySeed('lock-nsg', 47),
  bySeed('undelete-backup', 8),
  bySeed('undelete-backup', 44),
  bySeed('request-jit', 46),
  bySeed('lock-nsg', 1059),
  bySeed('lock-nsg', 5249),
  bySeed('enable-jit', 5275),
  bySeed('assess-patches', 5032),
];

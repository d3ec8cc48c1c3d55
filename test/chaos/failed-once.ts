import type { Fault } from '../../src/simulator/faults.ts';
import { effectOf, type Schedule } from './schedule.ts';

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

/** Faults by "METHOD last part of the path": the kind befalls the first such request, or one so many later. */
const at = (kind: string, request: string, after = 0, times = 1): Fault => {
  const [method, part] = request.split(' ');
  const match = { method: method as 'PUT' | 'POST' | 'GET', ...(part === undefined ? {} : { path: part }) };
  return { match, after, times, effect: effectOf(kind) };
};
const group = 'PUT /networkSecurityGroups/[^/?]+\\?';
const nic = 'PUT /networkInterfaces/[^/?]+\\?';
const item = 'PUT /protectedItems/[^/?]+\\?';
const policy = 'PUT /jitNetworkAccessPolicies/[^/?]+\\?';
const poll = 'GET /(operations|operationResults|backupJobs|instanceView)';
const slow = { latency: 'realistic' } as const;

/** What failed once stays a test. */
export const failedOnce: readonly Schedule[] = [
  byHand('lock-nsg', 'gate01', 'the removal of the group is delivered twice, and the second is refused', {
    undoFaults: [
      { match: { method: 'DELETE', path: '/networkSecurityGroups/[^/?]+\\?' }, times: 1, effect: { repeat: true } },
    ],
  }),
  byHand('cut-identity', 'sql01', 'no token comes for the list of its roles', {
    faults: [at('no token comes', 'GET', 11)],
    diesAt: null,
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
  byHand('lock-nsg', 'sql01', 'the answer for the group is lost, and an interface is never done', {
    ...slow,
    faults: [at('operation never ends', nic), at('answer lost', group)],
  }),
  byHand('lock-nsg', 'web01', 'killed at its first write while Azure is slow, and run again', {
    ...slow,
    faults: [at('delayed', 'GET', 2), at('operation cancelled', group)],
    diesAt: 1,
    again: true,
  }),
  byHand('undelete-backup', 'sql02', 'throttled, then cancelled, and killed', {
    ...slow,
    faults: [at('throttled', item), at('operation cancelled', item, 1)],
    diesAt: 57,
    undoneAtOnce: true,
  }),
  byHand('undelete-backup', 'sql02', 'delivered twice, and it fails', {
    ...slow,
    faults: [at('operation fails', item), at('delivered twice', item)],
  }),
  byHand('request-jit', 'gate01', 'the answer is cut off, and the process killed', {
    faults: [at('answer cut off', 'POST /initiate\\?'), at('answer cut off', 'GET')],
    diesAt: 20,
    undoneAtOnce: true,
  }),
  byHand('lock-nsg', 'app03', 'a proxy refuses a group whose operation fails, and it is run again', {
    ...slow,
    faults: [at('page with 403', group), at('operation fails', group)],
    again: true,
  }),
  byHand('lock-nsg', 'app03', 'a gateway answers for the group, an interface is never done, and it is killed', {
    ...slow,
    faults: [at('502 after it was done', group), at('operation never ends', nic)],
    diesAt: 47,
    again: true,
    undoneAtOnce: true,
  }),
  byHand('enable-jit', 'web01', 'the answer is cut off, and the role has expired', {
    faults: [at('answer cut off', policy), at('role expires', policy, 0, 1000)],
    again: true,
  }),
  byHand('assess-patches', 'app03', 'cancelled while a poll is answered too late', {
    ...slow,
    faults: [at('operation cancelled', 'POST /assessPatches\\?'), at('answered too late', poll, 12)],
    again: true,
  }),
  byHand('revoke-disk-links', 'web01', 'Azure took the request, which never ends', {
    faults: [at('operation never ends', 'POST /endGetAccess\\?')],
  }),
  byHand('revoke-disk-links', 'web01', 'the answer is cut off, and the operation never ends', {
    faults: [at('operation never ends', 'POST /endGetAccess\\?'), at('answer cut off', 'POST /endGetAccess\\?')],
  }),
  byHand('revoke-disk-links', 'web01', 'a disk could not be read when it was planned', {
    faults: [at('answer cut off', 'GET /disks/web01-data-0\\?')],
  }),
  byHand('export-disk', 'jump01', 'the request that ends access is lost, and sent again', {
    faults: [at('request lost', 'POST /endGetAccess\\?')],
  }),
  byHand('export-to-blob', 'jump01', 'an answer is lost, and the operation fails while the state is that of its end', {
    ...slow,
    faults: [at('operation fails', 'POST /beginGetAccess\\?'), at('answer lost', 'POST /beginGetAccess\\?')],
    again: true,
  }),
  byHand('lock-nsg', 'web01', 'no token comes while Azure is asked how far it is', {
    ...slow,
    faults: [at('no token comes', poll)],
  }),
  byHand('lock-nsg', 'web01', 'no token comes for the undo', { undoFaults: [at('no token comes', nic)] }),
];

import { beforeAll, describe, expect, test } from 'vitest';
import type { ScanRow } from '../../src/documents/triage.ts';
import { loadPlaybooks, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { foundOn } from '../../src/session/playbooks/found-on.ts';
import { playbooksOf } from '../../src/session/playbooks/playbook-shelf.ts';
import type { Playbooks } from '../../src/session/playbooks/playbooks.ts';
import type { SessionState } from '../../src/session/state.ts';
import { nothingYet } from '../../src/sources.ts';
import { begin } from '../views/fixtures/begun.ts';
import { incident, known, machine, now, suspect, unknown } from '../views/fixtures/incident.ts';

let playbooks: Playbooks;
beforeAll(async () => {
  playbooks = playbooksOf({
    shelf: await loadPlaybooks(await playbookFolders({})),
    actions: new Map(),
    readOnly: false,
    now: () => new Date(now),
    responderAddress: async () => '',
    posting: () => Promise.reject(new Error('nothing is posted here')),
    earlierLocks: async () => null,
  });
});

const guessed = (succeeded: boolean | null) =>
  known({ kind: 'guess' as const, failures: 812, totalFailures: 812, accounts: 1, succeeded });
const quiet = suspect('app01', 0, { criticalPatches: 4, lastBackup: '' });
const attacked = suspect('sql02', 60, {
  exposedPorts: ['nat 50001→3389'],
  worstBurst: guessed(false),
  criticalPatches: 9,
});
const entered = suspect('web01', 100, { exposedPorts: ['443'], worstBurst: guessed(true), alerts: 2 });

/** A session that has listed these VMs, of which some were opened. */
function listed(rows: ScanRow[], triages: SessionState['triages'] = new Map()): SessionState {
  const state = begin().session.state();
  return { ...state, scan: { ...state.scan, rows }, triages };
}

const offered = (state: SessionState, ...rows: ScanRow[]) => {
  const ids = rows.map(({ id }) => id);
  return playbooks
    .list(rows[0]?.vm ?? machine('none'), foundOn(state, ids))
    .map(({ name, answers }) => ({ name, answers }));
};

describe('the playbooks that are offered', () => {
  test('before a triage what the list says of an attack puts containment first', () => {
    const state = listed([quiet, attacked, entered]);
    expect(offered(state, entered)[0]).toEqual({ name: 'contain-brute-force', answers: ['brute-force-succeeded'] });
    expect(
      offered(state, attacked)
        .slice(0, 2)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['contain-brute-force', 'lock-nsg']);
    // Nothing attacks it: then what is missing comes first.
    expect(offered(state, quiet)[0]?.name).not.toMatch(/contain|lock/);
  });

  test('for several VMs the worst of any counts, not that of the first', () => {
    const state = listed([quiet, attacked, entered]);
    expect(offered(state, quiet, entered)[0]).toEqual({
      name: 'contain-brute-force',
      answers: ['brute-force-succeeded'],
    });
    expect(foundOn(state, [quiet.id, entered.id])[0]?.title).toBe('web01: 812 failed logons, then a success');
  });

  test('nothing follows from what the list does not know', () => {
    const dark = suspect('legacy7', 9, {
      exposedPorts: null,
      worstBurst: unknown('no logs', 'open a log'),
      alerts: null,
      criticalPatches: null,
      lastBackup: null,
    });
    expect(foundOn(listed([dark]), [dark.id])).toEqual([]);
  });

  test('what a triage has answered counts in place of the list, question by question', () => {
    const { vm } = entered;
    const part = { ...nothingYet(vm), logons: unknown('no permission', 'ask for it') };
    const slot = { vm, read: part, part, state: 'loading' as const, because: '' };
    const ids = foundOn(listed([entered], new Map([[vm.id, slot]])), [vm.id]).map(({ id }) => id);
    expect(ids).toEqual(['services-open-to-internet', 'defender-alerts']);
    const done = { ...slot, part: incident(), read: incident(), state: 'done' as const };
    expect(foundOn(listed([entered], new Map([[vm.id, done]])), [vm.id])).toEqual(incident().findings);
  });
});

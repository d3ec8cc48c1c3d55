import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import { type CaseFile, openCaseStore } from '../../src/casefile/case-store.ts';
import { readEvidence } from '../../src/casefile/evidence.ts';
import { settleOpenIntents } from '../../src/commands/settle-open-intents.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import type { CaseLog } from '../../src/playbook/case-log.ts';
import { findPlaybook, loadPlaybooks, type PlaybookShelf, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { undoableSteps } from '../../src/playbook/step-record.ts';
import { undoRecorded } from '../../src/playbook/undo.ts';
import { caseLogOf } from '../../src/session/playbooks/playbook-shelf.ts';
import { agreeing, type Bench, openBench } from '../actions/bench.ts';
import { judge } from './judge.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/** Each playbook with VMs that it can work on. */
const playbooks: Record<string, readonly string[]> = {
  'lock-nsg': ['web01', 'app03', 'gate01', 'jump01', 'sql01'],
  'contain-brute-force': ['web01', 'app03', 'sql01'],
  'snapshot-disks': ['web01', 'app03', 'jump01', 'sql01'],
  'trigger-backup': ['web01', 'app03', 'sql01'],
  'enable-jit': ['web01', 'app03'],
  'request-jit': ['gate01'],
  'assess-patches': ['web01', 'app03', 'jump01'],
};

/** `npm run test:chaos -- SEEDS`; a few, and those that failed once, without. */
const seeds = Number(process.env.CHAOS_SEEDS ?? 2);
const first = Number(process.env.CHAOS_FIRST ?? 1);
/** What failed once, by seed or by hand, stays a test. */
const failedOnce: readonly Schedule[] = [
  {
    seed: 1_000_001,
    playbook: 'lock-nsg',
    vm: 'gate01',
    text: 'the removal of the group is delivered twice, and the second is refused',
    faults: [
      { match: { method: 'DELETE', path: '/networkSecurityGroups/[^/?]+\\?' }, times: 1, effect: { repeat: true } },
    ],
    diesAfter: null,
    during: 'undo',
    neverEnds: false,
  },
  {
    seed: 1_000_002,
    playbook: 'assess-patches',
    vm: 'app03',
    text: 'the request is lost, which only the activity log tells',
    faults: [{ match: { method: 'POST', path: '/assessPatches' }, times: 1, effect: { drop: true } }],
    diesAfter: null,
    during: 'run',
    neverEnds: false,
  },
];
const longest = 20_000;

/** The process is gone: nothing more is written, and nothing more is done. */
class Died extends Error {}

describe('faults and kills, by seed', () => {
  let bench: Bench;
  let root = '';
  let shelf: PlaybookShelf;
  beforeAll(async () => {
    bench = await openBench(() => undefined, { operationLimitMs: 700 });
    root = await mkdtemp(join(tmpdir(), 'cordon-chaos-'));
    shelf = await loadPlaybooks(
      await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }),
      createActions(bench.connection),
    );
  });
  afterAll(async () => {
    await bench.close();
    await rm(root, { recursive: true });
  });

  const now = () => bench.simulator.now();
  const logOf = (file: CaseFile) => caseLogOf({ id: file.id, file, actor: 'anna' }, now);

  /** A log that dies after so many entries. */
  function mortal(log: CaseLog, after: number | null, died: () => void): CaseLog {
    let left = after ?? Number.POSITIVE_INFINITY;
    return {
      ...log,
      async append(kind, body) {
        if (left <= 0) throw new Died();
        const entry = await log.append(kind, body);
        left -= 1;
        if (left === 0) {
          died();
          throw new Died();
        }
        return entry;
      },
    };
  }

  async function groupsAt(vm: string): Promise<string> {
    const { resources } = await bench.world();
    const mine = resources.filter(
      ({ type, properties }) =>
        /networkInterfaces$/i.test(String(type)) &&
        String(Reflect.get(Object(Reflect.get(Object(properties), 'virtualMachine')), 'id') ?? '').endsWith(`/${vm}`),
    );
    const ids = mine.map(({ id, properties }) => {
      const group = Reflect.get(Object(Reflect.get(Object(properties), 'networkSecurityGroup')), 'id') ?? 'none';
      return `${String(id).split('/').at(-1)}=${String(group).split('/').at(-1)}`;
    });
    return ids.sort().join(' ');
  }

  async function entriesOf(file: CaseFile): Promise<Entry[]> {
    const found: Entry[] = [];
    for await (const entry of file.entries()) found.push({ ...entry, body: await file.fullBody(entry) });
    return found;
  }

  /** Runs a schedule, goes on as the next process would, and undoes all; the rules that were broken, a sentence each. */
  async function play(schedule: Schedule): Promise<string[]> {
    const wrong: string[] = [];
    await bench.begin();
    const store = openCaseStore(root, { now });
    const about = { id: bench.target(schedule.vm).id, name: schedule.vm };
    const header = { toolVersion: 't', tenantId: '', subscriptionId: '', operator: { upn: 'anna', oid: '' } };
    const file = await store.create({
      vmName: `${schedule.vm}-${schedule.playbook}-${schedule.seed}`,
      at: now(),
      header: { ...header, demo: true, cloud: 'public', vm: about },
    });
    const before = await groupsAt(schedule.vm);
    if (schedule.during === 'run') await bench.faults(schedule.faults);
    let quit = () => {};
    const run = agreeing(
      bench.run([{ id: 'x', title: 'x', note: 'x' }], schedule.vm, {
        playbook: findPlaybook(shelf, schedule.playbook),
        log: mortal(logOf(file), schedule.diesAfter, () => quit()),
        now,
      }),
    );
    quit = () => void run.quit('killed').catch(() => undefined);
    const view = await run.start().catch((error: unknown) => error);
    await bench.faults([]);
    await file.release();

    // The activity log shows an event some minutes later: what no other source shows is known by then.
    await bench.skip(3600);
    const again = await store.open(file.id);
    await settleOpenIntents(again, logOf(again), bench.connection, { write: () => true });
    const failing = JSON.stringify(schedule.faults).includes('Operation"');
    if (schedule.during === 'undo') {
      // The undo meets the faults; what it leaves open is settled, as the next process would.
      await bench.faults(schedule.faults);
      await undoAll(again, before, schedule.vm);
      await bench.faults([]);
      await settleOpenIntents(again, logOf(again), bench.connection, { write: () => true });
    }
    const whole = await entriesOf(again);
    const failed = failedIn(whole);
    wrong.push(
      ...judge(whole, bench.mutations(), {
        neverEnds: schedule.neverEnds || (failing && schedule.diesAfter !== null),
        failed,
      }),
    );
    const outcome = typeof view === 'object' && view !== null ? Reflect.get(view, 'outcome') : undefined;
    if (schedule.diesAfter === null && outcome === 'undone' && (await groupsAt(schedule.vm)) !== before) {
      wrong.push(`told as undone, and is ${await groupsAt(schedule.vm)} instead of ${before}`);
    }
    if (!schedule.neverEnds || schedule.during === 'undo') wrong.push(...(await undoAll(again, before, schedule.vm)));
    const verdict = await again.verify();
    if (!verdict.ok) wrong.push(`the case does not verify: line ${verdict.line} ${verdict.because}`);
    await again.close();
    await bench.skip(26 * 3600);
    return wrong;
  }

  /** Requests whose operation Azure ended badly, by its own word. */
  function failedIn(entries: readonly Entry[]): Set<string> {
    return new Set(
      entries.flatMap(({ kind, body }) =>
        kind === 'outcome' && /^(Failed|Canceled)$|in the state (Failed|Canceled)/.test(String(body.result))
          ? [String(body.clientRequestId)]
          : [],
      ),
    );
  }

  async function undoAll(file: CaseFile, before: string, vm: string): Promise<string[]> {
    const history = { entries: await entriesOf(file), read: (ref: never) => readEvidence(file.directory, ref) };
    const { steps } = await undoableSteps(history as never);
    const told: string[] = [];
    for (const step of steps.toReversed()) {
      if (!/^(nsg\.lock|jit\.enable)$/.test(step.record.action)) continue;
      const result = await undoRecorded(step, {
        actions: createActions(bench.connection),
        log: logOf(file),
        typed: 'y',
        reason: '',
        progress: () => undefined,
        signal: new AbortController().signal,
      });
      if (result.ok !== true) told.push(`${step.record.step} cannot be undone: ${result.text}`);
    }
    const after = await groupsAt(vm);
    return after === before ? told : [...told, `after the undo ${vm} is ${after} instead of ${before}`];
  }

  const schedules = Object.entries(playbooks).flatMap(([playbook, vms]) =>
    Array.from({ length: seeds }, (_, index) => scheduleOf(first + index, playbook, vms)),
  );
  for (const schedule of [...failedOnce, ...schedules]) {
    const { playbook, seed, text, vm } = schedule;
    it(
      `${playbook}, seed ${seed}: ${text} on ${vm}`,
      async () => {
        expect(await play(schedule)).toEqual([]);
      },
      longest,
    );
  }
});

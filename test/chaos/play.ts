import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActions } from '../../src/actions/actions.ts';
import { parseResourceId } from '../../src/arm/resource-id.ts';
import { connect } from '../../src/azure/client/connection.ts';
import { withDiskOptions } from '../../src/commands/disk-options.ts';
import { withLockOptions } from '../../src/commands/lock-options.ts';
import type { Target } from '../../src/playbook/action.ts';
import { type Playbook, playbook as playbookSchema } from '../../src/playbook/playbook.ts';
import { findPlaybook, loadPlaybooks, type PlaybookShelf, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import type { World } from '../../src/simulator/world.ts';
import { CordonProcess, type Ended } from './cordon-process.ts';
import { type Condition, conditionOf, hasPoint, isReached, judgeRecord, judgeTwice, otherwise } from './oracle.ts';
import type { Schedule } from './schedule.ts';
import { SimulatedAzure } from './simulated-azure.ts';
import { VirtualTime } from './virtual-time.ts';

/** A command that takes longer than this does not end, for a user. An operation is followed for ten minutes. */
const longestMinutes = 150;

/** As a vault prints an item that was deleted and is kept for a while. */
const deleted = {
  protectionState: 'ProtectionStopped',
  isScheduledForDeferredDelete: true,
  deferredDeleteTimeInUTC: '2026-11-21T08:00:00Z',
  deferredDeleteTimeRemaining: '12.04:10:00',
};

function withDeletedBackups(world: World): World {
  const changed = structuredClone(world);
  for (const item of changed.backup?.protectedItems ?? []) {
    if (/;(web01|sql02)$/i.test(item.name)) item.properties = { ...item.properties, ...deleted };
  }
  return changed;
}

/** A link leads to each disk of web01. */
function withLinks(world: World): World {
  const changed = structuredClone(world);
  for (const one of changed.resources) {
    if (!/^microsoft\.compute\/disks$/i.test(one.type) || !/\/virtualMachines\/web01$/i.test(String(one.managedBy)))
      continue;
    one.properties = { ...one.properties, diskState: 'ActiveSAS' };
  }
  return changed;
}

/** Small snapshots of every disk, closed, as a case of cordon's own takes them. */
function withSnapshots(world: World): World {
  const changed = structuredClone(world);
  const disks = changed.resources.filter(({ type }) => /^microsoft\.compute\/disks$/i.test(type));
  for (const disk of disks) {
    const vm = typeof disk.managedBy === 'string' ? disk.managedBy : '';
    changed.resources.push({
      ...disk,
      id: `${disk.id.replace(/\/disks\/[^/]+$/i, '')}/snapshots/cordon-${disk.name}`,
      name: `cordon-${disk.name}`,
      type: 'Microsoft.Compute/snapshots',
      tags: { 'cordon-case': 'before', 'cordon-vm': vm },
      properties: {
        ...disk.properties,
        creationData: { createOption: 'Copy', sourceResourceId: disk.id },
        diskState: 'Unattached',
        diskSizeBytes: 65_536,
        networkAccessPolicy: 'DenyAll',
        publicNetworkAccess: 'Disabled',
      },
    });
  }
  return changed;
}

const container = 'https://contosoevidence.blob.core.windows.net/disks/case';

/** The playbooks that are played under a name of their own. */
const built: Partial<Record<string, string>> = {
  release: 'lock-nsg',
  'export-to-blob': 'export-disk',
  'collect-to-blob': 'collect-volatile',
};

/** A stage on which schedules are played, each in an Azure of its own. */
export interface Stage {
  /** The rules that were broken, a sentence each. */
  play(schedule: Schedule): Promise<string[]>;
  /** How many places there are to die at, in a run of the playbook without faults and in undoing it. */
  places(playbook: string, vm: string): Promise<{ run: number; undo: number }>;
  close(): void;
}

export async function openStage(): Promise<Stage> {
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cordon-chaos-'));
  const world = builtInWorld();
  const worlds = {
    usual: world,
    deleted: withDeletedBackups(world),
    linked: withLinks(world),
    copied: withSnapshots(world),
  };
  const actions = createActions(connect({ signIn: () => Promise.reject(new Error('nobody signs in')) }));
  const shelf = await loadPlaybooks(await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }), actions);
  // Loaded before time is virtual: what is loaded later would be waited for in vain.
  await Promise.all(
    ['network', 'compute', 'recoveryservicesbackup', 'authorization', 'security', 'resourcegraph'].map(
      (name) => import(`@azure/arm-${name}`),
    ),
  );
  const time = new VirtualTime();
  const plays = async (schedule: Schedule) => {
    time.install();
    try {
      return await new Play(schedule, { time, root, worlds, shelf }).all();
    } finally {
      time.uninstall();
    }
  };
  const quiet = { seed: 0, text: '', latency: 'none', again: false, undoneAtOnce: false } as const;
  const lives = { faults: [], undoFaults: [], diesAt: null, undoDiesAt: null };
  // Modules that load at their first use load here, where no judgement hangs on time.
  await plays({ ...quiet, ...lives, playbook: 'contain-brute-force', vm: 'web01' });
  return {
    play: async (schedule) => (await plays(schedule)).wrong,
    async places(playbook, vm) {
      const { wrong, places } = await plays({ ...quiet, ...lives, playbook, vm });
      if (wrong.length > 0) throw new Error(`${playbook} on ${vm} breaks rules without faults: ${wrong.join('; ')}`);
      return places;
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

const exports = (playbook: string): boolean => /^export-/.test(playbook);

interface Requisites {
  time: VirtualTime;
  root: string;
  worlds: { usual: World; deleted: World; linked: World; copied: World };
  shelf: PlaybookShelf;
}

class Play {
  readonly #schedule: Schedule;
  readonly #requisites: Requisites;
  readonly #root: string;
  readonly #azure: SimulatedAzure;
  readonly #target: Target;
  readonly #before: Condition;
  readonly #wrong: string[] = [];
  readonly #places = { run: 0, undo: 0 };
  #caseId: string | null = null;

  constructor(schedule: Schedule, requisites: Requisites) {
    this.#schedule = schedule;
    this.#requisites = requisites;
    this.#root = mkdtempSync(join(requisites.root, 'cases-'));
    const { time, worlds } = requisites;
    const special: Record<string, World> = {
      'undelete-backup': worlds.deleted,
      'revoke-disk-links': worlds.linked,
      'export-disk': worlds.copied,
      'export-to-blob': worlds.copied,
    };
    const world = special[schedule.playbook] ?? worlds.usual;
    this.#azure = new SimulatedAzure(world, schedule.latency, (ms, call) => time.later(ms, call));
    const machine = world.resources.find(
      ({ type, name }) => /^microsoft\.compute\/virtualmachines$/i.test(type) && name === schedule.vm,
    );
    const parsed = parseResourceId(machine?.id ?? '');
    if (!machine || !parsed) throw new Error(`no VM ${schedule.vm}`);
    const { resourceGroup, subscriptionId } = parsed;
    this.#target = {
      id: machine.id,
      name: machine.name,
      resourceGroup,
      subscriptionId,
      location: machine.location ?? '',
    };
    this.#before = conditionOf(this.#azure, machine.id);
  }

  async all(): Promise<{ wrong: string[]; places: { run: number; undo: number } }> {
    try {
      await this.#requisites.time.run(() => this.#course());
    } catch (error) {
      this.#wrong.push(
        error instanceof Error ? `${error.message} ${error.stack?.split('\n')[1] ?? ''}` : String(error),
      );
    }
    return { wrong: this.#wrong, places: this.#places };
  }

  async #course(): Promise<void> {
    const { faults, undoFaults, diesAt, undoDiesAt, again, playbook } = this.#schedule;
    const run = await this.#run(faults, diesAt);
    this.#places.run = run.places;
    this.#wrong.push(...judgeTwice(this.#azure, 0));
    if (run.ended) this.#judgeRun(run.ended);
    if (this.#caseId === null) {
      this.#judgeUntouched(run.ended);
      return;
    }
    // The activity log shows an event some minutes later: what nothing else tells is known by then.
    this.#skip(3600);
    // Whoever undoes at once after a crash has opened nothing before.
    if (this.#schedule.undoneAtOnce) await this.#undo([], null, 'undo at once');
    await this.#process(null).settle(this.#caseId);
    if (!existsSync(join(this.#root, this.#caseId))) {
      // Killed before its first line was whole.
      this.#judgeUntouched(run.ended);
      return;
    }
    await this.#judgeCase('after the next start');
    if (again) {
      const second = await this.#run([], null);
      if (second.ended === null) this.#wrong.push('the second run ended without a word');
      this.#skip(3600);
      await this.#judgeCase('after the second run');
    }
    if (undoFaults.length > 0 || undoDiesAt !== null) {
      const troubled = await this.#undo(undoFaults, undoDiesAt, 'troubled undo');
      if (troubled?.code === 0) this.#judgeUndone('told as undone');
      this.#skip(3600);
      await this.#process(null).settle(this.#caseId);
      await this.#judgeCase('after the undo');
    }
    // Azure's running operations are over by then; a second undo is what the message proposes.
    let ended = await this.#undo([], null, 'undo');
    this.#skip(7200);
    if (ended?.code !== 0) ended = await this.#undo([], null, 'second undo');
    // An operation that never ends cannot be undone, and the output says so.
    if (this.#isStuck() && ended?.code === 5) return this.#end();
    if (ended?.code !== 0) this.#wrong.push(`it cannot be undone: exit ${ended?.code}: ${ended?.text.trim()}`);
    this.#judgeUndone('undone');
    if (/^(snapshot-disks|contain-brute-force)$/.test(playbook)) await this.#deleteSnapshots();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#skip(3600);
    await this.#process(null).settle(this.#caseId ?? '');
    await this.#judgeCase('at the end');
  }

  #isStuck(): boolean {
    return this.#azure.arrived.some(({ operations }) => operations.some(({ hangs }) => hangs));
  }

  #process(diesAt: number | null): CordonProcess {
    const { time } = this.#requisites;
    return new CordonProcess({ azure: this.#azure, root: this.#root, diesAt, died: () => time.forget() });
  }

  async #within<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { time } = this.#requisites;
    const began = time.now();
    const result = await work();
    const minutes = (time.now() - began) / 60_000;
    if (minutes > longestMinutes) this.#wrong.push(`${what} took ${minutes.toFixed(0)} minutes`);
    return result;
  }

  async #run(faults: Schedule['faults'], diesAt: number | null): Promise<{ ended: Ended; places: number }> {
    const { shelf } = this.#requisites;
    const process = this.#process(diesAt);
    this.#azure.azure.faults.add([...faults]);
    const { playbook: played } = this.#schedule;
    const named = withLockOptions(this.#playbook(shelf), { account: 'svc-web' });
    const found = /-to-blob$/.test(played) ? withDiskOptions(named, { to: container, immutable: true }) : named;
    const unpreserved = { withoutSnapshot: 'played without the snapshots of the case' };
    const playbook = {
      ...found,
      steps: found.steps.map((step) => {
        if (step.uses === 'patches.install') return { ...step, with: { ...step.with, ...unpreserved } };
        const together = step.uses === 'disks.snapshot' && hasPoint(this.#target.id);
        return together ? { ...step, with: { ...step.with, restorePoint: true } } : step;
      }),
    };
    const ended = await this.#within('the run', () => process.run(playbook, this.#target, this.#caseId));
    this.#azure.azure.faults.clear();
    this.#azure.azure.tokens.answerAgain();
    this.#caseId ??= readdirSync(this.#root).find((name) => !name.startsWith('.')) ?? null;
    return { ended, places: process.places };
  }

  #playbook(shelf: PlaybookShelf): Playbook {
    const { playbook } = this.#schedule;
    if (playbook !== 'post-comment') return findPlaybook(shelf, built[playbook] ?? playbook);
    const [incident] = this.#azure.azure.store.ofType('Microsoft.SecurityInsights/incidents');
    const given = { incident: incident?.id, message: 'What happened to web01.' };
    return playbookSchema.parse({
      name: playbook,
      title: 'Post',
      summary: 'A comment',
      steps: [{ id: 'comment', title: 'Comment', uses: 'incident.comment', with: given }],
    });
  }

  /** `cordon undo CASE` or `cordon release CASE`, which must not be refused for what a crash left. */
  async #undo(
    faults: Schedule['undoFaults'],
    diesAt: number | null,
    what: string,
    step: string | null = null,
  ): Promise<Ended> {
    const process = this.#process(diesAt);
    this.#azure.azure.faults.add([...faults]);
    const { playbook, vm } = this.#schedule;
    const caseId = this.#caseId ?? '';
    const ended = await this.#within(what, () =>
      playbook === 'release' ? process.release(caseId, vm) : process.undo(caseId, step, vm),
    );
    if (ended && /nothing of it is in force any more/.test(ended.text)) this.#judgeUndone(`${what} is told as ended`);
    this.#azure.azure.faults.clear();
    this.#azure.azure.tokens.answerAgain();
    if (ended && ended.code > 5 && this.#azure.arrived.length > 0)
      this.#wrong.push(`${what} is refused: ${ended.text.trim()}`);
    this.#places.undo = Math.max(this.#places.undo, process.places);
    return ended;
  }

  async #deleteSnapshots(): Promise<void> {
    const { vm } = this.#schedule;
    const there = conditionOf(this.#azure, this.#target.id).snapshots - this.#before.snapshots;
    const ended = await this.#undo([], null, 'deleting the snapshots', 'snapshot');
    const left = conditionOf(this.#azure, this.#target.id).snapshots - this.#before.snapshots;
    const none = ended?.code === 2 && /has no step/.test(ended.text) && there === 0;
    // What Azure works at for ever cannot be deleted.
    if (this.#isStuck() && ended?.code === 5) return;
    if (ended?.code !== 0 && !none) this.#wrong.push(`snapshots of ${vm} cannot be deleted: ${ended?.text.trim()}`);
    if (left !== 0) this.#wrong.push(`${left} snapshots of ${vm} are left that the case does not delete`);
    const { points } = conditionOf(this.#azure, this.#target.id);
    if (points !== 0) this.#wrong.push(`${points} restore points of ${vm} are left that the case does not delete`);
  }

  #skip(seconds: number): void {
    this.#azure.azure.clock.skip(seconds * 1000);
    this.#azure.azure.operations.settle();
  }

  /** The exit code says what is: 0 reached, 3 and 4 as before, 5 with a sentence. */
  #judgeRun({ code, text }: NonNullable<Ended>): void {
    const { playbook } = this.#schedule;
    this.#azure.azure.operations.settle();
    const now = conditionOf(this.#azure, this.#target.id);
    const same =
      otherwise(now, this.#before).length === 0 &&
      (!exports(playbook) || now.openToExport === this.#before.openToExport);
    const said = text.trim().split('\n').slice(-3).join(' | ').slice(0, 600);
    if (![0, 3, 4, 5].includes(code)) this.#wrong.push(`exit ${code}: ${said}`);
    if (code === 0 && !isReached(playbook, this.#azure, this.#target.id, this.#before)) {
      this.#wrong.push(`exit 0, and it is not reached (${JSON.stringify(now)}): ${said}`);
    }
    if ((code === 3 || code === 4) && !same)
      this.#wrong.push(`exit ${code}, and it is not as before (${JSON.stringify(now)}): ${said}`);
    if (code === 5 && this.#azure.arrived.length === 0) {
      if (text.trim() === '') this.#wrong.push('exit 5 without a word');
      return;
    }
    if (code === 5 && !text.includes(this.#target.name))
      this.#wrong.push(`exit 5 without a word of ${this.#target.name}: ${said}`);
    if (code === 5 && !/cordon undo|could not be|no plan|cannot/i.test(text))
      this.#wrong.push(`exit 5 without what to do next: ${said}`);
  }

  /** No case was begun: nothing may have been changed. */
  #judgeUntouched(ended: Ended): void {
    if (this.#azure.arrived.length > 0) this.#wrong.push('there is no case, and Azure was asked to change something');
    if (ended?.code === 0) this.#wrong.push('there is no case, and the run ended with 0');
  }

  #judgeUndone(what: string): void {
    const now = conditionOf(this.#azure, this.#target.id);
    this.#wrong.push(...otherwise(now, this.#before).map((part) => `${what}, and it is ${part}`));
    if (exports(this.#schedule.playbook) && now.openToExport !== this.#before.openToExport) {
      this.#wrong.push(`${what}, and ${now.openToExport} can still be exported`);
    }
  }

  async #judgeCase(when: string): Promise<void> {
    if (this.#caseId === null) return;
    const { entries, verified } = await this.#process(null).look(this.#caseId);
    if (verified !== '') this.#wrong.push(`${when} the case does not verify: ${verified}`);
    else this.#wrong.push(...judgeRecord(entries, this.#azure).map((sentence) => `${when}: ${sentence}`));
    const litter = readdirSync(join(this.#root, this.#caseId)).filter((name) => /\.tmp$|writer\.lock/.test(name));
    if (litter.length > 0) this.#wrong.push(`${when} ${litter.join(', ')} is left`);
  }
}

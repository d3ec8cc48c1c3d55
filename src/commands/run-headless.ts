import { createActions } from '../actions/actions.ts';
import { locksAtVm } from '../actions/lock/lock-of-vm.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { type CaseFile, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { readEvidence } from '../casefile/evidence.ts';
import type { Entry } from '../documents/transcript.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Action } from '../playbook/action.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { type UndoableStep, undoableSteps } from '../playbook/step-record.ts';
import { caseLogOf, targetOf } from '../session/playbook-shelf.ts';
import { printable } from '../text/printable.ts';
import { openHeadlessCase, readIntoCase } from './headless-case.ts';
import { allowedAddress, type LockFlags, withLockOptions } from './lock-options.ts';
import { type ConnectionFlags, type Opened, openConnection, type Streams } from './options.ts';
import { runPlaybook as run, type WritableCase } from './run.ts';
import { settleEarlierCases, settleOpenIntents } from './settle-open-intents.ts';
import { undoCase as undo } from './undo.ts';

interface CaseFlags {
  cases?: string;
  case?: string;
}

export interface RunFlags extends ConnectionFlags, CaseFlags, LockFlags {
  vm: string;
  dryRun?: boolean;
  yes?: boolean;
  confirm?: string;
  reason?: string;
  readOnly?: boolean;
  json?: boolean;
}

export interface UndoFlags extends ConnectionFlags, CaseFlags {
  /** Instead of a case: the VM whose locks are lifted, by what Azure alone tells. */
  vm?: string;
  step?: string;
  yes?: boolean;
  confirm?: string;
  reason?: string;
  readOnly?: boolean;
  json?: boolean;
}

/** How long a run waits, before its first step and after its last, for what is known of the VM: what came is entered. */
const readingSeconds = 20;

function onInterrupt(callback: () => void): () => void {
  process.on('SIGINT', callback);
  process.on('SIGTERM', callback);
  return () => {
    process.off('SIGINT', callback);
    process.off('SIGTERM', callback);
  };
}

function storeOf({ connection }: Opened, flags: CaseFlags) {
  return openCaseStore(flags.cases ?? defaultCaseRoot(), { now: () => connection.clock.now() });
}

/** `cordon run PLAYBOOK --vm VM`. */
export async function runPlaybook(name: string, flags: RunFlags, streams: Streams): Promise<number> {
  const allowed = allowedAddress(flags);
  const opened = await openConnection(flags);
  const { connection } = opened;
  const now = () => connection.clock.now();
  let stop = () => {};
  try {
    const actions: ReadonlyMap<string, Action> = createActions(connection);
    const shelf = await loadPlaybooks(await playbookFolders(), actions);
    const playbook = withLockOptions(findPlaybook(shelf, name), flags);
    const vm = await resolveVm(connection, flags.vm);
    return await run(
      flags,
      {
        playbook,
        actions,
        target: targetOf(vm),
        responderAddress: allowed ?? (await connection.signedIn()).address,
        now,
        async openCase(): Promise<WritableCase> {
          const kept = await openHeadlessCase(opened, flags, vm, streams, async (fresh) => {
            await settleOpenIntents(fresh.file, caseLogOf(fresh, now), connection, streams.stderr);
            await settleEarlierCases(
              { store: storeOf(opened, flags), vmId: vm.id, current: fresh.file, demo: connection.simulated },
              (file) => caseLogOf({ id: file.id, file, actor: fresh.actor }, now),
              connection,
              streams.stderr,
            );
          });
          await readIntoCase(opened, kept, vm, readingSeconds);
          const entered = kept.entries().length;
          let interrupted = false;
          stop = onInterrupt(() => {
            interrupted = true;
          });
          return {
            log: caseLogOf(kept, now),
            async close() {
              const changed = kept
                .entries()
                .slice(entered)
                .some(({ kind }) => kind === 'intent');
              // Who pressed Ctrl-C wants to be out.
              if (changed && !interrupted) await readIntoCase(opened, kept, vm, readingSeconds);
              stop();
              await kept.close();
            },
          };
        },
        onInterrupt,
      },
      streams,
    );
  } finally {
    await opened.close();
  }
}

/** `cordon undo CASE`, or `cordon undo --vm VM`. */
export async function undoCase(id: string | undefined, flags: UndoFlags, streams: Streams): Promise<number> {
  if ((id === undefined) === (flags.vm === undefined)) {
    throw new Failure('undo: give a case, or a VM with --vm', exitCode.usage);
  }
  if (id === undefined) return undoLocksAtVm(flags, streams);
  const opened = await openConnection(flags);
  const { connection } = opened;
  const now = () => connection.clock.now();
  try {
    const store = storeOf(opened, flags);
    const reader = await store.read(id);
    const entries: Entry[] = [];
    // A large entry's line is shortened; what undo needs of it is in its evidence.
    for await (const entry of reader.entries()) entries.push({ ...entry, body: await reader.fullBody(entry) });
    if (reader.header.demo !== connection.simulated) {
      throw new Failure(
        reader.header.demo
          ? `case ${reader.id} is about the simulator: add --demo, --world or --simulator`
          : `case ${reader.id} is about Azure, not about the simulator`,
        exitCode.usage,
      );
    }
    return await undo(
      flags,
      {
        what: `case ${reader.id}`,
        steps: () => undoableSteps({ entries, read: (evidence) => readEvidence(reader.directory, evidence) }),
        actions: createActions(connection),
        async openCase(): Promise<WritableCase> {
          const file: CaseFile = await store.open(reader.id);
          const { name } = await connection.signedIn();
          const log = caseLogOf({ id: file.id, file, actor: name }, now);
          await settleOpenIntents(file, log, connection, streams.stderr);
          return { log, close: () => file.close(name) };
        },
        onInterrupt,
      },
      streams,
    );
  } finally {
    await opened.close();
  }
}

/** Lifts the locks that stand at a VM, whoever made them: their groups' tags tell what was there before. */
async function undoLocksAtVm(flags: UndoFlags, streams: Streams): Promise<number> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  try {
    const vm = await resolveVm(connection, flags.vm ?? '');
    const found = await locksAtVm(connection, targetOf(vm));
    const steps = found.flatMap(({ lock, record }): UndoableStep[] =>
      record === null
        ? []
        : [
            {
              record,
              evidence: { file: '', sha256: '', bytes: 0 },
              at: lock.since || 'since when is not told',
              verified: null,
            },
          ],
    );
    for (const { text } of found) streams.stderr.write(`${printable(`${vm.name} is ${text}`, 500)}\n`);
    const unreadable = found
      .filter(({ record }) => record === null)
      .map(
        ({ lock }) =>
          `${lock.group}: its tags do not tell what was there before; ask the customer which group belongs there`,
      );
    return await undo(
      { ...flags, ...(flags.confirm === undefined ? {} : { step: 'lock' }) },
      {
        what: `locks at ${vm.name}`,
        steps: async () => ({ steps, unreadable }),
        actions: createActions(connection),
        async openCase(): Promise<WritableCase> {
          const kept = await openHeadlessCase(opened, flags, vm, streams);
          const log = caseLogOf(kept, () => connection.clock.now());
          for (const step of steps) step.evidence = await log.keep('lock-of-another', step.record);
          return { log, close: () => kept.close() };
        },
        onInterrupt,
      },
      streams,
    );
  } finally {
    await opened.close();
  }
}

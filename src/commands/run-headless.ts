import { createActions } from '../actions/actions.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { type CaseFile, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { readEvidence } from '../casefile/evidence.ts';
import type { Entry } from '../documents/transcript.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Action } from '../playbook/action.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { caseLogOf, targetOf } from '../session/playbook-shelf.ts';
import { openHeadlessCase, readIntoCase } from './headless-case.ts';
import { type ConnectionFlags, type Opened, openConnection, type Streams } from './options.ts';
import { runPlaybook as run, type WritableCase } from './run.ts';
import { settleEarlierCases, settleOpenIntents } from './settle-open-intents.ts';
import { undoCase as undo } from './undo.ts';

interface CaseFlags {
  cases?: string;
  case?: string;
}

export interface RunFlags extends ConnectionFlags, CaseFlags {
  vm: string;
  dryRun?: boolean;
  yes?: boolean;
  confirm?: string;
  allow?: string;
  reason?: string;
  readOnly?: boolean;
  json?: boolean;
}

export interface UndoFlags extends ConnectionFlags, CaseFlags {
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
  const opened = await openConnection(flags);
  const { connection } = opened;
  const now = () => connection.clock.now();
  try {
    const actions: ReadonlyMap<string, Action> = createActions(connection);
    const playbook = findPlaybook(await loadPlaybooks(await playbookFolders(), actions), name);
    const vm = await resolveVm(connection, flags.vm);
    return await run(
      flags,
      {
        playbook,
        actions,
        target: targetOf(vm),
        responderAddress: flags.allow ?? (await connection.signedIn()).address,
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
          return {
            log: caseLogOf(kept, now),
            async close() {
              const changed = kept
                .entries()
                .slice(entered)
                .some(({ kind }) => kind === 'intent');
              if (changed) await readIntoCase(opened, kept, vm, readingSeconds);
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

/** `cordon undo CASE`. */
export async function undoCase(id: string, flags: UndoFlags, streams: Streams): Promise<number> {
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
        caseId: reader.id,
        history: { entries, read: (evidence) => readEvidence(reader.directory, evidence) },
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

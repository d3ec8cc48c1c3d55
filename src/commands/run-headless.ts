import { createActions } from '../actions/actions.ts';
import { resolveOpenIntents } from '../actions/open-intents.ts';
import type { Connection } from '../azure/connection.ts';
import { resolveVm } from '../azure/inventory.ts';
import { type CaseFile, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { readEvidence } from '../casefile/evidence.ts';
import type { Entry } from '../documents/transcript.ts';
import { exitCode, Failure } from '../failure.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { caseKeeper, type KeptCase } from '../session/kept-cases.ts';
import { printable } from '../text/printable.ts';
import { version } from '../version.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { type RunOptions, runPlaybook as run, type WritableCase } from './run.ts';
import { type UndoOptions, undoCase as undo } from './undo.ts';

export interface RunFlags extends ConnectionFlags, RunOptions {
  vm: string;
  allow?: string;
  case?: string;
  cases?: string;
}

export interface UndoFlags extends ConnectionFlags, UndoOptions {
  cases?: string;
}

/** Ctrl-C, once: a second one ends the process as it always does. */
function onInterrupt(callback: () => void): () => void {
  process.once('SIGINT', callback);
  process.once('SIGTERM', callback);
  return () => {
    process.off('SIGINT', callback);
    process.off('SIGTERM', callback);
  };
}

function logOf(file: CaseFile, actor: string): CaseLog {
  return {
    caseId: file.id,
    append: (kind, body) => file.transcript.append(kind, actor, body as never),
    keep: (name, document) => file.evidence.writeJson(name, document),
  };
}

/** Asks Azure about what an earlier process left open, before anything new is changed. */
async function settleOpenIntents(file: CaseFile, actor: string, connection: Connection, streams: Streams) {
  const open = (await file.openIntents()).map(({ entry, intent }) => ({
    at: entry.at,
    id: intent.id,
    clientRequestId: intent.clientRequestId,
    request: { method: intent.request.method, url: intent.request.url, body: intent.request.body },
  }));
  for (const one of await resolveOpenIntents(open, logOf(file, actor), connection)) {
    streams.stderr.write(`left open by an earlier run: ${printable(one.text, 300)}\n`);
  }
}

/** `cordon run PLAYBOOK --vm VM`. Returns the exit code. */
export async function runPlaybook(name: string, flags: RunFlags, streams: Streams): Promise<number> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  try {
    const actions = createActions(connection);
    const playbook = findPlaybook(await loadPlaybooks(await playbookFolders(), actions), name);
    const vm = await resolveVm(connection, flags.vm);
    const { id, resourceGroup, subscriptionId, location } = vm;
    const now = () => connection.clock.now();
    const openCase = async (): Promise<WritableCase> => {
      const keeper = caseKeeper({
        store: openCaseStore(flags.cases ?? defaultCaseRoot(), { now }),
        now,
        operator: () => connection.signedIn(),
        demo: connection.simulated,
        cloud: connection.cloud.name,
        toolVersion: version,
        ...(flags.case ? { caseId: flags.case } : {}),
      });
      const open: (machine: typeof vm) => Promise<KeptCase> = keeper.open;
      const kept = await open(vm);
      await settleOpenIntents(kept.file, kept.actor, connection, streams);
      return { log: logOf(kept.file, kept.actor), close: () => kept.close() };
    };
    const responderAddress = flags.allow ?? (await connection.signedIn()).address;
    const target = { id, name: vm.name, resourceGroup, subscriptionId, location };
    return await run(flags, { playbook, actions, target, responderAddress, now, openCase, onInterrupt }, streams);
  } finally {
    await opened.close();
  }
}

/** `cordon undo CASE`. Returns the exit code. */
export async function undoCase(caseId: string, flags: UndoFlags, streams: Streams): Promise<number> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  try {
    const store = openCaseStore(flags.cases ?? defaultCaseRoot(), { now: () => connection.clock.now() });
    const reader = await store.read(caseId);
    if (reader.header.demo !== connection.simulated) {
      throw new Failure(
        reader.header.demo
          ? `case ${caseId} is about the simulator: add --demo or --simulator`
          : `case ${caseId} is about Azure, not the simulator`,
        exitCode.usage,
      );
    }
    const entries: Entry[] = [];
    for await (const entry of reader.entries()) entries.push({ ...entry, body: await reader.fullBody(entry) });
    const openCase = async (): Promise<WritableCase> => {
      const file = await store.open(caseId);
      const actor = (await connection.signedIn()).name;
      await settleOpenIntents(file, actor, connection, streams);
      return { log: logOf(file, actor), close: () => file.close(actor) };
    };
    return await undo(
      flags,
      {
        caseId,
        history: { entries, read: (evidence) => readEvidence(reader.directory, evidence) },
        actions: createActions(connection),
        openCase,
        onInterrupt,
      },
      streams,
    );
  } finally {
    await opened.close();
  }
}

import { createActions } from '../actions/actions.ts';
import { locksAtVm } from '../actions/lock/lock-of-vm.ts';
import { sameId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { vmOf } from '../casefile/bodies.ts';
import { CaseUnwritableError, lockHolder } from '../casefile/case-lock.ts';
import {
  type CaseFile,
  type CaseReader,
  type CaseStore,
  defaultCaseRoot,
  openCaseStore,
} from '../casefile/case-store.ts';
import { readEvidence } from '../casefile/evidence.ts';
import { halfDone, halfDoneIn } from '../casefile/half-done.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { type ExitCode, exitCode, Failure } from '../failure.ts';
import type { Action } from '../playbook/action.ts';
import { type Deadline, keptNote, pendingDeadlines } from '../playbook/deadlines.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { type UndoableStep, undoableSteps } from '../playbook/step-record.ts';
import { keepRecorded } from '../playbook/undo.ts';
import type { KeptCase } from '../session/cases/kept-cases.ts';
import { caseLogOf, targetOf } from '../session/playbooks/playbook-shelf.ts';
import { printable } from '../text/printable.ts';
import { readApproved } from './approved-plan.ts';
import { demandSameAzure } from './case-demands.ts';
import { caseToUndo } from './case-to-undo.ts';
import { type DiskFlags, withDiskOptions } from './disk-options.ts';
import { startGuard } from './guard.ts';
import { openHeadlessCase, readIntoCase, today } from './headless-case.ts';
import { allowedAddress, type LockFlags, withLockOptions } from './lock-options.ts';
import { onInterrupt } from './on-interrupt.ts';
import { type ConnectionFlags, type Opened, openConnection, type Streams } from './options.ts';
import { type RunDependencies, type RunOptions, runPlaybook as run, type WritableCase } from './run.ts';
import { runSeveral, type SharedCase } from './run-several.ts';
import { settleEarlierCases, settleOpenIntents } from './settle-open-intents.ts';
import { undoCase as undo } from './undo.ts';
import { deadlineText, undoDue } from './undo-due.ts';

interface CaseFlags {
  cases?: string;
  case?: string;
}

export interface RunFlags extends ConnectionFlags, CaseFlags, LockFlags, DiskFlags {
  vm: string;
  dryRun?: boolean;
  yes?: boolean;
  confirm?: string;
  reason?: string;
  /** The digest of the plan that may run, or the file of that plan. */
  approve?: string;
  readOnly?: boolean;
  json?: boolean;
}

export interface UndoFlags extends ConnectionFlags, CaseFlags {
  /** Instead of a case: the VM whose locks are lifted, by what Azure alone reports. */
  vm?: string;
  step?: string;
  yes?: boolean;
  confirm?: string;
  reason?: string;
  readOnly?: boolean;
  json?: boolean;
  /** What would be undone by itself stays. */
  keep?: boolean;
  /** Only the changes not kept in time. */
  due?: boolean;
  /** With `due`: waits until it is. */
  wait?: boolean;
}

/** How long a run waits, before its first step and after its last, for what is known of the VM: what came is entered. */
const readingSeconds = 20;

function storeOf({ connection }: Opened, flags: CaseFlags) {
  return openCaseStore(flags.cases ?? defaultCaseRoot(), { now: () => connection.clock.now() });
}

/** A playbook that is about to run: on which VMs, with what, and how their case is opened. */
interface Begun {
  vms: readonly [VirtualMachine, ...VirtualMachine[]];
  /** The dependencies that do not differ by VM. */
  parts: Omit<RunDependencies, 'target' | 'openCase'>;
  /** The flags, with what `--approve` names. */
  options: RunOptions;
  /** Opens the case of the first VM, for all; `note` is entered first, unless it is "". */
  openCase(note: string): Promise<{ kept: KeptCase; close(): Promise<void> }>;
}

/** The whole id of the case that is continued. */
async function continued(opened: Opened, flags: CaseFlags): Promise<{ caseId?: string }> {
  if (flags.case === undefined || flags.case === today) return {};
  return { caseId: (await storeOf(opened, flags).read(flags.case)).id };
}

/** Throws a Failure where the flags contradict each other, before anything is asked of Azure. */
async function optionsOf({ approve, ...flags }: Omit<RunFlags, 'vm'>): Promise<RunOptions> {
  if (approve === undefined) return flags;
  if (flags.dryRun) throw new Failure('--approve runs what was planned; --dry-run only plans', exitCode.usage);
  return { ...flags, approved: await readApproved(approve) };
}

/** Finds the playbook and its VMs, lets `work` run it, and closes the connection after it. */
async function withPlaybook(
  name: string,
  wanted: readonly string[],
  flags: Omit<RunFlags, 'vm'>,
  streams: Streams,
  program: string | undefined,
  work: (begun: Begun) => Promise<ExitCode>,
): Promise<ExitCode> {
  const allowed = allowedAddress(flags);
  const options = await optionsOf(flags);
  const opened = await openConnection(flags);
  const { connection } = opened;
  const now = () => connection.clock.now();
  let interrupted = false;
  try {
    const actions: ReadonlyMap<string, Action> = createActions(connection);
    const shelf = await loadPlaybooks(await playbookFolders(), actions);
    const playbook = withLockOptions(findPlaybook(shelf, name), flags);
    const named = await Promise.all(wanted.map((one) => resolveVm(connection, one)));
    const [first, ...others] = new Map(named.map((vm) => [vm.id.toLowerCase(), vm])).values();
    if (first === undefined) throw new Failure('run: name a VM, or several', exitCode.usage);
    const vms = [first, ...others] as const;
    return await work({
      vms,
      options,
      parts: {
        playbook,
        ...(await continued(opened, flags)),
        actions,
        responderAddress: allowed ?? (await connection.signedIn()).address,
        now,
        onInterrupt(callback) {
          return onInterrupt((because) => {
            interrupted = true;
            callback(because);
          });
        },
        ...(program === undefined
          ? {}
          : { guard: (id) => startGuard(program, id, flags.cases ?? defaultCaseRoot(), flags) }),
      },
      openCase: (note) => openForRun({ opened, flags, vms, streams, note, interrupted: () => interrupted }),
    });
  } finally {
    await opened.close();
  }
}

/**
 * Opens the case and enters what is known of the VMs; once more when it is closed, where something was changed meanwhile.
 */
async function openForRun(about: {
  opened: Opened;
  flags: CaseFlags;
  vms: Begun['vms'];
  streams: Streams;
  note: string;
  interrupted: () => boolean;
}) {
  const { opened, flags, vms, streams, note, interrupted } = about;
  const now = () => opened.connection.clock.now();
  const kept = await openHeadlessCase(opened, flags, vms[0], streams, async (fresh) => {
    await settleOpenIntents(fresh.file, caseLogOf(fresh, now), opened.connection, streams.stderr);
    for (const vm of vms) await settleFor(opened, flags, fresh, vm, streams);
  });
  if (note !== '') await kept.note(note);
  const readAll = () => Promise.all(vms.map((vm) => readIntoCase(opened, kept, vm, readingSeconds)));
  await readAll();
  const entered = kept.entries().length;
  return {
    kept,
    async close() {
      const changed = kept
        .entries()
        .slice(entered)
        .some(({ kind }) => kind === 'intent');
      // A process that got a signal to end, or lost its terminal, ends: it may be killed next.
      if (changed && !interrupted()) await readAll();
      await kept.close();
    },
  };
}

/**
 * `cordon run PLAYBOOK --vm VM`. `program` is cordon's own file, of which a process is started that undoes
 * changes not kept by their deadline; without it no change has a deadline.
 */
export function runPlaybook(name: string, flags: RunFlags, streams: Streams, program?: string): Promise<ExitCode> {
  return withPlaybook(name, [flags.vm], flags, streams, program, ({ vms: [vm], parts, options, openCase }) =>
    run(
      options,
      {
        ...parts,
        playbook: withDiskOptions(parts.playbook, flags),
        target: targetOf(vm),
        async openCase(): Promise<WritableCase> {
          const { kept, close } = await openCase('');
          return { log: caseLogOf(kept, parts.now), close };
        },
      },
      streams,
    ),
  );
}

/** `cordon run PLAYBOOK VM…`: one VM, or several in one act. Throws a Failure when none is named. */
export function runOn(
  name: string,
  vms: readonly string[],
  flags: Omit<RunFlags, 'vm'>,
  streams: Streams,
  program?: string,
): Promise<ExitCode> {
  const [vm] = vms;
  if (vm === undefined) throw new Failure('run: name a VM, or several', exitCode.usage);
  return vms.length === 1
    ? runPlaybook(name, { ...flags, vm }, streams, program)
    : runOnSeveral(name, vms, flags, streams, program);
}

/** Settles what earlier sessions left open for a VM, in the case at hand and in its own. */
async function settleFor(opened: Opened, flags: CaseFlags, fresh: KeptCase, vm: VirtualMachine, streams: Streams) {
  const { connection } = opened;
  const now = () => connection.clock.now();
  const store = storeOf(opened, flags);
  await settleEarlierCases(
    { store, vmId: vm.id, current: fresh.file, demo: connection.simulated },
    (file) => caseLogOf({ id: file.id, file, actor: fresh.actor }, now),
    connection,
    streams.stderr,
  );
  await tellOverdue(store, fresh, vm.id, connection, streams.stderr);
}

/** `cordon run PLAYBOOK VM1 VM2 …`: each VM's facts, intents and outcomes name it in the one case. */
function runOnSeveral(
  name: string,
  wanted: readonly string[],
  flags: Omit<RunFlags, 'vm'>,
  streams: Streams,
  program?: string,
): Promise<ExitCode> {
  return withPlaybook(name, wanted, flags, streams, program, ({ vms, parts, options, openCase }) => {
    const { guard } = parts;
    let guardedBy: string | null = null;
    // One process waits for all deadlines of the case.
    const guardOnce =
      guard &&
      ((id: string) => {
        guardedBy ??= guard(id);
        return guardedBy;
      });
    return runSeveral(
      options,
      {
        ...parts,
        playbook: withDiskOptions(parts.playbook, flags),
        ...(guardOnce ? { guard: guardOnce } : {}),
        targets: vms.map(targetOf),
        async openCase(): Promise<SharedCase> {
          const { kept, close } = await openCase(`In one act: ${vms.map((vm) => vm.name).join(', ')}`);
          return { caseId: kept.id, logFor: (target) => caseLogOf(kept, parts.now, target), close };
        },
      },
      streams,
    );
  });
}

/** `cordon undo CASE`, or `cordon undo --vm VM`. */
export async function undoCase(id: string | undefined, flags: UndoFlags, streams: Streams): Promise<number> {
  if ((id === undefined) === (flags.vm === undefined)) {
    throw new Failure('undo: give a case, or a VM with --vm', exitCode.usage);
  }
  if (id === undefined) return undoLocksAtVm(flags, streams);
  const opened = await openConnection(flags);
  if (flags.due) return undoOverdue(id, flags, opened, streams).finally(() => opened.close());
  return undoNow(id, flags, opened, streams);
}

/** Says which changes to the VM should have been undone by now, in its case and in the others. */
async function tellOverdue(
  store: CaseStore,
  current: KeptCase,
  vmId: string,
  connection: Connection,
  stderr: { write(text: string): unknown },
): Promise<void> {
  const about = { demo: connection.simulated, now: connection.clock.now() };
  const mine = await halfDoneIn(
    { id: current.id, vm: current.file.header.vm },
    current.entries(),
    pendingDeadlines,
    about.now,
  );
  const found = [...mine, ...(await halfDone(store, about, pendingDeadlines))];
  for (const { kind, vm, text, command } of found) {
    if (kind === 'overdue' && vm.id.toLowerCase() === vmId.toLowerCase()) {
      stderr.write(`OVERDUE: ${printable(`${text}. ${command}`, 400)}\n`);
    }
  }
}

/** `cordon undo CASE --keep`: what would be undone by itself stays. */
async function keepChanges(
  of: {
    caseId: string;
    pending: readonly Deadline[];
    steps: readonly UndoableStep[];
    openCase: () => Promise<WritableCase>;
    connection: Connection;
  },
  { stdout, stderr }: Streams,
): Promise<ExitCode> {
  const { caseId, pending, steps, openCase, connection } = of;
  if (pending.length === 0) {
    stdout.write(`case ${caseId}: nothing waits to be undone by itself\n`);
    return exitCode.done;
  }
  const opened = await openCase();
  try {
    await opened.log.append('note', keptNote(pending.map(({ record }) => record)));
    const actions = createActions(connection);
    for (const step of steps.filter(({ record }) => pending.some((one) => one.record === record.id))) {
      const because = await keepRecorded(step, { actions, log: opened.log, signal: new AbortController().signal });
      if (because !== '') stderr.write(`Its tag in Azure still names the time of its undo: ${because}\n`);
    }
  } finally {
    await opened.close();
  }
  for (const { step, playbook } of pending) {
    stdout.write(`${printable(`${step} (${playbook}) is kept: it is no longer undone by itself`, 200)}\n`);
  }
  return exitCode.done;
}

/** `cordon undo CASE --due`: the changes not kept in time, as soon as they are due with `--wait`. */
async function undoOverdue(id: string, flags: UndoFlags, opened: Opened, streams: Streams): Promise<number> {
  const { connection } = opened;
  const store = storeOf(opened, flags);
  const reader = await store.read(id);
  return undoDue(
    {
      id: reader.id,
      file: reader.file,
      entries: () => reader.entries(),
      isHeld: async () => (await lockHolder(reader.directory)) !== null,
      now: () => connection.clock.now(),
      undo: async (records) => {
        const reason = 'nobody kept it in time';
        const code = await undoNow(id, { ...flags, yes: true, reason }, await openConnection(flags), streams, records);
        return code === exitCode.done ? exitCode.done : exitCode.needsAttention;
      },
    },
    { wait: flags.wait === true },
    (text) => streams.stdout.write(text),
  );
}

async function undoNow(
  id: string,
  flags: UndoFlags,
  opened: Opened,
  streams: Streams,
  records?: ReadonlySet<string>,
): Promise<number> {
  const { connection } = opened;
  const now = () => connection.clock.now();
  try {
    const store = storeOf(opened, flags);
    const { reader, entries } = await caseToUndo(store, id);
    demandSameAzure(reader, connection);
    async function openCase() {
      const file: CaseFile = await openToUndo(store, reader);
      const { name } = await connection.signedIn();
      const kept = { id: file.id, file, actor: name };
      const log = caseLogOf(kept, now);
      await settleOpenIntents(file, log, connection, streams.stderr);
      const several = entries.some((entry) => !sameId(vmOf(entry)?.id ?? reader.header.vm.id, reader.header.vm.id));
      const logFor = (vm: { id: string; name: string }) => caseLogOf(kept, now, vm);
      return { log, ...(several ? { logFor } : {}), close: () => file.close(name) };
    }
    const pending = pendingDeadlines(entries);
    const steps = () => undoableSteps({ entries, read: (evidence) => readEvidence(reader.directory, evidence) });
    if (flags.keep) {
      const { steps: undoable } = pending.length === 0 ? { steps: [] } : await steps();
      return await keepChanges({ caseId: reader.id, pending, steps: undoable, openCase, connection }, streams);
    }
    for (const one of pending) streams.stderr.write(`${deadlineText(one, now())}\n`);
    return await undo(
      { ...flags, ...(records ? { records } : {}) },
      {
        what: `case ${reader.id}`,
        again: `cordon undo ${reader.id} --yes`,
        steps,
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

/** Opens the case for writing. Where it cannot be written, there is another way to lift what locks the VM. */
async function openToUndo(store: CaseStore, { id, header }: CaseReader): Promise<CaseFile> {
  try {
    return await store.open(id);
  } catch (error) {
    if (!(error instanceof CaseUnwritableError)) throw error;
    throw new Failure(
      `${error.message}. A lock is lifted from Azure alone, into a case elsewhere: cordon undo --vm ${header.vm.name} --yes --cases FOLDER`,
      exitCode.needsAttention,
    );
  }
}

/** Lifts the locks at a VM, from any case or responder: their groups' tags record what was there before. */
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
              at: lock.since || 'an unknown time',
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
        again: `cordon undo --vm ${vm.name} --yes`,
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

import type { TriageOptions } from '../azure/readers/asked.ts';
import { readTriage } from '../azure/triage.ts';
import { defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { caseKeeper, type KeeperOptions, type KeptCase } from '../session/cases/kept-cases.ts';
import { recordTriage } from '../session/cases/triage-record.ts';
import { nothingYet } from '../sources.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { version } from '../version.ts';
import { demandSameAzure } from './case-demands.ts';
import type { Opened, Streams } from './options.ts';

export interface HeadlessCaseFlags {
  /** A case's id, or `today`: the VM's case of today, begun when there is none. */
  case?: string;
  cases?: string;
}

/** The value of `--case` that stands for the VM's case of today. */
export const today = 'today';

const storeOf = ({ connection }: Opened, flags: HeadlessCaseFlags) =>
  openCaseStore(flags.cases ?? defaultCaseRoot(), { now: () => connection.clock.now() });

/**
 * Refuses a case that is not there, or that is about the simulator where this is Azure, or the reverse: before anything
 * is asked of Azure.
 */
export async function checkHeadlessCase(opened: Opened, flags: HeadlessCaseFlags): Promise<void> {
  if (flags.case === undefined || flags.case === today) return;
  demandSameAzure(await storeOf(opened, flags).read(flags.case), opened.connection);
}

/** Opens the case for writing, as the workbench does. */
export async function openHeadlessCase(
  opened: Opened,
  flags: HeadlessCaseFlags,
  vm: VirtualMachine,
  { stderr }: Pick<Streams, 'stderr'>,
  settle?: KeeperOptions['settle'],
): Promise<KeptCase> {
  const { connection } = opened;
  await checkHeadlessCase(opened, flags);
  const keeper = caseKeeper({
    store: storeOf(opened, flags),
    now: () => connection.clock.now(),
    operator: () => connection.signedIn(),
    demo: connection.simulated,
    cloud: connection.cloud.name,
    toolVersion: version,
    tell: (sentence) => stderr.write(`${sentence}\n`),
    ...(settle ? { settle } : {}),
    ...(flags.case === undefined || flags.case === today ? {} : { caseId: flags.case }),
  });
  return keeper.open(vm);
}

/** Does `work` and enters each query that it sent for the VM, once it has ended. */
export async function withQueries<T>(opened: Opened, kept: KeptCase, work: () => Promise<T>): Promise<T> {
  const asked: AskedQuery[] = [];
  try {
    return await opened.connection.askedBy((query) => asked.push(query), work);
  } finally {
    for (const query of asked) await kept.query(query);
  }
}

/**
 * Reads what is known of the VM and enters it, waiting no longer than `seconds`: what has not arrived by then is not
 * entered, and that is noted. A reading that fails is noted too; it must not keep a containment from beginning.
 */
export async function readIntoCase(
  opened: Opened,
  kept: KeptCase,
  vm: VirtualMachine,
  seconds: number,
  options: TriageOptions = {},
): Promise<void> {
  const { connection } = opened;
  const stop = new AbortController();
  let part: TriageInProgress = nothingYet(vm);
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), seconds * 1000);
  });
  try {
    await withQueries(opened, kept, async () => {
      const read = readTriage(connection, vm, (arrived) => (part = arrived), { ...options, signal: stop.signal });
      // After the bound it is no longer awaited.
      read.catch(() => {});
      const first = await Promise.race([read, bound]);
      if (first === 'late') {
        await kept.file.transcript.append('error', kept.actor, {
          text: `not everything about ${vm.name} was answered within ${seconds} s; what was is entered`,
        });
      } else part = first.document;
    });
    await recordTriage(kept, part, connection.clock.now());
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    await kept.file.transcript.append('error', kept.actor, { text: `${vm.name} could not be entered: ${because}` });
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

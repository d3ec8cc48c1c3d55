import { readEvidence } from '../../casefile/evidence.ts';
import type { Entry } from '../../documents/transcript.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { Action, Target } from '../../playbook/action.ts';
import { RecordedRun, type RecordedStep } from '../../playbook/recorded-run.ts';
import type { PlaybookRun } from '../../playbook/run.ts';
import { type StepRecord, undoableSteps } from '../../playbook/step-record.ts';
import type { KeptCase } from '../cases/kept-cases.ts';
import { logOf, targetOf } from './playbook-shelf.ts';

/** A lock of a VM, as Azure alone shows it. */
export interface StandingLock {
  lock: { group: string; caseId: string; since: string };
  /** "locked by anna since …" */
  text: string;
  /** The record that undoes it; null when its tags do not show what was there before. */
  record: StepRecord | null;
}

interface EarlierLocksOptions {
  actions: ReadonlyMap<string, Action>;
  now: () => Date;
  /** Reads the locks at the VM's interfaces. */
  locksAt(target: Target): Promise<StandingLock[]>;
}

/** The locks of the VM that the case itself recorded and that are not undone since. */
async function recordedLocks(kept: KeptCase, vm: VirtualMachine) {
  const entries: Entry[] = [];
  for (const entry of kept.entries()) {
    // A large entry's line is shortened; what undo needs of it is in its evidence.
    entries.push({ ...entry, body: await kept.file.fullBody(entry) });
  }
  const { steps, unreadable } = await undoableSteps({
    entries,
    read: (evidence) => readEvidence(kept.file.directory, evidence),
  });
  const isLock = ({ action, target }: StepRecord) =>
    action === 'nsg.lock' && target.id.toLowerCase() === vm.id.toLowerCase();
  return { steps: steps.filter(({ record }) => isLock(record)), unreadable };
}

/** A lock of another case, by what Azure says of it. */
function standingStep({ lock, text }: StandingLock, record: StepRecord): RecordedStep {
  return {
    text,
    step: {
      record,
      evidence: { file: '', sha256: '', bytes: 0 },
      at: lock.since,
      verified: null,
    },
  };
}

/**
 * The locks at a VM that this process did not make, as a playbook that is over and can be undone: those of the case by
 * their records, those of others by their tags. Null when there is none. Rejects when Azure does not list them.
 */
export async function earlierLocks(
  options: EarlierLocksOptions,
  vm: VirtualMachine,
  kept: KeptCase,
): Promise<PlaybookRun | null> {
  const standing = await options.locksAt(targetOf(vm));
  const own = await recordedLocks(kept, vm);
  const isOwn = (caseId: string) => caseId.toLowerCase() === kept.id.toLowerCase();
  const ofThisCase = standing.filter(({ lock }) => isOwn(lock.caseId));
  const byRecord = own.steps.map(
    (step): RecordedStep => ({
      step,
      text: ofThisCase[0]?.text ?? 'recorded by this case; no lock of it stands at the interfaces now',
    }),
  );
  const byTags = standing.filter(({ lock }) => byRecord.length === 0 || !isOwn(lock.caseId));
  const steps = [...byTags.flatMap((one) => (one.record === null ? [] : [standingStep(one, one.record)])), ...byRecord];
  const untold = byTags.filter(({ record }) => record === null);
  const warnings = [
    ...own.unreadable,
    ...untold.map(
      ({ text }) =>
        `${vm.name} is ${text}: its tags do not tell what was there before. Ask the customer which group belongs there.`,
    ),
  ];
  if (steps.length === 0) {
    if (warnings.length > 0) throw new Error(warnings.join(' '));
    return null;
  }
  return new RecordedRun({
    title: `Locks at ${vm.name}`,
    vm: { id: vm.id, name: vm.name },
    steps,
    warnings,
    actions: options.actions,
    log: logOf(kept, options.now, vm),
    now: options.now,
  });
}

import { createActions } from '../actions/actions.ts';
import type { Connection } from '../azure/client/connection.ts';
import { defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { type HalfDone, halfDone } from '../casefile/half-done.ts';
import { pendingDeadlines } from '../playbook/deadlines.ts';
import { loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { caseKeeper } from '../session/cases/kept-cases.ts';
import type { Choices } from '../session/contexts.ts';
import { caseLogOf, playbooksOf } from '../session/playbooks/playbook-shelf.ts';
import type { SessionPorts } from '../session/session.ts';
import { version } from '../version.ts';
import { choicesOf } from './context-choices.ts';
import { startGuard } from './guard.ts';
import { allowedAddress, withLockOptions } from './lock-options.ts';
import type { WorkbenchFlags } from './options.ts';

/** The cases and the playbooks over a connection: what the list of VMs does not wait for. */
export interface KeptPorts extends Pick<SessionPorts, 'cases' | 'playbooks'> {
  /** What can be looked at instead, and the cases that can be continued. */
  choices(): Promise<Choices>;
  /** What earlier sessions left half-done in Azure. */
  halfDone(): Promise<HalfDone[]>;
  /** Defects of the user's own playbooks, a sentence each. */
  problems: readonly string[];
}

/** Reads the playbooks. `program` is cordon's own file, for the process that guards a deadline. */
export async function keptPorts(flags: WorkbenchFlags, connection: Connection, program?: string): Promise<KeptPorts> {
  const now = () => connection.clock.now();
  const allowed = allowedAddress(flags);
  const actions = createActions(connection);
  const shelf = await loadPlaybooks(await playbookFolders(), actions);
  const root = flags.cases ?? defaultCaseRoot();
  const store = openCaseStore(root, { now });
  return {
    cases: caseKeeper({
      store,
      now,
      operator: () => connection.signedIn(),
      demo: connection.simulated,
      cloud: connection.cloud.name,
      toolVersion: version,
      // Its messages are in the transcript, not on the screen.
      settle: async (kept) => {
        const { settleEarlierCases, settleOpenIntents } = await import('./settle-open-intents.ts');
        const silent = { write: () => true };
        await settleOpenIntents(kept.file, caseLogOf(kept, now), connection, silent);
        await settleEarlierCases(
          { store, vmId: kept.file.header.vm.id, current: kept.file, demo: connection.simulated },
          (file) => caseLogOf({ id: file.id, file, actor: kept.actor }, now),
          connection,
          silent,
        );
      },
      stamp: async (kept, authority) => (await import('./case-anchor.ts')).stampOpenCase(kept, authority),
      ...(flags.case ? { caseId: flags.case } : {}),
    }),
    playbooks: playbooksOf({
      shelf: {
        ...shelf,
        playbooks: shelf.playbooks.map((one) => ({ ...one, playbook: withLockOptions(one.playbook, flags) })),
      },
      actions,
      readOnly: flags.readOnly === true,
      tool: version,
      async posting(incident, kept) {
        const { postingOfCase } = await import('./case-post.ts');
        return (await postingOfCase(await store.read(kept.id), incident, connection)).playbook;
      },
      earlierLocks: async (vm, kept) => {
        const [{ earlierLocks }, { locksAtVm }] = await Promise.all([
          import('../session/playbooks/earlier-locks.ts'),
          import('../actions/lock/lock-of-vm.ts'),
        ]);
        return earlierLocks({ actions, now, locksAt: (target) => locksAtVm(connection, target) }, vm, kept);
      },
      now,
      ...(program === undefined ? {} : { guard: (id: string) => startGuard(program, id, root, flags) }),
      responderAddress: async () => allowed ?? (await connection.signedIn()).address,
    }),
    choices: () => choicesOf(connection, store),
    halfDone: () => halfDone(store, { demo: connection.simulated, now: now() }, pendingDeadlines),
    problems: shelf.problems,
  };
}

import { readSubscriptions } from '../azure/readers/subscriptions.ts';
import { exitCode } from '../failure.ts';
import { version } from '../version.ts';
import { burstOptions } from './burst-options.ts';
import { startGuard } from './guard.ts';
import { exploitedOption } from './kev-file.ts';
import { allowedAddress, withLockOptions } from './lock-options.ts';
import { openConnection, type Streams, type WorkbenchFlags } from './options.ts';
import { serviceTagsOption } from './service-tags-file.ts';

/** `cordon`: the workbench. Without a terminal it prints the triage report of the most suspicious machine. */
export async function workbench(flags: WorkbenchFlags, streams: Streams, program?: string): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    const { report } = await import('./report.ts');
    return report(flags, streams);
  }
  const allowed = allowedAddress(flags);
  const exploited = await exploitedOption(flags);
  const tags = await serviceTagsOption(flags, new Date());
  // Ink's colours are decided when it is imported.
  if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0';
  // The screen is the workbench's while it runs: what is told beside it comes when it is left.
  const asides: string[] = [];
  const [{ runWorkbench }, { wallStopwatch }, { createSession }, { terminalClipboard }, opened] = await Promise.all([
    import('../../views/workbench.tsx'),
    import('../session/prompt-standing.ts'),
    import('../session/session.ts'),
    import('../session/clipboard.ts'),
    openConnection({ latency: 'realistic', ...flags }, (sentence) => asides.push(sentence)),
  ]);
  const { connection } = opened;
  try {
    const [
      { azureReader },
      { openCaseStore, defaultCaseRoot },
      { caseKeeper },
      { caseLogOf, playbooksOf },
      { loadPlaybooks, playbookFolders },
      { createActions },
    ] = await Promise.all([
      import('../azure/reader.ts'),
      import('../casefile/case-store.ts'),
      import('../session/kept-cases.ts'),
      import('../session/playbook-shelf.ts'),
      import('../playbook/playbook-file.ts'),
      import('../actions/actions.ts'),
    ]);
    const now = () => connection.clock.now();
    const actions = createActions(connection);
    const shelf = await loadPlaybooks(await playbookFolders(), actions);
    const subscriptions = await readSubscriptions(connection).catch(() => []);
    const [first] = subscriptions;
    const more = subscriptions.length - 1;
    const scope = first
      ? `${first.name}${more > 0 ? ` +${more} subscription${more === 1 ? '' : 's'}` : ''}`
      : 'no subscription in reach';
    const store = openCaseStore(flags.cases ?? defaultCaseRoot(), { now });
    const session = createSession(
      {
        reader: azureReader(connection, { ...burstOptions(flags), ...exploited, ...tags }),
        cases: caseKeeper({
          store,
          now,
          operator: () => connection.signedIn(),
          demo: connection.simulated,
          cloud: connection.cloud.name,
          toolVersion: version,
          // What it says is in the transcript; the screen is not its place.
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
          ...(flags.case ? { caseId: flags.case } : {}),
        }),
        playbooks: playbooksOf({
          shelf: {
            ...shelf,
            playbooks: shelf.playbooks.map((one) => ({ ...one, playbook: withLockOptions(one.playbook, flags) })),
          },
          actions,
          readOnly: flags.readOnly === true,
          now,
          ...(program === undefined
            ? {}
            : { guard: (id) => startGuard(program, id, flags.cases ?? defaultCaseRoot(), flags) }),
          responderAddress: async () => allowed ?? (await connection.signedIn()).address,
        }),
        // Loaded when the first log is opened: most sessions open none.
        eventLogs: {
          async open(...log) {
            const { openedLogs } = await import('./opened-logs.ts');
            return openedLogs({ thresholds: burstOptions(flags).thresholds, now }).open(...log);
          },
        },
        clipboard: terminalClipboard((sequence) => process.stdout.write(sequence), process.env),
        stopwatch: wallStopwatch,
        quit: () => {},
      },
      {
        readOnly: flags.readOnly === true,
        scope,
        async halfDone() {
          const { halfDone } = await import('../casefile/half-done.ts');
          const { pendingDeadlines } = await import('../playbook/deadlines.ts');
          return halfDone(store, { demo: connection.simulated, now: now() }, pendingDeadlines);
        },
      },
    );
    // A defect in one reading must not end the session, nor the case with it.
    const defect = (error: unknown) =>
      session.dispatch({ type: 'tell', text: `A defect in cordon: ${error instanceof Error ? error.message : error}` });
    process.on('unhandledRejection', defect);
    await runWorkbench({ session, stdin: process.stdin, stdout: process.stdout });
    process.off('unhandledRejection', defect);
    for (const problem of shelf.problems) streams.stderr.write(`A playbook could not be used: ${problem}\n`);
    return exitCode.done;
  } finally {
    await opened.close();
    for (const aside of asides) streams.stderr.write(`cordon: ${aside}\n`);
  }
}

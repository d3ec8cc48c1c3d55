import type { LendTerminal } from './editor.ts';

/** Milliseconds after which cordon goes on where nothing has stopped it. */
const notStopped = 200;

/**
 * Stops cordon as Ctrl+Z does in a shell, and resolves when the shell has continued it. All processes of the group stop, as
 * with the key itself: cordon may have been started by a launcher. The system stops no group without a shell that could
 * continue it (setpgid(2), "orphaned process group"): then cordon goes on. Where there are no such signals nothing happens.
 */
export async function stopped(lend: LendTerminal | null): Promise<void> {
  if (!lend || process.platform === 'win32') return;
  await lend(
    () =>
      new Promise((resolve) => {
        // A process that is stopped has no time that passes: what comes first after it goes on is one of these.
        process.once('SIGCONT', () => resolve());
        setTimeout(resolve, notStopped);
        process.kill(0, 'SIGTSTP');
      }),
  );
}

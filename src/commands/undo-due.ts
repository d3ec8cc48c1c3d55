import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from '../documents/transcript.ts';
import { type ExitCode, exitCode } from '../failure.ts';
import { type Deadline, pendingDeadlines } from '../playbook/deadlines.ts';
import { printable } from '../text/printable.ts';

export interface DueCase {
  id: string;
  /** Path of the transcript. */
  file: string;
  /** The entries as they are now. */
  entries(): AsyncIterable<Entry>;
  /** Does another process write to it? */
  isHeld(): Promise<boolean>;
  now(): Date;
  /** Undoes the executions of steps with these record ids; returns the exit code. */
  undo(records: ReadonlySet<string>): Promise<ExitCode>;
}

/** How often a waiting process looks whether the change was kept, in ms. */
const lookMilliseconds = 5_000;
/** How long a process waits for a deadline at most: no playbook's is longer. */
const longestWait = 26 * 3_600_000;

async function pendingIn(found: DueCase): Promise<Deadline[]> {
  const entries: Pick<Entry, 'kind' | 'body'>[] = [];
  for await (const { kind, body } of found.entries())
    if (kind === 'note' || kind === 'verify') entries.push({ kind, body });
  return pendingDeadlines(entries);
}

/** The state of a deadline, in words. */
export function deadlineText({ step, playbook, at }: Deadline, now: Date): string {
  const state = Date.parse(at) <= now.getTime() ? 'OVERDUE: it should have been undone at' : 'is undone by itself at';
  return printable(`${step} (${playbook}) ${state} ${at}, unless it is kept`, 300);
}

/**
 * `cordon undo CASE --due`: undoes what should have been undone by itself by now. With `wait` it waits until then, and
 * ends when nothing waits to be undone any more: kept, undone by the session that set it, or the case is gone.
 */
export async function undoDue(
  found: DueCase,
  options: { wait?: boolean },
  write: (text: string) => unknown,
): Promise<ExitCode> {
  const until = performance.now() + longestWait;
  let seen = -1;
  let pending: Deadline[] = [];
  while (performance.now() < until) {
    const size = await stat(found.file).then(
      (one) => one.size,
      () => null,
    );
    // Deleted or moved: there is no record that says what to undo.
    if (size === null) return exitCode.needsAttention;
    if (size !== seen) pending = await pendingIn(found);
    seen = size;
    const now = found.now();
    const due = pending.filter(({ at }) => Date.parse(at) <= now.getTime());
    if (!options.wait || pending.length === 0) {
      for (const one of pending) write(`case ${found.id}: ${deadlineText(one, now)}\n`);
      if (due.length === 0) {
        if (pending.length === 0) write(`case ${found.id}: nothing waits to be undone by itself\n`);
        return exitCode.done;
      }
    }
    // The session that set it undoes it itself while it lives; another session that works on the case is not disturbed.
    if (due.length > 0 && !(options.wait && (await found.isHeld()))) {
      return await found.undo(new Set(due.map(({ record }) => record)));
    }
    const next = Math.min(...pending.map(({ at }) => Date.parse(at) - now.getTime()));
    await sleep(Math.min(lookMilliseconds, Math.max(1000, next)));
  }
  return exitCode.needsAttention;
}

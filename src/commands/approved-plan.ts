import { type Approval, approval as approvalSchema } from '../documents/approval.ts';
import { exitCode, Failure } from '../failure.ts';
import { approvalOf, differencesBetween, digestOf } from '../playbook/approval.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { StartedRun } from '../playbook/runner.ts';
import { printable } from '../text/printable.ts';
import { version } from '../version.ts';
import { readNamedFile } from './named-file.ts';

/** What `--approve` gives: the digest of a plan, and the plan itself where a file of it was given. */
export interface Approved {
  digest: string;
  over: Approval['over'] | null;
}

/** Reads `--approve`: a digest as a dry run prints it, or the file of its JSON. Throws a Failure for anything else. */
export async function readApproved(text: string): Promise<Approved> {
  if (/^[0-9a-f]{64}$/i.test(text)) return { digest: text.toLowerCase(), over: null };
  const name = printable(text, 256);
  let document: unknown;
  try {
    document = JSON.parse(await readNamedFile(text, '--approve takes 64 hexadecimal digits, or the file of a plan;'));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`--approve ${name}: not JSON`, exitCode.usage);
  }
  const held: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, 'approval') : null;
  const read = approvalSchema.safeParse(held ?? document);
  if (!read.success) {
    throw new Failure(`--approve ${name}: holds no approval: give what --dry-run --json prints`, exitCode.usage);
  }
  const { digest, over } = read.data;
  if (digestOf(over) !== digest) {
    throw new Failure(`--approve ${name}: its digest is not that of its content: it was changed`, exitCode.usage);
  }
  return { digest, over };
}

/** The approval of runs that were planned, one a VM. */
export function approvalOfRuns(
  about: { playbook: Playbook; responderAddress: string; reason: string | undefined },
  runs: readonly { target: { id: string }; run: Pick<StartedRun, 'toApprove'> }[],
): Approval {
  const { playbook, responderAddress, reason = '' } = about;
  const vms = runs.map(({ target, run }) => ({ id: target.id, steps: run.toApprove() }));
  return approvalOf({ tool: version, playbook, responderAddress, reason, vms });
}

/** Throws a Failure, with what changed as far as that is known, where the plan is not the one that was approved. */
export function demandApproved(approved: Approved | undefined, now: Approval): void {
  if (approved === undefined || approved.digest === now.digest) return;
  const because =
    approved.over === null
      ? `It is ${now.digest} now. To see what changed, give --approve the file that --dry-run --json printed`
      : differencesBetween(approved.over, now.over).join('\n  ');
  throw new Failure(
    `nothing was done: the plan is not the one that was approved (${approved.digest}).\n  ${because}`,
    exitCode.usage,
  );
}

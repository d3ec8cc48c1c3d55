import * as z from 'zod';
import { textAt } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readMachine, systemOf } from '../../azure/readers/machine.ts';
import type { ActionContext, ActionPlan, Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { demandNoObstacle, obstacleIn } from '../patches-assess.ts';
import { refusedPlan } from '../refused-plan.ts';
import { accountParameters, accountScripts, whyNotAnAccount } from './account-scripts.ts';
import { footprintOf } from './footprint.ts';
import {
  awaitRun,
  beginRun,
  deleteRun,
  digestOf,
  type GuestResult,
  hasEnded,
  lookAhead,
  readRun,
  resultIn,
  runCommandId,
  runName,
  runsOf,
} from './run-command.ts';

export const accountSettings = z.strictObject({
  account: z
    .string()
    .max(64)
    .default('')
    .describe('The local account, without its domain; on the command line: --account.'),
});

const accountState = z.looseObject({
  os: z.enum(['windows', 'linux']),
  account: z.string(),
  /** Name of the run command that disables it. */
  run: z.string(),
});
type AccountState = z.infer<typeof accountState>;

const minutes = 5;
/** The work in the guest, for sentences about it. */
const disabling = 'the account is disabled';

/** "enabled" or "disabled" before and after, as the script printed it; undefined where it did not come to that. */
function readChange({ output, state, exitCode }: GuestResult): { was: string; now: string } | undefined {
  const found = /was=(enabled|disabled) now=(enabled|disabled)\s*$/.exec(output);
  const [, was = '', now = ''] = found ?? [];
  return found && /^Succeeded$/i.test(state) && (exitCode ?? 0) === 0 ? { was, now } : undefined;
}

const saidBy = ({ state, exitCode, error, message }: GuestResult): string => {
  const text = printable(error || message, 200);
  return `${printable(state, 40)}, exit ${exitCode ?? '?'}${text === '' ? '' : `: ${text}`}`;
};

/** Plans with reads alone. The name is taken as strictly as its system makes names. */
export async function planDisable(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const { account } = accountSettings.parse(input);
  const { target, caseId } = context;
  const shown = printable(account, 64);
  const title = `Disable the account ${shown || '(none named)'} in ${target.name}`;
  if (account === '') {
    const because = `No account is named: cordon run disable-account --vm ${target.name} --account NAME, or a playbook of your own (with: account).`;
    return refusedPlan(title, 'impossible', because);
  }
  const machine = await readMachine(connection, target);
  const obstacle = obstacleIn(machine, target.name, disabling);
  if (obstacle !== '') return refusedPlan(title, 'impossible', obstacle);
  const os = systemOf(machine);
  const unfit = whyNotAnAccount(account, os);
  if (unfit !== '') return refusedPlan(title, 'impossible', `"${shown}" is not taken: ${unfit}.`);
  const state: AccountState = { os, account, run: runName(caseId, 'disable', connection.clock.now()) };
  const ahead = await lookAhead(connection, context, [state.run]);
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const admin = textAt(machine, 'properties', 'osProfile', 'adminUsername').toLowerCase() === account.toLowerCase();
  return {
    title,
    changes: [
      {
        method: 'PUT',
        resourceId: runCommandId(target, state.run),
        diff: [{ property: `account ${shown}`, before: '(as it is)', after: 'disabled' }],
        before: null,
        after: {
          scriptSha256: digestOf(accountScripts[os]),
          parameters: accountParameters('disable', account, os),
        },
      },
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: 'enables the account again, where this disabled it, and deletes the run commands',
    made: [state.run],
    warnings: [
      ...(admin ? [`${shown} is the administrator that the VM was made with: it may be your own way in.`] : []),
      ...ahead.warnings,
    ],
    consequences: [
      `Sessions of ${shown} that are open stay open, and so do its processes: end them, or lock the network.`,
      'Only an account of the VM itself: one of a domain or of Entra ID is disabled there.',
      'An intruder with other accounts, keys or services comes in by those.',
      `A script runs in the guest as SYSTEM or root, and leaves traces there: ${footprintOf(os)}.`,
    ],
    state,
  };
}

/** Runs the script once; rejects with what it said when it did not disable the account. */
export async function applyDisable(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<AccountState> {
  const state = accountState.parse(planned.state);
  await demandNoObstacle(connection, context.target, disabling);
  const result = await runFor(connection, context, state, 'disable', state.run);
  await context.keep('disable-account', { account: state.account, run: state.run, ...result });
  if (readChange(result) === undefined) throw new Error(`the account was not disabled (${saidBy(result)})`);
  return state;
}

async function runFor(
  connection: Connection,
  context: ActionContext,
  { os, account }: AccountState,
  verb: 'disable' | 'enable',
  name: string,
): Promise<GuestResult> {
  const run = {
    name,
    script: accountScripts[os],
    parameters: accountParameters(verb, account, os),
    timeoutSeconds: minutes * 60,
  };
  await beginRun(connection, context, run);
  return awaitRun(connection, context, run);
}

/** By what the guest printed when it looked at the account again. */
export async function verifyDisable(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = accountState.parse(given);
  const result = resultIn(await readRun(connection, context.target, state.run));
  const change = readChange(result);
  const shown = printable(state.account, 64);
  if (change === undefined) {
    const text = `Whether ${shown} is disabled is not known (${saidBy(result)}).`;
    return { ok: hasEnded(result) ? false : null, text };
  }
  if (change.now !== 'disabled') return { ok: false, text: `${shown} is STILL ${change.now}, says the guest.` };
  const before = change.was === 'disabled' ? ' It was before.' : '';
  return { ok: true, text: `${shown} is disabled, says the guest.${before} Its open sessions stay open.` };
}

/** Enables the account where it was enabled before, then deletes the run commands. */
export async function undoDisable(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = accountState.parse(given);
  const { target, caseId } = context;
  const shown = printable(state.account, 64);
  const body = await readRun(connection, target, state.run);
  const result = resultIn(body);
  if (body !== null && !hasEnded(result) && /^(Pending|Running)$/i.test(result.state)) {
    return { ok: false, text: `The script that disables ${shown} still runs: undo it again in some minutes.` };
  }
  const tells = textAt(body, 'properties', 'instanceView', 'executionState') !== '';
  const failed = /^(failed|canceled)$/i.test(textAt(body, 'properties', 'provisioningState'));
  if (body !== null && !tells && !failed) {
    const text = `Azure does not say what became of the script that disables ${shown}: whether it is disabled is not known. Undo it again.`;
    return { ok: null, text };
  }
  const change = readChange(result);
  let told = `${shown} was not disabled by this.`;
  if (change?.was === 'enabled') {
    const name = runName(caseId, 'enable', connection.clock.now());
    const back = await runFor(connection, context, state, 'enable', name);
    if (readChange(back)?.now !== 'enabled') {
      return { ok: false, text: `${shown} is NOT enabled again (${saidBy(back)}).` };
    }
    await context.keep('enable-account', { account: state.account, run: name, ...back });
    told = `${shown} is enabled again, says the guest.`;
  }
  // An undo that was interrupted left one of its own.
  for (const name of await runsOf(connection, context, 'enable')) await deleteRun(connection, context, name);
  const left = await deleteRun(connection, context, state.run);
  if (left === 'foreign')
    return { ok: false, text: `${told} ${state.run} does not carry this case’s tag: it is not deleted.` };
  return { ok: true, text: `${told} The run commands are deleted.` };
}

import { textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type ActionContext, type ActionPlan, StalePlan, type Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { pause, send } from '../operation.ts';
import { isSoftDeleted, readItem } from './item.ts';
import { begunBy, jobEnd, jobOfOperation, questionsIn, readJob } from './jobs.ts';
import { type UndeleteState, undeleteState, vaultOf } from './settings.ts';
import { undeletion } from './undelete-plan.ts';

/** Sends the request; the id of the job that it began, "" when Azure did it at once or the answer was lost. */
async function undelete(connection: Connection, context: ActionContext, state: UndeleteState): Promise<string> {
  const vault = vaultOf(state);
  const client = await connection.backup(vault.subscriptionId);
  let begun = { operation: '', request: '' };
  const begin = () =>
    client.protectedItems.createOrUpdate(
      vault.name,
      vault.resourceGroup,
      state.fabric,
      state.container,
      state.item,
      { properties: undeletion(state.source) },
      {
        abortSignal: context.signal,
        onResponse: (response) => {
          begun = begunBy(response);
        },
      },
    );
  const { fate } = await send(connection, context, 'the undelete', begin, { follows: true });
  if (fate) return fate.job ?? '';
  if (begun.operation === '') return '';
  return jobOfOperation(connection, context, state, { what: 'the undelete', ...begun });
}

/** Sends the request once, and follows its job to the end. `verifyUndelete` reports whether the item is back. */
export async function applyUndelete(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<UndeleteState> {
  const state = undeleteState.parse(planned.state);
  if (!isSoftDeleted(await readItem(connection, context, state))) {
    throw new StalePlan(`The backup of ${context.target.name} is not soft-deleted any more.`);
  }
  const jobId = await undelete(connection, context, state);
  for (let question = 0; jobId !== '' && question < questionsIn(connection, 1); question += 1) {
    const job = await readJob(connection, { vaultId: state.vaultId, jobId });
    if (jobEnd(job.status) === 'bad') {
      throw new Error(`the undelete ended as ${job.status}: ${job.error || 'no reason given'} (job ${jobId})`);
    }
    if (jobEnd(job.status) === 'good') break;
    context.progress({ fraction: job.fraction, text: 'the vault undeletes the backup' });
    await pause(connection, context);
  }
  return { ...state, jobId };
}

/** Is the item there again? */
export async function verifyUndelete(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = undeleteState.parse(given);
  const item = await readItem(connection, context, state);
  const vault = shortName(state.vaultId);
  const job = state.jobId === '' ? '' : ` (job ${state.jobId})`;
  if (isSoftDeleted(item)) {
    const runs = state.jobId !== '' && jobEnd((await readJob(connection, state)).status) === 'running';
    return runs
      ? { ok: null, text: `The backup in ${vault} is still soft-deleted; the vault is at it${job}.` }
      : { ok: false, text: `The backup in ${vault} is STILL soft-deleted${job}.` };
  }
  const protectionState = textAt(item, 'properties', 'protectionState');
  return {
    ok: true,
    text: /^ProtectionStopped$/i.test(protectionState)
      ? `The backup is undeleted in ${vault}, and its points are kept${job}. Protection is STOPPED: resume it, or no new points are made.`
      : `The backup is undeleted in ${vault}${job}; its protection reads ${printable(protectionState, 40) || 'unknown'}.`,
  };
}

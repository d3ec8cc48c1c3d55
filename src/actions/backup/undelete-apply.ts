import { textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type ActionContext, type ActionPlan, StalePlan, type Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { send } from '../operation.ts';
import { isSoftDeleted, readItem } from './item.ts';
import { askFor, begunBy, jobEnd, jobOfOperation, readJob } from './jobs.ts';
import { type UndeleteState, undeleteState, vaultOf } from './settings.ts';
import { undeletion } from './undelete-plan.ts';

/** The longest that an undelete is followed, in minutes. */
const minutesToUndelete = 60;

/**
 * Sends the request; the id of the job that it began, "" when Azure did it at once or the answer was lost, and the id of
 * the request whose end has still to be reported.
 */
async function undelete(
  connection: Connection,
  context: ActionContext,
  state: UndeleteState,
): Promise<{ jobId: string; untold: string }> {
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
  if (fate) return { jobId: fate.job ?? '', untold: '' };
  if (begun.operation === '') return { jobId: '', untold: '' };
  const jobId = await jobOfOperation(connection, context, state, { what: 'the undelete', ...begun, until: 'job' });
  return { jobId, untold: begun.request };
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
  const { jobId, untold } = await undelete(connection, context, state);
  if (jobId === '') return state;
  const job = await askFor(connection, context, minutesToUndelete, async () => {
    const found = await readJob(connection, { vaultId: state.vaultId, jobId });
    if (jobEnd(found.status) !== 'running') return found;
    context.progress({ fraction: found.fraction, text: 'the vault undeletes the backup' });
    return null;
  });
  const bad = job !== null && jobEnd(job.status) === 'bad';
  // A job that goes on leaves the request open: the next start asks what became of it.
  if (job !== null && untold !== '') {
    const error = bad ? job.error || 'no reason given' : '';
    await context.gate.settled?.(untold, {
      ok: !bad,
      result: `${bad ? job.status : 'Succeeded'}: job ${jobId}`,
      error,
    });
  }
  if (bad) throw new Error(`the undelete ended as ${job.status}: ${job.error || 'no reason given'} (job ${jobId})`);
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
      : `The backup is undeleted in ${vault}${job}; its protection reads ${printable(protectionState, 40)}.`,
  };
}

import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import { type ActionContext, type ActionPlan, StalePlan, type Verification } from '../../playbook/action.ts';
import { AzureRefusal, send } from '../operation.ts';
import { protection } from './item.ts';
import { begunBy, followJob, jobEnd, jobOfOperation, jobsOf, readJob } from './jobs.ts';
import { type BackupState, backupState, vaultOf } from './settings.ts';

/**
 * Sends the request; the id of its operation, "" when Azure says that a backup is running already. `job` is set when
 * the answer was lost and the vault shows the job that it began.
 */
async function trigger(
  connection: Connection,
  context: ActionContext,
  state: BackupState,
): Promise<{ operation: string; request: string; job: string }> {
  const vault = vaultOf(state);
  const client = await connection.backup(vault.subscriptionId);
  let operation = '';
  let request = '';
  const begin = () =>
    client.backups.trigger(
      vault.name,
      vault.resourceGroup,
      state.fabric,
      state.container,
      state.item,
      {
        properties: {
          objectType: 'IaasVMBackupRequest',
          recoveryPointExpiryTimeInUTC: new Date(state.keepUntil),
        },
      },
      {
        abortSignal: context.signal,
        onResponse: (response) => {
          ({ operation, request } = begunBy(response));
        },
      },
    );
  try {
    const { fate } = await send(connection, context, 'the backup', begin, { follows: true });
    if (fate) return { operation: '', request: '', job: fate.job ?? '' };
  } catch (error) {
    const { code } = error instanceof AzureRefusal ? error : azureError(error);
    if (/InProgress|AlreadyRunning|ConflictingOperation/i.test(code)) return { operation: '', request: '', job: '' };
    throw error;
  }
  if (operation === '') throw new Error('Azure took the request but named no operation to follow');
  return { operation, request, job: '' };
}

/** Asks for the backup once, and follows it until its snapshot is taken. */
export async function applyBackup(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const state = backupState.parse(planned.state);
  const now = await protection(connection, context);
  if ((now.vaultId ?? '').toLowerCase() !== state.vaultId.toLowerCase() || now.protectedItemName !== state.item) {
    throw new StalePlan(`${context.target.name} is protected by another vault or item now.`);
  }
  const { operation, request, job } = await trigger(connection, context, state);
  if (job !== '') return followJob(connection, context, { ...state, jobId: job });
  if (operation === '') {
    // It may have ended since Azure refused ours: then the newest is the one.
    const [runs] = await jobsOf(connection, context, state.vaultId, 'running');
    const jobId = (runs ?? (await jobsOf(connection, context, state.vaultId, 'all'))[0])?.name;
    if (jobId === undefined) throw new Error('a backup is running already, but its job is not listed');
    context.progress({ fraction: null, text: `a backup is running already (job ${jobId})` });
    return followJob(connection, context, { ...state, jobId, joined: true });
  }
  return followJob(connection, context, {
    ...state,
    jobId: await jobOfOperation(connection, context, state, { what: 'the backup', operation, request, until: 'begun' }),
  });
}

/** Is its snapshot taken? */
export async function verifyBackup(connection: Connection, given: Record<string, unknown>): Promise<Verification> {
  const state = backupState.parse(given);
  const job = await readJob(connection, state);
  const joined = state.joined ? ' It was running already; no second one was started.' : '';
  const end = jobEnd(job.status);
  if (end === 'good') {
    const warned = job.status.toLowerCase() === 'completed' ? '' : ' with warnings';
    return { ok: true, text: `The backup is complete${warned} (job ${state.jobId}).${joined}` };
  }
  if (end === 'bad') {
    return {
      ok: false,
      text: `The backup ended as ${job.status}: ${job.error || 'no reason given'} (job ${state.jobId}).`,
    };
  }
  if (job.snapshotTaken) {
    return {
      ok: true,
      text: `The snapshot of the backup is taken; the transfer to ${shortName(state.vaultId)} goes on, which may take hours (job ${state.jobId}).${joined}`,
    };
  }
  return { ok: null, text: `The backup is not done yet: ${job.text || job.status} (job ${state.jobId}).` };
}

import { z } from 'zod';
import { listAt, textAt } from '../arm/json.ts';
import { parseResourceId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import { rawBody } from '../azure/client/raw-body.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { AzureRefusal, pause, send } from './operation.ts';
import { preflight } from './permissions.ts';
import { refusedPlan } from './refused-plan.ts';

export const backupSettings = z.strictObject({
  keepDays: z.int().min(1).max(9999).default(30).describe('Days for which the new recovery point is kept.'),
});

const backupState = z.looseObject({
  vaultId: z.string(),
  fabric: z.string(),
  container: z.string(),
  item: z.string(),
  keepUntil: z.string(),
  jobId: z.string(),
  /** Another backup was running already, and is followed instead. */
  joined: z.boolean(),
});
type BackupState = z.infer<typeof backupState>;

const running = new Set(['inprogress', 'cancelling', 'invalid', '']);
const good = new Set(['completed', 'completedwithwarnings']);

/** Starts an on-demand backup of the machine, and follows the job until its snapshot is taken. */
export function backupTrigger(connection: Connection): Action {
  /** How often Azure can be asked in so many hours. */
  const questionsIn = (hours: number) => Math.ceil((hours * 3_600_000) / Math.max(1, connection.pollIntervalMs));

  async function protection(context: ActionContext) {
    const { target } = context;
    const client = await connection.backup(target.subscriptionId);
    return client.backupStatus.get(target.location, { resourceType: 'VM', resourceId: target.id });
  }

  function vaultOf(state: BackupState) {
    const vault = parseResourceId(state.vaultId);
    if (!vault) throw new Error(`not a vault: ${state.vaultId}`);
    return vault;
  }

  /** The machine's backup jobs, newest first: those that run, or all. At most the first thousand of the vault are seen. */
  async function jobsOf(context: ActionContext, vaultId: string, which: 'running' | 'all'): Promise<string[]> {
    const vault = parseResourceId(vaultId);
    if (!vault) return [];
    const client = await connection.backup(vault.subscriptionId);
    const only = which === 'running' ? " and status eq 'InProgress'" : '';
    const filter = `backupManagementType eq 'AzureIaasVM' and operation eq 'Backup'${only}`;
    const found: { name: string; startedAt: number }[] = [];
    let seen = 0;
    for await (const { name, properties } of client.backupJobs.list(vault.name, vault.resourceGroup, { filter })) {
      seen += 1;
      if (seen > 1000) break;
      const friendly = (properties?.entityFriendlyName ?? '').toLowerCase();
      if (name === undefined || friendly !== context.target.name.toLowerCase()) continue;
      if (which === 'running' && !running.has((properties?.status ?? '').toLowerCase())) continue;
      found.push({ name, startedAt: properties?.startTime?.getTime() ?? 0 });
    }
    return found.sort((a, b) => b.startedAt - a.startedAt).map(({ name }) => name);
  }

  async function plan(context: ActionContext, input: unknown): Promise<ActionPlan> {
    const settings = backupSettings.parse(input);
    const { target } = context;
    const title = `Back up ${target.name} now`;
    const status = await protection(context);
    const { vaultId = '', fabricName = 'Azure', containerName = '', protectedItemName = '' } = status;
    if (!/^protect(ed|ing)$/i.test(status.protectionStatus ?? '') || vaultId === '' || protectedItemName === '') {
      const state = status.protectionStatus ?? 'unknown';
      return refusedPlan(
        title,
        'impossible',
        `No Recovery Services vault protects ${target.name} (${state}). Ask the customer to enable Azure Backup for it (vault, policy); until then preserve it with snapshot-disks.`,
      );
    }
    const keepUntil = new Date(connection.clock.now().getTime() + settings.keepDays * 86_400_000).toISOString();
    const warnings: string[] = [];
    try {
      const [job = ''] = await jobsOf(context, vaultId, 'running');
      if (job !== '')
        warnings.push(`A backup of ${target.name} is running already (job ${job}): it is followed instead.`);
    } catch (error) {
      warnings.push(`Not seen: running backup jobs of ${shortName(vaultId)} (${azureError(error).status}).`);
    }
    // Container and item names come from Azure as they are: their form varies, they cannot be built.
    const itemId = `${vaultId}/backupFabrics/${fabricName}/protectionContainers/${containerName}/protectedItems/${protectedItemName}`;
    return {
      title,
      changes: [
        {
          method: 'POST',
          resourceId: `${itemId}/backup`,
          diff: [
            { property: 'recovery point', before: '(none)', after: `new, in ${shortName(vaultId)}` },
            { property: 'kept until', before: '', after: keepUntil },
          ],
          before: null,
          after: { objectType: 'IaasVMBackupRequest', recoveryPointExpiryTimeInUTC: keepUntil },
        },
      ],
      touches: [],
      permissions: await preflight(connection, [
        {
          action: 'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action',
          scope: vaultId,
        },
      ]),
      danger: 'reversible',
      undo: '',
      warnings,
      consequences: [
        `A recovery point is added in ${shortName(vaultId)} and kept until ${keepUntil.slice(0, 10)}; points that are there stay.`,
        'It contains the VM as it is now, with whatever the attacker left in it: mark it so.',
        'It cannot be undone: the point expires by itself.',
      ],
      state: {
        vaultId,
        fabric: fabricName,
        container: containerName,
        item: protectedItemName,
        keepUntil,
        jobId: '',
        joined: false,
      } satisfies BackupState,
    };
  }

  /**
   * Sends the request; the id of its operation, "" when Azure says that a backup is running already. `job` is set when
   * the answer was lost and the vault shows the job that it began.
   */
  async function trigger(
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
            const url = response.headers.get('azure-asyncoperation') ?? response.headers.get('location') ?? '';
            // Only the last segment, the operation's id, is taken from the otherwise opaque URL.
            operation = url.split('?')[0]?.split('/').at(-1) ?? '';
            request = response.request.headers.get('x-ms-client-request-id') ?? '';
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

  async function jobOf(
    context: ActionContext,
    state: BackupState,
    operation: string,
    request: string,
  ): Promise<string> {
    const vault = vaultOf(state);
    const client = await connection.backup(vault.subscriptionId);
    for (let question = 0; question < questionsIn(1); question += 1) {
      const answer = await client.protectedItemOperationStatuses.get(
        vault.name,
        vault.resourceGroup,
        state.fabric,
        state.container,
        state.item,
        operation,
        { abortSignal: context.signal },
      );
      const status = (answer.status ?? '').toLowerCase();
      if (status === 'succeeded') {
        const jobId = textAt(answer, 'properties', 'jobId');
        await context.gate.settled?.(request, { ok: true, result: `Succeeded: job ${jobId}`, error: '' });
        if (jobId === '') throw new Error('the operation succeeded but names no job');
        return jobId;
      }
      if (status === 'failed' || status === 'canceled') {
        const error = `${answer.error?.code ?? ''}: ${answer.error?.message ?? 'no reason given'}`;
        await context.gate.settled?.(request, { ok: false, result: answer.status ?? 'Failed', error });
        throw new Error(`the backup did not start: ${error}`);
      }
      context.progress({ fraction: null, text: 'the vault takes the request' });
      await pause(connection, context);
    }
    throw new Error('the vault has not taken the request within an hour');
  }

  interface JobState {
    status: string;
    snapshotTaken: boolean;
    fraction: number | null;
    text: string;
    error: string;
  }

  async function readJob(state: BackupState): Promise<JobState> {
    const vault = vaultOf(state);
    const client = await connection.backup(vault.subscriptionId);
    const job = await rawBody((options) =>
      client.jobDetails.get(vault.name, vault.resourceGroup, state.jobId, {
        onResponse: (response) =>
          options.onResponse({ status: response.status, bodyAsText: response.bodyAsText ?? null }),
      }),
    );
    const tasks = listAt(job, 'properties', 'extendedInfo', 'tasksList');
    const snapshot = tasks.find((task) => /snapshot/i.test(textAt(task, 'taskId')));
    const current = tasks.find((task) => !good.has(textAt(task, 'status').toLowerCase()));
    const percent = Number(textAt(job, 'properties', 'extendedInfo', 'progressPercentage'));
    const [first] = listAt(job, 'properties', 'errorDetails');
    return {
      status: textAt(job, 'properties', 'status'),
      snapshotTaken: snapshot !== undefined && good.has(textAt(snapshot, 'status').toLowerCase()),
      fraction: Number.isFinite(percent) && percent > 0 ? Math.min(1, percent / 100) : null,
      text: current === undefined ? '' : textAt(current, 'taskId').toLowerCase(),
      error: [textAt(first, 'errorCode'), textAt(first, 'errorString')].filter(Boolean).join(': '),
    };
  }

  async function apply(context: ActionContext, planned: ActionPlan): Promise<Record<string, unknown>> {
    const state = backupState.parse(planned.state);
    const now = await protection(context);
    if ((now.vaultId ?? '').toLowerCase() !== state.vaultId.toLowerCase() || now.protectedItemName !== state.item) {
      throw new StalePlan(`${context.target.name} is protected by another vault or item now.`);
    }
    const { operation, request, job } = await trigger(context, state);
    if (job !== '') return followJob(context, { ...state, jobId: job });
    if (operation === '') {
      // It may have ended since Azure refused ours: then the newest is the one.
      const [runs] = await jobsOf(context, state.vaultId, 'running');
      const jobId = runs ?? (await jobsOf(context, state.vaultId, 'all'))[0];
      if (jobId === undefined) throw new Error('a backup is running already, but its job is not listed');
      context.progress({ fraction: null, text: `a backup is running already (job ${jobId})` });
      return followJob(context, { ...state, jobId, joined: true });
    }
    return followJob(context, { ...state, jobId: await jobOf(context, state, operation, request) });
  }

  async function followJob(context: ActionContext, state: BackupState): Promise<BackupState> {
    for (let question = 0; question < questionsIn(24); question += 1) {
      const job = await readJob(state);
      if (job.snapshotTaken || !running.has(job.status.toLowerCase())) return state;
      context.progress({ fraction: job.fraction, text: job.text === '' ? 'the job is starting' : job.text });
      await pause(connection, context);
    }
    return state;
  }

  async function verify(_context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = backupState.parse(given);
    const job = await readJob(state);
    const joined = state.joined ? ' It was running already; no second one was started.' : '';
    const status = job.status.toLowerCase();
    if (good.has(status)) {
      const warned = status === 'completed' ? '' : ' with warnings';
      return { ok: true, text: `The backup is complete${warned} (job ${state.jobId}).${joined}` };
    }
    if (!running.has(status)) {
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

  return { name: 'backup.trigger', input: backupSettings, danger: 'reversible', plan, apply, verify };
}

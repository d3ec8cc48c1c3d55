import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineResponse } from '@azure/core-rest-pipeline';
import { booleanAt, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { rawBody } from '../../azure/client/raw-body.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { type BackupState, type ItemPlace, vaultOf } from './settings.ts';

const running = new Set(['inprogress', 'cancelling', 'invalid', '']);
const good = new Set(['completed', 'completedwithwarnings']);

/** A backup job of the VM. */
interface FoundJob {
  name: string;
  /** Epoch milliseconds; 0 where Azure does not report it. */
  startedAt: number;
  running: boolean;
  /** Was it started on demand, instead of by the schedule? */
  onDemand: boolean;
}

/** The VM's backup jobs, newest first: those that run, or all. At most the first thousand of the vault are seen. */
export async function jobsOf(
  connection: Connection,
  context: ActionContext,
  vaultId: string,
  which: 'running' | 'all',
): Promise<FoundJob[]> {
  const vault = parseResourceId(vaultId);
  if (!vault) return [];
  const client = await connection.backup(vault.subscriptionId);
  const only = which === 'running' ? " and status eq 'InProgress'" : '';
  const filter = `backupManagementType eq 'AzureIaasVM' and operation eq 'Backup'${only}`;
  const found: FoundJob[] = [];
  let seen = 0;
  for await (const { name, properties } of client.backupJobs.list(vault.name, vault.resourceGroup, { filter })) {
    seen += 1;
    if (seen > 1000) break;
    const friendly = (properties?.entityFriendlyName ?? '').toLowerCase();
    if (name === undefined || friendly !== context.target.name.toLowerCase()) continue;
    const runs = running.has((properties?.status ?? '').toLowerCase());
    if (which === 'running' && !runs) continue;
    const startedAt = properties?.startTime?.getTime() ?? 0;
    found.push({ name, startedAt, running: runs, onDemand: booleanAt(properties, 'isUserTriggered') === true });
  }
  return found.sort((a, b) => b.startedAt - a.startedAt);
}

/** What Azure reports of a backup job. */
interface JobState {
  status: string;
  snapshotTaken: boolean;
  fraction: number | null;
  text: string;
  error: string;
}

/** Reads the job that is followed. */
export async function readJob(
  connection: Connection,
  state: Pick<BackupState, 'vaultId' | 'jobId'>,
): Promise<JobState> {
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

/** Has the job come to its end, and is that a good one? */
export const jobEnd = (status: string): 'running' | 'good' | 'bad' => {
  const low = status.toLowerCase();
  return running.has(low) ? 'running' : good.has(low) ? 'good' : 'bad';
};

/** The longest time between two questions about what takes long, in ms. */
const longestPause = 30_000;

/**
 * Asks until there is an answer, at most for so many minutes: often at first, then more and more seldom. null when the
 * time is over. Rejects when the run was stopped.
 */
export async function askFor<T>(
  connection: Connection,
  context: ActionContext,
  minutes: number,
  ask: () => Promise<T | null>,
): Promise<T | null> {
  const until = performance.now() + minutes * 60_000;
  for (let question = 1; ; question += 1) {
    const answer = await ask();
    if (answer !== null || performance.now() >= until) return answer;
    const milliseconds = connection.pollIntervalMs * (1 + question / 20);
    await sleep(Math.min(longestPause, milliseconds), undefined, { signal: context.signal });
  }
}

/** The operation that an answer names ("" for none), and the id of the request. */
export function begunBy({ headers, request }: PipelineResponse): { operation: string; request: string } {
  const url = headers.get('azure-asyncoperation') ?? headers.get('location') ?? '';
  // Only the last segment, the operation's id, is taken from the otherwise opaque URL.
  const operation = shortName(url.split('?')[0] ?? '');
  return { operation, request: request.headers.get('x-ms-client-request-id') ?? '' };
}

/** The longest that a vault is waited for to take a request, in minutes. */
const minutesToTake = 60;

/**
 * Follows the operation that a request began until it names its job. A failure is reported to the gate; so is that it
 * went well, unless its job has to end well first (`until: 'job'`): then the caller reports it. `what` names it for people: "the
 * backup". Throws when it failed, or names no job within an hour.
 */
export async function jobOfOperation(
  connection: Connection,
  context: ActionContext,
  place: ItemPlace,
  of: { what: string; operation: string; request: string; until: 'begun' | 'job' },
): Promise<string> {
  const { what, operation, request, until } = of;
  const vault = vaultOf(place);
  const client = await connection.backup(vault.subscriptionId);
  const names = [vault.name, vault.resourceGroup, place.fabric, place.container, place.item, operation] as const;
  const job = await askFor(connection, context, minutesToTake, async () => {
    const answer = await client.protectedItemOperationStatuses.get(...names, { abortSignal: context.signal });
    const status = (answer.status ?? '').toLowerCase();
    if (status === 'succeeded') return textAt(answer, 'properties', 'jobId');
    if (status === 'failed' || status === 'canceled') {
      const error = `${answer.error?.code ?? ''}: ${answer.error?.message ?? 'no reason given'}`;
      await context.gate.settled?.(request, { ok: false, result: answer.status ?? 'Failed', error });
      throw new Error(`${what} did not start: ${error}`);
    }
    context.progress({ fraction: null, text: 'the vault takes the request' });
    return null;
  });
  if (job === null) throw new Error('the vault has not taken the request within an hour');
  if (until === 'begun' || job === '') {
    await context.gate.settled?.(request, { ok: true, result: `Succeeded: job ${job}`, error: '' });
  }
  if (job === '') throw new Error('the operation succeeded but names no job');
  return job;
}

/** Follows a job until its snapshot is taken, it has ended, or the time to follow it is over. */
export async function followJob(
  connection: Connection,
  context: ActionContext,
  state: BackupState,
): Promise<BackupState> {
  await askFor(connection, context, state.followMinutes, async () => {
    const job = await readJob(connection, state);
    if (job.snapshotTaken || !running.has(job.status.toLowerCase())) return job;
    context.progress({ fraction: job.fraction, text: job.text === '' ? 'the job is starting' : job.text });
    return null;
  });
  return state;
}

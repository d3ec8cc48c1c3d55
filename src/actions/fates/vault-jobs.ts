import { booleanAt, textAt } from '../../arm/json.ts';
import { parseResourceId, type ResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { count } from '../../text/counts.ts';
import {
  atIt,
  done,
  hadTime,
  isBegunBy,
  notDone,
  pathOf,
  readAt,
  type SentChange,
  type Shown,
  shown,
  unclear,
} from './sent-change.ts';

/** The vault of a protected item, by the address of a request to the item. */
const vaultIn = (sent: SentChange) => parseResourceId(pathOf(sent.url).split(/\/backupFabrics\//i)[0] ?? '');

const mostJobs = 2000;

interface BegunJob {
  name: string;
  status: string;
}

/** The jobs of a vault that the request can have begun for a VM; `cut` says that the vault has more jobs than were read. */
async function jobsBegun(
  connection: Connection,
  sent: SentChange,
  about: { vault: ResourceId; operation: 'Backup' | 'Undelete'; machine: string },
): Promise<{ jobs: BegunJob[]; cut: string }> {
  const { vault, operation, machine } = about;
  const client = await connection.backup(vault.subscriptionId);
  const jobs: BegunJob[] = [];
  let seen = 0;
  for await (const { name = '', properties } of client.backupJobs.list(vault.name, vault.resourceGroup)) {
    seen += 1;
    if (seen > mostJobs) return { jobs, cut: `${vault.name} has more jobs than the ${count(mostJobs)} that were read` };
    const mine = sameId(properties?.entityFriendlyName ?? '', machine);
    const started = properties?.startTime?.getTime() ?? 0;
    if (mine && properties?.operation === operation && isBegunBy(sent, started))
      jobs.push({ name, status: properties.status ?? '' });
  }
  return { jobs, cut: '' };
}

/** A vault that has taken a request makes the job for it some time later: until then, that there is none says nothing. */
function withoutJob(connection: Connection, sent: SentChange, text: string): Shown {
  return hadTime(connection, sent)
    ? { ...notDone(`${text}: it was not done`), sure: false }
    : { ...unclear(`${text} yet`), sure: false };
}

/**
 * What was asked for is a backup job: that it is there is the end of the request, whatever becomes of the job, which takes hours
 * and is followed by itself.
 */
export async function backupFate(connection: Connection, sent: SentChange): Promise<Shown> {
  const vault = vaultIn(sent);
  const machine = /\/protectedItems\/[^/]*;([^;/]+)\/backup$/i.exec(pathOf(sent.url))?.[1] ?? '';
  if (!vault || machine === '') return unclear('the vault of the backup is not known here');
  const { jobs, cut } = await jobsBegun(connection, sent, { vault, operation: 'Backup', machine });
  const [job] = jobs;
  if (job) {
    const state = job.status === '' ? '' : `, ${job.status}`;
    return { ...done(`the vault has a backup job since then: ${job.name}${state}`), job: job.name };
  }
  if (cut !== '') return unclear(cut);
  return withoutJob(connection, sent, 'the vault has no backup job since then');
}

/** The ends of a job; all other states ("InProgress", "Cancelling", "Invalid") are of one that goes on: specification, JobStatus. */
const endOf = ({ status }: BegunJob): 'good' | 'bad' | 'none' =>
  /^completed(withwarnings)?$/i.test(status) ? 'good' : /^(failed|cancelled)$/i.test(status) ? 'bad' : 'none';

/**
 * A soft-deleted item has all that undeleting it sends, but for what it is not any more. The vault's jobs show whether it is being
 * undeleted, also where the item shows the end of it already.
 */
export async function undeleteFate(
  connection: Connection,
  sent: SentChange,
  signal: AbortSignal | undefined,
): Promise<Shown> {
  const item = await readAt(connection, sent.url, signal);
  if (item === null) return notDone('the deleted backup is not there any more');
  const vault = vaultIn(sent);
  if (!vault) return unclear('the vault of the backup is not known here');
  const machine = shortName(textAt(sent.body, 'properties', 'sourceResourceId'));
  const { jobs, cut } = await jobsBegun(connection, sent, { vault, operation: 'Undelete', machine });
  const running = jobs.find((job) => endOf(job) === 'none');
  if (running) return { ...atIt(`the vault undeletes it: job ${running.name}, ${running.status}`), job: running.name };
  if (booleanAt(item, 'properties', 'isScheduledForDeferredDelete') !== true)
    return shown('the backup is not soft-deleted any more: it was done');
  const [job] = jobs;
  if (job && endOf(job) === 'bad') return notDone(`job ${job.name} of the vault ended as ${job.status}`);
  if (job) return atIt(`job ${job.name} of the vault is ${job.status}, and the backup shows as soft-deleted yet`);
  if (cut !== '') return unclear(cut);
  return withoutJob(connection, sent, 'the backup is soft-deleted, and the vault has no job that undeletes it');
}

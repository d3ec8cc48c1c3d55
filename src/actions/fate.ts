import { at, booleanAt, instantAt, type Json, listAt, numberAt, textAt } from '../arm/json.ts';
import { parseResourceId, type ResourceId, sameId, shortName } from '../arm/resource-id.ts';
import { listOfArm } from '../azure/client/arm-pages.ts';
import { endsIn } from '../azure/client/clouds.ts';
import type { Connection } from '../azure/client/connection.ts';
import { ifThere } from '../azure/client/failure.ts';
import { powerIn } from '../azure/readers/machine.ts';
import { count } from '../text/counts.ts';
import { differences } from './as-sent.ts';
import { storedImage } from './export/blob-image.ts';

/** A request that may have changed Azure, as it left or as the record has it. */
export interface SentChange {
  /** When its intent was written, ISO 8601 UTC. */
  at: string;
  method: string;
  url: string;
  body: unknown;
  clientRequestId: string;
  /** Azure took it and began an operation: what its resource does not show yet may still come. */
  accepted?: boolean;
}

/** What became of a request, as Azure shows it. */
export interface Fate {
  /** null when Azure does not report it, or is still working on it. */
  ok: boolean | null;
  /** Azure is still working on it: asking again later will show the result. */
  running: boolean;
  /** The resource has what was sent already, though Azure is still at it. */
  asSent?: true;
  /** It was not done, and yet what it made before it failed is there. */
  leaves?: true;
  /** The resource is as the request would make it, which another request may have done. */
  byState?: true;
  /** One sentence: what was found. */
  text: string;
  /** The id of the backup job that the request began. */
  job?: string;
}

const done = (text: string): Fate => ({ ok: true, running: false, text });
const shown = (text: string): Fate => ({ ...done(text), byState: true });
const notDone = (text: string): Fate => ({ ok: false, running: false, text });
const unclear = (text: string): Fate => ({ ok: null, running: false, text });
const atIt = (text: string): Fate => ({ ok: null, running: true, text });

/** The clocks of Azure and of this host may differ by a little. */
const skewMilliseconds = 60_000;
/** What a request begins, begins within this time; what began later is another's: a nightly backup, a next assessment. */
const beginMilliseconds = 15 * 60_000;
/** The activity log shows an event within 3 to 20 minutes (Microsoft Learn, "Azure Monitor activity log", retention). */
const logLagMilliseconds = 30 * 60_000;

/** Can what began at this time (ms since 1970) be what the request began? */
function isBegunBy({ at: sentAt }: SentChange, began: number): boolean {
  const sent = Date.parse(sentAt);
  return began >= sent - skewMilliseconds && began <= sent + beginMilliseconds;
}

const logVersion = '2015-04-01';
const logPages = 20;

function pathOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** The resource at the address of the request, by the version that the request was of; null when there is none. */
async function readAt(connection: Connection, url: string, signal: AbortSignal | undefined): Promise<Json | null> {
  const { pathname, searchParams } = new URL(url);
  const version = searchParams.get('api-version') ?? '';
  const found = await ifThere(connection.get(`${pathname}?api-version=${encodeURIComponent(version)}`, signal));
  return found?.body ?? null;
}

interface Logged {
  statuses: string[];
}

/** The events of the request in the activity log, by the id that it was sent with. */
async function logged(connection: Connection, sent: SentChange, signal: AbortSignal | undefined): Promise<Logged> {
  const path = pathOf(sent.url);
  const [, subscription = '', group = ''] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)/i.exec(path) ?? [];
  if (subscription === '' || sent.clientRequestId === '') return { statuses: [] };
  const since = new Date(Date.parse(sent.at) - 5 * skewMilliseconds).toISOString();
  const filter = `eventTimestamp ge '${since}' and resourceGroupName eq '${group.replaceAll("'", "''")}'`;
  const url = `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=${logVersion}&$filter=${encodeURIComponent(filter)}`;
  const statuses: string[] = [];
  const { entries, cut } = await listOfArm(connection, url, logPages, signal);
  for (const event of entries) {
    const id = textAt(event, 'httpRequest', 'clientRequestId');
    if (id.toLowerCase() !== sent.clientRequestId.toLowerCase()) continue;
    const status = at(event, 'status');
    statuses.push((typeof status === 'string' ? status : textAt(status, 'value')).toLowerCase());
  }
  // The event may be in the part of the log that was not read.
  if (statuses.length === 0 && cut !== '') throw new Error(cut);
  return { statuses };
}

/** What the activity log says where the resource does not report it; `otherwise` when it does not either. */
async function askLog(
  connection: Connection,
  sent: SentChange,
  otherwise: Fate,
  signal: AbortSignal | undefined,
): Promise<Fate> {
  let found: Logged;
  try {
    found = await logged(connection, sent, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    return otherwise;
  }
  const { statuses } = found;
  if (statuses.some((status) => status.startsWith('succe'))) return done('the activity log says that it was done');
  if (statuses.some((status) => status.startsWith('fail'))) return notDone('the activity log says that it failed');
  if (statuses.some((status) => status.startsWith('cancel'))) {
    return notDone('the activity log says that it was cancelled');
  }
  if (statuses.length > 0) return atIt('the activity log says that it was begun');
  if (sent.accepted === true) return atIt(`${otherwise.text}; Azure took the request`);
  const age = connection.clock.now().getTime() - Date.parse(sent.at);
  if (otherwise.ok === null && age > logLagMilliseconds) {
    return notDone('the activity log of the time knows no such request: it was not done');
  }
  return otherwise;
}

/** The vault of a protected item, by the address of a request to the item. */
const vaultIn = (sent: SentChange) => parseResourceId(pathOf(sent.url).split(/\/backupFabrics\//i)[0] ?? '');

const mostJobs = 2000;

/** The jobs of a vault that the request can have begun for a VM; `cut` says that the vault has more jobs than were read. */
async function jobsBegun(
  connection: Connection,
  sent: SentChange,
  about: { vault: ResourceId; operation: 'Backup' | 'Undelete'; machine: string },
): Promise<{ jobs: { name: string; status: string }[]; cut: string }> {
  const { vault, operation, machine } = about;
  const client = await connection.backup(vault.subscriptionId);
  const jobs: { name: string; status: string }[] = [];
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

async function backupFate(connection: Connection, sent: SentChange): Promise<Fate> {
  const vault = vaultIn(sent);
  const machine = /\/protectedItems\/[^/]*;([^;/]+)\/backup$/i.exec(pathOf(sent.url))?.[1] ?? '';
  if (!vault || machine === '') return unclear('the vault of the backup is not known here');
  const { jobs, cut } = await jobsBegun(connection, sent, { vault, operation: 'Backup', machine });
  const [job] = jobs;
  if (job) return { ...done(`the vault has a backup job since then: ${job.name}`), job: job.name };
  if (cut !== '') return unclear(cut);
  return notDone('the vault has no backup job since then: it was not done');
}

const isUndelete = (sent: SentChange): boolean => booleanAt(sent.body, 'properties', 'isRehydrate') === true;

/**
 * A soft-deleted item has all that undeleting it sends, but for what it is not any more. While it is there, the vault's
 * jobs show whether it is being undeleted.
 */
async function undeleteFate(
  connection: Connection,
  sent: SentChange,
  signal: AbortSignal | undefined,
): Promise<Fate & { sure?: false }> {
  const item = await readAt(connection, sent.url, signal);
  if (item === null) return notDone('the deleted backup is not there any more');
  if (booleanAt(item, 'properties', 'isScheduledForDeferredDelete') !== true) {
    return done('the backup is not soft-deleted any more: it was done');
  }
  const vault = vaultIn(sent);
  const machine = shortName(textAt(sent.body, 'properties', 'sourceResourceId'));
  if (!vault) return unclear('the vault of the backup is not known here');
  const { jobs, cut } = await jobsBegun(connection, sent, { vault, operation: 'Undelete', machine });
  for (const { name, status } of jobs) {
    if (/^inprogress$/i.test(status)) return { ...atIt(`the vault undeletes it: job ${name}`), job: name };
    if (/^(failed|cancelled)$/i.test(status)) return notDone(`job ${name} of the vault ended as ${status}`);
  }
  if (cut !== '') return unclear(cut);
  return { ...notDone('the backup is soft-deleted, and the vault has no job that undeletes it'), sure: false };
}

/** The address of what a POST was about: its own with another end. */
function withEnd(sent: SentChange, end: RegExp, other: string): string {
  const url = new URL(sent.url);
  url.pathname = url.pathname.replace(end, other);
  return url.href;
}

/** A request for access is in its policy, with its ports, its end and the reason that was given. */
async function accessFate(connection: Connection, sent: SentChange, signal: AbortSignal | undefined): Promise<Fate> {
  const url = withEnd(sent, /\/initiate$/i, '');
  const policy = await readAt(connection, url, signal);
  if (policy === null) return notDone(`${shortName(pathOf(url))} does not exist: access was not requested`);
  const reason = textAt(sent.body, 'justification');
  const wanted = portsOf(sent.body);
  const found = listAt(policy, 'properties', 'requests').some((request) => {
    if (textAt(request, 'justification') !== reason) return false;
    const granted = portsOf(request);
    return wanted.length > 0 && wanted.every((port) => granted.includes(port));
  });
  return found
    ? done('the policy names the request: access was requested')
    : unclear('the policy does not name the request');
}

function portsOf(request: unknown): string[] {
  return listAt(request, 'virtualMachines').flatMap((machine) =>
    listAt(machine, 'ports').map((port) =>
      [
        textAt(machine, 'id').toLowerCase(),
        numberAt(port, 'number') ?? '',
        Date.parse(textAt(port, 'endTimeUtc')),
      ].join(' '),
    ),
  );
}

/**
 * Whether a snapshot can be read by signed addresses shows in its state, of which request one is does not; and what ends
 * them is an operation that shows in the state only when it is over.
 */
async function exportAccessFate(
  connection: Connection,
  sent: SentChange,
  signal: AbortSignal | undefined,
): Promise<Fate> {
  const begins = /\/beginGetAccess$/i.test(new URL(sent.url).pathname);
  const url = withEnd(sent, /\/(begin|end)GetAccess$/i, '');
  const name = shortName(pathOf(url));
  const resource = await readAt(connection, url, signal);
  if (resource === null) return notDone(`${name} does not exist: nobody has access to it`);
  const open = /^active/i.test(textAt(resource, 'properties', 'diskState'));
  if (begins) {
    return open
      ? done(`${name} can be read by a signed address: it was done`)
      : unclear(`${name} can be read by no signed address now`);
  }
  return open
    ? unclear(`${name} can still be read by a signed address`)
    : shown(`${name} can be read by no signed address: it was done`);
}

/** Azure shows the last assessment of a VM, and the last installation, in its instance view. */
function patchFate(what: string, summaryName: string) {
  return async (connection: Connection, sent: SentChange, signal: AbortSignal | undefined): Promise<Fate> => {
    const view = await readAt(connection, withEnd(sent, /\/(assess|install)Patches$/i, '/instanceView'), signal);
    const summary = at(view, 'patchStatus', summaryName);
    const began = instantAt(summary, 'startTime') ?? '';
    if (began === '' || !isBegunBy(sent, Date.parse(began))) {
      return unclear(`the last ${what} of the VM is of another time`);
    }
    return /^inprogress$/i.test(textAt(summary, 'status'))
      ? atIt(`the ${what} runs since ${began}`)
      : done(`the ${what} began at ${began}: it was done`);
  };
}

const powers: ReadonlyMap<string, { during: string; after: string }> = new Map(
  Object.entries({
    deallocate: { during: 'deallocating', after: 'deallocated' },
    start: { during: 'starting', after: 'running' },
  }),
);

/** A VM's power is what the last such request made it; of an earlier one the activity log knows. */
async function powerFate(
  connection: Connection,
  sent: SentChange,
  signal: AbortSignal | undefined,
): Promise<Fate & { sure?: false }> {
  const [, verb = ''] = /\/(deallocate|start)$/i.exec(new URL(sent.url).pathname) ?? [];
  const view = await readAt(connection, withEnd(sent, /\/(deallocate|start)$/i, '/instanceView'), signal);
  const power = (powerIn(view) ?? '').toLowerCase();
  const wanted = powers.get(verb.toLowerCase());
  if (power === wanted?.after) return shown(`the VM is ${power}: it was done`);
  if (power === wanted?.during) return atIt(`the VM is ${power}`);
  const old = connection.clock.now().getTime() - Date.parse(sent.at) > beginMilliseconds;
  const text = `the VM is ${power || 'in no known state'}`;
  return old ? unclear(text) : { ...notDone(`${text}: it was not done`), sure: false };
}

/** POSTs that show in the resource, or in what it lists. */
const posts: readonly (readonly [
  RegExp,
  (connection: Connection, sent: SentChange, signal: AbortSignal | undefined) => Promise<Fate & { sure?: false }>,
])[] = [
  [/\/protectedItems\/[^/]+\/backup$/i, backupFate],
  [/\/jitNetworkAccessPolicies\/[^/]+\/initiate$/i, accessFate],
  [/\/virtualMachines\/[^/]+\/assessPatches$/i, patchFate('assessment', 'availablePatchSummary')],
  [/\/virtualMachines\/[^/]+\/installPatches$/i, patchFate('installation', 'lastPatchInstallationSummary')],
  [/\/(disks|snapshots)\/[^/]+\/(begin|end)GetAccess$/i, exportAccessFate],
  [/\/virtualMachines\/[^/]+\/(deallocate|start)$/i, powerFate],
];

/**
 * What a resource shows of the request that wrote it; `sure` is false where "done, and changed since" looks the same.
 */
function putFate(sent: SentChange, resource: Json | null): Fate & { sure?: false } {
  const name = shortName(pathOf(sent.url));
  if (resource === null) return { ...notDone(`${name} does not exist: it was not done`), sure: false };
  const state = textAt(resource, 'properties', 'provisioningState');
  const differs = differences(sent.body, resource, sent.method === 'PUT');
  if (differs.length > 0) {
    const which = differs.slice(0, 4).join(', ');
    if (/^(updating|creating)$/i.test(state)) return atIt(`${name} is not as sent (${which}), and Azure is at it`);
    return { ...notDone(`${name} is not as sent (${which}): it was not done, or was changed since`), sure: false };
  }
  if (/^(updating|creating)$/i.test(state)) {
    return { ...atIt(`${name} is as sent, and Azure is still at it (${state})`), asSent: true };
  }
  if (/^(failed|canceled)$/i.test(state)) return { ...notDone(`${name} is in the state ${state}`), leaves: true };
  return shown(`${name} is as sent: it was done`);
}

async function deleteFate(
  connection: Connection,
  sent: SentChange,
  signal: AbortSignal | undefined,
): Promise<Fate & { sure?: false }> {
  const name = shortName(pathOf(sent.url));
  const resource = await readAt(connection, sent.url, signal);
  if (resource === null) return done(`${name} does not exist any more: it was done`);
  if (/^deleting$/i.test(textAt(resource, 'properties', 'provisioningState'))) return atIt(`${name} is being deleted`);
  return { ...notDone(`${name} still exists: it was not done`), sure: false };
}

const isUpload = ({ cloud }: Connection, { url }: SentChange): boolean => endsIn(new URL(url).hostname, cloud.storage);

/** A blob that was made of its blocks names the request; one that another made has another. */
async function uploadFate(connection: Connection, sent: SentChange, signal?: AbortSignal): Promise<Fate> {
  const name = shortName(pathOf(sent.url));
  const found = await storedImage(connection, sent.url, signal ?? new AbortController().signal);
  if (found === null)
    return notDone(`there is no blob ${name}: it was not made, and blocks of it that are there are none`);
  const same = found.request === sent.clientRequestId.toLowerCase();
  return same ? done(`the blob ${name} is there`) : notDone(`the blob ${name} is one that another request made`);
}

/**
 * Asks Azure what became of a request whose answer did not come, or was none of Azure's: the resource first, compared
 * with what was sent, then the activity log by the request's id. Only reads. Rejects when Azure cannot be asked.
 */
export async function fateOf(connection: Connection, sent: SentChange, signal?: AbortSignal): Promise<Fate> {
  if (!URL.canParse(sent.url)) return unclear('its address is not in the record');
  if (isUpload(connection, sent)) return uploadFate(connection, sent, signal);
  const path = pathOf(sent.url);
  switch (sent.method) {
    case 'DELETE':
      return orByLog(connection, sent, await deleteFate(connection, sent, signal), signal);
    case 'PUT':
    case 'PATCH': {
      const found = isUndelete(sent)
        ? await undeleteFate(connection, sent, signal)
        : putFate(sent, await readAt(connection, sent.url, signal));
      return orByLog(connection, sent, found, signal);
    }
    case 'POST': {
      const ask = posts.find(([pattern]) => pattern.test(path))?.[1];
      const found = ask
        ? await ask(connection, sent, signal)
        : unclear(`what became of POST ${shortName(path)} does not show in its resource`);
      // The list of a vault's jobs is complete, and says so itself.
      const hidden = found.ok === null && !found.running && ask !== backupFate;
      return orByLog(connection, sent, hidden ? { ...found, sure: false } : found, signal);
    }
    default:
      return unclear(`what became of ${sent.method} ${shortName(path)} cannot be learned from Azure`);
  }
}

/** The finding, or where that is not sure, what the activity log says. */
function orByLog(
  connection: Connection,
  sent: SentChange,
  { sure, ...found }: Fate & { sure?: false },
  signal: AbortSignal | undefined,
): Promise<Fate> {
  return sure === false ? askLog(connection, sent, found, signal) : Promise.resolve(found);
}

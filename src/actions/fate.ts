import { booleanAt, type Json } from '../arm/json.ts';
import { printsProvisioning, provisioningOf } from '../arm/provisioning.ts';
import { shortName } from '../arm/resource-id.ts';
import { endsIn } from '../azure/client/clouds.ts';
import type { Connection } from '../azure/client/connection.ts';
import { differences } from './as-sent.ts';
import { storedImage } from './export/blob-image.ts';
import { askLog } from './fates/activity.ts';
import { postFate } from './fates/of-posts.ts';
import {
  atIt,
  done,
  type Fate,
  notDone,
  pathOf,
  readAt,
  type SentChange,
  type Shown,
  shown,
  unclear,
} from './fates/sent-change.ts';
import { undeleteFate } from './fates/vault-jobs.ts';

const isUndelete = (sent: SentChange): boolean => booleanAt(sent.body, 'properties', 'isRehydrate') === true;

/** What a resource shows of the request that wrote it. */
function putFate(sent: SentChange, resource: Json | null): Shown {
  const name = shortName(pathOf(sent.url));
  if (resource === null) return { ...notDone(`${name} does not exist: it was not done`), sure: false };
  const { state, progress } = provisioningOf(resource);
  const differs = differences(sent.body, resource, sent.method === 'PUT');
  if (differs.length > 0) {
    const which = differs.slice(0, 4).join(', ');
    if (progress === 'under way') return atIt(`${name} is not as sent (${which}), and Azure is at it (${state})`);
    return { ...notDone(`${name} is not as sent (${which}): it was not done, or was changed since`), sure: false };
  }
  if (progress === 'under way') {
    return { ...atIt(`${name} is as sent, and Azure is still at it (${state})`), asSent: true };
  }
  if (state === '' && printsProvisioning(pathOf(sent.url))) {
    return { ...unclear(`${name} is as sent, and Azure does not say whether that is done`), sure: false };
  }
  if (progress === 'failed') return { ...notDone(`${name} is in the state ${state}`), leaves: true };
  return shown(`${name} is as sent: it was done`);
}

async function deleteFate(connection: Connection, sent: SentChange, signal: AbortSignal | undefined): Promise<Shown> {
  const name = shortName(pathOf(sent.url));
  const resource = await readAt(connection, sent.url, signal);
  if (resource === null) return done(`${name} does not exist any more: it was done`);
  const { state, progress } = provisioningOf(resource);
  if (/^deleting$/i.test(state)) return atIt(`${name} is being deleted`);
  if (progress === 'under way') return atIt(`${name} still exists, and Azure is at it (${state})`);
  if (state === '' && printsProvisioning(pathOf(sent.url))) {
    return { ...unclear(`${name} still exists, and Azure does not say in what state`), sure: false };
  }
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
 * with what was sent, then the activity log by the request's id. A resource that is on its way to another state settles nothing:
 * that fate stays unknown (`running`). Only reads. Rejects when Azure cannot be asked.
 */
export async function fateOf(connection: Connection, sent: SentChange, signal?: AbortSignal): Promise<Fate> {
  if (!URL.canParse(sent.url)) return unclear('its address is not in the record');
  if (isUpload(connection, sent)) return uploadFate(connection, sent, signal);
  const { sure, ...found } = await whatShows(connection, sent, signal);
  return sure === false ? askLog(connection, sent, found, signal) : found;
}

async function whatShows(connection: Connection, sent: SentChange, signal: AbortSignal | undefined): Promise<Shown> {
  switch (sent.method) {
    case 'DELETE':
      return deleteFate(connection, sent, signal);
    case 'PUT':
    case 'PATCH':
      return isUndelete(sent)
        ? undeleteFate(connection, sent, signal)
        : putFate(sent, await readAt(connection, sent.url, signal));
    case 'POST':
      return postFate(connection, sent, signal);
    default:
      return unclear(`what became of ${sent.method} ${shortName(pathOf(sent.url))} cannot be learned from Azure`);
  }
}

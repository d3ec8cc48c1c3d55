import { at, type Json, listAt, textAt } from '../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import { rawBody } from '../azure/client/raw-body.ts';
import { networkResource } from '../azure/readers/network-interface.ts';
import type { CaseLog } from '../playbook/case-log.ts';

/** An intent whose outcome is not known, as the transcript holds it. */
export interface UnansweredIntent {
  /** When it was written, ISO 8601 UTC. */
  at: string;
  id: string;
  clientRequestId: string;
  request: { method: string; url: string; body: unknown };
}

export interface Resolution {
  intent: string;
  /** null when Azure does not tell, or is still at it. */
  ok: boolean | null;
  /** One sentence: what was found. */
  text: string;
}

async function read(connection: Connection, id: string): Promise<Json | null> {
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error('its resource is not known here');
  const { resourceGroup, name, subscriptionId } = parsed;
  try {
    if (parsed.type.toLowerCase() === 'microsoft.compute/snapshots') {
      const { snapshots } = await connection.compute(subscriptionId);
      return await rawBody((options) => snapshots.get(resourceGroup, name, options));
    }
    return await networkResource(connection, id);
  } catch (error) {
    if (azureError(error).status === 404) return null;
    throw error;
  }
}

/** Is what the request asked for there? Compares the part that tells our request from others. */
function carries(resource: Json, body: unknown): boolean {
  const source = textAt(body, 'properties', 'creationData', 'sourceResourceId');
  if (source !== '') return sameId(textAt(resource, 'properties', 'creationData', 'sourceResourceId'), source);
  if (Array.isArray(at(body, 'properties', 'ipConfigurations'))) {
    const wanted = textAt(body, 'properties', 'networkSecurityGroup', 'id');
    return sameId(textAt(resource, 'properties', 'networkSecurityGroup', 'id'), wanted);
  }
  return textAt(resource, 'tags', 'cordon-case') === textAt(body, 'tags', 'cordon-case');
}

async function backupSince(connection: Connection, path: string, since: string): Promise<string> {
  const vaultId = path.split(/\/backupFabrics\//i)[0] ?? '';
  const vault = parseResourceId(vaultId);
  const machine = /\/protectedItems\/[^/]*;([^;/]+)\/backup$/i.exec(path)?.[1] ?? '';
  if (!vault || machine === '') return '';
  const client = await connection.backup(vault.subscriptionId);
  let seen = 0;
  for await (const job of client.backupJobs.list(vault.name, vault.resourceGroup)) {
    seen += 1;
    if (seen > 2000) break;
    const mine = (job.properties?.entityFriendlyName ?? '').toLowerCase() === machine.toLowerCase();
    const started = job.properties?.startTime?.getTime() ?? 0;
    // The vault's clock and ours may differ by a little.
    if (mine && job.properties?.operation === 'Backup' && started >= Date.parse(since) - 60_000) return job.name ?? '';
  }
  return '';
}

async function ask(connection: Connection, intent: UnansweredIntent): Promise<Omit<Resolution, 'intent'>> {
  const path = decodeURIComponent(new URL(intent.request.url).pathname);
  const { method, body } = intent.request;
  if (method === 'POST' && /\/protectedItems\/[^/]+\/backup$/i.test(path)) {
    const job = await backupSince(connection, path, intent.at);
    return job === ''
      ? { ok: false, text: 'the vault has no backup job since then: it was not done' }
      : { ok: true, text: `the vault has a backup job since then: ${job}` };
  }
  const resource = await read(connection, path);
  const name = shortName(path);
  if (method === 'DELETE') {
    return resource === null
      ? { ok: true, text: `${name} does not exist any more: it was done` }
      : { ok: false, text: `${name} still exists: it was not done` };
  }
  if (method !== 'PUT') return { ok: null, text: `what became of ${method} ${name} cannot be told from Azure` };
  if (resource === null) return { ok: false, text: `${name} does not exist: it was not done` };
  const state = textAt(resource, 'properties', 'provisioningState');
  if (!carries(resource, body))
    return { ok: false, text: `${name} is not as asked for: it was not done, or was changed since` };
  if (/^(updating|creating)$/i.test(state))
    return { ok: null, text: `${name} is as asked for, and Azure is still at it (${state})` };
  if (/^failed$/i.test(state)) return { ok: false, text: `${name} is in the state Failed` };
  const rules = listAt(resource, 'properties', 'securityRules').length;
  return { ok: true, text: `${name} is as asked for${rules > 0 ? ` (${rules} rules)` : ''}: it was done` };
}

/**
 * Asks Azure what became of requests that a crash or a lost answer left open, and writes their outcomes. Changes
 * nothing in Azure. An intent that cannot be resolved stays open and is returned with `ok` null.
 */
export async function resolveOpenIntents(
  open: readonly UnansweredIntent[],
  log: CaseLog,
  connection: Connection,
): Promise<Resolution[]> {
  const resolutions: Resolution[] = [];
  for (const intent of open.slice(0, 500)) {
    let found: Omit<Resolution, 'intent'>;
    try {
      found = await ask(connection, intent);
    } catch (error) {
      const { status, code, message } = azureError(error);
      found = {
        ok: null,
        text: `Azure could not be asked: ${[status || '', code || message].filter(Boolean).join(' ')}`,
      };
    }
    await log.append('outcome', {
      intent: intent.id,
      status: null,
      ok: found.ok,
      result: found.text,
      clientRequestId: intent.clientRequestId,
      requestId: '',
      correlationId: '',
      durationSeconds: 0,
      askedLater: true,
    });
    resolutions.push({ intent: intent.id, ...found });
  }
  return resolutions;
}

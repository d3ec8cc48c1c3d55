import { isObject, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import { isGuid, parseResourceId, sameId } from '../../arm/resource-id.ts';
import { exitCode, Failure } from '../../failure.ts';
import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { listOfArm } from '../client/arm-pages.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, briefly, ifThere } from '../client/failure.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';

/** The newest final version that the specification of Microsoft Sentinel has (azure-rest-api-specs, read 2026-11-30). */
export const sentinelVersion = '2025-09-01';

/** An incident of Microsoft Sentinel. */
export interface SentinelIncident {
  id: string;
  number: number | null;
  title: string;
  /** "New", "Active", "Closed" */
  status: string;
}

const incidentType = 'Microsoft.SecurityInsights/incidents';
const form =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+\/providers\/Microsoft\.SecurityInsights\/incidents\/[^/]+$/i;

/** Is it the whole resource id of an incident? */
export const isIncidentId = (text: string): boolean => form.test(text);

/** The workspace that an incident is in. */
export const workspaceOf = (incidentId: string): string =>
  incidentId.replace(/\/providers\/Microsoft\.SecurityInsights\/.*$/i, '');

const urlOf = (id: string, more = '', query = ''): string => `${id}${more}?api-version=${sentinelVersion}${query}`;

function incidentOf(body: Json): SentinelIncident {
  return {
    id: textAt(body, 'id'),
    number: numberAt(body, 'properties', 'incidentNumber') ?? null,
    title: printable(textAt(body, 'properties', 'title'), 300),
    status: printable(textAt(body, 'properties', 'status'), 40),
  };
}

/** Reads an incident; null when there is none. Rejects with Azure's error. */
export async function readSentinelIncident(
  connection: Connection,
  id: string,
  signal?: AbortSignal,
): Promise<SentinelIncident | null> {
  const found = await ifThere(connection.get(urlOf(id), signal));
  return found && incidentOf(found.body);
}

/** What a workspace has by a name or a number; nothing where Sentinel is not on there. */
async function inWorkspace(connection: Connection, workspace: string, wanted: string): Promise<SentinelIncident[]> {
  const incidents = `${workspace}/providers/${incidentType}`;
  if (isGuid(wanted)) {
    const found = await readSentinelIncident(connection, `${incidents}/${wanted}`);
    return found ? [found] : [];
  }
  const filter = `&$filter=${encodeURIComponent(`properties/incidentNumber eq ${wanted}`)}`;
  const { entries } = await listOfArm(connection, urlOf(incidents, '', filter), 2);
  const found = entries.filter(isObject).map(incidentOf);
  return found.filter(({ number }) => number === Number(wanted));
}

/** Sentinel is not on there, or the workspace is gone; other refusals are reported. */
const hasNone = (error: unknown): boolean => [400, 404].includes(azureError(error).status);

/**
 * Finds an incident by its resource id, or by its GUID or number in the workspaces in reach. Throws a Failure for none, for
 * several, and where a workspace that could have it cannot be asked.
 */
export async function findSentinelIncident(connection: Connection, given: string): Promise<SentinelIncident> {
  const wanted = given.trim();
  const name = printable(wanted, 300);
  if (form.test(wanted)) {
    const found = await readSentinelIncident(connection, wanted);
    if (found) return found;
    throw new Failure(`no incident ${name}`);
  }
  if (!isGuid(wanted) && !/^[1-9]\d{0,9}$/.test(wanted)) {
    throw new Failure(`--sentinel takes an incident's resource id, GUID or number, not ${name}`);
  }
  const { rows } = await queryGraph(connection, await loadQuery('workspaces'), []);
  const workspaces = rows.map((row) => textAt(row, 'id')).filter((id) => parseResourceId(id) !== undefined);
  const notSeen: string[] = [];
  const found = (
    await Promise.all(
      workspaces.map((workspace) =>
        inWorkspace(connection, workspace, wanted).catch((error: unknown) => {
          if (!hasNone(error)) notSeen.push(`${parseResourceId(workspace)?.name ?? workspace}: ${briefly(error)}`);
          return [];
        }),
      ),
    )
  ).flat();
  const [only, ...more] = found;
  if (only && more.length === 0) return only;
  if (only) {
    const ids = found.map(({ id }) => printable(id, 400)).join('\n  ');
    throw new Failure(`${found.length} incidents have the number ${name}: give the resource id of one:\n  ${ids}`);
  }
  const unseen = notSeen.length === 0 ? '' : `; not seen: ${notSeen.join('; ')}`;
  throw new Failure(
    `no incident ${name} in the ${counted(workspaces.length, 'workspace')} in reach${unseen}`,
    notSeen.length > 0 ? exitCode.notPermitted : exitCode.usage,
  );
}

/** The machines that an incident names: Azure's ids, and names of hosts of which it has no id. */
export interface IncidentMachines {
  ids: string[];
  hosts: string[];
  /** Entities of other kinds, by kind: "Ip" → 3. */
  others: Map<string, number>;
}

const isMachine = (id: string): boolean => /\/virtualMachines\/[^/]+$/i.test(id) && parseResourceId(id) !== undefined;

/**
 * Asks for the entities of an incident, a POST that only reads. A host has `azureID`, an Azure resource `resourceId`
 * (specification, HostEntityProperties and AzureResourceEntityProperties).
 */
export async function readIncidentMachines(connection: Connection, incidentId: string): Promise<IncidentMachines> {
  const { body } = await connection.ask(urlOf(incidentId, '/entities'), {});
  const found: IncidentMachines = { ids: [], hosts: [], others: new Map() };
  const hosts: string[] = [];
  for (const entity of listAt(body, 'entities').slice(0, 1000)) {
    const kind = printable(textAt(entity, 'kind'), 40) || 'Unknown';
    const id = textAt(entity, 'properties', 'azureID') || textAt(entity, 'properties', 'resourceId');
    const host = textAt(entity, 'properties', 'hostName') || textAt(entity, 'properties', 'netBiosName');
    if (isMachine(id)) {
      if (!found.ids.some((one) => sameId(one, id))) found.ids.push(id);
    } else if (/^host$/i.test(kind) && host !== '') hosts.push(printable(host, 64));
    else found.others.set(kind, (found.others.get(kind) ?? 0) + 1);
  }
  found.hosts = [...new Map(hosts.map((host) => [host.toLowerCase(), host])).values()];
  return found;
}

/** How many comments an incident has, as far as ten pages tell. */
export async function countComments(connection: Connection, incidentId: string, signal?: AbortSignal): Promise<number> {
  return (await listOfArm(connection, urlOf(incidentId, '/comments'), 10, signal)).entries.length;
}

import { AzureError, resourceNotFound } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { type Json, record, records, text } from '../json.ts';
import { lastSegment, parentId, readPath, within } from '../resource-id.ts';
import { newEtag } from '../store.ts';
import type { ArmResource } from '../world.ts';

/*
 * Incidents of Microsoft Sentinel, their entities and comments, by the specification 2025-09-01 (Incidents.json, compared 2026-11-30): the
 * world has an incident as a resource, with its entities in the property `entities`, which Azure prints by a POST alone.
 */

const type = 'Microsoft.SecurityInsights/incidents';
const commentType = `${type}/comments`;
const longestComment = 30_000;
const mostComments = 100;

const workspaceOf = (id: string): string => id.replace(/\/providers\/Microsoft\.SecurityInsights\/.*$/i, '');

const noWorkspace = (id: string): AzureError => {
  const { group = '' } = readPath(id);
  return resourceNotFound('Microsoft.OperationalInsights/workspaces', lastSegment(id), group);
};

const commentsOf = (call: Call, incident: string): ArmResource[] =>
  call.azure.store.ofType(commentType).filter(({ id }) => within(id, `${incident}/comments`));

/** The incident without its entities, and with the number of its comments (`additionalData.commentsCount`, which is read-only). */
function shown(call: Call, { properties, ...rest }: ArmResource): ArmResource {
  const { entities: _, additionalData, ...own } = record(properties);
  const commentsCount = commentsOf(call, rest.id).length;
  return { ...rest, properties: { ...own, additionalData: { ...record(additionalData), commentsCount } } };
}

function incidentAt(call: Call, id: string): ArmResource {
  const found = call.azure.store.get(id);
  if (found !== undefined) return found;
  const workspace = workspaceOf(id);
  if (call.azure.store.get(workspace) === undefined) throw noWorkspace(workspace);
  throw new AzureError(404, 'NotFound', `Incident ${lastSegment(id)} was not found`);
}

/** The comparison that cordon, and the portal, filter by; any other is refused rather than passed over. */
function conditionOf(filter: string | null): (incident: ArmResource) => boolean {
  if (filter === null) return () => true;
  const number = /^\s*properties\/incidentNumber\s+eq\s+(\d+)\s*$/i.exec(filter)?.[1];
  if (number === undefined) throw new AzureError(400, 'BadRequest', `Invalid filter clause: ${filter}`);
  return (incident) => String(record(incident.properties).incidentNumber) === number;
}

const list: Handler = (call) => {
  const workspace = workspaceOf(call.path);
  if (call.azure.store.get(workspace) === undefined) throw noWorkspace(workspace);
  const fits = conditionOf(call.query.get('$filter'));
  const own = call.azure.store.ofType(type).filter((incident) => within(incident.id, call.path) && fits(incident));
  return page(
    call,
    own.map((incident) => shown(call, incident)),
  );
};

const get: Handler = (call) => ok(shown(call, incidentAt(call, call.path)));

const entities: Handler = (call) => {
  const incident = incidentAt(call, call.path.slice(0, call.path.lastIndexOf('/')));
  const found = records(record(incident.properties).entities);
  const kinds = Map.groupBy(found, ({ kind }) => text(kind) ?? '');
  return ok({
    entities: found,
    metaData: [...kinds].map(([entityKind, all]) => ({ entityKind, count: all.length })),
  });
};

const comments: Handler = (call) => {
  const incident = incidentAt(call, call.path.slice(0, call.path.lastIndexOf('/')));
  return page(call, commentsOf(call, incident.id));
};

const comment: Handler = (call) => {
  incidentAt(call, parentId(call.path));
  const found = call.azure.store.get(call.path);
  if (found === undefined) throw new AzureError(404, 'NotFound', `Comment ${param(call, 'comment')} was not found`);
  return ok(found);
};

const putComment: Handler = (call) => {
  const incident = incidentAt(call, parentId(call.path));
  const before = call.azure.store.get(call.path);
  const { message } = record(bodyOf(call).properties);
  if (typeof message !== 'string' || message === '') {
    throw new AzureError(400, 'BadRequest', 'Comment message is required');
  }
  if (message.length > longestComment) {
    throw new AzureError(400, 'BadRequest', `Comment message exceeds ${longestComment} characters`);
  }
  if (before === undefined && commentsOf(call, incident.id).length >= mostComments) {
    throw new AzureError(400, 'BadRequest', `Incident has the maximum of ${mostComments} comments`);
  }
  const now = call.azure.clock.now().toISOString();
  const { upn, oid } = call.azure.caller;
  const after: ArmResource = {
    id: before?.id ?? call.path,
    name: before?.name ?? param(call, 'comment'),
    type: commentType,
    etag: newEtag(),
    properties: {
      message,
      createdTimeUtc: text(record(before?.properties).createdTimeUtc) ?? now,
      lastModifiedTimeUtc: now,
      author: { objectId: oid, email: upn, userPrincipalName: upn, name: upn.split('@')[0] ?? upn },
    },
  };
  call.azure.store.put(after);
  return { status: before === undefined ? 201 : 200, body: after satisfies Json };
};

const removeComment: Handler = (call) => {
  const before = call.azure.store.get(call.path);
  if (before === undefined) return { status: 204 };
  call.azure.store.delete(before.id);
  return { status: 200 };
};

const root =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/{workspace}/providers/Microsoft.SecurityInsights/incidents';

export const securityInsightsRoutes: Route[] = [
  { method: 'GET', template: root, handler: list },
  { method: 'GET', template: `${root}/{incident}`, handler: get },
  { method: 'POST', template: `${root}/{incident}/entities`, handler: entities },
  { method: 'GET', template: `${root}/{incident}/comments`, handler: comments },
  { method: 'GET', template: `${root}/{incident}/comments/{comment}`, handler: comment },
  { method: 'PUT', template: `${root}/{incident}/comments/{comment}`, handler: putComment },
  { method: 'DELETE', template: `${root}/{incident}/comments/{comment}`, handler: removeComment },
];

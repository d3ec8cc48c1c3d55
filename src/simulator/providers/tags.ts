import { AzureError, notKept } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { at, record, same, text } from '../json.ts';
import { readPath, within } from '../resource-id.ts';
import { newEtag } from '../store.ts';
import type { ArmResource } from '../world.ts';
import { groupAt, mayRead, resourceAt } from './resource-reads.ts';
import { tagsOf } from './writes.ts';

type Tags = Record<string, string>;

const scopeOf = (call: Call): string => call.path.replace(/\/providers\/microsoft\.resources\/tags\/default$/i, '');

/** The resource or resource group that has the tags. */
function tagged(call: Call): ArmResource {
  const scope = scopeOf(call);
  const { types, subscription = '', group } = readPath(scope);
  if (types.length > 0) return resourceAt(call, scope);
  if (group === undefined) throw notKept('tags of a subscription');
  return groupAt(call.azure, subscription, group);
}

/** Of resources made by hand a world may hold tags that are no texts: these are not printed. */
const currentTags = (resource: ArmResource): Tags =>
  Object.fromEntries(
    Object.entries(record(resource.tags)).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );

const shown = (resource: ArmResource, tags: Tags) =>
  ok({
    id: `${resource.id}/providers/Microsoft.Resources/tags/default`,
    name: 'default',
    type: 'Microsoft.Resources/tags',
    properties: { tags },
  });

function keep(call: Call, resource: ArmResource, tags: Tags) {
  tagsOf({ tags });
  const { tags: _, ...rest } = resource;
  const etag = resource.etag === undefined ? {} : { etag: newEtag() };
  call.azure.store.put({ ...rest, ...etag, ...(Object.keys(tags).length > 0 && { tags }) });
  return shown(resource, tags);
}

const givenTags = (call: Call): Tags => tagsOf({ tags: at(bodyOf(call), 'properties', 'tags') ?? {} }) ?? {};

/** Names of tags are compared without case, their values with it (learn.microsoft.com, "Use tags to organize your Azure resources"). */
function without(tags: Tags, gone: Tags): Tags {
  const fits = (name: string, value: string): boolean =>
    Object.entries(gone).some(([other, wanted]) => same(name, other) && (wanted === '' || wanted === value));
  return Object.fromEntries(Object.entries(tags).filter(([name, value]) => !fits(name, value)));
}

const get: Handler = (call) => {
  const resource = tagged(call);
  return shown(resource, currentTags(resource));
};

const put: Handler = (call) => keep(call, tagged(call), givenTags(call));

const patch: Handler = (call) => {
  const resource = tagged(call);
  const given = givenTags(call);
  const now = currentTags(resource);
  const operation = text(bodyOf(call).operation)?.toLowerCase();
  if (operation === 'replace') return keep(call, resource, given);
  if (operation === 'delete') return keep(call, resource, without(now, given));
  const names = Object.fromEntries(Object.keys(given).map((name) => [name, '']));
  if (operation === 'merge') return keep(call, resource, { ...without(now, names), ...given });
  throw new AzureError(400, 'InvalidTagsPatchOperation', `The tags operation '${operation ?? ''}' is not supported.`);
};

const remove: Handler = (call) => {
  keep(call, tagged(call), {});
  return { status: 200 };
};

/** Every name and value that what the caller may read is tagged with. */
const names: Handler = (call) => {
  const scope = `/subscriptions/${param(call, 'subscription')}`;
  const counts = new Map<string, Map<string, number>>();
  for (const resource of call.azure.store.all()) {
    if (!within(resource.id, scope) || !mayRead(call.azure, resource)) continue;
    for (const [name, value] of Object.entries(currentTags(resource))) {
      const values = counts.get(name) ?? new Map<string, number>();
      counts.set(name, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  const count = (value: number) => ({ type: 'Total', value });
  return page(
    call,
    [...counts].map(([tagName, values]) => ({
      id: `${scope}/tagNames/${tagName}`,
      tagName,
      count: count([...values.values()].reduce((sum, each) => sum + each, 0)),
      values: [...values].map(([tagValue, many]) => ({
        id: `${scope}/tagNames/${tagName}/tagValues/${tagValue}`,
        tagValue,
        count: count(many),
      })),
    })),
  );
};

const tags = '/subscriptions/{scope...}/providers/Microsoft.Resources/tags/default';

export const tagRoutes: Route[] = [
  { method: 'GET', template: tags, handler: get },
  { method: 'PUT', template: tags, handler: put },
  { method: 'PATCH', template: tags, handler: patch },
  { method: 'DELETE', template: tags, handler: remove },
  { method: 'GET', template: '/subscriptions/{subscription}/tagNames', handler: names },
];

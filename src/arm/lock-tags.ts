import { at, isObject, type Json, textAt } from './json.ts';
import { parseResourceId, shortName } from './resource-id.ts';

/** The value of a lock's tag where no group was before. */
export const none = 'none';

/**
 * What a lock's tags say was at an interface before it: a group's id, "" for none, undefined when they do not report
 * it.
 */
export function beforeOf(group: Json, networkInterface: string): string | undefined {
  const tags = at(group, 'tags');
  if (!isObject(tags)) return undefined;
  const byName = new Map(Object.entries(tags).map(([name, text]) => [name.toLowerCase(), String(text)]));
  const told =
    byName.get(`cordon-before-${shortName(networkInterface)}`.toLowerCase()) ?? byName.get('cordon-before') ?? '';
  if (told.toLowerCase() === none) return '';
  if (parseResourceId(told)) return told;
  const [resourceGroup = '', name = '', ...rest] = told.split('/');
  const subscription = parseResourceId(textAt(group, 'id'))?.subscriptionId;
  if (resourceGroup === '' || name === '' || rest.length > 0 || subscription === undefined) return undefined;
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups/${name}`;
}

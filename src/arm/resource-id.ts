import { printable } from '../text/printable.ts';

export interface ResourceId {
  subscriptionId: string;
  resourceGroup: string;
  /** "Microsoft.Network/networkInterfaces" */
  type: string;
  name: string;
  /** Names of the resource and its parents, outermost first: a subnet has [network, subnet]. */
  names: string[];
}

/** Takes a resource id apart; undefined when the text is not one. Case is kept: compare ids with `sameId`. */
export function parseResourceId(id: string): ResourceId | undefined {
  const match = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/(.+?)\/?$/i.exec(id);
  if (!match) return undefined;
  const [, subscriptionId = '', resourceGroup = '', namespace = '', rest = ''] = match;
  const parts = rest.split('/');
  const types = parts.filter((_, index) => index % 2 === 0);
  const names = parts.filter((_, index) => index % 2 === 1);
  if (types.length !== names.length) return undefined;
  return { subscriptionId, resourceGroup, type: [namespace, ...types].join('/'), name: names.at(-1) ?? '', names };
}

/** Azure's ids come in mixed case. */
export function sameId(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Is it a GUID, as Azure writes it? */
export const isGuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** The last segment of an id or a scope, for people; "" of the root. */
export function shortName(id: string): string {
  const end = id.endsWith('/') ? id.replace(/\/+$/, '').length : id.length;
  return id.slice(id.lastIndexOf('/', end - 1) + 1, end);
}

/** The last segment of an id or a scope, safe to draw: at most `longest` characters of it. */
export function nameOf(id: string, longest = 120): string {
  return printable(shortName(id), longest);
}

/** The id of the resource that holds this one: everything before the last `/type/name` pair. */
export function parentOf(id: string): string {
  const name = id.lastIndexOf('/');
  const type = name < 0 ? -1 : id.lastIndexOf('/', name - 1);
  return type < 0 ? '' : id.slice(0, type);
}

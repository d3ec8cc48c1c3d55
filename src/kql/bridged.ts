/** Reading what a library compiled from C# to JavaScript holds, without believing its shape. */

/** An object of the library, or one of the same shape. */
export interface Bridged {
  readonly [property: string]: unknown;
}

export const isBridged = (value: unknown): value is Bridged =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

export function property(owner: unknown, name: string): unknown {
  return isBridged(owner) ? owner[name] : undefined;
}

export function invoke(owner: unknown, name: string, ...args: unknown[]): unknown {
  const method = property(owner, name);
  return typeof method === 'function' ? Reflect.apply(method, owner, args) : undefined;
}

/** The elements of one of its lists, or of an array. */
export function elementsOf(list: unknown): unknown[] {
  if (Array.isArray(list)) return list;
  const count = property(list, 'Count');
  return Array.from({ length: typeof count === 'number' ? count : 0 }, (_, at) => invoke(list, 'getItem', at));
}

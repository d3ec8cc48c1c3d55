/** Reading JSON that others wrote: every step may be missing or of another shape. */
export type Json = Record<string, unknown>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object itself, or an empty one. */
export const record = (value: unknown): Json => (isRecord(value) ? value : {});

/** The array itself, or an empty one. */
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The objects of an array; what is not an object is left out. */
export const records = (value: unknown): Json[] => list(value).filter(isRecord);

/** The string itself, or `undefined`. */
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The strings of an array. */
export const texts = (value: unknown): string[] => list(value).filter((item) => typeof item === 'string');

/** Follows names into nested objects; `undefined` where the way ends. */
export function at(value: unknown, ...path: string[]): unknown {
  let here: unknown = value;
  for (const step of path) here = isRecord(here) ? here[step] : undefined;
  return here;
}

/** The `id` of a reference (`{ "id": … }`) found along a path. */
export const idAt = (value: unknown, ...path: string[]): string | undefined => text(at(value, ...path, 'id'));

/** Whether two Azure identifiers are the same: Azure compares without case. */
export const same = (left: string | undefined, right: string | undefined): boolean =>
  left !== undefined && right !== undefined && left.toLowerCase() === right.toLowerCase();

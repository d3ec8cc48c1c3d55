/** Reading JSON from Azure without believing its shape. */
export type Json = Readonly<Record<string, unknown>>;

const EMPTY: Json = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);
const NO_IDS: readonly string[] = Object.freeze([]);

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of property names, without regard to case; undefined when it is not there. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const name of path) {
    if (!isObject(here)) return undefined;
    here =
      name in here ? here[name] : here[Object.keys(here).find((key) => key.toLowerCase() === name.toLowerCase()) ?? ''];
  }
  return here;
}

export function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string'
    ? found
    : typeof found === 'number' || typeof found === 'boolean'
      ? String(found)
      : '';
}

export function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  const number = typeof found === 'string' && found !== '' ? Number(found) : found;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

export function booleanAt(value: unknown, ...path: string[]): boolean | undefined {
  const found = at(value, ...path);
  if (typeof found === 'boolean') return found;
  return found === 'true' ? true : found === 'false' ? false : undefined;
}

export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** An instant in ISO 8601 UTC with `Z`; null when Azure's text is none, or is one of its ways to say "never". */
export function instantAt(value: unknown, ...path: string[]): string | null {
  const text = textAt(value, ...path);
  const time = Date.parse(text);
  // 0001-01-01 and 2001-01-01 stand for "never" in compute and backup.
  if (!text || Number.isNaN(time) || time < Date.parse('2001-01-02T00:00:00Z')) return null;
  return new Date(time).toISOString();
}

/** The value as an object; an empty one when it is none. */
export const object = (value: unknown): Json => (isObject(value) ? value : EMPTY);

/** The value as a list; an empty one when it is none. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : NO_ITEMS);

/** The value as text; numbers are written out, everything else is "". */
export const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

/** The value as a whole number, also from digits in a string; undefined when it is none. */
export function whole(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

/** The texts of a list; other members are dropped. */
export function texts(value: unknown): string[] {
  const found: string[] = [];
  for (const item of list(value)) if (typeof item === 'string' || typeof item === 'number') found.push(String(item));
  return found;
}

/** The `properties` of an ARM body. */
export const properties = (value: unknown): Json => object(object(value).properties);

/** Does the object hold nothing? Azure leaves the properties out of what the caller may list but not read. */
export function isEmpty(raw: Json): boolean {
  for (const _ in raw) return false;
  return true;
}

/** The id of a sub-resource reference `{ id }`, "" when there is none. */
export const referenced = (value: unknown): string => text(object(value).id);

/** The ids of a list of references. */
export function referencedAll(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return NO_IDS;
  return value.map(referenced).filter((id) => id !== '');
}

import { printable } from '../../text/printable.ts';

/** A JSON object of unknown content. */
export type Raw = Readonly<Record<string, unknown>>;

const EMPTY: Raw = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);
const NO_IDS: readonly string[] = Object.freeze([]);

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as an object; an empty one when it is none. */
export const object = (value: unknown): Raw => (isObject(value) ? value : EMPTY);

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
export const properties = (value: unknown): Raw => object(object(value).properties);

/** Does the object hold nothing? Azure leaves the properties out of what the caller may list but not read. */
export function isEmpty(raw: Raw): boolean {
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

/** The last segment of a resource id, safe to draw. */
export function nameOf(id: string): string {
  const slash = id.lastIndexOf('/');
  return printable(slash < 0 ? id : id.slice(slash + 1), 120);
}

/** The id of the resource that holds this one: everything before the last `/type/name` pair. */
export function parentOf(id: string): string {
  const name = id.lastIndexOf('/');
  const type = name < 0 ? -1 : id.lastIndexOf('/', name - 1);
  return type < 0 ? '' : id.slice(0, type);
}

/** Reading JSON from Azure without believing its shape. */
export type Json = Record<string, unknown>;

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

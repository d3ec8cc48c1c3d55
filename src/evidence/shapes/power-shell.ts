import type { Fields } from './export-shape.ts';

const deepest = 6;

/** The objects of PowerShell's modules, as ConvertTo-Json writes them, with the names of the service's own JSON: these have capitals, and are the same. */
export const fromPowerShell = (record: Fields): Fields =>
  new Map([...record].map(([name, value]) => [uncapitalised(name), uncapitalisedWithin(value, 0)]));

/** "IPAddress" is "ipAddress". */
const uncapitalised = (name: string): string =>
  name.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/, (capitals) => capitals.toLowerCase());

function uncapitalisedWithin(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return instant(value);
  if (depth > deepest || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => uncapitalisedWithin(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [uncapitalised(name), uncapitalisedWithin(inner, depth + 1)]),
  );
}

/** The milliseconds since 1970 of a time as Windows PowerShell writes it in JSON, "/Date(1700000000000)/"; null for any other text. */
export function jsonDate(text: string): number | null {
  const milliseconds = /^\/Date\((-?\d{1,14})(?:[+-]\d{4})?\)\/$/.exec(text)?.[1];
  return milliseconds === undefined ? null : Number(milliseconds);
}

function instant(text: string): string {
  const milliseconds = jsonDate(text);
  return milliseconds === null ? text : new Date(milliseconds).toISOString();
}

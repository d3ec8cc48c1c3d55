import { isRecord } from './json.ts';

/** Which properties of an answer are gone, or have another value: all of that name. */
export interface AlteredProperty {
  name: string;
  /** Absent: they are gone. */
  value?: unknown;
}

/** A copy of a JSON value in which all properties of that name, at any depth and without regard to case, are altered. */
export function withAlteredProperty(value: unknown, altered: AlteredProperty): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withAlteredProperty(item, altered));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
      if (name.toLowerCase() !== altered.name.toLowerCase()) return [[name, withAlteredProperty(member, altered)]];
      return altered.value === undefined ? [] : [[name, altered.value]];
    }),
  );
}

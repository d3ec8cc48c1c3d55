import { listAt } from '../../arm/json.ts';

/** The tables, in lower case, that Log Analytics left out of its answer because the caller may not read them. */
export function deniedTables(body: string): string[] {
  if (!body.includes('"denyTables"')) return [];
  const parsed: unknown = JSON.parse(body);
  return listAt(parsed, 'permissions', 'resources')
    .flatMap((resource) => listAt(resource, 'denyTables'))
    .filter((name) => typeof name === 'string')
    .map((name) => name.toLowerCase());
}

import type { Table } from '../kql/table.ts';
import type { Place } from './sigma/places.ts';

/** Different tags that are kept of the events of one leg. */
const MAX_TAGS = 50_000;

/** Which fields the events of a table have: names among their data, or columns that are filled. */
export function fieldsThere(table: Table): (place: Place) => boolean {
  const tags = new Set<string>();
  for (const column of ['EventData', 'SyslogMessage']) {
    const data = table.data[table.columns.findIndex((c) => c.name === column)];
    for (const text of data ?? []) {
      if (typeof text !== 'string') continue;
      for (const [tag] of text.matchAll(/<[A-Za-z][^<>]*>/g)) {
        if (tags.size < MAX_TAGS) tags.add(tag.endsWith('/>') ? `${tag.slice(0, -2)}>` : tag);
      }
    }
  }
  const known = new Map<string, boolean>();
  const remembered = (key: string, find: () => boolean): boolean => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = find();
    known.set(key, found);
    return found;
  };
  const filled = (column: string): boolean =>
    remembered(`column ${column}`, () => {
      const data = table.data[table.columns.findIndex((c) => c.name === column)];
      return data?.some((value) => value !== null && value !== '') ?? false;
    });
  return ({ evidence }) => {
    if (!evidence) return true;
    if ('column' in evidence) return filled(evidence.column);
    return remembered(evidence.data.source, () => [...tags].some((tag) => evidence.data.test(tag)));
  };
}

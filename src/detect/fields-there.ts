import type { Frame } from '../kql/frame.ts';
import type { Place } from './sigma/places.ts';

/** Different tags that are kept of the events of one leg. */
const MAX_TAGS = 50_000;

/** Which fields the events of a table have: names among their data, or columns that are filled. */
export function fieldsThere({ names, vectors }: Frame): (place: Place) => boolean {
  const valuesOf = (column: string) => vectors[names.indexOf(column)]?.values ?? [];
  const tags = new Set<string>();
  for (const column of ['EventData', 'SyslogMessage']) {
    for (const text of valuesOf(column)) {
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
    remembered(`column ${column}`, () => valuesOf(column).some((value) => value !== null && value !== ''));
  return ({ evidence }) => {
    if (!evidence) return true;
    if ('columns' in evidence) return evidence.columns.some(filled);
    return remembered(evidence.data.source, () => [...tags].some((tag) => evidence.data.test(tag)));
  };
}

import type { Indicator } from './conclusion.ts';
import { severityOrder } from './severity.ts';

/** One indicator for what several readings or sources name: the worst role leads, the times span all. */
export function mergedIndicators(all: readonly Indicator[]): Indicator[] {
  const found = new Map<string, Indicator>();
  for (const one of all) {
    const key = `${one.type} ${one.value.toLowerCase()}`;
    const before = found.get(key);
    if (!before) {
      found.set(key, one);
      continue;
    }
    const lead = severityOrder[one.severity] < severityOrder[before.severity] ? one : before;
    const times = [before.first, before.last, one.first, one.last].filter((at) => at !== null).sort();
    found.set(key, {
      ...lead,
      first: times[0] ?? null,
      last: times.at(-1) ?? null,
      attack: [...new Set([...before.attack, ...one.attack])],
    });
  }
  return [...found.values()].sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity]);
}

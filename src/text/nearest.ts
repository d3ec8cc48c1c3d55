import { distance } from 'fastest-levenshtein';

/** The `limit` names nearest to `wanted`, each once, nearest first; none that is further than half of its length. */
export function nearest(wanted: string, names: Iterable<string>, limit = 3): string[] {
  const asked = wanted.slice(0, 1000).toLowerCase();
  return [...new Set(names)]
    .map((name) => {
      const near = name.toLowerCase();
      const apart = near.includes(asked) || asked.includes(near) ? 1 : distance(asked, near);
      return { name, apart };
    })
    .filter(({ name, apart }) => apart <= Math.max(2, Math.ceil(name.length / 2)))
    .sort((a, b) => a.apart - b.apart || a.name.localeCompare(b.name))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** Is it the same name with a slip of the keys: in another case, or with one letter in four, at least one, wrong? */
export function isSlip(wanted: string, name: string): boolean {
  const asked = wanted.slice(0, 1000).toLowerCase();
  return distance(asked, name.toLowerCase()) <= Math.max(1, Math.floor(asked.length / 4));
}

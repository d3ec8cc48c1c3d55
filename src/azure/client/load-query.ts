/** Loads a query file; the bundle carries the files as text, the sources are read from disk. */
import { readFile } from 'node:fs/promises';

const loaded = new Map<string, Promise<string>>();

/** The text of `queries/NAME.kql`. Throws when there is no such query. */
export function loadQuery(name: string): Promise<string> {
  const known = loaded.get(name);
  if (known) return known;
  // Beside this file in the sources; one level up from a chunk of the bundle.
  const text = readFile(new URL(`./queries/${name}.kql`, import.meta.url), 'utf8').catch(() =>
    readFile(new URL(`../queries/${name}.kql`, import.meta.url), 'utf8'),
  );
  loaded.set(name, text);
  return text;
}

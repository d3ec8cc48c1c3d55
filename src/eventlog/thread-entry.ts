import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A thread's entry: beside the bundle's main or one level above a chunk of it, else the source. */
export function threadEntry(name: 'digest-thread' | 'log-thread'): URL {
  const places = [`./${name}.js`, `../${name}.js`];
  const found = places.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(fileURLToPath(url)));
  return found ?? new URL(`./${name}.ts`, import.meta.url);
}

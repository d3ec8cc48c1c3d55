import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The entry of a thread that the module `from` starts: beside the bundle's main or one level above a chunk of it, else the
 * source beside the module.
 */
export function threadEntry(name: 'blob-thread' | 'digest-thread' | 'log-thread', from: string): URL {
  const places = [`./${name}.js`, `../${name}.js`];
  const found = places.map((path) => new URL(path, from)).find((url) => existsSync(fileURLToPath(url)));
  return found ?? new URL(`./${name}.ts`, from);
}

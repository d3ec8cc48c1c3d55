import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The threads of a build, by the names of their entries. */
type ThreadName =
  | 'blob-thread'
  | 'detect-thread'
  | 'digest-thread'
  | 'log-thread'
  | 'parse-thread'
  | 'query-thread'
  | 'read-thread';

/**
 * The entry of a thread that the module `from` starts: beside the bundle's main or one level above a chunk of it, else the
 * source beside the module, which may have another name.
 */
export function threadEntry(name: ThreadName, from: string, source: string = name): URL {
  const places = [`./${name}.js`, `../${name}.js`];
  const found = places.map((path) => new URL(path, from)).find((url) => existsSync(fileURLToPath(url)));
  return found ?? new URL(`./${source}.ts`, from);
}

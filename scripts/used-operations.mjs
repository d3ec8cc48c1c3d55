import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/', import.meta.url));

/** All that the program's own files take out of an object: by a dot, by a name in brackets, by taking it apart. */
async function takenIn(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const taken = /\.\s*(\w+)|\[['"`](\w+)['"`]\]|\{([\w\s,:.?]*)\}/g;
  return new Set(
    texts.flatMap((text) => [...text.matchAll(taken)].flatMap((found) => found.join(' ').match(/\w+/g) ?? [])),
  );
}

/**
 * Microsoft's clients of networks and of compute make an object for each kind of resource that there is, and export all their
 * enumerations: two megabytes of modules, which take 40 ms of the thread that takes keys when they are loaded. A kind that no
 * file of the program takes out of anything cannot be asked for: it is left out, and with it what it alone needs.
 */
export const usedOperations = {
  name: 'used-operations',
  setup(bundle) {
    const names = takenIn(source);
    const index = /@azure[\\/]arm-(?:network|compute)[\\/]dist[\\/]esm[\\/]index\.js$/;
    bundle.onLoad({ filter: index }, async ({ path }) => {
      const [contents] = /^export \{ \w+ManagementClient \} from .*$/m.exec(await readFile(path, 'utf8')) ?? [];
      if (contents === undefined) throw new Error(`${path} does not export its client as expected`);
      return { contents, loader: 'js' };
    });
    const client = /@azure[\\/]arm-(?:network|compute)[\\/]dist[\\/]esm[\\/]\w+ManagementClient\.js$/;
    bundle.onLoad({ filter: client }, async ({ path }) => {
      const [text, taken] = await Promise.all([readFile(path, 'utf8'), names]);
      const kept = [];
      const contents = text.replace(/^ *this\.(\w+) = _get\w+Operations\(this\._client\);\n/gm, (line, name) => {
        if (!taken.has(name)) return '';
        kept.push(name);
        return line;
      });
      if (kept.length === 0 || contents === text) throw new Error(`${path} does not make its operations as expected`);
      return { contents, loader: 'js' };
    });
  },
};

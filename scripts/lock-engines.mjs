// Takes the `engines` of the packages out of package-lock.json: `npm run lock`, after each change of dependencies.
// The packages are bundled, and the tests run, by the Node 24 that `npm ci` itself brings, which all of them accept; npm
// does not know that, and warns on an older Node with 85 lines that do not help a person who clones.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(await readFile(path, 'utf8'));
for (const [name, entry] of Object.entries(lock.packages)) if (name !== '') delete entry.engines;
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);

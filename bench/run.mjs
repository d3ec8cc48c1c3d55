// npm run bench -- NAME: runs bench/NAME.ts and prints its figures.
import { readdirSync } from 'node:fs';

const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));
const [name = ''] = process.argv.slice(2);
if (!names.includes(name)) {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}\n`);
  process.exit(2);
}
await import(`./${name}.ts`);

import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * esbuild makes a chunk of whatever two entry points share, hundreds of them, and each that is loaded costs a start about
 * a millisecond. Here the chunks that are loaded together become one file.
 *
 * A group is `{ name, of, and }`: what all of `of` (source files that are loaded by an import of their own) load together,
 * and, where `and` is there, at least one of `and` too. What the program's entry points load themselves stays as it is, so
 * that neither a thread nor `--version` loads more than before. A chunk is in the first group that it fits.
 */
export async function mergeChunks(root, { outputs }, groups) {
  const left = new Set(Object.keys(outputs).filter((path) => path.includes('/chunks/')));
  for (const path of loaded(outputs, entryPaths(outputs))) left.delete(path);
  for (const { name, of, and } of groups) {
    const first = union(of.map((file) => loaded(outputs, [pathOf(outputs, file)])));
    const second = and === undefined ? first : union(and(outputs).map((path) => loaded(outputs, [path])));
    const group = [...first].filter((path) => left.has(path) && second.has(path));
    for (const path of group) left.delete(path);
    await merge(root, outputs, name, group);
  }
}

/** Every output that is loaded by an import of its own, but for those of these sources. */
export const allBut = (files) => (outputs) =>
  Object.keys(outputs).filter((path) => outputs[path].entryPoint && !files.includes(outputs[path].entryPoint));

const union = (sets) => new Set(sets.flatMap((set) => [...set]));
const entryPaths = (outputs) => Object.keys(outputs).filter((path) => !path.includes('/chunks/'));

function pathOf(outputs, source) {
  const found = Object.keys(outputs).find((path) => outputs[path].entryPoint === source);
  if (found === undefined) throw new Error(`${source} is not loaded by an import of its own`);
  return found;
}

/** The outputs that are loaded with these: they, and their static imports. */
function loaded(outputs, paths) {
  const all = new Set(paths);
  for (const path of all)
    for (const { path: imported, kind, external } of outputs[path].imports)
      if (kind === 'import-statement' && !external) all.add(imported);
  return all;
}

/** A chunk's exports under names that no other chunk of its group has. */
const renamed = (at, name) => `m${at}_${name === 'default' ? 'default_' : name}`;

async function merge(root, outputs, name, group) {
  if (group.length < 2) return;
  const places = group.map((path) => resolve(root, path));
  const folder = resolve(places[0], '..');
  const contents = group
    .map((path, at) => {
      const names = outputs[path].exports.map((exported) => `${exported} as ${renamed(at, exported)}`);
      return `export {${names.join(',')}} from './${basename(path)}';`;
    })
    .join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, sourcefile: `${name}.js` },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    plugins: [outside(new Set(places))],
  });
  const [{ contents: bytes }] = outputFiles;
  const file = `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase()}.js`;
  await writeFile(join(folder, file), bytes);
  const where = new Map(places.map((place, at) => [basename(place), at]));
  for (const path of Object.keys(outputs)) {
    const place = resolve(root, path);
    if (!where.has(basename(place))) await redirect(place, file, where);
  }
  for (const [at, path] of group.entries()) {
    const { entryPoint, exports } = outputs[path];
    if (entryPoint === undefined) await rm(places[at]);
    else {
      const names = exports.map((exported) => `${renamed(at, exported)} as ${exported}`);
      await writeFile(places[at], `export {${names.join(',')}} from './${file}';\n`);
    }
  }
}

/** Leaves out of a bundle what is loaded later, and what is in no chunk of the group. */
function outside(places) {
  return {
    name: 'outside',
    setup(bundle) {
      bundle.onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
        const inside = kind === 'import-statement' && places.has(resolve(resolveDir, path));
        return inside || kind === 'entry-point' ? undefined : { path, external: true };
      });
    },
  };
}

/** Has a file import from `file` what it imported from chunks of the group. */
async function redirect(place, file, where) {
  const text = await readFile(place, 'utf8').catch(() => null);
  if (text === null) return;
  const changed = text.replace(
    /\bimport(?:\{([^{}]*)\}from)?"(\.\/(?:chunks\/)?)([\w-]+\.js)"/g,
    (whole, names, folder, chunk) => {
      const at = where.get(chunk);
      if (at === undefined) return whole;
      if (names === undefined) return `import"${folder}${file}"`;
      const list = names.split(',').map((one) => {
        const [imported, local = imported] = one.split(' as ');
        return `${renamed(at, imported)} as ${local}`;
      });
      return `import{${list.join(',')}}from"${folder}${file}"`;
    },
  );
  if (changed !== text) await writeFile(place, changed);
}

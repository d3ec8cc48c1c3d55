import { readFile } from 'node:fs/promises';

/** yoga decodes its wasm through fetch() of a data: URL, which costs 50 ms; without fetch it decodes it directly. */
const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup(bundle) {
    bundle.onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => ({
      contents: `var fetch;\n${await readFile(path, 'utf8')}`,
      loader: 'js',
    }));
  },
};

/** Ink imports React's developer tools only when asked to by an environment variable; they do not ship. */
const withoutDevtools = {
  name: 'without-devtools',
  setup(bundle) {
    bundle.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'devtools', namespace: 'absent' }));
    bundle.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'export default { initialize() {}, connectToDevTools() {} };',
    }));
  },
};

/**
 * Ink takes every line of a frame apart, cell by cell, and forgets what it found: the next frame has almost the same lines.
 * Here it keeps what it found of the last lines. Fails when Ink's code is no longer what this knows.
 */
const keptLines = {
  name: 'kept-lines',
  setup(bundle) {
    bundle.onLoad({ filter: /ink[\\/]build[\\/]output\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const found = text.replace('caches = new OutputCaches();', 'caches = keptCaches();');
      if (found === text) throw new Error(`${path}: Ink's caches are not where they were`);
      const kept = `
let kept = new OutputCaches();
function keptCaches() {
  if (kept.styledChars.size > 4096 || kept.widths.size > 16384) kept = new OutputCaches();
  return kept;
}
`;
      return { contents: found + kept, loader: 'js' };
    });
  },
};

/** What a bundle with Ink in it needs of esbuild; and without what makes its frames cheaper. */
export const plainInkPlugins = [yogaWithoutFetch, withoutDevtools];
export const inkPlugins = [...plainInkPlugins, keptLines];

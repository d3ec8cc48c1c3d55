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

/** What a bundle with Ink in it needs of esbuild. */
export const inkPlugins = [yogaWithoutFetch, withoutDevtools];

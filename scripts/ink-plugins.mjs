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

/** The text of a file of Ink with its code changed. Fails when that is no longer what this knows. */
async function changed(path, changes) {
  let text = await readFile(path, 'utf8');
  for (const [code, by] of changes) {
    if (text.split(code).length !== 2) throw new Error(`${path}: Ink has not this code once:\n${code}`);
    text = text.replace(code, () => by);
  }
  return text;
}

/** Changes of one file of Ink's as an esbuild plugin. */
function changing(name, file, changes) {
  return {
    name,
    setup(bundle) {
      bundle.onLoad({ filter: new RegExp(`ink[\\\\/]build[\\\\/]${file}$`) }, async ({ path }) => ({
        contents: await changed(path, changes),
        loader: 'js',
      }));
    },
  };
}

/**
 * Ink takes every line of a frame apart, cell by cell, and forgets what it found: the next frame has almost the same lines.
 * Here it keeps what it found of the last lines. A row that cordon painted (`painted`, views/screen.tsx) is a whole row of
 * the screen, safe and as wide as that: it goes out as it is.
 */
const output = changing('painted-rows', 'output\\.js', [
  ['caches = new OutputCaches();', 'caches = keptCaches();\n    painted = new Map();'],
  [
    '            const row = [];\n',
    '            if (this.painted.has(y)) { output.push(undefined); continue; }\n            const row = [];\n',
  ],
  [
    '            .map(line => {\n            // See https',
    '            .map((line, y) => {\n            if (line === undefined) return this.painted.get(y);\n            // See https',
  ],
  [
    'class OutputCaches {',
    `let kept;
function keptCaches() {
  if (kept === undefined || kept.styledChars.size > 4096 || kept.widths.size > 16384) kept = new OutputCaches();
  return kept;
}
class OutputCaches {`,
  ],
]);

/** A painted row is neither measured nor taken apart, and a new text changes nothing of the layout. */
const rendering = changing('rendered-rows', 'render-node-to-output\\.js', [
  [
    "    if (node.nodeName === 'ink-text') {\n        let text",
    "    if (node.attributes?.painted) { output.painted.set(y, node.childNodes[0].nodeValue.trimEnd()); return; }\n    if (node.nodeName === 'ink-text') {\n        let text",
  ],
]);
const texts = changing('row-texts', 'dom\\.js', [
  [
    '    node.nodeValue = text;\n    markNodeAsDirty(node);',
    '    node.nodeValue = text;\n    if (!node.parentNode?.attributes?.painted) markNodeAsDirty(node);',
  ],
]);

/**
 * Only what has changed of a line is written; to find its column Ink takes lines apart that are not of ASCII alone. The
 * frames and marks of cordon are of one cell each, and do not join with what is beside them.
 */
const narrow = '·–—…←↑→↓⇢─│┌┐└┘├┤┬┴┼▁▂▃▄▅▆▇█■□▪▲△▴▾●○◷✓✗❯';
const lines = changing('line-columns', 'line-update\\.js', [
  [
    'const printableAscii = /^[ -~]*$/u;',
    `const printableAscii = /^[ -~${narrow}]*$/u;\nconst cellsOf = (text) => printableAscii.test(text) ? text.length : stringWidth(text);`,
  ],
  ['column + stringWidth(previousText.slice(textLength))', 'column + cellsOf(previousText.slice(textLength))'],
  ['column + stringWidth(nextText.slice(textLength))', 'column + cellsOf(nextText.slice(textLength))'],
]);

/** What a bundle with Ink in it needs of esbuild; and without what makes its frames cheaper. */
export const plainInkPlugins = [yogaWithoutFetch, withoutDevtools];
export const inkPlugins = [...plainInkPlugins, output, rendering, texts, lines];

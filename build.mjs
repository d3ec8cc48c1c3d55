// Bundles the program to dist/. Each command and each Azure client is a chunk of its own, loaded when it is first used.

import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { bundledPackages, writeBundled } from './scripts/bundled.mjs';
import { httpByRequire } from './scripts/http-plugin.mjs';
import { inkPlugins } from './scripts/ink-plugins.mjs';
import { allBut, mergeChunks } from './scripts/merged-chunks.mjs';
import { formDataByTag, nativeFormData } from './scripts/native-form-data.mjs';
import { makeSnapshots } from './scripts/snapshots.mjs';
import { usedOperations } from './scripts/used-operations.mjs';

const outdir = fileURLToPath(new URL('./dist/', import.meta.url));
const root = fileURLToPath(new URL('.', import.meta.url));
const about = JSON.parse(await readFile(new URL('./package.json', import.meta.url), 'utf8'));

/** The commit that is built; "" outside of a checkout. */
function commit() {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

/** Microsoft's clients and their versions. */
function sdk() {
  const all = { ...about.dependencies, ...about.devDependencies };
  return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('@azure/')));
}

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
const { metafile } = await build({
  metafile: true,
  entryPoints: {
    main: 'src/cli.ts',
    'simulator-thread': 'src/simulator/thread.ts',
    'query-thread': 'src/evidence/query-thread-entry.ts',
    'parse-thread': 'src/evidence/parse-thread.ts',
    'read-thread': 'src/evidence/read-thread.ts',
    'detect-thread': 'src/detect/detect-thread-entry.ts',
    'blob-thread': 'src/azure/client/blob-thread.ts',
    'digest-thread': 'src/digest/digest-thread.ts',
    'log-thread': 'src/eventlog/log-thread.ts',
    'older-node': 'src/older-node.ts',
  },
  outdir,
  outExtension: { '.js': '.js' },
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  // The older Azure clients are CommonJS at `main`, whose named exports a dynamic import of a chunk does not see.
  mainFields: ['module', 'main'],
  target: 'node22',
  jsx: 'automatic',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  chunkNames: 'chunks/[name]-[hash]',
  define: {
    'process.env.NODE_ENV': '"production"',
    __CORDON_VERSION__: JSON.stringify(about.version),
    __CORDON_BUILT__: JSON.stringify({ commit: commit(), sdk: sdk() }),
  },
  plugins: [...inkPlugins, httpByRequire, nativeFormData, formDataByTag, usedOperations],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'error',
});
const firstFrame = ['src/commands/workbench.ts', 'src/commands/workbench-parts.ts'];
await mergeChunks(root, metafile, [
  { name: 'common', of: firstFrame, and: allBut(firstFrame) },
  // Ink's colours are decided when it is evaluated: src/commands/workbench.ts comes before.
  { name: 'first-frame', of: ['src/commands/workbench-parts.ts'] },
]);
await cp(new URL('./src/azure/queries', import.meta.url), `${outdir}queries`, { recursive: true });
await cp(new URL('./playbooks', import.meta.url), `${outdir}playbooks`, { recursive: true });
await cp(new URL('./src/launch.mjs', import.meta.url), `${outdir}cordon.js`);
// Microsoft's parser is two scripts that define globals: they are loaded as they are, when a query is evaluated.
const parser = new URL('./node_modules/@kusto/language-service-next/', import.meta.url);
for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  await cp(new URL(file, parser), `${outdir}kusto/${file}`);
}
// The list of parse_user_agent() (src/kql/user-agent-list.ts), read when that is called.
const agents = await readFile(new URL('./node_modules/uap-core/regexes.yaml', import.meta.url), 'utf8');
await writeFile(`${outdir}user-agents.json.br`, brotliCompressSync(JSON.stringify(parse(agents))));
// A folder whose scripts are CommonJS, whatever the package around it says.
await writeFile(`${outdir}kusto/package.json`, '{ "type": "commonjs" }\n');
await writeFile(`${outdir}package.json`, '{ "type": "module" }\n');
await chmod(`${outdir}cordon.js`, 0o755);
const copied = ['node_modules/@kusto/language-service-next', 'node_modules/uap-core'];
await writeBundled(outdir, about, await bundledPackages(root, metafile, copied));

await makeSnapshots(root, outdir);

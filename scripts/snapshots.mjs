import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/** Modules of Node that are loaded into no snapshot: what they hold is the process's own, or cannot be kept. */
const late = ['child_process', 'crypto', 'http', 'https', 'worker_threads', 'zlib'];

/**
 * Takes an export of such a module when it is used. While a snapshot is made, a UUID is made of fresh random bytes: those
 * that Node keeps for the next ones would be the same in each process that starts from it.
 */
const lateModules = {
  name: 'late-modules',
  setup(bundle) {
    bundle.onResolve({ filter: new RegExp(`^node:(${late.join('|')})$`) }, ({ path, kind, namespace }) =>
      kind === 'require-call' && namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => {
      const names = Object.keys(module.createRequire(import.meta.url)(path));
      const value = (name) =>
        path === 'node:crypto' && name === 'randomUUID'
          ? '() => load().randomUUID({ disableEntropyCache: true })'
          : `load().${name}`;
      const getters = names.map((name) => `get ${name}() { return ${value(name)}; }`);
      return { contents: `const load = () => require('${path}');\nmodule.exports = { ${getters.join(', ')} };` };
    });
  },
};

/**
 * Makes what the program's threads start from (src/kql/parser-thread.ts), for the Node that runs it: a snapshot of a process
 * with Microsoft's KQL parser in it, and one that has the demo's simulator too. Where they cannot be made, both are loaded
 * as any module: a second slower at the first query.
 */
export async function makeSnapshots(root, outdir) {
  const bundled = join(root, 'node_modules/.bin/node');
  const node = existsSync(bundled) ? bundled : process.execPath;
  const run = async (...parameters) =>
    (await promisify(execFile)(node, parameters, { timeout: 120_000, maxBuffer: 1 << 26 })).stdout;
  const folder = await mkdtemp(join(tmpdir(), 'cordon-snapshots-'));
  const made = join(outdir, 'snapshots');
  const from = [join(root, 'node_modules/@kusto/language-service-next'), join(outdir, 'queries')];
  const snapshot = async (name, source, ...more) => {
    const script = join(folder, `${name}.cjs`);
    await build({
      entryPoints: [join(root, source)],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      minifySyntax: true,
      minifyWhitespace: true,
      logLevel: 'error',
      plugins: [lateModules],
    });
    await run('--snapshot-blob', join(made, `${name}.blob`), '--build-snapshot', script, ...from, ...more);
  };
  try {
    await mkdir(made);
    const requests = join(folder, 'requests.json');
    const recorded = run(join(root, 'scripts/demo-requests.ts')).then((text) => writeFile(requests, text));
    await Promise.all([
      snapshot('parser', 'src/kql/parser-snapshot.ts'),
      recorded.then(() => snapshot('simulator', 'src/simulator/thread-snapshot.ts', requests)),
    ]);
    const version = (await run('-p', 'process.version + " " + process.platform + " " + process.arch')).trim();
    await writeFile(join(made, 'node'), `${version} ${statSync(node).size}`);
  } catch (error) {
    const [reason] = String(error.stderr ?? '').match(/^\w*Error: .*$/m) ?? [error.signal ?? error.message];
    process.stderr.write(`no snapshots, so that the first query takes a second longer: ${reason.slice(0, 300)}\n`);
    await rm(made, { recursive: true, force: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

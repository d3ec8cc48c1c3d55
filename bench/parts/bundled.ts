import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
// @ts-expect-error: a script of the build, without types
import { plainInkPlugins } from '../../scripts/ink-plugins.mjs';

export const root = resolve(import.meta.dirname, '../..');
export const program = join(root, 'dist/cordon.js');

/** `bare-ink.tsx` bundled as the build bundles cordon. */
export async function bareInk(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
  const outfile = join(folder, 'bare-ink.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'bare-ink.tsx')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    jsx: 'automatic',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: plainInkPlugins,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

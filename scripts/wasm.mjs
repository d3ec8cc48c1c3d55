// Compiles wasm/csv-cells.ts into src/evidence/csv-module.ts: npm run wasm. The compiler (AssemblyScript, 100 MB with its
// optimizer) is fetched for that alone; a test says when the source was changed and not compiled.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const compiler = 'assemblyscript@0.28.20';
const root = fileURLToPath(new URL('..', import.meta.url));
const source = 'wasm/csv-cells.ts';
/** 2 GiB: addresses are numbers above 0. As in src/evidence/cell-memory.ts. */
const memory = ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '32768'];

const folder = mkdtempSync(join(tmpdir(), 'cordon-wasm-'));
try {
  const made = join(folder, 'csv-cells.wasm');
  const options = ['--runtime', 'stub', '--noAssert', '-O3', '--enable', 'simd', '--enable', 'threads', ...memory];
  execFileSync('npx', ['--yes', `--package=${compiler}`, 'asc', source, ...options, '-o', made], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const digest = createHash('sha256')
    .update(readFileSync(join(root, source)))
    .digest('hex');
  const lines =
    readFileSync(made)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  writeFileSync(
    join(root, 'src/evidence/csv-module.ts'),
    `// Made of ${source} by npm run wasm, with ${compiler}: not edited by hand.

/** The SHA-256 of the source. */
export const SOURCE_SHA256 = '${digest}';

/** The module, in base64. */
export const CSV_MODULE =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

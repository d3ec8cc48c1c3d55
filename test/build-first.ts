import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

function newest(folder: string): number {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

function builtAt(): number {
  try {
    return statSync(join(root, 'dist/cordon.js')).mtimeMs;
  } catch {
    return 0;
  }
}

/** The end-to-end tests drive the program as it ships: built from the sources that are tested. */
export default function buildFirst(): void {
  const sources = Math.max(
    newest('src'),
    newest('views'),
    newest('playbooks'),
    statSync(join(root, 'build.mjs')).mtimeMs,
  );
  if (builtAt() > sources) return;
  execFileSync(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
}

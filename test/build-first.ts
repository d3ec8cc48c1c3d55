import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** The end-to-end tests drive the program as it ships: built from the sources that are tested. */
export default function buildFirst(): void {
  execFileSync(process.execPath, ['build.mjs'], { cwd: resolve(import.meta.dirname, '..'), stdio: 'inherit' });
}

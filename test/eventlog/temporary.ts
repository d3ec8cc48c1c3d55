import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder of its own for a test file, gone when its tests are done: write a file into it, and get its path. */
export function temporaryFolder(): { path: string; write(name: string, bytes: Buffer | string): string } {
  const path = mkdtempSync(join(tmpdir(), 'cordon-evtx-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, bytes) {
      const file = join(path, name);
      writeFileSync(file, bytes);
      return file;
    },
  };
}

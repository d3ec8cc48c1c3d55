import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = '1.5.6-r.1';

/**
 * The folder with DuckDB's client for Node in its node_modules. It takes 70 MB, so it is no dependency of the project: the
 * bench that compares with it installs it, without install scripts, into the folder for temporary files. Undefined where that
 * fails: without a network.
 */
export function duckdbFolder(): string | undefined {
  const folder = join(tmpdir(), `cordon-bench-duckdb-${version}`);
  const client = join(folder, 'node_modules/@duckdb/node-api');
  if (!existsSync(client)) {
    process.stderr.write(`installing @duckdb/node-api ${version} (70 MB) into ${folder}\n`);
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync(
        'npm',
        ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `@duckdb/node-api@${version}`],
        { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' },
      );
    } catch {
      return undefined;
    }
  }
  return folder;
}

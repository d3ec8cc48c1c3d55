// How much is fetched and how long it takes to install cordon by name: the packed package into an empty folder, with
// the npm and the Node that are on the PATH. Prints each round, and what a first command costs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'cordon-install-'));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
// npm puts the project's own Node first in the PATH of its scripts: who installs cordon has another one.
const env = {
  ...process.env,
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter((path) => !path.includes('node_modules'))
    .join(':'),
};

function run(command: string, args: string[], cwd: string): { text: string; seconds: number } {
  const begun = performance.now();
  const text = execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return { text: text.trim(), seconds: (performance.now() - begun) / 1000 };
}

function sizeOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

try {
  run(npm, ['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  const packed = join(folder, name);
  process.stdout.write(
    `${name}: ${mebibytes(sizeOf(packed))} to fetch, Node ${run('node', ['--version'], folder).text}\n`,
  );
  for (let round = 1; round <= 3; round += 1) {
    const project = mkdtempSync(join(folder, 'project-'));
    writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
    const { seconds } = run(npm, ['install', '--no-audit', '--no-fund', packed], project);
    const installed = join(project, 'node_modules');
    const version = run(join(installed, '.bin', 'cordon'), ['--version'], project);
    const triage = run(join(installed, '.bin', 'cordon'), ['triage', 'web01', '--demo', '--json'], project);
    process.stdout.write(
      `round ${round}: installed in ${seconds.toFixed(2)} s, ${mebibytes(sizeOf(installed))}, ${readdirSync(installed).filter((one) => !one.startsWith('.')).length} package; --version ${version.seconds.toFixed(2)} s, triage --demo ${triage.seconds.toFixed(2)} s\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

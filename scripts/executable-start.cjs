// The beginning of the single executable. The program in it is files that import one another and threads that load their
// own; they are unpacked once, into the user's cache folder, and run from there.
const { createHash } = require('node:crypto');
const { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { getAsset } = require('node:sea');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');
const { gunzipSync } = require('node:zlib');

const digest = '__CORDON_DIGEST__';

function cacheFolder() {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'cordon', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'cordon');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cordon');
}

/** The files of the program, checked: somebody else's files of that name must not run as ours. */
function unpacked() {
  const text = gunzipSync(Buffer.from(getAsset('program'))).toString('utf8');
  if (createHash('sha256').update(text).digest('hex') !== digest)
    throw new Error('the program in this file is damaged');
  const files = Object.entries(JSON.parse(text));
  const folder = join(cacheFolder(), `program-${digest.slice(0, 16)}`);
  const same = ([name, data]) => {
    try {
      return readFileSync(join(folder, name)).equals(Buffer.from(data, 'base64'));
    } catch {
      return false;
    }
  };
  if (files.every(same)) return folder;
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const aside = mkdtempSync(`${folder}-`);
  for (const [name, data] of files) {
    mkdirSync(dirname(join(aside, name)), { recursive: true });
    writeFileSync(join(aside, name), Buffer.from(data, 'base64'));
  }
  try {
    renameSync(aside, folder);
  } catch {
    // Another start was faster, or what is there was changed: what was just written is right.
    if (files.every(same)) rmSync(aside, { recursive: true, force: true });
    else return aside;
  }
  return folder;
}

try {
  const main = pathToFileURL(join(unpacked(), 'cordon.js')).href;
  // The loader of a single executable knows built-in modules alone; that of a script knows files.
  const { emitWarning } = process;
  // Node says of this loader that it may change; the Node is in this file with the program.
  process.emitWarning = () => {};
  const script = new vm.Script(`import(${JSON.stringify(main)})`, {
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  script.runInThisContext().catch(failed);
  process.emitWarning = emitWarning;
} catch (error) {
  failed(error);
}

function failed(error) {
  process.stderr.write(`cordon: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}

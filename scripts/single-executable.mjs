// npm run executable [-- OUT]: one file that is Node and cordon together, for a computer without Node (Node's single
// executable applications: https://nodejs.org/api/single-executable-applications.html). It is the Node that `npm ci`
// brought, for the system that this runs on.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';
const out = resolve(process.argv[2] ?? join(root, 'build', windows ? 'cordon.exe' : 'cordon'));
/** postject puts the program into the executable; it is needed here alone. */
const postject = 'postject@1.0.0-alpha.6';
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** dist as one document: its files by their path, with a digest that names the folder they are unpacked into. */
async function packedProgram() {
  const dist = join(root, 'dist');
  const names = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dist.length + 1)
        .replaceAll('\\', '/'),
    )
    // Made for the Node of this computer as a program of its own.
    .filter((name) => !name.startsWith('snapshots/'))
    .sort();
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await readFile(join(dist, name))).toString('base64')])),
  );
  const text = JSON.stringify(files);
  return { digest: createHash('sha256').update(text).digest('hex'), data: gzipSync(text, { level: 9 }) };
}

const folder = await mkdtemp(join(tmpdir(), 'cordon-executable-'));
try {
  const { digest, data } = await packedProgram();
  await writeFile(join(folder, 'program.json.gz'), data);
  const start = await readFile(new URL('./executable-start.cjs', import.meta.url), 'utf8');
  await writeFile(join(folder, 'start.cjs'), start.replace('__CORDON_DIGEST__', digest));
  await writeFile(
    join(folder, 'sea.json'),
    JSON.stringify({
      main: join(folder, 'start.cjs'),
      output: join(folder, 'program.blob'),
      disableExperimentalSEAWarning: true,
      useCodeCache: false,
      assets: { program: join(folder, 'program.json.gz') },
    }),
  );
  execFileSync(process.execPath, ['--experimental-sea-config', join(folder, 'sea.json')], { stdio: 'ignore' });
  await mkdir(dirname(out), { recursive: true });
  await rm(out, { force: true });
  await copyFile(process.execPath, out);
  await chmod(out, 0o755);
  if (process.platform === 'darwin') execFileSync('codesign', ['--remove-signature', out]);
  const inject = ['--yes', postject, out, 'NODE_SEA_BLOB', join(folder, 'program.blob'), '--sentinel-fuse', fuse];
  execFileSync(
    windows ? 'npx.cmd' : 'npx',
    [...inject, ...(process.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [])],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: windows,
    },
  );
  if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', out]);
  process.stdout.write(`${out}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

// npm run release -- VERSION: makes what a release consists of, in release/: the package, the single executable for this
// system, the bill of materials, and their SHA-256. Nothing is published, tagged or pushed; the last lines say how.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';
const [wanted = ''] = process.argv.slice(2);

function fail(sentence) {
  process.stderr.write(`release: ${sentence}\n`);
  process.exit(2);
}

function run(command, args, cwd = root) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: windows });
}

const about = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const { version } = about;
if (wanted !== version)
  fail(`package.json says ${version}: npm version ${wanted || 'VERSION'} --no-git-tag-version first`);
const changes = await readFile(join(root, 'CHANGELOG.md'), 'utf8');
const [, section = ''] = changes.split(new RegExp(`^## ${version.replaceAll('.', '\\.')}\\b.*$`, 'm'));
const notes = section.split(/^## /m)[0].trim();
if (notes === '') fail(`CHANGELOG.md has no section for ${version}`);
if (run('git', ['status', '--porcelain']).trim() !== '') fail('there are changes that are not committed');

const release = join(root, 'release');
await rm(release, { recursive: true, force: true });
await mkdir(release);
run(process.execPath, ['build.mjs']);

// The published package runs nothing when it is installed, and has no tools to build with.
const stage = join(release, 'package');
for (const name of ['dist', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
  await cp(join(root, name), join(stage, name), { recursive: true, filter: (path) => basename(path) !== 'snapshots' });
}
const { scripts: _, devDependencies: __, allowScripts: ___, ...published } = about;
await writeFile(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
run('npm', ['pack', '--pack-destination', release], stage);
await rm(stage, { recursive: true });
await cp(join(root, 'dist', 'sbom.cdx.json'), join(release, `cordon-${version}.cdx.json`));
const name = `cordon-${version}-${process.platform}-${process.arch}${windows ? '.exe' : ''}`;
run(process.execPath, [join(root, 'scripts', 'single-executable.mjs'), join(release, name)]);
await writeFile(join(release, 'NOTES.md'), `${notes}\n`);

const files = (await readdir(release)).filter((file) => file !== 'NOTES.md').sort();
const sums = await Promise.all(
  files.map(async (file) => {
    const digest = createHash('sha256')
      .update(await readFile(join(release, file)))
      .digest('hex');
    return `${digest}  ${file}\n`;
  }),
);
await writeFile(join(release, 'SHA256SUMS'), sums.join(''));
process.stdout.write(sums.join(''));
process.stdout.write(`
Then, by hand: git tag -s v${version} -m "cordon ${version}" && git push --tags
               npm publish release/cordon-${version}.tgz --provenance --access public
               gh release create v${version} --notes-file release/NOTES.md release/*
`);

// Licences of the packages in dist, and a software bill of materials (CycloneDX). Made with each build, from what
// the bundler says that it took in, and from package-lock.json.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder of the package that a file belongs to: "node_modules/a/node_modules/@b/c". */
function packageOf(file) {
  const at = file.lastIndexOf('node_modules/');
  if (at === -1) return null;
  const [first, second] = file.slice(at + 'node_modules/'.length).split('/');
  return file.slice(0, at) + ['node_modules', first, ...(first.startsWith('@') ? [second] : [])].join('/');
}

/**
 * The packages in the bundle, by name. `metafile` is esbuild's; `copied` are folders of packages that were copied in.
 * Throws when the licence of one cannot be determined: it may not be passed on.
 */
export async function bundledPackages(root, metafile, copied = []) {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages;
  const taken = Object.entries(metafile.outputs).flatMap(([, { inputs }]) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [packageOf(file)] : [])),
  );
  const folders = [...new Set([...taken, ...copied])].filter((folder) => folder !== null);
  const found = [];
  for (const folder of folders) {
    const { name, version, license, licenses, homepage, repository } = JSON.parse(
      await readFile(join(root, folder, 'package.json'), 'utf8'),
    );
    const files = await readdir(join(root, folder));
    const texts = files.filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
    const text = (await Promise.all(texts.map((file) => readFile(join(root, folder, file), 'utf8')))).join('\n\n');
    // Older packages have a list of them.
    const spdx = typeof license === 'string' ? license : (license?.type ?? licenses?.[0]?.type ?? '');
    if (spdx === '' && text === '') throw new Error(`${name} ${version} is bundled and tells no licence`);
    const url = homepage ?? (typeof repository === 'string' ? repository : repository?.url) ?? '';
    found.push({ name, version, license: spdx, url, text: text.trim(), integrity: lock[folder]?.integrity ?? '' });
  }
  const key = ({ name, version }) => `${name}@${version}`;
  return [...new Map(found.map((one) => [key(one), one])).values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Writes THIRD-PARTY.md and sbom.cdx.json into `folder`. */
export async function writeBundled(folder, { name, version, license, description }, packages) {
  const sections = packages.map(
    (one) => `## ${one.name} ${one.version}\n\n${one.license} ${one.url}\n\n\`\`\`\`text\n${one.text}\n\`\`\`\`\n`,
  );
  const head = `# What cordon ${version} brings of others\n\nThe code of these packages is in the program, under these licences.\n`;
  await writeFile(join(folder, 'THIRD-PARTY.md'), [head, ...sections].join('\n'));
  await writeFile(
    join(folder, 'sbom.cdx.json'),
    `${JSON.stringify(sbomOf({ name, version, license, description }, packages), null, 1)}\n`,
  );
}

const purlOf = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/ */
function sbomOf({ name, version, license, description }, packages) {
  const ref = purlOf(name, version);
  const components = packages.map((one) => {
    const [algorithm, digest] = one.integrity.split('-');
    return {
      type: 'library',
      'bom-ref': purlOf(one.name, one.version),
      name: one.name,
      version: one.version,
      purl: purlOf(one.name, one.version),
      // An SPDX expression (MIT, "(MIT OR GPL-3.0-or-later)"), as package.json has it.
      ...(one.license === ''
        ? {}
        : { licenses: [{ expression: one.license.replace(/^SEE LICENSE.*/i, 'LicenseRef-file') }] }),
      ...(algorithm === 'sha512'
        ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }
        : {}),
    };
  });
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': ref,
        name,
        version,
        description,
        purl: ref,
        licenses: [{ expression: license }],
      },
    },
    components,
    dependencies: [{ ref, dependsOn: components.map((one) => one['bom-ref']) }],
  };
}

import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

describe('package.json and its lock', () => {
  it('declare nothing that is needed at run time: all of it is in the bundle', () => {
    const { dependencies = {}, optionalDependencies = {}, files, engines } = read('package.json');
    expect([{ ...dependencies, ...optionalDependencies }, files, engines]).toEqual([
      {},
      ['dist', '!dist/snapshots'],
      { node: '>=20.15' },
    ]);
  });

  it('make no npm warn of the Node that the bundled packages ask for (npm run lock)', () => {
    const entries: [string, { engines?: unknown; resolved?: unknown }][] = Object.entries(
      read('package-lock.json').packages,
    );
    expect(entries.filter(([name, { engines }]) => name !== '' && engines !== undefined).map(([name]) => name)).toEqual(
      [],
    );
    expect(
      entries.filter(([, { resolved }]) => resolved !== undefined && resolved !== 'interpreter').map(([name]) => name),
    ).toEqual([]);
  });
});

describe('what is bundled', () => {
  it('is listed as CycloneDX, each package with its licence and its digest', () => {
    const { bomFormat, specVersion, components, metadata } = read('dist/sbom.cdx.json');
    expect([bomFormat, specVersion, metadata.component.name]).toEqual(['CycloneDX', '1.6', 'cordon']);
    const names = new Set<string>();
    for (const { name, purl, licenses, hashes } of components) {
      names.add(name);
      expect(purl).toMatch(/^pkg:npm\/(%40[^/]+\/)?[^@/]+@\d/);
      expect(licenses[0].expression, name).toMatch(/\S/);
      expect(hashes[0], name).toMatchObject({ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) });
    }
    for (const name of ['@azure/identity', '@kusto/language-service-next', 'ink', 'react', 'zod'])
      expect(names).toContain(name);
    // Packages that only build and test are in no bill.
    for (const name of ['vitest', 'esbuild', 'typescript', 'ajv']) expect(names).not.toContain(name);
  });

  it('is passed on with its licences', () => {
    const told = readFileSync(join(root, 'dist/THIRD-PARTY.md'), 'utf8');
    const { components } = read('dist/sbom.cdx.json');
    for (const { name, version } of components) expect(told).toContain(`## ${name} ${version}\n`);
  });
});

describe('the build', () => {
  it('knows which operations are used in a checkout whose path has a space', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'a checkout '));
    const client = join(folder, 'node_modules/@azure/arm-network/dist/esm/networkManagementClient.js');
    mkdirSync(join(folder, 'scripts'));
    mkdirSync(join(folder, 'src'));
    mkdirSync(resolve(client, '..'), { recursive: true });
    const script = join(folder, 'scripts/used-operations.mjs');
    copyFileSync(join(root, 'scripts/used-operations.mjs'), script);
    writeFileSync(join(folder, 'src/reader.ts'), 'network.subnets.get();');
    const made = (name: string) => `        this.${name} = _get${name}Operations(this._client);\n`;
    writeFileSync(client, made('subnets') + made('vpnSites'));
    const { usedOperations } = await import(pathToFileURL(script).href);
    type Load = (file: { path: string }) => Promise<{ contents: string }>;
    const loads: { filter: RegExp; load: Load }[] = [];
    usedOperations.setup({ onLoad: ({ filter }: { filter: RegExp }, load: Load) => loads.push({ filter, load }) });
    const loaded = await loads.find(({ filter }) => filter.test(client))?.load({ path: client });
    expect(loaded?.contents).toBe(made('subnets'));
    rmSync(folder, { recursive: true });
  });
});

/** A Node on the PATH other than the one that npm ci brought, with its major version. */
function otherNode(): { path: string; version: string } | null {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'));
  const path = folders
    .map((folder) => join(folder, process.platform === 'win32' ? 'node.exe' : 'node'))
    .find((one) => existsSync(one));
  return path === undefined ? null : { path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() };
}

describe('the packed package', () => {
  let folder: string;
  let program: string;
  let packed: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-packed-'));
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      stdio: 'ignore',
      shell: process.platform === 'win32',
    });
    packed = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
    execFileSync('tar', ['-xzf', packed, '-C', folder]);
    program = join(folder, 'package', 'dist', 'cordon.js');
    writeFileSync(join(folder, 'Logons.jsonl'), '{"EventID":4625}\n{"EventID":4625}\n{"EventID":4624}\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (node: string, ...args: string[]) => {
    const env = { PATH: '', HOME: folder, CORDON_CASES: join(folder, 'cases') };
    const { stdout } = await promisify(execFile)(node, [program, ...args], { cwd: folder, env, maxBuffer: 2 ** 26 });
    return stdout;
  };
  const query = [
    'kql',
    'Logons | summarize Count = count() by EventID | order by EventID asc',
    '--csv',
    '--evidence',
    'Logons.jsonl',
  ];

  it('is at most 2.8 MB, KQL’s parser included, and brings no source and no test', () => {
    expect(statSync(packed).size).toBeLessThan(2_800_000);
    const files = readdirSync(join(folder, 'package'), { recursive: true }).map(String);
    expect(files.filter((file) => /(^|[\\/])(src|test|views|bench)[\\/]|\.ts$/.test(file))).toEqual([]);
    for (const file of ['LICENSE', 'README.md', 'dist/THIRD-PARTY.md', 'dist/sbom.cdx.json'])
      expect(files).toContain(file);
  });

  it('runs alone: version, a query, a triage', async () => {
    expect(await run(process.execPath, '--version')).toContain(read('package.json').version);
    expect(await run(process.execPath, ...query)).toMatch(/4624,1\r?\n4625,2/);
  });

  const other = otherNode();
  const older = other !== null && /^v2[01]\./.test(other.version);
  if (!older) console.warn('SKIPPED: no Node 20 on the PATH, so that the package was not tried with it');
  it.skipIf(!older)('runs under Node 20 too, which lacks some of what it uses', async () => {
    const node = other?.path ?? '';
    expect(await run(node, '--version')).toContain(read('package.json').version);
    expect(await run(node, ...query)).toMatch(/4624,1\r?\n4625,2/);
    expect(await run(node, 'triage', 'web01', '--demo')).toContain('svc-backup');
  });
});

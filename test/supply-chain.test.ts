import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): unknown => JSON.parse(readFileSync(resolve(root, name), 'utf8'));
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.looseObject({
        dev: z.boolean().optional(),
        hasInstallScript: z.boolean().optional(),
        integrity: z.string().optional(),
        os: z.unknown().optional(),
      }),
    ),
  })
  .parse(read('package-lock.json'));
// The workspace and the link to it are folders of this repository.
const installed = Object.entries(lock.packages).filter(
  ([path]) => path !== '' && !/(^|\/)(cordon-)?interpreter$/.test(path),
);

describe('what npm ci brings', () => {
  it('has an integrity hash, each package of it', () => {
    expect(installed.filter(([, one]) => !/^sha512-/.test(one.integrity ?? '')).map(([path]) => path)).toEqual([]);
  });

  it('runs no install script among what ships', () => {
    const scripts = installed.filter(([, one]) => one.hasInstallScript === true && one.dev !== true);
    expect(scripts.map(([path]) => path)).toEqual([]);
  });

  it('has an interpreter for each system that the launcher knows, and no other', () => {
    const { optionalDependencies } = z
      .object({ optionalDependencies: z.record(z.string(), z.string()) })
      .parse(read('interpreter/package.json'));
    const launcher = readFileSync(resolve(root, 'src/launch.mjs'), 'utf8');
    const known = [...launcher.matchAll(/'(?:darwin|linux|win32) \w+': '([\w-]+)'/g)].map(([, name]) => name);
    expect(known.sort()).toEqual(Object.keys(optionalDependencies).sort());
    for (const name of known) expect(lock.packages[`node_modules/${name}`]).toMatchObject({ optional: true });
    for (const version of Object.values(optionalDependencies)) expect(version).toMatch(/^24\./);
  });
});

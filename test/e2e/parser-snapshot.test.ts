import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { snapshotKey } from '../../src/kql/parser-thread.ts';
import { cordonAt, root } from './cordon.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-snapshot-'));
  const without = (source: string) => !source.includes('kql-parser.');
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true, filter: without });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'T.json'), '[{"a":1},{"a":2}]');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const query = async () => {
  const evidence = `T=${join(folder, 'T.json')}`;
  const ran = await cordonAt(join(folder, 'dist/cordon.js'), [
    'kql',
    'T | summarize Sum = sum(a)',
    '--json',
    '--evidence',
    evidence,
  ]);
  return { code: ran.code, stderr: ran.stderr, rows: JSON.parse(ran.stdout).rows };
};

describe('a query', () => {
  it('is answered without the snapshot of the parser', { timeout: 60_000 }, async () => {
    expect(await query()).toMatchObject({ code: 0, stderr: '', rows: [[3]] });
  });

  it('is answered where the snapshot is one of another Node, or is damaged', { timeout: 60_000 }, async () => {
    await writeFile(join(folder, 'dist/kql-parser.blob'), 'not a snapshot');
    await writeFile(join(folder, 'dist/kql-parser.key'), 'v1.0.0 linux x64 1');
    expect(await query()).toMatchObject({ code: 0, stderr: '', rows: [[3]] });
    await writeFile(join(folder, 'dist/kql-parser.key'), snapshotKey(process.execPath));
    expect(await query()).toMatchObject({ code: 0, stderr: '', rows: [[3]] });
  });
});

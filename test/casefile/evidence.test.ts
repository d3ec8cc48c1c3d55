import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkEvidence, EvidenceError, evidenceStore, readEvidence } from '../../src/casefile/evidence.ts';
import { emptyFolder } from './sample-case.ts';

describe('evidence', () => {
  it('is numbered in the order of the calls, whole, and without secrets', async () => {
    const folder = await emptyFolder();
    const store = evidenceStore(folder);
    const refs = await Promise.all([
      store.writeJson('effective-nsg', { rules: [1, 2], adminPassword: 'hunter2' }),
      store.writeText('../../query', 'https://x/y?sig=abcdefgh'),
      store.writeJson('', null),
    ]);
    expect(refs.map(({ file }) => file)).toEqual([
      'evidence/0001-effective-nsg.json',
      'evidence/0002-query.txt',
      'evidence/0003-unnamed.json',
    ]);
    expect(await readdir(join(folder, 'evidence'))).toHaveLength(3);
    for (const ref of refs) expect(await checkEvidence(folder, ref)).toBeNull();
    const first = refs[0];
    expect(first && (await readEvidence(folder, first))).toEqual({ rules: [1, 2], adminPassword: '[redacted]' });
    expect(await readFile(join(folder, 'evidence', '0002-query.txt'), 'utf8')).toBe('https://x/y?sig=[redacted]');
  });

  it('goes on after the highest number that is there', async () => {
    const folder = await emptyFolder();
    await mkdir(join(folder, 'evidence'));
    await writeFile(join(folder, 'evidence', '0041-x.json'), '{}');
    expect((await evidenceStore(folder).writeJson('nic', {})).file).toBe('evidence/0042-nic.json');
  });

  it('is not read when it is not what the entry vouches for', async () => {
    const folder = await emptyFolder();
    const ref = await evidenceStore(folder).writeJson('nic', { a: 1 });
    await writeFile(join(folder, ref.file), '{ "a": 2 }\n');
    await expect(readEvidence(folder, ref)).rejects.toThrow(EvidenceError);
    await writeFile(join(folder, 'elsewhere.json'), 'x');
    await symlink(join(folder, 'elsewhere.json'), join(folder, 'evidence', '0002-link.json'));
    expect(await checkEvidence(folder, { file: 'evidence/0002-link.json', sha256: '', bytes: 1 })).toContain(
      'not a plain file',
    );
    expect(await checkEvidence(folder, { file: 'evidence/0003-none.json', sha256: '', bytes: 1 })).toContain('missing');
  });
});

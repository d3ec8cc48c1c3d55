import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StoredDigest } from '../../src/evidence/evidence-digest.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-digest-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('digests a file, and knows whether it is the same when the reading is done', async () => {
  const path = join(folder, 'Logs.csv');
  const text = 'n\n'.repeat(2_000_000);
  await writeFile(path, text);
  let read = 0;
  const stored = await StoredDigest.of(path, (bytes) => {
    read += bytes;
  });
  expect(await stored.digest()).toEqual({
    path,
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
  });
  expect(read).toBe(text.length);
  expect(await stored.changed()).toBe(false);
  await appendFile(path, 'n\n');
  expect(await stored.changed()).toBe(true);
  await rm(path);
  expect(await stored.changed()).toBe(true);
  await expect(StoredDigest.of(path, () => {})).rejects.toThrow(`${path}: there is no such file`);
  await expect(StoredDigest.of(folder, () => {})).rejects.toThrow(`${folder}: it is a folder`);
});

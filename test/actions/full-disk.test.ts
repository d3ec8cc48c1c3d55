import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

/** Writes the pieces of an image of 16 MiB, keeps what came when that fails, and prints why. */
const program = (file: string) => `
  import { ImageFile } from ${JSON.stringify(resolve('src/actions/export/image-file.ts'))};
  const image = await ImageFile.open(${JSON.stringify(file)}, { snapshot: 's', bytes: 8 * 2 ** 21, etag: '"1"' });
  const piece = Buffer.alloc(2 ** 21, 7);
  try {
    for (let at = 0; at < 8; at += 1) await image.append(piece);
  } catch (error) {
    await image.flush();
    console.log(error.message);
  } finally {
    await image.close();
  }
`;

describe('an image that the disk does not take', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-full-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // A limit of the shell for the size of files, in KiB: 5 MiB. It stands for a disk that becomes full.
  it.skipIf(process.platform === 'win32')('names the reason, and keeps the pieces that came', async () => {
    const file = join(folder, 'disk.vhd');
    const script = 'ulimit -f 5120 && exec "$0" --input-type=module -e "$1"';
    const { stdout } = await promisify(execFile)('bash', ['-c', script, process.execPath, program(file)]);
    expect(stdout).toContain(
      `${file}.part cannot be written: a file may not be as large here (EFBIG). What is there stays`,
    );
    expect(JSON.parse(readFileSync(`${file}.part.json`, 'utf8'))).toMatchObject({ done: 2 * 2 ** 21 });
    expect(statSync(`${file}.part`).size).toBeGreaterThanOrEqual(2 * 2 ** 21);
  });
});

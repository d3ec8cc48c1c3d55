import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { errorCode, whyNotWritten } from '../text/error-code.ts';

/** The system does not let a file be written; the message names it and says why. */
export class NotWrittenError extends Error {
  override name = 'NotWrittenError';
  constructor(file: string, error: unknown) {
    super(`${file} cannot be written: ${whyNotWritten(error)}`, { cause: error });
  }
}

/**
 * Writes a file aside, then gives it the first free name: an existing one is never replaced, the name gets `-2`, `-3`.
 * `file` is its absolute path. Rejects with a NotWrittenError, or as `pieces` does.
 */
export async function writeNew(
  given: string,
  pieces: AsyncIterable<string | Uint8Array>,
): Promise<{ file: string; sha256: string; bytes: number }> {
  const target = resolve(given);
  const folder = dirname(target);
  const done = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw new NotWrittenError(target, error);
    });
  await done(mkdir(folder, { recursive: true, mode: 0o700 }));
  const aside = join(folder, `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    const handle = await done(open(aside, 'wx', 0o600));
    try {
      for await (const piece of pieces) {
        const data = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
        await done(handle.writeFile(data));
        hash.update(data);
        bytes += data.length;
      }
      await done(handle.sync());
    } finally {
      await handle.close();
    }
    return { file: await done(nameIt(aside, target)), sha256: hash.digest('hex'), bytes };
  } finally {
    await rm(aside, { force: true });
  }
}

async function nameIt(aside: string, target: string): Promise<string> {
  const extension = extname(target);
  const stem = target.slice(0, target.length - extension.length);
  for (let number = 1; number < 10_000; number += 1) {
    const file = number === 1 ? target : `${stem}-${number}${extension}`;
    try {
      await link(aside, file);
      return file;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EEXIST') continue;
      // File systems without links: a copy that fails if the name is taken.
      if (await copied(aside, file)) return file;
    }
  }
  throw new Error(`no free name for ${target}`);
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

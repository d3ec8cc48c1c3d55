import { type FileHandle, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveError } from './archive-error.ts';

/** Of one archive no more is unpacked. */
const largest = 64 * 1024 ** 3;
/** Left free on the disk, so that what else runs there goes on. */
const leftFree = 512 * 1024 ** 2;
const betweenChecks = 32 * 1024 ** 2;

/**
 * Writes bytes to a file of the system's temporary folder that has no name any more when it is read, so that nothing
 * stays behind, however the program ends. Zeros take no room there. Throws an ArchiveError where there is too much of
 * it, or too little room.
 */
export async function namelessFile(bytes: AsyncIterable<Buffer>): Promise<{ handle: FileHandle; size: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-'));
  try {
    const handle = await open(join(folder, 'inner'), 'wx+', 0o600);
    try {
      await rm(folder, { recursive: true, force: true });
      let size = 0;
      let checked = Number.NEGATIVE_INFINITY;
      for await (const piece of bytes) {
        if (size + piece.length > largest) throw new ArchiveError('what is packed in it is larger than 64 GiB');
        if (size - checked >= betweenChecks) {
          await checkRoom();
          checked = size;
        }
        if (!isZero(piece)) await handle.write(piece, 0, piece.length, size);
        size += piece.length;
      }
      await handle.truncate(size);
      return { handle, size };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkRoom(): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < leftFree + betweenChecks)
    throw new ArchiveError(`there is no room to unpack it in ${tmpdir()}: set TMPDIR to a folder on a larger disk`);
}

const zeros = Buffer.alloc(64 * 1024);

function isZero(piece: Buffer): boolean {
  for (let at = 0; at < piece.length; at += zeros.length) {
    const part = piece.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) return false;
  }
  return true;
}

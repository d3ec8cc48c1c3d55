import { constants, fstatSync, statSync, writeSync } from 'node:fs';
import { access, type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../text/error-code.ts';

/** What the transcript needs of its file. */
export interface TranscriptFile {
  size(): Promise<number>;
  /** Why the open file is not the one at its path (deleted, moved, replaced by a copy); null when it is. */
  misplaced(): Promise<string | null>;
  /** Why no file can be made beside it, as evidence is; null when one can. */
  closed(): Promise<NodeJS.ErrnoException | null>;
  /** Bytes that the file system has left for us; Infinity where that cannot be determined. */
  room(): Promise<number>;
  /** Appends with one write; throws when not all of it could be written. */
  append(data: Uint8Array): Promise<void>;
  /** Resolves when all that was appended is on the disk. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file for appending, created for its owner alone. A symbolic link is refused where the system can determine
 * it.
 */
export async function openTranscriptFile(path: string): Promise<TranscriptFile> {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  const handle = await open(path, flags, 0o600);
  return onHandle(handle, path);
}

/** Windows' numbers of files are larger than a double is exact; big integers cost too much to be asked for elsewhere. */
const bigint = process.platform === 'win32';

function onHandle(handle: FileHandle, path: string): TranscriptFile {
  const ours = fstatSync(handle.fd, { bigint });
  return {
    // Looked at before each entry: a turn through the thread pool would cost more than the look.
    size: async () => fstatSync(handle.fd).size,
    misplaced: async () => {
      try {
        // A file that is found at a path is linked there: its links need not be counted.
        const there = statSync(path, { bigint });
        return there.dev === ours.dev && there.ino === ours.ino
          ? null
          : 'another file stands at its path: it was replaced';
      } catch (error) {
        const code = errorCode(error);
        return code === 'ENOENT' || code === 'ENOTDIR'
          ? 'it does not stand at its path any more: it was deleted or moved'
          : `its path cannot be looked at (${String(code)})`;
      }
    },
    closed: () =>
      access(dirname(path), constants.W_OK | constants.X_OK).then(
        () => null,
        (error: NodeJS.ErrnoException) => error,
      ),
    room: async () => {
      try {
        const { bavail, bsize } = await statfs(dirname(path));
        return bavail * bsize;
      } catch {
        return Number.POSITIVE_INFINITY;
      }
    },
    // Into the system's memory, which takes less than a turn through the thread pool; the disk is waited for in `sync`.
    append: async (data) => {
      let written = 0;
      while (written < data.length) {
        const bytesWritten = writeSync(handle.fd, data, written, data.length - written);
        if (bytesWritten === 0) throw new Error('nothing could be written');
        written += bytesWritten;
      }
    },
    sync: () => handle.sync(),
    truncate: async (size) => {
      await handle.truncate(size);
      await handle.sync();
    },
    close: () => handle.close(),
  };
}

/** Makes a file's name as durable as its content. Not every system can flush a folder; where it cannot, nothing is done. */
export async function syncFolderOf(path: string): Promise<void> {
  try {
    const handle = await open(dirname(path), 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows cannot open folders: the file system orders the metadata by itself there.
  }
}

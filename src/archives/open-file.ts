import { createHash } from 'node:crypto';
import { constants, createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type Duplex, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { errorCode } from '../text/error-code.ts';
import type { Archive } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { ByteWindow } from './byte-window.ts';
import { memberSplits } from './evidence-path.ts';
import { changeBetween } from './file-change.ts';
import { beginsAsTar } from './tar-header.ts';

/** A file of evidence: on disk, or a member of an archive. */
export interface PlacedFile {
  /** As it is stored there: of a .gz packed. */
  bytes: number;
  modified: Date;
  /** Its bytes as they are stored. */
  stored(): Promise<AsyncIterable<Buffer>>;
  /** Says how it changed since it was looked up; "" when it did not. */
  changed(): Promise<string>;
  /** Is it a member of an archive? */
  packed: boolean;
}

/** Archives that stay open: members are read one after the other, and a directory takes its time to be read. */
const mostOpen = 4;
const openArchives = new Map<string, Promise<Archive>>();

async function opened(path: string, how: () => Promise<Archive>): Promise<Archive> {
  const known = openArchives.get(path);
  if (known) {
    openArchives.delete(path);
    openArchives.set(path, known);
    return known;
  }
  const archive = how();
  archive.catch(() => openArchives.delete(path));
  openArchives.set(path, archive);
  for (const [oldest, ending] of openArchives) {
    if (openArchives.size <= mostOpen) break;
    openArchives.delete(oldest);
    ending.then((one) => one.close()).catch(() => {});
  }
  return archive;
}

/** Kinds of archives that are read. */
export type ArchiveKind = 'zip' | 'tar';

/** The kind of archive that the content of a file is, by its first bytes; null where it is none. */
export function archiveKind(head: Buffer): ArchiveKind | null {
  if (/^PK(?:\u0003\u0004|\u0005\u0006)/.test(head.toString('latin1', 0, 4))) return 'zip';
  return beginsAsTar(head) ? 'tar' : null;
}

/** Readers of archives are loaded with the first one: most evidence is in none. */
async function openArchive(path: string, onDisk: boolean): Promise<Archive> {
  // A damaged beginning does not say it.
  const kind = archiveKind(await headOf(path, 512)) ?? (/\.tar$/i.test(unpackedName(path)) ? 'tar' : 'zip');
  if (kind === 'tar') {
    const { openTar, unpackedTar } = await import('./tar-archive.ts');
    return onDisk && !isPacked(path) ? openTar(path) : unpackedTar(await contentOf(path));
  }
  const { openZip, unpackedZip } = await import('./zip-archive.ts');
  return onDisk && !isPacked(path) ? openZip(path) : unpackedZip(await contentOf(path));
}

/** The archive at a path: a file on disk, or, one level deep, a member of one. Throws where there is none. */
export async function archiveAt(path: string): Promise<Archive> {
  const found = await stat(path).catch(() => null);
  if (found) {
    if (!found.isFile()) throw new ArchiveError('it is not a file');
    return opened(`${path}\0${found.ino}\0${found.size}\0${found.mtimeMs}`, () => openArchive(path, true));
  }
  for (const { archive, member } of memberSplits(path)) {
    if (!(await stat(archive).catch(() => null))?.isFile()) continue;
    const outer = await archiveAt(archive);
    if (outer.has(member)) return opened(path, () => openArchive(path, false));
  }
  throw new ArchiveError('there is no such file', 'ENOENT');
}

/** Looks a file up. Throws as the system does, or an ArchiveError. */
export async function placedFile(path: string): Promise<PlacedFile> {
  let before: Stats;
  try {
    before = await stat(path);
  } catch (error) {
    const member = await placedMember(path);
    if (member) return member;
    throw error;
  }
  if (before.isDirectory()) throw new ArchiveError('it is a folder', 'EISDIR');
  if (!before.isFile()) throw new ArchiveError('it is not a file');
  return {
    bytes: before.size,
    modified: before.mtime,
    packed: false,
    // The stream makes a buffer of that size for each of its reads: of thousands of small files, a small one.
    stored: async () => createReadStream(path, { highWaterMark: Math.min(1 << 20, Math.max(1 << 12, before.size)) }),
    changed: async () => changeBetween(before, await stat(path).catch(() => null)),
  };
}

async function placedMember(path: string): Promise<PlacedFile | null> {
  for (const { archive: outer, member: name } of memberSplits(path)) {
    const archive = await archiveAt(outer).catch((error: unknown) => {
      if (error instanceof ArchiveError && error.code === 'ENOENT') return null;
      throw error;
    });
    const member = archive?.member(name);
    if (!archive || !member) continue;
    const onDisk = await outermost(outer);
    const before = await stat(onDisk);
    return {
      bytes: member.bytes,
      modified: member.modified,
      packed: true,
      stored: async () => (await archiveAt(outer)).bytesOf(name),
      changed: async () => changeBetween(before, await stat(onDisk).catch(() => null)),
    };
  }
  return null;
}

/** The file on disk that holds an archive. */
async function outermost(path: string): Promise<string> {
  for (const { archive } of memberSplits(path)) if ((await stat(archive).catch(() => null))?.isFile()) return archive;
  return path;
}

/** How many bytes one byte can become: 1032 by deflate (zlib's technical details), a block of 128 KiB of 4 bytes by zstd. */
const mostUnpacked = 32_768;

/** Is a file packed, by its name? What is called so and is not packed is read as it is. */
export const isPacked = (path: string): boolean => /\.(?:t?gz|t?zst)$/i.test(path);

/** The name of what is packed in a file: "auth.log.1" of "auth.log.1.gz". */
export const unpackedName = (name: string): string =>
  name.replace(/\.(?:gz|zst)$/i, '').replace(/\.t(?:gz|zst)$/i, '.tar');

/** Gets what a file is as it is stored while its content passes by. */
export interface StoredListener {
  /** Gets its bytes, in their order. */
  stored?(bytes: Buffer): void;
  /** Gets how many of them the content so far came from. */
  consumed?(bytes: number): void;
  /** All of them were seen. */
  ended?(): void;
}

/** The content of a file as it passes by: unpacked where it is a .gz or a .zst. */
export async function contentOf(path: string, listener: StoredListener = {}): Promise<AsyncIterable<Buffer>> {
  const file = await placedFile(path);
  const stored = seen(await file.stored(), listener, !isPacked(path));
  return isPacked(path) ? unpacked(stored, listener) : stored;
}

async function* seen(
  bytes: AsyncIterable<Buffer>,
  listener: StoredListener,
  isContent: boolean,
): AsyncGenerator<Buffer> {
  let reached = 0;
  for await (const piece of bytes) {
    listener.stored?.(piece);
    reached += piece.length;
    if (isContent) listener.consumed?.(reached);
    yield piece;
  }
  listener.ended?.();
}

/** As much is unpacked whatever it comes from: gzip makes at most 1032 bytes of one, and of a log seldom more than 50. */
const freelyUnpacked = 1024 ** 3;
const mostRatio = 1000;
/** Of one file no more is unpacked. */
const mostContent = 1024 ** 4;

/** Throws an ArchiveError where content is more than any evidence can become: a bomb. */
function refuseBomb(content: number, packed: number): void {
  if (content > mostContent) throw new ArchiveError('what is packed in it is larger than 1 TiB');
  if (content > freelyUnpacked && content > mostRatio * packed)
    throw new ArchiveError(`it becomes more than ${mostRatio} times its size when it is unpacked, as a bomb does`);
}

/** By their first bytes: gzip (RFC 1952) and Zstandard (RFC 8878), which Node reads since 22.15. */
function unpackerFor(first: Buffer | undefined): (Duplex & { bytesWritten: number }) | null {
  const begins = first?.toString('latin1', 0, 4) ?? '';
  if (begins.startsWith('\u001f\u008b')) return zlib.createGunzip();
  if (begins !== '\u0028\u00b5\u002f\u00fd') return null;
  if (typeof zlib.createZstdDecompress !== 'function')
    throw new ArchiveError('it is packed by zstd, which this version of Node does not read: unpack it (zstd -d FILE)');
  return zlib.createZstdDecompress();
}

async function* unpacked(stored: AsyncIterable<Buffer>, listener: StoredListener): AsyncGenerator<Buffer> {
  const [first, all] = await withFirst(stored);
  const unpacker = unpackerFor(first);
  if (!unpacker) {
    let reached = 0;
    for await (const piece of all) {
      reached += piece.length;
      listener.consumed?.(reached);
      yield piece;
    }
    return;
  }
  let content = 0;
  const source = Readable.from(all);
  source.on('error', (error) => unpacker.destroy(error));
  try {
    for await (const piece of source.pipe(unpacker)) {
      content += piece.length;
      refuseBomb(content, unpacker.bytesWritten);
      listener.consumed?.(unpacker.bytesWritten);
      yield piece;
    }
  } catch (error) {
    throw packingError(error);
  } finally {
    source.destroy();
    unpacker.destroy();
  }
}

async function withFirst(all: AsyncIterable<Buffer>): Promise<[Buffer | undefined, AsyncIterable<Buffer>]> {
  const iterator = all[Symbol.asyncIterator]();
  const first = await iterator.next();
  const again = async function* (): AsyncGenerator<Buffer> {
    try {
      if (!first.done) yield first.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return [first.done ? undefined : first.value, again()];
}

function packingError(error: unknown): unknown {
  const code = errorCode(error);
  if (!/^(?:Z_|ZSTD_|ERR_ZSTD)/.test(code)) return error;
  const because = code === 'Z_BUF_ERROR' ? 'its end is missing' : 'what is packed in it is damaged';
  return new ArchiveError(because, code, { cause: error });
}

/**
 * The first bytes of a file's content, at most `most`. Where packed content is damaged within them, `damaged` gets why, and the bytes
 * before it count; without it, or where there are none, that is thrown.
 */
export async function headOf(path: string, most: number, damaged?: (error: ArchiveError) => void): Promise<Buffer> {
  const onDisk = isPacked(path) ? null : await headOnDisk(path, most);
  if (onDisk) return onDisk;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of await contentOf(path)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= most) break;
    }
  } catch (error) {
    if (!damaged || bytes === 0 || !(error instanceof ArchiveError)) throw error;
    damaged(error);
  }
  return Buffer.concat(pieces).subarray(0, most);
}

/** The first bytes of a file on disk, without a stream for each of many thousand files; null where it cannot be read so. */
async function headOnDisk(path: string, most: number): Promise<Buffer | null> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => null);
  if (!handle) return null;
  try {
    const found = await handle.stat();
    if (!found.isFile()) return null;
    const head = Buffer.alloc(Math.min(most, found.size));
    let length = 0;
    while (length < head.length) {
      const { bytesRead } = await handle.read(head, length, head.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    // A file of a system (/proc) says that it is empty.
    return found.size === 0 ? null : head.subarray(0, length);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** A file that is open for reading at any place of its content. */
export interface RandomAccessFile {
  /** Of the content; where only its end shows it, as far as it was read. */
  readonly size: number;
  /** The content is no larger. */
  readonly atMost: number;
  read(into: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  /** Says how it changed since it was opened; "" when it did not. */
  changed(): Promise<string>;
  /**
   * Size and SHA-256 of what is stored, once all was read, where that is not the content; null where it is.
   */
  storedDigest(): Promise<{ bytes: number; sha256: string } | null>;
  close(): Promise<void>;
}

/** Opens a file. Throws as the system does, or an ArchiveError. */
export async function openFile(path: string): Promise<RandomAccessFile> {
  const onDisk = await stat(path).catch(() => null);
  if (!onDisk || isPacked(path)) return packedFile(path, await placedFile(path));
  // Opening a pipe that has no writer would wait forever.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const before = await statOf(handle);
  return {
    size: before.size,
    atMost: before.size,
    read: (into, offset, length, position) => handle.read(into, offset, length, position),
    changed: async () => changeBetween(before, await handle.stat()),
    storedDigest: async () => null,
    close: () => handle.close(),
  };
}

async function statOf(handle: FileHandle): Promise<Stats> {
  const found = await handle.stat();
  if (found.isFile()) return found;
  await handle.close();
  throw found.isDirectory() ? new ArchiveError('it is a folder', 'EISDIR') : new ArchiveError('it is not a file');
}

function packedFile(path: string, file: PlacedFile): RandomAccessFile {
  const window = new ByteWindow(() => contentOf(path));
  const packed = isPacked(path);
  return {
    get size() {
      return packed ? window.reached : file.bytes;
    },
    atMost: packed ? file.bytes * mostUnpacked : file.bytes,
    read: (into, offset, length, position) => window.read(into, offset, length, position),
    changed: () => file.changed(),
    storedDigest: async () => (packed ? digestOfStored(file) : null),
    close: () => window.close(),
  };
}

/** Size and SHA-256 of a file as it is stored. */
export async function digestOfStored(
  file: PlacedFile,
  read: (bytes: number) => void = () => {},
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of await file.stored()) {
    hash.update(piece);
    bytes += piece.length;
    read(piece.length);
  }
  return { bytes, sha256: hash.digest('hex') };
}

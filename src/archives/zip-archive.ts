import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { counted, listed } from '../text/counts.ts';
import { type Archive, type ArchiveMember, longestName, mostMembers } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { namelessFile } from './nameless-file.ts';
import { OpenArchive } from './open-archive.ts';

type Entry = yauzl.Entry;

/** Opens a .zip on disk. Throws an ArchiveError when it is none, or is damaged. */
export async function openZip(path: string): Promise<Archive> {
  return zipIn(await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
}

/** Opens one that is a member of another archive: its directory is at its end, so it is unpacked to a file without a name. */
export async function unpackedZip(bytes: AsyncIterable<Buffer>): Promise<Archive> {
  return zipIn((await namelessFile(bytes)).handle);
}

async function zipIn(handle: FileHandle): Promise<Archive> {
  try {
    const zip = await yauzl.fromFdPromise(handle.fd, options);
    const { members, entries, remarks } = await directoryOf(zip);
    return new OpenArchive(handle, { members, places: entries, remarks, read: (entry) => bytesOf(zip, entry) });
  } catch (error) {
    await handle.close();
    throw archiveError(error);
  }
}

interface Directory {
  members: ArchiveMember[];
  entries: Map<string, Entry>;
  remarks: string[];
}

async function directoryOf(zip: yauzl.ZipFile): Promise<Directory> {
  const links: string[] = [];
  const members: ArchiveMember[] = [];
  const entries = new Map<string, Entry>();
  let packed = 0;
  for await (const entry of zip.eachEntry()) {
    const name = nameOf(entry);
    packed += entry.compressedSize;
    if (name.endsWith('/')) continue;
    if (members.length >= mostMembers) throw new ArchiveError(`it has more than ${mostMembers} members`);
    // Members can only need more room than the archive has where they share their bytes: a bomb.
    if (packed > zip.fileSize) throw new ArchiveError('its members overlap, as those of a zip bomb do');
    if (isLink(entry)) {
      links.push(name.slice(0, longestName));
      continue;
    }
    const because = refusal(entry, name, entries.has(name));
    members.push({
      name: name.slice(0, longestName),
      bytes: entry.uncompressedSize,
      modified: dateOf(entry),
      because,
    });
    if (because === '') entries.set(name, entry);
  }
  const remarks =
    links.length > 0
      ? [`${counted(links.length, 'symbolic link')} in it, not followed: ${listed(links, linksTold)}`]
      : [];
  return { members, entries, remarks };
}

const linksTold = 3;

/** Systems whose attributes of a file are those of Unix: Unix, and OS X (APPNOTE 6.3.10, 4.4.2). */
const unix = new Set([3, 19]);
const fileTypes = 0o170000;
const symbolicLink = 0o120000;

/** Is it a symbolic link? Its content is the path that it leads to, which no system lets be longer than a name. */
const isLink = ({ versionMadeBy, externalFileAttributes, uncompressedSize }: Entry): boolean =>
  unix.has(versionMadeBy >>> 8) &&
  ((externalFileAttributes >>> 16) & fileTypes) === symbolicLink &&
  uncompressedSize <= longestName;

/**
 * The name by the flag or the extra field that say how it is written, else in code page 437 (APPNOTE 6.3.10, appendix D). Many writers set no flag
 * and write UTF-8; what is UTF-8 is hardly ever anything else.
 */
function nameOf({ generalPurposeBitFlag: flags, fileNameRaw: raw, extraFields }: Entry): string {
  const named = yauzl.getFileNameLowLevel(flags, raw, extraFields, false);
  const isUnsaid = (flags & 0x800) === 0 && named === yauzl.getFileNameLowLevel(flags, raw, [], false);
  return isUnsaid && isUtf8(raw) ? raw.toString('utf8').replaceAll('\\', '/') : named;
}

async function* bytesOf(zip: yauzl.ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  try {
    yield* checked(await zip.openReadStreamPromise(entry), entry.crc32);
  } catch (error) {
    throw archiveError(error);
  }
}

const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true };

function refusal(entry: Entry, name: string, again: boolean): string {
  if (name.length > longestName) return 'its name is longer than 4096 characters';
  // Nothing is written by these names, but who reads the report may unpack the archive.
  if (yauzl.validateFileName(name.replaceAll('\\', '/')) !== null) return 'its name leads out of the archive';
  if (entry.isEncrypted()) return 'it is protected by a password: unpack it with that, and name the folder';
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    return `it is packed by method ${entry.compressionMethod}, which is not read`;
  return again ? 'the archive has another member of this name' : '';
}

function dateOf(entry: Entry): Date {
  const date = entry.getLastModDate();
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

async function* checked(stream: AsyncIterable<Buffer>, expected: number): AsyncGenerator<Buffer> {
  let sum = 0;
  try {
    for await (const piece of stream) {
      sum = crc32(piece, sum);
      yield piece;
    }
  } catch (error) {
    throw archiveError(error);
  }
  if (sum !== expected) throw new ArchiveError('what is unpacked does not match the checksum in its archive');
}

function archiveError(error: unknown): Error {
  if (error instanceof ArchiveError || !(error instanceof Error)) return error as Error;
  const code = 'code' in error ? String(error.code) : '';
  // The system's own errors keep their codes, which other code puts into words.
  if (/^E[A-Z]+$/.test(code)) return error;
  return new ArchiveError(`its archive is damaged (${error.message.slice(0, 200)})`, '', { cause: error });
}

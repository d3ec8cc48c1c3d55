import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { type Archive, type ArchiveMember, longestName, mostMembers } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { namelessFile } from './nameless-file.ts';

type Entry = yauzl.Entry;

/** A .zip that is open: its members, and their bytes. */
export class ZipArchive implements Archive {
  readonly remarks: readonly string[] = [];
  readonly members: readonly ArchiveMember[];
  readonly #zip: yauzl.ZipFile;
  readonly #handle: FileHandle;
  readonly #entries: ReadonlyMap<string, Entry>;
  /** The first member of each name. */
  readonly #byName: ReadonlyMap<string, ArchiveMember>;
  /** Members that are being read; the file is closed after the last. */
  #reading = 0;
  #closing = false;

  private constructor(
    zip: yauzl.ZipFile,
    handle: FileHandle,
    members: readonly ArchiveMember[],
    entries: ReadonlyMap<string, Entry>,
  ) {
    this.#zip = zip;
    this.#handle = handle;
    this.members = members;
    this.#entries = entries;
    this.#byName = new Map(members.toReversed().map((one) => [one.name, one]));
  }

  /** Opens an archive on disk. Throws an ArchiveError when it is none, or is damaged. */
  static async open(path: string): Promise<ZipArchive> {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return await ZipArchive.#of(await yauzl.fromFdPromise(handle.fd, options), handle);
    } catch (error) {
      await handle.close();
      throw archiveError(error);
    }
  }

  /** Opens an archive that is a member of another: its directory is at its end, so it is unpacked to a file without a name. */
  static async unpacked(bytes: AsyncIterable<Buffer>): Promise<ZipArchive> {
    const { handle } = await namelessFile(bytes);
    try {
      return await ZipArchive.#of(await yauzl.fromFdPromise(handle.fd, options), handle);
    } catch (error) {
      await handle.close();
      throw archiveError(error);
    }
  }

  static async #of(zip: yauzl.ZipFile, handle: FileHandle): Promise<ZipArchive> {
    const members: ArchiveMember[] = [];
    const entries = new Map<string, Entry>();
    let packed = 0;
    for await (const entry of zip.eachEntry()) {
      const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      packed += entry.compressedSize;
      if (name.endsWith('/')) continue;
      if (members.length >= mostMembers) throw new ArchiveError(`it has more than ${mostMembers} members`);
      // Members can only need more room than the archive has where they share their bytes: a bomb.
      if (packed > zip.fileSize) throw new ArchiveError('its members overlap, as those of a zip bomb do');
      const because = refusal(entry, name, entries.has(name));
      members.push({
        name: name.slice(0, longestName),
        bytes: entry.uncompressedSize,
        modified: dateOf(entry),
        because,
      });
      if (because === '') entries.set(name, entry);
    }
    return new ZipArchive(zip, handle, members, entries);
  }

  member(name: string): ArchiveMember | undefined {
    return this.#byName.get(name);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The unpacked bytes of a member. They throw an ArchiveError where they are not what the archive's directory says. */
  async bytesOf(name: string): Promise<AsyncIterable<Buffer>> {
    const entry = this.#entries.get(name);
    if (!entry) {
      const because = this.member(name)?.because;
      throw new ArchiveError(because || 'the archive has no such member', because ? '' : 'ENOENT');
    }
    return this.#bytes(entry);
  }

  async *#bytes(entry: Entry): AsyncGenerator<Buffer> {
    this.#reading += 1;
    try {
      yield* checked(await this.#zip.openReadStreamPromise(entry), entry.crc32);
    } catch (error) {
      throw archiveError(error);
    } finally {
      this.#reading -= 1;
      if (this.#closing) await this.close();
    }
  }

  /** Closes the file, as soon as no member of it is being read. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#reading === 0) await this.#handle.close();
  }
}

const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true };

function refusal(entry: Entry, name: string, again: boolean): string {
  if (name.length > longestName) return 'its name is longer than 4096 characters';
  // Nothing is written by these names, but who reads the report may unpack the archive.
  if (yauzl.validateFileName(name.replaceAll('\\', '/')) !== null) return 'its name leads out of the archive';
  if (entry.isEncrypted()) return 'it is protected by a password';
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

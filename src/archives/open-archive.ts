import type { FileHandle } from 'node:fs/promises';
import type { Archive, ArchiveMember } from './archive.ts';
import { ArchiveError } from './archive-error.ts';

/** The members of an archive, and the places of those that can be read. */
export interface ArchiveContent<Place> {
  members: readonly ArchiveMember[];
  places: ReadonlyMap<string, Place>;
  remarks: readonly string[];
  /** The unpacked bytes of the member at a place. Throws an ArchiveError where they are not what the archive says. */
  read(place: Place): AsyncIterable<Buffer>;
}

/** An archive of any kind, in a file that stays open as long as a member of it is being read. */
export class OpenArchive<Place> implements Archive {
  readonly members: readonly ArchiveMember[];
  readonly remarks: readonly string[];
  readonly #handle: FileHandle;
  readonly #content: ArchiveContent<Place>;
  /** The first member of each name. */
  readonly #byName: ReadonlyMap<string, ArchiveMember>;
  /** Members that are being read; the file is closed after the last. */
  #reading = 0;
  #closing = false;

  constructor(handle: FileHandle, content: ArchiveContent<Place>) {
    this.#handle = handle;
    this.#content = content;
    this.members = content.members;
    this.remarks = content.remarks;
    this.#byName = new Map(content.members.toReversed().map((one) => [one.name, one]));
  }

  member(name: string): ArchiveMember | undefined {
    return this.#byName.get(name);
  }

  has(name: string): boolean {
    return this.#content.places.has(name);
  }

  async bytesOf(name: string): Promise<AsyncIterable<Buffer>> {
    const place = this.#content.places.get(name);
    if (place === undefined) {
      const because = this.member(name)?.because;
      throw new ArchiveError(because || 'the archive has no such member', because ? '' : 'ENOENT');
    }
    return this.#bytes(place);
  }

  async *#bytes(place: Place): AsyncGenerator<Buffer> {
    this.#reading += 1;
    try {
      yield* this.#content.read(place);
    } finally {
      this.#reading -= 1;
      if (this.#closing) await this.close();
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#reading === 0) await this.#handle.close();
  }
}

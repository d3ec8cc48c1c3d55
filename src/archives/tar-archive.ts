import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { counted, listed, verb } from '../text/counts.ts';
import { type Archive, type ArchiveMember, longestName, mostMembers } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { namelessFile } from './nameless-file.ts';
import { OpenArchive } from './open-archive.ts';
import { blockSize, dateOf, paxRecords, type TarHeader, tarHeader } from './tar-header.ts';

/** Names and records in headers of their own; more is no name. */
const largestExtra = 1024 * 1024;
const pieceSize = 1024 * 1024;
const damagesTold = 3;
const exampleLength = 200;

/** Opens a .tar on disk. Throws an ArchiveError when it is none. */
export async function openTar(path: string): Promise<Archive> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  return tarIn(handle, (await handle.stat()).size);
}

/** Opens one that is packed, or a member of another archive: its bytes are unpacked to a file without a name. */
export async function unpackedTar(bytes: AsyncIterable<Buffer>): Promise<Archive> {
  let because = '';
  const { handle, size } = await namelessFile(untilDamage(bytes, (told) => (because = told)));
  return tarIn(handle, size, because);
}

/** Its members are found by their headers, one after the other, and read in place. */
async function tarIn(handle: FileHandle, size: number, because = ''): Promise<Archive> {
  try {
    const index = new TarIndex(handle, size);
    await index.read();
    if (because !== '') index.remark(because);
    const { members, places } = index;
    return new OpenArchive(handle, { members, places, remarks: index.remarks(), read: (at) => bytesAt(handle, at) });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* bytesAt(handle: FileHandle, { at, bytes, missing }: Place): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes; from += pieceSize) {
    const piece = Buffer.alloc(Math.min(pieceSize, bytes - from));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at + from);
    if (bytesRead > 0) yield piece.subarray(0, bytesRead);
    if (bytesRead < piece.length) throw new ArchiveError('the archive was cut while it was read');
  }
  if (missing) throw new ArchiveError('its archive ends within it');
}

/** Where the bytes of a member are, and how many are there. */
interface Place {
  at: number;
  bytes: number;
  missing: boolean;
}

/** Reads the headers of an archive from its beginning to its end; what follows on an end that was written is read too. */
class TarIndex {
  readonly members: ArchiveMember[] = [];
  readonly places = new Map<string, Place>();
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #damages: string[] = [];
  #damaged = 0;
  #extra = new Map<string, string>();
  /** Records for all members that follow. */
  #global = new Map<string, string>();
  readonly #linksOut: string[] = [];
  #outward = 0;
  #devices = 0;
  #headers = 0;
  /** Targets of hard links: their content is that of the member. */
  readonly #hardLinks = new Set<string>();
  #block = Buffer.alloc(64 * blockSize);
  #blockAt = 0;
  #blockLength = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  remark(because: string): void {
    this.#damaged += 1;
    if (this.#damages.length < damagesTold) this.#damages.push(because);
  }

  remarks(): string[] {
    return [
      ...this.#lostLinks(),
      ...this.#damages,
      ...(this.#damaged > this.#damages.length
        ? [`it is damaged at ${counted(this.#damaged - this.#damages.length, 'more place')}`]
        : []),
      ...(this.#outward > 0
        ? [
            `${counted(this.#outward, 'link')} in it that ${verb(this.#outward, 'leads', 'lead')} out of the archive, not followed: ${this.#linksOut.join(', ')}${this.#outward > this.#linksOut.length ? ', …' : ''}`,
          ]
        : []),
      ...(this.#devices > 0
        ? [`${counted(this.#devices, 'member')} in it that ${verb(this.#devices, 'is', 'are')} no file`]
        : []),
    ];
  }

  #lostLinks(): string[] {
    const lost = [...this.#hardLinks].filter((target) => !this.places.has(target));
    return lost.length > 0
      ? [
          `the content of ${counted(lost.length, 'hard link')} is not in it: ${listed(lost, damagesTold).slice(0, exampleLength)}`,
        ]
      : [];
  }

  /** Throws an ArchiveError where no header is found at its beginning, or too many members. */
  async read(): Promise<void> {
    let at = 0;
    let lostFrom = -1;
    while (at + blockSize <= this.#size) {
      const block = await this.#blockOf(at);
      const header = isEmpty(block) ? null : tarHeader(block);
      if (!header) {
        if (!isEmpty(block) && lostFrom < 0) lostFrom = at;
        at += blockSize;
        continue;
      }
      if (lostFrom >= 0) this.remark(`no member begins from byte ${lostFrom} to byte ${at}: what is there is not read`);
      lostFrom = -1;
      this.#headers += 1;
      at = await this.#take(header, at + blockSize);
    }
    if (this.#headers === 0) throw new ArchiveError('it is no tar archive');
    if (lostFrom >= 0) this.remark(`no member begins from byte ${lostFrom} to its end: what is there is not read`);
    else if (at > this.#size || this.#size % blockSize !== 0) this.remark('its end is missing');
  }

  /** Takes a member whose content is at `at`; gives the place behind it. */
  async #take(header: TarHeader, at: number): Promise<number> {
    const { type } = header;
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (header.size > largestExtra) this.remark(`a header of ${header.size} bytes at byte ${at} is not read`);
      else {
        const content = Buffer.alloc(header.size);
        const { bytesRead } = await this.#handle.read(content, 0, content.length, at);
        this.#learn(type, content.subarray(0, bytesRead));
      }
      return at + filled(header.size);
    }
    const own = (name: string): string | undefined => this.#extra.get(name) ?? this.#global.get(name);
    const told = own('size');
    const size = told !== undefined && /^\d{1,15}$/.test(told) ? Number(told) : header.size;
    // Links, folders and devices have no content, whatever their size says.
    const hasContent = !/[1-6]/.test(type);
    const name = own('path') ?? header.name;
    const seconds = Number(own('mtime') ?? Number.NaN);
    const link = own('linkpath') ?? header.link;
    const sparse = type === 'S' || [...this.#extra.keys()].some((key) => key.startsWith('GNU.sparse.'));
    this.#extra = new Map();
    if (type === '2' || type === '1') this.#takeLink(name, link, type === '2');
    else if (type === '5' || name.endsWith('/')) {
      // Its members come by themselves.
    } else if (!/[07S]/.test(type)) this.#devices += 1;
    else {
      const modified = Number.isFinite(seconds) ? dateOf(seconds) : header.modified;
      this.#takeFile({ name, bytes: size, modified, because: '' }, at, sparse);
    }
    return at + (hasContent ? filled(size) : 0);
  }

  #learn(type: string, content: Buffer): void {
    if (type === 'x') for (const [key, value] of paxRecords(content)) this.#extra.set(key, value);
    else if (type === 'g') this.#global = new Map([...this.#global, ...paxRecords(content)]);
    else this.#extra.set(type === 'L' ? 'path' : 'linkpath', content.toString('utf8').split('\0', 1)[0] ?? '');
  }

  #takeLink(name: string, target: string, symbolic: boolean): void {
    if (!symbolic && this.#hardLinks.size < mostMembers) this.#hardLinks.add(asUnpacked(target));
    // A hard link is named by its path in the archive, a symbolic one by that from its own folder.
    const whole = symbolic && !target.startsWith('/') ? `${name.replace(/[^/]*$/, '')}${target}` : target;
    if (!leadsOut(whole) && !(symbolic && target.startsWith('/'))) return;
    this.#outward += 1;
    if (this.#linksOut.length < damagesTold) this.#linksOut.push(`${name} -> ${target}`.slice(0, exampleLength));
  }

  #takeFile(member: ArchiveMember, at: number, sparse: boolean): void {
    if (this.members.length >= mostMembers) throw new ArchiveError(`it has more than ${mostMembers} members`);
    const name = asUnpacked(member.name);
    const because = refusal(name, sparse, this.places.has(name));
    this.members.push({ ...member, name: name.slice(0, longestName), because });
    if (because !== '') return;
    const there = Math.max(0, Math.min(member.bytes, this.#size - at));
    this.places.set(name, { at, bytes: there, missing: there < member.bytes });
  }

  async #blockOf(at: number): Promise<Buffer> {
    if (at < this.#blockAt || at + blockSize > this.#blockAt + this.#blockLength) {
      this.#blockAt = at;
      this.#blockLength = (await this.#handle.read(this.#block, 0, this.#block.length, at)).bytesRead;
    }
    return this.#block.subarray(at - this.#blockAt, at - this.#blockAt + blockSize);
  }
}

/** As tar unpacks it: "./var/log" and "/var/log" are "var/log". */
const asUnpacked = (name: string): string => name.replace(/^(?:\.?\/)+/, '');

const filled = (size: number): number => Math.ceil(size / blockSize) * blockSize;

const zeros = Buffer.alloc(blockSize);
const isEmpty = (block: Buffer): boolean => block.equals(zeros);

/** What comes before the damage of a packed archive; its members count. */
async function* untilDamage(bytes: AsyncIterable<Buffer>, told: (because: string) => void): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    told(error.message);
  }
}

/** Does a path go above the folder that it begins in? */
function leadsOut(path: string): boolean {
  let depth = 0;
  for (const part of path.split(/[\\/]/)) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function refusal(name: string, sparse: boolean, again: boolean): string {
  if (name.length > longestName) return 'its name is longer than 4096 characters';
  // Nothing is written by these names, but who reads the report may unpack the archive.
  if (name.split(/[\\/]/).includes('..') || /^[a-z]:[\\/]/i.test(name)) return 'its name leads out of the archive';
  if (sparse) return 'it is kept without its zeros (tar --sparse), which is not read: unpack the archive with tar';
  return again ? 'the archive has another member of this name' : '';
}

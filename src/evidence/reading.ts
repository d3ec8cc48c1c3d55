import { isPacked, placedFile } from '../archives/open-file.ts';
import { counted } from '../text/counts.ts';
import { type EvidenceDigest, StoredDigest } from './evidence-digest.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { FileDigest } from './file-digest.ts';
import { ReadThreads } from './read-threads.ts';
import type { Progress } from './source.ts';
import { DiskText, PackedText, type TextContent } from './text-content.ts';
import { ColumnsChanged, type OwnColumns } from './text-export.ts';
import { ThreadLost } from './watched-thread.ts';

/** How much of the files has been read, in bytes. Files that are read again make it more. */
export interface QueryProgress {
  bytes: number;
  of: number;
}

/** Whether the bytes of a file are read as a query asks for its rows, and digested then. */
const readInPieces = ({ format, shape }: EvidenceFile): boolean =>
  (format === 'csv' || format === 'jsonl' || format === 'json') && shape === undefined;

/** Readings of one file of which each finds other columns. */
const MOST_LESSONS = 10;

/** Files with the bytes of another that are named each. */
const COPIES_TOLD = 3;

/** How much larger a packed log is, mostly. */
const USUAL_RATIO = 10;

/** Bytes between two reports. */
const STEP = 1_048_576;

/** The files of a query as they are read: digests, progress, remarks, and what was found out about their columns. */
export class Reading {
  /** Without copies, once it has begun. */
  files: readonly EvidenceFile[];
  readonly #named: readonly EvidenceFile[];
  readonly notes: string[] = [];
  /** By path: what all rows of a file said of its columns. */
  readonly learned = new Map<string, OwnColumns>();
  /** Files that are read without further threads: one ran out of memory. */
  readonly alone = new Set<string>();
  #lessons = 0;
  readonly #onProgress: (progress: QueryProgress) => void;
  readonly #digests = new Map<string, FileDigest>();
  readonly #packed = new Map<string, StoredDigest>();
  /** Threads that read what is not read in place. */
  readonly threads: ReadThreads;
  #of = 0;
  #bytes = 0;
  #reported = 0;

  /** `memory`: bytes that the query may take; a thread beside it gets a part. */
  constructor(files: readonly EvidenceFile[], onProgress: (progress: QueryProgress) => void, memory?: number) {
    this.files = files;
    this.#named = files;
    this.#onProgress = onProgress;
    this.threads = new ReadThreads({
      progress: this.progress,
      ended: (path, sha256) => {
        if (sha256 !== undefined) this.#packed.get(path)?.made(sha256);
      },
      ...(memory === undefined ? {} : { memory }),
    });
  }

  /** Takes further bytes that were read. */
  readonly progress: Progress = (bytes) => {
    this.#bytes += bytes;
    if (this.#bytes - this.#reported < STEP) return;
    this.#reported = this.#bytes;
    // A further pass over the files begins.
    while (this.#bytes > this.#of) this.#of += Math.max(this.#bytes - this.#of, this.#once);
    this.#onProgress({ bytes: this.#bytes, of: this.#of });
  };
  #once = 0;

  /** Looks the files up. What is packed is digested now, what is on disk while it is read. */
  async begin(): Promise<void> {
    const packed = new Map<string, EvidenceFile>();
    for (const file of this.files) {
      if (this.#digests.has(file.path) || packed.has(file.path)) continue;
      const placed = await placedFile(file.path).catch(() => undefined);
      this.#once += placed?.bytes ?? 0;
      if (placed && !placed.packed && !isPacked(file.path) && readInPieces(file))
        this.#digests.set(file.path, new FileDigest(file.path, this.progress));
      else packed.set(file.path, file);
    }
    this.#of = Math.max(1, this.#once);
    for (const file of packed.values()) {
      const digest = await this.attempt(file, async () => {
        const stored = await StoredDigest.of(file.path, this.progress);
        if (!readInPieces(file)) await stored.digest();
        return stored;
      });
      if (digest) this.#packed.set(file.path, digest);
    }
    await this.#leaveOutCopies();
  }

  /** Files that were found and have the bytes of another: what they hold counts once. */
  async #leaveOutCopies(): Promise<void> {
    const first = new Map<string, string>();
    const kept: EvidenceFile[] = [];
    let copies = 0;
    const sizes = this.#filesBySize();
    for (const file of this.files) {
      const { path, table, found } = file;
      const digest = await this.attempt(file, () => this.#digestIfCopied(path, sizes));
      const key = `${digest} ${table}`;
      const earlier = first.get(key);
      if (digest !== undefined && earlier === undefined) first.set(key, path);
      if (digest === undefined || found !== true || earlier === undefined || earlier === path) kept.push(file);
      else {
        copies += 1;
        if (copies <= COPIES_TOLD) this.note(`${path}: the same bytes as ${earlier}, read once`);
      }
    }
    if (copies > COPIES_TOLD)
      this.note(`${counted(copies - COPIES_TOLD, 'more file')} with the bytes of another, read once`);
    this.files = kept;
  }

  /** The digest of a file where another has as many bytes; that of others is made as they are read. */
  async #digestIfCopied(path: string, sizes: ReadonlyMap<number, number>): Promise<string | undefined> {
    const onDisk = this.#digests.get(path);
    const packed = this.#packed.get(path);
    if ((sizes.get(onDisk?.bytes ?? packed?.bytes ?? 0) ?? 0) < 2) return undefined;
    return onDisk ? onDisk.sha256 : (await packed?.digest())?.sha256;
  }

  /** How many files there are of each size, in bytes. */
  #filesBySize(): Map<number, number> {
    const sizes = new Map<number, number>();
    const add = ({ bytes }: { bytes: number }): void => {
      sizes.set(bytes, (sizes.get(bytes) ?? 0) + 1);
    };
    for (const onDisk of this.#digests.values()) add(onDisk);
    for (const packed of this.#packed.values()) add(packed);
    return sizes;
  }

  /** The text of a file, in the way in which it is read. */
  contentOf(path: string): TextContent {
    const onDisk = this.#digests.get(path);
    const threads = this.alone.has(path) ? undefined : this.threads;
    if (onDisk) return new DiskText(onDisk, threads);
    return new PackedText(path, this.#packed.get(path)?.bytes ?? 0, threads);
  }

  /** Bytes of a file, about what they are unpacked. */
  bytesOf(path: string): number {
    const bytes = (this.#digests.get(path) ?? this.#packed.get(path))?.bytes ?? 0;
    return isPacked(path) ? bytes * USUAL_RATIO : bytes;
  }

  /** Does something with a file that may be unreadable: one that was found is remarked on, one that was named ends it. */
  async attempt<T>(file: EvidenceFile, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!this.remarksOn(file, error)) throw fileFailure(file.path, error);
      return undefined;
    }
  }

  /** Remarks on damage that ended the reading of a file; false where it is an error. */
  remarksOn({ path, found }: EvidenceFile, error: unknown): boolean {
    if (found !== true || !(error instanceof EvidenceError)) return false;
    this.note(`not read to its end: ${fileFailure(path, error).message}`);
    return true;
  }

  /** Takes in what ended a reading; says whether the files are to be read anew with what is known now. */
  again(error: unknown): boolean {
    if (error instanceof ColumnsChanged) this.learn(error.file, error.columns);
    else if (error instanceof ThreadLost && !this.alone.has(error.file)) {
      this.alone.add(error.file);
      this.note(
        `${error.file}: read without further threads, since one needed more than the ${error.megabytes} MB that it may take`,
      );
    } else return false;
    return true;
  }

  /** Keeps what all rows of a file said of its columns. Throws where that differs each time: it is being written. */
  learn(file: string, columns: OwnColumns): void {
    this.#lessons += 1;
    if (this.#lessons > MOST_LESSONS * this.files.length)
      throw new EvidenceError(file, 'its columns are others each time that it is read: it is being written');
    this.learned.set(file, columns);
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Reads what has not been read, and gives the digests of all files, each once, in their order. */
  async end(): Promise<EvidenceDigest[]> {
    const digests: EvidenceDigest[] = [];
    for (const path of new Set(this.#named.map((file) => file.path))) {
      const onDisk = this.#digests.get(path)?.finish();
      const packed = this.#packed.get(path);
      const digest = onDisk?.digest ?? (packed && (await this.#digestOf(packed)));
      if (!digest) continue;
      digests.push(digest);
      if (onDisk ? onDisk.changed : await packed?.changed())
        this.note(`${path}: the file changed while it was read; its SHA-256 may be of another state`);
    }
    this.#onProgress({ bytes: this.#of, of: this.#of });
    return digests;
  }

  /** That of a file that was found may not be made to its end. */
  async #digestOf(packed: StoredDigest): Promise<EvidenceDigest | undefined> {
    const file = this.#named.find(({ path }) => path === packed.path);
    return file && this.attempt(file, () => packed.digest());
  }

  /** Ends the threads. */
  close(): void {
    this.threads.close();
  }
}

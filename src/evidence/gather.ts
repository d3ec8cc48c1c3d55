import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { ArchiveError } from '../archives/archive-error.ts';
import { baseName, memberPath } from '../archives/evidence-path.ts';
import { archiveAt, placedFile } from '../archives/open-file.ts';
import { isKnownTable } from '../kql/table-schemas.ts';
import { deriveYears, type RotatedLog } from '../syslog/rotation.ts';
import { yearEvidence } from '../syslog/syslog-file.ts';
import { collectedZone } from './collected-zone.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import { type EvidenceFile, type EvidenceFormat, type FileKind, namedFile, type UnreadFile } from './evidence-files.ts';
import { fileKind } from './file-kind.ts';
import { filesMatching, filesUnder, isPattern } from './folder-walk.ts';
import type { Artifact } from './other-artifacts.ts';

/** What the files, folders, patterns and archives hold that a responder named. Plain data: a thread can be given it. */
export interface Evidence {
  /** The files that can be read, in the order in which they were named, and within a folder in that of their names. */
  files: readonly EvidenceFile[];
  /** Archives that were opened. */
  archives: readonly string[];
  /** Files that are evidence, or may be, and are not read, each with the reason. */
  unread: readonly UnreadFile[];
  /** Files in the form of an export, of no table that is known: they can be named, `NAME=FILE`. */
  tableless: readonly string[];
  /** Evidence that other programs read, by its kind: how many files, and their bytes. */
  artifacts: readonly FoundArtifacts[];
  /** Other files: no evidence of a kind that is read, by the ending of their names, most first. */
  others: readonly { ending: string; files: number }[];
}

/** Artifacts of one kind that were found and are not read. */
export interface FoundArtifacts extends Artifact {
  files: number;
  bytes: number;
  /** Of the first ones. */
  paths: readonly string[];
}

export interface GatherOptions {
  /** Takes a file that was named itself, and whose content says no table, or another than `NAME=FILE`. Throws where it can be none. */
  named(given: string): EvidenceFile;
  /** When they are read: no line of a log is from after. */
  now?: Date;
  signal?: AbortSignal;
  /** Gets the number of files that were looked at so far. */
  onProgress?: (looked: number) => void;
}

/**
 * Finds out what evidence there is: files as they are named, the files of folders and of what is in them, those that a
 * pattern names, the members of .zip archives, and of archives in these. Nothing is passed over in silence: what is not
 * read is in `unread` or counted in `others`. Throws what `named` throws, an EvidenceError for a NAME that its FILE cannot have, and when it is aborted.
 */
export async function gatherEvidence(given: readonly string[], options: GatherOptions): Promise<Evidence> {
  const gathering = new Gathering(options);
  for (const one of given) await gathering.add(one);
  const evidence = gathering.evidence();
  return { ...evidence, files: await withYears(evidence.files, options) };
}

const withoutKind = ({ kind: _, ...file }: Extract<FileKind, { kind: 'evidence' }>): Omit<EvidenceFile, 'path'> => file;

const isTextFormat = (format: EvidenceFormat): boolean => format === 'csv' || format === 'json' || format === 'jsonl';

/** A file with the format that its content has: JSON lines are often called .json. */
function asWritten(file: EvidenceFile, kind: FileKind | undefined): EvidenceFile {
  const known = kind?.kind === 'evidence' || kind?.kind === 'tableless';
  return known && isTextFormat(kind.format) && isTextFormat(file.format) ? { ...file, format: kind.format } : file;
}

/** Gives the logs whose lines have no year theirs: it takes a reading, and the logs that were rotated with them. */
async function withYears(
  files: readonly EvidenceFile[],
  { signal, now = new Date() }: GatherOptions,
): Promise<EvidenceFile[]> {
  const logs: RotatedLog[] = [];
  for (const { path, format } of files) {
    if (format !== 'syslog') continue;
    signal?.throwIfAborted();
    const modified = await placedFile(path).then(
      (file) => file.modified,
      () => new Date(0),
    );
    logs.push({ path, modified, evidence: await yearEvidence(path) });
  }
  const years = deriveYears(logs, now);
  const dated: EvidenceFile[] = [];
  for (const file of files) {
    const year = years.get(file.path);
    const zone = year && (await collectedZone(file.path));
    dated.push(year ? { ...file, year: { ...year, ...(zone ? { zone } : {}) } } : file);
  }
  return dated;
}

const pathsKept = 20;

class Gathering {
  readonly #options: GatherOptions;
  readonly #files: EvidenceFile[] = [];
  readonly #archives: string[] = [];
  readonly #unread: UnreadFile[] = [];
  readonly #tableless: string[] = [];
  readonly #artifacts = new Map<string, FoundArtifacts & { paths: string[] }>();
  readonly #others = new Map<string, number>();
  readonly #seen = new Set<string>();
  #looked = 0;

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  evidence(): Evidence {
    const others = [...this.#others].map(([ending, files]) => ({ ending, files })).sort((a, b) => b.files - a.files);
    return {
      files: this.#files,
      archives: this.#archives,
      unread: this.#unread,
      tableless: this.#tableless,
      artifacts: [...this.#artifacts.values()].sort((a, b) => b.bytes - a.bytes),
      others,
    };
  }

  /** Adds what a word of the command line names. */
  async add(given: string): Promise<void> {
    const found = await stat(given).catch(() => null);
    if (found?.isDirectory()) return this.#addAll(await filesUnder(given));
    if (!found && (await isPattern(given))) return this.#addAll(await filesMatching(given));
    const { path, table } = found ? { path: given } : namedFile(given);
    let kind: FileKind | undefined;
    try {
      kind = await fileKind(path);
    } catch (error) {
      // A file that was named and cannot be opened is reported when it is read.
      if (error instanceof ArchiveError && error.code === '' && table === undefined) return this.#failed(path, error);
    }
    if (table !== undefined) return this.#addNamed(given, path, table, kind);
    if (kind?.kind === 'archive') return this.#addArchive(given, 0);
    this.#seen.add(resolve(given));
    if (kind?.kind === 'artifact') await this.#addArtifact(given, kind);
    // A log that was named itself is reported when it is read.
    else if (kind?.kind === 'refused' && !/\.evtx$/i.test(given))
      this.#unread.push({ path: given, because: kind.because });
    else if (kind?.kind !== 'evidence') this.#files.push(asWritten(this.#options.named(given), kind));
    else this.#files.push({ path: given, ...withoutKind(kind) });
  }

  /** Adds `NAME=FILE`: the rows of that table, where it has its kind of rows, and otherwise what is in it, under that name. */
  #addNamed(given: string, path: string, table: string, kind: FileKind | undefined): void {
    this.#seen.add(resolve(path));
    const own = kind?.kind === 'evidence' && kind.table === table;
    // A portal's download has other columns than a table: of another table all would be missing.
    if (
      kind?.kind === 'evidence' &&
      kind.shape !== undefined &&
      !own &&
      kind.table !== undefined &&
      isKnownTable(table)
    )
      throw new EvidenceError(path, `its rows are of ${kind.table}, not of ${table}`);
    this.#files.push(own ? { path, ...withoutKind(kind) } : asWritten(this.#options.named(given), kind));
  }

  async #addAll({ files, unread }: { files: readonly string[]; unread: readonly UnreadFile[] }): Promise<void> {
    for (const path of files) {
      // A file that is named, and lies in a folder that is named too, counts once.
      const whole = resolve(path);
      if (this.#seen.has(whole)) continue;
      this.#seen.add(whole);
      await this.#addFound(path, 0);
    }
    this.#unread.push(...unread);
  }

  /** Adds a file that was found in a folder, or in an archive; `depth` is how many archives it lies in. */
  async #addFound(path: string, depth: number): Promise<void> {
    this.#options.signal?.throwIfAborted();
    this.#looked += 1;
    this.#options.onProgress?.(this.#looked);
    let found: FileKind;
    try {
      found = await fileKind(path);
    } catch (error) {
      return this.#failed(path, error);
    }
    switch (found.kind) {
      case 'archive':
        return this.#addArchive(path, depth);
      case 'evidence':
        this.#files.push({ path, ...withoutKind(found), found: true });
        return;
      case 'refused':
        this.#unread.push({ path, because: found.because });
        return;
      case 'tableless':
        this.#tableless.push(path);
        return;
      case 'artifact':
        return this.#addArtifact(path, found);
      case 'empty':
        this.#unread.push({ path, because: 'it is empty' });
        return;
      case 'stranger': {
        const ending = extname(baseName(path)).toLowerCase();
        this.#others.set(ending, (this.#others.get(ending) ?? 0) + 1);
        return;
      }
    }
  }

  async #addArchive(path: string, depth: number): Promise<void> {
    if (depth > 1) {
      this.#unread.push({ path, because: 'archives are read that lie in an archive, and none within these' });
      return;
    }
    try {
      const { members, remarks } = await archiveAt(path);
      this.#archives.push(path);
      for (const because of remarks) this.#unread.push({ path, because });
      for (const { name, because } of members) {
        const member = memberPath(path, name);
        if (because !== '') this.#unread.push({ path: member, because });
        else await this.#addFound(member, depth + 1);
      }
    } catch (error) {
      this.#failed(path, error);
    }
  }

  async #addArtifact(path: string, { what, cure }: Artifact): Promise<void> {
    const found = this.#artifacts.get(what) ?? { what, cure, files: 0, bytes: 0, paths: [] };
    found.files += 1;
    found.bytes += (await placedFile(path)).bytes;
    if (found.paths.length < pathsKept) found.paths.push(path);
    this.#artifacts.set(what, found);
  }

  #failed(path: string, error: unknown): void {
    this.#options.signal?.throwIfAborted();
    this.#unread.push({ path, because: fileFailure(path, error).why });
  }
}

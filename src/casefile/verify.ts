import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../text/error-code.ts';
import { isPlacedId, requestIdAt } from './anchor.ts';
import { evidenceOf } from './bodies.ts';
import { ChainReader, clockPlay, genesis, type LineInChain } from './chain.ts';
import { checkEvidence } from './evidence.ts';
import { readHead } from './head-note.ts';
import { batchesOf } from './lines.ts';

export type Verification =
  | {
      ok: true;
      entries: number;
      /** Hash of the last entry. */
      head: string;
      /** Evidence files that were checked. */
      evidence: number;
      /** Files in the evidence folder that no entry vouches for: not a breach, yet worth a look. At most 100. */
      unlisted: string[];
    }
  | {
      ok: false;
      /** The first line that is not as it was written, from 1; the one after the last when the end is missing. */
      line: number;
      because: string;
    };

export interface VerifyOptions {
  /** A head that was noted elsewhere (an export, a ticket): an entry must have it, the `entries`th if that is given. */
  head?: string;
  /** How many entries there were when the head was noted; there may be more by now. */
  entries?: number;
  /** Check the evidence files too, which are beside the transcript. Default true. */
  evidence?: boolean;
  /** The case that the transcript must be of: the name of its folder. */
  caseId?: string;
  /** Demand the note beside it (`head.json`), which each case has from its first entry on. Default false. */
  noted?: boolean;
  /** Accept that a loss was found and recorded when the case was opened again. Default false. */
  acceptRecordedLoss?: boolean;
}

/**
 * Is the transcript what was written: every byte of every line, their order, their evidence, and the end as far as the
 * note beside it (`head.json`) and the given anchor show? Reads the file as a stream. Throws only when it cannot be
 * read.
 */
export async function verifyTranscript(file: string, options: VerifyOptions = {}): Promise<Verification> {
  const directory = dirname(file);
  if (await isMissing(file)) return { ok: false, line: 1, because: 'is missing: there is no transcript' };
  const note = await readHead(directory);
  const checkFiles = options.evidence ?? true;
  const listed = new Set<string>();
  const reader = new ChainReader();
  const check = new LineCheck(options, note);
  let previous: LineInChain | null = null;
  for await (const lines of batchesOf(file)) {
    for (const { line, bytes, ended } of lines) {
      if (!ended) return { ok: false, line, because: 'is cut off: its newline is missing' };
      const read = reader.read(bytes, previous);
      if (!read.ok) return { ok: false, line, because: read.because };
      const because = check.wrong(read.line, previous);
      if (because !== null) return { ok: false, line, because };
      if (checkFiles && read.line.namesEvidence) {
        for (const ref of evidenceOf({ body: read.line.body() })) {
          const wrong = await checkEvidence(directory, ref);
          if (wrong !== null) return { ok: false, line, because: `has evidence that does not match: ${wrong}` };
          listed.add(ref.file);
        }
      }
      previous = read.line;
    }
  }
  const entries = previous?.seq ?? 0;
  const missing = (because: string): Verification => ({ ok: false, line: entries + 1, because });
  if (previous === null) return missing('is missing: there is no entry');
  const absent = check.absent(entries);
  if (absent !== null) return missing(absent);
  const unlisted = checkFiles ? await unlistedFiles(directory, listed) : [];
  return { ok: true, entries, head: previous.hash, evidence: listed.size, unlisted };
}

/** Checks of each line beside its form and its place in the chain, and of the whole at its end. */
class LineCheck {
  readonly #options: VerifyOptions;
  readonly #note: Awaited<ReturnType<typeof readHead>>;
  readonly #anchor: string | undefined;
  #anchorSeen: boolean;

  constructor(options: VerifyOptions, note: Awaited<ReturnType<typeof readHead>>) {
    this.#options = options;
    this.#note = note;
    this.#anchor = options.head?.toLowerCase();
    this.#anchorSeen = this.#anchor === undefined || (this.#anchor === genesis && (options.entries ?? 0) === 0);
  }

  /** Why the line is not as it was written, or null. */
  wrong(line: LineInChain, previous: LineInChain | null): string | null {
    const { caseId, acceptRecordedLoss } = this.#options;
    const outOfTime = acceptRecordedLoss === true ? null : timeBreaks(line, previous);
    if (outOfTime !== null) return outOfTime;
    if (caseId !== undefined && previous === null) {
      const { caseId: named } = line.body();
      if (named !== caseId) return `is the header of the case ${String(named).slice(0, 128)}, not of ${caseId}`;
    }
    if (this.#note?.entries === line.seq && this.#note.head !== line.hash) {
      return 'is not the entry that head.json notes';
    }
    if (line.kind === 'intent' && previous !== null) {
      const { clientRequestId: id } = line.body();
      if (isPlacedId(id) && id !== requestIdAt({ entries: previous.seq, head: previous.hash })) {
        return `has the request id ${id}, which the lines before it do not make`;
      }
    }
    if (acceptRecordedLoss !== true && line.kind === 'error') {
      const body = line.body();
      if ('lost' in body) return `records that entries before it were lost: ${String(body.text)}`;
    }
    return this.#anchor === undefined ? null : this.#anchored(this.#anchor, line);
  }

  #anchored(anchor: string, { seq, hash }: LineInChain): string | null {
    const { entries } = this.#options;
    if (entries === seq && anchor !== hash) return `has not the head ${anchor} that was noted`;
    if (anchor !== hash) return null;
    if (entries !== undefined && entries !== seq) return `has the head that was noted for entry ${entries}`;
    this.#anchorSeen = true;
    return null;
  }

  /** Why lines are missing behind the last one, or null. */
  absent(entries: number): string | null {
    const { noted, acceptRecordedLoss, entries: wanted } = this.#options;
    const note = this.#note;
    if (note === null && noted === true && acceptRecordedLoss !== true) {
      return 'may be missing: head.json, which notes how many entries there were, is gone or cannot be read';
    }
    if (note !== null && note.entries > entries && acceptRecordedLoss !== true) {
      return `is missing: head.json notes ${note.entries} entries, there are ${entries}`;
    }
    if (wanted !== undefined && wanted > entries)
      return `is missing: ${wanted} entries were noted, there are ${entries}`;
    return this.#anchorSeen ? null : `is missing: no entry has the head ${this.#anchor ?? ''} that was noted`;
  }
}

/** Why the entry's time cannot follow the one before it; an entry that shows that the clock went back can. */
function timeBreaks(entry: LineInChain, previous: LineInChain | null): string | null {
  // Instants of one length are in order as texts are.
  if (previous === null || (entry.at.length === previous.at.length && entry.at >= previous.at)) return null;
  if (Date.parse(entry.at) >= Date.parse(previous.at) - clockPlay || 'clockWentBack' in entry.body()) return null;
  return `is of ${entry.at}, before the line before it (${previous.at}), and nothing says that the clock went back`;
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return /^(?:ENOENT|ENOTDIR)$/.test(errorCode(error));
  }
}

async function unlistedFiles(directory: string, listed: ReadonlySet<string>): Promise<string[]> {
  try {
    const names = await readdir(join(directory, 'evidence'));
    return names
      .map((name) => `evidence/${name}`)
      .filter((name) => !listed.has(name))
      .sort()
      .slice(0, 100);
  } catch {
    return [];
  }
}

import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Entry } from '../documents/transcript.ts';
import { evidenceOf } from './bodies.ts';
import { breaks, clockPlay, genesis, readLine } from './chain.ts';
import { checkEvidence } from './evidence.ts';
import { readHead } from './head-note.ts';
import { linesOf } from './lines.ts';

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
  const anchorHead = options.head?.toLowerCase();
  const listed = new Set<string>();
  let previous: Entry | null = null;
  let anchorSeen = anchorHead === undefined || (anchorHead === genesis && (options.entries ?? 0) === 0);
  for await (const { line, bytes, ended } of linesOf(file)) {
    if (!ended) return { ok: false, line, because: 'is cut off: its newline is missing' };
    const read = readLine(bytes);
    if (!read.ok) return { ok: false, line, because: read.because };
    const { entry } = read;
    const because = breaks(entry, previous);
    if (because !== null) return { ok: false, line, because };
    const outOfTime = options.acceptRecordedLoss === true ? null : timeBreaks(entry, previous);
    if (outOfTime !== null) return { ok: false, line, because: outOfTime };
    if (options.caseId !== undefined && previous === null && entry.body.caseId !== options.caseId) {
      const because = `is the header of the case ${String(entry.body.caseId).slice(0, 128)}, not of ${options.caseId}`;
      return { ok: false, line, because };
    }
    if (note?.entries === entry.seq && note.head !== entry.hash) {
      return { ok: false, line, because: 'is not the entry that head.json notes' };
    }
    if (options.acceptRecordedLoss !== true && entry.kind === 'error' && 'lost' in entry.body) {
      return { ok: false, line, because: `records that entries before it were lost: ${String(entry.body.text)}` };
    }
    if (anchorHead !== undefined) {
      if (options.entries === entry.seq && anchorHead !== entry.hash) {
        return { ok: false, line, because: `has not the head ${anchorHead} that was noted` };
      }
      if (anchorHead === entry.hash) {
        if (options.entries !== undefined && options.entries !== entry.seq) {
          return { ok: false, line, because: `has the head that was noted for entry ${options.entries}` };
        }
        anchorSeen = true;
      }
    }
    if (checkFiles) {
      for (const ref of evidenceOf(entry)) {
        const wrong = await checkEvidence(directory, ref);
        if (wrong !== null) return { ok: false, line, because: `has evidence that does not match: ${wrong}` };
        listed.add(ref.file);
      }
    }
    previous = entry;
  }
  const entries = previous?.seq ?? 0;
  const missing = (because: string): Verification => ({ ok: false, line: entries + 1, because });
  if (previous === null) return missing('is missing: there is no entry');
  if (note === null && options.noted === true && options.acceptRecordedLoss !== true) {
    return missing('may be missing: head.json, which notes how many entries there were, is gone or cannot be read');
  }
  if (note !== null && note.entries > entries && options.acceptRecordedLoss !== true) {
    return missing(`is missing: head.json notes ${note.entries} entries, there are ${entries}`);
  }
  if (options.entries !== undefined && options.entries > entries) {
    return missing(`is missing: ${options.entries} entries were noted, there are ${entries}`);
  }
  if (!anchorSeen) return missing(`is missing: no entry has the head ${anchorHead ?? ''} that was noted`);
  const unlisted = checkFiles ? await unlistedFiles(directory, listed) : [];
  return { ok: true, entries, head: previous.hash, evidence: listed.size, unlisted };
}

/** Why the entry's time cannot follow the one before it; an entry that shows that the clock went back can. */
function timeBreaks(entry: Entry, previous: Entry | null): string | null {
  if (previous === null || Date.parse(entry.at) >= Date.parse(previous.at) - clockPlay || 'clockWentBack' in entry.body)
    return null;
  return `is of ${entry.at}, before the line before it (${previous.at}), and nothing says that the clock went back`;
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
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

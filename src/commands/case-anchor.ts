import { join } from 'node:path';
import type { Anchor } from '../casefile/anchor.ts';
import { CaseLockedError } from '../casefile/case-lock.ts';
import { type CaseReader, type CaseStore, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { keepStamp, type NotedStamp, stampedText } from '../casefile/time-stamps.ts';
import { TranscriptDamagedError } from '../casefile/transcript.ts';
import { exitCode, Failure } from '../failure.ts';
import type { KeptCase } from '../session/cases/kept-cases.ts';
import { printable } from '../text/printable.ts';
import { askTsa, timeStampQuery, tsaUrl } from '../timestamp/time-stamp-query.ts';
import { verifyTimeStamp } from '../timestamp/time-stamp-token.ts';
import { type CommandStreams, osUser } from './case.ts';
import { demandWhole } from './case-demands.ts';
import { certificatesIn, issuerText } from './time-stamps.ts';

type Certificates = Awaited<ReturnType<typeof certificatesIn>>;

export interface AnchorFlags {
  tsa: string;
  tsaCa?: string;
  cases?: string;
}

/**
 * `cordon case anchor CASE --tsa URL`: has an authority sign that the head of the case was there now, and keeps query and
 * answer beside the case. What does not hold is not kept. Returns the exit code.
 */
export async function caseAnchor(id: string, flags: AnchorFlags, { stdout, stderr }: CommandStreams): Promise<number> {
  const url = tsaUrl(flags.tsa);
  const trusted = flags.tsaCa === undefined ? [] : await certificatesIn(flags.tsaCa);
  const store = openCaseStore(flags.cases ?? defaultCaseRoot());
  const found = await store.read(id);
  const { entries, head } = await demandWhole(found);
  const anchor = { entries, head };
  const { stamp, note, told } = await stampAnchor(found.directory, anchor, url, trusted);
  await record(store, found, note, stamp, stderr);
  stdout.write(`${join(found.directory, stamp.file)}\n`);
  stderr.write(`${told}\n`);
  return exitCode.done;
}

/**
 * Has an authority sign an anchor, and keeps query and answer beside the case in `directory`; what does not hold is not kept.
 * `note` is for the transcript, `told` for the user.
 */
async function stampAnchor(directory: string, anchor: Anchor, url: URL, trusted: Certificates) {
  const text = stampedText(anchor);
  const query = await timeStampQuery(text);
  const answer = await askTsa(url, query);
  const verdict = await verifyTimeStamp({ text, query, answer }, trusted);
  if (!verdict.ok) {
    throw new Failure(
      `the answer of ${printable(url.host, 200)} ${verdict.because}: it is not kept`,
      exitCode.needsAttention,
    );
  }
  const stamp = await keepStamp(directory, anchor, { query, answer });
  const issuer = issuerText(verdict.trusted);
  return {
    stamp,
    note: `${url.host} stamped line ${anchor.entries} at ${verdict.at}`,
    told: printable(`line ${anchor.entries} was there at ${verdict.at}, signs ${verdict.signer}; ${issuer}`, 400),
  };
}

/** The same for a case that is open for writing; resolves to a sentence. Throws a Failure that says why it is not stamped. */
export async function stampOpenCase({ file, actor, broken }: KeptCase, authority: string): Promise<string> {
  const because = broken();
  if (because !== '') throw new Failure(because, exitCode.notVerified);
  const { count, head } = file.transcript;
  const { stamp, note, told } = await stampAnchor(file.directory, { entries: count, head }, tsaUrl(authority), []);
  await file.transcript.append('note', actor, { text: note, timestamp: stamp });
  return `Stamped: ${told}. ${stamp.file}`;
}

/** Notes the stamp in the transcript, where it can be written: else the stamp alone is beside the case. */
async function record(
  store: CaseStore,
  found: CaseReader,
  text: string,
  timestamp: NotedStamp,
  stderr: CommandStreams['stderr'],
): Promise<void> {
  try {
    const open = await store.open(found.id);
    try {
      await open.transcript.append('note', osUser(), { text, timestamp });
    } finally {
      await open.release();
    }
  } catch (error) {
    if (!(error instanceof CaseLockedError || error instanceof TranscriptDamagedError)) throw error;
    stderr.write(`${printable(`This stamp is not noted in the transcript: ${error.message}`, 1024)}\n`);
  }
}

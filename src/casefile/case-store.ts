import { randomInt } from 'node:crypto';
import { mkdir, open as openFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { distance } from 'fastest-levenshtein';
import type { Entry } from '../documents/transcript.ts';
import { errorCode } from '../text/error-code.ts';
import { type CaseHeader, readBody } from './bodies.ts';
import { type CaseLock, type LockHolder, lockCase, lockHolder, removeAbandonedLock } from './case-lock.ts';
import { genesis, longestLine, readLine, sha256 } from './chain.ts';
import { type EvidenceStore, evidenceStore } from './evidence.ts';
import { readHead } from './head-note.ts';
import { linesOf } from './lines.ts';
import { type DoneIntent, intentsOf, type OpenIntent, openIntents } from './recovery.ts';
import { redactText } from './redaction.ts';
import { safeName } from './safe-name.ts';
import { fullBody, openTranscript, readEntries, type Transcript, TranscriptDamagedError } from './transcript.ts';
import { openTranscriptFile, syncFolderOf, type TranscriptFile } from './transcript-file.ts';
import { type Verification, type VerifyOptions, verifyTranscript } from './verify.ts';

const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What the caller knows for the header; the store adds the rest. */
export type HeaderParts = Omit<CaseHeader, 'schema' | 'caseId' | 'host' | 'osUser' | 'timeZoneOffsetMinutes'> &
  Partial<Pick<CaseHeader, 'host' | 'osUser' | 'timeZoneOffsetMinutes'>>;

/** A case as the list shows it, from its first and last line alone. */
export interface CaseSummary {
  id: string;
  vm: { id: string; name: string };
  demo: boolean;
  /** ISO 8601 UTC. */
  createdAt: string;
  lastAt: string;
  entries: number;
  head: string;
  /** Does the last entry close it? */
  closed: boolean;
  /** The process that writes to it now. */
  writer: LockHolder | null;
  /** Why the list is incomplete, or "". */
  unreadable: string;
}

/** A case that is read, by any number of processes, damaged or not. */
export interface CaseReader {
  readonly id: string;
  readonly directory: string;
  /** Path of `transcript.jsonl`. */
  readonly file: string;
  readonly header: CaseHeader;
  /** Oldest first, one at a time. Throws a TranscriptDamagedError at the first line that is not as it was written. */
  entries(): AsyncGenerator<Entry>;
  fullBody(entry: Entry): Promise<Record<string, unknown>>;
  verify(options?: VerifyOptions): Promise<Verification>;
}

/** A case that is open for writing, by this process alone. */
export interface CaseFile extends CaseReader {
  readonly transcript: Transcript;
  readonly evidence: EvidenceStore;
  /** Requests whose outcome is not known (after a crash), to be resolved by asking Azure. */
  openIntents(): Promise<OpenIntent[]>;
  /** The same, and the requests that were done, with their whole bodies. */
  intents(): Promise<{ open: OpenIntent[]; done: DoneIntent[] }>;
  /** Appends a `close` entry and lets others write. */
  close(actor?: string): Promise<void>;
  /** Lets others write, without an entry. */
  release(): Promise<void>;
}

/** There is no such case. */
export class CaseNotFoundError extends Error {
  override name = 'CaseNotFoundError';
  /** The ids that are most like it, nearest first. */
  readonly nearest: string[];
  constructor(id: string, nearest: string[]) {
    const hint = nearest.length === 0 ? 'there are no cases yet' : `nearest: ${nearest.join(', ')}`;
    super(`no case ${safeName(id, 128)}: ${hint}`);
    this.nearest = nearest;
  }
}

export interface CaseStore {
  readonly root: string;
  /** All cases, newest first. */
  list(): Promise<CaseSummary[]>;
  /**
   * Begins a case named `YYYY-MM-DD-<vmname>-<four random letters and digits>` (UTC): two responders on two hosts must not
   * have cases of one name, since Azure's tags show whose a lock is by it.
   */
  create(start: { vmName: string; at?: Date; header: HeaderParts }): Promise<CaseFile>;
  /**
   * Continues a case. Verifies the chain; keeps a line that a crash cut off in `torn-<time>.txt`. Throws a
   * CaseNotFoundError, a CaseLockedError, or a TranscriptDamagedError (then it can only be read). Of an id as much is enough
   * as names one case only.
   */
  open(id: string): Promise<CaseFile>;
  /** Opens a case for reading, also while another process writes to it. Throws a CaseNotFoundError. */
  read(id: string): Promise<CaseReader>;
  /** Ids like this one, nearest first, at most three. */
  nearest(id: string): Promise<string[]>;
  /**
   * Removes what killed processes of this host left behind: their locks, files that are not whole, and cases that have not
   * got their first line.
   */
  tidy(): Promise<void>;
}

export interface StoreOptions {
  now?: () => Date;
  /** How the transcript's file is opened; for tests of failing disks. */
  openTranscriptFile?: (path: string) => Promise<TranscriptFile>;
  /** What distinguishes a case from another of the same VM and day; "" for nothing. Random when absent. */
  distinction?: () => string;
}

/** Letters and digits that are not mistaken for one another (Crockford's base 32), lower case. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const randomDistinction = () => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** `CORDON_CASES`, or `cordon/cases` in the user's data folder. */
export function defaultCaseRoot(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env.CORDON_CASES;
  if (chosen !== undefined && chosen !== '') return chosen;
  return join(envPaths('cordon', { suffix: '' }).data, 'cases');
}

/** The folder of all cases; nothing is created before the first case is. */
export function openCaseStore(root: string = defaultCaseRoot(), options: StoreOptions = {}): CaseStore {
  return new Store(root, options.now ?? (() => new Date()), options);
}

class Store implements CaseStore {
  readonly root: string;
  readonly #now: () => Date;
  readonly #openFile: (path: string) => Promise<TranscriptFile>;
  readonly #distinction: () => string;

  constructor(root: string, now: () => Date, options: StoreOptions) {
    this.root = root;
    this.#now = now;
    this.#openFile = options.openTranscriptFile ?? openTranscriptFile;
    this.#distinction = options.distinction ?? randomDistinction;
  }

  async list(): Promise<CaseSummary[]> {
    const summaries: CaseSummary[] = [];
    for (const id of await this.#ids()) summaries.push(await summarise(this.root, id));
    return summaries.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
  }

  async create(start: { vmName: string; at?: Date; header: HeaderParts }): Promise<CaseFile> {
    const at = start.at ?? this.#now();
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const distinction = this.#distinction();
    const base = `${at.toISOString().slice(0, 10)}-${safeName(start.vmName)}${distinction === '' ? '' : `-${distinction}`}`;
    const { id, directory } = await this.#newFolder(base);
    const lock = await lockCase(directory, this.#now);
    try {
      const header: CaseHeader = {
        ...start.header,
        schema: 'cordon.transcript/1',
        caseId: id,
        host: start.header.host ?? hostname(),
        osUser: start.header.osUser ?? osUser(),
        // getTimezoneOffset counts westwards.
        timeZoneOffsetMinutes: start.header.timeZoneOffsetMinutes ?? 0 - at.getTimezoneOffset(),
      };
      const opened = await this.#writer(directory, null, lock);
      await opened.transcript.append('case', start.header.operator.upn, header);
      await syncFolderOf(opened.transcript.file);
      await syncFolderOf(directory);
      return await opened.asCase(id, this.root);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async open(given: string): Promise<CaseFile> {
    const id = await this.#whole(given);
    const directory = join(this.root, id);
    const file = join(directory, 'transcript.jsonl');
    const lock = await lockCase(directory, this.#now);
    try {
      const torn = await keepTornLine(directory, file, this.#now(), this.#openFile);
      await removeLeftovers(directory);
      const last = await lastVerified(file);
      const note = await readHead(directory);
      const opened = await this.#writer(directory, last, lock);
      await tellWhatWasFound(opened.transcript, {
        torn,
        lost: lossSince(note, last),
        takenFrom: lock.takenFrom,
        unnoted: note === null && last !== null,
      });
      return await opened.asCase(id, this.root);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async read(given: string): Promise<CaseReader> {
    const id = await this.#whole(given);
    return readerOf(id, join(this.root, id));
  }

  async nearest(id: string): Promise<string[]> {
    const wanted = id.slice(0, 128).toLowerCase();
    const ranked = (await this.#ids()).map((known) => {
      const name = known.toLowerCase();
      const alike = name.includes(wanted) || wanted.includes(name);
      return { known, far: distance(wanted, name) - (alike ? 100 : 0) };
    });
    ranked.sort((a, b) => a.far - b.far || (a.known < b.known ? 1 : -1));
    return ranked.slice(0, 3).map(({ known }) => known);
  }

  async tidy(): Promise<void> {
    for (const id of await this.#ids().catch(() => [])) {
      const directory = join(this.root, id);
      try {
        const abandoned = await removeAbandonedLock(directory);
        if (abandoned) await removeLeftovers(directory);
        if ((await lockHolder(directory)) === null && (await isUnbegun(directory))) {
          await rm(directory, { recursive: true });
        }
      } catch {
        // A folder that may not be written to stays as it is.
      }
    }
  }

  async #ids(): Promise<string[]> {
    try {
      const found = await readdir(this.root, { withFileTypes: true });
      return found.filter((item) => item.isDirectory() && idForm.test(item.name)).map((item) => item.name);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** The whole id of a case, from it or from as much of its beginning as names one case only: "2026-11-23-web01". */
  async #whole(given: string): Promise<string> {
    const ids = idForm.test(given) ? await this.#ids() : [];
    if (ids.includes(given)) return given;
    const [only, ...more] = ids.filter((id) => id.startsWith(`${given}-`));
    if (only !== undefined && more.length === 0) return only;
    throw new CaseNotFoundError(given, await this.nearest(given));
  }

  async #newFolder(base: string): Promise<{ id: string; directory: string }> {
    for (let number = 1; number < 10_000; number += 1) {
      const id = number === 1 ? base : `${base}-${number}`;
      const directory = join(this.root, id);
      try {
        await mkdir(directory, { mode: 0o700 });
        return { id, directory };
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    throw new Error(`too many cases named ${base}`);
  }

  async #writer(directory: string, last: Entry | null, lock: CaseLock) {
    const path = join(directory, 'transcript.jsonl');
    const evidence = evidenceStore(directory);
    const file = await this.#openFile(path);
    const transcript = await openTranscript({ path, file, evidence, now: this.#now, last });
    const release = async () => {
      try {
        await transcript.close();
      } finally {
        await lock.release();
      }
    };
    return {
      transcript,
      asCase: async (id: string, root: string): Promise<CaseFile> => ({
        ...(await readerOf(id, join(root, id))),
        entries: () => transcript.entries(),
        // Open for writing: that its folder was renamed, or head.json lost, was found when it was opened.
        verify: (options) => verifyTranscript(path, options),
        transcript,
        evidence,
        openIntents: () => openIntents(transcript.entries()),
        intents: () => intentsOf(whole(transcript)),
        close: async (actor = 'cordon') => {
          try {
            await transcript.append('close', actor, {});
          } finally {
            await release();
          }
        },
        release,
      }),
    };
  }
}

/** The entries, each intent with its whole body. */
async function* whole(transcript: Transcript): AsyncGenerator<Entry> {
  for await (const entry of transcript.entries()) {
    // Evidence that cannot be read leaves the part of the body that the line holds.
    const body = entry.kind === 'intent' ? await transcript.fullBody(entry).catch(() => entry.body) : entry.body;
    yield { ...entry, body };
  }
}

async function readerOf(id: string, directory: string): Promise<CaseReader> {
  const file = join(directory, 'transcript.jsonl');
  return {
    id,
    directory,
    file,
    header: await headerOf(file, id),
    entries: () => readEntries(file),
    fullBody: (entry) => fullBody(directory, entry),
    verify: (options) => verifyTranscript(file, { caseId: id, noted: true, ...options }),
  };
}

/** The header, or as much of it as a damaged first line leaves: the id from the folder, the rest empty. */
async function headerOf(file: string, id: string): Promise<CaseHeader> {
  try {
    for await (const first of linesOf(file)) {
      const read = readLine(first.bytes);
      const header = read.ok ? readBody(read.entry, 'case') : null;
      if (header !== null) return header;
      break;
    }
  } catch {
    // No transcript at all: as empty as a damaged one.
  }
  return {
    schema: 'cordon.transcript/1',
    caseId: id,
    toolVersion: '',
    tenantId: '',
    subscriptionId: '',
    operator: { upn: '', oid: '' },
    host: '',
    osUser: '',
    demo: false,
    cloud: '',
    vm: { id: '', name: '' },
    timeZoneOffsetMinutes: 0,
  };
}

/** Walks the whole chain; the last entry, or null when there is none. Throws a TranscriptDamagedError. */
async function lastVerified(file: string): Promise<Entry | null> {
  const checked = await verifyTranscript(file, { acceptRecordedLoss: true, evidence: false });
  if (!checked.ok) throw new TranscriptDamagedError(file, checked.line, checked.because);
  let last: Entry | null = null;
  for await (const entry of readEntries(file)) last = entry;
  return last;
}

interface Found {
  torn: { file: string; sha256: string; bytes: number } | null;
  lost: { entries: number; head: string } | null;
  takenFrom: LockHolder | null;
  /** head.json, which each case has, was gone. */
  unnoted: boolean;
}

async function tellWhatWasFound(transcript: Transcript, found: Found): Promise<void> {
  const { torn, lost, takenFrom, unnoted } = found;
  if (takenFrom !== null) {
    await transcript.append('error', 'cordon', {
      text: `process ${takenFrom.pid} on ${takenFrom.host}, which wrote to this case since ${takenFrom.since}, ended without closing it; its lock was taken over`,
    });
  }
  if (torn !== null) {
    await transcript.append('error', 'cordon', {
      text: `the last line had been cut off while it was written; its ${torn.bytes} bytes are kept in ${torn.file}`,
      torn,
    });
  }
  if (lost !== null) {
    await transcript.append('error', 'cordon', {
      text: `${lost.entries} entries had been written, up to head ${lost.head}; ${transcript.count} were there when the case was opened again`,
      lost,
    });
  }
  if (unnoted) {
    await transcript.append('error', 'cordon', {
      text: `head.json was gone: whether entries after the ${transcript.count} that are there are missing cannot be told`,
    });
  }
  await transcript.flush();
}

function lossSince(note: { entries: number; head: string } | null, last: Entry | null) {
  return note !== null && note.entries > (last?.seq ?? 0) ? note : null;
}

/** Files that a killed process left half-written beside the transcript; only the holder of the lock writes there. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const folder of [directory, join(directory, 'evidence')]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (isLeftover(name)) await rm(join(folder, name), { force: true });
  }
}

/**
 * Was the process killed before the first line was whole? Nothing can have been changed or found by then. A folder without
 * a transcript may be a case that another process begins just now.
 */
async function isUnbegun(directory: string): Promise<boolean> {
  const names = await readdir(directory);
  const evidence = await readdir(join(directory, 'evidence')).catch(() => []);
  if (!names.includes('transcript.jsonl') || evidence.length > 0) return false;
  for await (const first of linesOf(join(directory, 'transcript.jsonl'))) return !first.ended;
  return true;
}

/** `<name>.<uuid>.tmp`, as `writeWhole` names what is not whole yet. */
function isLeftover(name: string): boolean {
  return /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);
}

/** A line without its newline is set aside, whole, before the transcript is cut back to the line before it. */
async function keepTornLine(
  directory: string,
  file: string,
  now: Date,
  openAt: (path: string) => Promise<TranscriptFile>,
): Promise<Found['torn']> {
  const start = await startOfTornLine(file);
  // Half a header is no case: it is left as it is, and the case refused.
  if (start === null || start === 0) return null;
  const rest = await bytesFrom(file, start);
  const name = `torn-${now.toISOString().replace(/[:.]/g, '')}`;
  let kept = `${name}.txt`;
  for (let number = 2; ; number += 1) {
    try {
      await writeFile(join(directory, kept), rest, { flag: 'wx', mode: 0o600, flush: true });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || number > 1000) throw error;
      kept = `${name}-${number}.txt`;
    }
  }
  const transcript = await openAt(file);
  try {
    await transcript.truncate(start);
  } finally {
    await transcript.close();
  }
  return { file: kept, sha256: sha256(rest), bytes: rest.length };
}

async function startOfTornLine(file: string): Promise<number | null> {
  let start: number | null = null;
  for await (const line of linesOf(file)) if (!line.ended) start = line.start;
  return start;
}

async function bytesFrom(file: string, start: number): Promise<Buffer> {
  const handle = await openFile(file, 'r');
  try {
    const { size } = await handle.stat();
    const rest = Buffer.alloc(Math.max(0, size - start));
    let read = 0;
    while (read < rest.length) {
      const { bytesRead } = await handle.read(rest, read, rest.length - read, start + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return rest.subarray(0, read);
  } finally {
    await handle.close();
  }
}

async function summarise(root: string, id: string): Promise<CaseSummary> {
  const directory = join(root, id);
  const file = join(directory, 'transcript.jsonl');
  const empty: CaseSummary = {
    id,
    vm: { id: '', name: '' },
    demo: false,
    createdAt: '',
    lastAt: '',
    entries: 0,
    head: genesis,
    closed: false,
    writer: null,
    unreadable: '',
  };
  try {
    const writer = await lockHolder(directory);
    const first = await firstEntry(file);
    const header = first === null ? null : readBody(first, 'case');
    if (first === null || header === null)
      return { ...empty, writer, unreadable: 'its first line is not a case header' };
    const known: CaseSummary = { ...empty, writer, vm: header.vm, demo: header.demo, createdAt: first.at };
    if (header.caseId !== id)
      return { ...known, unreadable: `its transcript is of the case ${safeName(header.caseId, 128)}` };
    const last = await lastEntry(file);
    if (last === null) return { ...known, unreadable: 'its last line is not an entry' };
    return { ...known, lastAt: last.at, entries: last.seq, head: last.hash, closed: last.kind === 'close' };
  } catch (error) {
    const code = codeOf(error);
    return { ...empty, unreadable: code === 'ENOENT' ? 'it has no transcript' : `cannot be read (${code})` };
  }
}

async function firstEntry(file: string): Promise<Entry | null> {
  for await (const line of linesOf(file)) {
    const read = readLine(line.bytes);
    return read.ok ? read.entry : null;
  }
  return null;
}

async function lastEntry(file: string): Promise<Entry | null> {
  const { size } = await stat(file);
  const end = await bytesFrom(file, Math.max(0, size - 2 * longestLine));
  const lastBreak = end.lastIndexOf(10);
  if (lastBreak === -1) return null;
  const before = end.lastIndexOf(10, lastBreak - 1);
  const read = readLine(end.subarray(before + 1, lastBreak));
  return read.ok ? read.entry : null;
}

function osUser(): string {
  try {
    return redactText(userInfo().username);
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string {
  return errorCode(error) || String(error);
}

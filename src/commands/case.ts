import { userInfo } from 'node:os';
import { type Anchor, anchorOf } from '../casefile/anchor.ts';
import { CaseLockedError, lockHolder } from '../casefile/case-lock.ts';
import { CaseNotFoundError, type CaseReader, type CaseStore, openCaseStore } from '../casefile/case-store.ts';
import { blobsOf, checkImage, type DiskImage, imagesOf } from '../casefile/disk-images.ts';
import { type HalfDone, halfDone, halfDoneIn, halfDoneText, tellsOfChanges } from '../casefile/half-done.ts';
import { entryLine } from '../casefile/one-line.ts';
import { TranscriptDamagedError } from '../casefile/transcript.ts';
import type { Verification } from '../casefile/verify.ts';
import { type Exported, type ExportFormat, exportAndRecord, exportCase } from '../casefile/write-export.ts';
import type { Entry } from '../documents/transcript.ts';
import { pendingDeadlines } from '../playbook/deadlines.ts';
import { count, counted } from '../text/counts.ts';
import { jsonText } from '../text/json-text.ts';
import { printable } from '../text/printable.ts';
import { moment } from '../text/times.ts';
import { type AnchorsInAzure, anchorLines, vouches } from './anchors-in-azure.ts';
import type { Streams } from './options.ts';
import { PacedOutput } from './paced-output.ts';
import { printPdf } from './print-pdf.ts';
import { printedJson } from './printed-json.ts';
import { type CheckedStamp, certificatesIn, checkStamps, stampLine } from './time-stamps.ts';

/** Where a command writes: results on stdout, everything else on stderr. */
export interface CommandStreams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

export interface CaseCommandOptions {
  /** The folder of all cases; default `CORDON_CASES` or the user's data folder. */
  root?: string;
  json?: boolean;
  now?: () => Date;
}

const done = 0;
const notKnown = 1;
const wrongUsage = 2;
const doesNotVerify = 6;

/** `cordon case list`: every case, newest first. Returns the exit code. */
export async function caseList(options: CaseCommandOptions, streams: CommandStreams): Promise<number> {
  const store = storeOf(options);
  const cases = await store.list();
  if (options.json === true) {
    const left = await halfDoneOf(store, options);
    streams.stdout.write(`${printedJson({ schema: 'cordon.cases/1', cases, halfDone: left })}\n`);
    return done;
  }
  if (cases.length === 0) streams.stderr.write('No cases yet.\n');
  const width = cases.reduce((most, { id }) => Math.max(most, id.length), 0);
  const left = await halfDoneOf(store, options);
  for (const one of cases) {
    const state =
      one.unreadable !== ''
        ? `✗ ${one.unreadable}`
        : one.writer !== null
          ? 'open now'
          : one.closed
            ? 'closed'
            : 'not closed';
    const what = [
      one.id.padEnd(width),
      one.lastAt === '' ? '?' : moment(one.lastAt),
      counted(one.entries, 'entry', 'entries'),
      state,
      ...(one.demo ? ['simulator'] : []),
      one.vm.id,
    ];
    streams.stdout.write(`${printable(what.join('  '), 1024)}\n`);
    for (const each of left) {
      if (each.caseId === one.id) streams.stdout.write(`  ${printable(`▲ ${halfDoneText(each)}`, 1024)}\n`);
    }
  }
  return done;
}

/** What the cases of this host left half-done in Azure, as far as their records show it. */
async function halfDoneOf(store: CaseStore, { now = () => new Date() }: CaseCommandOptions): Promise<HalfDone[]> {
  const about = { now: now() };
  return [true, false].reduce<Promise<HalfDone[]>>(
    async (found, demo) => [...(await found), ...(await halfDone(store, { ...about, demo }, pendingDeadlines))],
    Promise.resolve([]),
  );
}

/** The same of one case, also of one that was closed long ago; nothing of one that a process writes to now. */
async function halfDoneInCase(found: CaseReader, { now = () => new Date() }: CaseCommandOptions): Promise<HalfDone[]> {
  const holder = await lockHolder(found.directory);
  if (holder !== null) return [];
  const entries: Entry[] = [];
  try {
    for await (const entry of found.entries()) if (tellsOfChanges(entry)) entries.push(entry);
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError)) throw error;
  }
  return halfDoneIn({ id: found.id, vm: found.header.vm }, entries, pendingDeadlines, now());
}

/** `cordon case show ID`: the transcript, a line an entry. Returns the exit code; 6 when the case does not verify. */
export async function caseShow(id: string, options: CaseCommandOptions, streams: Streams): Promise<number> {
  return withCase(id, options, streams, async (found) => {
    const verification = await found.verify();
    const left = await halfDoneInCase(found, options);
    // As it is read, and no faster than it is taken: a case can be long.
    const shown = options.json === true ? jsonOf(found, verification, left) : textOf(found, verification, left);
    await new PacedOutput(streams.stdout).write(shown);
    if (!verification.ok) streams.stderr.write(`${failed(found.id, verification)}\n`);
    return verification.ok ? done : doesNotVerify;
  });
}

async function* textOf(
  found: CaseReader,
  verification: Verification,
  left: readonly HalfDone[],
): AsyncGenerator<string> {
  const whole = verification.ok
    ? `${counted(verification.entries, 'entry', 'entries')}   chain ✓   head ${verification.head}`
    : `chain ✗ line ${count(verification.line)} ${verification.because}`;
  const { vm, operator } = found.header;
  yield `${printable(`case ${found.id}   ${whole}`, 1024)}\n`;
  yield `${printable(`${vm.name}   ${vm.id}   ${operator.upn}`, 1024)}\n`;
  for (const one of left) yield `${printable(`▲ ${halfDoneText(one)}`, 1024)}\n`;
  let day = '';
  try {
    for await (const entry of found.entries()) {
      if (entry.at.slice(0, 10) !== day) {
        day = entry.at.slice(0, 10);
        yield `\n${day} (UTC)\n`;
      }
      const { time, kind, text, aside } = entryLine(entry);
      yield `${time}  ${kind.padEnd(8)} ${text}${aside === '' ? '' : `   ${aside}`}\n`;
    }
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError)) throw error;
    yield `✗ line ${error.line} ${error.because}; nothing after it is shown\n`;
  }
}

async function* jsonOf(
  found: CaseReader,
  verification: Verification,
  left: readonly HalfDone[],
): AsyncGenerator<string> {
  const { id, header } = found;
  const opening = jsonText({ schema: 'cordon.case/1', id, header, verification, halfDone: left });
  yield `${opening.slice(0, -1)},"entries":[`;
  let separator = '\n';
  try {
    for await (const entry of found.entries()) {
      yield `${separator}${jsonText(entry)}`;
      separator = ',\n';
    }
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError)) throw error;
  }
  yield '\n]}\n';
}

export interface CaseVerifyOptions extends CaseCommandOptions {
  /** A head noted outside of this machine. */
  head?: string;
  /** The number of entries noted with it. */
  entries?: number;
  /** Both, "HEAD:COUNT". */
  anchor?: string;
  /** Make the digests of the disks that the case exported again. */
  evidence?: boolean;
  /** Asks Azure what it keeps of how the record was; absent where it is not to be asked. */
  azure?: (found: CaseReader) => Promise<AnchorsInAzure>;
  /** Makes the digest of a blob again; why it is another, "" when it is not. Absent where Azure is not to be asked. */
  readBlob?: (image: DiskImage) => Promise<string>;
  /** A PEM file with certificates of those who may issue certificates of time-stamping authorities. */
  tsaCa?: string;
}

/** The anchor that the options give, or what is wrong with them. */
function givenAnchor(options: CaseVerifyOptions): Partial<Anchor> | string {
  const { head, entries } = options;
  if (options.anchor !== undefined) {
    if (head !== undefined || entries !== undefined) {
      return '--anchor is --head and --entries in one: give the one or the other';
    }
    const form = '--anchor takes HEAD:COUNT, as an export prints it: 64 hexadecimal digits, a colon, a number';
    return anchorOf(options.anchor) ?? form;
  }
  if (head !== undefined && !/^[0-9a-fA-F]{64}$/.test(head)) {
    return '--head takes the 64 hexadecimal digits that an export prints';
  }
  if (entries !== undefined && !(Number.isSafeInteger(entries) && entries > 0)) {
    return '--entries takes the number of entries that an export prints';
  }
  return { ...(head === undefined ? {} : { head }), ...(entries === undefined ? {} : { entries }) };
}

/** The results of the checks besides that of the record itself; null for those not asked for. */
interface Beside {
  images: { file: string; sha256: string; because: string }[] | null;
  /** Disks in blobs; `because` is null where they were not read. */
  blobs: { file: string; sha256: string; because: string | null }[] | null;
  azure: AnchorsInAzure | null;
  /** null where there are none. */
  timestamps: CheckedStamp[] | null;
}

/** `cordon case verify ID`: 0 only if the chain, its evidence and the given anchor hold; else 6 and the first wrong line. */
export async function caseVerify(id: string, options: CaseVerifyOptions, streams: CommandStreams): Promise<number> {
  const anchor = givenAnchor(options);
  if (typeof anchor === 'string') {
    streams.stderr.write(`${anchor}\n`);
    return wrongUsage;
  }
  const trusted = options.tsaCa === undefined ? [] : await certificatesIn(options.tsaCa);
  return withCase(id, options, streams, async (found) => {
    const verification = await found.verify(anchor);
    const stamps = verification.ok ? await checkStamps(found, trusted) : [];
    const beside: Beside = {
      images: options.evidence === true ? (verification.ok ? await checkImages(found, streams.stderr) : []) : null,
      blobs: options.evidence === true && verification.ok ? await checkBlobs(found, options, streams.stderr) : null,
      azure: verification.ok && options.azure ? await options.azure(found) : null,
      timestamps: stamps.length > 0 ? stamps : null,
    };
    if (options.json === true) {
      const asked = Object.fromEntries(Object.entries(beside).filter(([, value]) => value !== null));
      const document = { schema: 'cordon.verification/1', id: found.id, ...verification, ...asked };
      streams.stdout.write(`${printedJson(document)}\n`);
    }
    if (!verification.ok) {
      streams.stderr.write(`${failed(found.id, verification)}\n`);
      return doesNotVerify;
    }
    return sayWhole(found.id, verification, { ...beside, anchored: anchor.head !== undefined }, options, streams);
  });
}

/** Says what was checked of a record that is whole by itself; returns the exit code. */
function sayWhole(
  id: string,
  verification: Verification & { ok: true },
  { images, blobs, azure, timestamps, anchored }: Beside & { anchored: boolean },
  { json }: CaseVerifyOptions,
  { stdout, stderr }: CommandStreams,
): number {
  const files = counted(verification.evidence, 'evidence file');
  const lines = `${counted(verification.entries, 'entry', 'entries')}, ${files}, head ${verification.head}`;
  if (json !== true) stdout.write(`${id}: whole. ${lines}\n`);
  const tell = (file: string, because: string | null, said: string) => {
    if (json !== true || because !== '') stderr.write(`${printable(`${file} ${because || said}`, 1024)}\n`);
  };
  for (const { file, because } of images ?? []) tell(file, because, 'is as it was exported');
  for (const { file, sha256, because } of blobs ?? []) {
    const unread = `is a blob, which was not read: its SHA-256 was ${sha256}; --azure reads it`;
    tell(file, because, because === null ? unread : 'is as it was uploaded');
  }
  if (azure !== null && json !== true) for (const line of anchorLines(azure)) stdout.write(`${line}\n`);
  if (json !== true) for (const stamp of timestamps ?? []) stdout.write(`${stampLine(stamp)}\n`);
  const read = (blobs ?? []).filter(({ because }) => because !== null);
  const misfits = [...(images ?? []), ...read, ...(azure?.tags ?? []), ...(timestamps ?? [])].filter(
    ({ because }) => because !== '',
  );
  if (misfits.length > 0) {
    const unfit = azure?.tags.some(({ because }) => because !== '') === true;
    if (unfit) stderr.write(`${id}: does not verify: Azure has noted another record of this case\n`);
    return doesNotVerify;
  }
  for (const file of verification.unlisted) stderr.write(`${printable(`no entry vouches for ${file}`)}\n`);
  const outside = (azure !== null && vouches(azure)) || timestamps?.some(({ trusted }) => trusted === true) === true;
  if (!anchored && !outside) {
    stderr.write('Checked by itself only: give --anchor HEAD:COUNT from an export to rule out a rewritten file.\n');
  }
  return azure !== null && azure.notSeen.length > 0 && !outside ? notKnown : done;
}

/** Are the disks that the case exported what they were? They may be large: whom it is done for sees how far it is. */
async function checkImages(
  found: CaseReader,
  stderr: { write(text: string): unknown },
): Promise<{ file: string; sha256: string; because: string }[]> {
  const checked: { file: string; sha256: string; because: string }[] = [];
  for (const image of await imagesOf(found)) {
    stderr.write(`${printable(`${image.file}: ${image.bytes} bytes are read`, 1024)}\n`);
    checked.push({ file: image.file, sha256: image.sha256, because: await checkImage(image) });
  }
  return checked;
}

/** Are the blobs that the case uploaded what they were? Without Azure they are named alone. */
async function checkBlobs(
  found: CaseReader,
  { readBlob }: CaseVerifyOptions,
  stderr: { write(text: string): unknown },
): Promise<NonNullable<Beside['blobs']> | null> {
  const checked: NonNullable<Beside['blobs']> = [];
  for (const image of await blobsOf(found)) {
    if (readBlob) stderr.write(`${printable(`${image.file}: ${image.bytes} bytes are read`, 1024)}\n`);
    checked.push({ file: image.file, sha256: image.sha256, because: readBlob ? await readBlob(image) : null });
  }
  return checked.length === 0 ? null : checked;
}

export interface CaseExportOptions extends CaseCommandOptions {
  format: ExportFormat;
  /** Where to write; default in the case's folder. An existing file is never replaced. */
  out?: string;
  /** Who exports, for the transcript; default the operating system's user. */
  actor?: string;
}

/** `cordon case export ID`: prints the path. 6 when the case does not verify: then what is readable is exported. */
export async function caseExport(id: string, options: CaseExportOptions, streams: CommandStreams): Promise<number> {
  return withCase(id, options, streams, async (found, store) => {
    const how = {
      format: options.format,
      now: options.now ?? (() => new Date()),
      ...(options.format === 'pdf' ? { printPdf: (html: string) => printPdf(html) } : {}),
      ...(options.out === undefined ? {} : { target: options.out }),
    };
    const exported = await recorded(found, store, options.actor ?? osUser(), how, streams);
    if (options.json === true) {
      streams.stdout.write(`${printedJson({ schema: 'cordon.export/1', id: found.id, ...exported })}\n`);
    } else {
      streams.stdout.write(`${exported.file}\n`);
    }
    streams.stderr.write(
      `sha256 ${exported.sha256}\nThe case has ${counted(exported.entries, 'entry', 'entries')}, head ${exported.head}: note both elsewhere.\nanchor ${exported.head}:${exported.entries}\n`,
    );
    if (exported.verification.ok) return done;
    streams.stderr.write(`${failed(found.id, exported.verification)}\n`);
    return doesNotVerify;
  });
}

/** With an entry in the transcript where it can be written; otherwise without, and said so. */
async function recorded(
  found: CaseReader,
  store: CaseStore,
  actor: string,
  how: Parameters<typeof exportCase>[1],
  { stderr }: CommandStreams,
): Promise<Exported> {
  let because: string;
  try {
    const open = await store.open(found.id);
    try {
      return await exportAndRecord(open, actor, how);
    } finally {
      await open.release();
    }
  } catch (error) {
    if (!(error instanceof CaseLockedError || error instanceof TranscriptDamagedError)) throw error;
    because = error.message;
  }
  stderr.write(`${printable(`This export is not recorded in the transcript: ${because}`, 1024)}\n`);
  return exportCase(found, how);
}

async function withCase(
  id: string,
  options: CaseCommandOptions,
  streams: CommandStreams,
  act: (found: CaseReader, store: CaseStore) => Promise<number>,
): Promise<number> {
  const store = storeOf(options);
  let found: CaseReader;
  try {
    found = await store.read(id);
  } catch (error) {
    if (!(error instanceof CaseNotFoundError)) throw error;
    streams.stderr.write(`${printable(error.message, 1024)}\n`);
    return wrongUsage;
  }
  return act(found, store);
}

function storeOf(options: CaseCommandOptions): CaseStore {
  return openCaseStore(options.root, options.now === undefined ? {} : { now: options.now });
}

function failed(id: string, verification: { line: number; because: string }): string {
  return printable(`${id}: does not verify: line ${verification.line} ${verification.because}`, 1024);
}

/** The name of the user of this host. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown user';
  }
}

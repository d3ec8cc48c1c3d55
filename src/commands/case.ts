import { userInfo } from 'node:os';
import { CaseLockedError } from '../casefile/case-lock.ts';
import { CaseNotFoundError, type CaseReader, type CaseStore, openCaseStore } from '../casefile/case-store.ts';
import { checkImage, imagesOf } from '../casefile/disk-images.ts';
import { entryLine } from '../casefile/one-line.ts';
import { TranscriptDamagedError } from '../casefile/transcript.ts';
import type { Verification } from '../casefile/verify.ts';
import { type Exported, type ExportFormat, exportAndRecord, exportCase } from '../casefile/write-export.ts';
import { count, counted } from '../text/counts.ts';
import { jsonText } from '../text/json-text.ts';
import { printable } from '../text/printable.ts';
import { moment } from '../text/times.ts';
import { printPdf } from './print-pdf.ts';
import { printedJson } from './printed-json.ts';

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
const wrongUsage = 2;
const doesNotVerify = 6;

/** `cordon case list`: every case, newest first. Returns the exit code. */
export async function caseList(options: CaseCommandOptions, streams: CommandStreams): Promise<number> {
  const cases = await storeOf(options).list();
  if (options.json === true) {
    streams.stdout.write(`${printedJson({ schema: 'cordon.cases/1', cases })}\n`);
    return done;
  }
  if (cases.length === 0) streams.stderr.write('No cases yet.\n');
  const width = cases.reduce((most, { id }) => Math.max(most, id.length), 0);
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
  }
  return done;
}

/** `cordon case show ID`: the transcript, a line an entry. Returns the exit code; 6 when the case does not verify. */
export async function caseShow(id: string, options: CaseCommandOptions, streams: CommandStreams): Promise<number> {
  return withCase(id, options, streams, async (found) => {
    const verification = await found.verify();
    if (options.json === true) await showJson(found, verification, streams);
    else await showText(found, verification, streams);
    return verification.ok ? done : doesNotVerify;
  });
}

async function showText(found: CaseReader, verification: Verification, { stdout, stderr }: CommandStreams) {
  const whole = verification.ok
    ? `${counted(verification.entries, 'entry', 'entries')}   chain ✓   head ${verification.head}`
    : `chain ✗ line ${count(verification.line)} ${verification.because}`;
  const { vm, operator } = found.header;
  stdout.write(`${printable(`case ${found.id}   ${whole}`, 1024)}\n`);
  stdout.write(`${printable(`${vm.name}   ${vm.id}   ${operator.upn}`, 1024)}\n`);
  let day = '';
  try {
    for await (const entry of found.entries()) {
      if (entry.at.slice(0, 10) !== day) {
        day = entry.at.slice(0, 10);
        stdout.write(`\n${day} (UTC)\n`);
      }
      const { time, kind, text, aside } = entryLine(entry);
      stdout.write(`${time}  ${kind.padEnd(8)} ${text}${aside === '' ? '' : `   ${aside}`}\n`);
    }
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError)) throw error;
    stdout.write(`✗ line ${error.line} ${error.because}; nothing after it is shown\n`);
  }
  if (!verification.ok) stderr.write(`${failed(found.id, verification)}\n`);
}

/** One document, written as it is read: a case can be long. */
async function showJson(found: CaseReader, verification: Verification, { stdout, stderr }: CommandStreams) {
  const opening = jsonText({ schema: 'cordon.case/1', id: found.id, header: found.header, verification });
  stdout.write(`${opening.slice(0, -1)},"entries":[`);
  let separator = '\n';
  try {
    for await (const entry of found.entries()) {
      stdout.write(`${separator}${jsonText(entry)}`);
      separator = ',\n';
    }
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError)) throw error;
  }
  stdout.write('\n]}\n');
  if (!verification.ok) stderr.write(`${failed(found.id, verification)}\n`);
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
}

/** Head and count as one text, as an export prints them, or count and head, as a tag has them; null for any other text. */
function anchorOf(text: string): { head: string; entries: number } | null {
  const [first = '', second = '', ...rest] = text.trim().split(':');
  const [head, count] = first.length === 64 ? [first, second] : [second, first];
  if (rest.length > 0 || !/^[0-9a-fA-F]{64}$/.test(head) || !/^[1-9]\d{0,14}$/.test(count)) return null;
  return { head, entries: Number(count) };
}

/** `cordon case verify ID`: 0 only if the chain, its evidence and the given anchor hold; else 6 and the first wrong line. */
export async function caseVerify(id: string, options: CaseVerifyOptions, streams: CommandStreams): Promise<number> {
  const anchor = options.anchor === undefined ? {} : anchorOf(options.anchor);
  if (anchor === null) {
    streams.stderr.write(
      '--anchor takes HEAD:COUNT, as an export prints it: 64 hexadecimal digits, a colon, a number\n',
    );
    return wrongUsage;
  }
  if (options.anchor !== undefined && (options.head !== undefined || options.entries !== undefined)) {
    streams.stderr.write('--anchor is --head and --entries in one: give the one or the other\n');
    return wrongUsage;
  }
  const { head, entries } = { ...options, ...anchor };
  if (head !== undefined && !/^[0-9a-fA-F]{64}$/.test(head)) {
    streams.stderr.write('--head takes the 64 hexadecimal digits that an export prints\n');
    return wrongUsage;
  }
  if (entries !== undefined && !(Number.isSafeInteger(entries) && entries > 0)) {
    streams.stderr.write('--entries takes the number of entries that an export prints\n');
    return wrongUsage;
  }
  return withCase(id, options, streams, async (found) => {
    const verification = await found.verify({
      ...(head === undefined ? {} : { head }),
      ...(entries === undefined ? {} : { entries }),
    });
    const images = verification.ok && options.evidence === true ? await checkImages(found, streams.stderr) : [];
    if (options.json === true) {
      const document = {
        schema: 'cordon.verification/1',
        id: found.id,
        ...verification,
        ...(options.evidence === true ? { images } : {}),
      };
      streams.stdout.write(`${printedJson(document)}\n`);
    }
    if (!verification.ok) {
      streams.stderr.write(`${failed(found.id, verification)}\n`);
      return doesNotVerify;
    }
    const files = counted(verification.evidence, 'evidence file');
    const lines = `${counted(verification.entries, 'entry', 'entries')}, ${files}, head ${verification.head}`;
    if (options.json !== true) streams.stdout.write(`${found.id}: whole. ${lines}\n`);
    for (const { file, because } of images) {
      const said = because === '' ? 'is as it was exported' : because;
      if (options.json !== true || because !== '') streams.stderr.write(`${printable(`${file} ${said}`, 1024)}\n`);
    }
    if (images.some(({ because }) => because !== '')) return doesNotVerify;
    for (const file of verification.unlisted) {
      streams.stderr.write(`${printable(`no entry vouches for ${file}`)}\n`);
    }
    if (head === undefined) {
      streams.stderr.write(
        'Checked by itself only: give --anchor HEAD:COUNT from an export to rule out a rewritten file.\n',
      );
    }
    return done;
  });
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

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown user';
  }
}

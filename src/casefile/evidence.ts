import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../text/error-code.ts';
import type { EvidenceRef } from './bodies.ts';
import { sha256 } from './chain.ts';
import { type Json, redact, redactText } from './redaction.ts';
import { replaceFile } from './replace-file.ts';
import { safeName } from './safe-name.ts';

/** The largest evidence file in bytes. What is larger is refused: half of it would not be evidence. */
const largestEvidence = 256 * 1024 * 1024;

const fileForm = /^evidence\/\d{4,9}-[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/;

export class EvidenceError extends Error {
  override name = 'EvidenceError';
}

export interface EvidenceStore {
  /** Writes a JSON value, redacted, as `evidence/NNNN-<name>.json`; complete on disk when it resolves. */
  writeJson(name: string, value: unknown): Promise<EvidenceRef>;
  /** Writes a text, redacted, as `evidence/NNNN-<name>.txt`. */
  writeText(name: string, text: string): Promise<EvidenceRef>;
}

/** The evidence folder of a case. One writer at a time, which the case's lock sees to. */
export function evidenceStore(directory: string): EvidenceStore {
  const folder = join(directory, 'evidence');
  let tail: Promise<unknown> = Promise.resolve();
  let last: number | null = null;

  const write = (name: string, extension: string, text: string): Promise<EvidenceRef> => {
    const turn = tail.then(() => put(name, extension, text));
    tail = turn.catch(() => undefined);
    return turn;
  };

  const put = async (name: string, extension: string, text: string): Promise<EvidenceRef> => {
    const data = Buffer.from(text, 'utf8');
    if (data.length > largestEvidence) {
      throw new EvidenceError(`evidence "${safeName(name)}" has ${data.length} bytes, more than ${largestEvidence}`);
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const number: number = (last ?? (await highestNumber(folder))) + 1;
    const file = `${String(number).padStart(4, '0')}-${safeName(name, 60)}.${extension}`;
    await writeWhole(join(folder, file), data);
    last = number;
    return { file: `evidence/${file}`, sha256: sha256(data), bytes: data.length };
  };

  return {
    writeJson: (name, value) => write(name, 'json', `${JSON.stringify(redact(value), null, 2)}\n`),
    writeText: (name, text) => write(name, 'txt', redactText(text).toWellFormed()),
  };
}

async function highestNumber(folder: string): Promise<number> {
  let highest = 0;
  for (const name of await readdir(folder)) {
    const number = /^(\d{4,9})-/.exec(name)?.[1];
    if (number !== undefined) highest = Math.max(highest, Number(number));
  }
  return highest;
}

/** Writes a file that is either there as a whole or not at all, flushed to disk, readable by its owner alone. */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await replaceFile(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Reads JSON evidence back; throws an EvidenceError when the file is not what the entry vouches for. */
export async function readEvidence(directory: string, ref: EvidenceRef): Promise<Json> {
  const because = await checkEvidence(directory, ref);
  if (because !== null) throw new EvidenceError(because);
  const handle = await open(join(directory, ref.file), 'r');
  try {
    const value: Json = JSON.parse(await handle.readFile('utf8'));
    return value;
  } finally {
    await handle.close();
  }
}

/** Why the file is not what the entry vouches for, or null when it is. Reads it as a stream. */
export async function checkEvidence(directory: string, ref: EvidenceRef): Promise<string | null> {
  if (!fileForm.test(ref.file)) return 'names an evidence file outside the evidence folder';
  const path = join(directory, ref.file);
  try {
    const stat = await lstat(path);
    if (!stat.isFile()) return `${ref.file} is not a plain file`;
    if (stat.size !== ref.bytes) return `${ref.file} has ${stat.size} bytes, not ${ref.bytes}`;
    const hash = createHash('sha256');
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    for await (const chunk of handle.createReadStream()) hash.update(chunk);
    return hash.digest('hex') === ref.sha256 ? null : `${ref.file} has been changed: its SHA-256 does not match`;
  } catch (error) {
    const code = errorCode(error) || String(error);
    return code === 'ENOENT' ? `${ref.file} is missing` : `${ref.file} cannot be read (${code})`;
  }
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../text/error-code.ts';
import { evidenceOf } from './bodies.ts';
import type { CaseReader } from './case-store.ts';
import { readEvidence } from './evidence.ts';

type Recorded = Pick<CaseReader, 'directory' | 'entries'>;

const diskImage = z.object({ file: z.string(), bytes: z.int(), sha256: z.string() });

/** A disk that the case exported: where it was put, and what it was then. */
export type DiskImage = z.infer<typeof diskImage>;

/** The disks that a case exported, by the name of the fact, in the order of its record. Throws when one is not whole. */
async function* exportedAs(name: 'disk-image' | 'disk-blob', reader: Recorded): AsyncGenerator<DiskImage> {
  for await (const { kind, body } of reader.entries()) {
    if (kind !== 'fact' || body.name !== name) continue;
    for (const ref of evidenceOf({ body })) yield diskImage.parse(await readEvidence(reader.directory, ref));
  }
}

/** The disks that a case exported, each file once, as it was exported last. Throws when a record of one is not whole. */
export async function imagesOf(reader: Recorded): Promise<DiskImage[]> {
  const found = new Map<string, DiskImage>();
  for await (const image of exportedAs('disk-image', reader)) {
    const moved = join(reader.directory, 'images', basename(image.file));
    // A case that was moved has its images with it.
    const here = (await isFile(image.file)) || !(await isFile(moved)) ? image.file : moved;
    found.set(here, { ...image, file: here });
  }
  return [...found.values()];
}

/** The disks that a case exported to blobs: their addresses, and what they were then. They are not on this host. */
export async function blobsOf(reader: Recorded): Promise<DiskImage[]> {
  const found = new Map<string, DiskImage>();
  for await (const blob of exportedAs('disk-blob', reader)) found.set(blob.file, blob);
  return [...found.values()];
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isFile() ?? false;
}

/** Why the file is not what was exported, as the end of a sentence; "" when it is. Reads it as a stream. */
export async function checkImage({ file, bytes, sha256 }: DiskImage): Promise<string> {
  try {
    const { size } = await lstat(file);
    if (size !== bytes) return `has ${size} bytes, not ${bytes}`;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) hash.update(chunk);
    return hash.digest('hex') === sha256 ? '' : 'has been changed: its SHA-256 does not match';
  } catch (error) {
    const code = errorCode(error) || String(error);
    return code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`;
  }
}

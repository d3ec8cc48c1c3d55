import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from './evidence.ts';

const headNote = z.object({ schema: z.literal('cordon.head/1'), entries: z.int().positive(), head: z.string() });

/** How far the transcript is known to have been on disk. */
export interface Head {
  entries: number;
  head: string;
}

/**
 * Notes beside the transcript how far it is on disk, after it was flushed: a chain alone does not show that its end
 * is missing. This finds losses and careless cuts; who can write to the folder can change the note as well, so that
 * only a head noted elsewhere proves the rest.
 */
export async function writeHead(directory: string, head: Head): Promise<void> {
  await writeWhole(
    join(directory, 'head.json'),
    Buffer.from(`${JSON.stringify({ schema: 'cordon.head/1', entries: head.entries, head: head.head })}\n`),
  );
}

/** The note, or null when there is none that can be read. */
export async function readHead(directory: string): Promise<Head | null> {
  try {
    const read = headNote.safeParse(JSON.parse(await readFile(join(directory, 'head.json'), 'utf8')));
    return read.success ? { entries: read.data.entries, head: read.data.head } : null;
  } catch {
    return null;
  }
}

import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Anchor } from './anchor.ts';
import type { CaseReader } from './case-store.ts';
import { sha256 } from './chain.ts';
import { writeWhole } from './evidence.ts';

const folder = 'timestamps';

/** Name of a time stamp's files: count and head of the anchor that was stamped, and a number where there are several. */
const form = /^([1-9]\d{0,14})-([0-9a-f]{64})(?:-(\d{1,4}))?\.tsr$/;
/** A query or an answer has some kilobytes, with the certificates of its authority. */
const longestFile = 1024 * 1024;

/** A time stamp beside a case: the query that was sent, and the answer of the authority, both as DER. */
export interface KeptStamp {
  /** "timestamps/214-9f86….tsr" */
  file: string;
  anchor: Anchor;
  query: Uint8Array | null;
  answer: Uint8Array;
  /** Why it does not belong to the record, as the end of a sentence; "" when it does. */
  misfit: string;
}

/** What an entry notes of a stamp, so that a later one cannot take its place. */
const noted = z.object({ file: z.string(), sha256: z.string() });
export type NotedStamp = z.infer<typeof noted>;

/** The text that is stamped for an anchor: "HEAD:COUNT", as an export prints it. */
export const stampedText = ({ head, entries }: Anchor): string => `${head}:${entries}`;

/** Keeps a stamp beside the transcript; none is ever replaced. */
export async function keepStamp(
  directory: string,
  { entries, head }: Anchor,
  { query, answer }: { query: Uint8Array; answer: Uint8Array },
): Promise<NotedStamp> {
  await mkdir(join(directory, folder), { recursive: true, mode: 0o700 });
  const there = new Set(await readdir(join(directory, folder)));
  const base = `${entries}-${head}`;
  let name = base;
  for (let number = 2; there.has(`${name}.tsr`) || there.has(`${name}.tsq`); number += 1) name = `${base}-${number}`;
  await writeWhole(join(directory, folder, `${name}.tsq`), query);
  await writeWhole(join(directory, folder, `${name}.tsr`), answer);
  return { file: `${folder}/${name}.tsr`, sha256: sha256(answer) };
}

/** The bytes of a stamp's file, or why it is not read, as the end of a sentence. */
async function bytesOf(path: string): Promise<{ bytes: Uint8Array; because: string }> {
  const { size } = await stat(path);
  if (size > longestFile) return { bytes: new Uint8Array(), because: `is no time stamp: it has ${size} bytes` };
  return { bytes: await readFile(path), because: '' };
}

/**
 * The stamps beside a case, one at a time, each with whether the record has its head; then those that its entries note and that
 * are gone.
 */
export async function* stampsOf(reader: Pick<CaseReader, 'directory' | 'entries'>): AsyncGenerator<KeptStamp> {
  const { directory } = reader;
  const names = (await readdir(join(directory, folder)).catch(() => [])).filter((name) => form.test(name)).sort();
  const anchors = names.map((name) => {
    const [, entries = '', head = ''] = form.exec(name) ?? [];
    return { file: `${folder}/${name}`, entries: Number(entries), head };
  });
  const wanted = new Map(anchors.map(({ entries }) => [entries, '']));
  const notes = new Map<string, string>();
  for await (const { seq, hash, body } of reader.entries()) {
    if (wanted.has(seq)) wanted.set(seq, hash);
    const note = noted.safeParse(body.timestamp);
    if (note.success) notes.set(note.data.file, note.data.sha256);
  }
  for (const { file, entries, head } of anchors) {
    const { bytes: answer, because } = await bytesOf(join(directory, file));
    const asked = await bytesOf(join(directory, file.replace(/r$/, 'q'))).catch(() => null);
    const is = notes.get(file);
    const changed = is !== undefined && is !== sha256(answer) ? 'is not the one that the record notes' : because;
    const misfit = wanted.get(entries) === head ? changed : `is of another record: line ${entries} has not its head`;
    notes.delete(file);
    yield { file, anchor: { entries, head }, query: asked?.bytes ?? null, answer, misfit };
  }
  for (const file of notes.keys()) {
    yield { file, anchor: { entries: 0, head: '' }, query: null, answer: new Uint8Array(), misfit: 'is missing' };
  }
}

import { createReadStream } from 'node:fs';
import { longestLine } from './chain.ts';

export interface FileLine {
  /** From 1. */
  line: number;
  /** Where the line begins in the file, in bytes. */
  start: number;
  /** Without the newline. At most one byte more than an entry may have: what is longer is cut there. */
  bytes: Buffer;
  /** False for a last line that has no newline. */
  ended: boolean;
}

/**
 * The lines of a file, ended by `\n` alone, holding no more than one line in memory. `size` reads only the first bytes
 * of a file that is still growing.
 */
export async function* linesOf(file: string, size = Number.POSITIVE_INFINITY): AsyncGenerator<FileLine> {
  if (size <= 0) return;
  let line = 1;
  let start = 0;
  let held: Buffer[] = [];
  let length = 0;
  const keep = (part: Buffer) => {
    const room = longestLine + 1 - heldBytes;
    if (room > 0) {
      const kept = part.subarray(0, room);
      held.push(kept);
      heldBytes += kept.length;
    }
    length += part.length;
  };
  let heldBytes = 0;
  const stream = createReadStream(file, {
    highWaterMark: 1 << 20,
    ...(Number.isFinite(size) ? { end: size - 1 } : {}),
  });
  for await (const chunk of stream) {
    const data: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    let from = 0;
    for (let at = data.indexOf(10, from); at !== -1; at = data.indexOf(10, from)) {
      keep(data.subarray(from, at));
      yield { line, start, bytes: Buffer.concat(held), ended: true };
      line += 1;
      start += length + 1;
      held = [];
      heldBytes = 0;
      length = 0;
      from = at + 1;
    }
    if (from < data.length) keep(data.subarray(from));
  }
  if (length > 0) yield { line, start, bytes: Buffer.concat(held), ended: false };
}

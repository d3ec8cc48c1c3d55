import { open } from 'node:fs/promises';
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

const longestPiece = 256 * 1024;

/**
 * The lines of a file, ended by `\n` alone, in batches as they are read, holding no more than a piece of the file and
 * one line in memory. `size` reads only the first bytes of a file that is still growing.
 */
export async function* batchesOf(file: string, size = Number.POSITIVE_INFINITY): AsyncGenerator<FileLine[]> {
  if (size <= 0) return;
  const handle = await open(file, 'r');
  try {
    const cutter = new LineCutter();
    const { size: there } = await handle.stat();
    for (let read = 0; read < size; ) {
      const wanted = Math.min(longestPiece, size - read, Math.max(1, there - read));
      const piece = Buffer.allocUnsafe(wanted);
      const { bytesRead } = await handle.read(piece, 0, wanted);
      if (bytesRead === 0) break;
      read += bytesRead;
      const lines = cutter.cut(piece.subarray(0, bytesRead));
      if (lines.length > 0) yield lines;
    }
    const rest = cutter.rest();
    if (rest !== null) yield [rest];
  } finally {
    await handle.close();
  }
}

/** As `batchesOf`, one line at a time. */
export async function* linesOf(file: string, size?: number): AsyncGenerator<FileLine> {
  for await (const lines of batchesOf(file, size)) yield* lines;
}

/** Cuts the pieces of a file at its line feeds. */
class LineCutter {
  #line = 1;
  #start = 0;
  /** The part of a line that goes on in the next piece: no more than a line may have, and one byte. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** How long it is in the file. */
  #length = 0;

  cut(piece: Buffer): FileLine[] {
    const lines: FileLine[] = [];
    let from = 0;
    for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, from)) {
      lines.push(this.#ended(piece.subarray(from, at)));
      from = at + 1;
    }
    if (from < piece.length) this.#keep(piece.subarray(from));
    return lines;
  }

  /** The last line, which has no line feed; null when there is none. */
  rest(): FileLine | null {
    if (this.#length === 0) return null;
    return { line: this.#line, start: this.#start, bytes: Buffer.concat(this.#held), ended: false };
  }

  #ended(last: Buffer): FileLine {
    const whole = this.#length === 0 && last.length <= longestLine + 1;
    if (!whole) this.#keep(last);
    const bytes = whole ? last : Buffer.concat(this.#held);
    const found = { line: this.#line, start: this.#start, bytes, ended: true };
    this.#line += 1;
    this.#start += (whole ? last.length : this.#length) + 1;
    this.#held = [];
    this.#heldBytes = 0;
    this.#length = 0;
    return found;
  }

  #keep(part: Buffer): void {
    const room = longestLine + 1 - this.#heldBytes;
    if (room > 0) {
      const kept = part.subarray(0, room);
      this.#held.push(kept);
      this.#heldBytes += kept.length;
    }
    this.#length += part.length;
  }
}

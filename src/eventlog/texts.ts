import type { Chunk } from './chunk.ts';
import { textAt } from './values.ts';

/** Longer texts are rare, and made anew each time. */
const longest = 256;
/** Attackers make up names: past this many no more are kept. */
const mostKept = 1 << 20;

/** UTF-16 texts of a log, each made once: a million failed logons repeat few names. */
export class Texts {
  readonly #byHash = new Map<number, string[]>();
  #kept = 0;

  at(chunk: Chunk, at: number, length: number): string {
    const { view } = chunk;
    let end = at + length - (length % 2);
    while (end > at && view.getUint16(end - 2, true) === 0) end -= 2;
    if (end === at) return '';
    if (end - at > longest) return textAt(chunk, at, length);
    // FNV-1a over code units.
    let hash = 0x811c9dc5 ^ (end - at);
    for (let i = at; i < end; i += 2) hash = Math.imul(hash ^ view.getUint16(i, true), 0x01000193);
    const known = this.#byHash.get(hash);
    if (known) for (const text of known) if (isText(view, at, end, text)) return text;
    const text = textAt(chunk, at, end - at);
    if (this.#kept < mostKept) {
      this.#kept += 1;
      if (known) known.push(text);
      else this.#byHash.set(hash, [text]);
    }
    return text;
  }
}

function isText(view: DataView, at: number, end: number, text: string): boolean {
  if (text.length * 2 !== end - at) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== view.getUint16(at + i * 2, true)) return false;
  return true;
}

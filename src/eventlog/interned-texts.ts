import { type ChunkView, textAt } from './chunk-view.ts';

const longest = 512;
const most = 1 << 20;

/**
 * Texts of a log, each made once: the same name in a million events is one string. Looked up by its UTF-16 bytes, so
 * that no string is made only to be thrown away.
 */
export class InternedTexts {
  #slots = new Int32Array(1 << 12).fill(-1);
  #texts: string[] = [];
  #hashes: number[] = [];

  /** The text of `length` bytes at `at`, without the zeros that may end it. */
  at(chunk: ChunkView, at: number, length: number): string {
    const { bytes, view } = chunk;
    let end = at + length - (length % 2);
    while (end > at && bytes[end - 1] === 0 && bytes[end - 2] === 0) end -= 2;
    if (end === at) return '';
    if (end - at > longest) return textAt(chunk, at, length);
    let hash = end - at;
    let p = at;
    // Two multiplications that do not wait for each other.
    for (; p + 8 <= end; p += 8) {
      const low = Math.imul(view.getInt32(p, true), 0x85ebca6b);
      hash = Math.imul(hash ^ view.getInt32(p + 4, true), 0x9e3779b1) ^ low ^ (low >>> 15);
      hash ^= hash >>> 15;
    }
    if (p + 4 <= end) {
      hash = Math.imul(hash ^ view.getInt32(p, true), 0x9e3779b1);
      hash ^= hash >>> 15;
      p += 4;
    }
    if (p < end) hash = Math.imul(hash ^ view.getUint16(p, true), 0x9e3779b1);
    hash ^= hash >>> 13;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] ?? -1;
      if (number < 0) return this.#add(bytes.toString('utf16le', at, end), hash, slot);
      const text = this.#texts[number] ?? '';
      if (this.#hashes[number] === hash && same(text, bytes, at, end)) return text;
    }
  }

  #add(text: string, hash: number, slot: number): string {
    // A log flooded with names must not fill the memory: dropping the table only costs making the strings again.
    if (this.#texts.length >= most) {
      this.#texts = [];
      this.#hashes = [];
      this.#slots = new Int32Array(1 << 12).fill(-1);
      return text;
    }
    const number = this.#texts.push(text) - 1;
    this.#hashes.push(hash);
    this.#slots[slot] = number;
    if (number * 2 > this.#slots.length) this.#grow();
    return text;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4).fill(-1);
    const mask = slots.length - 1;
    for (const [number, hash] of this.#hashes.entries()) {
      let slot = hash & mask;
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}

function same(text: string, bytes: Buffer, at: number, end: number): boolean {
  if (text.length * 2 !== end - at) return false;
  for (let i = 0, p = at; p < end; i++, p += 2)
    if (text.charCodeAt(i) !== ((bytes[p] ?? 0) | ((bytes[p + 1] ?? 0) << 8))) return false;
  return true;
}

import { type ChunkNames, parseElement } from './binxml.ts';
import { type ChunkView, chunkSize, recordsFrom } from './chunk-view.ts';
import { DamagedError } from './damage.ts';
import { sameBytes } from './same-bytes.ts';
import { Template } from './template.ts';

/** A template's definition: offset of the next (4 bytes), GUID (16), size of what follows (4). */
const definitionHead = 24;
const guidAt = 4;
const sizeAt = 20;
const variantsEach = 4;
const mostKept = 4096;

interface Kept {
  template: Template;
  /** The definition's elements, byte by byte. */
  bytes: DataView;
  /** Where names are referred to, from the beginning of `bytes`. */
  sites: Int32Array;
  /** The reference at each site; "" where the name is there itself, and its bytes are among `bytes`. */
  names: string[];
}

/** Templates of all chunks of all files. A definition is used again only where it says the same, byte by byte. */
export class TemplateCache {
  readonly #kept = new Map<number, Kept[]>();
  #count = 0;

  /** Finds or compiles the definition at `at`; `end` is where its chunk's trustworthy part ends. */
  resolve(chunk: ChunkView, names: ChunkNames, at: number, end: number): { template: Template; size: number } {
    if (at < recordsFrom || at + definitionHead > end)
      throw new DamagedError(at, 'its template lies outside of the records');
    const size = chunk.view.getUint32(at + sizeAt, true);
    const from = at + definitionHead;
    if (size > chunkSize || from + size > end) throw new DamagedError(at, 'its template does not end within the chunk');
    // Four of the GUID's bytes and the size: enough to find it by, for what is found is compared.
    const key = chunk.view.getUint32(at + guidAt, true) + size * 4_294_967_296;
    const variants = this.#kept.get(key);
    if (variants)
      for (const kept of variants) if (says(kept, chunk, names, from)) return { template: kept.template, size };
    const parsed = parseElement(chunk, names, skipFragmentHeader(chunk, from), from + size, true);
    const template = new Template(parsed.root);
    if (this.#count < mostKept && (variants?.length ?? 0) < variantsEach) {
      this.#count++;
      const kept = keep(template, chunk, names, from, size, parsed.nameSites);
      if (variants) variants.push(kept);
      else this.#kept.set(key, [kept]);
    }
    return { template, size };
  }
}

function skipFragmentHeader({ bytes }: ChunkView, at: number): number {
  return bytes[at] === 0x0f ? at + 4 : at;
}

function keep(
  template: Template,
  chunk: ChunkView,
  names: ChunkNames,
  from: number,
  size: number,
  nameSites: readonly number[],
): Kept {
  return {
    template,
    bytes: new DataView(Uint8Array.from(chunk.bytes.subarray(from, from + size)).buffer),
    sites: Int32Array.from(nameSites, (site) => site - from),
    names: nameSites.map((site) => {
      const offset = chunk.view.getUint32(site, true);
      return offset === site + 4 ? '' : names.at(offset);
    }),
  };
}

/**
 * Does the definition at `from` say what the kept one says? Offsets of names differ from chunk to chunk; everything
 * else, and the names themselves, must be the same. So a damaged or forged definition never replaces a sound one.
 */
function says(kept: Kept, { view }: ChunkView, names: ChunkNames, from: number): boolean {
  const { bytes, sites } = kept;
  let at = 0;
  for (let i = 0; i < sites.length; i++) {
    const site = sites[i] ?? 0;
    if (!sameBytes(bytes, at, site, view, from)) return false;
    const offset = view.getInt32(from + site, true);
    const name = kept.names[i];
    const inPlace = offset === from + site + 4;
    if (inPlace ? name !== '' : name === '' || names.at(offset) !== name) return false;
    // A name in its place begins with the offset of another one.
    at = site + (inPlace ? 8 : 4);
  }
  return sameBytes(bytes, at, bytes.byteLength, view, from);
}

import { type ChunkNames, token } from './binxml.ts';
import { type ChunkView, chunkSize } from './chunk-view.ts';
import { DamagedError } from './damage.ts';
import type { Template } from './template.ts';
import type { TemplateCache } from './template-cache.ts';

const definitionHead = 24;

/** One chunk while it is decoded: its bytes, and what of them may be trusted. */
export class DecodedChunk {
  readonly chunk: ChunkView;
  readonly names: ChunkNames;
  /** Where the trustworthy part ends: for a chunk with checksums, what they cover. */
  readonly end: number;
  readonly #cache: TemplateCache;
  readonly #templates = new Map<number, { template: Template; size: number }>();
  #definitions = 0;

  constructor(chunk: ChunkView, names: ChunkNames, end: number, cache: TemplateCache) {
    this.chunk = chunk;
    this.names = names;
    this.end = end;
    this.#cache = cache;
  }

  /** The template whose definition is at `at`. */
  template(at: number): { template: Template; size: number } {
    const known = this.#templates.get(at);
    if (known !== undefined) return known;
    const resolved = this.#cache.resolve(this.chunk, this.names, at, this.end);
    this.#definitions += resolved.size;
    // Honest definitions do not overlap. A thousand that do would have the chunk read a thousand times.
    if (this.#definitions > chunkSize) throw new DamagedError(at, 'its template overlaps with others');
    this.#templates.set(at, resolved);
    return resolved;
  }
}

const nothing = new DataView(new ArrayBuffer(0));

/** A template's instance: the template, and the place of each of the values that fill it. Used again and again. */
export class TemplateInstance {
  template: Template | null = null;
  count = 0;
  /** Offsets of the values in the chunk; one more shows where the last ends. */
  offsets = new Int32Array(64);
  #descriptors = 0;
  /** Whose template it was last: most records have the one of the record before. */
  #decoded: DecodedChunk | null = null;
  #definition = -1;
  #found: { template: Template; size: number } | null = null;
  #view: DataView = nothing;

  /** Reads the instance whose token is at `at`; all of it must end before `end`. */
  read(decoded: DecodedChunk, at: number, end: number): void {
    const { view, bytes } = decoded.chunk;
    if (at + 10 > end || bytes[at] !== token.templateInstance)
      throw new DamagedError(at, 'there is no template in its place');
    const definition = view.getUint32(at + 6, true);
    const { template, size } = this.#template(decoded, definition);
    let p = at + 10;
    if (definition === p) p += definitionHead + size;
    if (p + 4 > end) throw new DamagedError(p, 'its values are cut off');
    const count = view.getUint32(p, true);
    const descriptors = p + 4;
    // Checked before it is multiplied: a count of four billion must not come out as a small one.
    if (count > chunkSize || descriptors + 4 * count > end) throw new DamagedError(p, `it claims ${count} values`);
    if (count >= this.offsets.length) this.offsets = new Int32Array(count + 1);
    const { offsets } = this;
    let offset = descriptors + 4 * count;
    for (let i = 0; i < count; i++) {
      offsets[i] = offset;
      offset += view.getUint16(descriptors + 4 * i, true);
    }
    if (offset > end) throw new DamagedError(p, 'its values reach past its end');
    offsets[count] = offset;
    this.template = template;
    this.count = count;
    this.#descriptors = descriptors;
    this.#view = view;
  }

  #template(decoded: DecodedChunk, definition: number): { template: Template; size: number } {
    if (this.#found !== null && definition === this.#definition && decoded === this.#decoded) return this.#found;
    const found = decoded.template(definition);
    this.#decoded = decoded;
    this.#definition = definition;
    this.#found = found;
    return found;
  }

  offset(index: number): number {
    return this.offsets[index] ?? 0;
  }

  size(index: number): number {
    return index < this.count ? (this.offsets[index + 1] ?? 0) - (this.offsets[index] ?? 0) : 0;
  }

  /** Is there a value at `index` of this type and size? Type and size are together, in the value's descriptor. */
  holds(index: number, type: number, size: number): boolean {
    if (index < 0 || index >= this.count) return false;
    return (this.#view.getUint32(this.#descriptors + 4 * index, true) & 0xff_ffff) === ((type << 16) | size);
  }

  /** The value's type; null's for an index that there is no value for. */
  type(index: number): number {
    return index < this.count ? this.#view.getUint8(this.#descriptors + 4 * index + 2) : 0;
  }
}

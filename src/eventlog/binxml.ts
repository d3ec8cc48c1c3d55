import { type ChunkView, recordsFrom } from './chunk-view.ts';
import { DamagedError } from './damage.ts';
import { InternedTexts } from './interned-texts.ts';
import { inlineSize, valueText, valueType } from './values.ts';

/** A place that a value of the record fills. */
export interface Substitution {
  index: number;
  /** Nothing is written when the value is null. */
  optional: boolean;
}

export type Part = string | Substitution;

export interface Attribute {
  name: string;
  parts: Part[];
}

/** An element of a template, or of a record that has none. */
export interface Element {
  name: string;
  attributes: Attribute[];
  content: (Element | Part)[];
  /** Written as `<Name/>`. */
  empty: boolean;
}

export function isElement(part: Element | Part): part is Element {
  return typeof part !== 'string' && 'content' in part;
}

/** Tokens of binary XML, [MS-EVEN6] 2.2.12. The bit 0x40 says that more follows. */
export const token = {
  endOfFragment: 0x00,
  openStartElement: 0x01,
  closeStartElement: 0x02,
  closeEmptyElement: 0x03,
  endElement: 0x04,
  value: 0x05,
  attribute: 0x06,
  cdata: 0x07,
  characterReference: 0x08,
  entityReference: 0x09,
  processingTarget: 0x0a,
  processingData: 0x0b,
  templateInstance: 0x0c,
  substitution: 0x0d,
  optionalSubstitution: 0x0e,
  fragmentHeader: 0x0f,
} as const;
const more = 0x40;

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** XML in event logs is flat; what is deeper was made to exhaust its reader. */
const deepest = 64;
const longestName = 512;

/** The names that a chunk holds, each decoded once. Names are given by their offset in the chunk. */
export class ChunkNames {
  readonly #chunk: ChunkView;
  readonly #texts: InternedTexts;
  readonly #known = new Map<number, string>();
  /** No name may reach past this: what lies behind is not covered by the chunk's checksum. */
  limit: number;

  constructor(chunk: ChunkView, limit: number, texts = new InternedTexts()) {
    this.#chunk = chunk;
    this.#texts = texts;
    this.limit = limit;
  }

  /** A name is: offset of the next one (4 bytes), hash (2), length in characters (2), the characters, a zero. */
  at(offset: number): string {
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    if (offset < recordsFrom || offset + 8 > this.limit)
      throw new DamagedError(offset, 'a name lies outside of the records');
    const length = this.#chunk.view.getUint16(offset + 6, true);
    if (length > longestName || offset + 10 + 2 * length > this.limit)
      throw new DamagedError(offset, 'a name does not end');
    const name = this.#texts.at(this.#chunk, offset + 8, 2 * length);
    this.#known.set(offset, name);
    return name;
  }

  /** Bytes that the name at `offset` takes where it is in the middle of the XML. */
  size(offset: number): number {
    this.at(offset);
    return 10 + 2 * this.#chunk.view.getUint16(offset + 6, true);
  }
}

/** A parsed fragment, and where its names are referred to: positions in the chunk of their offsets. */
export interface Fragment {
  root: Element;
  nameSites: number[];
  end: number;
}

/**
 * Parses the element at `at`, which ends before `end`. Elements of templates carry a dependency id, those of records
 * without a template do not. Each byte is read once, and each name decoded once a chunk.
 */
export function parseElement(
  chunk: ChunkView,
  names: ChunkNames,
  at: number,
  end: number,
  dependencyIds: boolean,
): Fragment {
  const { bytes, view } = chunk;
  const nameSites: number[] = [];
  const open: Element[] = [];
  let root: Element | null = null;
  let attribute: Attribute | null = null;
  let inTag = false;
  let p = at;

  const need = (length: number): void => {
    if (p + length > end) throw new DamagedError(p, 'its XML does not end');
  };
  /** The name whose offset is at `site`; a name that follows at once is stepped over. */
  const nameAt = (site: number): string => {
    nameSites.push(site);
    const offset = view.getUint32(site, true);
    const name = names.at(offset);
    p = site + 4;
    if (offset === p) {
      need(names.size(offset));
      p += names.size(offset);
    }
    return name;
  };
  const add = (part: Part): void => {
    const element = open.at(-1);
    if (element === undefined) throw new DamagedError(p, 'a value outside of any element');
    if (inTag && attribute) attribute.parts.push(part);
    else element.content.push(part);
  };
  const close = (empty: boolean): void => {
    const element = open.pop();
    if (element === undefined) throw new DamagedError(p, 'an element ends that did not begin');
    element.empty = empty;
    inTag = false;
    attribute = null;
  };

  while (p < end) {
    const byte = bytes[p] ?? 0;
    switch (byte & ~more) {
      case token.openStartElement: {
        const head = dependencyIds ? 3 : 1;
        need(head + 8);
        if (root !== null && open.length === 0) throw new DamagedError(p, 'a second element beside the first');
        if (open.length >= deepest) throw new DamagedError(p, 'its elements are nested too deep');
        const name = nameAt(p + head + 4);
        if ((byte & more) !== 0) {
          need(4);
          p += 4;
        }
        const element: Element = { name, attributes: [], content: [], empty: false };
        const parent = open.at(-1);
        if (parent) parent.content.push(element);
        else root = element;
        open.push(element);
        inTag = true;
        attribute = null;
        break;
      }
      case token.attribute: {
        need(5);
        const element = open.at(-1);
        if (!inTag || element === undefined) throw new DamagedError(p, 'an attribute outside of a tag');
        attribute = { name: nameAt(p + 1), parts: [] };
        element.attributes.push(attribute);
        break;
      }
      case token.value: {
        need(2);
        const type = bytes[p + 1] ?? 0;
        p += 2;
        if (type === valueType.string) {
          need(2);
          const length = view.getUint16(p, true) * 2;
          p += 2;
          need(length);
          add(valueText(chunk, p, length, type));
          p += length;
        } else {
          const size = inlineSize(chunk, p, type);
          if (size === null) throw new DamagedError(p, `a value of type ${type} stands in the XML`);
          need(size);
          add(valueText(chunk, p, size, type));
          p += size;
        }
        break;
      }
      case token.substitution:
      case token.optionalSubstitution:
        need(4);
        add({ index: view.getUint16(p + 1, true), optional: (byte & ~more) === token.optionalSubstitution });
        p += 4;
        break;
      case token.cdata: {
        need(3);
        const length = view.getUint16(p + 1, true) * 2;
        p += 3;
        need(length);
        add(valueText(chunk, p, length, valueType.string));
        p += length;
        break;
      }
      case token.characterReference:
        need(3);
        add(String.fromCharCode(view.getUint16(p + 1, true)));
        p += 3;
        break;
      case token.entityReference: {
        need(5);
        const name = nameAt(p + 1);
        add(Object.hasOwn(entities, name) ? (entities[name] ?? '') : `&${name};`);
        break;
      }
      case token.processingTarget:
        need(5);
        nameAt(p + 1);
        break;
      case token.processingData: {
        need(3);
        const length = 3 + view.getUint16(p + 1, true) * 2;
        need(length);
        p += length;
        break;
      }
      case token.closeStartElement:
        inTag = false;
        attribute = null;
        p += 1;
        break;
      case token.closeEmptyElement:
      case token.endElement:
        close((byte & ~more) === token.closeEmptyElement);
        p += 1;
        if (open.length === 0 && root !== null) return { root, nameSites, end: p };
        break;
      case token.fragmentHeader:
        need(4);
        p += 4;
        break;
      default:
        throw new DamagedError(p, `an unknown token 0x${byte.toString(16).padStart(2, '0')} in its XML`);
    }
  }
  throw new DamagedError(p, 'its XML does not end');
}

import type { Chunk } from './chunk.ts';
import { fixedSize, textAt, valueText, valueType } from './values.ts';

/** A piece of content: text that stands in the fragment, or the number of a substitution. */
export type Part = { text: string } | { value: number };

/** A leaf of EventData or UserData. */
export interface Field {
  /** The attribute `Name` of a `Data` element, or the element's own name; "" for a `Data` without a name. */
  name: string;
  parts: readonly Part[];
  /** Is it left out when it has no value? A `Data` element is there all the same. */
  optional: boolean;
}

/**
 * A fragment of binary XML, read once: which texts and which substitutions make up each field of an event. A template's
 * fragment serves every record that names the template.
 */
export interface Fragment {
  /** "Event", "EventData", "UserData" or what else the fragment's outermost element is. */
  root: string;
  /** Contents below System: "EventID", "Provider@Name", "TimeCreated@SystemTime". */
  system: ReadonlyMap<string, readonly Part[]>;
  fields: readonly Field[];
  /** Substitutions that hold a fragment of their own. */
  inner: readonly number[];
  /** Places of template instances that stand in the fragment itself. */
  instances: readonly number[];
  /** Just behind the fragment. */
  end: number;
}

/** What a fragment may hold at the most: no real one comes near, and a made-up one ends here. */
const most = { depth: 64, tokens: 8192 };

/** Bytes of the name that stands at a place: link, hash, length, text, zero. */
const nameSize = (chunk: Chunk, at: number): number => 10 + chunk.view.getUint16(at + 6, true) * 2;

function nameAt(chunk: Chunk, at: number): string {
  const length = chunk.view.getUint16(at + 6, true) * 2;
  if (at + 8 + length > chunk.bytes.length) throw new RangeError('a name reaches out of its chunk');
  return textAt(chunk, at + 8, length);
}

/** Bytes of a template instance at a place, with its template when that stands in it. */
export function instanceSize({ view }: Chunk, at: number): number {
  let end = at + 10;
  if (view.getUint32(at + 6, true) === end) end += 24 + view.getUint32(end + 20, true);
  const count = view.getUint32(end, true);
  if (count > mostSubstitutions) throw new RangeError(`a template instance with ${count} substitutions`);
  let values = 0;
  for (let i = 0; i < count; i++) values += view.getUint16(end + 4 + i * 4, true);
  return end + 4 + count * 4 + values - at;
}

/** Windows allows fewer than this in one event. */
export const mostSubstitutions = 1024;

/** Builds the fields of a fragment while its tokens are read. */
class Builder {
  root = '';
  readonly system = new Map<string, Part[]>();
  readonly fields: Field[] = [];
  readonly inner: number[] = [];
  readonly #path: string[] = [];
  #attribute = '';
  #dataName = '';
  #parts: Part[] = [];
  #leaf = true;

  open(name: string): void {
    if (this.#path.length >= most.depth) throw new RangeError('elements nested too deeply');
    if (this.#path.length === 0) this.root ||= name;
    this.#path.push(name);
    this.#attribute = '';
    this.#dataName = '';
    this.#parts = [];
    this.#leaf = true;
  }

  attribute(name: string): void {
    this.#attribute = name;
  }

  startContent(): void {
    this.#attribute = '';
  }

  add(part: Part, type: number): void {
    const element = this.#path.at(-1) ?? '';
    if (this.#attribute !== '') {
      if (this.#inSystem()) this.#put(`${element}@${this.#attribute}`, part);
      else if (this.#attribute === 'Name' && 'text' in part) this.#dataName += part.text;
      return;
    }
    if (this.#inSystem()) this.#put(element, part);
    else if ('value' in part && (type === valueType.fragment || this.#isEvent())) this.inner.push(part.value);
    else this.#parts.push(part);
  }

  close(): void {
    const element = this.#path.at(-1) ?? '';
    const isData = element === 'Data';
    if (this.#leaf && !this.#inSystem() && (isData || this.#parts.length > 0)) {
      this.fields.push({ name: isData ? this.#dataName : element, parts: this.#parts, optional: !isData });
    }
    this.#path.pop();
    this.#attribute = '';
    this.#parts = [];
    // An element around others is no field itself.
    this.#leaf = false;
  }

  get depth(): number {
    return this.#path.length;
  }

  #isEvent(): boolean {
    return this.#path.length === 1 && this.#path[0] === 'Event';
  }

  #inSystem(): boolean {
    return this.#path.includes('System');
  }

  #put(key: string, part: Part): void {
    const parts = this.system.get(key);
    if (parts) parts.push(part);
    else this.system.set(key, [part]);
  }
}

/**
 * Reads the fragment that begins at `at` and ends before `limit`. In a template's definition each element names a
 * substitution on which it depends (`inTemplate`), elsewhere it does not. Throws a RangeError when the bytes make no sense.
 */
export function readFragment(chunk: Chunk, at: number, limit: number, inTemplate: boolean): Fragment {
  const { bytes, view } = chunk;
  const builder = new Builder();
  const instances: number[] = [];
  const dependency = inTemplate ? 2 : 0;
  let place = at;
  /** The name that a token refers to; it stands right behind the token when it is used for the first time. */
  const named = (offsetAt: number): string => {
    const offset = view.getUint32(offsetAt, true);
    place = offset === offsetAt + 4 ? offset + nameSize(chunk, offset) : offsetAt + 4;
    return nameAt(chunk, offset);
  };
  for (let tokens = 0; place < limit; tokens++) {
    if (tokens > most.tokens) throw new RangeError('too many tokens');
    const token = bytes[place] ?? 0;
    const kind = token & 0x1f;
    const flagged = (token & 0x40) !== 0;
    if (token === 0x00) {
      place += 1;
      break;
    }
    if (kind === 0x0f) place += 4;
    else if (kind === 0x01) {
      const start = place;
      builder.open(named(start + 5 + dependency));
      // The size of the list of attributes.
      if (flagged) place += 4;
    } else if (kind === 0x02) {
      builder.startContent();
      place += 1;
    } else if (kind === 0x03 || kind === 0x04) {
      builder.close();
      place += 1;
      if (!inTemplate && builder.depth === 0) break;
    } else if (kind === 0x05) {
      const type = bytes[place + 1] ?? 0;
      if (type === valueType.text) {
        const length = view.getUint16(place + 2, true) * 2;
        builder.add({ text: textAt(chunk, place + 4, length) }, type);
        place += 4 + length;
      } else {
        const length = type === valueType.sid ? 8 + 4 * (bytes[place + 3] ?? 0) : (fixedSize[type] ?? 0);
        if (length === 0) throw new RangeError(`a value of the unknown type ${type}`);
        builder.add({ text: valueText(chunk, place + 2, length, type) }, type);
        place += 2 + length;
      }
    } else if (kind === 0x06) builder.attribute(named(place + 1));
    else if (kind === 0x07) {
      const length = view.getUint16(place + 1, true) * 2;
      builder.add({ text: textAt(chunk, place + 3, length) }, valueType.text);
      place += 3 + length;
    } else if (kind === 0x08) {
      builder.add({ text: String.fromCharCode(view.getUint16(place + 1, true)) }, valueType.text);
      place += 3;
    } else if (kind === 0x09) {
      const entity = named(place + 1);
      builder.add({ text: entities[entity] ?? `&${entity};` }, valueType.text);
    } else if (kind === 0x0a) named(place + 1);
    else if (kind === 0x0b) place += 3 + view.getUint16(place + 1, true) * 2;
    else if (kind === 0x0c && !inTemplate) {
      instances.push(place);
      place += instanceSize(chunk, place);
      if (builder.depth === 0) break;
    } else if (token === 0x0d || token === 0x0e) {
      builder.add({ value: view.getUint16(place + 1, true) }, bytes[place + 3] ?? 0);
      place += 4;
    } else throw new RangeError(`an unknown token 0x${token.toString(16)}`);
  }
  const { root, system, fields, inner } = builder;
  return { root, system, fields, inner, instances, end: place };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The number of the substitution that is all of a content; -1 when it is made of anything else. */
export function indexOf(parts: readonly Part[] | undefined): number {
  const [only] = parts ?? [];
  return parts?.length === 1 && only && 'value' in only ? only.value : -1;
}

import { type Chunk, chunkSize } from './chunk.ts';
import { type Fragment, mostSubstitutions, readFragment } from './fragment.ts';

/** A template's definition: link, GUID, size of the fragment, fragment. */
const definitionHead = 24;

/** A fragment together with the values of one record that go into it. */
export interface Instance {
  fragment: Fragment;
  /** Of each value: its type. */
  types: Uint8Array;
  /** Where each value begins in the chunk; one more entry says where the last one ends. */
  places: Int32Array;
  count: number;
  /** Just behind the instance. */
  end: number;
}

/** Enough for every log: an attacker who makes up more costs time, not memory. */
const mostTemplates = 4096;

/**
 * The templates of an event log. Every chunk defines those that its records use, mostly the same ones: what was read of a
 * definition in one chunk serves the next. Only chunks whose checksums hold share with others, so that no damage travels.
 */
export class Templates {
  readonly #known = new Map<string, Fragment>();
  #ofChunk = new Map<number, Fragment>();
  #shared = false;

  /** Begins another chunk. */
  begin(verified: boolean): void {
    this.#ofChunk = new Map();
    this.#shared = verified;
  }

  /** The fragment whose definition stands at a place of the chunk. */
  fragmentAt(chunk: Chunk, at: number): Fragment {
    const known = this.#ofChunk.get(at);
    if (known) return known;
    const size = chunk.view.getUint32(at + 20, true);
    const end = at + definitionHead + size;
    if (end > chunkSize) throw new RangeError('a template reaches out of its chunk');
    const identity = this.#shared ? chunk.bytes.toString('latin1', at + 4, at + definitionHead) : '';
    let fragment = this.#shared ? this.#known.get(identity) : undefined;
    if (!fragment) {
      fragment = readFragment(chunk, at + definitionHead, end, true);
      if (this.#shared && this.#known.size < mostTemplates) this.#known.set(identity, fragment);
    }
    this.#ofChunk.set(at, fragment);
    return fragment;
  }

  /** Reads the template instance at a place that ends before `limit`. `into` is filled and returned. */
  read(chunk: Chunk, at: number, limit: number, into: Instance): Instance {
    const { view, bytes } = chunk;
    const definition = view.getUint32(at + 6, true);
    let place = at + 10;
    if (definition === place) place += definitionHead + view.getUint32(place + 20, true);
    const count = view.getUint32(place, true);
    if (count > mostSubstitutions) throw new RangeError(`a template instance with ${count} substitutions`);
    place += 4;
    let value = place + count * 4;
    const { types, places } = into;
    for (let i = 0; i < count; i++, place += 4) {
      places[i] = value;
      types[i] = bytes[place + 2] ?? 0;
      value += view.getUint16(place, true);
    }
    if (value > limit) throw new RangeError('the values of a record reach out of it');
    places[count] = value;
    into.fragment = this.fragmentAt(chunk, definition);
    into.count = count;
    into.end = value;
    return into;
  }
}

const nothing: Fragment = { root: '', system: new Map(), fields: [], inner: [], instances: [], end: 0 };

/** Room for the values of one instance, to be filled again and again. */
export function newInstance(): Instance {
  return {
    fragment: nothing,
    types: new Uint8Array(mostSubstitutions),
    places: new Int32Array(mostSubstitutions + 1),
    count: 0,
    end: 0,
  };
}

import type { Chunk } from './chunk.ts';
import { recordHead } from './chunk.ts';
import { type Field, type Fragment, type Part, readFragment } from './fragment.ts';
import { type Instance, newInstance, type Templates } from './templates.ts';
import { arrayTexts, fileTimeText, valueText, valueType } from './values.ts';

/** A whole event, as Windows' Event Viewer would write it into XML. */
export interface EventRecord {
  /** Below System: "Provider@Name", "EventID", "TimeCreated@SystemTime", "Channel", "Computer", "Security@UserID" … */
  system: ReadonlyMap<string, string>;
  /** EventData or UserData in order; `Data` without a name has "". */
  data: readonly { name: string; value: string }[];
  /** Do the checksums of the chunk that holds it hold? */
  verified: boolean;
}

/** An instance inside an instance inside …: real events have two. */
const deepest = 8;

/** Reads the values of fields. */
class Assembly {
  readonly system = new Map<string, string>();
  readonly data: { name: string; value: string }[] = [];
  readonly #chunk: Chunk;
  readonly #templates: Templates;

  constructor(chunk: Chunk, templates: Templates) {
    this.#chunk = chunk;
    this.#templates = templates;
  }

  /** What stands at a place: a fragment of its own, or a template instance. */
  at(place: number, limit: number, depth: number): void {
    if (depth > deepest) throw new RangeError('fragments nested too deeply');
    const { bytes } = this.#chunk;
    let from = place;
    if (((bytes[from] ?? 0) & 0x1f) === 0x0f) from += 4;
    if (from >= limit) return;
    if ((bytes[from] ?? 0) === 0x0c) {
      const instance = this.#templates.read(this.#chunk, from, limit, newInstance());
      this.#take(instance.fragment, instance, depth);
      return;
    }
    this.#take(readFragment(this.#chunk, from, limit, false), null, depth, limit);
  }

  #take(fragment: Fragment, instance: Instance | null, depth: number, limit = 0): void {
    for (const [key, parts] of fragment.system) {
      const text = this.#text(parts, instance);
      if (text !== null && !this.system.has(key)) this.system.set(key, text);
    }
    for (const field of fragment.fields) this.#field(field, instance);
    for (const place of fragment.instances) this.at(place, limit, depth + 1);
    if (!instance) return;
    for (const index of fragment.inner) {
      if (index >= instance.count) continue;
      const [from = 0, to = 0] = [instance.places[index], instance.places[index + 1]];
      if (instance.types[index] === valueType.fragment) this.at(from, to, depth + 1);
      else if (to > from) this.#field({ name: '', parts: [{ value: index }], optional: true }, instance);
    }
  }

  /** An array makes as many fields as it has values. */
  #field({ name, parts, optional }: Field, instance: Instance | null): void {
    const [only] = parts;
    if (instance && parts.length === 1 && only && 'value' in only && only.value < instance.count) {
      const type = instance.types[only.value] ?? 0;
      if ((type & valueType.array) !== 0) {
        const [from = 0, to = 0] = [instance.places[only.value], instance.places[only.value + 1]];
        for (const value of arrayTexts(this.#chunk, from, to - from, type & ~valueType.array))
          this.data.push({ name, value });
        return;
      }
    }
    const value = this.#text(parts, instance);
    if (value !== null || !optional) this.data.push({ name, value: value ?? '' });
  }

  /** The parts in one text; null when all of them are values that are not there. */
  #text(parts: readonly Part[], instance: Instance | null): string | null {
    let told: string | null = null;
    for (const part of parts) {
      if ('text' in part) told = (told ?? '') + part.text;
      else if (instance && part.value < instance.count && instance.types[part.value] !== valueType.nothing) {
        const [from = 0, to = 0] = [instance.places[part.value], instance.places[part.value + 1]];
        told = (told ?? '') + valueText(this.#chunk, from, to - from, instance.types[part.value] ?? 0);
      }
    }
    return told;
  }
}

/**
 * The event in the record at a place. Throws a RangeError when its bytes make no sense. An event without a time of its own
 * has its record's.
 */
export function readEvent(
  chunk: Chunk,
  templates: Templates,
  at: number,
  size: number,
  verified: boolean,
): EventRecord {
  const assembly = new Assembly(chunk, templates);
  assembly.at(at + recordHead, at + size - 4, 0);
  const { system, data } = assembly;
  if (!system.has('EventID')) throw new RangeError('a record without an event id');
  if (!system.has('TimeCreated@SystemTime'))
    system.set('TimeCreated@SystemTime', fileTimeText(chunk.view.getBigUint64(at + 16, true)));
  if (!system.has('EventRecordID')) system.set('EventRecordID', String(chunk.view.getBigUint64(at + 8, true)));
  return { system, data, verified };
}

/** A value with the id it was set by, and the next one whose id has the same hash. */
interface Entry<V> {
  id: string;
  value: V;
  next: Entry<V> | undefined;
}

/**
 * Values by resource id in any case. A fleet has ten thousands of ids, each 150 characters long: they are found by a
 * hash that knows no case, because a lower-case copy of each, and its place in a map beside the id's own, would take
 * more memory and time than everything else that is known of a VM.
 */
export class IdMap<V> {
  readonly #entries = new Map<number, Entry<V>>();

  /** The value of this id in any case. */
  get(id: string): V | undefined {
    let entry = this.#entries.get(hashOf(id));
    while (entry !== undefined && !sameId(entry.id, id)) entry = entry.next;
    return entry?.value;
  }

  /** Sets the value of this id in any case; returns the one it had. */
  set(id: string, value: V): V | undefined {
    const hash = hashOf(id);
    const first = this.#entries.get(hash);
    for (let entry = first; entry !== undefined; entry = entry.next) {
      if (!sameId(entry.id, id)) continue;
      const before = entry.value;
      entry.id = id;
      entry.value = value;
      return before;
    }
    this.#entries.set(hash, { id, value, next: first });
    return undefined;
  }

  /** Forgets the value of this id in any case, and returns it. */
  delete(id: string): V | undefined {
    const hash = hashOf(id);
    let before: Entry<V> | undefined;
    let entry = this.#entries.get(hash);
    while (entry !== undefined && !sameId(entry.id, id)) {
      before = entry;
      entry = entry.next;
    }
    if (entry === undefined) return undefined;
    if (before !== undefined) before.next = entry.next;
    else if (entry.next !== undefined) this.#entries.set(hash, entry.next);
    else this.#entries.delete(hash);
    return entry.value;
  }
}

const sameId = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.toLowerCase();

/** Equal for ids that differ in case alone. */
function hashOf(id: string): number {
  let hash = 0;
  let bits = 0;
  for (let i = 0; i < id.length; i += 1) {
    const code = id.charCodeAt(i);
    bits |= code;
    // This bit alone distinguishes an ASCII letter's cases.
    hash = (Math.imul(hash, 31) + (code | 32)) | 0;
  }
  if (bits < 128) return hash;
  const lower = id.toLowerCase();
  return lower === id ? hash : hashOf(lower);
}

import { isEmpty, type Json, list, object, properties, text } from '../arm/json.ts';
import { parentOf } from '../arm/resource-id.ts';
import { IdMap } from '../arm/resource-id-map.ts';
import type { Gap } from '../documents/fact.ts';

/** Something that could not be read: what, why, and what would cure it. `what` is a resource id where there is one. */
export interface Unreadable extends Gap {
  what: string;
}

/** "Microsoft.Network/virtualNetworks/subnets", lower-case, from a resource id; "" when the id has no provider. */
function typeFromId(id: string): string {
  const lower = id.toLowerCase();
  const at = lower.lastIndexOf('/providers/');
  if (at < 0) return '';
  const parts = lower.slice(at + '/providers/'.length).split('/');
  return [parts[0], ...parts.slice(1).filter((_, i) => i % 2 === 0)].join('/');
}

/** The type that a body reports, or its id, in lower case. */
export const typeOf = (raw: Json): string => text(raw.type).toLowerCase() || typeFromId(text(raw.id));

/**
 * ARM resources as Azure prints them (`{ id, type, location, sku?, properties }`, from ARM or from Resource Graph), found
 * by id in any case, by type, and by parent. Subnets are found whether they came inside their virtual network or alone; what
 * was added last counts.
 * The bodies are untrusted and are not changed; what is no resource is counted in `refused`.
 */
export class NetworkResources {
  readonly #byId = new IdMap<Json>();
  readonly #byType = new Map<string, Set<Json>>();
  #lastId: string | undefined;
  #last: Json | undefined;
  #refused = 0;
  #version = 0;

  constructor(bodies: Iterable<unknown> = []) {
    for (const body of bodies) this.add(body);
  }

  /** Adds a body, or replaces the one with the same id. Bodies without an id are refused. */
  add(body: unknown): void {
    const raw = object(body);
    const id = text(raw.id);
    if (id === '' || id.length > 2048) {
      this.#refused += 1;
      return;
    }
    const type = typeOf(raw);
    this.#put(id, type, raw);
    if (type === 'microsoft.network/virtualnetworks') {
      for (const subnet of list(properties(raw).subnets)) {
        const inner = object(subnet);
        const innerId = text(inner.id);
        if (innerId === '' || isEmpty(properties(inner))) continue;
        this.#put(innerId, 'microsoft.network/virtualnetworks/subnets', inner);
      }
    }
  }

  #put(id: string, type: string, raw: Json): void {
    this.#lastId = undefined;
    const before = this.#byId.set(id, raw);
    if (before !== undefined) this.#byType.get(typeOf(before))?.delete(before);
    let ofType = this.#byType.get(type);
    if (ofType === undefined) {
      ofType = new Set();
      this.#byType.set(type, ofType);
    }
    ofType.add(raw);
    this.#version += 1;
  }

  /** Forgets the resource with this id, in any case. */
  remove(id: string): void {
    this.#lastId = undefined;
    const found = this.#byId.delete(id);
    if (found === undefined) return;
    this.#byType.get(typeOf(found))?.delete(found);
    this.#version += 1;
  }

  /** The resource with this id, in any case; undefined when it was not read. */
  get(id: string): Json | undefined {
    // One VM's references are looked up several times in a row.
    if (id !== this.#lastId) {
      this.#last = this.#byId.get(id);
      this.#lastId = id;
    }
    return this.#last;
  }

  /** Every resource of a type such as "Microsoft.Network/loadBalancers", in any case. */
  ofType(type: string): Iterable<Json> {
    return this.#byType.get(type.toLowerCase()) ?? [];
  }

  /** The resources of a type that are direct children of the resource `parent`. */
  childrenOf(parent: string, type: string): Json[] {
    const key = parent.toLowerCase();
    return [...this.ofType(type)].filter((raw) => parentOf(text(raw.id)).toLowerCase() === key);
  }

  /** How many resources there are. */
  get size(): number {
    let size = 0;
    for (const ofType of this.#byType.values()) size += ofType.size;
    return size;
  }

  /** How many bodies were no resources. */
  get refused(): number {
    return this.#refused;
  }

  /** Grows with every change, so that what was derived from the resources can notice. */
  get version(): number {
    return this.#version;
  }
}

import { randomUUID } from 'node:crypto';
import { at, records, text } from './json.ts';
import { lastSegment, parentId } from './resource-id.ts';
import type { ArmResource } from './world.ts';

const key = (id: string): string => id.toLowerCase();

/** What changed in the store, for the log of mutations. */
export interface Change {
  id: string;
  before: ArmResource | undefined;
  after: ArmResource | undefined;
}

/** A new entity tag in the network provider's form. */
export const newEtag = (): string => `W/"${randomUUID()}"`;

/**
 * Every resource of the world by id, whatever its case. Resources are never changed in place: a write puts a new
 * object. Beside the goal state, the last state that was carried out is kept, so that what the data plane does can
 * lag behind what was asked for.
 */
export class Store {
  readonly #byId = new Map<string, ArmResource>();
  readonly #byType = new Map<string, Map<string, ArmResource>>();
  readonly #applied = new Map<string, ArmResource | undefined>();
  #changes: Change[] = [];
  /** Grows with every write: what was derived from an older version is stale. */
  version = 0;

  get(id: string): ArmResource | undefined {
    return this.#byId.get(key(id));
  }

  /** The state that the data plane works by: the last one carried out. */
  applied(id: string): ArmResource | undefined {
    const low = key(id);
    return this.#applied.has(low) ? this.#applied.get(low) : this.#byId.get(low);
  }

  all(): IterableIterator<ArmResource> {
    return this.#byId.values();
  }

  /** All resources of a type, in the order in which they came to be. */
  ofType(type: string): ArmResource[] {
    return [...(this.#byType.get(type.toLowerCase())?.values() ?? [])];
  }

  /** Whether any resource has the type. */
  hasType(type: string): boolean {
    return (this.#byType.get(type.toLowerCase())?.size ?? 0) > 0;
  }

  /** Resources one level below a resource: `<id>/<type>/<name>`. */
  children(id: string, type: string): ArmResource[] {
    const start = `${key(id)}/${type.toLowerCase()}/`;
    return [...this.#byId]
      .filter(([low]) => low.startsWith(start) && !low.slice(start.length).includes('/'))
      .map(([, resource]) => resource);
  }

  /** Writes a resource. With `pending`, the data plane keeps the former state until `settle`. */
  put(resource: ArmResource, options: { pending?: boolean; silent?: boolean } = {}): void {
    const low = key(resource.id);
    const before = this.#byId.get(low);
    if (options.pending === true) {
      if (!this.#applied.has(low)) this.#applied.set(low, before);
    } else this.#applied.delete(low);
    if (before !== undefined && before.type.toLowerCase() !== resource.type.toLowerCase()) this.#unlist(before);
    this.#byId.set(low, resource);
    const type = resource.type.toLowerCase();
    const listed = this.#byType.get(type) ?? new Map<string, ArmResource>();
    listed.set(low, resource);
    this.#byType.set(type, listed);
    this.version += 1;
    if (options.silent !== true) this.#changes.push({ id: resource.id, before, after: resource });
  }

  /** Lets the data plane follow the goal state. */
  settle(id: string): void {
    if (this.#applied.delete(key(id))) this.version += 1;
  }

  delete(id: string): void {
    const low = key(id);
    const before = this.#byId.get(low);
    if (before === undefined) return;
    this.#byId.delete(low);
    this.#applied.delete(low);
    this.#unlist(before);
    this.version += 1;
    this.#changes.push({ id: before.id, before, after: undefined });
  }

  #unlist(resource: ArmResource): void {
    this.#byType.get(resource.type.toLowerCase())?.delete(key(resource.id));
  }

  /** The changes since the last call. */
  takeChanges(): Change[] {
    const taken = this.#changes;
    this.#changes = [];
    return taken;
  }
}

/** A child resource that is printed inside its parent's properties: `subnets` of a network, `securityRules` of a group. */
export function inlineChildren(parent: ArmResource, kind: string): ArmResource[] | undefined {
  const properties = parent.properties ?? {};
  const field = Object.keys(properties).find((name) => name.toLowerCase() === kind.toLowerCase());
  if (field === undefined || !Array.isArray(properties[field])) return undefined;
  const found: ArmResource[] = [];
  for (const child of records(properties[field])) {
    const name = text(child.name) ?? lastSegment(text(child.id) ?? '');
    if (child.properties === undefined || name === '') continue;
    found.push({
      ...child,
      name,
      id: text(child.id) ?? `${parent.id}/${field}/${name}`,
      type: text(child.type) ?? `${parent.type}/${field}`,
    });
  }
  return found;
}

/** Finds a resource by id: on its own, or printed inside its parent. */
export function find(
  store: Store,
  id: string,
  read: (id: string) => ArmResource | undefined = (at) => store.get(at),
): ArmResource | undefined {
  const direct = read(id);
  if (direct !== undefined) return direct;
  const parent = read(parentId(id));
  if (parent === undefined) return undefined;
  const kind = lastSegment(id.slice(0, id.lastIndexOf('/')));
  const name = lastSegment(id).toLowerCase();
  return inlineChildren(parent, kind)?.find((child) => child.name.toLowerCase() === name);
}

/** `provisioningState` of a resource, as far as it has one. */
export const provisioningState = (resource: ArmResource): string | undefined =>
  text(at(resource.properties, 'provisioningState'));

/** The resource with another provisioning state; everything else as it was. */
export function withState(resource: ArmResource, state: string): ArmResource {
  return { ...resource, properties: { ...resource.properties, provisioningState: state } };
}

import { type Json, list, object, properties, referenced, text } from '../../arm/json.ts';
import { IdMap } from '../../arm/resource-id-map.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { type ExposureBook, type FoundExposure, findExposure, openBook } from '../exposure.ts';
import { NetworkResources, typeOf, type Unreadable } from '../resources.ts';
import type { AdminRules } from '../rules/rule-lists.ts';
import type { PublishedTags } from '../sets/address-prefixes.ts';
import { networkOf } from '../virtual-networks.ts';
import { ADDRESSES, INSTANCE_ADDRESSES, INSTANCE_INTERFACES, INTERFACES, LightBodies } from './compact-resources.ts';

/** A VM of the fleet: what `evaluateExposure` needs of it. */
export type FleetMachine = Pick<VirtualMachine, 'id' | 'name' | 'os' | 'power' | 'networkInterfaces'>;

/** What holds for all VMs of a fleet. */
export interface AboutFleet {
  asOf: string;
  source: string;
  serviceTags?: PublishedTags;
  adminRules?: AdminRules;
  unreadable?: readonly Unreadable[];
}

/** A group at network interfaces, and the VMs behind it. */
interface Waited<M> {
  id: string;
  members: Member<M>[];
  /** VMs that are not evaluated yet. */
  users: number;
  come: boolean;
}

/** A VM's network interface: its body once it has come. */
interface Interface {
  body: Json | undefined;
}

/** More groups than are at the interfaces of one subnet: Azure allows 5,000 in a subscription's region. */
const MOST_GROUPS = 2 ** 20;

interface Member<M> {
  machine: M;
  interfaces: readonly Interface[];
  /** Equal for VMs with the same subnet and group, near for those with the same subnet: these are evaluated on end. */
  place: number;
  groups: readonly Waited<M>[];
  /** How many of the groups have not come yet. */
  missing: number;
}

/** Gets a VM with its exposure, and the public addresses at its interfaces. */
export type Take<M> = (machine: M, exposure: FoundExposure, addresses: readonly string[]) => void;

const NO_ADDRESSES: readonly string[] = Object.freeze([]);

/** The public addresses at network interfaces, as printed. */
function publicAddresses(interfaces: readonly Interface[], resources: NetworkResources): readonly string[] {
  // A list of its own size for each VM: one that grows takes room for seventeen.
  let addresses: readonly string[] = NO_ADDRESSES;
  for (const { body } of interfaces) {
    for (const config of list(properties(body).ipConfigurations)) {
      const address = text(properties(resources.get(referenced(properties(config).publicIPAddress))).ipAddress);
      if (address !== '') addresses = [...addresses, address];
    }
  }
  return addresses;
}

/**
 * The exposure of every VM of a fleet, from bodies as they arrive page by page. A network security group's body is
 * large, and of use only to the VMs behind it: those of subnets are compiled and kept, those of network interfaces
 * are dropped when their VMs are evaluated. So what is held at once follows the VMs, not their rules.
 *
 * First the VMs (`machines`) and every other resource (`addResources`), in any order, then `begin`, then the groups in any order (`groups`; cheapest when
 * those of subnets come first), then `rest`. `take` gets each VM once, as soon as all that decides it is there.
 * The answers are those of `evaluateExposure` for each VM alone.
 */
export class FleetExposure<M extends FleetMachine> {
  readonly resources = new NetworkResources();
  readonly #members: Member<M>[] = [];
  /** Are the VMs there? Until then each network interface may be one of theirs. */
  #listed = false;
  readonly #take: Take<M>;
  #interfaces = new IdMap<Interface>();
  readonly #waited = new Map<string, Waited<M>>();
  readonly #light = new LightBodies();
  readonly #ofSubnets = new Set<string>();
  readonly #subnetsMissing = new Set<string>();
  readonly #seen = new Set<string>();
  #ready: Member<M>[] = [];
  #about: AboutFleet | undefined;
  #book: ExposureBook | undefined;

  constructor(take: Take<M>) {
    this.#take = take;
  }

  /** Takes the VMs, all of them, before anything else comes: one at each step. */
  *machines(machines: Iterable<M>): Generator<M> {
    const come = this.#interfaces;
    this.#interfaces = new IdMap();
    for (const machine of machines) {
      const interfaces = machine.networkInterfaces.map((id) => this.#interfaceOf(id, come.get(id)));
      this.#members.push({ machine, interfaces, place: 0, missing: 0, groups: [] });
      yield machine;
    }
    this.#listed = true;
  }

  /** The same in one go. */
  addMachines(machines: Iterable<M>): void {
    this.machines(machines).forEach(() => {});
  }

  #interfaceOf(id: string, come?: Interface): Interface {
    let found = this.#interfaces.get(id);
    if (found === undefined) {
      found = come ?? { body: undefined };
      this.#interfaces.set(id, found);
    }
    return found;
  }

  /** Takes bodies of everything but network security groups. Interfaces of no VM are not kept once the VMs are there. */
  addResources(bodies: Iterable<unknown>): void {
    for (const body of bodies) {
      const raw = object(body);
      const type = typeOf(raw);
      if (type === INTERFACES || type === INSTANCE_INTERFACES) {
        const id = text(raw.id);
        const mine = this.#listed ? this.#interfaces.get(id) : this.#interfaceOf(id);
        if (mine !== undefined) mine.body = this.#light.networkInterface(raw);
      } else if (type === ADDRESSES || type === INSTANCE_ADDRESSES) {
        this.resources.add(this.#light.publicAddress(raw));
      } else {
        this.resources.add(body);
      }
    }
  }

  /** The virtual networks that the VMs and the application gateways are in, those with most VMs first. */
  networks(): string[] {
    // By subnet first: many VMs share one, by one and the same text.
    const subnets = new Map<string, number>();
    for (const { interfaces } of this.#members) {
      for (const { body } of interfaces) {
        for (const config of list(properties(body).ipConfigurations)) {
          const subnet = referenced(properties(config).subnet);
          subnets.set(subnet, (subnets.get(subnet) ?? 0) + 1);
        }
      }
    }
    for (const gateway of this.resources.ofType('Microsoft.Network/applicationGateways')) {
      for (const config of list(properties(gateway).gatewayIPConfigurations)) {
        const subnet = referenced(properties(config).subnet);
        if (!subnets.has(subnet)) subnets.set(subnet, 0);
      }
    }
    const found = new Map<string, { id: string; machines: number }>();
    for (const [subnet, machines] of subnets) {
      const id = networkOf(subnet);
      if (id === '') continue;
      const known = found.get(id.toLowerCase());
      if (known === undefined) found.set(id.toLowerCase(), { id, machines });
      else known.machines += machines;
    }
    return [...found.values()].sort((a, b) => b.machines - a.machines).map(({ id }) => id);
  }

  /** All resources but the groups are there. */
  begin(about: AboutFleet): void {
    this.#about = about;
    for (const subnet of this.resources.ofType('Microsoft.Network/virtualNetworks/subnets')) {
      const group = referenced(properties(subnet).networkSecurityGroup).toLowerCase();
      if (group !== '') this.#ofSubnets.add(group);
    }
    for (const group of this.#ofSubnets) this.#subnetsMissing.add(group);
    const places = new Map<unknown, { first: number; byGroup: Map<unknown, number> }>();
    for (const member of this.#members) {
      member.groups = this.#groupsOf(member.interfaces);
      member.missing = member.groups.length;
      for (const group of member.groups) {
        group.members.push(member);
        group.users += 1;
      }
      if (member.missing === 0) this.#ready.push(member);
      // Equal references are one object: see `LightBodies`.
      const { subnet } = properties(list(properties(member.interfaces[0]?.body).ipConfigurations)[0]);
      let ofSubnet = places.get(subnet);
      if (ofSubnet === undefined) {
        ofSubnet = { first: places.size * MOST_GROUPS, byGroup: new Map() };
        places.set(subnet, ofSubnet);
      }
      const { first, byGroup } = ofSubnet;
      let place = byGroup.get(member.groups[0]);
      if (place === undefined) {
        place = first + byGroup.size;
        byGroup.set(member.groups[0], place);
      }
      member.place = place;
    }
    this.#book = openBook(this.resources, { ...about, unreadable: about.unreadable ?? [] });
  }

  /** The groups at a VM's network interfaces, each once. */
  #groupsOf(interfaces: readonly Interface[]): readonly Waited<M>[] {
    let groups: readonly Waited<M>[] = [];
    for (const { body } of interfaces) {
      const group = this.#waitedGroup(properties(body).networkSecurityGroup);
      if (group !== undefined && !groups.includes(group)) groups = [...groups, group];
    }
    return groups;
  }

  readonly #byReference = new Map<unknown, Waited<M>>();

  /** The group that a network interface refers to, the same for the same id in any case. */
  #waitedGroup(reference: unknown): Waited<M> | undefined {
    const known = this.#byReference.get(reference);
    if (known !== undefined) return known;
    const id = referenced(reference).toLowerCase();
    if (id === '') return undefined;
    let waited = this.#waited.get(id);
    if (waited === undefined) {
      waited = { id, members: [], users: 0, come: false };
      this.#waited.set(id, waited);
    }
    this.#byReference.set(reference, waited);
    return waited;
  }

  /** Takes bodies of network security groups, and evaluates the VMs whose last one is among them: one at each step. */
  *groups(bodies: Iterable<unknown>): Generator<M> {
    for (const body of bodies) {
      const id = text(object(body).id).toLowerCase();
      if (id === '' || this.#seen.has(id)) continue;
      this.#seen.add(id);
      if (this.#ofSubnets.has(id)) this.#book?.ways.book.keepGroup(body);
      this.#subnetsMissing.delete(id);
      const waited = this.#waited.get(id);
      if (waited === undefined || waited.come) continue;
      waited.come = true;
      this.resources.add(body);
      for (const member of waited.members) {
        member.missing -= 1;
        if (member.missing === 0) this.#ready.push(member);
      }
    }
    // A subnet's group also decides what its gateway lets in, for VMs elsewhere: all of them come first.
    if (this.#subnetsMissing.size === 0) yield* this.#evaluated();
  }

  /** The same in one go. */
  addGroups(bodies: Iterable<unknown>): void {
    this.groups(bodies).forEach(() => {});
  }

  /** No more groups come: VMs that still wait for one are evaluated without it, one at each step. */
  *rest(): Generator<M> {
    for (const member of this.#members) if (member.missing > 0) this.#ready.push(member);
    yield* this.#evaluated();
  }

  /** The same in one go. */
  finish(): void {
    this.rest().forEach(() => {});
  }

  *#evaluated(): Generator<M> {
    const [book, about] = [this.#book, this.#about];
    if (book === undefined || about === undefined) return;
    const ready = this.#ready;
    this.#ready = [];
    ready.sort((a, b) => a.place - b.place);
    const { asOf, source } = about;
    for (const { machine, interfaces, groups } of ready) {
      const { networkInterfaces } = machine;
      const exposure = findExposure(book, { vm: machine, networkInterfaces, interfaces, asOf, source });
      this.#take(machine, exposure, publicAddresses(interfaces, this.resources));
      for (const group of groups) {
        group.users -= 1;
        if (group.users === 0) this.resources.remove(group.id);
      }
      yield machine;
    }
  }
}

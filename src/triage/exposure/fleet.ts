import type { Fact } from '../../documents/fact.ts';
import type { Exposure, VirtualMachine } from '../../documents/triage.ts';
import type { ServiceTags } from './address-spec.ts';
import { type ExposureBook, exposureFact, openBook } from './exposure.ts';
import type { AdminRules } from './filters.ts';
import { networkOf } from './networks.ts';
import { list, object, properties, referenced, text } from './raw.ts';
import { NetworkResources, type Unreadable } from './resources.ts';

/** A machine of the fleet: what `evaluateExposure` needs of it. */
export type FleetMachine = Pick<VirtualMachine, 'id' | 'name' | 'os' | 'power' | 'networkInterfaces'>;

/** What holds for all machines of a fleet. */
export interface AboutFleet {
  asOf: string;
  source: string;
  serviceTags?: ServiceTags;
  adminRules?: AdminRules;
  unreadable?: readonly Unreadable[];
}

interface Member<M> {
  machine: M;
  /** Its subnet and group: machines that share them are evaluated one after the other, with what is known from the last. */
  place: string;
  /** Groups at its network interfaces, lower-case, that have not come yet. */
  missing: Set<string>;
  groups: readonly string[];
}

/**
 * The exposure of every machine of a fleet, from bodies as they arrive page by page. A network security group's body is
 * large, and of use only to the machines behind it: those of subnets are compiled and kept, those of network interfaces
 * are dropped when their machines are evaluated. So what is held at once follows the machines, not their rules.
 *
 * First every other resource (`addResources`), then `begin`, then the groups in any order (`addGroups`; cheapest when
 * those of subnets come first), then `finish`. `take` gets each machine once, as soon as all that decides it is there.
 * The answers are those of `evaluateExposure` for each machine alone.
 */
export class FleetExposure<M extends FleetMachine> {
  readonly resources = new NetworkResources();
  readonly #members: Member<M>[];
  readonly #take: (machine: M, exposure: Fact<Exposure>) => void;
  readonly #waiting = new Map<string, Member<M>[]>();
  /** Machines that still need a group that has come. */
  readonly #users = new Map<string, number>();
  readonly #ofSubnets = new Set<string>();
  readonly #subnetsMissing = new Set<string>();
  readonly #seen = new Set<string>();
  #ready: Member<M>[] = [];
  #about: AboutFleet | undefined;
  #book: ExposureBook | undefined;

  constructor(machines: Iterable<M>, take: (machine: M, exposure: Fact<Exposure>) => void) {
    this.#members = [...machines].map((machine) => ({ machine, place: '', missing: new Set(), groups: [] }));
    this.#take = take;
  }

  /** Takes bodies of everything but network security groups. */
  addResources(bodies: Iterable<unknown>): void {
    for (const body of bodies) this.resources.add(body);
  }

  /** The virtual networks that the machines and the application gateways stand in, those with most machines first. */
  networks(): string[] {
    const found = new Map<string, { id: string; machines: number }>();
    const count = (subnet: string, machines: number) => {
      const id = networkOf(subnet);
      if (id === '') return;
      const known = found.get(id.toLowerCase());
      if (known === undefined) found.set(id.toLowerCase(), { id, machines });
      else known.machines += machines;
    };
    for (const { machine } of this.#members) {
      for (const nic of machine.networkInterfaces) for (const subnet of this.#subnetsOf(nic)) count(subnet, 1);
    }
    for (const gateway of this.resources.ofType('Microsoft.Network/applicationGateways')) {
      for (const config of list(properties(gateway).gatewayIPConfigurations)) {
        count(referenced(properties(config).subnet), 0);
      }
    }
    return [...found.values()].sort((a, b) => b.machines - a.machines).map(({ id }) => id);
  }

  #subnetsOf(nic: string): string[] {
    return list(properties(this.resources.get(nic)).ipConfigurations).map((config) =>
      referenced(properties(config).subnet),
    );
  }

  /** All resources but the groups are there. */
  begin(about: AboutFleet): void {
    this.#about = about;
    for (const subnet of this.resources.ofType('Microsoft.Network/virtualNetworks/subnets')) {
      const group = referenced(properties(subnet).networkSecurityGroup).toLowerCase();
      if (group !== '') this.#ofSubnets.add(group);
    }
    for (const group of this.#ofSubnets) this.#subnetsMissing.add(group);
    for (const member of this.#members) {
      const groups = new Set<string>();
      for (const nic of member.machine.networkInterfaces) {
        const group = referenced(properties(this.resources.get(nic)).networkSecurityGroup).toLowerCase();
        if (group !== '') groups.add(group);
      }
      member.groups = [...groups];
      member.missing = groups;
      member.place = `${this.#subnetsOf(member.machine.networkInterfaces[0] ?? '')[0] ?? ''}|${member.groups[0] ?? ''}`;
      for (const group of groups) {
        const members = this.#waiting.get(group);
        if (members === undefined) this.#waiting.set(group, [member]);
        else members.push(member);
        this.#users.set(group, (this.#users.get(group) ?? 0) + 1);
      }
      if (groups.size === 0) this.#ready.push(member);
    }
    this.#book = openBook(this.resources, { ...about, unreadable: about.unreadable ?? [] });
    if (this.#subnetsMissing.size === 0) this.#evaluate();
  }

  /** Takes bodies of network security groups, and evaluates the machines whose last one is among them. */
  addGroups(bodies: Iterable<unknown>): void {
    for (const body of bodies) {
      const id = text(object(body).id).toLowerCase();
      if (id === '' || this.#seen.has(id)) continue;
      this.#seen.add(id);
      if (this.#ofSubnets.has(id)) this.#book?.ways.book.keepGroup(body);
      this.#subnetsMissing.delete(id);
      const members = this.#waiting.get(id);
      if (members === undefined) continue;
      this.#waiting.delete(id);
      this.resources.add(body);
      for (const member of members) {
        member.missing.delete(id);
        if (member.missing.size === 0) this.#ready.push(member);
      }
    }
    // A subnet's group also decides what its gateway lets in, for machines elsewhere: all of them come first.
    if (this.#subnetsMissing.size === 0) this.#evaluate();
  }

  /** No more groups come: machines that still wait for one are evaluated without it. */
  finish(): void {
    for (const member of this.#members) if (member.missing.size > 0) this.#ready.push(member);
    this.#evaluate();
  }

  #evaluate(): void {
    const [book, about] = [this.#book, this.#about];
    if (book === undefined || about === undefined) return;
    const ready = this.#ready;
    this.#ready = [];
    ready.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
    const { asOf, source } = about;
    for (const { machine, groups } of ready) {
      this.#take(
        machine,
        exposureFact(book, { vm: machine, networkInterfaces: machine.networkInterfaces, asOf, source }),
      );
      for (const group of groups) {
        const left = (this.#users.get(group) ?? 0) - 1;
        this.#users.set(group, left);
        if (left <= 0) this.resources.remove(group);
      }
    }
  }
}

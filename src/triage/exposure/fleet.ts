import type { Fact } from '../../documents/fact.ts';
import type { Exposure, VirtualMachine } from '../../documents/triage.ts';
import type { ServiceTags } from './address-spec.ts';
import { type ExposureInput, exposureFact, openBook } from './exposure.ts';
import type { AdminRules } from './filters.ts';
import { list, properties, referenced } from './raw.ts';
import type { NetworkResources, Unreadable } from './resources.ts';

/** A machine of the fleet: what `evaluateExposure` needs of it. */
export type FleetMachine = Pick<VirtualMachine, 'id' | 'name' | 'os' | 'power' | 'networkInterfaces'>;

/** What holds for all machines of a fleet. */
export interface AboutFleet {
  asOf: string;
  source: string;
  unreadable?: readonly Unreadable[];
  serviceTags?: ServiceTags;
  adminRules?: AdminRules;
  secondOpinions?: NonNullable<ExposureInput['secondOpinions']>;
}

/**
 * The exposure of every machine, one after the other and in the order of their groups, so that ten thousand answers
 * need not be held at once. Groups are
 * compiled once and evaluated once for all machines that they treat alike; the time is linear in machines and resources.
 */
export function* eachExposure(
  resources: NetworkResources,
  machines: Iterable<FleetMachine>,
  about: AboutFleet,
): Generator<{ id: string; exposure: Fact<Exposure> }> {
  const book = openBook(resources, { ...about, unreadable: about.unreadable ?? [] });
  // Machines behind the same groups follow one another, so that few compiled groups need be kept.
  const ordered = [...machines].map((vm) => ({ vm, key: groupsOf(resources, vm) }));
  ordered.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const { vm } of ordered) {
    const { asOf, source, secondOpinions } = about;
    const input = { vm, networkInterfaces: vm.networkInterfaces, asOf, source };
    yield {
      id: vm.id,
      exposure: exposureFact(book, secondOpinions === undefined ? input : { ...input, secondOpinions }),
    };
  }
}

/** The exposure of every machine, by its id in lower case. */
export function evaluateFleet(
  resources: NetworkResources,
  machines: Iterable<FleetMachine>,
  about: AboutFleet,
): Map<string, Fact<Exposure>> {
  const facts = new Map<string, Fact<Exposure>>();
  for (const { id, exposure } of eachExposure(resources, machines, about)) facts.set(id.toLowerCase(), exposure);
  return facts;
}

function groupsOf(resources: NetworkResources, vm: FleetMachine): string {
  const nic = properties(resources.get(vm.networkInterfaces[0] ?? ''));
  const subnet = referenced(properties(list(nic.ipConfigurations)[0]).subnet);
  return `${subnet}|${referenced(nic.networkSecurityGroup)}`.toLowerCase();
}

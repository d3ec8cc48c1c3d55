import { type Call, type Handler, ok, page, type Route } from '../call.ts';
import { at, record, same } from '../json.ts';
import { instanceView, present } from '../present.ts';
import { within } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';
import { demandGroup, mayRead, ownerAt, resourceAt } from './resource-reads.ts';

/*
 * Uniform scale sets: their instances and what belongs to these have paths below the set (Compute and Network
 * specifications, the latter in version 2018-10-01). A world lists instances, their network interfaces and public addresses as
 * resources with those ids.
 */
const type = 'Microsoft.Compute/virtualMachineScaleSets';
const instances = `${type}/virtualMachines`;
const interfaces = `${instances}/networkInterfaces`;
const addresses = `${interfaces}/ipConfigurations/publicIPAddresses`;

/** An instance as its GET prints it: the instance view on demand alone, and the number of its id. */
function shown(call: Call, instance: ArmResource): ArmResource {
  const printed = present(instance, call.azure);
  const properties = same(call.query.get('$expand') ?? undefined, 'instanceView')
    ? { ...record(printed.properties), instanceView: instanceView(instance) }
    : record(printed.properties);
  return { ...printed, instanceId: instance.id.slice(instance.id.lastIndexOf('/') + 1), properties };
}

const get: Handler = (call) => ok(shown(call, resourceAt(call)));

const view: Handler = (call) => ok(instanceView(ownerAt(call)));

/** The view of a set: whether automatic repairs run, which a world may say otherwise. */
const setView: Handler = (call) => {
  const { properties } = ownerAt(call);
  const on = at(properties, 'automaticRepairsPolicy', 'enabled') === true;
  const services = on ? [{ serviceName: 'AutomaticRepairs', serviceState: 'Running' }] : [];
  return ok({ orchestrationServices: services, ...record(at(properties, 'instanceView')) });
};

/** Lists the resources of a type below the set or the instance that the path names. */
const listed =
  (wanted: string, print: (call: Call, resource: ArmResource) => ArmResource): Handler =>
  (call) => {
    demandGroup(call);
    const parent = call.path.slice(0, call.path.lastIndexOf('/'));
    if (!/\/ipConfigurations\/[^/]+$/i.test(parent)) resourceAt(call, parent);
    const found = call.azure.store
      .ofType(wanted)
      .filter((each) => within(each.id, parent) && mayRead(call.azure, each));
    return page(
      call,
      found.map((each) => print(call, each)),
    );
  };

const plain = (call: Call, resource: ArmResource): ArmResource => present(resource, call.azure);

const set = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${type}/{set}`;
const one = `${set}/virtualMachines/{instance}`;

export const scaleSetRoutes: Route[] = [
  { method: 'GET', template: `${set}/virtualMachines`, handler: listed(instances, shown) },
  { method: 'GET', template: `${set}/instanceView`, handler: setView },
  { method: 'GET', template: one, handler: get },
  { method: 'GET', template: `${one}/instanceView`, handler: view },
  { method: 'GET', template: `${set}/networkInterfaces`, handler: listed(interfaces, plain) },
  { method: 'GET', template: `${one}/networkInterfaces`, handler: listed(interfaces, plain) },
  { method: 'GET', template: `${set}/publicIPAddresses`, handler: listed(addresses, plain) },
  {
    method: 'GET',
    template: `${one}/networkInterfaces/{nic}/ipConfigurations/{configuration}/publicIPAddresses`,
    handler: listed(addresses, plain),
  },
];

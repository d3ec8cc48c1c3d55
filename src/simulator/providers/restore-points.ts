import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { at, type Json, record, records, same, text } from '../json.ts';
import { demandIdle, startCompute, startComputeDeletion } from '../long-running.ts';
import { present } from '../present.ts';
import { parentId } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { demandGroup, listOf, resourceAt } from './resource-reads.ts';
import { demandRegion, tagsOf } from './writes.ts';

const collections = 'Microsoft.Compute/restorePointCollections';
const points = `${collections}/restorePoints`;

const refuse = (status: number, code: string, message: string, target?: string): AzureError =>
  new AzureError(status, code, message, target === undefined ? {} : { extra: { target } });

/** The VM that a collection is of. */
function machineOf(call: Call, id: string | undefined): ArmResource {
  const machine = id === undefined ? undefined : call.azure.store.get(id);
  if (machine === undefined || !/^microsoft\.compute\/virtualmachines$/i.test(machine.type)) {
    throw refuse(404, 'NotFound', `The source virtual machine '${id ?? ''}' was not found.`, 'source.id');
  }
  return machine;
}

const putCollection: Handler = (call) => {
  demandGroup(call);
  const { store } = call.azure;
  const before = store.get(call.path);
  const body = bodyOf(call);
  const region = demandRegion(call, body, before);
  const machine = machineOf(call, text(at(body.properties, 'source', 'id')));
  if (before !== undefined && !same(text(at(before.properties, 'source', 'id')) ?? '', machine.id)) {
    throw refuse(409, 'PropertyChangeNotAllowed', "Changing property 'source' is not allowed.", 'source');
  }
  if (machine.location !== undefined && machine.location.toLowerCase() !== region) {
    throw refuse(400, 'BadRequest', `The collection must be in the region of its source, ${machine.location}.`);
  }
  const id = before?.id ?? call.path;
  const tags = tagsOf(body);
  const made: ArmResource = {
    name: before?.name ?? param(call, 'collection'),
    id,
    type: collections,
    location: before?.location ?? region,
    ...(tags !== undefined && { tags }),
    properties: before?.properties ?? {
      source: { id: machine.id, location: machine.location ?? region },
      restorePointCollectionId: guidOf(id.toLowerCase()),
      provisioningState: 'Succeeded',
    },
  };
  store.put(made);
  return { status: before === undefined ? 201 : 200, body: present(made, call.azure) };
};

/** Kinds of disks of which there is no crash-consistent restore point. */
function demandConsistent(call: Call, machine: ArmResource, disks: readonly Json[]): void {
  if (text(at(machine.properties, 'securityProfile', 'securityType')) === 'ConfidentialVM') {
    throw refuse(400, 'OperationNotAllowed', 'Restore points of confidential VMs cannot be crash consistent.');
  }
  for (const disk of disks) {
    const id = text(at(disk, 'managedDisk', 'id'));
    const resource = id === undefined ? undefined : call.azure.store.get(id);
    const sku = text(at(resource?.sku, 'name')) ?? '';
    const shares = at(resource?.properties, 'maxShares');
    const unfit =
      at(disk, 'diffDiskSettings') !== undefined ||
      at(disk, 'writeAcceleratorEnabled') === true ||
      (typeof shares === 'number' && shares > 1) ||
      /^(UltraSSD_LRS|PremiumV2_LRS)$/i.test(sku);
    if (unfit || resource === undefined) {
      throw refuse(
        400,
        'OperationNotAllowed',
        `The disk '${text(at(disk, 'name')) ?? ''}' is of a kind that crash consistent restore points do not support.`,
        'excludeDisks',
      );
    }
  }
}

const hour = 3_600_000;

function demandPace(call: Call, machine: ArmResource): void {
  const since = call.azure.clock.ms() - hour;
  const recent = call.azure.store.ofType(points).filter((one) => {
    const of = text(at(call.azure.store.get(parentId(one.id))?.properties, 'source', 'id')) ?? '';
    return same(of, machine.id) && Date.parse(text(at(one.properties, 'timeCreated')) ?? '') > since;
  });
  if (recent.length < 3) return;
  throw refuse(409, 'OperationNotAllowed', `More than 3 restore points of '${machine.name}' within an hour.`);
}

/** What a restore point keeps of a disk, and the part of it that holds the disk's bytes. */
function keptDisk(id: string, disk: Json): Json {
  const name = text(disk.name) ?? '';
  const { managedDisk } = disk;
  return {
    ...(disk.lun === undefined ? {} : { lun: disk.lun }),
    ...(disk.osType === undefined ? {} : { osType: disk.osType }),
    name,
    ...(disk.caching === undefined ? {} : { caching: disk.caching }),
    managedDisk,
    diskRestorePoint: { id: `${id}/diskRestorePoints/${name}_${guidOf(`${id.toLowerCase()}${name}`)}` },
  };
}

const putPoint: Handler = (call) => {
  const collection = resourceAt(call, parentId(call.path));
  const { store, pace, clock } = call.azure;
  if (store.get(call.path) !== undefined) {
    throw refuse(409, 'PropertyChangeNotAllowed', 'A restore point cannot be changed once it exists.');
  }
  const mode = text(at(bodyOf(call).properties, 'consistencyMode')) ?? 'ApplicationConsistent';
  if (mode !== 'CrashConsistent') {
    throw refuse(400, 'InvalidParameter', `The value '${mode}' of 'consistencyMode' is not simulated.`);
  }
  const machine = machineOf(call, text(at(collection.properties, 'source', 'id')));
  const profile = record(at(machine.properties, 'storageProfile'));
  const osDisk = record(profile.osDisk);
  const dataDisks = records(profile.dataDisks);
  demandConsistent(call, machine, [osDisk, ...dataDisks]);
  demandPace(call, machine);
  demandIdle(call, machine.id);
  const id = call.path;
  const sourceMetadata: Json = {
    hardwareProfile: { vmSize: text(at(machine.properties, 'hardwareProfile', 'vmSize')) ?? '' },
    storageProfile: { osDisk: keptDisk(id, osDisk), dataDisks: dataDisks.map((disk) => keptDisk(id, disk)) },
    vmId: text(at(machine.properties, 'vmId')) ?? guidOf(machine.id.toLowerCase()),
    location: machine.location ?? '',
  };
  const timeCreated = clock.precise();
  const print = (provisioningState: string): ArmResource => ({
    name: param(call, 'point'),
    id,
    type: points,
    properties: { sourceMetadata, provisioningState, consistencyMode: mode, timeCreated },
  });
  store.put(print('Creating'));
  const end = (state: string): void => {
    if (store.get(id) !== undefined) store.put(print(state), { silent: true });
  };
  const { headers } = startCompute(call, collection.location ?? '', 'operations', {
    target: id,
    duration: pace.snapshot,
    finish: () => end('Succeeded'),
    fail: () => end('Failed'),
    result: () => store.get(id),
  });
  return { status: 201, headers, body: print('Creating') };
};

const get: Handler = (call) => ok(present(resourceAt(call), call.azure));

const list: Handler = (call) =>
  page(
    call,
    listOf(call, collections, call.path.replace(/\/providers\/.*$/i, '')).map((one) => present(one, call.azure)),
  );

const remove: Handler = (call) => {
  const before = call.azure.store.get(call.path);
  if (before === undefined) {
    demandGroup(call);
    return { status: 204 };
  }
  const { store, pace } = call.azure;
  const inside = store.ofType(points).filter((one) => same(parentId(one.id), before.id));
  return startComputeDeletion(call, before, 'operations', pace.snapshot / 4, inside);
};

const inGroup = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${collections}`;

export const restorePointRoutes: Route[] = [
  { method: 'GET', template: `/subscriptions/{subscription}/providers/${collections}`, handler: list },
  { method: 'GET', template: inGroup, handler: list },
  { method: 'GET', template: `${inGroup}/{collection}`, handler: get },
  { method: 'PUT', template: `${inGroup}/{collection}`, handler: putCollection },
  { method: 'DELETE', template: `${inGroup}/{collection}`, handler: remove },
  { method: 'GET', template: `${inGroup}/{collection}/restorePoints/{point}`, handler: get },
  { method: 'PUT', template: `${inGroup}/{collection}/restorePoints/{point}`, handler: putPoint },
  { method: 'DELETE', template: `${inGroup}/{collection}/restorePoints/{point}`, handler: remove },
];

import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { endAccess, grantAccess } from '../disk-blobs.ts';
import { at, type Json, record, same, text } from '../json.ts';
import { demandIdle, startCompute, startComputeDeletion } from '../long-running.ts';
import { powerState, present } from '../present.ts';
import { readPath } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { demandGroup, listOf, ownerAt, resourceAt } from './resource-reads.ts';
import { demandRegion, tagsOf } from './writes.ts';

const type = 'Microsoft.Compute/snapshots';

const refuse = (status: number, code: string, message: string, target?: string): AzureError =>
  new AzureError(status, code, message, target === undefined ? {} : { extra: { target } });

/** The disk or snapshot that a snapshot is made of; refuses what the compute provider refuses. */
function sourceOf(call: Call, creation: Json, region: string): ArmResource {
  const option = text(creation.createOption);
  if (option !== 'Copy' && option !== 'CopyStart') {
    throw refuse(
      400,
      'InvalidParameter',
      `The value '${option ?? ''}' of parameter 'creationData.createOption' is not supported here.`,
      'creationData.createOption',
    );
  }
  const id = text(creation.sourceResourceId) ?? text(creation.sourceUri);
  if (id === undefined) {
    throw refuse(
      400,
      'InvalidParameter',
      "Required parameter 'creationData.sourceResourceId' is missing (null).",
      'creationData.sourceResourceId',
    );
  }
  const source = call.azure.store.get(id);
  if (source === undefined || !/^microsoft\.compute\/(disks|snapshots)$/i.test(source.type)) {
    const arm = readPath(id);
    throw refuse(404, 'NotFound', `Resource '${arm.names.join('/')}' was not found: ${id}.`);
  }
  const { action, scope } = { action: 'Microsoft.Compute/snapshots/write', scope: call.path };
  call.azure.permissions.demandLinked(action, scope, `${source.type}/beginGetAccess/action`, source.id);
  const home = source.location?.toLowerCase().replaceAll(' ', '');
  if (option === 'Copy' && home !== undefined && home !== region) {
    throw refuse(
      400,
      'BadRequest',
      `Snapshot ${lastOf(call)} cannot be created in location '${region}': the source ${source.id} is in location '${home}'. Use createOption 'CopyStart' to copy an incremental snapshot to another region.`,
    );
  }
  return source;
}

const lastOf = (call: Call): string => param(call, 'name');

const subscriptionOf = (id: string): string => readPath(id).subscription?.toLowerCase() ?? '';

/** Rules for incremental snapshots (restrictions page): where they may lie, how many, and which disks know no other. */
function demandKind(call: Call, source: ArmResource, incremental: boolean): void {
  const sku = text(at(source.sku, 'name')) ?? '';
  if (/^(UltraSSD_LRS|PremiumV2_LRS)$/i.test(sku) && !incremental) {
    throw refuse(
      400,
      'OperationNotAllowed',
      `Snapshot of disk '${source.name}' with SKU ${sku} must be incremental. Please set 'incremental' to true.`,
      'incremental',
    );
  }
  if (!incremental) return;
  if (subscriptionOf(source.id) !== subscriptionOf(call.path)) {
    throw refuse(
      400,
      'OperationNotAllowed',
      `Incremental snapshot '${lastOf(call)}' must be created in the subscription of its source disk ${source.id}.`,
    );
  }
  const family = call.azure.store
    .ofType(type)
    .filter(
      (each) =>
        at(each.properties, 'incremental') === true && same(idOfSource(each), source.id) && !same(each.id, call.path),
    );
  if (family.length >= 500) {
    throw refuse(
      409,
      'OperationNotAllowed',
      `The maximum number of incremental snapshots (500) for disk '${source.name}' has been reached.`,
    );
  }
  const now = call.azure.clock.ms();
  const recent = family.filter((each) => now - Date.parse(text(at(each.properties, 'timeCreated')) ?? '') < 300_000);
  if (recent.length >= 7) {
    throw refuse(
      429,
      'TooManyRequests',
      `More than 7 incremental snapshots of disk '${source.name}' were requested within 5 minutes.`,
    );
  }
}

const idOfSource = (snapshot: ArmResource): string | undefined =>
  text(at(snapshot.properties, 'creationData', 'sourceResourceId'));

const sizeOf = (source: ArmResource): number => {
  const size = at(source.properties, 'diskSizeGB');
  return typeof size === 'number' ? size : 30;
};

const bytesOf = (source: ArmResource): number | undefined => {
  const bytes = at(source.properties, 'diskSizeBytes');
  return typeof bytes === 'number' ? bytes : undefined;
};

/** Properties that a snapshot takes over from its source. */
const inherited = [
  'osType',
  'hyperVGeneration',
  'supportsHibernation',
  'supportedCapabilities',
  'securityProfile',
  'purchasePlan',
];

function snapshotProperties(call: Call, source: ArmResource, wanted: Json, incremental: boolean): Json {
  const gb = sizeOf(source);
  const properties: Json = {};
  for (const field of inherited) {
    const value = at(source.properties, field);
    if (value !== undefined) properties[field] = value;
  }
  const encryption = at(wanted, 'encryption') ?? at(source.properties, 'encryption');
  const creation = record(wanted.creationData);
  return {
    ...properties,
    creationData: {
      createOption: creation.createOption,
      ...(creation.instantAccessDurationMinutes === undefined
        ? {}
        : { instantAccessDurationMinutes: creation.instantAccessDurationMinutes }),
      sourceResourceId: source.id,
      sourceUniqueId: text(at(source.properties, 'uniqueId')) ?? guidOf(source.id.toLowerCase()),
    },
    diskSizeGB: gb,
    encryption: encryption ?? { type: 'EncryptionAtRestWithPlatformKey' },
    incremental,
    ...(incremental && { incrementalSnapshotFamilyId: guidOf(`family:${source.id.toLowerCase()}`) }),
    networkAccessPolicy: text(wanted.networkAccessPolicy) ?? 'AllowAll',
    ...(text(wanted.diskAccessId) !== undefined && { diskAccessId: wanted.diskAccessId }),
    publicNetworkAccess: text(wanted.publicNetworkAccess) ?? 'Enabled',
    ...(text(wanted.dataAccessAuthMode) !== undefined && { dataAccessAuthMode: wanted.dataAccessAuthMode }),
    timeCreated: call.azure.clock.precise(),
    diskState: 'Unattached',
    diskSizeBytes: bytesOf(source) ?? gb * 1024 ** 3,
    uniqueId: guidOf(`${call.path.toLowerCase()}${call.azure.clock.ms()}`),
  };
}

/** Seconds of copying after the request is done count for disks whose snapshots are filled in the background. */
const copiesInBackground = (source: ArmResource, option: unknown): boolean =>
  option === 'CopyStart' || /^(UltraSSD_LRS|PremiumV2_LRS)$/i.test(text(at(source.sku, 'name')) ?? '');

/** What a PUT would have to leave alone: the source of an existing snapshot cannot be changed. */
function demandSameSource(before: ArmResource | undefined, source: ArmResource, incremental: boolean): void {
  if (before === undefined) return;
  const fits = same(idOfSource(before), source.id) && (at(before.properties, 'incremental') === true) === incremental;
  if (fits) return;
  throw refuse(
    409,
    'PropertyChangeNotAllowed',
    `Changing property 'creationData' is not allowed: a snapshot with the name '${before.name}' already exists.`,
    'creationData',
  );
}

const copies = new WeakMap<Call['azure'], Map<string, { from: number; until: number }>>();

/** The progress of a background copy, in percent; 100 for all other snapshots. */
function completion(call: Call, snapshot: ArmResource): number {
  const copy = copies.get(call.azure)?.get(snapshot.id.toLowerCase());
  if (copy === undefined) {
    const printed = at(snapshot.properties, 'completionPercent');
    return typeof printed === 'number' ? printed : 100;
  }
  const done = (call.azure.clock.ms() - copy.from) / Math.max(1, copy.until - copy.from);
  return done >= 1 ? 100 : Math.floor(done * 1000) / 10;
}

function shown(call: Call, snapshot: ArmResource): ArmResource {
  const printed = present(snapshot, call.azure);
  if (at(snapshot.properties, 'incremental') !== true && at(snapshot.properties, 'completionPercent') === undefined)
    return printed;
  return { ...printed, properties: { ...printed.properties, completionPercent: completion(call, snapshot) } };
}

const put: Handler = (call) => {
  demandGroup(call);
  const { store, pace, clock } = call.azure;
  const before = store.get(call.path);
  const id = before?.id ?? call.path;
  const body = bodyOf(call);
  if (!/^[\w.-]{1,80}$/.test(lastOf(call))) {
    throw refuse(
      400,
      'InvalidParameter',
      `The entity name 'snapshot.name' is invalid according to its validation rule: ^[^_\\W][\\w-._]{0,79}(?<![-.])$.`,
    );
  }
  const region = demandRegion(call, body, before);
  const wanted = record(body.properties);
  const incremental = wanted.incremental === true;
  const source = sourceOf(call, record(wanted.creationData), region);
  demandSameSource(before, source, incremental);
  demandKind(call, source, incremental);
  demandIdle(call, id);
  const tags = tagsOf(body);
  const properties = before?.properties ?? snapshotProperties(call, source, wanted, incremental);
  const sku = text(at(body.sku, 'name')) ?? text(at(before?.sku, 'name')) ?? 'Standard_LRS';
  const print = (state: string): ArmResource => ({
    name: before?.name ?? lastOf(call),
    id,
    type,
    location: before?.location ?? region,
    ...(tags !== undefined && { tags }),
    sku: { name: sku, tier: sku.startsWith('Premium') ? 'Premium' : 'Standard' },
    properties: { ...properties, provisioningState: state },
  });
  store.put(print('Updating'));
  if (before === undefined && copiesInBackground(source, at(wanted, 'creationData', 'createOption'))) {
    const started = copies.get(call.azure) ?? new Map<string, { from: number; until: number }>();
    const from = clock.ms();
    started.set(id.toLowerCase(), { from, until: from + pace.snapshot * 3 });
    copies.set(call.azure, started);
  }
  const end = (state: string): void => {
    if (store.get(id) !== undefined) store.put(print(state), { silent: true });
  };
  const { headers } = startCompute(call, region, 'DiskOperations', {
    target: id,
    duration: pace.snapshot,
    finish: () => end('Succeeded'),
    fail: () => end('Failed'),
    result: () => {
      const now = store.get(id);
      return now === undefined ? undefined : shown(call, now);
    },
  });
  const accepted: Json = {
    creationData: properties.creationData,
    ...(incremental && { incremental }),
    provisioningState: 'Updating',
  };
  return {
    status: 202,
    headers,
    body: { name: lastOf(call), id, type, location: region, ...(tags !== undefined && { tags }), properties: accepted },
  };
};

const patch: Handler = (call) => {
  const { store, pace } = call.azure;
  const before = resourceAt(call);
  demandIdle(call, before.id);
  const body = bodyOf(call);
  const tags = body.tags === undefined ? before.tags : tagsOf(body);
  const allowed: Json = {};
  for (const field of [
    'networkAccessPolicy',
    'publicNetworkAccess',
    'diskAccessId',
    'dataAccessAuthMode',
    'encryption',
  ]) {
    const value = at(body.properties, field);
    if (value !== undefined) allowed[field] = value;
  }
  const { tags: _, ...rest } = before;
  const print = (state: string): ArmResource => ({
    ...rest,
    ...(tags !== undefined && { tags }),
    properties: { ...before.properties, ...allowed, provisioningState: state },
  });
  store.put(print('Updating'));
  const end = (resource: ArmResource): void => {
    if (store.get(before.id) !== undefined) store.put(resource, { silent: true });
  };
  const { headers } = startCompute(call, before.location ?? '', 'DiskOperations', {
    target: before.id,
    duration: pace.snapshot / 8,
    finish: () => end(print('Succeeded')),
    fail: () => end(before),
    result: () => shown(call, store.get(before.id) ?? print('Succeeded')),
  });
  return { status: 202, headers, body: shown(call, print('Updating')) };
};

const remove: Handler = (call) => {
  const { store, pace } = call.azure;
  const before = store.get(call.path);
  if (before === undefined) {
    demandGroup(call);
    return { status: 204 };
  }
  if (text(at(before.properties, 'diskState')) === 'ActiveSAS') {
    throw refuse(
      409,
      'OperationNotAllowed',
      `Snapshot ${before.name} cannot be deleted while it has an active shared access signature.`,
    );
  }
  return startComputeDeletion(call, before, 'DiskOperations', pace.snapshot / 4);
};

const get: Handler = (call) => ok(shown(call, resourceAt(call)));

const list: Handler = (call) => {
  demandGroup(call);
  const scope = call.path.replace(/\/providers\/.*$/i, '');
  return page(
    call,
    listOf(call, type, scope).map((snapshot) => shown(call, snapshot)),
  );
};

/** Access to the bytes of a disk or snapshot: refused where its policy forbids it, and before a copy is complete. */
const beginAccess: Handler = (call) => {
  const target = ownerAt(call);
  if (text(at(target.properties, 'networkAccessPolicy')) === 'DenyAll') {
    throw refuse(409, 'OperationNotAllowed', `Access to ${target.id} is denied: its networkAccessPolicy is DenyAll.`);
  }
  if (same(target.type, type) && completion(call, target) < 100) {
    throw refuse(
      409,
      'OperationNotAllowed',
      `Snapshot ${target.name} is not complete: its background copy is in progress.`,
    );
  }
  const seconds = Number(at(call.body, 'durationInSeconds') ?? 0);
  if (!(seconds >= 1))
    throw refuse(400, 'InvalidParameter', "Required parameter 'durationInSeconds' is missing.", 'durationInSeconds');
  demandIdle(call, target.id);
  const before = at(target.properties, 'diskState');
  if (same(target.type, 'Microsoft.Compute/disks') && stateWithout(call, target) === 'Attached') {
    throw refuse(
      409,
      'Conflict',
      `Access not permitted because disk ${target.name} is currently attached to running VM ${call.azure.relations.machineOfDisk(target.id)}.`,
    );
  }
  call.azure.store.put({ ...target, properties: { ...target.properties, diskState: 'ActiveSAS' } });
  const accessSAS = grantAccess(call.azure, target.id, seconds);
  const { headers } = startCompute(call, target.location ?? '', 'DiskOperations', {
    target: target.id,
    duration: call.azure.pace.snapshot / 8,
    fail: () => {
      endAccess(call.azure, target.id);
      const now = call.azure.store.get(target.id);
      if (now !== undefined) {
        call.azure.store.put({ ...now, properties: { ...now.properties, diskState: before } }, { silent: true });
      }
    },
    result: () => ({ accessSAS }),
  });
  return { status: 202, headers };
};

/** The state of a disk or snapshot to which no link leads. */
function stateWithout(call: Call, target: ArmResource): string {
  const machine = call.azure.relations.machineOfDisk(target.id);
  if (machine === undefined) return 'Unattached';
  const owner = call.azure.store.get(machine);
  return owner === undefined || powerState(owner) === 'PowerState/running' ? 'Attached' : 'Reserved';
}

const endOfAccess: Handler = (call) => {
  const target = ownerAt(call);
  demandIdle(call, target.id);
  const end = () => {
    const now = call.azure.store.get(target.id) ?? target;
    endAccess(call.azure, target.id);
    call.azure.store.put({ ...now, properties: { ...now.properties, diskState: stateWithout(call, now) } });
  };
  // The activity log has it from its beginning, though nothing shows yet.
  call.azure.dataVersion += 1;
  const { headers } = startCompute(call, target.location ?? '', 'DiskOperations', {
    target: `${target.id}/access`,
    duration: call.azure.pace.snapshot / 8,
    finish: end,
  });
  return { status: 202, headers };
};

const inGroup = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute';

export const snapshotRoutes: Route[] = [
  { method: 'GET', template: `/subscriptions/{subscription}/providers/${type}`, handler: list },
  { method: 'GET', template: `${inGroup}/snapshots`, handler: list },
  { method: 'GET', template: `${inGroup}/snapshots/{name}`, handler: get },
  { method: 'PUT', template: `${inGroup}/snapshots/{name}`, handler: put },
  { method: 'PATCH', template: `${inGroup}/snapshots/{name}`, handler: patch },
  { method: 'DELETE', template: `${inGroup}/snapshots/{name}`, handler: remove },
  { method: 'POST', template: `${inGroup}/snapshots/{name}/beginGetAccess`, handler: beginAccess },
  { method: 'POST', template: `${inGroup}/snapshots/{name}/endGetAccess`, handler: endOfAccess },
  { method: 'POST', template: `${inGroup}/disks/{name}/beginGetAccess`, handler: beginAccess },
  { method: 'POST', template: `${inGroup}/disks/{name}/endGetAccess`, handler: endOfAccess },
];

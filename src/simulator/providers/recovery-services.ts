import { randomUUID } from 'node:crypto';
import type { Azure } from '../azure.ts';
import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { at, type Json, record, same, text } from '../json.ts';
import type { Operation } from '../operations.ts';
import { powerState } from '../present.ts';
import { lastSegment, readPath } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';

export const vaultPath =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{vault}';
const itemPath = `${vaultPath}/backupFabrics/{fabric}/protectionContainers/{container}/protectedItems/{item}`;

/** The vault that a path is in; "" for none. */
export const vaultOf = (id: string): string => /^.*?\/vaults\/[^/]+/i.exec(id)?.[0] ?? '';

const notFound = (what: string): AzureError =>
  new AzureError(404, 'ResourceNotFound', `The requested resource '${what}' was not found.`);

export const itemsOf = (azure: Azure, vault: string): ArmResource[] =>
  azure.backup.protectedItems.filter((item) => same(vaultOf(item.id), vault));

/** The item of a path. Containers and items are compared as Azure names them, without case. */
function itemAt(call: Call, path = call.path): ArmResource {
  const item = call.azure.backup.protectedItems.find((each) => same(each.id, path));
  if (item !== undefined) return item;
  throw new AzureError(404, 'BMSUserErrorContainerObjectNotFound', 'Item not found');
}

export const machineOf = (item: ArmResource): string | undefined =>
  text(at(item.properties, 'sourceResourceId')) ?? text(at(item.properties, 'virtualMachineId'));

export const filterValue = (filter: string, field: string): string | undefined =>
  new RegExp(`${field}\\s+eq\\s+'([^']*)'`, 'i').exec(filter)?.[1];

const items: Handler = (call) => {
  const vault = call.path.replace(/\/backupProtectedItems$/i, '');
  if (call.azure.store.get(vault) === undefined && itemsOf(call.azure, vault).length === 0) throw notFound(vault);
  const filter = call.query.get('$filter') ?? '';
  const wanted: [string, string | undefined][] = [
    ['backupManagementType', filterValue(filter, 'backupManagementType')],
    ['friendlyName', filterValue(filter, 'friendlyName')],
    ['policyName', filterValue(filter, 'policyName')],
    ['workloadType', filterValue(filter, 'itemType')],
  ];
  const found = itemsOf(call.azure, vault).filter((item) =>
    wanted.every(([field, value]) => value === undefined || same(text(at(item.properties, field)), value)),
  );
  return page(call, found, 200);
};

const item: Handler = (call) => ok(itemAt(call));

function pointsOf(azure: Azure, owner: ArmResource): ArmResource[] {
  const key = Object.keys(azure.backup.recoveryPoints).find((id) => same(id, owner.id));
  return key === undefined ? [] : (azure.backup.recoveryPoints[key] ?? []);
}

const points: Handler = (call) => {
  const owner = itemAt(call, call.path.replace(/\/recoveryPoints$/i, ''));
  const time = (point: ArmResource): number => Date.parse(text(at(point.properties, 'recoveryPointTime')) ?? '');
  const filter = call.query.get('$filter') ?? '';
  const start = Date.parse(filterValue(filter, 'startDate') ?? '');
  const end = Date.parse(filterValue(filter, 'endDate') ?? '');
  const found = pointsOf(call.azure, owner)
    .filter((point) => !(time(point) < start) && !(time(point) > end))
    .sort((a, b) => time(b) - time(a));
  return page(call, found, 200);
};

const point: Handler = (call) => {
  const owner = itemAt(call, call.path.replace(/\/recoveryPoints\/[^/]+$/i, ''));
  const found = pointsOf(call.azure, owner).find((each) => same(each.name, param(call, 'point')));
  if (found === undefined) throw notFound(param(call, 'point'));
  return ok(found);
};

/** Whether a machine is protected, and under which names: the only way to learn the names. */
const backupStatus: Handler = (call) => {
  const resource = text(bodyOf(call).resourceId);
  if (resource === undefined)
    throw new AzureError(400, 'BMSUserErrorInvalidInput', 'Input provided for the call is invalid');
  const found = call.azure.backup.protectedItems.find((each) => same(machineOf(each) ?? '', resource));
  if (found === undefined) {
    return ok({
      protectionStatus: 'NotProtected',
      vaultId: '',
      fabricName: 'Invalid',
      containerName: '',
      protectedItemName: '',
      errorCode: 'Success',
      errorMessage: '',
      policyName: '',
      registrationStatus: '',
    });
  }
  const failed = /error|failed|unhealthy/i.test(text(at(found.properties, 'protectionState')) ?? '');
  const parts = found.id.split('/');
  const after = (name: string): string => parts[parts.findIndex((part) => same(part, name)) + 1] ?? '';
  return ok({
    protectionStatus: failed
      ? 'ProtectionFailed'
      : same(text(at(found.properties, 'protectionState')), 'IRPending')
        ? 'Protecting'
        : 'Protected',
    vaultId: vaultOf(found.id),
    fabricName: 'Azure',
    containerName: after('protectionContainers'),
    protectedItemName: after('protectedItems'),
    errorCode: 'Success',
    errorMessage: '',
    policyName: text(at(found.properties, 'policyName')) ?? '',
    registrationStatus: 'Registered',
  });
};

const span = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${(seconds % 60).toFixed(7)}S`;
};

const iso = (ms: number): string => new Date(ms).toISOString();

interface Running {
  snapshot: Operation;
  transfer: Operation;
  owner: ArmResource;
  /** When the point is to be deleted, ISO 8601. */
  expiry: string;
}

/** Jobs started here, by id in lower case, with the operations that carry them. */
const runningJobs = new WeakMap<Azure, Map<string, Running>>();

function runningOf(azure: Azure): Map<string, Running> {
  const known = runningJobs.get(azure) ?? new Map<string, Running>();
  runningJobs.set(azure, known);
  return known;
}

const taskState = (operation: Operation, begun: boolean): string =>
  operation.state === 'Succeeded'
    ? 'Completed'
    : operation.state === 'Failed' || operation.state === 'Canceled'
      ? 'Failed'
      : begun
        ? 'InProgress'
        : 'NotStarted';

/** The operations of the jobs that undelete. */
const undeleteOperations = new WeakMap<ArmResource, Operation>();

/** The present state of a job that undeletes. */
function undeleteNow(azure: Azure, job: ArmResource, operation: Operation): ArmResource {
  const { state, failure, startedAt, endedAt } = operation;
  const ended = state === 'InProgress' ? undefined : (endedAt ?? azure.clock.ms());
  return {
    ...job,
    properties: {
      ...job.properties,
      duration: span((ended ?? azure.clock.ms()) - startedAt),
      status: state === 'Succeeded' ? 'Completed' : state === 'InProgress' ? 'InProgress' : 'Failed',
      ...(ended !== undefined && { endTime: iso(ended) }),
      ...(failure !== undefined && {
        errorDetails: [
          { errorCode: 400002, errorTitle: failure.code, errorString: failure.message, recommendations: [] },
        ],
      }),
      extendedInfo: { tasksList: [], propertyBag: {} },
    },
  };
}

/** The job's present state: its tasks one after the other, and the percentage of the whole. */
function jobNow(azure: Azure, job: ArmResource): ArmResource {
  const undeletes = undeleteOperations.get(job);
  if (undeletes !== undefined) return undeleteNow(azure, job, undeletes);
  const running = runningOf(azure).get(job.id.toLowerCase());
  if (running === undefined) return job;
  const { snapshot, transfer, owner } = running;
  const whole = Math.max(1, transfer.endsAt - snapshot.startedAt);
  const done = transfer.state !== 'InProgress' || snapshot.failure !== undefined;
  const ended = done ? (transfer.endedAt ?? snapshot.endedAt ?? azure.clock.ms()) : undefined;
  const progress = done ? 100 : Math.min(99, Math.floor(((azure.clock.ms() - snapshot.startedAt) / whole) * 100));
  const failure = snapshot.failure ?? transfer.failure;
  const { endTime: _, ...was } = record(job.properties);
  return {
    ...job,
    properties: {
      ...was,
      duration: span((ended ?? azure.clock.ms()) - snapshot.startedAt),
      status: transfer.cancelled ? 'Cancelled' : failure !== undefined ? 'Failed' : done ? 'Completed' : 'InProgress',
      ...(ended !== undefined && { endTime: iso(ended) }),
      ...(failure !== undefined && {
        errorDetails: [
          { errorCode: 400002, errorTitle: failure.code, errorString: failure.message, recommendations: [] },
        ],
      }),
      extendedInfo: {
        tasksList: [
          { taskId: 'Take Snapshot', duration: span(0), status: taskState(snapshot, true) },
          {
            taskId: 'Transfer data to vault',
            duration: span(0),
            status: snapshot.failure !== undefined ? 'NotStarted' : taskState(transfer, snapshot.state === 'Succeeded'),
          },
        ],
        propertyBag: {
          'VM Name': text(at(owner.properties, 'friendlyName')) ?? owner.name,
          'Recovery Point Expiry Time in UTC': running.expiry,
        },
        ...(!done && { progressPercentage: progress }),
      },
    },
  };
}

/** Leaves the point that a finished job has made, and says so in the item. */
function leavePoint(azure: Azure, owner: ArmResource, time: number, runs: boolean): void {
  const name = String(Math.floor(time * 10_000) + 621_355_968_000_000_000);
  const made: ArmResource = {
    id: `${owner.id}/recoveryPoints/${name}`,
    name,
    type: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints',
    properties: {
      objectType: 'IaasVMRecoveryPoint',
      recoveryPointType: runs ? 'AppConsistent' : 'CrashConsistent',
      recoveryPointTime: iso(time),
      recoveryPointAdditionalInfo: '',
      sourceVMStorageType: 'PremiumVMOnPartialPremiumStorage',
      isSourceVMEncrypted: false,
      isInstantIlrSessionActive: false,
      recoveryPointTierDetails: [
        { type: 'InstantRP', status: 'Valid' },
        { type: 'HardenedRP', status: 'Valid' },
      ],
      isManagedVirtualMachine: true,
      originalStorageAccountOption: false,
      osType: 'Windows',
    },
  };
  const key = Object.keys(azure.backup.recoveryPoints).find((id) => same(id, owner.id)) ?? owner.id;
  azure.backup.recoveryPoints[key] = [made, ...(azure.backup.recoveryPoints[key] ?? [])];
  replaceItem(azure, owner.id, {
    lastBackupStatus: 'Completed',
    lastBackupTime: iso(time),
    lastRecoveryPoint: iso(time),
    protectionState: 'Protected',
  });
}

function writeItem(azure: Azure, id: string, write: (properties: Json) => Json): void {
  azure.backup.protectedItems = azure.backup.protectedItems.map((each) =>
    same(each.id, id) ? { ...each, properties: write(record(each.properties)) } : each,
  );
  azure.dataVersion += 1;
}

const replaceItem = (azure: Azure, id: string, changes: Json): void =>
  writeItem(azure, id, (properties) => ({ ...properties, ...changes }));

const trigger: Handler = (call) => {
  const { azure } = call;
  const owner = itemAt(call, call.path.replace(/\/backup$/i, ''));
  const body = bodyOf(call);
  if (at(body, 'properties', 'objectType') !== 'IaasVMBackupRequest') {
    throw new AzureError(400, 'BMSUserErrorInvalidInput', 'Input provided for the call is invalid');
  }
  const expiry = text(at(body, 'properties', 'recoveryPointExpiryTimeInUTC'));
  if (expiry !== undefined && !(Date.parse(expiry) > azure.clock.ms())) {
    throw new AzureError(
      400,
      'UserErrorInvalidRecoveryPointExpiryTime',
      'The recovery point expiry time must lie in the future.',
    );
  }
  if (
    /^(ProtectionStopped|BackupsSuspended|ProtectionPaused)$/i.test(text(at(owner.properties, 'protectionState')) ?? '')
  ) {
    throw new AzureError(
      400,
      'UserErrorBackupOperationNotAllowedForStoppedProtection',
      'Backup is not possible: protection of this item is stopped.',
    );
  }
  const busy = [...runningOf(azure).values()].some(
    (each) =>
      same(each.owner.id, owner.id) && each.transfer.state === 'InProgress' && each.snapshot.failure === undefined,
  );
  if (busy) {
    throw new AzureError(
      409,
      'UserErrorAnotherBackupJobInProgress',
      'A backup job for this virtual machine is already in progress.',
    );
  }
  const job = startJob(call, owner, expiry);
  return accepted(call, owner, job.name, call.path.replace(/\/backup$/i, ''));
};

/**
 * Undeletes a soft-deleted item: "Undo the deletion" of learn.microsoft.com/azure/backup/backup-azure-arm-userestapi-backupazurevms.
 * Other writes of an item are not simulated.
 */
const undelete: Handler = (call) => {
  const { azure } = call;
  const owner = itemAt(call);
  const properties = record(bodyOf(call).properties);
  const deleted = at(owner.properties, 'isScheduledForDeferredDelete') === true;
  const asked =
    properties.isRehydrate === true &&
    same(text(properties.protectedItemType), 'Microsoft.Compute/virtualMachines') &&
    same(text(properties.protectionState), 'ProtectionStopped') &&
    same(text(properties.sourceResourceId) ?? '', machineOf(owner) ?? '');
  if (!deleted || !asked) {
    throw new AzureError(400, 'BMSUserErrorInvalidInput', 'Input provided for the call is invalid');
  }
  const name = randomUUID();
  const whole = azure.operations.start({
    style: 'backup',
    target: `${owner.id}/undelete/${name}`,
    duration: azure.pace.snapshotOfBackup,
    trouble: call.trouble,
    finish: () =>
      writeItem(azure, owner.id, ({ deferredDeleteTimeInUTC: _, deferredDeleteTimeRemaining: __, ...kept }) => ({
        ...kept,
        isScheduledForDeferredDelete: false,
        isDeferredDeleteScheduleUpcoming: false,
        protectionState: 'ProtectionStopped',
      })),
  });
  const job = jobAbout(azure, owner, { name, operation: 'Undelete', actions: [] });
  azure.backup.jobs = [job, ...azure.backup.jobs];
  undeleteOperations.set(job, whole);
  return accepted(call, owner, name, call.path);
};

/** A job of the vault that is about an item and goes on. */
function jobAbout(
  azure: Azure,
  owner: ArmResource,
  { name, operation, actions }: { name: string; operation: string; actions: string[] },
): ArmResource {
  return {
    id: `${vaultOf(owner.id)}/backupJobs/${name}`,
    name,
    type: 'Microsoft.RecoveryServices/vaults/backupJobs',
    properties: {
      jobType: 'AzureIaaSVMJob',
      containerName: text(at(owner.properties, 'containerName')) ?? '',
      isUserTriggered: true,
      virtualMachineVersion: 'Compute',
      entityFriendlyName: text(at(owner.properties, 'friendlyName')) ?? owner.name,
      backupManagementType: 'AzureIaasVM',
      operation,
      status: 'InProgress',
      startTime: iso(azure.clock.ms()),
      activityId: randomUUID(),
      actionsInfo: actions,
    },
  };
}

/** Answers 202 with an operation that names the job when it has ended. */
function accepted(call: Call, owner: ArmResource, job: string, path: string) {
  const { azure } = call;
  const operation = azure.operations.start({
    style: 'backup',
    target: `${owner.id}/trigger/${job}`,
    duration: azure.pace.backupTrigger,
    result: () => ({ objectType: 'OperationStatusJobExtendedInfo', jobId: job }),
  });
  azure.dataVersion += 1;
  const root = `${call.origin}${encodeURI(path)}`;
  return {
    status: 202,
    headers: {
      'azure-asyncoperation': `${root}/operationsStatus/${operation.id}?api-version=${call.apiVersion}`,
      location: `${root}/operationResults/${operation.id}?api-version=${call.apiVersion}`,
      ...(azure.pace.retryAfter > 0 && { 'retry-after': String(azure.pace.retryAfter) }),
    },
  };
}

function startJob(call: Call, owner: ArmResource, expiry: string | undefined): ArmResource {
  const { azure } = call;
  const name = randomUUID();
  const started = azure.clock.ms();
  const machine = azure.store.get(machineOf(owner) ?? '');
  const runs = machine !== undefined && powerState(machine) === 'PowerState/running';
  const job = jobAbout(azure, owner, { name, operation: 'Backup', actions: ['Cancellable'] });
  const snapshot = azure.operations.start({
    style: 'backup',
    target: `${owner.id}/snapshot/${name}`,
    duration: azure.pace.snapshotOfBackup,
    trouble: call.trouble,
  });
  const transfer = azure.operations.start({
    style: 'backup',
    target: `${owner.id}/transfer/${name}`,
    duration: azure.pace.backupJob,
    trouble: call.trouble,
    finish: () => leavePoint(azure, owner, started, runs),
    fail: () => replaceItem(azure, owner.id, { lastBackupStatus: 'Failed' }),
  });
  azure.backup.jobs = [job, ...azure.backup.jobs];
  runningOf(azure).set(job.id.toLowerCase(), {
    snapshot,
    transfer,
    owner,
    expiry: expiry ?? iso(started + 30 * 86_400_000),
  });
  return job;
}

/** Ends a backup that is under way; the id of the operation that does it. */
export function cancelJob(call: Call, name: string): string {
  const { azure } = call;
  const job = azure.backup.jobs.find((each) => same(each.name, name));
  if (job === undefined) throw notFound(name);
  const running = runningOf(azure).get(job.id.toLowerCase());
  if (running === undefined || running.transfer.state !== 'InProgress' || running.snapshot.failure !== undefined) {
    throw new AzureError(400, 'UserErrorJobNotCancellable', 'The job is not in a state in which it can be cancelled.');
  }
  azure.operations.cancel(running.transfer);
  azure.dataVersion += 1;
  const { id } = azure.operations.start({
    style: 'backup',
    target: `${job.id}/cancel`,
    duration: azure.pace.backupTrigger,
  });
  return id;
}

function operationOf(call: Call): Operation {
  const found = call.azure.operations.get(param(call, 'operation'));
  if (found === undefined) throw notFound(param(call, 'operation'));
  found.polls += 1;
  return found;
}

export const operationStatus: Handler = (call) => {
  const operation = operationOf(call);
  const pending = operation.state === 'InProgress';
  return ok({
    id: operation.id,
    name: operation.id,
    status: operation.state,
    startTime: iso(operation.startedAt),
    endTime: pending ? '0001-01-01T00:00:00' : iso(operation.endedAt ?? operation.endsAt),
    ...(operation.state === 'Succeeded' && { properties: operation.result() }),
    ...(operation.failure !== undefined && { error: operation.failure }),
  });
};

export const operationResult: Handler = (call) => {
  const operation = operationOf(call);
  if (operation.state !== 'InProgress') return { status: 204 };
  return { status: 202, headers: { location: `${call.origin}${encodeURI(call.path)}?api-version=${call.apiVersion}` } };
};

const jobs: Handler = (call) => {
  const vault = call.path.replace(/\/backupJobs$/i, '');
  const filter = call.query.get('$filter') ?? '';
  const [state, operation] = [filterValue(filter, 'status'), filterValue(filter, 'operation')];
  const found = call.azure.backup.jobs
    .filter((job) => same(vaultOf(job.id), vault))
    .map((job) => jobNow(call.azure, job))
    .filter((job) => state === undefined || same(text(at(job.properties, 'status')), state))
    .filter((job) => operation === undefined || same(text(at(job.properties, 'operation')), operation))
    .map((job) => {
      // Lists print jobs without their tasks.
      const { extendedInfo: _, ...properties } = record(job.properties);
      return { ...job, properties };
    });
  return page(call, found, 200);
};

const job: Handler = (call) => {
  const found = call.azure.backup.jobs.find((each) => same(each.id, call.path));
  if (found === undefined) throw notFound(param(call, 'job'));
  return ok(jobNow(call.azure, found));
};

const policies: Handler = (call) => {
  const vault = call.path.replace(/\/backupPolicies$/i, '');
  const found = call.azure.store
    .ofType('Microsoft.RecoveryServices/vaults/backupPolicies')
    .filter((policy) => same(vaultOf(policy.id), vault));
  return page(call, found);
};

/** The vault's ties to Resource Guards; a vault without multi-user authorization has none. */
const guardProxies: Handler = (call) => {
  const vault = call.path.replace(/\/backupResourceGuardProxies$/i, '');
  const found = call.azure.store
    .ofType('Microsoft.RecoveryServices/vaults/backupResourceGuardProxies')
    .filter((proxy) => same(vaultOf(proxy.id), vault));
  return page(call, found);
};

const policy: Handler = (call) => {
  const found = call.azure.store.get(call.path);
  if (found === undefined) throw notFound(lastSegment(call.path));
  return ok(found);
};

/** Vaults that only the items of a world show stand for themselves. */
const vault: Handler = (call) => {
  const found = call.azure.store.get(call.path);
  if (found !== undefined) return ok(found);
  const owner = itemsOf(call.azure, call.path)[0];
  if (owner === undefined) {
    const arm = readPath(call.path);
    throw new AzureError(
      404,
      'ResourceNotFound',
      `The Resource 'Microsoft.RecoveryServices/vaults/${param(call, 'vault')}' under resource group '${arm.group ?? ''}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    );
  }
  const machine = call.azure.store.get(machineOf(owner) ?? '');
  return ok({
    id: vaultOf(owner.id),
    name: param(call, 'vault'),
    type: 'Microsoft.RecoveryServices/vaults',
    location: machine?.location ?? 'westeurope',
    sku: { name: 'RS0', tier: 'Standard' },
    properties: { provisioningState: 'Succeeded' },
  });
};

export const recoveryServicesRoutes: Route[] = [
  { method: 'GET', template: vaultPath, handler: vault },
  { method: 'GET', template: `${vaultPath}/backupProtectedItems`, handler: items },
  { method: 'GET', template: `${vaultPath}/backupJobs`, handler: jobs },
  { method: 'GET', template: `${vaultPath}/backupJobs/{job}`, handler: job },
  { method: 'GET', template: `${vaultPath}/backupPolicies`, handler: policies },
  { method: 'GET', template: `${vaultPath}/backupPolicies/{policy}`, handler: policy },
  { method: 'GET', template: `${vaultPath}/backupResourceGuardProxies`, handler: guardProxies },
  { method: 'GET', template: itemPath, handler: item },
  { method: 'PUT', template: itemPath, handler: undelete },
  { method: 'GET', template: `${itemPath}/recoveryPoints`, handler: points },
  { method: 'GET', template: `${itemPath}/recoveryPoints/{point}`, handler: point },
  { method: 'POST', template: `${itemPath}/backup`, handler: trigger },
  { method: 'GET', template: `${itemPath}/operationsStatus/{operation}`, handler: operationStatus },
  { method: 'GET', template: `${itemPath}/operationResults/{operation}`, handler: operationResult },
  {
    method: 'POST',
    template: '/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/locations/{region}/backupStatus',
    handler: backupStatus,
  },
];

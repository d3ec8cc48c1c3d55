import type { Azure } from '../azure.ts';
import { AzureError, notSimulated } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, type Route } from '../call.ts';
import { at, idAt, type Json, record, records, same, text } from '../json.ts';
import { demandIdle, startCompute } from '../long-running.ts';
import { instanceView, powerState, present, withPower } from '../present.ts';
import { newEtag } from '../store.ts';
import type { ArmResource, Row } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { demandGroup, listOf, ownerAt, resourceAt } from './resource-reads.ts';
import { tagsOf } from './writes.ts';

const type = 'Microsoft.Compute/virtualMachines';

function shown(machine: ArmResource, azure: Azure, withView: boolean): ArmResource {
  const printed = present(machine, azure);
  return withView
    ? { ...printed, properties: { ...printed.properties, instanceView: instanceView(machine) } }
    : printed;
}

const wantsView = (call: Call): boolean =>
  same(call.query.get('$expand') ?? undefined, 'instanceView') || call.query.get('statusOnly') === 'true';

const get: Handler = (call) => ok(shown(resourceAt(call), call.azure, wantsView(call)));

const view: Handler = (call) => ok(instanceView(ownerAt(call)));

const list: Handler = (call) => {
  demandGroup(call);
  const scope = call.path.replace(/\/providers\/.*$/i, '');
  return page(
    call,
    listOf(call, type, scope).map((machine) => shown(machine, call.azure, wantsView(call))),
    Math.min(call.azure.pageSize, 200),
  );
};

/** Other changes of a machine than of its tags are not simulated, and refused. */
const patch: Handler = (call) => {
  const before = resourceAt(call);
  const body = bodyOf(call);
  const others = Object.keys(body).filter((name) => name !== 'tags');
  if (others.length > 0) throw notSimulated(`changes of a virtual machine's ${others.join(', ')}`);
  const tags = tagsOf(body);
  const after = tags === undefined ? before : { ...before, tags };
  call.azure.store.put(after);
  return ok(shown(after, call.azure, false));
};

const put: Handler = () => {
  throw notSimulated('the making of virtual machines');
};

const isEphemeral = (machine: ArmResource): boolean =>
  same(text(at(machine.properties, 'storageProfile', 'osDisk', 'diffDiskSettings', 'option')), 'Local');

/** Public addresses that are given only while a machine runs are taken back when it is deallocated. */
function releaseAddresses(azure: Azure, machine: ArmResource): void {
  for (const nicId of azure.relations.interfacesOfMachine(machine.id)) {
    for (const configuration of records(azure.store.get(nicId)?.properties?.ipConfigurations)) {
      const id = idAt(configuration, 'properties', 'publicIPAddress');
      const address = id === undefined ? undefined : azure.store.get(id);
      if (address === undefined || !same(text(at(address.properties, 'publicIPAllocationMethod')), 'Dynamic')) continue;
      const { ipAddress: _, ...rest } = record(address.properties);
      azure.store.put({ ...address, etag: newEtag(), properties: rest });
    }
  }
}

interface Power {
  during: string;
  after: string;
  from?: RegExp;
}

const powers: ReadonlyMap<string, Power> = new Map(
  Object.entries<Power>({
    start: { during: 'PowerState/starting', after: 'PowerState/running' },
    restart: { during: 'PowerState/stopping', after: 'PowerState/running', from: /running/ },
    poweroff: { during: 'PowerState/stopping', after: 'PowerState/stopped' },
    deallocate: { during: 'PowerState/deallocating', after: 'PowerState/deallocated' },
  }),
);

function changePower(verb: string): Handler {
  return (call) => {
    const { azure } = call;
    const machine = ownerAt(call);
    const power = powers.get(verb.toLowerCase());
    if (power === undefined) throw new AzureError(404, 'NotFound', `Unknown action ${verb}.`);
    if (verb === 'deallocate' && isEphemeral(machine)) {
      throw new AzureError(
        409,
        'OperationNotAllowed',
        'This operation is not supported for VMs with ephemeral OS disks: Operation deallocate is not allowed.',
      );
    }
    if (power.from !== undefined && !power.from.test(powerState(machine))) {
      throw new AzureError(
        409,
        'OperationNotAllowed',
        `Cannot ${verb} VM '${machine.name}' because it is not running. Its power state is '${powerState(machine)}'.`,
      );
    }
    demandIdle(call, machine.id);
    const before = powerState(machine);
    if (before !== power.after || verb === 'restart') azure.store.put(withPower(machine, power.during));
    const settle = (code: string): void => {
      const now = azure.store.get(machine.id);
      if (now === undefined) return;
      azure.store.put(withPower(now, code), { silent: true });
      if (code === 'PowerState/deallocated') releaseAddresses(azure, now);
    };
    const { headers } = startCompute(call, machine.location ?? '', 'operations', {
      target: machine.id,
      duration: azure.pace.virtualMachine,
      finish: () => settle(power.after),
      fail: () => settle(before),
    });
    return { status: 202, headers };
  };
}

export const patchesTable = 'patchassessmentresources';
const summaryType = /patchassessmentresults$/i;

const below = (row: Row, machine: ArmResource): boolean =>
  text(row.id)?.toLowerCase().startsWith(`${machine.id.toLowerCase()}/patchassessmentresults/`) === true;

/** Lets an assessment be of now; what is missing does not change by looking. */
function assessNow(azure: Azure, machine: ArmResource, startedAt: number, activity: string): void {
  const now = azure.clock.now().toISOString();
  const start = new Date(startedAt).toISOString();
  const rows = azure.table(patchesTable) ?? [];
  const summaryId = `${machine.id.toLowerCase()}/patchAssessmentResults/latest`;
  const has = rows.some((row) => below(row, machine) && summaryType.test(text(row.type) ?? ''));
  const windows = same(text(at(machine.properties, 'storageProfile', 'osDisk', 'osType')), 'Windows');
  const fresh: Row = {
    id: summaryId,
    name: 'latest',
    type: 'microsoft.compute/virtualmachines/patchassessmentresults',
    location: machine.location,
    subscriptionId: /^\/subscriptions\/([^/]+)/i.exec(machine.id)?.[1],
    resourceGroup: /\/resourcegroups\/([^/]+)/i.exec(machine.id)?.[1]?.toLowerCase(),
    properties: {
      status: 'Succeeded',
      osType: windows ? 'Windows' : 'Linux',
      rebootPending: false,
      patchServiceUsed: windows ? 'WU' : 'APT',
      startedBy: 'User',
      availablePatchCountByClassification: windows
        ? {
            security: 0,
            critical: 0,
            definition: 0,
            updateRollup: 0,
            featurePack: 0,
            servicePack: 0,
            tools: 0,
            updates: 0,
          }
        : { security: 0, other: 0 },
    },
  };
  const updated = rows.map((row) => {
    if (!below(row, machine)) return row;
    const properties: Json = { ...record(row.properties), lastModifiedDateTime: now };
    if (summaryType.test(text(row.type) ?? '')) {
      Object.assign(properties, {
        startDateTime: start,
        startedBy: 'User',
        status: 'Succeeded',
        assessmentActivityId: activity,
      });
    }
    return { ...row, properties };
  });
  if (!has) {
    updated.push({
      ...fresh,
      properties: {
        ...record(fresh.properties),
        startDateTime: start,
        lastModifiedDateTime: now,
        assessmentActivityId: activity,
      },
    });
  }
  azure.setTable(patchesTable, updated);
  const patchStatus = record(instanceView(machine).patchStatus);
  const available = {
    ...record(patchStatus.availablePatchSummary),
    ...countsOf(azure, machine),
    status: 'Succeeded',
    assessmentActivityId: activity,
    startTime: start,
    lastModifiedTime: now,
  };
  const current = azure.store.get(machine.id) ?? machine;
  azure.store.put(
    {
      ...current,
      properties: {
        ...current.properties,
        instanceView: { ...instanceView(current), patchStatus: { ...patchStatus, availablePatchSummary: available } },
      },
    },
    { silent: true },
  );
}

/** The updates that the machine lacked at its last assessment. */
export const missingUpdates = (azure: Azure, machine: ArmResource): Row[] =>
  (azure.table(patchesTable) ?? []).filter(
    (row) => below(row, machine) && /softwarepatches$/i.test(text(row.type) ?? ''),
  );

const patchesOf = (azure: Azure, machine: ArmResource): Json[] =>
  missingUpdates(azure, machine).map((row) => record(row.properties));

const isSerious = (patch: Json): boolean =>
  records([patch]).some((each) => /critical|security/i.test(JSON.stringify(each.classifications ?? [])));

function countsOf(azure: Azure, machine: ArmResource): Json {
  const patches = patchesOf(azure, machine);
  const serious = patches.filter(isSerious).length;
  const summary = (azure.table(patchesTable) ?? []).find(
    (row) => below(row, machine) && summaryType.test(text(row.type) ?? ''),
  );
  return {
    rebootPending: at(summary, 'properties', 'rebootPending') === true,
    criticalAndSecurityPatchCount: serious,
    otherPatchCount: patches.length - serious,
  };
}

const timeOr = (value: unknown): string | undefined =>
  typeof value === 'string' && Number.isFinite(Date.parse(value)) ? value : undefined;

/** A missing patch in the shape of the assessment's own answer. */
function availablePatch(patch: Json, activity: string): Json {
  const shownPatch: Json = { assessmentState: 'Available', activityId: activity };
  const copy: [string, unknown][] = [
    ['patchId', text(patch.patchId)],
    ['name', text(patch.patchName)],
    ['version', text(patch.version)],
    ['kbId', text(patch.kbId) ?? text(patch.Kbid)],
    ['classifications', Array.isArray(patch.classifications) ? patch.classifications.map(String) : undefined],
    [
      'rebootBehavior',
      /^(NeverReboots|AlwaysRequiresReboot|CanRequestReboot)$/.test(String(patch.rebootBehavior))
        ? patch.rebootBehavior
        : undefined,
    ],
    ['publishedDate', timeOr(patch.publishedDateTime)],
    ['lastModifiedDateTime', timeOr(patch.lastModifiedDateTime)],
  ];
  for (const [name, value] of copy) if (value !== undefined) shownPatch[name] = value;
  return shownPatch;
}

/**
 * Refuses an operation of updates on a machine that does not run, in the words given, or that has no agent: the rule is
 * Azure's, its words for that are not known.
 */
export function demandAgent(machine: ArmResource, operation: string, notRunning: string): void {
  const refuse = (why: string): AzureError =>
    new AzureError(
      409,
      'OperationNotAllowed',
      `Operation '${operation}' is not allowed on VM '${machine.name}' since ${why}.`,
    );
  if (powerState(machine) !== 'PowerState/running') throw refuse(notRunning);
  const profile = at(machine.properties, 'osProfile');
  if (at(at(profile, 'windowsConfiguration') ?? at(profile, 'linuxConfiguration'), 'provisionVMAgent') === false) {
    throw refuse('the VM agent is not provisioned');
  }
}

const assess: Handler = (call) => {
  const { azure } = call;
  const machine = ownerAt(call);
  demandAgent(machine, 'assessPatches', 'the VM is not running. The VM must be running to perform the operation');
  demandIdle(call, `${machine.id}/patches`);
  const startedAt = azure.clock.ms();
  const activity = guidOf(`${machine.id}${startedAt}`);
  // Nothing shows yet, and yet it is a change: it is in the log of changes.
  azure.dataVersion += 1;
  const { headers } = startCompute(call, machine.location ?? '', 'operations', {
    target: `${machine.id}/patches`,
    duration: azure.pace.assessment,
    finish: () => assessNow(azure, machine, startedAt, activity),
    result: () => ({
      status: 'Succeeded',
      assessmentActivityId: activity,
      ...countsOf(azure, machine),
      startDateTime: new Date(startedAt).toISOString(),
      availablePatches: patchesOf(azure, machine).map((patch) => availablePatch(patch, activity)),
    }),
  });
  return { status: 202, headers };
};

const inGroup = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${type}`;

export const virtualMachineRoutes: Route[] = [
  { method: 'GET', template: `/subscriptions/{subscription}/providers/${type}`, handler: list },
  { method: 'GET', template: inGroup, handler: list },
  { method: 'GET', template: `${inGroup}/{name}`, handler: get },
  { method: 'PATCH', template: `${inGroup}/{name}`, handler: patch },
  { method: 'PUT', template: `${inGroup}/{name}`, handler: put },
  { method: 'GET', template: `${inGroup}/{name}/instanceView`, handler: view },
  { method: 'POST', template: `${inGroup}/{name}/start`, handler: changePower('start') },
  { method: 'POST', template: `${inGroup}/{name}/restart`, handler: changePower('restart') },
  { method: 'POST', template: `${inGroup}/{name}/powerOff`, handler: changePower('powerOff') },
  { method: 'POST', template: `${inGroup}/{name}/deallocate`, handler: changePower('deallocate') },
  { method: 'POST', template: `${inGroup}/{name}/assessPatches`, handler: assess },
];

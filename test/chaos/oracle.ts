import type { Entry } from '../../src/documents/transcript.ts';
import { disabledAccounts } from '../../src/simulator/guest.ts';
import { blobPaths } from '../../src/simulator/storage-blobs.ts';
import type { ArmResource } from '../../src/simulator/world.ts';
import type { Arrived, SimulatedAzure } from './simulated-azure.ts';

// The oracle judges by the simulator's own state alone; nothing of the product is used.

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const field = (value: unknown, ...names: string[]): unknown =>
  names.reduce<unknown>((found, name) => Reflect.get(Object(found), name), value);
const lower = (value: unknown): string => String(value ?? '').toLowerCase();
const lastPart = (id: unknown): string => lower(id).split('/').at(-1) ?? '';

/** The state of a VM that a playbook changes: its interfaces' groups and whether a just-in-time policy names it. */
export interface Condition {
  /** "web01-nic=web-nsg", sorted. */
  groups: string;
  /** Cordon's own groups that exist. */
  cordons: string;
  /** "web01-nic=web01-pip", sorted; without those that have none. */
  addresses: string;
  /** Roles of the VM's own identity: "contributor-id@scope", sorted. */
  roles: string;
  /** How many run commands it has. */
  commands: number;
  /** Accounts that are disabled in its guest. */
  accounts: string;
  /** Is it on, or on the way there? */
  runs: boolean;
  /** Is the VM in a just-in-time policy? */
  underJit: boolean;
  /** Comments on incidents. */
  comments: number;
  snapshots: number;
  /** Restore points, and collections of them. */
  points: number;
  /** Snapshots of the VM that are open to export, or that someone has an address of. */
  openToExport: string;
}

function interfacesOf({ azure }: SimulatedAzure, vmId: string): ArmResource[] {
  return azure.store
    .ofType('Microsoft.Network/networkInterfaces')
    .filter(({ properties }) => lower(field(properties, 'virtualMachine', 'id')) === vmId.toLowerCase());
}

const policies = (simulated: SimulatedAzure): ArmResource[] =>
  simulated.azure.store.ofType('Microsoft.Security/locations/jitNetworkAccessPolicies');

const names = (policy: ArmResource, vmId: string): boolean =>
  list(policy.properties?.virtualMachines).some((one) => lower(field(one, 'id')) === vmId.toLowerCase());

export function conditionOf(simulated: SimulatedAzure, vmId: string): Condition {
  const { azure } = simulated;
  azure.operations.settle();
  return {
    groups: interfacesOf(simulated, vmId)
      .map(({ name, properties }) => `${name}=${lastPart(field(properties, 'networkSecurityGroup', 'id')) || 'none'}`)
      .sort()
      .join(' '),
    cordons: azure.store
      .ofType('Microsoft.Network/networkSecurityGroups')
      .flatMap(({ name }) => (name.startsWith('cordon-') ? [name] : []))
      .sort()
      .join(' '),
    addresses: interfacesOf(simulated, vmId)
      .flatMap(({ name, properties }) =>
        list(field(properties, 'ipConfigurations')).map(
          (one) => `${name}=${lastPart(field(one, 'properties', 'publicIPAddress', 'id'))}`,
        ),
      )
      .filter((one) => !one.endsWith('='))
      .sort()
      .join(' '),
    roles: azure.store
      .ofType('Microsoft.Authorization/roleAssignments')
      .filter(
        ({ properties }) =>
          lower(field(properties, 'principalId')) === lower(field(azure.store.get(vmId), 'identity', 'principalId')),
      )
      .map(({ id, properties }) => `${lastPart(field(properties, 'roleDefinitionId'))}@${lower(id)}`)
      .sort()
      .join(' '),
    commands: azure.store
      .ofType('Microsoft.Compute/virtualMachines/runCommands')
      .filter(({ id }) => lower(id).startsWith(`${vmId.toLowerCase()}/`)).length,
    accounts: [...disabledAccounts(azure, azure.store.get(vmId) ?? { id: vmId, name: '', type: '' })].sort().join(' '),
    runs: /PowerState\/(running|starting)/.test(JSON.stringify(azure.store.get(vmId)?.properties ?? {})),
    underJit: policies(simulated).some((policy) => names(policy, vmId)),
    comments: azure.store.ofType('Microsoft.SecurityInsights/incidents/comments').length,
    snapshots: azure.store.ofType('Microsoft.Compute/snapshots').length,
    points: [...azure.store.all()].filter(({ type }) => /\/restorePointCollections\b/i.test(type)).length,
    openToExport: azure.store
      .ofType('Microsoft.Compute/snapshots')
      .filter(
        ({ properties }) =>
          lower(field(properties, 'networkAccessPolicy')) !== 'denyall' ||
          lower(field(properties, 'diskState')) === 'activesas',
      )
      .map(({ name }) => name)
      .sort()
      .join(' '),
  };
}

/** The parts of the condition that an undo puts back; where snapshots go is asked apart. */
const putBack = [
  'groups',
  'cordons',
  'addresses',
  'roles',
  'commands',
  'accounts',
  'runs',
  'underJit',
  'comments',
] as const;

/** In which parts it is otherwise than before: "groups a instead of b". */
export function otherwise(now: Condition, before: Condition): string[] {
  return putBack.flatMap((part) =>
    now[part] === before[part] ? [] : [`${part} ${now[part] || 'none'} instead of ${before[part] || 'none'}`],
  );
}

/** Is every interface behind a group that denies all inbound traffic but the responder's? */
function isLocked(simulated: SimulatedAzure, vmId: string): boolean {
  const interfaces = interfacesOf(simulated, vmId);
  return (
    interfaces.length > 0 &&
    interfaces.every(({ properties }) => {
      const group = simulated.azure.store.get(String(field(properties, 'networkSecurityGroup', 'id') ?? ''));
      const inbound = list(group?.properties?.securityRules)
        .map((rule) => field(rule, 'properties'))
        .filter((rule) => lower(field(rule, 'direction')) === 'inbound')
        .sort((a, b) => Number(field(a, 'priority')) - Number(field(b, 'priority')));
      const deny = inbound.findIndex(
        (rule) => lower(field(rule, 'access')) === 'deny' && field(rule, 'sourceAddressPrefix') === '*',
      );
      const open = inbound
        .slice(0, Math.max(0, deny))
        .some(
          (rule) =>
            field(rule, 'sourceAddressPrefix') === '*' || lower(field(rule, 'sourceAddressPrefix')) === 'internet',
        );
      return group?.name.startsWith('cordon-') === true && deny >= 0 && !open;
    })
  );
}

interface Goal {
  /** Is what the playbook is for there? */
  reached(simulated: SimulatedAzure, vmId: string, before: Condition): boolean;
}

const vmName = lastPart;

/** Is a restore point taken beside the snapshots of this VM, whose disks are several? */
export const hasPoint = (vmId: string): boolean => vmName(vmId) === 'web01';

/** The VM, which owns its disks, and the disks, which their snapshots are copies of: ids in lower case. */
const copiesOf = (azure: SimulatedAzure['azure'], vmId: string): string[] => [
  vmId.toLowerCase(),
  ...azure.store
    .ofType('Microsoft.Compute/disks')
    .filter(({ managedBy }) => lower(managedBy) === vmId.toLowerCase())
    .map(({ id }) => id.toLowerCase()),
];

/** What each playbook that ends with 0 has brought about. */
const goals: Record<string, Goal> = {
  'lock-nsg': { reached: isLocked },
  release: { reached: isLocked },
  'post-comment': {
    reached: (simulated, vmId, before) => conditionOf(simulated, vmId).comments === before.comments + 1,
  },
  'contain-brute-force': {
    reached: (simulated, vmId, before) =>
      isLocked(simulated, vmId) && conditionOf(simulated, vmId).snapshots > before.snapshots,
  },
  'snapshot-disks': {
    reached(simulated, vmId) {
      const vm = simulated.azure.store.get(vmId);
      const disks = [
        field(vm?.properties, 'storageProfile', 'osDisk'),
        ...list(field(vm?.properties, 'storageProfile', 'dataDisks')),
      ].map((disk) => lower(field(disk, 'managedDisk', 'id')));
      const sources = simulated.azure.store
        .ofType('Microsoft.Compute/snapshots')
        .map(({ properties }) => lower(field(properties, 'creationData', 'sourceResourceId')));
      const consistent = simulated.azure.store
        .ofType('Microsoft.Compute/restorePointCollections/restorePoints')
        .some(({ properties }) => properties?.provisioningState === 'Succeeded');
      return disks.every((disk) => disk === '' || sources.includes(disk)) && (consistent || !hasPoint(vmId));
    },
  },
  'trigger-backup': {
    reached: ({ azure }, vmId) =>
      (azure.backup?.jobs ?? []).some(
        ({ properties }) =>
          lower(field(properties, 'entityFriendlyName')) === vmName(vmId) &&
          lower(field(properties, 'operation')) === 'backup',
      ),
  },
  'undelete-backup': {
    reached: ({ azure }, vmId) =>
      (azure.backup?.protectedItems ?? []).some(
        ({ name, properties }) =>
          lower(name).endsWith(`;${vmName(vmId)}`) && properties?.isScheduledForDeferredDelete !== true,
      ),
  },
  'enable-jit': { reached: (simulated, vmId) => conditionOf(simulated, vmId).underJit },
  'request-jit': {
    reached: (simulated, vmId) =>
      policies(simulated).some((policy) =>
        list(policy.properties?.requests).some((request) =>
          list(field(request, 'virtualMachines')).some((one) => lower(field(one, 'id')) === vmId.toLowerCase()),
        ),
      ),
  },
  'assess-patches': { reached: () => true },
  'revoke-disk-links': {
    reached: ({ azure }, vmId) =>
      ['Microsoft.Compute/disks', 'Microsoft.Compute/snapshots']
        .flatMap((type) => azure.store.ofType(type))
        .every(
          ({ managedBy, properties }) =>
            !copiesOf(azure, vmId).some((disk) =>
              [lower(managedBy), lower(field(properties, 'creationData', 'sourceResourceId'))].includes(disk),
            ) || field(properties, 'diskState') !== 'ActiveSAS',
        ),
  },
  'disable-account': { reached: (simulated, vmId) => conditionOf(simulated, vmId).accounts === 'svc-web' },
  'install-patches': {
    reached: ({ azure }, vmId) =>
      JSON.stringify(azure.store.get(vmId)?.properties).includes('lastPatchInstallationSummary'),
  },
  'collect-volatile': { reached: (simulated, vmId) => conditionOf(simulated, vmId).commands >= 4 },
  deallocate: { reached: (simulated, vmId) => !conditionOf(simulated, vmId).runs },
  'cut-identity': { reached: (simulated, vmId) => conditionOf(simulated, vmId).roles === '' },
  'remove-public-ip': { reached: (simulated, vmId) => conditionOf(simulated, vmId).addresses === '' },
  'collect-to-blob': {
    reached: (simulated, vmId) =>
      conditionOf(simulated, vmId).commands >= 4 &&
      blobPaths(simulated.azure).filter((path) => path.endsWith('.out.txt')).length >= 4,
  },
  'export-to-blob': {
    reached: (simulated, vmId, before) =>
      conditionOf(simulated, vmId).openToExport === before.openToExport &&
      blobPaths(simulated.azure).some((path) => path.endsWith('.vhd')),
  },
  'export-disk': {
    reached: (simulated, vmId, before) => conditionOf(simulated, vmId).openToExport === before.openToExport,
  },
};

/** Was what the playbook is for brought about? */
export function isReached(playbook: string, simulated: SimulatedAzure, vmId: string, before: Condition): boolean {
  simulated.azure.operations.settle();
  return goals[playbook]?.reached(simulated, vmId, before) ?? false;
}

type Truth = 'done' | 'failed' | 'running' | 'not done';

function truthOf(arrived: Arrived[]): Truth {
  const effective = arrived.filter((one) => one.effective);
  if (effective.length === 0) return 'not done';
  // A backup was started, whatever becomes of its job, which takes hours; what it became is not the request's.
  const isBackup = effective.every(({ method, path }) => method === 'POST' && path.endsWith('/backup'));
  const operations = isBackup ? [] : effective.flatMap((one) => one.operations);
  if (operations.some(({ state }) => state === 'InProgress')) return 'running';
  return operations.some(({ state }) => state !== 'Succeeded') ? 'failed' : 'done';
}

interface Told {
  id: string;
  request: string;
  method: string;
  path: string;
  ok: boolean | 'open' | 'superseded';
}

function toldIn(entries: readonly Entry[]): Told[] {
  const told = new Map<string, Told>();
  for (const { kind, body } of entries) {
    if (kind === 'intent') {
      const path = decodeURIComponent(new URL(String(field(body.request, 'url'))).pathname).toLowerCase();
      const method = String(field(body.request, 'method'));
      const id = String(body.id);
      told.set(id, { id, request: String(body.clientRequestId), method, path, ok: 'open' });
    }
    const known = kind === 'outcome' ? told.get(String(body.intent)) : undefined;
    if (known && typeof body.ok === 'boolean') known.ok = body.ok;
    else if (known && body.superseded === true) known.ok = 'superseded';
  }
  return [...told.values()];
}

/** What the record says of each change against what Azure did; a sentence for each rule that is broken. */
export function judgeRecord(entries: readonly Entry[], simulated: SimulatedAzure): string[] {
  simulated.azure.operations.settle();
  const wrong: string[] = [];
  const told = toldIn(entries);
  for (const { method, path, clientRequestId, announced } of simulated.arrived) {
    const name = `${method} ${path.split('/').slice(-2).join('/')}`;
    if (!announced) wrong.push(`${name} left before its intent was in the case file`);
    if (!told.some(({ request, path: of }) => request === clientRequestId && of === path)) {
      wrong.push(`${name} has no intent`);
    }
  }
  for (const one of told) {
    const name = `${one.method} ${one.path.split('/').slice(-2).join('/')}`;
    const arrived = simulated.arrived.filter(
      ({ clientRequestId, method }) => clientRequestId === one.request && method === one.method,
    );
    // A sign-in that had to be renewed sends a request again under one id: each has its intent, in their order.
    const twins = told.filter(({ request }) => request === one.request);
    const mine = twins.length > 1 ? arrived.slice(twins.indexOf(one), twins.indexOf(one) + 1) : arrived;
    const truth = truthOf(mine);
    // While Azure works at the resource for ever, it does not show what became of another request.
    const isBusy = simulated.azure.operations.running(one.path) !== undefined;
    if (one.ok === 'open' && truth !== 'running' && !isBusy) wrong.push(`${name} is never settled, and was ${truth}`);
    if (one.ok === true && truth === 'not done' && one.method !== 'DELETE') {
      wrong.push(`${name} is told as done, and was not`);
    }
    if (one.ok === true && truth === 'failed') wrong.push(`${name} is told as done, and failed`);
    if (one.ok === false && (truth === 'done' || truth === 'running')) {
      wrong.push(`${name} is told as not done, and was ${truth}`);
    }
  }
  return wrong;
}

/** Effects that came about twice in one run: a POST to one address, or more than one snapshot of a disk. */
export function judgeTwice(simulated: SimulatedAzure, since: number): string[] {
  const count = new Map<string, number>();
  for (const { method, path, effective, operations } of simulated.arrived.slice(since)) {
    const failed = operations.length > 0 && operations.every(({ state }) => state === 'Failed' || state === 'Canceled');
    if (method !== 'POST' || !effective || failed) continue;
    // An address that nobody got, or that has ended, is asked for again.
    if (/\/(begin|end)getaccess$/.test(path)) continue;
    count.set(path, (count.get(path) ?? 0) + 1);
  }
  return [...count].flatMap(([path, times]) => (times > 1 ? [`POST ${path} was done ${times} times`] : []));
}

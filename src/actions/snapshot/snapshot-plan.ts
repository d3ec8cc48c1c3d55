import type * as z from 'zod';
import { at, type Json, numberAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import { readMachine } from '../../azure/readers/machine.ts';
import { retirement } from '../../azure-facts.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { preflight } from '../preflight/preflight.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
import { copiesInBackground } from './copied.ts';
import { type Attached, disksOf, readDisk, readSnapshot } from './disks.ts';
import { lockBody, lockIdOf } from './evidence-lock.ts';
import { aheadOfPoint, changesOfPoint, type DiskOfPoint, doubtsOfPoint, noPoint, planPoint } from './restore-point.ts';
import {
  bodyOf,
  type Planned,
  type PlannedPoint,
  type SnapshotState,
  snapshotName,
  snapshotSettings,
} from './settings.ts';

type Settings = z.infer<typeof snapshotSettings>;

const undoText = "Not needed: a snapshot changes nothing, and it is evidence. Deleting it takes typing the VM's name.";

/** Limits of a snapshot of this disk that its reader must know. */
function remarks(id: string, disk: Json, settings: Settings, today: string): string[] {
  const name = shortName(id);
  const sku = textAt(disk, 'sku', 'name');
  const said: string[] = [];
  if (copiesInBackground(sku) && settings.kind === 'full') {
    said.push(`${name} is ${sku}: incremental only, and not usable before Azure has copied it in full.`);
  }
  if (/customerkey/i.test(textAt(disk, 'properties', 'encryption', 'type'))) {
    said.push(
      `${name} is encrypted with a customer's key: the snapshot needs the same disk encryption set, and cannot go to another subscription.`,
    );
  }
  if (textAt(disk, 'properties', 'encryptionSettingsCollection', 'enabled') === 'true') {
    said.push(
      `${name} is encrypted inside (ADE, which ${retirement('azure-disk-encryption', today)}): without its keys from the key vault the copy is useless.`,
    );
  }
  if (/trustedlaunch|confidential/i.test(textAt(disk, 'properties', 'securityProfile', 'securityType'))) {
    said.push(`${name} is of a trusted-launch VM: keys that are sealed in its vTPM cannot be had from a copy alone.`);
  }
  return said;
}

/** That others write to the disk as well: a shared disk names the VMs that it is attached to (Compute specification, managedByExtended). */
function sharing(id: string, disk: Json, { target }: ActionContext): string[] {
  if ((numberAt(disk, 'properties', 'maxShares') ?? 1) <= 1) return [];
  const all = at(disk, 'managedByExtended');
  const ids = Array.isArray(all) ? all.filter((one): one is string => typeof one === 'string') : [];
  const vms = ids.filter((one) => !sameId(one, target.id)).map((one) => printable(shortName(one), 80));
  const whom = vms.length === 0 ? 'attached to no other VM now' : `attached to ${listed(vms)} too`;
  return [
    `${printable(shortName(id), 80)} is a shared disk, ${whom}: its copy has what every one of them wrote, and a lock of this VM's network keeps none of them from the disk.`,
  ];
}

/** Why Azure takes no snapshot of this disk in another subscription; "" when it does, or it is the same one. */
function cannotLeave(id: string, disk: Json, settings: Settings): string {
  const own = parseResourceId(id)?.subscriptionId ?? '';
  const { subscription = own } = settings;
  if (subscription.toLowerCase() === own.toLowerCase()) return '';
  const name = shortName(id);
  const sku = textAt(disk, 'sku', 'name');
  const here =
    'Take it in the subscription of the disk, without --evidence-subscription, and export it with export-disk.';
  if (copiesInBackground(sku)) {
    return `${name} is ${sku}: Azure takes incremental snapshots of it alone, and those in the disk's own subscription alone. ${here}`;
  }
  if (settings.kind === 'incremental') {
    return `Azure takes incremental snapshots in the disk's own subscription alone: set kind: full in the playbook for another.`;
  }
  if (/customerkey/i.test(textAt(disk, 'properties', 'encryption', 'type'))) {
    return `${name} is encrypted with a customer's key, and its snapshot must be in the subscription of the disk encryption set. ${here}`;
  }
  return '';
}

/** Why nothing can be put in the resource group of the evidence; "" when it is there, or that cannot be seen. */
async function noGroup(connection: Connection, { target, signal }: ActionContext, settings: Settings): Promise<string> {
  const { resourceGroup = target.resourceGroup, subscription = target.subscriptionId } = settings;
  if (settings.resourceGroup === undefined && settings.subscription === undefined) return '';
  try {
    await connection.get(
      `/subscriptions/${subscription}/resourceGroups/${resourceGroup}?api-version=2021-04-01`,
      signal,
    );
    return '';
  } catch (error) {
    if (azureError(error).status !== 404) return '';
    return `There is no resource group ${resourceGroup} in subscription ${subscription}: make it first (az group create --subscription ${subscription} -n ${resourceGroup} -l ${target.location}).`;
  }
}

/** An id for the snapshot of a disk that nothing has yet; `taken` holds the names of this plan. */
async function freeId(
  connection: Connection,
  { caseId, target }: ActionContext,
  about: { disk: string; settings: Settings; now: Date; taken: Set<string> },
): Promise<string> {
  const { disk, settings, now, taken } = about;
  const subscription = settings.subscription ?? parseResourceId(disk)?.subscriptionId ?? target.subscriptionId;
  const group = settings.resourceGroup ?? target.resourceGroup;
  const folder = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/snapshots`;
  let name = snapshotName(caseId, shortName(disk), now, taken);
  for (let tries = 0; tries < 20 && (await readSnapshot(connection, `${folder}/${name}`)) !== null; tries += 1) {
    taken.add(name.toLowerCase());
    name = snapshotName(caseId, shortName(disk), now, taken);
  }
  taken.add(name.toLowerCase());
  return `${folder}/${name}`;
}

/** The disks of which snapshots are to be taken, with what is to be known of them; or why there are none. */
async function readDisks(
  connection: Connection,
  { target }: ActionContext,
): Promise<{ machine: Json; disks: Attached[]; ephemeral: boolean; warnings: string[] } | Refusal> {
  const machine = await readMachine(connection, target);
  const { disks, ephemeral, unmanaged } = disksOf(machine);
  const onHost = `The OS disk of ${target.name} is ephemeral: it lives on the host, Azure cannot take a snapshot of it, and stopping or redeploying the VM destroys it. Collect from inside while it runs.`;
  if (ephemeral && disks.length === 0) return impossible(onHost);
  if (unmanaged.length > 0) {
    return impossible(
      `${target.name} has unmanaged disks (${unmanaged.join(', ')}; ${retirement('unmanaged-disks', connection.clock.now().toISOString())}): page blobs in a storage account, of which cordon takes no snapshot. Take a snapshot of the blobs in that account.`,
    );
  }
  if (disks.length === 0) return impossible(`${target.name} has no disk that a snapshot can be taken of.`);
  return { machine, disks, ephemeral, warnings: ephemeral ? [onHost] : [] };
}

const apart =
  'The disks are copied one beside the other, not at one moment: a volume that spans them may be torn. Each time is recorded.';

/** The restore point that is taken too, where it is asked for and can be; and what its reader must know. */
function pointOf(
  context: ActionContext,
  about: { machine: Json; disks: readonly DiskOfPoint[]; ephemeral: boolean; settings: Settings; now: Date },
): { point?: PlannedPoint; warnings: string[] } {
  const { machine, disks, ephemeral, settings, now } = about;
  if (disks.length < 2) return { warnings: [] };
  if (!settings.restorePoint)
    return {
      warnings: [
        `${apart} A restore point holds all of one moment: --restore-point, or restorePoint: true in the playbook.`,
      ],
    };
  const because = noPoint(machine, disks, ephemeral);
  if (because !== '') return { warnings: [`${apart} Azure takes no restore point of them at one: ${because}.`] };
  return { point: planPoint(context, disks, now), warnings: doubtsOfPoint(machine) };
}

/** Plans a snapshot of every disk, from reads alone. */
export async function planSnapshots(
  connection: Connection,
  context: ActionContext,
  input: unknown,
): Promise<ActionPlan> {
  const settings = snapshotSettings.parse(input);
  const title = `Take a snapshot of every disk of ${context.target.name}`;
  const found = await readDisks(connection, context);
  if ('because' in found) return refusedPlan(title, found.kind, found.because);
  const warnings = [...found.warnings];
  const homeless = await noGroup(connection, context, settings);
  if (homeless !== '') return refusedPlan(title, 'impossible', homeless);
  const now = connection.clock.now();
  const taken = new Set<string>();
  const snapshots: Planned[] = [];
  const disks: DiskOfPoint[] = [];
  for (const disk of found.disks) {
    const body = await readDisk(connection, disk.id);
    disks.push({ ...disk, body });
    const stays = cannotLeave(disk.id, body, settings);
    if (stays !== '') return refusedPlan(title, 'impossible', stays);
    warnings.push(...sharing(disk.id, body, context), ...remarks(disk.id, body, settings, now.toISOString()));
    const id = await freeId(connection, context, { disk: disk.id, settings, now, taken });
    const fast = copiesInBackground(textAt(body, 'sku', 'name'));
    snapshots.push({
      id,
      diskId: disk.id,
      role: disk.role,
      location: textAt(body, 'location'),
      incremental: fast || settings.kind === 'incremental',
      ...(fast && settings.instantAccessMinutes !== undefined
        ? { instantAccessMinutes: settings.instantAccessMinutes }
        : {}),
    });
  }
  const { point, warnings: ofPoint } = pointOf(context, { ...found, disks, settings, now });
  const ahead = await lookAhead(connection, context, { snapshots, locked: settings.lock, ...(point && { point }) });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  warnings.push(...ahead.warnings, ...ofPoint);
  return {
    title,
    changes: [
      ...(point ? changesOfPoint(context, point) : []),
      ...snapshots.flatMap((one) => [changeOf(context, one), ...(settings.lock ? [lockChangeOf(one)] : [])]),
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'reversible',
    undo: undoText,
    made: [...(point ? [point.collectionId] : []), ...snapshots.map(({ id }) => id)].map(shortName),
    warnings,
    consequences: [
      'The VM keeps running. Snapshots cost storage until they are deleted.',
      'Not in them: memory, and the temporary disk.',
      ...(point
        ? ['Azure takes three restore points of a VM an hour, and moves no VM that has some to another group.']
        : []),
    ],
    state: { snapshots, locked: settings.lock, ...(point && { point }) } satisfies SnapshotState,
  };
}

function changeOf(context: ActionContext, one: Planned): ActionPlan['changes'][number] {
  return {
    method: 'PUT',
    resourceId: one.id,
    diff: [
      { property: 'snapshot', before: '(none)', after: shortName(one.id) },
      { property: 'copy of', before: '', after: `${shortName(one.diskId)} (${one.role})` },
      { property: 'kind', before: '', after: one.incremental ? 'incremental' : 'full' },
      { property: 'export', before: '', after: 'denied (networkAccessPolicy DenyAll)' },
    ],
    before: null,
    after: bodyOf(context, one, ''),
  };
}

function lockChangeOf(one: Planned): ActionPlan['changes'][number] {
  return {
    method: 'PUT',
    resourceId: lockIdOf(one.id),
    diff: [{ property: 'management lock', before: '(none)', after: `CanNotDelete on ${shortName(one.id)}` }],
    before: null,
    after: lockBody,
  };
}

/** What making the snapshots needs. */
function lookAhead(connection: Connection, context: ActionContext, { snapshots, locked, point }: SnapshotState) {
  const scopeOf = (id: string) => id.split('/providers/')[0] ?? id;
  const ofPoint = point ? aheadOfPoint(context, point) : { needed: [], intended: [] };
  return preflight(connection, context, {
    needed: [
      ...snapshots.map((one) => ({ action: 'Microsoft.Compute/snapshots/write', scope: scopeOf(one.id) })),
      ...snapshots.map((one) => ({ action: 'Microsoft.Compute/disks/beginGetAccess/action', scope: one.diskId })),
      ...(locked
        ? snapshots.map((one) => ({ action: 'Microsoft.Authorization/locks/write', scope: scopeOf(one.id) }))
        : []),
      ...ofPoint.needed,
    ],
    intended: [
      ...snapshots.map((one) => ({
        method: 'PUT' as const,
        resourceId: one.id,
        creates: true,
        body: bodyOf(context, one, ''),
      })),
      ...ofPoint.intended,
    ],
  });
}

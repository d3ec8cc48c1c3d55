import { at, instantAt, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ifThere } from '../../azure/client/failure.ts';
import { rawBody } from '../../azure/client/raw-body.ts';
import { attachedIn } from '../../azure/readers/machine.ts';
import type { ActionContext, ActionPlan, Verification } from '../../playbook/action.ts';
import { caseTags, isOfCase } from '../case-tags.ts';
import { withExactBody } from '../exact-body.ts';
import { follow, send } from '../operation.ts';
import { nameable, stampOf } from '../resource-name.ts';
import { unsettled } from '../unsettled.ts';
import { copiesInBackground } from './copied.ts';
import type { Attached } from './disks.ts';
import type { PlannedPoint } from './settings.ts';

const pointName = 'evidence';
const pointIdOf = ({ collectionId }: PlannedPoint): string => `${collectionId}/restorePoints/${pointName}`;

/** A disk of the VM with its body, by which Azure holds it in a restore point or does not. */
export interface DiskOfPoint extends Attached {
  body: Json;
}

/**
 * Why Azure takes no crash-consistent restore point of these disks; "" when nothing is known against it (Microsoft Learn, "Support
 * matrix for VM restore points", as read 2026-11-30: no ephemeral, shared, Ultra, Premium SSD v2 and write-accelerated disks, no
 * confidential VMs).
 */
export function noPoint(machine: Json, disks: readonly DiskOfPoint[], ephemeral: boolean): string {
  if (ephemeral) return 'its OS disk is ephemeral';
  if (/^confidentialvm$/i.test(textAt(machine, 'properties', 'securityProfile', 'securityType'))) {
    return 'it is a confidential VM';
  }
  for (const { id, body } of disks) {
    const sku = textAt(body, 'sku', 'name');
    if (copiesInBackground(sku)) return `${shortName(id)} is ${sku}`;
    if ((numberAt(body, 'properties', 'maxShares') ?? 1) > 1) return `${shortName(id)} is shared`;
  }
  const attached = attachedIn(at(machine, 'properties', 'storageProfile'));
  const accelerated = attached.find((disk) => at(disk, 'writeAcceleratorEnabled') === true);
  return accelerated ? `${textAt(accelerated, 'name') || 'a disk'} is write-accelerated` : '';
}

/**
 * Why the disks of a restore point may not be of one moment all the same (the page's notes: disks with read/write host caching;
 * several data disks on sizes of Intel v6 and AMD v7 and newer).
 */
export function doubtsOfPoint(machine: Json): string[] {
  const profile = at(machine, 'properties', 'storageProfile');
  const cached = attachedIn(profile).filter((disk) => /^readwrite$/i.test(textAt(disk, 'caching')));
  const size = textAt(machine, 'properties', 'hardwareProfile', 'vmSize');
  const generation = Number(/_v(\d+)$/i.exec(size)?.[1] ?? 0);
  const names = cached.map((disk) => textAt(disk, 'name')).filter((name) => name !== '');
  return [
    ...(cached.length > 0
      ? [
          `Azure does not warrant that disks with read/write caching are of that moment (${names.join(', ') || 'some are'}): what the host held back may be missing.`,
        ]
      : []),
    ...(generation >= 6 && listAt(profile, 'dataDisks').length > 1
      ? [`Azure does not warrant that several data disks of a ${size} are of one moment.`]
      : []),
  ];
}

/** `cordon-<case>-<vm>-<time>`, 80 characters at most. */
function collectionName(caseId: string, vm: string, when: Date): string {
  return `${nameable(`cordon-${caseId}`).slice(0, 30)}-${nameable(vm).slice(0, 30)}-${stampOf(when)}`;
}

/** A restore point of these disks in the VM's own resource group, where Azure keeps those of its region and subscription. */
export function planPoint({ caseId, target }: ActionContext, disks: readonly Attached[], now: Date): PlannedPoint {
  const group = `/subscriptions/${target.subscriptionId}/resourceGroups/${target.resourceGroup}`;
  const name = collectionName(caseId, target.name, now);
  return {
    collectionId: `${group}/providers/Microsoft.Compute/restorePointCollections/${name}`,
    location: target.location,
    diskIds: disks.map(({ id }) => id),
  };
}

const collectionBody = (context: ActionContext, { location }: PlannedPoint): Json => ({
  location,
  tags: { ...caseTags(context.caseId, context.caseHead?.() ?? ''), 'cordon-vm': context.target.id.slice(0, 256) },
  properties: { source: { id: context.target.id } },
});

const pointBody: Json = { properties: { consistencyMode: 'CrashConsistent' } };

export function changesOfPoint(context: ActionContext, point: PlannedPoint): ActionPlan['changes'] {
  return [
    {
      method: 'PUT',
      resourceId: point.collectionId,
      diff: [{ property: 'restore point collection', before: '(none)', after: shortName(point.collectionId) }],
      before: null,
      after: collectionBody(context, point),
    },
    {
      method: 'PUT',
      resourceId: pointIdOf(point),
      diff: [
        {
          property: 'restore point',
          before: '(none)',
          after: `${point.diskIds.length} disks at one moment (crash-consistent)`,
        },
      ],
      before: null,
      after: pointBody,
    },
  ];
}

/** What a restore point needs, for the look ahead. */
export function aheadOfPoint(context: ActionContext, point: PlannedPoint) {
  const scope = point.collectionId.split('/providers/')[0] ?? point.collectionId;
  return {
    needed: [
      { action: 'Microsoft.Compute/restorePointCollections/write', scope },
      { action: 'Microsoft.Compute/restorePointCollections/restorePoints/write', scope },
    ],
    intended: [
      {
        method: 'PUT' as const,
        resourceId: point.collectionId,
        creates: true,
        body: collectionBody(context, point),
      },
    ],
  };
}

async function clientOf(connection: Connection, { collectionId }: PlannedPoint) {
  const parsed = parseResourceId(collectionId);
  if (!parsed) throw new Error(`not a restore point collection: ${collectionId}`);
  return { client: await connection.compute(parsed.subscriptionId), group: parsed.resourceGroup, name: parsed.name };
}

/** The collection as Azure prints it; null when there is none. */
export async function readCollection(connection: Connection, point: PlannedPoint): Promise<Json | null> {
  const { client, group, name } = await clientOf(connection, point);
  return ifThere(rawBody((options) => client.restorePointCollections.get(group, name, options)));
}

/** The restore point as Azure prints it; null when there is none. */
export async function readPoint(connection: Connection, point: PlannedPoint): Promise<Json | null> {
  const { client, group, name } = await clientOf(connection, point);
  return ifThere(rawBody((options) => client.restorePoints.get(group, name, pointName, options)));
}

/** Takes the restore point, in a collection of its own. */
export async function takePoint(connection: Connection, context: ActionContext, point: PlannedPoint): Promise<void> {
  const { client, group, name } = await clientOf(connection, point);
  const body = collectionBody(context, point);
  await withExactBody(client, body, () =>
    send(connection, context, `restore point collection ${name}`, () =>
      client.restorePointCollections.createOrUpdate(group, name, {
        location: point.location,
        source: { id: context.target.id },
      }),
    ),
  );
  await withExactBody(client, pointBody, () =>
    follow(connection, context, `restore point of ${context.target.name}`, (options) =>
      client.restorePoints.create(group, name, pointName, { consistencyMode: 'CrashConsistent' }, options),
    ),
  );
}

/** The ids of the disks that a restore point holds. */
function disksIn(point: Json): string[] {
  return attachedIn(at(point, 'properties', 'sourceMetadata', 'storageProfile'))
    .filter((disk) => textAt(disk, 'diskRestorePoint', 'id') !== '')
    .map((disk) => textAt(disk, 'managedDisk', 'id'));
}

/** Is it there, of all disks and of one moment? */
export async function checkPoint(connection: Connection, point: PlannedPoint): Promise<Verification> {
  const name = shortName(point.collectionId);
  const body = await readPoint(connection, point);
  if (!body) return { ok: false, text: `The restore point in ${name} does not exist.` };
  const pending = unsettled(`The restore point in ${name}`, body);
  if (pending) return pending;
  const mode = textAt(body, 'properties', 'consistencyMode');
  if (!/^crashconsistent$/i.test(mode))
    return { ok: false, text: `The restore point in ${name} is ${mode || 'of no mode'}.` };
  const held = disksIn(body);
  const lacks = point.diskIds.filter((id) => !held.some((one) => sameId(one, id))).map(shortName);
  if (lacks.length > 0) return { ok: false, text: `The restore point in ${name} does not hold ${lacks.join(', ')}.` };
  const taken = instantAt(body, 'properties', 'timeCreated') ?? '';
  return {
    ok: true,
    text: `Restore point of ${held.length} disks at one moment: ${name}${taken === '' ? '' : `, ${taken}`}.`,
  };
}

/** Deletes the collection with its restore point where this case made it. */
export async function deletePoint(
  connection: Connection,
  context: ActionContext,
  point: PlannedPoint,
): Promise<'deleted' | 'gone' | 'another'> {
  const body = await readCollection(connection, point);
  if (!body) return 'gone';
  const ours = isOfCase(body, context.caseId) && sameId(textAt(body, 'properties', 'source', 'id'), context.target.id);
  if (!ours) return 'another';
  const { client, group, name } = await clientOf(connection, point);
  await follow(connection, context, `DELETE ${name}`, (options) =>
    client.restorePointCollections.delete(group, name, options),
  );
  return 'deleted';
}

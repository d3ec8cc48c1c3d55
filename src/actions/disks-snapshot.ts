import { z } from 'zod';
import { at, instantAt, type Json, listAt, numberAt, textAt } from '../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import { rawBody } from '../azure/client/raw-body.ts';
import { readMachine } from '../azure/readers/machine.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { withExactBody } from './exact-body.ts';
import { follow, pause } from './operation.ts';
import { preflight } from './permissions.ts';
import { refusedPlan } from './refused-plan.ts';

export const snapshotSettings = z.strictObject({
  kind: z
    .enum(['full', 'incremental'])
    .default('full')
    .describe('full copies can be taken to another subscription; incremental ones cannot.'),
  resourceGroup: z
    .string()
    .regex(/^[\p{L}\p{N}_.()-]{1,90}$/u, 'the name of a resource group')
    .optional()
    .describe("Where the snapshots go; the VM's own resource group when left out."),
});

const snapshotState = z.looseObject({
  snapshots: z.array(
    z.object({
      id: z.string(),
      diskId: z.string(),
      /** "OS disk", "LUN 0" */
      role: z.string(),
      location: z.string(),
      incremental: z.boolean(),
    }),
  ),
});
type SnapshotState = z.infer<typeof snapshotState>;
type Planned = SnapshotState['snapshots'][number];

/** Disks of which Azure takes incremental snapshots only (Microsoft Learn, "Incremental snapshots of Ultra Disks …"). */
const incrementalOnly = new Set(['ultrassd_lrs', 'premiumv2_lrs']);

/** `cordon-<case>-<disk>-<time>`, 80 characters at most, of what Azure accepts, not among `taken` (lower case). */
export function snapshotName(caseId: string, disk: string, when: Date, taken: ReadonlySet<string>): string {
  const time = when.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  const clean = (text: string) => text.replace(/[^A-Za-z0-9_.-]/g, '-');
  for (let number = 1; ; number += 1) {
    const tail = number === 1 ? `-${time}` : `-${number}-${time}`;
    // The disk's name tells the snapshots apart; the case's is in a tag too, and gives way first.
    const disks = clean(disk).slice(0, 40);
    const room = 80 - tail.length - disks.length - 1;
    const name = `${clean(`cordon-${caseId}`).slice(0, room)}-${disks}${tail}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}

interface Attached {
  id: string;
  role: string;
}

function disksOf(machine: Json): { disks: Attached[]; ephemeral: boolean; unmanaged: string[] } {
  const os = at(machine, 'properties', 'storageProfile', 'osDisk');
  const disks: Attached[] = [];
  const unmanaged: string[] = [];
  const ephemeral = textAt(os, 'diffDiskSettings', 'option').toLowerCase() === 'local';
  const osDisk = textAt(os, 'managedDisk', 'id');
  if (ephemeral) {
    // Lives on the host; there is nothing to copy.
  } else if (osDisk !== '') disks.push({ id: osDisk, role: 'OS disk' });
  else if (textAt(os, 'vhd', 'uri') !== '') unmanaged.push('the OS disk');
  for (const data of listAt(machine, 'properties', 'storageProfile', 'dataDisks')) {
    const role = `LUN ${textAt(data, 'lun')}`;
    const id = textAt(data, 'managedDisk', 'id');
    if (id !== '') disks.push({ id, role });
    else if (textAt(data, 'vhd', 'uri') !== '') unmanaged.push(`the disk at ${role}`);
  }
  return { disks, ephemeral, unmanaged };
}

const undoText = "Not needed: a snapshot changes nothing, and it is evidence. Deleting it takes typing the VM's name.";

/** Takes a snapshot of the OS disk and of all data disks at once, closed to export. */
export function disksSnapshot(connection: Connection): Action {
  async function readDisk(id: string): Promise<Json> {
    const parsed = parseResourceId(id);
    if (!parsed) throw new Error(`not a disk: ${id}`);
    const { disks } = await connection.compute(parsed.subscriptionId);
    return rawBody((options) => disks.get(parsed.resourceGroup, parsed.name, options));
  }

  async function readSnapshot(id: string): Promise<Json | null> {
    const parsed = parseResourceId(id);
    if (!parsed) return null;
    const { snapshots } = await connection.compute(parsed.subscriptionId);
    try {
      return await rawBody((options) => snapshots.get(parsed.resourceGroup, parsed.name, options));
    } catch (error) {
      if (azureError(error).status === 404) return null;
      throw error;
    }
  }

  async function plan(context: ActionContext, input: unknown): Promise<ActionPlan> {
    const settings = snapshotSettings.parse(input);
    const { target, caseId } = context;
    const title = `Take a snapshot of every disk of ${target.name}`;
    const { disks, ephemeral, unmanaged } = disksOf(await readMachine(connection, target));
    const warnings: string[] = [];
    if (ephemeral) {
      const because = `The OS disk of ${target.name} is ephemeral: it lives on the host, Azure cannot take a snapshot of it, and stopping or redeploying the VM destroys it. Collect from inside while it runs.`;
      if (disks.length === 0) return refusedPlan(title, 'impossible', because);
      warnings.push(because);
    }
    if (unmanaged.length > 0) {
      return refusedPlan(
        title,
        'impossible',
        `${target.name} has unmanaged disks (${unmanaged.join(', ')}): page blobs in a storage account, of which cordon takes no snapshot. Take a snapshot of the blobs in that account.`,
      );
    }
    if (disks.length === 0)
      return refusedPlan(title, 'impossible', `${target.name} has no disk that a snapshot can be taken of.`);

    const now = connection.clock.now();
    const taken = new Set<string>();
    const snapshots: Planned[] = [];
    for (const { id, role } of disks) {
      const disk = await readDisk(id);
      const parsed = parseResourceId(id);
      const sku = textAt(disk, 'sku', 'name').toLowerCase();
      const incremental = incrementalOnly.has(sku) || settings.kind === 'incremental';
      if (incrementalOnly.has(sku) && settings.kind === 'full') {
        warnings.push(
          `${shortName(id)} is ${textAt(disk, 'sku', 'name')}: incremental only, and not usable before Azure has copied it in full.`,
        );
      }
      if (/customerkey/i.test(textAt(disk, 'properties', 'encryption', 'type'))) {
        warnings.push(
          `${shortName(id)} is encrypted with a customer's key: the snapshot needs the same disk encryption set, and cannot go to another subscription.`,
        );
      }
      if (textAt(disk, 'properties', 'encryptionSettingsCollection', 'enabled') === 'true') {
        warnings.push(
          `${shortName(id)} is encrypted inside (ADE): without its keys from the key vault the copy is useless.`,
        );
      }
      const group = settings.resourceGroup ?? target.resourceGroup;
      const folder = `/subscriptions/${parsed?.subscriptionId ?? target.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/snapshots`;
      let name = snapshotName(caseId, shortName(id), now, taken);
      for (let tries = 0; tries < 20 && (await readSnapshot(`${folder}/${name}`)) !== null; tries += 1) {
        taken.add(name.toLowerCase());
        name = snapshotName(caseId, shortName(id), now, taken);
      }
      taken.add(name.toLowerCase());
      snapshots.push({
        id: `${folder}/${name}`,
        diskId: id,
        role,
        location: textAt(disk, 'location'),
        incremental,
      });
    }
    if (snapshots.length > 1) {
      warnings.push(
        'The disks are copied one beside the other, not at one moment: a volume that spans them may be torn. Each time is recorded.',
      );
    }
    const scopeOf = (id: string) => id.split('/providers/')[0] ?? id;
    return {
      title,
      changes: snapshots.map((one) => ({
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
      })),
      touches: [],
      permissions: await preflight(connection, [
        ...snapshots.map((one) => ({ action: 'Microsoft.Compute/snapshots/write', scope: scopeOf(one.id) })),
        ...snapshots.map((one) => ({ action: 'Microsoft.Compute/disks/beginGetAccess/action', scope: one.diskId })),
      ]),
      danger: 'reversible',
      undo: undoText,
      warnings,
      consequences: [
        'The VM keeps running. Snapshots cost storage until they are deleted.',
        'Not in them: memory, and the temporary disk.',
      ],
      state: { snapshots } satisfies SnapshotState,
    };
  }

  function bodyOf(context: ActionContext, one: Planned, by: string): Json {
    return {
      location: one.location,
      tags: {
        'cordon-case': context.caseId,
        // A tag holds 256 characters at most.
        'cordon-disk': one.diskId.slice(0, 256),
        'cordon-vm': context.target.id.slice(0, 256),
        ...(by === '' ? {} : { 'cordon-created-by': by.slice(0, 256) }),
      },
      properties: {
        creationData: { createOption: 'Copy', sourceResourceId: one.diskId },
        incremental: one.incremental,
        networkAccessPolicy: 'DenyAll',
        publicNetworkAccess: 'Disabled',
      },
    };
  }

  async function apply(context: ActionContext, planned: ActionPlan): Promise<Record<string, unknown>> {
    const state = snapshotState.parse(planned.state);
    const machine = disksOf(await readMachine(connection, context.target));
    const same =
      machine.disks.length === state.snapshots.length &&
      machine.disks.every((disk) => state.snapshots.some((one) => sameId(one.diskId, disk.id)));
    if (!same) throw new StalePlan(`${context.target.name} has other disks now.`);
    for (const one of state.snapshots) {
      if (await readSnapshot(one.id)) throw new StalePlan(`a snapshot ${shortName(one.id)} exists by now.`);
    }
    const by = (await connection.signedIn()).name;
    let ready = 0;
    const total = state.snapshots.length;
    context.progress({ fraction: 0, text: `0 of ${total} disks` });
    const results = await Promise.allSettled(
      state.snapshots.map(async (one) => {
        const parsed = parseResourceId(one.id);
        if (!parsed) throw new Error(`not a snapshot: ${one.id}`);
        const client = await connection.compute(parsed.subscriptionId);
        await withExactBody(client, bodyOf(context, one, by), () =>
          follow(connection, context, `snapshot of ${shortName(one.diskId)}`, (options) =>
            client.snapshots.createOrUpdate(
              parsed.resourceGroup,
              parsed.name,
              { location: one.location, creationData: { createOption: 'Copy' } },
              options,
            ),
          ),
        );
        ready += 1;
        context.progress({ fraction: ready / total, text: `${ready} of ${total} disks` });
      }),
    );
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ one: state.snapshots[index], reason: result.reason }] : [],
    );
    if (failed.length > 0) {
      const kept = total - failed.length;
      const reasons = failed
        .map(({ reason }) => (reason instanceof Error ? reason.message : String(reason)))
        .join('; ');
      const error = new Error(`${reasons}${kept > 0 ? `; ${kept} of ${total} snapshots were taken and are kept` : ''}`);
      const [{ reason: cause } = { reason: undefined }] = failed;
      const status: unknown =
        typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'statusCode') : undefined;
      throw Object.assign(error, { statusCode: status, cause });
    }
    await waitForCopies(context, state);
    const bodies = await Promise.all(state.snapshots.map((one) => readSnapshot(one.id)));
    await context.keep('snapshots', bodies);
    return state;
  }

  /** Background copies of incremental snapshots: before 100 % there is no usable evidence, whatever its state says. */
  async function waitForCopies(context: ActionContext, state: SnapshotState): Promise<void> {
    const incremental = state.snapshots.filter((one) => one.incremental);
    const attempts = Math.ceil((24 * 3_600_000) / Math.max(1, connection.pollIntervalMs));
    for (let attempt = 0; incremental.length > 0 && attempt < attempts; attempt += 1) {
      const bodies = await Promise.all(incremental.map((one) => readSnapshot(one.id)));
      const percents = bodies.map((body) => numberAt(body, 'properties', 'completionPercent') ?? 100);
      const lowest = Math.min(...percents);
      if (lowest >= 100) return;
      context.progress({ fraction: lowest / 100, text: `Azure copies in the background: ${Math.floor(lowest)} %` });
      await pause(connection, context);
    }
  }

  async function verify(_context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = snapshotState.parse(given);
    const times: number[] = [];
    const told: string[] = [];
    for (const one of state.snapshots) {
      const name = shortName(one.id);
      const body = await readSnapshot(one.id);
      if (!body) return { ok: false, text: `${name} does not exist.` };
      if (!sameId(textAt(body, 'properties', 'creationData', 'sourceResourceId'), one.diskId)) {
        return { ok: false, text: `${name} is not a copy of ${shortName(one.diskId)}.` };
      }
      const provisioning = textAt(body, 'properties', 'provisioningState');
      if (provisioning.toLowerCase() !== 'succeeded')
        return { ok: false, text: `${name} is ${provisioning || 'in no state'}.` };
      const percent = numberAt(body, 'properties', 'completionPercent');
      if (percent !== undefined && percent < 100) return { ok: false, text: `${name} is copied to ${percent} % only.` };
      if (textAt(body, 'properties', 'networkAccessPolicy').toLowerCase() !== 'denyall') {
        return { ok: false, text: `${name} is not closed to export.` };
      }
      const taken = instantAt(body, 'properties', 'timeCreated') ?? '';
      if (!Number.isNaN(Date.parse(taken))) times.push(Date.parse(taken));
      told.push(`${one.role} → ${name}${taken === '' ? '' : ` at ${taken}`}`);
    }
    const spread = times.length > 1 ? (Math.max(...times) - Math.min(...times)) / 1000 : 0;
    const apart = times.length > 1 ? ` Taken within ${spread.toFixed(1)} s of each other, not at one moment.` : '';
    return {
      ok: true,
      text: `${state.snapshots.length} snapshots taken, closed to export: ${told.join('; ')}.${apart}`,
    };
  }

  async function undo(context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = snapshotState.parse(given);
    const found: string[] = [];
    const gone: string[] = [];
    for (const one of state.snapshots) {
      const name = shortName(one.id);
      const body = await readSnapshot(one.id);
      if (!body) continue;
      const ours =
        textAt(body, 'tags', 'cordon-case') === context.caseId &&
        sameId(textAt(body, 'properties', 'creationData', 'sourceResourceId'), one.diskId);
      if (!ours) {
        found.push(`${name} is not the snapshot that this case took: it is not deleted.`);
        continue;
      }
      const parsed = parseResourceId(one.id);
      if (!parsed) continue;
      const client = await connection.compute(parsed.subscriptionId);
      await follow(connection, context, `DELETE ${name}`, (options) =>
        client.snapshots.delete(parsed.resourceGroup, parsed.name, options),
      );
      gone.push(name);
    }
    const text = gone.length > 0 ? `Deleted: ${gone.join(', ')}.` : 'No snapshot of this case was left.';
    return found.length > 0 ? { ok: false, text: `${found.join(' ')} ${text}` } : { ok: true, text };
  }

  return {
    name: 'disks.snapshot',
    input: snapshotSettings,
    danger: 'reversible',
    undoing: { danger: 'disruptive', included: false },
    plan,
    apply,
    verify,
    undo,
  };
}

import * as z from 'zod';
import { type Json, textAt } from '../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError, ifThere } from '../azure/client/failure.ts';
import { disksOf, readMachine } from '../azure/readers/machine.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { follow } from './operation.ts';
import { preflight } from './preflight/preflight.ts';
import { refusedPlan } from './refused-plan.ts';
import { disksOf as attachedDisksOf, readDisk, readSnapshot } from './snapshot/disks.ts';

const revokeSettings = z.strictObject({});

const revokeState = z.looseObject({ links: z.array(z.object({ id: z.string(), state: z.string() })) });
type RevokeState = z.infer<typeof revokeState>;

/**
 * A disk or snapshot whose bytes are to be had, or overwritten, by a link (shared access signature): "ActiveSAS",
 * "ActiveSASFrozen" (the VM hibernates), "ActiveUpload". The states are those of the Compute specification, DiskState.
 */
const hasLink = (diskState: string): boolean => /^Active(SAS|SASFrozen|Upload)$/i.test(diskState);

const stateOf = (resource: unknown): string => printable(textAt(resource, 'properties', 'diskState'), 40);

const isSnapshot = (id: string): boolean => /\/snapshots\/[^/]+$/i.test(id);
const kindOf = (id: string): string => (isSnapshot(id) ? 'snapshot' : 'disk');

/** Reads a disk or a snapshot; null when there is none. */
function readCopy(connection: Connection, id: string): Promise<Json | null> {
  return isSnapshot(id) ? readSnapshot(connection, id) : ifThere(readDisk(connection, id));
}

interface Copies {
  links: RevokeState['links'];
  /** How many disks and snapshots were looked at. */
  looked: number;
  notSeen: string[];
  /** Was all read that is in the subscription? */
  complete: boolean;
}

const most = 5000;

/** Snapshots of these disks in the subscription; those elsewhere are not seen, and named so. */
async function linkedSnapshots(
  connection: Connection,
  context: ActionContext,
  disks: readonly string[],
): Promise<Copies> {
  const found: Copies = {
    links: [],
    looked: 0,
    notSeen: ['copies of the disks in other subscriptions'],
    complete: true,
  };
  const { snapshots } = await connection.compute(context.target.subscriptionId);
  try {
    let read = 0;
    for await (const one of snapshots.list({ abortSignal: context.signal })) {
      read += 1;
      if (read > most) {
        found.notSeen.push(`more than ${most} snapshots`);
        found.complete = false;
        break;
      }
      if (!disks.some((disk) => sameId(disk, one.creationData?.sourceResourceId ?? ''))) continue;
      found.looked += 1;
      if (!one.diskState) {
        found.notSeen.push(`the state of the snapshot ${printable(one.name ?? '', 80)}, which Azure did not print`);
        found.complete = false;
        continue;
      }
      if (hasLink(one.diskState)) found.links.push({ id: one.id ?? '', state: one.diskState });
    }
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { code, message } = azureError(error);
    found.notSeen.push(`snapshots of the disks (${code || message}): ask for Reader on the subscription`);
    found.complete = false;
  }
  return found;
}

/** Restore points of the VM: Azure does not print whether a link leads to a disk of theirs ("DiskRestorePoint" has no state). */
async function restorePointsOf(connection: Connection, { target, signal }: ActionContext): Promise<Copies> {
  const none: Copies = { links: [], looked: 0, notSeen: [], complete: true };
  const { restorePointCollections } = await connection.compute(target.subscriptionId);
  try {
    const names: string[] = [];
    let read = 0;
    for await (const one of restorePointCollections.listAll({ abortSignal: signal })) {
      read += 1;
      if (read > most) return { ...none, notSeen: [`more than ${most} restore point collections`] };
      if (sameId(one.source?.id ?? '', target.id)) names.push(printable(one.name ?? '', 80));
    }
    if (names.length === 0) return none;
    const which = listed(names, 5);
    return {
      ...none,
      notSeen: [
        `links to the disks in restore points of ${which}, which Azure does not show: delete what is not needed`,
      ],
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const { code, message } = azureError(error);
    return { ...none, notSeen: [`whether the VM has restore points (${code || message})`] };
  }
}

/** Disks that are page blobs of a storage account: a link to one is a signature of that account. */
function pageBlobs(machine: Json): Copies {
  const { unmanaged } = attachedDisksOf(machine);
  const notSeen =
    unmanaged.length === 0
      ? []
      : [
          `links to ${unmanaged.join(', ')}, page blobs in a storage account: they end when its keys are renewed, or the stored policy by which they were signed is taken away`,
        ];
  return { links: [], looked: 0, notSeen, complete: unmanaged.length === 0 };
}

async function linkedCopies(connection: Connection, context: ActionContext): Promise<Copies> {
  const machine = await readMachine(connection, context.target);
  const disks = disksOf(machine);
  const [snapshots, points, ...read] = await Promise.all([
    linkedSnapshots(connection, context, disks),
    restorePointsOf(connection, context),
    ...disks.map(async (id): Promise<Copies> => {
      try {
        const state = stateOf(await readCopy(connection, id));
        if (state === '') {
          const name = printable(shortName(id), 80);
          return {
            links: [],
            looked: 1,
            notSeen: [`the state of the disk ${name}, which Azure did not print`],
            complete: false,
          };
        }
        return { links: hasLink(state) ? [{ id, state }] : [], looked: 1, notSeen: [], complete: true };
      } catch (error) {
        if (context.signal.aborted) throw error;
        const { code, message } = azureError(error);
        const name = printable(shortName(id), 80);
        return { links: [], looked: 0, notSeen: [`the disk ${name} (${code || message})`], complete: false };
      }
    }),
  ]);
  const all = [...read, snapshots, points, pageBlobs(machine)];
  return {
    links: all.flatMap(({ links }) => links),
    looked: all.reduce((sum, { looked }) => sum + looked, 0),
    notSeen: all.flatMap(({ notSeen }) => notSeen),
    complete: all.every(({ complete }) => complete),
  };
}

const actionFor = (id: string): string =>
  `Microsoft.Compute/${isSnapshot(id) ? 'snapshots' : 'disks'}/endGetAccess/action`;

async function planRevoke(connection: Connection, context: ActionContext): Promise<ActionPlan> {
  const { target } = context;
  const title = `Revoke the links to the disks of ${target.name}`;
  const { links, looked, notSeen, complete } = await linkedCopies(connection, context);
  const unseen = notSeen.map((one) => `Not seen: ${one}.`);
  if (looked === 0) {
    return refusedPlan(title, 'impossible', `No disk or snapshot of ${target.name} could be read. ${unseen.join(' ')}`);
  }
  if (links.length === 0 && !complete) {
    const because = `No link was found at the ${looked} disks and snapshots of ${target.name} that were read; others were not. ${unseen.join(' ')}`;
    return refusedPlan(title, 'impossible', because);
  }
  if (links.length === 0) {
    const because = `None of the ${looked} disks and snapshots of ${target.name} that were read has an active link. ${unseen.join(' ')}`;
    return refusedPlan(title, 'nothing-to-do', because);
  }
  const ahead = await preflight(connection, context, {
    needed: links.map(({ id }) => ({ action: actionFor(id), scope: id })),
    intended: links.map(({ id }) => ({ method: 'POST' as const, resourceId: `${id}/endGetAccess` })),
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  return {
    title,
    changes: links.map(({ id, state }) => ({
      method: 'POST',
      resourceId: `${id}/endGetAccess`,
      diff: [{ property: `link to ${kindOf(id)} ${printable(shortName(id), 80)}`, before: state, after: 'none' }],
      before: { diskState: state },
      after: null,
    })),
    touches: [],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: '',
    warnings: [...unseen, ...ahead.warnings],
    consequences: [
      'A download by the link breaks off. What was copied by now is gone, and stays gone: ask the activity log who made the link (beginGetAccess) and since when.',
      'It breaks off an export of yours, and a backup product’s, as well.',
      'Who made the link can make another: take the right to (beginGetAccess/action on disks and snapshots) from that account.',
      'There is no undo: a link that was revoked does not come back; a new one can be made.',
    ],
    state: { links } satisfies RevokeState,
  };
}

async function revoke(connection: Connection, context: ActionContext, planned: ActionPlan): Promise<RevokeState> {
  const state = revokeState.parse(planned.state);
  const now = await Promise.all(state.links.map(({ id }) => readCopy(connection, id)));
  const changed = state.links.filter((_, index) => !hasLink(stateOf(now[index])));
  if (changed.length > 0)
    throw new StalePlan(`${changed.map(({ id }) => printable(shortName(id), 80)).join(', ')} has no link any more.`);
  await context.keep('before-revoke-links', { links: now });
  for (const [index, { id }] of state.links.entries()) {
    const parsed = parseResourceId(id);
    if (!parsed) throw new Error(`not a disk or snapshot: ${id}`);
    context.progress({ fraction: index / state.links.length, text: `revoking the link to ${parsed.name}` });
    const { disks, snapshots } = await connection.compute(parsed.subscriptionId);
    await follow(connection, context, `endGetAccess ${parsed.name}`, (options) =>
      (isSnapshot(id) ? snapshots : disks).revokeAccess(parsed.resourceGroup, parsed.name, options),
    );
  }
  return state;
}

const withStates = (copies: readonly { id: string; state: string }[]): string =>
  copies.map(({ id, state }) => `${printable(shortName(id), 80)} (${state || 'Azure does not say'})`).join(', ');

/**
 * By the state of each disk and snapshot, as Azure prints it: of those that were revoked, and of all that the VM has, also
 * where the plan could not read them.
 */
async function verifyRevoke(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const { links } = revokeState.parse(given);
  const revoked = await Promise.all(
    links.map(async ({ id }) => {
      const now = await readCopy(connection, id);
      return { id, state: now === null ? 'gone' : stateOf(now) };
    }),
  );
  const copies = await linkedCopies(connection, context);
  const others = copies.links.filter(({ id }) => !revoked.some((one) => sameId(one.id, id)));
  const left = [...revoked.filter(({ state }) => hasLink(state)), ...others];
  const unseen = copies.notSeen.length > 0 ? ` Not seen: ${copies.notSeen.join('; ')}.` : '';
  if (left.length > 0) {
    return { ok: false, text: `STILL linked: ${withStates(left)}. Run it again: cordon looks anew.${unseen}` };
  }
  const text = `No link any more: ${withStates(revoked)}.${unseen}`;
  const known = copies.complete && revoked.every(({ state }) => state !== '');
  return { ok: known ? true : null, text };
}

/** Ends the access that links give to the VM's disks and to snapshots of them. It cannot be undone. */
export function linksRevoke(connection: Connection): Action {
  return {
    name: 'links.revoke',
    input: revokeSettings,
    danger: 'disruptive',
    plan: (context) => planRevoke(connection, context),
    apply: (context, planned) => revoke(connection, context, planned),
    verify: (context, state) => verifyRevoke(connection, context, state),
  };
}

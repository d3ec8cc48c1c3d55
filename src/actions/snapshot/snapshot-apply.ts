import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readMachine } from '../../azure/readers/machine.ts';
import { type ActionContext, type ActionPlan, StalePlan } from '../../playbook/action.ts';
import { withExactBody } from '../exact-body.ts';
import { follow, pause } from '../operation.ts';
import { readPercentCopied } from './copied.ts';
import { disksOf, readSnapshot } from './disks.ts';
import { putLock } from './evidence-lock.ts';
import { readCollection, readPoint, takePoint } from './restore-point.ts';
import { bodyOf, type Planned, type PlannedPoint, type SnapshotState, snapshotState } from './settings.ts';

async function take(connection: Connection, context: ActionContext, one: Planned, by: string): Promise<void> {
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
}

/** The rest of a restore point after a failure, as Azure shows it; "" where there is none. */
async function pointLeft(connection: Connection, point: PlannedPoint | undefined): Promise<string> {
  if (!point) return '';
  const name = shortName(point.collectionId);
  try {
    if (await readPoint(connection, point)) return `the restore point in ${name} was made and is kept`;
    return (await readCollection(connection, point))
      ? `the collection ${name} was made, and holds no restore point`
      : '';
  } catch {
    return `whether the restore point in ${name} was made is not known`;
  }
}

/** What went wrong, and what was taken and is kept all the same. */
function failureOf(reasons: readonly unknown[], kept: readonly string[]): Error {
  const said = reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('; ');
  const error = new Error([said, ...kept].join('; '));
  const [cause] = reasons;
  const status: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'statusCode') : undefined;
  return Object.assign(error, { statusCode: status, cause });
}

/** Takes all snapshots at once, and waits until Azure has copied them. */
export async function applySnapshots(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const state = snapshotState.parse(planned.state);
  const machine = disksOf(await readMachine(connection, context.target));
  const same =
    machine.disks.length === state.snapshots.length &&
    machine.disks.every((disk) => state.snapshots.some((one) => sameId(one.diskId, disk.id)));
  if (!same) throw new StalePlan(`${context.target.name} has other disks now.`);
  for (const one of state.snapshots) {
    if (await readSnapshot(connection, one.id)) throw new StalePlan(`a snapshot ${shortName(one.id)} exists by now.`);
  }
  const { point } = state;
  if (point && (await readCollection(connection, point))) {
    throw new StalePlan(`a restore point collection ${shortName(point.collectionId)} exists by now.`);
  }
  const by = (await connection.signedIn()).name;
  let ready = 0;
  const total = state.snapshots.length;
  context.progress({ fraction: 0, text: `0 of ${total} disks` });
  const results = await Promise.allSettled([
    ...(point ? [takePoint(connection, context, point)] : []),
    ...state.snapshots.map(async (one) => {
      await take(connection, context, one, by);
      if (state.locked) await putLock(connection, context, one.id);
      ready += 1;
      context.progress({ fraction: ready / total, text: `${ready} of ${total} disks` });
    }),
  ]);
  const reasons = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  if (reasons.length > 0) {
    const left = await pointLeft(connection, point);
    const taken = ready > 0 ? [`${ready} of ${total} snapshots were taken and are kept`] : [];
    throw failureOf(reasons, left === '' ? taken : [...taken, left]);
  }
  await waitForCopies(connection, context, state);
  const bodies = await Promise.all(state.snapshots.map((one) => readSnapshot(connection, one.id)));
  await context.keep('snapshots', bodies);
  if (point) await context.keep('restore-point', await readPoint(connection, point));
  return state;
}

/**
 * Background copies of incremental snapshots: before 100 % there is no usable evidence, whatever its state says. Where Azure says of
 * one for as long as an operation is followed not how far it is, that is left to the verification.
 */
async function waitForCopies(connection: Connection, context: ActionContext, state: SnapshotState): Promise<void> {
  const incremental = state.snapshots.filter((one) => one.incremental);
  const attempts = Math.ceil((24 * 3_600_000) / Math.max(1, connection.pollIntervalMs));
  let told = performance.now();
  for (let attempt = 0; incremental.length > 0 && attempt < attempts; attempt += 1) {
    const bodies = await Promise.all(incremental.map((one) => readSnapshot(connection, one.id)));
    const percents = await Promise.all(
      bodies.map((body) => (body === null ? 100 : readPercentCopied(connection, body))),
    );
    const known = percents.filter((percent) => percent !== null);
    const lowest = Math.min(100, ...known);
    if (lowest >= 100 && known.length === percents.length) return;
    if (known.length === percents.length) told = performance.now();
    if (lowest >= 100 && performance.now() - told > connection.operationLimitMs) return;
    const text =
      lowest < 100
        ? `Azure copies in the background: ${Math.floor(lowest)} %`
        : 'Azure does not say how much it has copied';
    context.progress({ fraction: lowest < 100 ? lowest / 100 : null, text });
    await pause(connection, context);
  }
}

import { instantAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import type { ActionContext, Verification } from '../../playbook/action.ts';
import { isOfCase } from '../case-tags.ts';
import { follow } from '../operation.ts';
import { unsettled } from '../unsettled.ts';
import { readPercentCopied } from './copied.ts';
import { readSnapshot } from './disks.ts';
import { hasLock, liftLock } from './evidence-lock.ts';
import { checkPoint, deletePoint } from './restore-point.ts';
import { snapshotState } from './settings.ts';

/** Are they there, whole, and closed to export? */
export async function verifySnapshots(connection: Connection, given: Record<string, unknown>): Promise<Verification> {
  const state = snapshotState.parse(given);
  const times: number[] = [];
  const told: string[] = [];
  const unknown: string[] = [];
  for (const one of state.snapshots) {
    const name = shortName(one.id);
    const body = await readSnapshot(connection, one.id);
    if (!body) return { ok: false, text: `${name} does not exist.` };
    if (!sameId(textAt(body, 'properties', 'creationData', 'sourceResourceId'), one.diskId)) {
      return { ok: false, text: `${name} is not a copy of ${shortName(one.diskId)}.` };
    }
    const pending = unsettled(name, body);
    if (pending) return pending;
    const percent = await readPercentCopied(connection, body);
    if (percent !== null && percent < 100) return { ok: false, text: `${name} is copied to ${percent} % only.` };
    if (percent === null) unknown.push(name);
    if (textAt(body, 'properties', 'networkAccessPolicy').toLowerCase() !== 'denyall') {
      return { ok: false, text: `${name} is not closed to export.` };
    }
    if (state.locked && !(await hasLock(connection, one.id))) {
      return { ok: false, text: `${name} has no CanNotDelete lock.` };
    }
    const taken = instantAt(body, 'properties', 'timeCreated') ?? '';
    if (!Number.isNaN(Date.parse(taken))) times.push(Date.parse(taken));
    told.push(`${one.role} → ${name}${taken === '' ? '' : ` at ${taken}`}`);
  }
  const point = state.point ? await checkPoint(connection, state.point) : { ok: true, text: '' };
  if (point.ok !== true) return point;
  if (unknown.length > 0) {
    const text = `How much Azure has copied of ${unknown.join(', ')} is not known: before 100 % it is no evidence. Ask with: az snapshot show --ids ID --query completionPercent`;
    return { ok: null, text };
  }
  const spread = times.length > 1 ? (Math.max(...times) - Math.min(...times)) / 1000 : 0;
  const apart = times.length > 1 ? `Taken within ${spread.toFixed(1)} s of each other, not at one moment.` : '';
  const closed = `closed to export${state.locked ? ', locked against deletion' : ''}`;
  const taken = `${state.snapshots.length} snapshots taken, ${closed}: ${told.join('; ')}.`;
  return {
    ok: true,
    text: [taken, apart, point.text].filter(Boolean).join(' '),
  };
}

/** Deletes the snapshots that this case took, and nothing else. */
export async function undoSnapshots(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = snapshotState.parse(given);
  const found: string[] = [];
  const gone: string[] = [];
  for (const one of state.snapshots) {
    const name = shortName(one.id);
    const body = await readSnapshot(connection, one.id);
    if (!body) continue;
    const ours =
      isOfCase(body, context.caseId) &&
      sameId(textAt(body, 'properties', 'creationData', 'sourceResourceId'), one.diskId);
    if (!ours) {
      found.push(`${name} is not the snapshot that this case took: it is not deleted.`);
      continue;
    }
    const parsed = parseResourceId(one.id);
    if (!parsed) continue;
    if (state.locked) await liftLock(connection, context, one.id);
    const client = await connection.compute(parsed.subscriptionId);
    await follow(connection, context, `DELETE ${name}`, (options) =>
      client.snapshots.delete(parsed.resourceGroup, parsed.name, options),
    );
    gone.push(name);
  }
  if (state.point) {
    const name = shortName(state.point.collectionId);
    const became = await deletePoint(connection, context, state.point);
    if (became === 'another') found.push(`${name} is not the collection that this case made: it is not deleted.`);
    if (became === 'deleted') gone.push(name);
  }
  const text = gone.length > 0 ? `Deleted: ${gone.join(', ')}.` : 'No snapshot of this case was left.';
  return found.length > 0 ? { ok: false, text: `${found.join(' ')} ${text}` } : { ok: true, text };
}

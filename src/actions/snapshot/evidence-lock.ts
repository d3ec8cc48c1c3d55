import { type Json, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ifThere } from '../../azure/client/failure.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { send } from '../operation.ts';

const version = '2016-09-01';

/** The id of the lock that keeps a snapshot from being deleted. */
export const lockIdOf = (snapshotId: string): string =>
  `${snapshotId}/providers/Microsoft.Authorization/locks/cordon-evidence`;

/** Nobody deletes it by mistake; a role that may lift locks still can (Microsoft Learn, "Lock your resources"). */
export const lockBody: Json = {
  properties: { level: 'CanNotDelete', notes: 'Evidence of a case. Lifted by undoing the snapshots in cordon.' },
};

const urlOf = (snapshotId: string): string => `${lockIdOf(snapshotId)}?api-version=${version}`;

export async function putLock(connection: Connection, context: ActionContext, snapshotId: string): Promise<void> {
  await send(connection, context, `lock on ${shortName(snapshotId)}`, () =>
    connection.change('PUT', urlOf(snapshotId), lockBody, context.signal),
  );
}

/** Lifts the lock where it is there. */
export async function liftLock(connection: Connection, context: ActionContext, snapshotId: string): Promise<void> {
  if (!(await hasLock(connection, snapshotId))) return;
  await send(connection, context, `DELETE lock on ${shortName(snapshotId)}`, () =>
    connection.change('DELETE', urlOf(snapshotId), undefined, context.signal),
  );
}

/** Is the lock there? Throws when that cannot be asked. */
export async function hasLock(connection: Connection, snapshotId: string): Promise<boolean> {
  const found = await ifThere(connection.get(urlOf(snapshotId)));
  return textAt(found?.body, 'properties', 'level').toLowerCase() === 'cannotdelete';
}

import { type Json, textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { follow, UnknownOutcome } from '../operation.ts';
import { readSnapshot } from '../snapshot/disks.ts';
import type { PlannedImage } from './settings.ts';
import type { Access } from './signed-blob.ts';

/** How long a signed address is asked for. It is ended before, and renewed where that is too short. */
const accessSeconds = 4 * 3600;
/** How often a signed address is asked for in one export, those that ended early among them. */
const mostRenewals = 100;

export const openNetwork = { networkAccessPolicy: 'AllowAll', publicNetworkAccess: 'Enabled' };
export const closedNetwork = { networkAccessPolicy: 'DenyAll', publicNetworkAccess: 'Disabled' };

/** Are there signed addresses of this snapshot? null where Azure does not print its state. */
export function hasAccess(snapshot: Json): boolean | null {
  const state = textAt(snapshot, 'properties', 'diskState');
  return state === '' ? null : /^activesas/i.test(state);
}

export const isClosed = (snapshot: Json): boolean =>
  /^denyall$/i.test(textAt(snapshot, 'properties', 'networkAccessPolicy'));

const isNetworkOff = (snapshot: Json): boolean =>
  /^disabled$/i.test(textAt(snapshot, 'properties', 'publicNetworkAccess'));

async function clientOf(connection: Connection, id: string) {
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error(`not a snapshot: ${id}`);
  const { snapshots } = await connection.compute(parsed.subscriptionId);
  return { snapshots, group: parsed.resourceGroup, name: parsed.name };
}

async function setNetwork(
  connection: Connection,
  context: ActionContext,
  id: string,
  network: typeof openNetwork,
): Promise<void> {
  const { snapshots, group, name } = await clientOf(connection, id);
  await follow(connection, context, `PATCH ${name}`, (options) => snapshots.update(group, name, network, options));
}

/** Opens a snapshot of cordon's own for its export. */
export async function openSnapshot(connection: Connection, context: ActionContext, id: string): Promise<void> {
  const body = await readSnapshot(connection, id);
  if (body && (isClosed(body) || isNetworkOff(body))) await setNetwork(connection, context, id, openNetwork);
}

async function endGetAccess(connection: Connection, context: ActionContext, id: string): Promise<void> {
  const { snapshots, group, name } = await clientOf(connection, id);
  await follow(connection, context, `end of access to ${name}`, (options) =>
    snapshots.revokeAccess(group, name, options),
  );
}

/**
 * Asks for a signed address. Where its answer was lost, nobody has it, whether it was made or not: it is ended, and another is
 * asked for.
 */
async function beginGetAccess(connection: Connection, context: ActionContext, id: string): Promise<string> {
  const { snapshots, group, name } = await clientOf(connection, id);
  for (let tries = 0; tries < 3; tries += 1) {
    const given = await follow(connection, context, `access to ${name}`, (options) =>
      snapshots.grantAccess(group, name, { access: 'Read', durationInSeconds: accessSeconds }, options),
    ).catch((error: unknown) => {
      if (!(error instanceof UnknownOutcome) || context.signal.aborted) throw error;
      return null;
    });
    const address = given?.accessSAS ?? '';
    if (URL.canParse(address)) return address;
    await endGetAccess(connection, context, id);
  }
  throw new Error(`Azure gave no address at which ${name} can be read`);
}

/** Leave to read a snapshot. The address stays in this closure. */
export async function accessTo(connection: Connection, context: ActionContext, id: string): Promise<Access> {
  let address = await beginGetAccess(connection, context, id);
  let renewing: Promise<void> | null = null;
  let renewals = 0;
  return {
    url: () => address,
    async renew(refused) {
      if (refused !== address) return;
      renewing ??= (async () => {
        renewals += 1;
        if (renewals > mostRenewals) throw new Error(`access to ${shortName(id)} ended ${renewals} times`);
        address = await beginGetAccess(connection, context, id);
      })().finally(() => {
        renewing = null;
      });
      await renewing;
    },
  };
}

/**
 * Ends what an export opened, as far as it is still open. Safe to call again. Throws when Azure does not take it or cannot
 * be asked.
 */
export async function closeSnapshot(
  connection: Connection,
  context: ActionContext,
  { snapshotId, opens }: Pick<PlannedImage, 'snapshotId' | 'opens'>,
): Promise<'closed' | 'was closed' | 'gone'> {
  const body = await readSnapshot(connection, snapshotId);
  if (!body) return 'gone';
  // Ending what nobody has does no harm: it is done too where it is not known.
  const [access, open] = [hasAccess(body) !== false, opens && !(isClosed(body) && isNetworkOff(body))];
  if (access) await endGetAccess(connection, context, snapshotId);
  if (open) await setNetwork(connection, context, snapshotId, closedNetwork);
  return access || open ? 'closed' : 'was closed';
}

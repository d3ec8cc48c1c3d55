import { isObject, type Json, textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import { listOfArm } from '../../azure/client/arm-pages.ts';
import type { Connection } from '../../azure/client/connection.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { impossible, type Refusal } from '../refused-plan.ts';
import { readSnapshot } from '../snapshot/disks.ts';
import type { ExportSettings } from './settings.ts';

interface Found {
  id: string;
  body: Json;
}

/** The version of the compute provider's disks by which snapshots are listed. */
const version = '2026-03-02';
const pages = 50;

/** The snapshots of a subscription that the caller may see; `cut` says that there are more. Throws the error of the request. */
async function listSnapshots(
  connection: Connection,
  subscription: string,
  signal: AbortSignal,
): Promise<{ snapshots: Found[]; cut: string }> {
  const url = `/subscriptions/${subscription}/providers/Microsoft.Compute/snapshots?api-version=${version}`;
  const { entries, cut } = await listOfArm(connection, url, pages, signal);
  const snapshots = entries.flatMap((one): Found[] => {
    const id = textAt(one, 'id');
    return id !== '' && isObject(one) ? [{ id, body: one }] : [];
  });
  return { snapshots, cut: cut === '' ? '' : `of the snapshots of subscription ${subscription} ${cut}` };
}

const takenAt = ({ body }: Found): number => Date.parse(textAt(body, 'properties', 'timeCreated')) || 0;
const caseOf = ({ body }: Found): string => textAt(body, 'tags', 'cordon-case');

/** The newest of each disk. */
function newest(all: readonly Found[]): Found[] {
  const byDisk = new Map<string, Found>();
  for (const one of all) {
    const disk = textAt(one.body, 'properties', 'creationData', 'sourceResourceId').toLowerCase();
    const known = byDisk.get(disk);
    if (!known || takenAt(one) > takenAt(known)) byDisk.set(disk, one);
  }
  return [...byDisk.values()];
}

async function named(
  connection: Connection,
  { target, signal }: ActionContext,
  name: string,
  subscription: string,
): Promise<Found[] | Refusal> {
  if (name.startsWith('/')) {
    const parsed = parseResourceId(name);
    const isSnapshot = /\/providers\/microsoft\.compute\/snapshots\/[^/]+$/i.test(name);
    const body = parsed && isSnapshot ? await readSnapshot(connection, name) : null;
    return body ? [{ id: textAt(body, 'id') || name, body }] : impossible(`There is no snapshot ${name}.`);
  }
  const { snapshots, cut } = await listSnapshots(connection, subscription, signal);
  const found = snapshots.filter(({ id }) => shortName(id).toLowerCase() === name.toLowerCase());
  if (cut !== '' && found.length < 2) return impossible(`Not all was seen: ${cut}. Give the resource id of ${name}.`);
  if (found.length > 1) return impossible(`There are ${found.length} snapshots named ${name}: give its resource id.`);
  return found.length === 1 ? found : impossible(`The subscription of ${target.name} has no snapshot ${name}.`);
}

/** The snapshots that are to be exported, with what is to be known of their choice; or why there are none. */
export async function candidates(
  connection: Connection,
  context: ActionContext,
  settings: ExportSettings,
): Promise<{ snapshots: Found[]; warnings: string[] } | Refusal> {
  const { target, caseId, signal } = context;
  const subscription = settings.subscription ?? target.subscriptionId;
  if (settings.snapshot !== undefined) {
    const found = await named(connection, context, settings.snapshot, subscription);
    return 'because' in found ? found : { snapshots: found, warnings: [] };
  }
  const machine = target.id.slice(0, 256).toLowerCase();
  const { snapshots, cut } = await listSnapshots(connection, subscription, signal);
  const notSeen =
    cut === '' ? [] : [`Not all was seen: ${cut}. What else there is, --snapshot takes by its resource id.`];
  const ours = snapshots.filter(
    (one) => caseOf(one) !== '' && textAt(one.body, 'tags', 'cordon-vm').toLowerCase() === machine,
  );
  const mine = newest(ours.filter((one) => caseOf(one) === caseId));
  if (mine.length > 0) return { snapshots: mine, warnings: notSeen };
  const others = newest(ours);
  if (others.length === 0) {
    return impossible(
      [
        `cordon has taken no snapshot of ${target.name} yet: run snapshot-disks first, or name a snapshot with --snapshot.`,
        ...notSeen,
      ].join(' '),
    );
  }
  const cases = [...new Set(others.map(caseOf))].join(', ');
  return { snapshots: others, warnings: [`These snapshots were taken in another case: ${cases}.`, ...notSeen] };
}

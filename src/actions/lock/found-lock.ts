import { type Json, listAt, textAt } from '../../arm/json.ts';
import { beforeOf, none } from '../../arm/lock-tags.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readIfThere } from '../../azure/readers/network-interface.ts';
import { printable } from '../../text/printable.ts';
import { caseTags } from '../case-tags.ts';

/** A lock of cordon's, as the tags of its security group describe it to every reader of the group. */
export interface FoundLock {
  group: string;
  caseId: string;
  vm: string;
  /** Who locked, since when (ISO 8601 UTC), and when it is undone by itself; "" where the tags do not report it. */
  by: string;
  since: string;
  deadline: string;
}

// Azure keeps at most 256 characters in a tag's value, and takes none of <>%&\?/ in its name.
const MOST = 256;
const value = (text: string) => text.slice(0, MOST);

/** Tags by which any responder can lift a lock, from Azure alone. */
export function lockTags(about: {
  caseId: string;
  /** What the case had by then, "214:9f86…"; "" where it is not known. */
  head: string;
  vm: string;
  by: string;
  since: string;
  deadline: string;
  /** The group that goes back, by interface id; "" for none. */
  before: readonly { networkInterface: string; group: string }[];
}): Record<string, string> {
  const groups = new Set(about.before.map(({ group }) => group.toLowerCase()));
  const [only] = about.before;
  const before =
    groups.size === 1 && only
      ? { 'cordon-before': written(only.group) }
      : Object.fromEntries(
          about.before.map(({ networkInterface, group }) => [
            `cordon-before-${shortName(networkInterface)}`,
            written(group),
          ]),
        );
  return {
    ...caseTags(about.caseId, about.head),
    'cordon-vm': value(about.vm),
    'cordon-by': value(about.by),
    'cordon-since': about.since,
    ...(about.deadline === '' ? {} : { 'cordon-deadline': about.deadline }),
    ...before,
  };
}

/** A group's id as a tag holds it: in full, or "resourceGroup/name" where that is too long (it is in the same subscription). */
function written(group: string): string {
  if (group === '') return none;
  const parsed = parseResourceId(group);
  return group.length <= MOST || !parsed ? value(group) : `${parsed.resourceGroup}/${parsed.name}`;
}

/** The lock that a security group is, by its tags; undefined when it is none. */
export function foundLock(group: Json | null | undefined): FoundLock | undefined {
  if (!group) return undefined;
  const tag = (name: string) => printable(textAt(group, 'tags', name), MOST);
  const caseId = tag('cordon-case');
  if (caseId === '') return undefined;
  return {
    group: textAt(group, 'id'),
    caseId,
    vm: tag('cordon-vm'),
    by: tag('cordon-by'),
    since: tag('cordon-since'),
    deadline: tag('cordon-deadline'),
  };
}

/** "locked by anna@contoso.com since 2026-11-23T02:20:11Z, case 2026-11-23-web01 (group cordon-…)" */
export function lockText(lock: FoundLock): string {
  const by = lock.by === '' ? '' : ` by ${lock.by}`;
  const since = lock.since === '' ? '' : ` since ${lock.since}`;
  const until = lock.deadline === '' ? '' : `, undone by itself at ${lock.deadline} unless it was kept`;
  return `locked${by}${since}, case ${lock.caseId} (group ${shortName(lock.group)})${until}`;
}

const DEEPEST = 8;

/**
 * The customer's own group behind the locks at an interface: `group` itself when it is no lock, else what its tags say
 * was there before, and so on. "" for no group; undefined when the tags lead nowhere.
 */
export async function customersGroup(
  connection: Connection,
  group: Json | null,
  networkInterface: string,
): Promise<string | undefined> {
  let now = group;
  const seen = new Set<string>();
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    if (now === null) return undefined;
    if (foundLock(now) === undefined) return textAt(now, 'id');
    seen.add(textAt(now, 'id').toLowerCase());
    const before = beforeOf(now, networkInterface);
    if (before === undefined || before === '') return before;
    if (seen.has(before.toLowerCase())) return undefined;
    now = await readIfThere(connection, before);
  }
  return undefined;
}

/** Names of the locks in a resource group whose way back is this security group: it must not be deleted. */
export async function neededBy(connection: Connection, group: string): Promise<string[]> {
  const parsed = parseResourceId(group);
  if (!parsed) return [];
  const client = await connection.network(parsed.subscriptionId);
  const names: string[] = [];
  let seen = 0;
  for await (const other of client.networkSecurityGroups.list(parsed.resourceGroup)) {
    seen += 1;
    if (seen > 1000) return [...names, 'perhaps one of those after the first 1,000'];
    if (sameId(other.id ?? '', group)) continue;
    const { tags } = other;
    const before = Object.entries(tags ?? {}).filter(([name]) => /^cordon-before/i.test(name));
    const short = `${parsed.resourceGroup}/${parsed.name}`.toLowerCase();
    if (before.some(([, text]) => sameId(text, group) || text.toLowerCase() === short)) names.push(other.name ?? '');
  }
  return names;
}

/** Who else a security group serves, without these interfaces: their short names. */
export function others(group: Json, own: readonly string[]): string[] {
  const interfaces = listAt(group, 'properties', 'networkInterfaces').map((one) => textAt(one, 'id'));
  const subnets = listAt(group, 'properties', 'subnets').map((one) => textAt(one, 'id'));
  return [
    ...interfaces.filter((id) => id !== '' && !own.some((mine) => sameId(mine, id))).map(shortName),
    ...subnets.filter((id) => id !== '').map((id) => `subnet ${shortName(id)}`),
  ];
}

import { textAt } from '../../arm/json.ts';
import { parseResourceId } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type CountingNamespace, readUsages } from '../../azure/readers/usages.ts';
import { bounded, type Intended, type Outlook, why } from './intended.ts';

interface Counted {
  namespace: CountingNamespace;
  usage: RegExp;
  what: string;
  sure: boolean;
}

/** What Azure counts by subscription and region, of all that is made here. */
const counted: ReadonlyMap<string, Counted> = new Map(
  Object.entries<Counted>({
    'microsoft.network/networksecuritygroups': {
      namespace: 'Microsoft.Network',
      usage: /^NetworkSecurityGroups$/i,
      what: 'network security groups',
      sure: true,
    },
    // Which of the counts a snapshot goes to (standard, premium, zone-redundant) depends on where Azure keeps it.
    'microsoft.compute/snapshots': {
      namespace: 'Microsoft.Compute',
      usage: /SnapshotCount$/i,
      what: 'snapshots',
      sure: false,
    },
  }),
);

interface Made {
  subscriptionId: string;
  location: string;
  type: string;
  number: number;
}

/** How many of each counted type are made, by subscription and region. */
function madeBy(intended: readonly Intended[]): Made[] {
  const made = new Map<string, Made>();
  for (const { resourceId, creates, body } of intended) {
    const parsed = parseResourceId(resourceId);
    const type = parsed?.type.toLowerCase() ?? '';
    const location = textAt(body, 'location');
    if (creates !== true || !parsed || !counted.has(type) || location === '') continue;
    const { subscriptionId } = parsed;
    const key = `${subscriptionId} ${location} ${type}`.toLowerCase();
    const number = (made.get(key)?.number ?? 0) + 1;
    made.set(key, { subscriptionId, location, type, number });
  }
  return [...made.values()];
}

/** Is there room for what is made, by the quotas of the subscription in the region? */
export async function lookAtQuotas(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Outlook> {
  const outlook: Outlook = { blocked: [], warnings: [] };
  await Promise.all(
    madeBy(intended).map(async ({ subscriptionId, location, type, number }) => {
      const count = counted.get(type);
      if (count === undefined) return;
      try {
        const { namespace } = count;
        const { usages, cut } = await bounded(connection, signal, (ending) =>
          readUsages(connection, { namespace, subscriptionId, location }, ending),
        );
        const own = usages.filter((one) => count.usage.test(one.name));
        if (own.length === 0 && cut !== '') throw new Error(cut);
        for (const { name, used, limit } of own) {
          if (used + number <= limit) continue;
          const full = `the quota of ${count.what} (${name}) of subscription ${subscriptionId} in ${location} has no room for ${number} more: ${used} of ${limit} are used`;
          if (count.sure)
            outlook.blocked.push(
              `Refused beforehand: ${full}. Ask the customer to delete some, or to raise it (portal: Quotas; Quota Request Operator).`,
            );
          else outlook.warnings.push(`Azure may refuse it: ${full}.`);
        }
      } catch (error) {
        if (signal.aborted) throw error;
        outlook.warnings.push(`Not seen: the quota of ${count.what} in ${location} (${why(error)}).`);
      }
    }),
  );
  return outlook;
}

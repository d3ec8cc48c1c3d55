import { listAt, textAt } from '../../arm/json.ts';
import { parseResourceId } from '../../arm/resource-id.ts';
import type { Gap } from '../../documents/fact.ts';
import type { AdminRules } from '../../network/rules/rule-lists.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { rawBody } from '../client/raw-body.ts';
import { curedByEligibility } from './eligible-roles.ts';

// A fleet is asked about by network, not by VM; this many at once, and no more in all.
const AT_ONCE = 8;
const MOST_NETWORKS = 256;
const MOST_PAGES = 10;

async function rulesOf(connection: Connection, id: string): Promise<{ rules: unknown[]; complete: boolean }> {
  const parsed = parseResourceId(id);
  if (!parsed) return { rules: [], complete: false };
  const client = await connection.network(parsed.subscriptionId);
  const rules: unknown[] = [];
  let skipToken = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const body = await rawBody((options) =>
      client.listNetworkManagerEffectiveSecurityAdminRules(
        parsed.resourceGroup,
        parsed.name,
        skipToken ? { skipToken } : {},
        options,
      ),
    );
    rules.push(...listAt(body, 'value'));
    skipToken = textAt(body, 'skipToken');
    if (skipToken === '') return { rules, complete: true };
  }
  return { rules, complete: false };
}

/**
 * The security admin rules of Virtual Network Manager that are in force in virtual networks, asked of each network.
 * Resource Graph lists the managers' own configurations, but which of them reach a network is said only here. Networks
 * that refuse, and those after the 256th, are not in the map, each with the reason.
 */
export async function readAdminRules(connection: Connection, networks: readonly string[]): Promise<AdminRules> {
  const byNetwork = new Map<string, unknown[]>();
  const because = new Map<string, Gap>();
  for (const id of networks.slice(MOST_NETWORKS)) {
    because.set(id, {
      why: 'not-asked',
      because: `not asked, because more than ${MOST_NETWORKS} networks hold VMs`,
      cure: 'the triage of a VM asks for its own',
    });
  }
  const queue = networks.slice(0, MOST_NETWORKS).values();
  const work = async () => {
    for (const id of queue) {
      try {
        const { rules, complete } = await rulesOf(connection, id);
        if (complete) byNetwork.set(id, rules);
        else because.set(id, { why: 'damaged', because: 'there are more than were read', cure: '' });
      } catch (error) {
        const gap = unknownFrom(error, 'Azure Resource Manager', {
          permission: 'Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action',
          role: 'Network Contributor (or a role with that action)',
          scope: parseResourceId(id)?.name ?? id,
        });
        because.set(id, await curedByEligibility(connection, id, gap));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { state: 'known', byNetwork, because };
}

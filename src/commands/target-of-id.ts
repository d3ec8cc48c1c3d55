import { parseResourceId } from '../arm/resource-id.ts';
import type { Target } from '../playbook/action.ts';

/** What a case names as a target; undefined where its id is none of Azure's. Where it is, no case says. */
export function targetOfId(named: { id: string; name: string }): Target | undefined {
  const parsed = parseResourceId(named.id);
  if (!parsed) return undefined;
  const { subscriptionId, resourceGroup } = parsed;
  return { ...named, subscriptionId, resourceGroup, location: '' };
}

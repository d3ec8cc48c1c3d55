import type { ArmResource, World } from '../world.ts';
import { contosoLogs, contosoWorkspaces } from './contoso-logs.ts';
import { contosoMachines } from './contoso-machines.ts';
import { inProd } from './contoso-network.ts';
import { contosoDenied, contosoSecurity, monitorGroup, workspaceCreated } from './contoso-security.ts';
import { evidenceStorage } from './evidence-storage.ts';
import { extraSchemas } from './fleet-logs.ts';
import { linkedCopy } from './operations-copies.ts';
import { contosoIncident } from './sentinel.ts';
import { anna, armId, dev, type Place, prod, resourceGroup, tenantId } from './tenant.ts';
import { now } from './time.ts';

function workspace(name: string, customerId: string, subscription: string): ArmResource {
  const place = monitorGroup(subscription);
  return {
    id: armId(place, 'Microsoft.OperationalInsights/workspaces', name),
    name,
    type: 'Microsoft.OperationalInsights/workspaces',
    location: place.location,
    tags: {},
    properties: {
      customerId,
      provisioningState: 'Succeeded',
      sku: { name: 'pergb2018', lastSkuUpdate: workspaceCreated },
      retentionInDays: 90,
      publicNetworkAccessForIngestion: 'Enabled',
      publicNetworkAccessForQuery: 'Enabled',
      createdDate: workspaceCreated,
      modifiedDate: workspaceCreated,
    },
  };
}

/** The resource groups that resources name, each once, in the order met. */
function groupsOf(resources: ArmResource[]): ArmResource[] {
  const found = new Map<string, Place>();
  for (const { id, location } of resources) {
    const [, subscription, group] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)/i.exec(id) ?? [];
    if (subscription === undefined || group === undefined) continue;
    const key = `${subscription}/${group}`.toLowerCase();
    if (!found.has(key) && location !== undefined) found.set(key, { subscription, group, location });
  }
  return [...found.values()].map((place) => resourceGroup(place));
}

/**
 * Contoso under attack: 25 machines in two subscriptions, seen at 2026-11-23T02:20:11Z by a guest with limited rights.
 * Every call builds a world of its own, always the same, which the caller may change.
 */
export function builtInWorld(): World {
  const { resources, members } = contosoMachines();
  const security = contosoSecurity(members);
  const spaces = contosoWorkspaces(members);
  const logs = spaces.map((space) => workspace(space.name, space.customerId, space.subscription));
  const all = [
    ...resources,
    linkedCopy(inProd('rg-web')),
    ...evidenceStorage(monitorGroup(prod)),
    ...security.resources,
    ...logs,
    ...logs.filter(({ name }) => name === 'law-prod').map(({ id }) => contosoIncident(id, resources)),
  ];
  return {
    schema: 'cordon.world/1',
    now,
    caller: { ...anna, amr: ['pwd', 'mfa'] },
    subscriptions: [
      { subscriptionId: prod, displayName: 'contoso-prod', tenantId },
      { subscriptionId: dev, displayName: 'contoso-dev', tenantId },
    ],
    resources: [...groupsOf(all), ...all],
    tables: { ...contosoLogs(members), ...security.tables },
    backup: security.backup,
    denied: contosoDenied(),
    workspaces: Object.fromEntries(spaces.map((space) => [space.customerId, space.members])),
    schemas: structuredClone(extraSchemas),
  };
}

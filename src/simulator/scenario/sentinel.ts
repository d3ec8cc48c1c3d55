import type { ArmResource } from '../world.ts';
import { guidOf } from './seeded.ts';
import { ago, hour, minute } from './time.ts';

const namespace = 'Microsoft.SecurityInsights';

/** The incident that Microsoft Sentinel made of the attack on web01, in the workspace of the subscription. */
export function contosoIncident(workspace: string, resources: readonly ArmResource[]): ArmResource {
  const name = guidOf('incident:web01');
  const entity = (kind: string, properties: Record<string, unknown>) => {
    const id = guidOf(`entity:${kind}:${JSON.stringify(properties)}`);
    return {
      id: `${workspace}/providers/${namespace}/Entities/${id}`,
      name: id,
      type: `${namespace}/Entities`,
      kind,
      properties,
    };
  };
  const idOf = (name: string) =>
    resources.find((one) => one.name === name && /\/virtualMachines$/i.test(one.type))?.id ?? '';
  const [web01, web02] = [idOf('web01'), idOf('web02')];
  return {
    id: `${workspace}/providers/${namespace}/incidents/${name}`,
    name,
    type: `${namespace}/incidents`,
    properties: {
      title: 'Brute-force attack against web01 that succeeded',
      severity: 'High',
      status: 'Active',
      incidentNumber: 4711,
      createdTimeUtc: ago(20 * minute),
      lastModifiedTimeUtc: ago(10 * minute),
      firstActivityTimeUtc: ago(hour),
      lastActivityTimeUtc: ago(25 * minute),
      labels: [],
      relatedAnalyticRuleIds: [],
      additionalData: {
        alertsCount: 2,
        bookmarksCount: 0,
        commentsCount: 0,
        alertProductNames: ['Azure Sentinel'],
        tactics: ['CredentialAccess'],
      },
      owner: { objectId: null, email: null, assignedTo: null, userPrincipalName: null },
      entities: [
        entity('Host', { friendlyName: 'web01', hostName: 'web01', azureID: web01, osFamily: 'Windows' }),
        entity('AzureResource', {
          friendlyName: 'web02',
          resourceId: web02,
          subscriptionId: web02.split('/')[2] ?? '',
        }),
        entity('Host', { friendlyName: 'laptop-77', hostName: 'laptop-77' }),
        entity('Ip', { friendlyName: '203.0.113.77', address: '203.0.113.77' }),
      ],
    },
  };
}

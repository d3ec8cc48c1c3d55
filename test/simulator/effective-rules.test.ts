import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Azure } from '../../src/simulator/azure.ts';
import { adminRulesOf, effectiveRoutes, effectiveSecurityGroups } from '../../src/simulator/effective-rules.ts';
import { at, type Json, records, texts } from '../../src/simulator/json.ts';
import { group, ids, smallWorld } from './small-world.ts';

type Change = (resources: Record<string, unknown>[]) => void;

function azureWith(change: Change): Azure {
  return new Azure(smallWorld((world) => change(world.resources as Record<string, unknown>[])));
}

const propertiesOf = (resources: Record<string, unknown>[], id: string): Record<string, unknown> => {
  const found = resources.find((each) => each.id === id)?.properties;
  if (typeof found !== 'object' || found === null) throw new Error(`no ${id}`);
  return found as Record<string, unknown>;
};

const ruleNamed = (entries: Json[], name: string): Json | undefined =>
  entries.flatMap((entry) => records(entry.effectiveSecurityRules)).find((rule) => rule.name === name);

describe('effective security groups', () => {
  it('are none where no group is associated', () => {
    const azure = azureWith((resources) => {
      const network = propertiesOf(resources, ids.vnet);
      network.subnets = [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }];
    });
    expect(effectiveSecurityGroups(ids.stoppedNic, azure.store)).toEqual([]);
  });

  it('have 0.0.0.0/0 in the virtual network’s tag under forced tunnelling, and peered networks', () => {
    const table = `${group}/providers/Microsoft.Network/routeTables/forced`;
    const far = `${group}/providers/Microsoft.Network/virtualNetworks/far`;
    const azure = azureWith((resources) => {
      resources.push(
        {
          id: table,
          type: 'Microsoft.Network/routeTables',
          properties: {
            routes: [
              {
                name: 'all',
                properties: {
                  addressPrefix: '0.0.0.0/0',
                  nextHopType: 'VirtualAppliance',
                  nextHopIpAddress: '10.9.0.4',
                },
              },
            ],
          },
        },
        {
          id: far,
          type: 'Microsoft.Network/virtualNetworks',
          properties: { addressSpace: { addressPrefixes: ['10.7.0.0/16'] } },
        },
      );
      const network = propertiesOf(resources, ids.vnet);
      network.virtualNetworkPeerings = [
        { name: 'far', properties: { peeringState: 'Connected', remoteVirtualNetwork: { id: far } } },
        {
          name: 'off',
          properties: { peeringState: 'Disconnected', remoteAddressSpace: { addressPrefixes: ['10.8.0.0/16'] } },
        },
      ];
      const [subnet] = network.subnets as { properties: Record<string, unknown> }[];
      if (subnet !== undefined) subnet.properties.routeTable = { id: table };
    });
    const entries = effectiveSecurityGroups(ids.nic, azure.store);
    const rule = ruleNamed(entries, 'DefaultRule_AllowVnetInBound');
    expect(rule?.expandedSourceAddressPrefix).toEqual(['10.0.0.0/16', '10.7.0.0/16', '0.0.0.0/0', '168.63.129.16/32']);
    const internet = texts(at(entries[0], 'tagMap', 'Internet'));
    expect(internet.length).toBeGreaterThan(10);
    expect(internet).not.toContain('0.0.0.0/0');
    const routes = effectiveRoutes(ids.nic, azure.store);
    expect(routes).toContainEqual(
      expect.objectContaining({ source: 'User', addressPrefix: ['0.0.0.0/0'], nextHopIpAddress: ['10.9.0.4'] }),
    );
    expect(routes).toContainEqual(
      expect.objectContaining({
        source: 'Default',
        state: 'Invalid',
        addressPrefix: ['0.0.0.0/0'],
        nextHopType: 'Internet',
      }),
    );
    expect(routes).toContainEqual(
      expect.objectContaining({ addressPrefix: ['10.7.0.0/16'], nextHopType: 'VNetPeering' }),
    );
  });

  it('leave out the protocols that the API has no name for, and keep the rule', () => {
    const azure = azureWith((resources) => {
      const [rule] = propertiesOf(resources, ids.nsg).securityRules as { properties: Record<string, unknown> }[];
      if (rule !== undefined) rule.properties.protocol = 'Icmp';
    });
    const rule = ruleNamed(effectiveSecurityGroups(ids.nic, azure.store), 'UserRule_allow-rdp');
    expect(rule).toMatchObject({ access: 'Allow', priority: 300 });
    expect(rule).not.toHaveProperty('protocol');
  });

  it('come with what Virtual Network Manager imposes on the networks of a group', () => {
    const manager = `${group}/providers/Microsoft.Network/networkManagers/avnm`;
    const collection = `${manager}/securityAdminConfigurations/conf/ruleCollections/all`;
    const azure = azureWith((resources) => {
      resources.push(
        { id: manager, type: 'Microsoft.Network/networkManagers', properties: {} },
        {
          id: `${manager}/networkGroups/prod`,
          type: 'Microsoft.Network/networkManagers/networkGroups',
          properties: {},
        },
        {
          id: `${manager}/networkGroups/prod/staticMembers/one`,
          type: 'Microsoft.Network/networkManagers/networkGroups/staticMembers',
          properties: { resourceId: ids.vnet },
        },
        {
          id: `${manager}/securityAdminConfigurations/conf`,
          type: 'Microsoft.Network/networkManagers/securityAdminConfigurations',
          properties: { description: 'base' },
        },
        {
          id: collection,
          type: 'Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections',
          properties: { appliesToGroups: [{ networkGroupId: `${manager}/networkGroups/prod` }] },
        },
        {
          id: `${collection}/rules/no-rdp`,
          type: 'Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules',
          kind: 'Custom',
          properties: {
            protocol: 'Tcp',
            sources: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
            destinations: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
            sourcePortRanges: ['0-65535'],
            destinationPortRanges: ['3389'],
            access: 'Deny',
            priority: 10,
            direction: 'Inbound',
          },
        },
      );
    });
    expect(adminRulesOf(ids.vnet, azure.store).map(({ rule }) => rule.name)).toEqual(['no-rdp']);
    expect(adminRulesOf(`${ids.vnet}2`, azure.store)).toEqual([]);
    const entries = effectiveSecurityGroups(ids.nic, azure.store);
    const entry = entries.find((each) => at(each, 'association', 'networkManager', 'id') === manager);
    expect(records(entry?.effectiveSecurityRules)).toMatchObject([
      { name: 'no-rdp', destinationPortRanges: ['3389-3389'], access: 'Deny', priority: 10 },
    ]);
  });
});

const shared = process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../../shared');
const recording = join(shared, 'contract/recordings/01-securityGroupView-effectiveSecurityRules.json');
const present = existsSync(recording);
if (!present) console.warn(`No recording at ${recording}: effective rules are NOT compared with Azure's here.`);

const byName = (a: Json, b: Json): number => String(a.name).localeCompare(String(b.name));

describe.skipIf(!present)('a recorded answer of Azure', () => {
  it('has the rules that are worked out here from the same group', () => {
    const body: unknown = JSON.parse(readFileSync(recording, 'utf8'));
    const [recorded] = records(at(body, 'liveResponse', 'body', 'networkInterfaces'));
    const associations = at(recorded, 'securityRuleAssociations');
    const azure = azureWith((resources) => {
      propertiesOf(resources, ids.nsg).securityRules = records(
        at(associations, 'networkInterfaceAssociation', 'securityRules'),
      );
      const network = propertiesOf(resources, ids.vnet);
      network.subnets = [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }];
    });
    const [entry] = effectiveSecurityGroups(ids.nic, azure.store);
    // The recorded operation prints tags as they are; the one answered here prints what they stand for too.
    const plain = records(entry?.effectiveSecurityRules).map(
      ({ expandedSourceAddressPrefix: _, expandedDestinationAddressPrefix: __, ...rule }) => rule,
    );
    const wanted = records(at(associations, 'effectiveSecurityRules'));
    expect(plain.sort(byName)).toEqual(wanted.sort(byName));
    expect(wanted.length).toBeGreaterThan(8);
  });
});

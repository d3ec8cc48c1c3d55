import { NetworkManagementClient } from '@azure/arm-network';
import { beforeEach, describe, expect, it } from 'vitest';
import { all, type Bench, openBench } from './sdk.ts';
import { group, ids, smallWorld, subscription } from './small-world.ts';

let bench: Bench;
let client: NetworkManagementClient;
const api = 'api-version=2026-01-01';
const quick = { updateIntervalInMs: 5 };

beforeEach(async () => {
  bench = await openBench({ world: smallWorld() });
  client = new NetworkManagementClient(bench.credential, subscription, bench.options);
  return () => bench.simulator.close();
});

describe('network interfaces', () => {
  it('are printed with the machine that uses them and with entity tags', async () => {
    const nic = await client.networkInterfaces.get('rg-web', 'web01-nic');
    expect(nic.virtualMachine?.id).toBe(ids.vm);
    expect(nic.etag).toMatch(/^W\//);
    expect(nic.ipConfigurations?.[0]?.id).toBe(`${ids.nic}/ipConfigurations/main`);
    expect((await all(client.networkInterfaces.listAll())).map((each) => each.name)).toEqual(['web01-nic', 'db01-nic']);
  });

  it('lose what a PUT does not say and keep what it says', async () => {
    const before = await client.networkInterfaces.get('rg-web', 'web01-nic');
    const after = await client.networkInterfaces
      .createOrUpdate('rg-web', 'web01-nic', { ...before, networkSecurityGroup: { id: ids.subnetNsg } }, quick)
      .pollUntilDone();
    expect(after.provisioningState).toBe('Succeeded');
    expect(after.networkSecurityGroup?.id).toBe(ids.subnetNsg);
    expect(after.tags).toEqual({ owner: 'web' });
    expect(after.etag).not.toBe(before.etag);
    const { tags: _, networkSecurityGroup: __, ...bare } = before;
    const poorer = await client.networkInterfaces.createOrUpdate('rg-web', 'web01-nic', bare, quick).pollUntilDone();
    expect(poorer.tags).toBeUndefined();
    expect(poorer.networkSecurityGroup).toBeUndefined();
  });

  it('refuse a group that does not exist or lies in another region, and a stale entity tag', async () => {
    const { body } = await bench.ask('GET', `${ids.nic}?${api}`);
    const put = (nsg: string, headers = {}) =>
      bench.ask(
        'PUT',
        `${ids.nic}?${api}`,
        { ...body, properties: { ...(body.properties as object), networkSecurityGroup: { id: nsg } } },
        headers,
      );
    expect(await put(`${ids.nsg}-gone`)).toMatchObject({ status: 400, code: 'InvalidResourceReference' });
    expect(await put(ids.farNsg)).toMatchObject({ status: 400, code: 'InvalidResourceReference' });
    expect(await put(ids.subnetNsg, { 'if-match': 'W/"other"' })).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    });
    expect(await put(ids.subnetNsg, { 'if-match': String(body.etag) })).toMatchObject({ status: 200 });
  });

  it('refuse a second write while the first is under way', async () => {
    await bench.control('POST', '/simulator/faults', [
      { match: { method: 'PUT', path: 'networkInterfaces' }, times: 1, effect: { hangOperation: true } },
    ]);
    const { body } = await bench.ask('GET', `${ids.nic}?${api}`);
    expect((await bench.ask('PUT', `${ids.nic}?${api}`, body)).status).toBe(200);
    expect(await bench.ask('PUT', `${ids.nic}?${api}`, body)).toMatchObject({
      status: 409,
      code: 'AnotherOperationInProgress',
    });
  });
});

describe('network security groups', () => {
  const rule = {
    protocol: 'Tcp',
    access: 'Deny',
    direction: 'Inbound',
    priority: 200,
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '*',
  } as const;

  it('name the interfaces and subnets that they are associated with, and end with six default rules', async () => {
    const nsg = await client.networkSecurityGroups.get('rg-web', 'web01-nsg');
    expect(nsg.networkInterfaces?.map((each) => each.id)).toEqual([ids.nic]);
    expect(nsg.defaultSecurityRules).toHaveLength(6);
    const other = await client.networkSecurityGroups.get('RG-WEB', 'subnet-nsg');
    expect(other.subnets?.map((each) => each.id)).toEqual([ids.subnet]);
  });

  it('are created in 201, settle, and are deleted when nothing uses them', async () => {
    const made = await client.networkSecurityGroups
      .createOrUpdate(
        'rg-web',
        'quarantine',
        { location: 'westeurope', securityRules: [{ name: 'deny', ...rule }] },
        quick,
      )
      .pollUntilDone();
    expect(made.provisioningState).toBe('Succeeded');
    expect(made.securityRules?.[0]?.id).toBe(
      `${group}/providers/Microsoft.Network/networkSecurityGroups/quarantine/securityRules/deny`,
    );
    await expect(client.networkSecurityGroups.delete('rg-web', 'web01-nsg', quick)).rejects.toMatchObject({
      code: 'InUseNetworkSecurityGroupCannotBeDeleted',
    });
    await client.networkSecurityGroups.delete('rg-web', 'quarantine', quick);
    await expect(client.networkSecurityGroups.get('rg-web', 'quarantine')).rejects.toMatchObject({
      statusCode: 404,
      code: 'ResourceNotFound',
    });
  });

  it('take and give up single rules', async () => {
    const made = await client.securityRules.createOrUpdate('rg-web', 'web01-nsg', 'deny', rule, quick).pollUntilDone();
    expect(made.provisioningState).toBe('Succeeded');
    expect((await all(client.securityRules.list('rg-web', 'web01-nsg'))).map((each) => each.name)).toEqual([
      'allow-rdp',
      'deny',
    ]);
    await client.securityRules.delete('rg-web', 'web01-nsg', 'deny', quick);
    await expect(client.securityRules.get('rg-web', 'web01-nsg', 'deny')).rejects.toMatchObject({ statusCode: 404 });
  });

  it.each([
    ['SecurityRuleInvalidPriority', { priority: 99 }],
    ['SecurityRuleInvalidPriority', { priority: 4097 }],
    ['SecurityRuleConflict', { priority: 300 }],
    ['SecurityRuleInvalidPortRange', { destinationPortRange: '22,80' }],
    ['SecurityRuleInvalidPortRange', { destinationPortRange: '90-80' }],
    ['SecurityRuleInvalidPortRange', { destinationPortRange: '65536' }],
    ['SecurityRuleInvalidAddressPrefix', { sourceAddressPrefix: '10.0.0.1/24' }],
    ['SecurityRuleInvalidAddressPrefix', { sourceAddressPrefix: '10.0.0.300' }],
    ['SecurityRuleInvalidAddressPrefix', { sourceAddressPrefix: 'Any' }],
    [
      'SecurityRuleParameterContainsUnsupportedValue',
      { sourceAddressPrefix: undefined, sourceAddressPrefixes: ['Internet'] },
    ],
    ['SecurityRuleParametersConflict', { destinationPortRanges: ['80'] }],
    ['SecurityRuleParametersMissing', { sourceAddressPrefix: undefined }],
    [
      'InvalidResourceReference',
      { sourceAddressPrefix: undefined, sourceApplicationSecurityGroups: [{ id: `${ids.asg}2` }] },
    ],
  ])('refuse a rule with %s', async (code, change) => {
    const path = `${ids.nsg}/securityRules/new?${api}`;
    const answer = await bench.ask('PUT', path, { properties: { ...rule, ...change } });
    expect(answer).toMatchObject({ status: 400, code });
    expect(bench.simulator.mutations()).toEqual([]);
  });

  it('do not take effect when their operation fails, though they are written', async () => {
    await bench.control('POST', '/simulator/faults', [
      { match: { method: 'PUT' }, effect: { failOperation: { code: 'InternalServerError', message: 'no' } } },
    ]);
    const work = client.securityRules.createOrUpdate('rg-web', 'web01-nsg', 'deny', rule, quick).pollUntilDone();
    await expect(work).rejects.toThrow();
    expect((await client.networkSecurityGroups.get('rg-web', 'web01-nsg')).provisioningState).toBe('Failed');
    const effective = await client.networkInterfaces.listEffectiveNetworkSecurityGroups('rg-web', 'web01-nic', quick);
    const names = effective.value?.flatMap((entry) => entry.effectiveSecurityRules?.map((each) => each.name));
    expect(names).toContain('UserRule_allow-rdp');
    expect(names).not.toContain('UserRule_deny');
  });
});

describe('effective rules', () => {
  it('have an entry for the subnet and one for the interface, in the words of the API', async () => {
    const { value } = await client.networkInterfaces.listEffectiveNetworkSecurityGroups('rg-web', 'web01-nic', quick);
    expect(value?.map((entry) => entry.association?.subnet?.id ?? entry.association?.networkInterface?.id)).toEqual([
      ids.subnet,
      ids.nic,
    ]);
    const own = value?.[1]?.effectiveSecurityRules ?? [];
    expect(own.find((each) => each.name === 'UserRule_allow-rdp')).toMatchObject({
      protocol: 'Tcp',
      destinationPortRange: '3389-3389',
      sourceAddressPrefix: '0.0.0.0/0',
      sourceAddressPrefixes: ['0.0.0.0/0'],
      access: 'Allow',
    });
    expect(own.map((each) => each.name)).toContain('DefaultInboundDenyAll');
    const vnet = own.find((each) => each.name === 'DefaultRule_AllowVnetInBound');
    expect(vnet?.expandedSourceAddressPrefix).toEqual(['10.0.0.0/16', '168.63.129.16/32']);
    const toWeb = value?.[0]?.effectiveSecurityRules?.find((each) => each.name === 'UserRule_to-web');
    expect(toWeb?.destinationAddressPrefixes).toEqual(['10.0.0.4/32']);
    expect(toWeb?.destinationPortRanges).toEqual(['80-80', '443-443']);
    expect(toWeb?.expandedSourceAddressPrefix?.length).toBeGreaterThan(10);
  });

  it('follow a change at once', async () => {
    const nsg = { location: 'westeurope', securityRules: [] };
    await client.networkSecurityGroups.createOrUpdate('rg-web', 'web01-nsg', nsg, quick).pollUntilDone();
    const { value } = await client.networkInterfaces.listEffectiveNetworkSecurityGroups('rg-web', 'web01-nic', quick);
    expect(JSON.stringify(value)).not.toContain('UserRule_allow-rdp');
  });

  it('are refused for an interface whose machine does not run', async () => {
    await expect(
      client.networkInterfaces.listEffectiveNetworkSecurityGroups('rg-web', 'db01-nic', quick),
    ).rejects.toMatchObject({ code: 'NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups', statusCode: 400 });
  });

  it('come with routes', async () => {
    const { value } = await client.networkInterfaces.getEffectiveRouteTable('rg-web', 'web01-nic', quick);
    expect(value?.map((each) => [each.addressPrefix?.[0], each.nextHopType])).toContainEqual([
      '10.0.0.0/16',
      'VnetLocal',
    ]);
    expect(value?.map((each) => [each.addressPrefix?.[0], each.nextHopType])).toContainEqual(['0.0.0.0/0', 'Internet']);
  });
});

describe('other network resources', () => {
  it('know who holds a public address', async () => {
    const address = await client.publicIPAddresses.get('rg-web', 'web01-ip');
    expect(address.ipConfiguration?.id).toBe(`${ids.nic}/ipConfigurations/main`);
    await expect(client.publicIPAddresses.delete('rg-web', 'web01-ip', quick)).rejects.toMatchObject({
      code: 'PublicIPAddressCannotBeDeleted',
    });
  });

  it('list the children of a network and write a subnet', async () => {
    expect((await all(client.subnets.list('rg-web', 'vnet'))).map((each) => each.name)).toEqual(['default']);
    const before = await client.subnets.get('rg-web', 'vnet', 'default');
    const after = await client.subnets
      .createOrUpdate('rg-web', 'vnet', 'default', { ...before, networkSecurityGroup: { id: ids.nsg } }, quick)
      .pollUntilDone();
    expect(after.networkSecurityGroup?.id).toBe(ids.nsg);
  });

  it('change their tags by PATCH', async () => {
    const after = await client.networkSecurityGroups.updateTags('rg-web', 'web01-nsg', { tags: { case: '1' } });
    expect(after.tags).toEqual({ case: '1' });
    expect(after.securityRules).toHaveLength(1);
  });
});

/**
 * Writes the network of a fleet to stdout as Resource Graph answers it: one page a line, each an array of ARM bodies with
 * all that Azure prints, of the size that a scan asks for; a blank line; then the network security groups, those of subnets
 * first. Run: node bench/worlds/exposure.ts MACHINES RULES GROUPS
 */
const [machines = 10_000, rules = 200, groups = 200] = process.argv.slice(2).map(Number);
const SUBSCRIPTION = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-fleet/providers';
const RG = `${SUBSCRIPTION}/Microsoft.Network`;
const MACHINES_A_SUBNET = 20;
const subnets = Math.max(1, Math.ceil(groups / MACHINES_A_SUBNET));

let seed = 20261123;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
const etag = 'W/"5c1f0a7e-0000-4000-8000-000000000000"';
const made = { etag, location: 'eastus' };

function group(id: string, at: object): object {
  const securityRules = [...Array(rules).keys()].map((i) => {
    const low = random(60_000);
    const kind = random(100);
    // Mostly single ports, some short ranges, few long ones, some rules for every port.
    const port =
      kind < 65 ? String(random(65_536)) : kind < 85 ? `${low}-${low + 20}` : kind < 90 ? `${low}-${65_535}` : '*';
    const block = `${1 + random(223)}.${random(256)}`;
    // Rules for every port are mostly for what is inside; single ports are opened to blocks, machines and everyone.
    const inside = ['VirtualNetwork', '10.0.0.0/8', `10.${random(256)}.${random(256)}.0/24`];
    const outside = ['*', 'Internet', `${block}.0.0/16`, `${block}.${random(256)}.${random(256)}/32`];
    const source = pick(random(100) < (port === '*' ? 90 : 50) ? inside : outside);
    return {
      name: `rule-${i}`,
      id: `${id}/securityRules/rule-${i}`,
      etag,
      type: 'Microsoft.Network/networkSecurityGroups/securityRules',
      properties: {
        provisioningState: 'Succeeded',
        description: 'a rule as fleets have them',
        protocol: pick(['Tcp', 'Tcp', 'Udp', '*']),
        sourcePortRange: '*',
        // Rules for everyone on every port would end the evaluation early: they are kept apart.
        destinationPortRange: source === '*' && port === '*' ? '443' : port,
        sourceAddressPrefix: source,
        destinationAddressPrefix: '*',
        access: pick(['Allow', 'Deny']),
        priority: 100 + i * 10,
        direction: 'Inbound',
        sourcePortRanges: [],
        destinationPortRanges: [],
        sourceAddressPrefixes: [],
        destinationAddressPrefixes: [],
      },
    };
  });
  const type = 'microsoft.network/networksecuritygroups';
  return { id, name: id.split('/').at(-1), type, ...made, properties: { ...at, securityRules } };
}

const groupId = (g: number) => `${RG}/networkSecurityGroups/nsg${g}`;
const subnetGroupId = (s: number) => `${RG}/networkSecurityGroups/subnet-nsg${s}`;
const subnetId = (s: number) => `${RG}/virtualNetworks/vnet/subnets/s${s}`;

function* paths(): Generator<object> {
  yield {
    id: `${RG}/virtualNetworks/vnet`,
    name: 'vnet',
    type: 'microsoft.network/virtualnetworks',
    ...made,
    properties: {
      provisioningState: 'Succeeded',
      addressSpace: { addressPrefixes: ['10.0.0.0/8'] },
      subnets: [...Array(subnets).keys()].map((s) => ({
        id: subnetId(s),
        name: `s${s}`,
        etag,
        properties: { addressPrefix: `10.${s >> 4}.0.0/16`, networkSecurityGroup: { id: subnetGroupId(s) } },
      })),
    },
  };
  for (let m = 0; m < machines; m += 1) {
    const id = `${RG}/networkInterfaces/vm${m}-nic`;
    const address = `${RG}/publicIPAddresses/vm${m}-ip`;
    const config = `${id}/ipConfigurations/ipconfig1`;
    const g = m % groups;
    yield {
      id,
      name: `vm${m}-nic`,
      type: 'microsoft.network/networkinterfaces',
      ...made,
      properties: {
        provisioningState: 'Succeeded',
        resourceGuid: '5c1f0a7e-0000-4000-8000-000000000000',
        ipConfigurations: [
          {
            name: 'ipconfig1',
            id: config,
            etag,
            type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
            properties: {
              provisioningState: 'Succeeded',
              privateIPAddress: `10.${m >> 16}.${(m >> 8) & 255}.${m & 255}`,
              privateIPAllocationMethod: 'Dynamic',
              publicIPAddress: { id: address },
              subnet: { id: subnetId(g % subnets) },
              primary: true,
              privateIPAddressVersion: 'IPv4',
            },
          },
        ],
        dnsSettings: { dnsServers: [], appliedDnsServers: [] },
        macAddress: '00-0D-3A-00-00-00',
        enableAcceleratedNetworking: true,
        enableIPForwarding: false,
        networkSecurityGroup: { id: groupId(g) },
        primary: true,
        virtualMachine: { id: `${SUBSCRIPTION}/Microsoft.Compute/virtualMachines/vm${m}` },
        hostedWorkloads: [],
        tapConfigurations: [],
        nicType: 'Standard',
        allowPort25Out: false,
      },
    };
    yield {
      id: address,
      name: `vm${m}-ip`,
      type: 'microsoft.network/publicipaddresses',
      sku: { name: 'Standard', tier: 'Regional' },
      ...made,
      properties: {
        provisioningState: 'Succeeded',
        resourceGuid: '5c1f0a7e-0000-4000-8000-000000000000',
        ipAddress: `20.${m >> 16}.${(m >> 8) & 255}.${m & 255}`,
        publicIPAddressVersion: 'IPv4',
        publicIPAllocationMethod: 'Static',
        idleTimeoutInMinutes: 4,
        ipTags: [],
        ipConfiguration: { id: config },
      },
    };
  }
}

function* securityGroups(): Generator<object> {
  for (let s = 0; s < subnets; s += 1) yield group(subnetGroupId(s), { subnets: [{ id: subnetId(s) }] });
  for (let g = 0; g < groups; g += 1) yield group(groupId(g), {});
}

const LARGEST = 16 * 2 ** 20;

/** Pages as a scan asks for them: of 1,000 rows, and of a quarter of that for as long as one is too large. */
async function writePages(bodies: Iterable<object>): Promise<void> {
  let rows = 1000;
  const page: string[] = [];
  const write = async (texts: readonly string[]) => {
    if (!process.stdout.write(`[${texts.join(',')}]\n`)) {
      await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  };
  const flush = async (all: boolean) => {
    while (page.length >= rows || (all && page.length > 0)) {
      const size = page.slice(0, rows).reduce((sum, text) => sum + text.length, 0);
      if (size > LARGEST) rows = Math.floor(rows / 4);
      else await write(page.splice(0, rows));
    }
  };
  let size = 0;
  for (const body of bodies) {
    const text = JSON.stringify(body);
    page.push(text);
    size += text.length;
    if (page.length < rows && size <= LARGEST) continue;
    // Rows that are too large for a page of this many show before the page is full.
    if (page.length < rows) rows = Math.floor(rows / 4);
    await flush(false);
    size = page.reduce((sum, one) => sum + one.length, 0);
  }
  await flush(true);
}

await writePages(paths());
process.stdout.write('\n');
await writePages(securityGroups());

export {};

/**
 * Exposure of 10,000 machines against JSON.parse of the same resources, in two shapes: groups shared as fleets share
 * them, and a group of its own for every machine, 200 rules at each level. Run: node --expose-gc bench/exposure.ts
 */
import { eachExposure } from '../src/triage/exposure/fleet.ts';
import { NetworkResources } from '../src/triage/exposure/resources.ts';

const RG = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.Network';
const MACHINES = Number(process.argv[2] ?? 10_000);
const RULES = Number(process.argv[3] ?? 200);

let seed = 20261123;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;

function group(id: string): object {
  const securityRules = [...Array(RULES).keys()].map((i) => {
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
      etag: 'W/"00000000-0000-0000-0000-000000000000"',
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
  return {
    id,
    name: id.split('/').at(-1),
    type: 'Microsoft.Network/networkSecurityGroups',
    location: 'eastus',
    properties: { securityRules },
  };
}

interface World {
  text: string;
  machines: { id: string; name: string; os: 'windows'; power: 'running'; networkInterfaces: string[] }[];
}

function world(machines: number, groups: number, first = 0): World {
  const subnets = [...Array(Math.max(1, Math.round(groups / 20))).keys()];
  const bodies: object[] = [];
  for (let g = 0; g < groups; g += 1) bodies.push(group(`${RG}/networkSecurityGroups/nsg${first + g}`));
  for (const s of subnets) bodies.push(group(`${RG}/networkSecurityGroups/subnet-nsg${first + s}`));
  bodies.push({
    id: `${RG}/virtualNetworks/vnet`,
    type: 'Microsoft.Network/virtualNetworks',
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/8'] },
      subnets: subnets.map((s) => ({
        id: `${RG}/virtualNetworks/vnet/subnets/s${s}`,
        properties: {
          addressPrefix: '10.0.0.0/16',
          networkSecurityGroup: { id: `${RG}/networkSecurityGroups/subnet-nsg${first + s}` },
        },
      })),
    },
  });
  const list: World['machines'] = [];
  for (let m = 0; m < machines; m += 1) {
    const nic = `${RG}/networkInterfaces/nic${m}`;
    bodies.push({
      id: nic,
      type: 'Microsoft.Network/networkInterfaces',
      properties: {
        networkSecurityGroup: { id: `${RG}/networkSecurityGroups/nsg${first + (m % groups)}` },
        ipConfigurations: [
          {
            id: `${nic}/ipConfigurations/c`,
            properties: {
              privateIPAddress: `10.0.${(m >> 8) & 255}.${m & 255}`,
              subnet: { id: `${RG}/virtualNetworks/vnet/subnets/s${(m % groups) % subnets.length}` },
              publicIPAddress: { id: `${RG}/publicIPAddresses/ip${m}` },
            },
          },
        ],
      },
    });
    bodies.push({
      id: `${RG}/publicIPAddresses/ip${m}`,
      type: 'Microsoft.Network/publicIPAddresses',
      sku: { name: 'Standard' },
      properties: { ipAddress: `20.${(m >> 16) & 255}.${(m >> 8) & 255}.${m & 255}` },
    });
    list.push({ id: `/vm/${m}`, name: `vm${m}`, os: 'windows', power: 'running', networkInterfaces: [nic] });
  }
  return { text: JSON.stringify(bodies), machines: list };
}

const about = { asOf: '2026-11-23T02:20:11Z', source: 'bench' };

function once({ text, machines }: World): { parse: number; evaluate: number; ports: number } {
  const start = performance.now();
  const bodies = JSON.parse(text) as object[];
  const parsed = performance.now();
  let ports = 0;
  for (const { exposure } of eachExposure(new NetworkResources(bodies), machines, about)) {
    if (exposure.state === 'known') ports += exposure.value.ports.length;
  }
  return { parse: parsed - start, evaluate: performance.now() - parsed, ports };
}

function report(name: string, runs: { parse: number; evaluate: number; ports: number }[], megabytes: number): void {
  const sum = (pickOne: (run: { parse: number; evaluate: number }) => number) =>
    runs.reduce((total, run) => total + pickOne(run), 0);
  const parse = sum((run) => run.parse);
  const evaluate = sum((run) => run.evaluate);
  const ports = runs.reduce((total, run) => total + run.ports, 0);
  globalThis.gc?.();
  console.log(
    `${name}: ${megabytes.toFixed(0)} MB of JSON, ${ports.toLocaleString('en-US')} ports; JSON.parse ${parse.toFixed(0)} ms, exposure ${evaluate.toFixed(0)} ms, ratio ${(evaluate / parse).toFixed(2)}; heap after ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MB, peak resident ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
  );
}

{
  const shared = world(MACHINES, 200);
  once(world(200, 20));
  report(`${MACHINES} machines, 200 groups of ${RULES} rules`, [once(shared)], shared.text.length / 1e6);
}
{
  // All at once would be more than a gigabyte of JSON, so it comes in pages of 100 machines, as Resource Graph pages.
  const page = 100;
  const runs: ReturnType<typeof once>[] = [];
  let size = 0;
  for (let first = 0; first < MACHINES; first += page) {
    const own = world(Math.min(page, MACHINES - first), page, first);
    size += own.text.length;
    runs.push(once(own));
  }
  report(`${MACHINES} machines, each with its own group of ${RULES} rules`, runs, size / 1e6);
}

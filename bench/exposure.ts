/**
 * What a scan does with the network of a fleet, against JSON.parse of the same pages: bodies taken page by page as Resource
 * Graph gives them, each machine evaluated and summed up for its row. Each world is measured in a process of its own.
 * Run: npm run bench -- exposure [MACHINES [RULES]]
 */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { NotSeenByFleet } from '../src/azure/fleet-exposure.ts';
import { evaluateExposure } from '../src/triage/exposure/exposure.ts';
import { FleetExposure } from '../src/triage/exposure/fleet.ts';
import { NetworkResources } from '../src/triage/exposure/resources.ts';
import { type Reach, reachOf } from '../src/triage/suspicion.ts';

interface Measured {
  megabytes: number;
  parse: number;
  exposure: number;
  ports: number;
  machines: number;
  peak: number;
}

const RG = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-fleet/providers/Microsoft.Network';
const about = {
  asOf: '2026-11-23T02:20:11Z',
  source: 'bench',
  adminRules: { state: 'known', byNetwork: new Map() },
} as const;

/** The lines of a child's output, read no faster than they are used. */
async function* linesOf(script: string, args: string[]): AsyncGenerator<string> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let chunks: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      chunks.push(chunk.subarray(from, end));
      const line = Buffer.concat(chunks).toString('latin1');
      chunks = [];
      from = end + 1;
      yield line;
    }
    chunks.push(chunk.subarray(from));
  }
}

async function measure(count: number, rules: number, groups: number): Promise<Measured> {
  const machines = [...Array(count).keys()].map((m) => ({
    id: `/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-fleet/providers/Microsoft.Compute/virtualMachines/vm${m}`,
    name: `vm${m}`,
    os: 'windows' as const,
    power: 'running' as const,
    networkInterfaces: [`${RG}/networkInterfaces/vm${m}-nic`],
  }));
  const measured = { megabytes: 0, parse: 0, exposure: 0, ports: 0, machines: 0, peak: 0 };
  const rows = new Map<string, Reach>();
  const unseen = new NotSeenByFleet();
  const timed = <T>(what: 'parse' | 'exposure', work: () => T): T => {
    const start = performance.now();
    const result = work();
    measured[what] += performance.now() - start;
    return result;
  };
  const fleet = timed(
    'exposure',
    () =>
      new FleetExposure(machines, (vm, exposure) => {
        unseen.add(exposure);
        rows.set(vm.id.toLowerCase(), reachOf(vm, exposure));
        if (exposure.state === 'known') measured.ports += exposure.value.ports.length;
      }),
  );
  let begun = false;
  const script = join(import.meta.dirname, 'worlds/exposure.ts');
  for await (const line of linesOf(script, [count, rules, groups].map(String))) {
    if (line === '') {
      timed('exposure', () => fleet.begin(about));
      begun = true;
      continue;
    }
    measured.megabytes += line.length / 1e6;
    const bodies = timed('parse', () => JSON.parse(line) as unknown[]);
    timed('exposure', () => (begun ? fleet.addGroups(bodies) : fleet.addResources(bodies)));
  }
  timed('exposure', () => fleet.finish());
  return { ...measured, machines: rows.size, peak: process.resourceUsage().maxRSS / 1024 };
}

/** Measures a world in a fresh process: nothing is warm, and the memory is that of this world alone. */
function apart(count: number, rules: number, groups: number): Measured {
  const args = [import.meta.filename, '--one', String(count), String(rules), String(groups)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
}

function report(name: string, { megabytes, parse, exposure, ports, machines, peak }: Measured): void {
  const n = (value: number) => Math.round(value).toLocaleString('en-US');
  console.log(
    `${name}: ${n(megabytes)} MB of JSON, ${n(machines)} machines, ${n(ports)} ports; JSON.parse ${n(parse)} ms, exposure ${n(exposure)} ms; ratio of both to JSON.parse ${((parse + exposure) / parse).toFixed(2)}; peak resident ${n(peak)} MB`,
  );
}

/** A machine behind two groups of 1,000 rules with several prefixes and ports each. */
function oneMachine(): void {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const group = (id: string) => ({
    id,
    properties: {
      securityRules: [...Array(1000).keys()].map((i, _, __, low = random(60_000)) => ({
        name: `rule-${i}`,
        properties: {
          protocol: random(2) === 0 ? 'Tcp' : '*',
          sourcePortRange: '*',
          destinationPortRanges: [String(random(65_536)), `${low}-${low + 20}`, String(random(65_536))],
          sourceAddressPrefixes: [...Array(4)].map(() => `${1 + random(220)}.${random(256)}.${random(256)}.0/24`),
          destinationAddressPrefix: '*',
          access: random(2) === 0 ? 'Allow' : 'Deny',
          priority: 100 + i,
          direction: 'Inbound',
        },
      })),
    },
  });
  const subnet = `${RG}/virtualNetworks/vnet/subnets/s`;
  const nic = `${RG}/networkInterfaces/n`;
  const bodies = [
    group(`${RG}/networkSecurityGroups/a`),
    group(`${RG}/networkSecurityGroups/b`),
    { id: `${RG}/publicIPAddresses/p`, sku: { name: 'Standard' }, properties: { ipAddress: '20.51.7.14' } },
    {
      id: `${RG}/virtualNetworks/vnet`,
      type: 'Microsoft.Network/virtualNetworks',
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [
          {
            id: subnet,
            properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: `${RG}/networkSecurityGroups/a` } },
          },
        ],
      },
    },
    {
      id: nic,
      properties: {
        networkSecurityGroup: { id: `${RG}/networkSecurityGroups/b` },
        ipConfigurations: [
          {
            id: `${nic}/ipConfigurations/c`,
            properties: {
              privateIPAddress: '10.0.0.4',
              subnet: { id: subnet },
              publicIPAddress: { id: `${RG}/publicIPAddresses/p` },
            },
          },
        ],
      },
    },
  ];
  const vm = { id: '/vm', name: 'vm', os: 'windows' as const, power: 'running' as const };
  const times: number[] = [];
  let ports = 0;
  for (let run = 0; run < 21; run += 1) {
    const start = performance.now();
    const fact = evaluateExposure({
      ...about,
      vm,
      networkInterfaces: [nic],
      resources: new NetworkResources(bodies),
      unreadable: [],
    });
    times.push(performance.now() - start);
    ports = fact.state === 'known' ? fact.value.ports.length : 0;
  }
  const [first = 0] = times;
  const middle = times.toSorted((a, b) => a - b)[10] ?? 0;
  console.log(
    `one machine behind two groups of 1,000 rules with plural prefixes: ${ports.toLocaleString('en-US')} ports; first time ${first.toFixed(0)} ms, then ${middle.toFixed(1)} ms`,
  );
}

const args = process.argv.slice(2).filter((arg) => arg !== 'exposure');
if (args[0] === '--one') {
  const [count = 0, rules = 0, groups = 0] = args.slice(1).map(Number);
  process.stdout.write(JSON.stringify(await measure(count, rules, groups)));
} else {
  const [machines = 10_000, rules = 200] = args.map(Number);
  const groups = Math.min(200, machines);
  const shared = apart(machines, rules, groups);
  report(`${groups} groups of ${rules} rules, shared`, shared);
  report(`a group of ${rules} rules for each machine`, apart(machines, rules, machines));
  const twice = apart(machines * 2, rules, groups);
  report('twice the machines', twice);
  const few = Math.max(1, Math.round(machines / 10));
  const narrow = apart(few, rules, few);
  const wide = apart(few, rules * 2, few);
  report(`${few} machines with groups of their own`, narrow);
  report('twice the rules', wide);
  const factor = (more: Measured, less: Measured) => (more.exposure / less.exposure).toFixed(2);
  console.log(
    `exposure takes ${factor(twice, shared)} times as long for twice the machines, ${factor(wide, narrow)} times for twice the rules`,
  );
  oneMachine();
}

/**
 * What a scan does with the network of a fleet, against JSON.parse of the same pages: bodies taken page by page as Resource
 * Graph gives them, each machine evaluated and summed up for its row. Each world is measured in a process of its own.
 * Run: npm run bench -- exposure [MACHINES [RULES]]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NotSeenByFleet } from '../src/azure/readers/fleet-exposure.ts';
import { evaluateExposure } from '../src/network/exposure.ts';
import { FleetExposure } from '../src/network/fleet/fleet-exposure.ts';
import { NetworkResources } from '../src/network/resources.ts';
import { type Reach, reachOf } from '../src/triage/suspicion.ts';

interface Measured {
  megabytes: number;
  /** Milliseconds on the clock, and of the main thread's own: on a busy machine the clock counts the neighbours too. */
  wall: { parse: number; exposure: number };
  cpu: { parse: number; exposure: number };
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

/** The lines of stdin, each put together from what arrives and made a text of as Azure's SDK does with a body. */
function* pagesOfStdin(): Generator<string> {
  let parts: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(65_536);
    const read = readSync(0, chunk);
    if (read === 0) return;
    let rest = chunk.subarray(0, read);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      parts.push(rest.subarray(0, end));
      const body = parts;
      parts = [];
      rest = rest.subarray(end + 1);
      yield Buffer.concat(body).toString('utf8');
    }
    parts.push(rest);
  }
}

function measure(count: number): Measured {
  const machines = [...Array(count).keys()].map((m) => ({
    id: `/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-fleet/providers/Microsoft.Compute/virtualMachines/vm${m}`,
    name: `vm${m}`,
    os: 'windows' as const,
    power: 'running' as const,
    networkInterfaces: [`${RG}/networkInterfaces/vm${m}-nic`],
  }));
  const measured = {
    megabytes: 0,
    wall: { parse: 0, exposure: 0 },
    cpu: { parse: 0, exposure: 0 },
    ports: 0,
    machines: 0,
    peak: 0,
  };
  const rows = new Map<unknown, { reach: Reach; addresses: readonly string[] }>();
  const unseen = new NotSeenByFleet();
  const timed = <T>(what: 'parse' | 'exposure', work: () => T): T => {
    const wall = performance.now();
    const cpu = process.threadCpuUsage();
    const result = work();
    const { user, system } = process.threadCpuUsage(cpu);
    measured.wall[what] += performance.now() - wall;
    measured.cpu[what] += (user + system) / 1000;
    return result;
  };
  const fleet = new FleetExposure<(typeof machines)[number]>((vm, exposure, addresses) => {
    unseen.add(exposure);
    rows.set(vm, { reach: reachOf(vm, exposure), addresses });
    for (const { shapes } of exposure.openings) measured.ports += shapes.length;
  });
  timed('exposure', () => fleet.addMachines(machines));
  let begun = false;
  for (const line of pagesOfStdin()) {
    if (line === '') {
      timed('exposure', () => {
        // Azure was asked for the admin rules of these networks, and has none.
        const byNetwork = new Map(fleet.networks().map((network) => [network, []]));
        fleet.begin({ ...about, adminRules: { state: 'known', byNetwork } });
      });
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

let bundle: string | undefined;

/** This program bundled as cordon is, so that no loader's memory is counted. */
async function built(): Promise<string> {
  if (bundle === undefined) {
    const { build } = await import('esbuild');
    bundle = join(mkdtempSync(join(tmpdir(), 'cordon-bench-')), 'exposure.mjs');
    await build({
      entryPoints: [import.meta.filename],
      outfile: bundle,
      bundle: true,
      external: ['esbuild'],
      platform: 'node',
      format: 'esm',
    });
    process.once('exit', () => rmSync(dirname(bundle ?? ''), { recursive: true, force: true }));
  }
  return bundle;
}

/** Measures a world in a fresh process: nothing is warm, and the memory is that of this world alone. */
async function apart(machines: number, rules: number, groups: number): Promise<Measured> {
  // Before the world begins to write: its first bytes are for the measurer alone.
  const program = await built();
  const script = join(import.meta.dirname, 'worlds/exposure.ts');
  const numbers = [machines, rules, groups].map(String);
  const world = spawn(process.execPath, [script, ...numbers], { stdio: ['ignore', 'pipe', 'inherit'] });
  const measurer = spawn(process.execPath, [program, '--one', String(machines)], {
    stdio: [world.stdout, 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of measurer.stdout) text += String(chunk);
  return JSON.parse(text) as Measured;
}

const ratioOf = ({ parse, exposure }: Measured['cpu']): number => (parse + exposure) / parse;

function report(name: string, { megabytes, wall, cpu, ports, machines, peak }: Measured): void {
  const n = (value: number) => Math.round(value).toLocaleString('en-US');
  console.log(
    `${name}: ${n(megabytes)} MB of JSON, ${n(machines)} VMs, ${n(ports)} ports; JSON.parse ${n(cpu.parse)} ms, exposure ${n(cpu.exposure)} ms; both against JSON.parse alone ${ratioOf(cpu).toFixed(2)} (by the clock ${ratioOf(wall).toFixed(2)}); peak resident ${n(peak)} MB`,
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
          // Named networks mostly; some rules for everyone, in two halves.
          sourceAddressPrefixes:
            random(5) === 0
              ? ['0.0.0.0/1', '128.0.0.0/1']
              : [...Array(4)].map(() => `${1 + random(220)}.${random(256)}.${random(256)}.0/24`),
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
    const start = process.threadCpuUsage();
    const fact = evaluateExposure({
      ...about,
      vm,
      networkInterfaces: [nic],
      resources: new NetworkResources(bodies),
      unreadable: [],
    });
    const { user, system } = process.threadCpuUsage(start);
    times.push((user + system) / 1000);
    ports = fact.state === 'known' ? fact.value.ports.length : 0;
  }
  const [first = 0] = times;
  // Their mean: the system counts a thread's time in steps of up to 4 ms.
  const then = times.slice(1).reduce((sum, time) => sum + time, 0) / (times.length - 1);
  console.log(
    `one VM behind two groups of 1,000 rules with plural prefixes: ${ports.toLocaleString('en-US')} ports; first time ${first.toFixed(0)} ms, then ${then.toFixed(1)} ms`,
  );
}

const args = process.argv.slice(2).filter((arg) => arg !== 'exposure');
if (args[0] === '--one') {
  process.stdout.write(JSON.stringify(measure(Number(args[1]))));
} else if (args[0] === '--machine') {
  oneMachine();
} else {
  const [machines = 10_000, rules = 200] = args.map(Number);
  const groups = Math.min(200, machines);
  const shared = await apart(machines, rules, groups);
  report(`${groups} groups of ${rules} rules, shared`, shared);
  report(`a group of ${rules} rules for each VM`, await apart(machines, rules, machines));
  const twice = await apart(machines * 2, rules, groups);
  report('twice the VMs', twice);
  const few = Math.max(1, Math.round(machines / 10));
  const narrow = await apart(few, rules, few);
  const wide = await apart(few, rules * 2, few);
  report(`${few} VMs with groups of their own`, narrow);
  report('twice the rules', wide);
  const factor = (more: Measured, less: Measured) => (more.cpu.exposure / less.cpu.exposure).toFixed(2);
  console.log(
    `exposure takes ${factor(twice, shared)} times as long for twice the VMs, ${factor(wide, narrow)} times for twice the rules`,
  );
  oneMachine();
}

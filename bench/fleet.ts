/**
 * `cordon scan` of 1,000, 5,000 and 10,000 VMs in 50 subscriptions behind the limits that Azure documents: requests,
 * refusals, wall time beside what the requests take at least at that pace, CPU, memory, and how many VMs are not known.
 * `npm run bench -- fleet [vms…]`
 */
import { spawn } from 'node:child_process';
import { limitedAzure, pace } from './parts/azure-limits.ts';
import { program } from './parts/bundled.ts';
import { fleetSimulator } from './parts/fleet-simulator.ts';
import { usageOf } from './parts/in-terminal.ts';

const sizes = process.argv.slice(3).map(Number).filter(Boolean);

interface Ran {
  wall: number;
  cpu: number;
  memory: number;
  document: {
    vms: { worstBurst: { state: string }; exposedPorts: unknown; criticalPatches: unknown }[];
    notSeen: string[];
  };
}

async function scan(url: string): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, 'scan', '--simulator', url, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  let usage = { cpu: 0, memory: 0 };
  // A process's memory figures are gone with it: they are sampled until then.
  const watch = setInterval(() => {
    const now = usageOf(child.pid ?? 0);
    if (now.memory > 0) usage = now;
  }, 50);
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  return { wall: performance.now() - began, ...usage, document: JSON.parse(Buffer.concat(parts).toString()) };
}

for (const vms of sizes.length > 0 ? sizes : [1000, 5000, 10_000]) {
  const simulator = await fleetSimulator(vms, 50);
  // The scan that counts is answered from a recording: a simulator's own time for thousands of VMs is none of Azure's.
  const recording = new Map();
  const first = await limitedAzure(simulator.url, recording);
  await scan(first.url);
  first.stop();
  const azure = await limitedAzure(simulator.url, recording);
  const { wall, cpu, memory, document } = await scan(azure.url);
  const { logAnalytics, resourceGraph, other, refused, unrecorded } = azure.counts;
  // The pages of one query come one after the other; fifteen queries may be sent in each five seconds.
  const inventory = Math.ceil(vms / 1000);
  const graph = Math.max(inventory * 2 * pace.graphMs, (Math.ceil(resourceGraph / 15) - 1) * 5000);
  const logs = inventory * pace.graphMs + Math.ceil(logAnalytics / 5) * pace.queryMs;
  const floor = Math.max(graph, logs);
  const unknown = document.vms.filter(
    (vm) => vm.worstBurst.state === 'unknown' || vm.exposedPorts === null || vm.criticalPatches === null,
  ).length;
  console.log(
    `${vms} VMs: ${logAnalytics} Log Analytics, ${resourceGraph} Resource Graph, ${other} others, ${refused} refused, ${unrecorded} not from the recording; ` +
      `${(wall / 1000).toFixed(1)} s, floor ${(floor / 1000).toFixed(1)} s (${(wall / floor).toFixed(2)} x); ` +
      `${(cpu / 1000).toFixed(1)} s CPU, ${memory.toFixed(0)} MB; ${unknown} of ${document.vms.length} with something not known; ` +
      `not seen: ${document.notSeen.length}`,
  );
  for (const line of document.notSeen.slice(0, 3)) console.log(`  ${line}`);
  azure.stop();
  simulator.stop();
}
process.exit(0);

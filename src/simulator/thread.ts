import { parentPort, workerData } from 'node:worker_threads';
import { evaluate } from '../kql/evaluate.ts';
import { parseFaults } from './faults.ts';
import { startSimulator } from './server.ts';
import type { FromThread, ThreadOptions, ToThread } from './thread-protocol.ts';
import { parseWorld, type World } from './world.ts';

async function worldOf(options: ThreadOptions): Promise<World> {
  if (options.worldText !== undefined) return parseWorld(options.worldText, options.worldFile ?? 'world');
  const { builtInWorld } = await import('./scenario/built-in-world.ts');
  return builtInWorld();
}

/** Runs a simulator until the other side says close. */
async function run(options: ThreadOptions, post: (message: FromThread) => void): Promise<void> {
  const { faultsText, faultsFile, worldText: _, worldFile: __, ...rest } = options;
  const faults = faultsText === undefined ? [] : parseFaults(faultsText, faultsFile ?? 'faults');
  const simulator = await startSimulator({ ...rest, world: await worldOf(options), faults });
  parentPort?.on('message', (message: ToThread) => {
    if (message.kind === 'mutations') {
      post({ kind: 'mutations', ask: message.ask, mutations: simulator.mutations() });
      return;
    }
    void simulator.close().then(() => {
      post({ kind: 'closed' });
      parentPort?.close();
    });
  });
  const { url, port, identityHeader } = simulator;
  post({ kind: 'started', url, port, identityHeader, now: simulator.now().getTime() });
  // Microsoft's query parser takes a second to load: better now, while the other side starts, than at the first query.
  setImmediate(() => evaluate('print 1', [], { now: simulator.now() }));
}

if (parentPort !== null) {
  const port = parentPort;
  const options: ThreadOptions = workerData;
  run(options, (message) => port.postMessage(message)).catch((error: unknown) => {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    port.postMessage({ kind: 'failed', name, message } satisfies FromThread);
    port.close();
  });
}

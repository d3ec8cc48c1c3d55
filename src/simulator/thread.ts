import { parserThread, type ThreadSide } from '../kql/parser-thread-entry.ts';
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
async function run(side: ThreadSide, post: (message: FromThread) => void): Promise<void> {
  const options = (await side.data) as ThreadOptions;
  const { faultsText, faultsFile, worldText: _, worldFile: __, ...rest } = options;
  const faults = faultsText === undefined ? [] : parseFaults(faultsText, faultsFile ?? 'faults');
  const simulator = await startSimulator({ ...rest, world: await worldOf(options), faults });
  side.onMessage((received) => {
    const message = received as ToThread;
    if (message.kind === 'mutations') {
      post({ kind: 'mutations', ask: message.ask, mutations: simulator.mutations() });
      return;
    }
    void simulator.close().then(() => {
      post({ kind: 'closed' });
      side.close();
    });
  });
  const { url, port, identityHeader } = simulator;
  post({ kind: 'started', url, port, identityHeader, now: simulator.now().getTime() });
}

const side = parserThread();
if (side !== null) {
  run(side, (message) => side.post(message)).catch((error: unknown) => {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    side.post({ kind: 'failed', name, message } satisfies FromThread);
    side.close();
  });
}

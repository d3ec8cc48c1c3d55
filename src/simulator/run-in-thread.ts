import type { ThreadSide } from '../kql/parser-thread-entry.ts';
import { parseFaults } from './faults.ts';
import { startSimulator } from './server.ts';
import type { FromThread, ThreadOptions, ToThread } from './thread-protocol.ts';
import { parseWorld, type World } from './world.ts';

type BuiltIn = () => Promise<World>;

async function begin(side: ThreadSide, builtIn: BuiltIn, post: (message: FromThread) => void): Promise<void> {
  const { faultsText, faultsFile, worldText, worldFile, ...rest } = (await side.data) as ThreadOptions;
  const faults = faultsText === undefined ? [] : parseFaults(faultsText, faultsFile ?? 'faults');
  const world = worldText === undefined ? await builtIn() : parseWorld(worldText, worldFile ?? 'world');
  const simulator = await startSimulator({ ...rest, world, faults });
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

/**
 * Runs a simulator in a thread until the other side says close. `builtIn` gives the world where the start options bring none;
 * it is the simulator's own from then on.
 */
export function runInThread(side: ThreadSide, builtIn: BuiltIn): void {
  begin(side, builtIn, (message) => side.post(message)).catch((error: unknown) => {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    side.post({ kind: 'failed', name, message } satisfies FromThread);
    side.close();
  });
}

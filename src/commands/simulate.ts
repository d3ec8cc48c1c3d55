import { readFile } from 'node:fs/promises';
import { FaultsError, parseFaults } from '../simulator/faults.ts';
import { startSimulator } from '../simulator/server.ts';
import { parseWorld, WorldError } from '../simulator/world.ts';
import { errorCode } from '../text/error-code.ts';
import { printable } from '../text/printable.ts';

export interface SimulateOptions {
  /** World file; the built-in incident when absent. */
  world?: string;
  port?: number;
  latency?: 'none' | 'realistic';
  faults?: string;
  tlsCert?: string;
  tlsKey?: string;
  mutationLog?: string;
  /** Seconds. */
  tokenLifetime?: number;
  limits?: 'azure' | 'none';
}

/** What cannot be used; the message is one line for the user. */
class Unusable extends Error {}

async function read(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error) || 'unknown';
    throw new Unusable(`${what} ${path} cannot be read (${code})`);
  }
}

async function tlsOf(options: SimulateOptions): Promise<{ cert: string; key: string } | undefined> {
  const { tlsCert, tlsKey } = options;
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new Unusable('--tls-cert and --tls-key belong together');
  return { cert: await read(tlsCert, 'certificate'), key: await read(tlsKey, 'key') };
}

async function start(options: SimulateOptions) {
  const { port, latency, mutationLog, tokenLifetime, limits } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new Unusable('--port takes a number from 0 to 65535');
  }
  if (tokenLifetime !== undefined && !(tokenLifetime > 0)) throw new Unusable('--token-lifetime takes seconds above 0');
  const world =
    options.world === undefined
      ? (await import('../simulator/scenario/built-in-world.ts')).builtInWorld()
      : parseWorld(await read(options.world, 'world file'), options.world);
  const faults =
    options.faults === undefined ? [] : parseFaults(await read(options.faults, 'faults file'), options.faults);
  const tls = await tlsOf(options);
  return startSimulator({
    world,
    faults,
    ...(port !== undefined && { port }),
    ...(latency !== undefined && { latency }),
    ...(tls !== undefined && { tls }),
    ...(mutationLog !== undefined && { mutationLog }),
    ...(tokenLifetime !== undefined && { tokenLifetime }),
    ...(limits !== undefined && { limits }),
  });
}

/**
 * Runs the simulator alone until SIGINT or SIGTERM. Prints one JSON line with its address and the managed-identity
 * endpoint's header. Returns the exit code: 0, or 2 when an option, a world or a list of faults cannot be used.
 */
export async function simulate(options: SimulateOptions): Promise<number> {
  let simulator: Awaited<ReturnType<typeof startSimulator>>;
  try {
    simulator = await start(options);
  } catch (error) {
    // Errors of the system and of TLS carry a code: a port that is taken, a file that cannot be written, a bad certificate.
    const coded = error instanceof Error && 'code' in error && typeof error.code === 'string';
    const expected = error instanceof Unusable || error instanceof WorldError || error instanceof FaultsError;
    if (!(error instanceof Error) || !(expected || coded)) throw error;
    process.stderr.write(`cordon simulate: ${printable(error.message)}\n`);
    return 2;
  }
  const { url, port, identityHeader } = simulator;
  const msiEndpoint = `${url}/msi/token`;
  process.stdout.write(
    `${JSON.stringify({ url, port, msiEndpoint, identityHeader, now: simulator.now().toISOString() })}\n`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await simulator.close();
  return 0;
}

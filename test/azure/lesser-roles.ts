import { PassThrough } from 'node:stream';
import { type Connection, connect } from '../../src/azure/client/connection.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readTriage } from '../../src/azure/triage.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { type DoctorDocument, doctorDocument } from '../../src/documents/doctor.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import type { Denial, World } from '../../src/simulator/world.ts';

/** What Reader may not do: change, and the reads that Azure counts as actions. */
export const readerOnly: Denial[] = ['*/write', '*/delete', '*/action'];

/** Reader on one resource group of the first subscription, and on nothing else. */
export function readerOf(world: World, group: string): Denial[] {
  const [home, ...others] = world.subscriptions.map(({ subscriptionId }) => `/subscriptions/${subscriptionId}`);
  const scope = home ?? '';
  return [
    ...readerOnly,
    { action: '*', scope, except: `${scope}/resourceGroups/${group}` },
    ...others.map((other) => ({ action: '*', scope: other })),
  ];
}

export interface Lesser {
  simulator: Simulator;
  connection: Connection;
  triage(name: string): ReturnType<typeof document>;
  doctor(flags?: { vm?: string }): Promise<{ document: DoctorDocument; text: string; code: number }>;
}

async function document(connection: Connection, name: string) {
  const { document } = await readTriage(connection, await resolveVm(connection, name), () => undefined);
  return document;
}

/** The built-in world for a caller with less; one a test file, because the identity client keeps its tokens. */
export async function openLesser(deny: (world: World) => Denial[]): Promise<Lesser> {
  const world = builtInWorld();
  world.denied = deny(world);
  const simulator = await startSimulator({ world, limits: 'none' });
  const connection = connect({
    simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
    pollIntervalMs: 10,
  });
  const asked = async (flags: { vm?: string; json?: boolean }) => {
    const stdout = new PassThrough();
    const code = await doctor({ simulator: simulator.url, ...flags }, { stdout, stderr: new PassThrough() });
    return { code, text: String(stdout.read() ?? '') };
  };
  return {
    simulator,
    connection,
    triage: (name) => document(connection, name),
    async doctor(flags = {}) {
      const { text, code } = await asked({ ...flags, json: true });
      return { document: doctorDocument.parse(JSON.parse(text)), text: (await asked(flags)).text, code };
    },
  };
}

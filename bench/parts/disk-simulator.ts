/** A simulator in a process of its own, whose disks all have so many bytes: `node disk-simulator.ts BYTES`. */
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { startSimulator } from '../../src/simulator/server.ts';

const world = builtInWorld();
const diskSizeBytes = Number(process.argv[2]);
for (const { type, properties } of world.resources) {
  if (/^microsoft\.compute\/disks$/i.test(type)) Object.assign(properties ?? {}, { diskSizeBytes });
}
const { url, identityHeader, now } = await startSimulator({ world, limits: 'none' });
process.on('disconnect', () => process.exit());
process.send?.({ url, identityHeader, now: now().getTime() });

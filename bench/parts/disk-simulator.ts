/**
 * A simulator in a process of its own, whose disks all have so many bytes; those of kiosk01 are half empty: `node disk-simulator.ts BYTES`. It answers
 * each message with the processor's time that it has taken, in seconds.
 */
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { startSimulator } from '../../src/simulator/server.ts';

const world = builtInWorld();
const diskSizeBytes = Number(process.argv[2]);
for (const disk of world.resources) {
  if (!/^microsoft\.compute\/disks$/i.test(disk.type)) continue;
  Object.assign(disk.properties ?? {}, { diskSizeBytes });
  if (disk.name.startsWith('kiosk01')) disk.tags = { ...disk.tags, 'simulator-written': '0.5' };
}
const { url, identityHeader, now } = await startSimulator({ world, limits: 'none' });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.((user + system) / 1e6);
});
process.on('disconnect', () => process.exit());
process.send?.({ url, identityHeader, now: now().getTime() });

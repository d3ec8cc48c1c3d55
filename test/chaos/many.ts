/**
 * `npm run test:chaos -- SEEDS [FIRST [PLAYBOOK]]`: so many schedules of faults and kills for each playbook, from a seed
 * on. `npm run test:chaos -- kills [PLAYBOOK]`: each playbook killed at each place of its run and of its undo. Prints what
 * broke a rule; exit 1 when something did.
 */
import { openStage } from './play.ts';
import { killsOf, playbooks, type Schedule, scheduleOf, titleOf } from './schedule.ts';

const [seeds = '50', ...more] = process.argv.slice(2);
const kills = seeds === 'kills';
const [first, only] = kills ? ['1', more[0]] : more;
const stage = await openStage();

async function schedulesOf(playbook: string, vms: readonly string[]): Promise<Schedule[]> {
  const [vm = ''] = vms;
  if (kills) return killsOf(playbook, vm, await stage.places(playbook, vm));
  return Array.from({ length: Number(seeds) }, (_, index) => scheduleOf(Number(first ?? 1) + index, playbook, vms));
}

let broken = 0;
try {
  for (const [playbook, vms] of Object.entries(playbooks)) {
    if (only !== undefined && only !== playbook) continue;
    const schedules = await schedulesOf(playbook, vms);
    const began = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    let brokenHere = 0;
    for (const schedule of schedules) {
      const wrong = await stage.play(schedule);
      if (wrong.length === 0) continue;
      brokenHere += 1;
      console.log(titleOf(schedule));
      for (const sentence of wrong) console.log(`    ${sentence}`);
    }
    broken += brokenHere;
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    const spent = `${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU`;
    console.log(`${playbook}: ${schedules.length} schedules, ${brokenHere} broke a rule; ${spent}`);
  }
} finally {
  stage.close();
}
process.exit(broken > 0 ? 1 : 0);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failedOnce } from './failed-once.ts';
import { openStage, type Stage } from './play.ts';
import { killsOf, playbooks, type Schedule, scheduleOf, titleOf } from './schedule.ts';

/** How many schedules each playbook is played by here; `npm run test:chaos -- SEEDS` plays as many as are wanted. */
const seeds = 12;
/** Here one place in so many is died at; `npm run test:chaos -- kills` takes each. */
const oneIn = 12;
const longest = 300_000;

describe('faults and kills', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  async function broken(schedules: readonly Schedule[]): Promise<string[]> {
    const found: string[] = [];
    for (const schedule of schedules) {
      const wrong = await stage.play(schedule);
      if (wrong.length > 0) found.push(`${titleOf(schedule)}: ${wrong.join('; ')}`);
    }
    return found;
  }

  it.each(Object.entries(playbooks))(
    '%s and undoing it, by seeds of faults',
    async (playbook, vms) => {
      const schedules = Array.from({ length: seeds }, (_, seed) => scheduleOf(seed + 1, playbook, vms));
      expect(await broken(schedules)).toEqual([]);
    },
    longest,
  );

  it.each(Object.entries(playbooks))(
    '%s and undoing it, killed between two writes',
    async (playbook, [vm = '']) => {
      const kills = killsOf(playbook, vm, await stage.places(playbook, vm));
      expect(await broken(kills.filter((_, index) => index % oneIn === 0))).toEqual([]);
    },
    longest,
  );

  it.each(failedOnce.map((schedule) => [titleOf(schedule), schedule] as const))('%s', async (_title, schedule) => {
    expect(await stage.play(schedule)).toEqual([]);
  });
});

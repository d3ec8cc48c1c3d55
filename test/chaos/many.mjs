// `npm run test:chaos -- SEEDS [FIRST]`: so many schedules of faults and kills for each playbook, from a seed on.
import { spawnSync } from 'node:child_process';

const [seeds = '50', first = '1'] = process.argv.slice(2);
const { status } = spawnSync('vitest', ['run', 'test/chaos'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, CHAOS_SEEDS: seeds, CHAOS_FIRST: first },
});
process.exit(status ?? 1);

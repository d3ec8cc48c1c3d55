// `npm run test:monkey -- SEED COUNT`: so many random events of that seed against the workbench.
import { spawnSync } from 'node:child_process';

const [seed = '1', count = '2000'] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/views/monkey.test.tsx'],
  {
    stdio: 'inherit',
    env: { ...process.env, CORDON_MONKEY_SEED: seed, CORDON_MONKEY_COUNT: count },
  },
);
process.exit(status ?? 1);

// Loaded with --import: at each SIGUSR2 it writes the longest time, in ms, for which the thread that takes keys was busy
// since the last one, to the file that CORDON_BENCH_TASKS names.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const { CORDON_BENCH_TASKS: file } = process.env;
if (file && isMainThread && process.stdout.isTTY) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  process.on('SIGUSR2', () => {
    writeFileSync(file, String(delays.max / 1e6));
    delays.reset();
  });
}

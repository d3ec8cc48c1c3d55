/**
 * The triage of one machine on the simulator at Azure's pace: wall time over the longest chain of calls that can depend
 * on one another (each begins after the one before it ended; a long-running operation is one call from its request to
 * its last poll), over the slowest reader alone, and how soon the first pane is filled after the first answer. Where
 * the first ratio is over 1.10, something waits that need not. Then whole triages with a sign-in that costs as much as a
 * start of the Azure CLI, in turn with ones whose sign-in costs nothing: at most 1.3 of those, and two starts.
 * `npm run bench -- triage [machine] [rounds]`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../src/azure/client/connection.ts';
import { resolveVm } from '../src/azure/readers/inventory.ts';
import { readLogons } from '../src/azure/readers/logons.ts';
import { readExposure } from '../src/azure/readers/network.ts';
import { readTriage } from '../src/azure/triage.ts';
import { startSimulatorThread } from '../src/simulator/host.ts';
import { median } from './parts/figures.ts';

interface Call {
  name: string;
  start: number;
  end: number;
}

const [name = 'web01', roundsText = '5'] = process.argv.slice(3);
const rounds = Math.max(1, Number(roundsText) || 5);

// Its limits are none of this bench's: a round follows the other at once.
const simulator = await startSimulatorThread({ latency: 'realistic', limits: 'none' });
const connection = connect({
  simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
});

/** The name of a request in the print: the end of its path, without ids. */
function nameOf(method: string, url: string): string {
  const parts = new URL(url).pathname.split('/').filter(Boolean);
  return `${method} ${parts
    .slice(-3)
    .filter((part) => !/^[0-9a-f-]{30,}$/i.test(part))
    .join('/')}`;
}

const polled = /\/(operations|operationResults)\//i;
const started = /effectivenetworksecuritygroups/i;

/** The calls of one reading; the polls of an operation belong to the request that began it. */
async function recorded(work: () => Promise<unknown>): Promise<{ calls: Call[]; wall: number; begun: number }> {
  const calls: Call[] = [];
  const stop = connection.observe(({ method, url, durationSeconds }) => {
    const end = performance.now();
    const call = { name: nameOf(method, url), start: end - durationSeconds * 1000, end };
    const owner = polled.test(url) ? calls.find((one) => started.test(one.name)) : undefined;
    if (owner) owner.end = Math.max(owner.end, end);
    else calls.push(call);
  });
  const begun = performance.now();
  await work();
  const wall = performance.now() - begun;
  stop();
  return { calls, wall, begun };
}

/** The chain of calls, each after the end of the one before it, that took longest together. */
function longestChain(calls: readonly Call[]): Call[] {
  const ordered = [...calls].sort((a, b) => a.end - b.end);
  const best: { total: number; before: number }[] = [];
  for (const [at, call] of ordered.entries()) {
    let before = -1;
    let most = 0;
    for (let other = 0; other < at; other++) {
      const total = best[other]?.total ?? 0;
      if ((ordered[other]?.end ?? 0) <= call.start && total > most) {
        most = total;
        before = other;
      }
    }
    best.push({ total: most + call.end - call.start, before });
  }
  let at = best.reduce((top, { total }, index) => (total > (best[top]?.total ?? -1) ? index : top), 0);
  const chain: Call[] = [];
  while (at >= 0) {
    const call = ordered[at];
    if (call) chain.unshift(call);
    at = best[at]?.before ?? -1;
  }
  return chain;
}

const lasted = (calls: readonly Call[]) => calls.reduce((sum, { start, end }) => sum + end - start, 0);
const ms = (value: number) => `${Math.round(value).toLocaleString('en-US')} ms`;

const vm = await resolveVm(connection, name);
// The clients are loaded and signed in before anything is measured.
await readTriage(connection, vm, () => undefined);

const ratios: number[] = [];
const overSlowest: number[] = [];
const paneOverAnswer: number[] = [];
for (let round = 1; round <= rounds; round++) {
  let pane = Number.NaN;
  const whole = await recorded(() =>
    readTriage(connection, vm, (part) => {
      if (Number.isNaN(pane) && (part.exposure ?? part.logons ?? part.patches)) pane = performance.now();
    }),
  );
  const exposure = await recorded(() => readExposure(connection, vm, () => undefined));
  const logons = await recorded(() => readLogons(connection, vm));
  const chain = longestChain(whole.calls);
  const first = Math.min(...whole.calls.map(({ end }) => end)) - whole.begun;
  const slowest = Math.max(exposure.wall, logons.wall);
  ratios.push(whole.wall / lasted(chain));
  overSlowest.push(whole.wall / slowest);
  paneOverAnswer.push((pane - whole.begun) / first);
  console.log(
    `round ${round}: ${whole.calls.length} calls in ${ms(whole.wall)}; longest chain ${ms(lasted(chain))}; exposure alone ${ms(exposure.wall)}, logons alone ${ms(logons.wall)}; first answer ${ms(first)}, first pane ${ms(pane - whole.begun)}`,
  );
  if (round === rounds) {
    for (const { name: what, start, end } of chain)
      console.log(`  ${ms(start - whole.begun).padStart(9)}  ${ms(end - start).padStart(9)}  ${what}`);
  }
}
console.log(`wall / longest chain of calls            ${median(ratios).toFixed(2)}`);
console.log(`wall / slowest of exposure, logons alone ${median(overSlowest).toFixed(2)}`);
console.log(`first pane / first answer                ${median(paneOverAnswer).toFixed(2)}`);

/** The measured time of a start of az, in ms. */
const startOfAz = 1900;

/** A whole triage by name, as a command does it: sign-in, list, triage. Each start of the sign-in takes `cost` ms. */
async function fromSignIn(cost: number): Promise<{ wall: number; starts: number }> {
  let starts = 0;
  const signIn = async () => ({
    through: () => 'the bench',
    async getToken(scopes: string | string[]) {
      starts += 1;
      await sleep(cost);
      const resource = String(scopes).replace(/\/\.default$/, '');
      const url = `${simulator.url}/msi/token?api-version=2019-08-01&resource=${encodeURIComponent(resource)}`;
      const answer = await fetch(url, { headers: { 'x-identity-header': simulator.identityHeader } });
      const { access_token: token, expires_on: expires } = (await answer.json()) as Record<string, string>;
      return { token: token ?? '', expiresOnTimestamp: Number(expires) * 1000 };
    },
  });
  const address = { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator };
  const fresh = connect({ simulator: address, signIn });
  const begun = performance.now();
  await readTriage(fresh, await resolveVm(fresh, name), () => undefined);
  const wall = performance.now() - begun;
  fresh.close();
  return { wall, starts };
}

const overFree: number[] = [];
let mostStarts = 0;
for (let round = 1; round <= rounds; round++) {
  const free = await fromSignIn(0);
  const dear = await fromSignIn(startOfAz);
  mostStarts = Math.max(mostStarts, dear.starts);
  overFree.push((dear.wall - 2 * startOfAz) / free.wall);
  console.log(
    `sign-in ${round}: free ${ms(free.wall)}, ${ms(startOfAz)} a start ${ms(dear.wall)}, ${dear.starts} starts`,
  );
}
console.log(`(wall with sign-in - 2 starts) / without ${median(overFree).toFixed(2)}   starts ${mostStarts}`);
await simulator.close();

/**
 * From the start of the program to what a person sees, in a pty, in turn with `node -e 0` and with a bare Ink bundle of as
 * many rows: the first painted row, the first frame that Ink draws, the list complete, and from Enter to the triage; with
 * the simulator at once, and with a list of subscriptions that takes 20 s. `npm run bench -- start [rounds]`
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareInk, program } from './parts/bundled.ts';
import { median, spread } from './parts/figures.ts';
import { InTerminal, listComplete } from './parts/in-terminal.ts';

const rounds = Math.max(1, Number(process.argv[3]) || 7);
const figures = new Map<string, number[]>();
const note = (name: string, value: number) => figures.set(name, [...(figures.get(name) ?? []), value]);

const bare = await bareInk();
const folder = mkdtempSync(join(tmpdir(), 'cordon-bench-'));
process.env.CORDON_CASES = join(folder, 'cases');
const slow = join(folder, 'slow.json');
const match = { method: 'GET', path: '^/subscriptions\\?' };
writeFileSync(slow, JSON.stringify([{ match, effect: { delayMs: 20_000 } }]));

async function emptyNode(): Promise<void> {
  const node = new InTerminal(process.execPath, ['-e', '0']);
  await node.exited;
  note('node -e 0', performance.now() - node.began);
}

async function bareFrame(): Promise<void> {
  const ink = new InTerminal(process.execPath, [bare, '25']);
  note('bare Ink, first frame', await ink.when((screen) => screen.includes('vm00000')));
  await ink.end();
}

const demo = ['--demo', '--latency', 'none'];

async function started(kind: string, parameters: string[], toTheEnd: boolean): Promise<void> {
  const cordon = new InTerminal(process.execPath, [program, ...parameters]);
  note(`${kind}: first painted row`, await cordon.when((screen) => screen.trim() !== ''));
  note(`${kind}: first Ink frame`, await cordon.when((screen) => screen.includes('? help')));
  if (toTheEnd) {
    note(`${kind}: first VM in the list`, await cordon.when((screen) => screen.includes('sql02')));
    note(`${kind}: list complete`, await cordon.when(listComplete));
    const pressed = performance.now() - cordon.began;
    cordon.type('\r');
    note(`${kind}: Enter to triage`, (await cordon.when((screen) => screen.includes('3389/tcp'))) - pressed);
  }
  await cordon.end();
}

for (let round = 0; round < rounds; round++) {
  await emptyNode();
  await bareFrame();
  await started('demo', demo, true);
  await started('20 s of delay', [...demo, '--faults', slow], false);
}

const node = median(figures.get('node -e 0') ?? []);
const ink = median(figures.get('bare Ink, first frame') ?? []);
console.log(`min / median / max of ${rounds}, ms`);
for (const [name, values] of figures) {
  const middle = median(values);
  const ratios = `${(middle / node).toFixed(1)} x node -e 0, ${(middle / ink).toFixed(2)} x bare Ink`;
  console.log(`${name.padEnd(36)} ${spread(values).padEnd(22)} ${ratios}`);
}

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cordon, type RunningSimulator, simulate } from './cordon.ts';

let simulator: RunningSimulator;
let folder: string;
const at = (host: string) => ['--simulator', simulator.url, '--cases', join(folder, host)];
const idIn = (host: string) => readdirSync(join(folder, host))[0] ?? '';
const lock = (vm: string) => ['run', 'lock-nsg', '--vm', vm, '--confirm', vm, '--way-in', 'told'];

/** Each interface of the VM with its group, and the groups that cordon made. */
async function stateOf(vm: string): Promise<string> {
  const answer = await (await fetch(`${simulator.url}/simulator/world`)).json();
  const { resources } = answer as { resources: { name: string; type: string; properties?: object }[] };
  const groups = resources
    .filter(({ name, type }) => /networkInterfaces$/i.test(type) && name.startsWith(`${vm}-nic`))
    .map(({ properties }) => {
      const group = Object(Reflect.get(Object(properties), 'networkSecurityGroup'));
      return String(group.id ?? 'none')
        .split('/')
        .at(-1);
    });
  const ours = resources.filter(({ name }) => name.startsWith('cordon-') && name.includes(vm)).map(({ name }) => name);
  return [...groups, ...ours].join(' ');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-hosts-'));
  mkdirSync(join(folder, 'books'));
  process.env.CORDON_PLAYBOOKS = join(folder, 'books');
  simulator = await simulate();
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('two hosts with case folders of their own', () => {
  it('lock one VM at once: one does, the other is told whose; the next day either lifts it by Azure alone', async () => {
    const before = await stateOf('web01');
    const [anna, bob] = await Promise.all([
      cordon([...lock('web01'), ...at('anna')]),
      cordon([...lock('web01'), '--allow', '203.0.113.9', ...at('bob')]),
    ]);
    const [winner, loser] = anna.code === 0 ? ['anna', bob] : ['bob', anna];
    expect([anna.code, bob.code]).toContain(0);
    // Refused by the plan, or by the interface's etag where both had planned before either wrote.
    expect([4, 5]).toContain(loser.code);
    expect(loser.stdout + loser.stderr).toContain(`case ${idIn(String(winner))}`);
    expect(loser.stdout + loser.stderr).toMatch(/Nothing was changed|failed and was undone/);
    expect(await stateOf('web01')).toBe(`cordon-${idIn(String(winner))} cordon-${idIn(String(winner))}`);
    await fetch(`${simulator.url}/simulator/clock`, { method: 'POST', body: '{"skipSeconds":90000}' });
    const lifted = await cordon(['undo', '--vm', 'web01', '--yes', ...at('carol')]);
    expect(lifted.code, lifted.stdout + lifted.stderr).toBe(0);
    expect(await stateOf('web01')).toBe(before);
  });
});

describe('a process that is killed with half a line written', () => {
  /** The number of the line of the case file that says so: of a lock that nothing has killed, as each has. */
  async function lineOf(vm: string, host: string, says: RegExp): Promise<number> {
    expect((await cordon([...lock(vm), ...at(host)])).code).toBe(0);
    const lines = readFileSync(join(folder, host, idIn(host), 'transcript.jsonl'), 'utf8').split('\n');
    expect((await cordon(['undo', idIn(host), '--yes', ...at(host)])).code).toBe(0);
    return lines.findIndex((line) => says.test(line)) + 1;
  }

  it.each([
    ['that says what is sent to the interface', /"kind":"intent"/g, ''],
    ['that says what Azure answered', /"kind":"outcome"/g, '1'],
  ])('%s: undone at once as it was, and the case verifies', async (_what, says, after) => {
    const vm = after === '' ? 'sql01' : 'app03';
    const before = await stateOf(vm);
    const place = await lineOf(vm, `whole-${vm}`, new RegExp(says.source));
    const killed = await cordon([...lock(vm), ...at(vm)], {
      NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'kill-at-write.mjs')).href}`,
      CORDON_KILL_AT: String(place + 2),
      CORDON_KILL_AFTER: after,
    });
    expect(killed.code).toBeNull();
    const undone = await cordon(['undo', idIn(vm), '--yes', ...at(vm)]);
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    expect(await stateOf(vm)).toBe(before);
    expect((await cordon(['case', 'verify', idIn(vm), '--cases', join(folder, vm)])).code).toBe(0);
  });
});

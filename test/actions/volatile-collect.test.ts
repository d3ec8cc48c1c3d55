import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEnding } from '../../src/actions/guest/collect.ts';
import { volatileScripts } from '../../src/actions/guest/scripts.ts';
import {
  agreeing,
  agreeingAfter,
  type Bench,
  deniedInFiles,
  disagreements,
  openBench,
  openGate,
  runCommandsIn,
  runCommandType,
} from './bench.ts';

const collect = { id: 'collect', title: 'Collect', uses: 'volatile.collect' };

describe('volatile.collect', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(deniedInFiles(`${runCommandType}/write`));
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const commands = () => runCommandsIn(bench);
  const kept = (part: string) => [...bench.log.evidence].find(([name]) => name.includes(`volatile-${part}`))?.[1];

  it('plans with reads alone: each script with its digest, and what it leaves in the guest', async () => {
    const [step] = (await bench.run([collect], 'web01').plan()).steps;
    expect(step).toMatchObject({ danger: 'disruptive', undo: expect.stringContaining('deletes the run commands') });
    expect(step?.changes).toHaveLength(volatileScripts.length);
    expect(step?.consequences?.join()).toMatch(/RunCommandHandlerWindows.*before the network is locked/);
    expect(bench.mutations()).toEqual([]);
  });

  it.each([
    ['jump01', /deallocated/],
    ['legacy7', /without the VM agent/],
    ['file01', /runCommands\/write/],
  ])('sends nothing where it cannot or may not: %s', async (vm, because) => {
    const view = await agreeing(bench.run([collect], vm)).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('keeps each output with its digest, says what was cut, and deletes the run commands', async () => {
    const run = agreeing(bench.run([collect], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(
      /connections \(\d+ bytes\), processes \(CUT: the last 4 KB of \d{4,} bytes\)/,
    );
    const whole = kept('connections');
    expect(whole).toMatchObject({ keptIsWhole: true, output: expect.stringContaining('45.155.205.10:443') });
    const { output, outputSha256 } = Object(whole);
    expect(createHash('sha256').update(output).digest('hex')).toBe(outputSha256);
    expect(kept('processes')).toMatchObject({
      keptIsWhole: false,
      outputSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    // The newest is kept, without the secret on its command line.
    expect(JSON.stringify(kept('processes'))).toContain('upd.exe');
    expect(JSON.stringify([...bench.log.evidence])).not.toContain('Winter2026!x');
    expect(await commands()).toHaveLength(volatileScripts.length);
    expect((await run.undo()).outcome).toBe('undone');
    expect(await commands()).toEqual([]);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('settles a lost answer by the run command, and runs the script once', async () => {
    await bench.faults([{ match: { method: 'PUT', path: '/runCommands/' }, times: 1, effect: { drop: 'answer' } }]);
    const run = agreeing(bench.run([{ ...collect, with: { parts: ['sessions'] } }], 'web01'));
    expect((await run.start()).outcome).toBe('done');
    expect(bench.log.of('intent')).toHaveLength(1);
    await run.undo();
  });

  it('says of a VM that was switched off meanwhile that scripts do not run in it', async () => {
    const { id, subscriptionId } = bench.target('web02');
    const switchOff = async () => {
      const { virtualMachines } = await bench.connection.compute(subscriptionId);
      const group = id.split('/')[4] ?? '';
      await bench.connection.changing(openGate, async () => virtualMachines.powerOff(group, 'web02'));
    };
    const view = await agreeingAfter(bench.run([collect], 'web02'), switchOff).start();
    expect(view.steps[0]?.error).toMatch(/plan is stale: web02 is stopped: scripts run from inside/);
  });

  it('says that it failed where Azure could not run the script', async () => {
    await bench.faults([
      {
        match: { method: 'PUT', path: '/runCommands/' },
        effect: { failOperation: { code: 'VMExtensionProvisioningError', message: 'the handler failed' } },
      },
    ]);
    const view = await agreeing(bench.run([{ ...collect, with: { parts: ['sessions'] } }], 'web01')).start();
    expect(view.outcome).not.toBe('done');
    expect(view.steps[0]?.error).toMatch(/VMExtensionProvisioningError/);
  });
});

describe('the scripts', () => {
  it('say the size and the digest of what they print: each for Linux, run here', () => {
    for (const { part, linux } of volatileScripts) {
      const { stdout, status } = spawnSync('sh', ['-c', linux], { encoding: 'utf8', timeout: 20_000 });
      expect(status, part).toBe(0);
      expect(readEnding(stdout), part).toMatchObject({ whole: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    }
  });

  it('are short enough to be recorded whole, and change nothing', () => {
    for (const { windows, linux } of volatileScripts) {
      expect(Math.max(windows.length, linux.length)).toBeLessThan(3000);
      expect(`${windows}${linux}`).not.toMatch(
        /\b(Set|Remove|Stop|New|Disable)-\w+|\brm\b|\bkill\b|>\s*\/(?!dev\/null)/,
      );
    }
  });
});

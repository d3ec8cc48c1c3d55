import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseCase } from '../../src/commands/release.ts';
import { runOn, runPlaybook } from '../../src/commands/run-headless.ts';
import { type Bench, openBench, responder } from '../actions/bench.ts';
import { capture } from './capture.ts';

describe('cordon release', () => {
  let bench: Bench;
  let cases = '';
  beforeAll(async () => {
    bench = await openBench();
    cases = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
  });
  afterAll(async () => {
    await bench.close();
    await rm(cases, { recursive: true });
  });
  const flags = () => ({ simulator: bench.simulator.url, cases });
  const id = '2026-11-23-web01';
  const release = async (more: Record<string, string> = {}) => {
    const { out, err, streams } = capture();
    const code = await releaseCase(id, { ...flags(), ...more }, streams);
    return { code, out: out(), err: err() };
  };
  const named = async (type: string) =>
    (await bench.world()).resources
      .filter((one) => String(one.type).toLowerCase().endsWith(type) && String(one.name).startsWith('cordon-'))
      .map(({ name }) => String(name));

  it('lists, changes nothing without the name, undoes all with it, and says what evidence stays', async () => {
    const acting = { ...flags(), vm: 'web01', yes: true, confirm: 'web01', case: id };
    const { case: _, ...first } = acting;
    for (const [playbook, given] of [
      ['snapshot-disks', { ...first, restorePoint: true }],
      ['lock-nsg', acting],
    ] as const) {
      const { out, err, streams } = capture();
      expect(await runPlaybook(playbook, given, streams), `${playbook}: ${out()}${err()}`).toBe(0);
    }
    await bench.begin();
    const listed = await release();
    expect(listed.err).toMatch(/Nothing was changed.*--confirm web01/);
    expect(listed.out).toMatch(/lock \(lock-nsg\)[\s\S]*snapshot \(snapshot-disks\)/);
    await expect(release({ confirm: 'web02' })).rejects.toThrow(/not the VM's name: web01/);
    expect(bench.mutations()).toEqual([]);

    const done = await release({ confirm: 'web01' });
    expect(done.out).toMatch(/nothing of it is in force any more/);
    expect(done.out).toMatch(/evidence that stays: snapshot cordon-.*, restore point collection cordon-/);
    expect(done.code).toBe(0);
    expect(await named('networksecuritygroups')).toEqual([]);
    expect((await named('snapshots')).length).toBeGreaterThan(0);

    const again = await release({ confirm: 'web01' });
    expect(again.code).toBe(0);
  });

  it('does not say that nothing is in force where it could not look', async () => {
    await bench.faults([
      {
        match: { method: 'GET', path: '/networkSecurityGroups\\?' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const { code, out } = await release({ confirm: 'web01' });
    expect(out).toMatch(/Not seen: security group: 403 AuthorizationFailed/);
    expect(code).toBe(5);
  });

  it('looks at every VM of the case, and where its evidence went', async () => {
    await bench.begin();
    const sub = bench.target('dev-web').subscriptionId;
    const flagsOf = { ...flags(), yes: true, confirm: '2', allow: responder };
    const seen = capture();
    expect(await runOn('lock-nsg', ['web02', 'dev-web'], flagsOf, seen.streams), seen.err()).toBe(0);
    const [of] = /\d{4}-\d\d-\d\d-web02[\w-]*/.exec(seen.err()) ?? [];
    // The undo of the second VM leaves its group behind.
    await bench.faults([
      {
        match: { method: 'DELETE', path: `/subscriptions/${sub}/.*networkSecurityGroups/cordon-.*dev-web` },
        effect: { status: 409, code: 'ScopeLocked', message: 'x' },
      },
    ]);
    const { out, streams } = capture();
    const code = await releaseCase(of ?? '', { ...flags(), confirm: 'web02' }, streams);
    await bench.faults([]);
    expect(out()).toMatch(/STILL in force: security group cordon-\S*/);
    expect(code).toBe(5);
    const again = capture();
    expect(await releaseCase(of ?? '', { ...flags(), confirm: 'web02' }, again.streams)).toBe(0);
    expect(again.out()).toMatch(/nothing of it is in force any more at web02, dev-web/);
  });
});

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { approvalOfRuns, readApproved } from '../../src/commands/approved-plan.ts';
import { makeRun, noLog, type RunOptions, runPlaybook } from '../../src/commands/run.ts';
import { runSeveral } from '../../src/commands/run-several.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import { loadPlaybooks, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { caseLogOf } from '../../src/session/playbooks/playbook-shelf.ts';
import { agreeing, type Bench, openBench, openGate, responder } from '../actions/bench.ts';
import { canonical } from './canonical.ts';
import { capture } from './capture.ts';

describe('an approval is bound to all that a plan depends on', () => {
  let bench: Bench;
  let cases = '';
  let playbooks: Map<string, Playbook>;
  beforeAll(async () => {
    bench = await openBench();
    cases = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
    const shelf = await loadPlaybooks(await playbookFolders(), createActions(bench.connection));
    playbooks = new Map(shelf.playbooks.map(({ playbook }) => [playbook.name, playbook]));
  });
  beforeEach(() => bench.begin());
  afterAll(async () => {
    await bench.close();
    await rm(cases, { recursive: true });
  });

  const playbook = (name: string): Playbook => {
    const found = playbooks.get(name);
    if (found === undefined) throw new Error(`no playbook ${name}`);
    return found;
  };
  const parts = (name: string, responderAddress = responder) => ({
    playbook: playbook(name),
    actions: createActions(bench.connection),
    responderAddress,
    now: () => bench.simulator.now(),
    onInterrupt: () => () => undefined,
  });
  const openCase = async () => {
    const { id, name, subscriptionId } = bench.target('web01');
    const file = await openCaseStore(cases, { now: () => bench.simulator.now() }).create({
      vmName: name,
      header: {
        toolVersion: '0',
        tenantId: '',
        subscriptionId,
        operator: { upn: 'anna@contoso.com', oid: '' },
        demo: true,
        cloud: 'public',
        vm: { id, name },
      },
    });
    return { file, log: caseLogOf({ id: file.id, file, actor: 'anna@contoso.com' }, () => bench.simulator.now()) };
  };
  /** The end of `cordon run NAME --vm web01`, and the case that it wrote. */
  const run = async (name: string, options: RunOptions, address?: string) => {
    const { out, err, streams } = capture();
    let transcript = '';
    const code = await runPlaybook(
      options,
      {
        ...parts(name, address),
        target: bench.target('web01'),
        async openCase() {
          const { file, log } = await openCase();
          transcript = file.file;
          return { log, close: () => file.close() };
        },
      },
      streams,
    );
    const lines = transcript === '' ? [] : (await readFile(transcript, 'utf8')).trimEnd().split('\n');
    return { code, out: out(), err: err(), entries: lines.map((line): Entry => JSON.parse(line)) };
  };
  const planned = async (name: string, options: RunOptions = {}, address?: string) => {
    const { out } = await run(name, { ...options, dryRun: true, json: true }, address);
    return JSON.parse(out).approval;
  };

  it('each playbook has the same digest in another case and at another time, as long as nothing is changed', async () => {
    const digests = async (caseId: string) => {
      const found: [string, string][] = [];
      for (const name of playbooks.keys()) {
        const target = bench.target('web01');
        const run = makeRun({}, parts(name), target, noLog({ now: () => bench.simulator.now(), target, caseId }));
        await run.plan();
        found.push([name, approvalOfRuns({ ...parts(name), reason: '' }, [{ target, run }]).digest]);
      }
      return Object.fromEntries(found);
    };
    const first = await digests('2026-11-23-web01');
    await bench.skip(61);
    expect(await digests('2026-11-24-another-case-with-a-longer-name')).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(playbooks.size);
  });

  it('is the SHA-256 of the canonical JSON that stands beside it', async () => {
    const { digest, over } = await planned('lock-nsg');
    expect(createHash('sha256').update(canonical(over)).digest('hex')).toBe(digest);
    const text = await run('lock-nsg', { dryRun: true });
    expect(text.out).toContain(`--approve ${digest}`);
  });

  it('depends on the playbook, its options, where the responder comes from, and the reason', async () => {
    const { digest } = await planned('lock-nsg');
    const others = [
      await planned('lock-nsg', { reason: 'as agreed' }),
      await planned('lock-nsg', {}, '198.51.100.21'),
      await planned('contain-brute-force'),
    ];
    const [first] = playbook('lock-nsg').steps;
    if (first?.with) {
      playbooks.set('lock-nsg', {
        ...playbook('lock-nsg'),
        steps: playbook('lock-nsg').steps.map((step) =>
          step.uses === 'nsg.lock' ? { ...step, with: { ...step.with, denyOutbound: true } } : step,
        ),
      });
      others.push(await planned('lock-nsg'));
    }
    expect(new Set([digest, ...others.map((one) => one.digest)]).size).toBe(others.length + 1);
  });

  it('runs what was approved, and the digest is in the case', async () => {
    const { digest } = await planned('snapshot-disks');
    const approved = await readApproved(digest.toUpperCase());
    const { code, entries, err, out } = await run('snapshot-disks', { approved, yes: true });
    expect(code, out + err).toBe(0);
    const note = entries.find(({ kind, body }) => kind === 'note' && body.approved === digest);
    expect(note?.body.evidence).toMatchObject({ file: expect.stringContaining('approved-plan') });
    expect(entries.find(({ kind }) => kind === 'confirm')?.body.approved).toBe(digest);
    expect(entries.find(({ kind }) => kind === 'plan')?.body.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has the whole plan in the case where no approval was demanded too, and says so', async () => {
    const { digest } = await planned('deallocate');
    const { entries } = await run('deallocate', { confirm: 'web01' });
    const note = entries.find(({ kind, body }) => kind === 'note' && body.plan === digest);
    expect(note?.body).toMatchObject({ text: `The whole plan: ${digest}. Its approval was not demanded` });
    expect(note?.body.approved).toBeUndefined();
    expect(entries.find(({ kind }) => kind === 'confirm')?.body).toMatchObject({ plan: digest, typed: 'web01' });
  });

  it('changes nothing where something was changed since, and says what, by the plan’s file', async () => {
    const approval = await planned('remove-public-ip');
    const file = join(cases, 'plan.json');
    await writeFile(file, JSON.stringify({ schema: 'cordon.plan/1', approval }));
    const nic = `${bench.target('web01').id.split('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces/web01-nic`;
    await touch(nic);
    await bench.begin();
    const consent = { confirm: 'web01' };
    await expect(run('remove-public-ip', { approved: await readApproved(file), ...consent })).rejects.toThrow(
      /nothing was done: the plan is not the one that was approved[\s\S]*state\.interfaces\.0\.etag: .* → /,
    );
    await expect(
      run('remove-public-ip', { approved: await readApproved(approval.digest), ...consent }),
    ).rejects.toThrow(/It is [0-9a-f]{64} now/);
    expect(bench.mutations()).toEqual([]);
  });

  it('stops at a step that is another by its turn than it was approved', async () => {
    const target = bench.target('web01');
    const first = makeRun({}, parts('remove-public-ip'), target, noLog({ now: () => bench.simulator.now(), target }));
    await first.plan();
    const { file, log } = await openCase();
    const steps = first.toApprove();
    await touch(`${target.id.split('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces/web01-nic`);
    await bench.begin();
    const late = makeRun({ confirm: 'web01' }, parts('remove-public-ip'), target, log, {
      approved: { digest: 'a'.repeat(64), steps },
    });
    const view = await agreeing(late).start();
    await file.close();
    expect(view.outcome).toBe('failed');
    expect(view.summary).toMatch(/This is not the plan that was approved: .*state\.interfaces\.0\.etag/);
    expect(bench.mutations()).toEqual([]);
  });

  it('is one for several VMs, and refuses other ones', async () => {
    const several = async (options: RunOptions, names: string[]) => {
      const { out, err, streams } = capture();
      const code = await runSeveral(
        options,
        {
          ...parts('revoke-disk-links'),
          targets: names.map((name) => bench.target(name)),
          openCase: () => Promise.reject(new Error('the case was opened')),
        },
        streams,
      );
      return { code, out: out(), err: err() };
    };
    const { out } = await several({ dryRun: true, json: true }, ['web01', 'web02']);
    const { digest } = JSON.parse(out).approval;
    const approved = await readApproved(digest);
    const consent = { yes: true, confirm: '2', approved };
    await expect(several(consent, ['web01', 'web02'])).rejects.toThrow('the case was opened');
    await expect(several(consent, ['web01', 'file01'])).rejects.toThrow(/not the one that was approved/);
  });

  it('takes no file that was changed or is none', async () => {
    const approval = await planned('assess-patches');
    const file = join(cases, 'changed.json');
    const forged = { ...approval, over: { ...approval.over, reason: 'another' } };
    for (const [text, because] of [
      [JSON.stringify({ approval: forged }), /its digest is not that of its content/],
      ['{}', /holds no approval/],
      ['{', /not JSON/],
    ] as const) {
      await writeFile(file, text);
      await expect(readApproved(file)).rejects.toThrow(because);
    }
    await expect(readApproved('abc')).rejects.toThrow(/64 hexadecimal digits.*no such file/);
  });

  /** Somebody else changes the resource: its etag is another then. */
  async function touch(id: string) {
    const { body } = await bench.connection.get(`${id}?api-version=2024-05-01`);
    await bench.connection.changing(openGate, () =>
      bench.connection.change('PUT', `${id}?api-version=2024-05-01`, {
        ...body,
        tags: { touched: String(bench.simulator.now().getTime()) },
      }),
    );
  }
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { keptPorts } from '../../src/commands/azure-ports.ts';
import { runPlaybook, undoCase } from '../../src/commands/run-headless.ts';
import { settleOpenIntents } from '../../src/commands/settle-open-intents.ts';
import { planDocument, runDocument } from '../../src/documents/run.ts';
import type { Entry, EntryKind } from '../../src/documents/transcript.ts';
import { Failure } from '../../src/failure.ts';
import type { CaseLog } from '../../src/playbook/case-log.ts';
import { type Bench, openBench, openGate } from '../actions/bench.ts';
import { capture } from './capture.ts';

describe('cordon run and cordon undo', () => {
  let bench: Bench;
  let cases = '';
  beforeAll(async () => {
    bench = await openBench();
  });
  beforeEach(async () => {
    await bench.begin();
    cases = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
  });
  afterEach(() => rm(cases, { recursive: true }));
  afterAll(() => bench.close());

  const base = () => ({ simulator: bench.simulator.url, cases, json: true });
  const run = async (playbook: string, flags: { vm: string } & Record<string, unknown>) => {
    const seen = capture();
    const code = await runPlaybook(playbook, { ...base(), ...flags }, seen.streams);
    return { code, document: JSON.parse(seen.out()), err: seen.err() };
  };
  const undo = async (id: string, flags: Record<string, unknown> = {}) => {
    const seen = capture();
    const code = await undoCase(id, { ...base(), ...flags }, seen.streams);
    return { code, document: JSON.parse(seen.out()), err: seen.err() };
  };
  const entriesOf = async (id: string) => {
    const entries: Entry[] = [];
    for await (const entry of (await openCaseStore(cases).read(id)).entries()) entries.push(entry);
    return entries;
  };
  const groupOf = async (nic: string) => {
    const found = await bench.resource('Microsoft.Network/networkInterfaces', nic);
    return String(Reflect.get(Object(Reflect.get(Object(found?.properties), 'networkSecurityGroup')), 'id') ?? '');
  };
  /** Every change that the simulator made is in the transcript, before its outcome. */
  const agreement = async (id: string) => {
    const entries = await entriesOf(id);
    for (const mutation of bench.mutations()) {
      const intent = entries.find(
        (one) => one.kind === 'intent' && one.body.clientRequestId === mutation.clientRequestId,
      );
      expect(intent, `${mutation.method} ${mutation.path}`).toBeDefined();
      const outcome = entries.find((one) => one.kind === 'outcome' && one.body.intent === intent?.body.id);
      expect(outcome?.seq ?? 0).toBeGreaterThan(intent?.seq ?? 0);
    }
    expect((await (await openCaseStore(cases).read(id)).verify()).ok).toBe(true);
  };

  it('prints a plan and sends nothing but reads', async () => {
    const { code, document } = await run('contain-brute-force', { vm: 'web01', dryRun: true });
    expect(code).toBe(0);
    expect(planDocument.safeParse(document).error).toBeUndefined();
    expect(bench.mutations()).toEqual([]);
    expect(await openCaseStore(cases).list()).toEqual([]);
  });

  it('does nothing that was not confirmed', async () => {
    for (const flags of [{}, { yes: true }, { confirm: 'web02' }, { confirm: 'WEB01' }]) {
      await expect(run('lock-nsg', { vm: 'web01', ...flags })).rejects.toMatchObject({ name: 'Failure', exitCode: 2 });
    }
    await expect(run('snapshot-disks', { vm: 'web01', confirm: 'web01' })).rejects.toThrow('--yes');
    await expect(run('lock-nsg', { vm: 'web01', confirm: 'web01', readOnly: true })).rejects.toMatchObject({
      exitCode: 3,
    });
    expect(bench.mutations()).toEqual([]);
  });

  it('locks, lists what can be undone, and undoes it in another process', async () => {
    const before = await groupOf('web01-nic');
    const { code, document } = await run('lock-nsg', { vm: 'web01', confirm: 'web01', reason: 'guessing' });
    expect(code).toBe(0);
    const read = runDocument.parse(document);
    expect(read.steps.map((step) => step.outcome)).toEqual(['done', 'done']);
    expect(await groupOf('web01-nic')).not.toBe(before);

    const listed = await undo(read.case);
    expect(listed.code).toBe(0);
    expect(listed.document.steps).toMatchObject([{ step: 'lock', undoable: 'yes', outcome: 'not-asked' }]);
    expect(await groupOf('web01-nic')).not.toBe(before);

    const undone = await undo(read.case, { yes: true });
    expect(undone.document.steps).toMatchObject([{ step: 'lock', outcome: 'undone' }]);
    expect(undone.code).toBe(0);
    expect(await groupOf('web01-nic')).toBe(before);
    expect((await undo(read.case)).document.steps).toEqual([]);
    await agreement(read.case);
    const confirm = (await entriesOf(read.case)).find((one) => one.kind === 'confirm');
    expect(confirm?.body).toMatchObject({ step: 'lock', level: 'disruptive', typed: 'web01', reason: 'guessing' });
  });

  it('ends a dry run as the run would end: 3 where it is not permitted, 5 where it cannot be done', async () => {
    expect((await run('lock-nsg', { vm: 'pay01', dryRun: true })).code).toBe(3);
    const shutOut = await run('lock-nsg', { vm: 'edge01', dryRun: true });
    expect(shutOut.code).toBe(5);
    expect(JSON.stringify(shutOut.document)).toContain('edge-subnet-nsg/deny-internet (200)');
    expect((await run('lock-nsg', { vm: 'edge01', dryRun: true, wayIn: 'told' })).code).toBe(0);
    expect(await openCaseStore(cases).list()).toEqual([]);
  });

  it('takes no address that would leave the lock open, or that no person has', async () => {
    for (const allow of ['0.0.0.0/0', '20.0.0.0/8', '::/0', '127.0.0.1', '169.254.169.254', 'fe80::1%eth0', 'web01']) {
      const given = run('lock-nsg', { vm: 'web01', confirm: 'web01', allow });
      await expect(given, allow).rejects.toMatchObject({ name: 'Failure', exitCode: 2 });
    }
    expect(bench.mutations()).toEqual([]);
  });

  it('lifts the lock of another case from Azure alone, and enters that into a case of its own', async () => {
    const before = await groupOf('web02-nic');
    const first = await run('lock-nsg', { vm: 'web02', confirm: 'web02' });
    expect(first.code, first.err).toBe(0);
    const theirs = runDocument.parse(first.document).case;
    const elsewhere = await mkdtemp(join(tmpdir(), 'cordon-other-host-'));
    const lift = async (flags: Record<string, unknown>) => {
      const seen = capture();
      const code = await undoCase(undefined, { ...base(), cases: elsewhere, vm: 'web02', ...flags }, seen.streams);
      return { code, document: JSON.parse(seen.out()), err: seen.err() };
    };
    const listed = await lift({});
    expect(listed.code).toBe(0);
    expect(listed.err).toMatch(new RegExp(`locked by \\S+ since \\S+Z, case ${theirs}`));
    expect(await groupOf('web02-nic')).not.toBe(before);
    const lifted = await lift({ yes: true });
    expect(lifted.code, JSON.stringify(lifted.document)).toBe(0);
    expect(lifted.document.steps[0].text).toContain('OPEN to the Internet now');
    expect(await groupOf('web02-nic')).toBe(before);
    const [own] = await openCaseStore(elsewhere).list();
    expect(own?.id).not.toBe(theirs);
    expect((await (await openCaseStore(elsewhere).read(own?.id ?? '')).verify()).ok).toBe(true);
    // The responder who locked finds nothing left to do.
    expect((await undo(theirs, { yes: true })).code).toBe(0);
    await rm(elsewhere, { recursive: true });
    for (const [id, flags] of [
      [undefined, {}],
      [theirs, { vm: 'web02' }],
    ] as const) {
      await expect(undoCase(id, { ...base(), ...flags }, capture().streams)).rejects.toMatchObject({ exitCode: 2 });
    }
  });

  it.each(['the same case', 'another host'])(
    'the workbench undoes the lock of an earlier process, of %s',
    async (whose) => {
      const before = await groupOf('web02-nic');
      const locked = await run('lock-nsg', { vm: 'web02', confirm: 'web02' });
      const theirs = runDocument.parse(locked.document).case;
      expect(await groupOf('web02-nic')).not.toBe(before);
      const root = whose === 'the same case' ? cases : await mkdtemp(join(tmpdir(), 'cordon-other-host-'));
      const { connection } = bench;
      const ports = await keptPorts({ cases: root }, connection);
      const vm = await resolveVm(connection, 'web02');
      const openCase = await ports.cases.open(vm);
      expect(openCase.id === theirs).toBe(whose === 'the same case');
      const earlier = await ports.playbooks.earlierLocks(vm, openCase);
      const [step] = earlier?.view().steps ?? [];
      expect(step).toMatchObject({ action: 'nsg.lock', danger: 'disruptive', undoable: true });
      expect(step?.verified?.text).toMatch(new RegExp(`^locked by \\S+ since \\S+Z, case ${theirs}`));
      const undone = await earlier?.undo();
      expect(undone?.outcome, undone?.summary).toBe('undone');
      expect(undone?.summary).toContain('OPEN to the Internet now');
      expect(await groupOf('web02-nic')).toBe(before);
      expect(await ports.playbooks.earlierLocks(vm, openCase)).toBeNull();
      expect(openCase.entries().filter(({ kind }) => kind === 'confirm' || kind === 'undo')).not.toEqual([]);
      await openCase.close();
      expect((await (await openCaseStore(root).read(openCase.id)).verify()).ok).toBe(true);
      if (root !== cases) await rm(root, { recursive: true });
    },
  );

  it('finds that somebody has put another group there, and leaves it', async () => {
    const { document } = await run('lock-nsg', { vm: 'sql01', confirm: 'sql01' });
    const nic = await bench.resource('Microsoft.Network/networkInterfaces', 'sql01-nic');
    const target = bench.target('sql01');
    const client = await bench.connection.network(target.subscriptionId);
    await bench.connection.changing(openGate, async () => {
      const now = await client.networkInterfaces.get(target.resourceGroup, String(nic?.name));
      const { networkSecurityGroup: _, ...rest } = now;
      await client.networkInterfaces.createOrUpdate(target.resourceGroup, String(nic?.name), rest);
    });
    const undone = await undo(document.case, { yes: true });
    expect(undone.code).toBe(5);
    expect(undone.document.steps[0].text).toContain('no group by now');
    expect(await groupOf('sql01-nic')).toBe('');
  });

  it('deletes evidence only when its step is named and the VM is', async () => {
    const { document } = await run('snapshot-disks', { vm: 'jump01', yes: true });
    const taken = async () =>
      (await bench.world()).resources.filter((one) => Reflect.get(Object(one.tags), 'cordon-case') === document.case)
        .length;
    expect(await taken()).toBe(1);
    expect((await undo(document.case, { yes: true })).document.steps).toMatchObject([
      { undoable: 'confirm', outcome: 'not-asked' },
    ]);
    await expect(undo(document.case, { step: 'snapshot', confirm: 'web01' })).rejects.toBeInstanceOf(Failure);
    await expect(undo(document.case, { step: 'lock', yes: true })).rejects.toThrow('known are snapshot');
    expect(await taken()).toBe(1);
    const undone = await undo(document.case, { step: 'snapshot', confirm: 'jump01' });
    expect(undone.document.steps).toMatchObject([{ outcome: 'undone' }]);
    expect(await taken()).toBe(0);
    await agreement(document.case);
  });

  it('tells by its exit code how it ended', async () => {
    expect((await run('lock-nsg', { vm: 'pay01', confirm: 'pay01' })).code).toBe(3);
    expect((await run('trigger-backup', { vm: 'lin-build', yes: true })).code).toBe(5);
    const fault = {
      match: { method: 'PUT' as const, path: '/networkInterfaces/' },
      effect: { status: 400, code: 'Bad', message: 'No.' },
    };
    await bench.faults([{ ...fault, times: 1 }]);
    const undone = await run('lock-nsg', { vm: 'app03', confirm: 'app03' });
    expect(undone.code).toBe(4);
    expect(undone.document.steps[0].outcome).toBe('undone');
    await agreement(undone.document.case);
    await bench.faults([]);
    await bench.faults([{ ...fault, after: 1 }]);
    expect((await run('lock-nsg', { vm: 'gate01', confirm: 'gate01' })).code).toBe(5);
    await bench.faults([]);
    await bench.faults([
      {
        match: { method: 'PUT', path: '/networkSecurityGroups/' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'No.' },
      },
    ]);
    expect((await run('lock-nsg', { vm: 'mail01', confirm: 'mail01' })).code).toBe(3);
  });

  it('undoes what was done half way before the process ended', async () => {
    const before = await groupOf('edge01-nic');
    await bench.faults([
      {
        match: { method: 'GET', path: '/networkSecurityGroups/' },
        after: 2,
        effect: { status: 400, code: 'Broken', message: 'No.' },
      },
    ]);
    const ran = await run('lock-nsg', { vm: 'edge01', confirm: 'edge01' });
    expect(ran.code).not.toBe(0);
    await bench.faults([]);
    const undone = await undo(ran.document.case, { yes: true });
    expect(undone.code).toBe(0);
    expect(await groupOf('edge01-nic')).toBe(before);
    const { resources } = await bench.world();
    expect(resources.filter((one) => String(one.name) === `cordon-${ran.document.case}`)).toEqual([]);
  });

  it('names the operations that go on in Azure when it is interrupted', async () => {
    await bench.faults([{ match: { method: 'PUT', path: '/networkInterfaces/' }, effect: { hangOperation: true } }]);
    const seen = capture();
    const running = runPlaybook('lock-nsg', { ...base(), vm: 'print01', confirm: 'print01' }, seen.streams);
    await bench.until(() => bench.mutations().some((one) => /networkInterfaces/i.test(one.path)));
    // The answer of the change must have come back before it counts as running.
    await bench.until(async () => {
      const folder = (await readdir(cases)).find((name) => name.startsWith('2026-11-23-print01')) ?? '';
      const text = await readFile(join(cases, folder, 'transcript.jsonl'), 'utf8');
      return (
        text.split('\n').filter((line) => line.includes('"result":"accepted"') && line.includes('"kind":"outcome"'))
          .length >= 2
      );
    });
    process.emit('SIGINT');
    expect(await running).toBe(5);
    expect(seen.err()).toContain('still running in Azure: PUT');
    const entries = await entriesOf('2026-11-23-print01');
    expect(entries.some((one) => one.kind === 'error' && String(one.body.text).includes('still running'))).toBe(true);
    expect(entries.at(-1)?.kind).toBe('close');
  });

  it('asks Azure what became of an intent that a crash left open', async () => {
    const file = await openCaseStore(cases, { now: () => bench.simulator.now() }).create({
      vmName: 'kiosk01',
      header: {
        toolVersion: 'test',
        tenantId: '',
        subscriptionId: '',
        operator: { upn: 'anna', oid: '' },
        demo: true,
        cloud: 'public',
        vm: { id: bench.target('kiosk01').id, name: 'kiosk01' },
      },
    });
    const { id: vmId } = bench.target('kiosk01');
    const url = `https://management.azure.com${vmId.split('/providers/')[0]}/providers/Microsoft.Network/networkSecurityGroups/cordon-lost?api-version=2026-01-01`;
    await file.transcript.append('intent', 'anna', {
      id: 'i-1',
      action: 'nsg.lock',
      step: 'lock',
      request: { method: 'PUT', url, apiVersion: '2026-01-01', body: { tags: { 'cordon-case': file.id } } },
      clientRequestId: 'c-1',
    });
    await file.release();
    const again = await openCaseStore(cases, { now: () => bench.simulator.now() }).open(file.id);
    const log: CaseLog = {
      caseId: again.id,
      append: (kind, body) => again.transcript.append(kind, 'anna', body as never),
      keep: (name, document) => again.evidence.writeJson(name, document),
    };
    const seen = capture();
    await settleOpenIntents(again, log, bench.connection, seen.streams.stderr);
    expect(seen.err()).toContain('it was not done');
    expect(await again.openIntents()).toEqual([]);
    await again.close();
    const outcome = (await entriesOf(file.id)).find((one) => one.kind === 'outcome' && one.body.intent === 'i-1');
    expect(outcome?.body).toMatchObject({ ok: false });
  });

  const lost = async (at: Date, entries: (name: string, url: string) => [EntryKind, Record<string, unknown>][]) => {
    const store = openCaseStore(cases, { now: () => at });
    const vm = { id: bench.target('kiosk01').id, name: 'kiosk01' };
    const header = { toolVersion: 't', tenantId: '', subscriptionId: '', operator: { upn: 'anna', oid: '' } };
    const file = await store.create({ vmName: 'kiosk01', at, header: { ...header, demo: true, cloud: 'public', vm } });
    const name = `cordon-${file.id}`;
    const url = `https://management.azure.com${vm.id.split('/providers/')[0]}/providers/Microsoft.Network/networkSecurityGroups/${name}?api-version=2026-01-01`;
    for (const [kind, body] of entries(name, url)) await file.transcript.append(kind, 'anna', body as never);
    await file.release();
    return file.id;
  };
  const intent = (id: string, method: string, url: string) => ({
    id,
    action: 'nsg.lock',
    step: 'lock',
    request: { method, url, apiVersion: '2026-01-01', body: { tags: { a: 'b' } } },
    clientRequestId: `c-${id}`,
  });
  const settled = async (id: string) =>
    (await entriesOf(id)).findLast((one) => one.kind === 'outcome' && one.body.intent === 'put')?.body;

  it('settles what yesterday’s case left open when today’s begins', async () => {
    const yesterday = new Date(bench.simulator.now().getTime() - 86_400_000);
    const id = await lost(yesterday, (_, url) => [['intent', intent('put', 'PUT', url)]]);
    const { err } = await run('snapshot-disks', { vm: 'kiosk01', yes: true });
    expect(err).toContain(`case ${id}: left open by an earlier run`);
    expect(await settled(id)).toMatchObject({ ok: false, askedLater: true });
    expect((await (await openCaseStore(cases).read(id)).verify()).ok).toBe(true);
  });

  it('does not say "not done" of what it deleted itself since', async () => {
    for (const [status, expected] of [
      [202, { ok: true }],
      [204, { ok: null, superseded: true }],
    ] as const) {
      const id = await lost(bench.simulator.now(), (_, url) => [
        ['intent', intent('put', 'PUT', url)],
        ['intent', intent('delete', 'DELETE', url)],
        ['outcome', { intent: 'delete', status, ok: true, requestId: '', correlationId: '', durationSeconds: 0 }],
      ]);
      await expect(run('snapshot-disks', { vm: 'kiosk01', yes: true, case: id })).resolves.toBeDefined();
      expect(await settled(id)).toMatchObject(expected);
      const store = openCaseStore(cases, { now: () => bench.simulator.now() });
      const again = await store.open(id);
      expect(await again.openIntents()).toEqual([]);
      await again.close();
    }
  });

  it('names the state and the next command when a run needs attention, and a step that cannot be undone', async () => {
    await bench.faults([
      {
        match: { method: 'POST', path: '/assessPatches' },
        effect: { failOperation: { code: 'Internal', message: 'x' } },
      },
    ]);
    const { code, document, err } = await run('assess-patches', { vm: 'app03', yes: true });
    await bench.faults([]);
    expect(code).toBe(5);
    expect(err).toContain('may be in force in part');
    expect(err).toContain(`cordon undo ${document.case} --yes`);
    const step = document.steps.find((one: { changes: unknown[] }) => one.changes.length > 0).id;
    await expect(undo(document.case, { step, yes: true })).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('cannot be undone'),
    });
  });

  it('says what a snapshot takes to be deleted, instead of doing nothing in silence', async () => {
    const { document } = await run('snapshot-disks', { vm: 'jump01', yes: true });
    await expect(undo(document.case, { step: 'snapshot', yes: true })).rejects.toThrow(
      '--step snapshot --confirm jump01',
    );
  });
});

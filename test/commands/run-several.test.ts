import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { runOn, undoCase } from '../../src/commands/run-headless.ts';
import { plansDocument, runsDocument } from '../../src/documents/run.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { atOnce, eachBounded } from '../../src/playbook/each-bounded.ts';
import { type Bench, openBench, responder } from '../actions/bench.ts';
import { capture } from './capture.ts';

describe('cordon run on several VMs', () => {
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

  const run = async (vms: string[], flags: Record<string, unknown>) => {
    const seen = capture();
    const base = { simulator: bench.simulator.url, cases, json: true, allow: responder };
    const code = await runOn('lock-nsg', vms, { ...base, ...flags }, seen.streams);
    return { code, document: JSON.parse(seen.out()), err: seen.err() };
  };
  const groupOf = async (nic: string) => {
    const found = await bench.resource('Microsoft.Network/networkInterfaces', nic);
    return String(Reflect.get(Object(Reflect.get(Object(found?.properties), 'networkSecurityGroup')), 'id') ?? '');
  };

  it('plans all on one page, and takes nothing but their number for an answer', async () => {
    const { code, document } = await run(['web01', 'web02', 'web01'], { dryRun: true });
    expect(code).toBe(0);
    expect(plansDocument.parse(document).plans.map(({ vm }) => vm.name)).toEqual(['web01', 'web02']);
    for (const flags of [{ yes: true }, { confirm: 'web01' }, { confirm: '2', readOnly: true }]) {
      await expect(run(['web01', 'web02'], flags)).rejects.toMatchObject({ name: 'Failure' });
    }
    expect(bench.mutations()).toEqual([]);
  });

  it('locks them in one case, names the one that fails and undoes it alone; undo puts the others back', async () => {
    const before = await Promise.all(['web01-nic', 'web02-nic'].map(groupOf));
    const path = '/networkInterfaces/web02-nic';
    await bench.faults([{ match: { method: 'PUT', path }, effect: { status: 400, code: 'Broken', message: 'no' } }]);
    const { code, document, err } = await run(['web02', 'web01'], { confirm: '2', reason: 'one intruder' });
    await bench.faults([]);
    const read = runsDocument.parse(document);
    expect(read.runs.map(({ vm, steps }) => `${vm.name} ${steps[0]?.outcome}`)).toEqual(['web02 undone', 'web01 done']);
    expect(code).toBe(4);
    expect(err).toMatch(/✗ web02: .*Broken/);
    expect(err).toContain('1 of 2 VMs done');
    const locked = await Promise.all(['web01-nic', 'web02-nic'].map(groupOf));
    expect(locked.map((group, at) => group !== before[at])).toEqual([true, false]);

    const reader = await openCaseStore(cases).read(read.case);
    const entries: Entry[] = [];
    for await (const entry of reader.entries()) entries.push(entry);
    expect((await reader.verify()).ok).toBe(true);
    const named = (kind: string) =>
      entries.filter((one) => one.kind === kind).map(({ body }) => String(Reflect.get(Object(body.vm), 'name')));
    expect(named('confirm').toSorted()).toEqual(['web01', 'web02']);
    expect(entries.find(({ kind }) => kind === 'confirm')?.body).toMatchObject({ typed: '2', reason: 'one intruder' });
    // Every change has its intent, with its VM, and its outcome.
    for (const { clientRequestId, path: changed } of bench.mutations()) {
      const intent = entries.find(({ kind, body }) => kind === 'intent' && body.clientRequestId === clientRequestId);
      expect(changed).toContain(String(Reflect.get(Object(intent?.body.vm), 'name')));
      expect(entries.some(({ kind, body }) => kind === 'outcome' && body.intent === intent?.body.id)).toBe(true);
    }
    // Readings before and after are entered under each VM's own name.
    const conclusions = entries.filter(({ kind, body }) => kind === 'fact' && body.name === 'conclusion');
    expect(conclusions.map(({ body }) => String(Reflect.get(Object(body.vm), 'name'))).toSorted()).toEqual(
      ['web01', 'web02'].flatMap((name) => [name, name]),
    );

    const { out, streams } = capture();
    const flags = { simulator: bench.simulator.url, cases, json: true, yes: true };
    expect(await undoCase(read.case, flags, streams)).toBe(0);
    expect(
      JSON.parse(out())
        .steps.map((one: { vm: { name: string } }) => one.vm.name)
        .toSorted(),
    ).toEqual(['web01']);
    expect(await Promise.all(['web01-nic', 'web02-nic'].map(groupOf))).toEqual(before);
  });

  it('undoes them together and says of each VM how it went: one that somebody changed keeps no other', async () => {
    const planned = plansDocument.parse((await run(['web01', 'web02'], { dryRun: true })).document);
    const { document } = await run(['web01', 'web02'], { confirm: '2' });
    // Confirmed beforehand, the whole plan is entered as each was planned in its turn: here that of the dry run.
    const { case: id } = runsDocument.parse(document);
    const entered: unknown[] = [];
    for await (const { body } of (await openCaseStore(cases).read(id)).entries()) entered.push(body.plan);
    expect(entered.filter((plan) => typeof plan === 'string')).toEqual([planned.approval?.digest]);
    const caseId = runsDocument.parse(document).case;
    const path = '/networkInterfaces/web02-nic';
    const refused = { status: 400, code: 'Broken', message: 'no' };
    await bench.faults([{ match: { method: 'PUT', path }, effect: refused }]);
    const undo = async (more: Record<string, unknown>) => {
      const { out, err, streams } = capture();
      const code = await undoCase(caseId, { simulator: bench.simulator.url, cases, json: true, ...more }, streams);
      return { code, err: err(), steps: JSON.parse(out()).steps };
    };
    const first = await undo({ yes: true, reason: 'false alarm' });
    await bench.faults([]);
    expect(first.code).toBe(5);
    expect(first.err).toContain('1 of 2 VMs undone; not whole: web02');
    const outcomes = first.steps.map((one: { vm: { name: string }; outcome: string }) => [one.vm.name, one.outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({ web01: 'undone', web02: 'failed' });
    expect((await undo({ yes: true })).code).toBe(0);
    const reader = await openCaseStore(cases).read(caseId);
    const undone: string[] = [];
    for await (const { kind, body } of reader.entries()) {
      if (kind === 'verify' && body.undo === true) undone.push(`${Reflect.get(Object(body.vm), 'name')} ${body.ok}`);
    }
    expect(undone.toSorted()).toEqual(['web01 true', 'web02 false', 'web02 true']);
  });

  it('asks once for what is the same for all VMs', async () => {
    const traffic = join(cases, 'traffic.jsonl');
    await run(['web01', 'web02', 'web03'], { dryRun: true, traffic });
    const lines = (await readFile(traffic, 'utf8')).trim().split('\n');
    const paths = lines.flatMap((line) => {
      const { method, url } = JSON.parse(line).request;
      return method === 'GET' ? [new URL(url).pathname.toLowerCase()] : [];
    });
    const times = (end: string) => paths.filter((path) => path.endsWith(end)).length;
    expect(['/microsoft.authorization/locks', '/usages', '/networksecuritygroups/web-nsg'].map(times)).toEqual([
      1, 1, 1,
    ]);
    expect(times('/networkinterfaces/web02-nic')).toBe(1);
  });

  it('puts the evidence of all where the options say', async () => {
    const seen = capture();
    const flags = { simulator: bench.simulator.url, cases, json: true, dryRun: true, evidenceGroup: 'rg-app' };
    expect(await runOn('snapshot-disks', ['web01', 'web02'], flags, seen.streams)).toBe(0);
    const { plans } = plansDocument.parse(JSON.parse(seen.out()));
    const groups = plans
      .flatMap(({ steps }) => steps)
      .flatMap(({ changes }) => changes)
      .map(({ resourceId }) => resourceId);
    expect(groups.length).toBeGreaterThan(1);
    for (const id of groups) expect(id).toContain('/resourceGroups/rg-app/');
  });

  it('has at most so many under way at once, each result in its place', async () => {
    let now = 0;
    let most = 0;
    const places = Array.from({ length: 25 }, (_, place) => place);
    const results = await eachBounded(places, async (place) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return place * 2;
    });
    expect(results).toEqual(places.map((place) => place * 2));
    expect(most).toBe(atOnce);
  });
});

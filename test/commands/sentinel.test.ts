import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSentinelIncident, readIncidentMachines } from '../../src/azure/readers/sentinel.ts';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { caseSummary } from '../../src/casefile/case-summary.ts';
import { notesSourceOf } from '../../src/casefile/write-export.ts';
import { casePost } from '../../src/commands/case-post.ts';
import { incident } from '../../src/commands/incident.ts';
import { type Bench, openBench } from '../actions/bench.ts';
import { activity, burst, exposed, logons, machine, reading, toldCase } from '../casefile/told-case.ts';
import { capture } from './capture.ts';

describe('an incident of Microsoft Sentinel', () => {
  let bench: Bench;
  let cases = '';
  let id = '';
  let entity: Record<string, unknown> = {};
  beforeAll(async () => {
    bench = await openBench((world) => {
      const found = world.resources.find((one) => one.type === 'Microsoft.SecurityInsights/incidents');
      entity = { ...found };
      // Another workspace has one of the same number.
      const dev = world.resources.find((one) => one.name === 'law-dev')?.id ?? '';
      const name = '11111111-0000-4000-8000-000000000001';
      const twin = { ...found?.properties, incidentNumber: 12, title: 'Other', entities: [] };
      for (const workspace of [dev, String(found?.id).replace(/\/providers\/Microsoft\.SecurityInsights.*/, '')]) {
        world.resources.push({
          id: `${workspace}/providers/Microsoft.SecurityInsights/incidents/${workspace === dev ? name : name.replace(/1$/, '2')}`,
          name,
          type: 'Microsoft.SecurityInsights/incidents',
          properties: twin,
        });
      }
    });
    cases = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
    const store = openCaseStore(cases, { now: () => bench.simulator.now(), distinction: () => '' });
    const told = reading(machine('web01'), {
      logons: logons(burst()),
      exposure: exposed(3389),
      activity: activity({}),
    });
    // About the simulator, as cases of the demo are.
    const ofDemo: typeof store = Object.create(store, {
      create: {
        value: (start: Parameters<typeof store.create>[0]) =>
          store.create({ ...start, header: { ...start.header, demo: true } }),
      },
    });
    const file = await toldCase(ofDemo, told);
    id = file.id;
    await file.close();
  });
  afterAll(async () => {
    await bench.close();
    await rm(cases, { recursive: true });
  });

  it('is found by its id, its GUID and its number, and never guessed', async () => {
    const whole = String(entity.id);
    for (const given of [whole, whole.toUpperCase().replace(/^.*\//, '').toLowerCase(), '4711']) {
      expect(await findSentinelIncident(bench.connection, given)).toMatchObject({ id: whole, number: 4711 });
    }
    await expect(findSentinelIncident(bench.connection, '12')).rejects.toThrow(
      /2 incidents have the number 12[\s\S]*law-dev/,
    );
    await expect(findSentinelIncident(bench.connection, '13')).rejects.toThrow(
      /no incident 13 in the 3 workspaces in reach$/,
    );
    await expect(findSentinelIncident(bench.connection, 'web01')).rejects.toThrow(/resource id, GUID or number/);
    await bench.faults([
      {
        match: { method: 'GET', path: 'law-files/.*/incidents' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    await expect(findSentinelIncident(bench.connection, '13')).rejects.toThrow(
      /not seen: law-files: 403 AuthorizationFailed/,
    );
    await bench.begin();
  });

  it('names VMs by id and hosts by name; the rest is counted', async () => {
    const { ids, hosts, others } = await readIncidentMachines(bench.connection, String(entity.id));
    expect(ids.map((one) => one.split('/').at(-1))).toEqual(['web01', 'web02']);
    expect(hosts).toEqual(['laptop-77']);
    expect([...others]).toEqual([['Ip', 1]]);
    expect(bench.mutations()).toEqual([]);
  });

  it('its VMs are followed, and what is no VM in reach is said', async () => {
    const { out, err, streams } = capture();
    const flags = { simulator: bench.simulator.url, sentinel: '4711', json: true };
    expect(await incident(undefined, flags, streams)).toBe(0);
    const document = JSON.parse(out());
    const first = document.vms.filter(({ hop }: { hop: number }) => hop === 0);
    expect(first.map(({ vm, because }: { vm: { name: string }; because: string }) => [vm.name, because])).toEqual([
      ['web01', 'named by incident 4711'],
      ['web02', 'named by incident 4711'],
    ]);
    expect(err()).toMatch(/laptop-77, named by incident 4711, is not followed/);
    expect(err()).toMatch(/entities that are no machines \(1 of the kind Ip\)/);
    await expect(incident('web01', flags, capture().streams)).rejects.toThrow(/name a VM, or an incident/);
  });

  it('gets the summary of a case as a comment, planned, confirmed and recorded as any change', async () => {
    await bench.begin();
    const post = async (more: object = {}) => {
      const { out, err, streams } = capture();
      const flags = { simulator: bench.simulator.url, cases, sentinel: '4711', json: true, ...more };
      return { code: await casePost(id, flags, streams), out: out(), err: err() };
    };
    const { approval } = JSON.parse((await post({ dryRun: true })).out);
    expect(bench.mutations()).toEqual([]);
    await expect(post()).rejects.toThrow(/confirm comment by --yes/);
    const done = await post({ yes: true, approve: approval.digest });
    expect(done.code, done.err).toBe(0);
    const [mutation, ...more] = bench.mutations();
    expect(more).toEqual([]);
    const message = String(Reflect.get(Object(mutation?.after?.properties), 'message'));
    expect(message).toMatch(/cordon, case 2026-11-23-web01.*anchor [0-9a-f]{64}\\?:\d+/);
    expect(message).toMatch(/Verdict/);
    const transcript = await readFile(join(cases, id, 'transcript.jsonl'), 'utf8');
    expect(transcript).toContain(String(mutation?.clientRequestId));
    // The record has the request, and goes on from the anchor in the comment.
    const [, head] = /anchor ([0-9a-f]{64})/.exec(message) ?? [];
    expect(transcript).toContain(`"hash":"${head}"`);
    // The case has grown: what was approved before is not what would be posted now.
    await expect(post({ yes: true, approve: approval.digest })).rejects.toThrow(/not the one that was approved/);
  });

  it('a summary is cut between its parts where it is too long, and says so', async () => {
    const found = await openCaseStore(cases).read(id);
    const source = await notesSourceOf(found, '2026-11-23T03:00:00.000Z');
    const whole = await caseSummary(source, 30_000);
    expect(whole.length).toBeLessThanOrEqual(30_000);
    for (const longest of [400, 1000, 2000]) {
      const part = await caseSummary(source, longest);
      expect(part.length).toBeLessThanOrEqual(longest);
      expect(part).toMatch(/Cut here: the whole is in the case/);
      expect(whole.startsWith(part.split('\n\nCut here')[0] ?? '')).toBe(true);
    }
  });
});

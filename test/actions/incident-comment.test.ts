import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { undoableSteps } from '../../src/playbook/step-record.ts';
import { undoRecorded } from '../../src/playbook/undo.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { agreeing, type Bench, disagreements, openBench, openGate } from './bench.ts';

const version = 'api-version=2025-09-01';

describe('incident.comment', () => {
  let bench: Bench;
  let incident = '';
  beforeAll(async () => {
    bench = await openBench();
    const found = (await bench.world()).resources.find((one) => one.type === 'Microsoft.SecurityInsights/incidents');
    incident = String(found?.id);
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const message = 'web01 is **locked**.\nCase 2026-11-23-web01';
  const steps = (text = message, id = incident) => [
    { id: 'comment', title: 'Comment', uses: 'incident.comment', with: { incident: id, message: text } },
  ];
  const comments = async () => {
    const { body } = await bench.connection.get(`${incident}/comments?${version}`);
    return [body.value].flat().map((one) => Reflect.get(Object(Reflect.get(Object(one), 'properties')), 'message'));
  };
  const counted = async () => {
    const { body } = await bench.connection.get(`${incident}?${version}`);
    return Reflect.get(Object(Reflect.get(Object(body.properties), 'additionalData')), 'commentsCount');
  };
  const undo = async (overDrift = false) => {
    const entries = bench.log.entries.map((one, index): Entry => {
      return { ...one, seq: index + 1, at: '2026-11-23T02:20:11Z', actor: 'anna', prev: '', hash: '' };
    });
    const history = { entries, read: async ({ file }: { file: string }) => bench.log.evidence.get(file) };
    const { steps } = await undoableSteps(history);
    const [step] = steps;
    if (!step) throw new Error('nothing to undo');
    return undoRecorded(step, {
      actions: createActions(bench.connection),
      log: bench.log,
      typed: 'y',
      reason: '',
      overDrift,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
  };

  it('plans with reads alone: the text, who reads it, what it takes', async () => {
    const plan = await bench.run(steps(), 'web01').plan();
    const [step] = plan.steps;
    expect(step?.changes).toMatchObject([{ method: 'PUT', after: { properties: { message } } }]);
    expect(step?.danger).toBe('reversible');
    expect(step?.consequences?.join()).toMatch(/Everybody who may read the workspace law-prod/);
    expect(step?.permissions.map(({ action, role }) => [action, role])).toEqual([
      ['Microsoft.SecurityInsights/incidents/comments/write', 'Microsoft Sentinel Responder'],
      ['Microsoft.SecurityInsights/incidents/comments/delete', 'Microsoft Sentinel Contributor'],
    ]);
    expect(bench.mutations()).toEqual([]);
  });

  it('posts it once, with its intent before it; undo deletes it', async () => {
    const before = await comments();
    const view = await agreeing(bench.run(steps(), 'web01')).start();
    expect(view.outcome, view.summary).toBe('done');
    expect(await comments()).toEqual([...before, message]);
    expect(await counted()).toBe(before.length + 1);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect(await undo()).toMatchObject({ ok: true, text: 'The comment is deleted.' });
    expect(await comments()).toEqual(before);
    expect(await counted()).toBe(before.length);
    expect(await undo().catch(() => null)).toBeNull();
  });

  it.each<[string, Fault['effect']]>([
    ['the answer is lost after Azure did it', { drop: 'answer' }],
    [
      'a gateway says 503 after Azure did it',
      { replace: { status: 503, body: '', contentType: 'text/html', azures: false } },
    ],
  ])('is settled, and sent once, where %s', async (_, effect) => {
    const before = await comments();
    await bench.faults([{ match: { method: 'PUT', path: '/comments/' }, times: 1, effect }]);
    const view = await agreeing(bench.run(steps(), 'web01')).start();
    expect(view.outcome, view.summary).toBe('done');
    expect(await comments()).toEqual([...before, message]);
    expect(bench.mutations()).toHaveLength(1);
    expect(bench.log.of('outcome').at(-1)).toMatchObject({ ok: true });
    await undo();
  });

  it('leaves a comment that was edited since, unless the VM’s name was typed for it', async () => {
    await agreeing(bench.run(steps(), 'web01')).start();
    const [intent] = bench.log.of('intent');
    const url = new URL(String(Reflect.get(Object(intent?.request), 'url')));
    await bench.connection.changing(openGate, () =>
      bench.connection.change('PUT', `${url.pathname}${url.search}`, { properties: { message: 'edited' } }),
    );
    expect(await undo()).toMatchObject({ ok: false, text: expect.stringContaining('edited since') });
    expect(await comments()).toContain('edited');
    expect(await undo(true)).toMatchObject({ ok: true });
    expect(await comments()).not.toContain('edited');
  });

  it('refuses what Sentinel refuses: no such incident, a hundred comments, no permission', async () => {
    const other = incident.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000');
    const none = bench.run(steps(message, other), 'web01');
    expect((await none.plan()).steps[0]?.warnings.join()).toMatch(/There is no incident/);
    expect(none.obstacle()).toBe('impossible');
    const refused = { status: 403, code: 'AuthorizationFailed', message: 'x' };
    await bench.faults([{ match: { method: 'GET', path: '/incidents/[^/]+\\?' }, effect: refused }]);
    await expect(bench.run(steps(), 'web01').plan()).rejects.toThrow(/AuthorizationFailed|permission|403/i);
    await bench.faults([]);
    await bench.faults([{ match: { method: 'PUT', path: '/comments/' }, effect: refused }]);
    const view = await agreeing(bench.run(steps(), 'web01')).start();
    expect(view.outcome).toBe('failed');
    expect(bench.log.of('outcome').at(-1)).toMatchObject({ ok: false, result: 'refused' });
    await bench.faults([]);
    const put = (number: number) =>
      bench.connection.change('PUT', `${incident}/comments/c${number}?${version}`, { properties: { message: 'x' } });
    await bench.connection.changing(openGate, async () => {
      for (let number = 0; number < 100; number += 1) await put(number);
    });
    expect((await bench.run(steps(), 'web01').plan()).steps[0]?.warnings.join()).toMatch(/has 100 comments/);
    await expect(bench.connection.changing(openGate, () => put(100))).rejects.toThrow(/maximum/);
  });
});

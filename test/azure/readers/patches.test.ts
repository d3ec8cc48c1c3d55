import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFleetPatches } from '../../../src/azure/readers/fleet-patches.ts';
import { resolveVm } from '../../../src/azure/readers/inventory.ts';
import { errorOf } from '../../../src/azure/readers/patch-assessment.ts';
import { missingPatchOf, readInstallations, readPatches } from '../../../src/azure/readers/patches.ts';
import { type Bench, openBench } from '../../actions/bench.ts';

const now = new Date('2026-11-23T02:20:11Z');
let bench: Bench;

beforeAll(async () => {
  bench = await openBench((world) => {
    const rows = world.tables.patchassessmentresources ?? [];
    const of = (name: string) => rows.find((row) => String(row.id).endsWith(`/${name}/patchAssessmentResults/latest`));
    const properties = (name: string) => Object(of(name)?.properties);
    properties('shop01').status = 'Failed';
    properties('shop01').errorDetails = { code: 'UnhealthyExtension', message: 'no answer', details: [] };
    Object.assign(properties('half01').availablePatchCountByClassification, { security: 4 });
    const nought = { critical: 0, security: 0, updates: 0 };
    // One that runs writes its row, with counts of nought, over the one before.
    Object.assign(properties('web02'), { status: 'InProgress', availablePatchCountByClassification: nought });
    Object.assign(properties('edge01'), { status: 'Unknown', availablePatchCountByClassification: nought });
    Object.assign(properties('fwd01'), { availablePatchCountByClassification: undefined });
    Object.assign(properties('safe01'), {
      status: 'CompletedWithWarnings',
      availablePatchCountByClassification: nought,
      errorDetails: { code: 'PackageListFailed', message: 'two repositories did not answer', details: [] },
    });
    const listsNothing = ['web02', 'edge01', 'fwd01', 'safe01'].map((name) => `${String(of(name)?.id)}/`);
    world.tables.patchassessmentresources = rows.filter(
      ({ id }) => !listsNothing.some((below) => String(id).startsWith(below)),
    );
    // Over jump01's list an assessment has begun; of lin-build the one that finished is still there.
    Object.assign(properties('jump01'), { status: 'InProgress', availablePatchCountByClassification: nought });
    const older = of('lin-build');
    const newest = structuredClone(older);
    Object.assign(newest ?? {}, { id: String(older?.id).replace(/latest$/, 'second') });
    Object.assign(Object(newest?.properties), {
      status: 'InProgress',
      lastModifiedDateTime: '2026-11-23T02:19:00Z',
      availablePatchCountByClassification: { security: 0, other: 0 },
    });
    if (newest) world.tables.patchassessmentresources.push(newest);
  });
});
afterAll(() => bench.close());

const vm = (name: string) => resolveVm(bench.connection, name);
const patches = async (name: string) => readPatches(bench.connection, await vm(name));
const installations = async (name: string) => readInstallations(bench.connection, await vm(name));

describe('missing updates', () => {
  it('are told with what the assessment says of itself', async () => {
    expect(await patches('web01')).toMatchObject({
      state: 'known',
      notSeen: [],
      value: {
        startedBy: 'Platform',
        rebootPending: true,
        service: 'WU',
        counts: { critical: 3, security: 2 },
        missing: [
          { kb: '5034127', classification: 'Critical', ageDays: 41, rebootRequired: true },
          { kb: '5034439', classification: 'Critical', ageDays: 41, rebootRequired: null },
          { kb: '5035849', rebootRequired: true },
          { kb: '5033371', classification: 'Security', ageDays: 69 },
          { kb: '5033904' },
          { kb: '5034624' },
          { kb: '890830', rebootRequired: false },
          { kb: '2267602' },
        ],
      },
    });
  });

  it('have their KB in either spelling, and on Linux a version instead of a day', async () => {
    const sql = await patches('sql02');
    expect(sql.state === 'known' && sql.value.missing.every(({ kb }) => /^\d+$/.test(kb))).toBe(true);
    const linux = await patches('lin-build');
    expect(linux.state === 'known' && linux.value.missing.find(({ name }) => name === 'openssl')).toMatchObject({
      kb: '',
      version: '3.0.2-0ubuntu1.18',
      publishedAt: null,
      ageDays: null,
    });
    expect(missingPatchOf({ Kbid: 'KB4499175', msrcSeverity: 'Critical' }, now)).toMatchObject({
      kb: '4499175',
      msrcSeverity: 'Critical',
      classification: 'Other',
    });
  });

  it('may be none, which is not the same as not known', async () => {
    expect(await patches('app03')).toMatchObject({ state: 'known', value: { missing: [] } });
    expect(await patches('legacy7')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/never assessed/),
      cure: expect.stringMatching(/assess-patches/),
    });
  });

  it('are not known when the assessment is older than seven days, or has failed', async () => {
    expect(await patches('kiosk01')).toMatchObject({
      state: 'unknown',
      because: 'the last assessment is 11 days old',
      cure: expect.stringMatching(/assess-patches/),
    });
    expect(await patches('shop01')).toMatchObject({
      state: 'unknown',
      because: 'the last assessment failed (UnhealthyExtension: no answer)',
    });
  });

  it('are not "none" while an assessment runs, and not where it has no result', async () => {
    const because = async (name: string) => {
      const fact = await patches(name);
      return fact.state === 'unknown' ? fact.because : `known: ${JSON.stringify(fact.value.missing)}`;
    };
    expect(await because('web02')).toMatch(/^an assessment is running since 2026-11-\d\d \d\d:\d\dZ/);
    expect(await because('edge01')).toMatch(/has no result/);
    expect(await because('fwd01')).toMatch(/has no result/);
    expect(await because('safe01')).toMatch(/ended with warnings.*two repositories did not answer/);
  });

  it('of the last assessment that finished are told while another runs', async () => {
    const linux = await patches('lin-build');
    expect(linux).toMatchObject({ state: 'known', value: { counts: { security: 2 } } });
    expect(linux.state === 'known' && linux.value.missing.length).toBeGreaterThan(0);
    expect(linux.state === 'known' && linux.notSeen.join()).toMatch(/an assessment is running since 2026-11-23 02:19Z/);
    const jump = await patches('jump01');
    expect(jump.state === 'known' && [jump.value.missing.length, jump.notSeen.join()]).toEqual([
      1,
      expect.stringMatching(/from the one before it/),
    ]);
  });

  it('are counted in a fleet by assessments that finished alone, and the others are told apart', async () => {
    const target = await vm('web01');
    const { counts } = await readFleetPatches(bench.connection, [target.subscriptionId]);
    const of = async (name: string) => counts.get((await vm(name)).id.toLowerCase());
    expect(await of('web01')).toEqual({ assessment: 'fresh', critical: 3, security: 2 });
    expect(await of('lin-build')).toEqual({ assessment: 'fresh', critical: 0, security: 2 });
    const told = ['web02', 'edge01', 'fwd01', 'safe01', 'shop01', 'kiosk01', 'legacy7'];
    expect(await Promise.all(told.map(async (name) => (await of(name))?.assessment))).toEqual([
      'unfinished',
      'unfinished',
      'unfinished',
      'unfinished',
      'failed',
      'stale',
      undefined,
    ]);
    expect((await of('shop01'))?.critical).toBeNull();
  });

  it('that may not be read are not none: the VM itself says that it was assessed', async () => {
    expect(await patches('pay01')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/assessed 2026-11-21: 0 critical.*does not show which/),
    });
  });

  it('can be hidden by a WSUS server, and by a list that is shorter than its count', async () => {
    expect(await patches('mail01')).toMatchObject({
      state: 'known',
      notSeen: ['updates that the WSUS server has not approved'],
    });
    expect(await patches('half01')).toMatchObject({
      notSeen: ['4 missing updates that the assessment counts but does not list'],
    });
  });
});

describe('installation runs', () => {
  it('tell what was installed, what failed, and that a reboot is due', async () => {
    const fact = await installations('web01');
    expect(fact).toMatchObject({
      state: 'known',
      value: {
        runs: [
          {
            status: 'CompletedWithWarnings',
            installed: 2,
            failed: 1,
            pending: 2,
            excluded: 0,
            maintenanceWindowExceeded: true,
            rebootStatus: 'Required',
            endedAt: '2026-11-19T04:20:10.210Z',
            error: expect.stringMatching(/^MaintenanceWindowExceeded/),
          },
        ],
      },
    });
    expect(fact.state === 'known' && fact.value.runs[0]?.patches.find(({ kb }) => kb === '5034127')?.state).toBe(
      'Failed',
    );
  });

  it('that went well carry the error code "0", which is none', async () => {
    expect(await installations('app03')).toMatchObject({ value: { runs: [{ status: 'Succeeded', error: '' }] } });
    expect([errorOf({ code: '0' }), errorOf({ code: 'Success' }), errorOf(undefined), errorOf({})]).toEqual([
      '',
      '',
      '',
      '',
    ]);
    expect(errorOf({ code: '1', message: 'a\u001b[2J', details: [{ message: 'b' }] })).toBe('1: a; b');
  });

  it('are none for most VMs, which says nothing of what Windows Update did alone', async () => {
    expect(await installations('sql01')).toMatchObject({
      state: 'known',
      value: { runs: [] },
      notSeen: [expect.stringMatching(/installs by itself/)],
    });
  });

  it('are not known when Resource Graph refuses', async () => {
    const target = await vm('web01');
    await bench.faults([
      { match: { path: 'ResourceGraph' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } },
    ]);
    const [history, missing] = await Promise.all([
      readInstallations(bench.connection, target),
      readPatches(bench.connection, target),
    ]);
    await bench.faults([]);
    expect(history).toMatchObject({ state: 'unknown', because: expect.stringMatching(/no permission/) });
    expect(missing).toMatchObject({ state: 'unknown', because: expect.stringMatching(/no permission/) });
  });
});

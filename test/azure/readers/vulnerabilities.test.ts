import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveVm } from '../../../src/azure/readers/inventory.ts';
import { readRecommendations } from '../../../src/azure/readers/secure-score.ts';
import {
  programVulnerabilities,
  readFleetVulnerabilities,
  readScans,
} from '../../../src/azure/readers/vulnerabilities.ts';
import { type Bench, openBench } from '../../actions/bench.ts';

const now = new Date('2026-11-23T02:20:11Z');
const vm = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v1';
const assessments = `${vm}/providers/Microsoft.Security/assessments`;
const grouped = `${assessments}/1195afff-c881-495e-9bc5-1486211ae03f`;

/** A program to update, as users have seen them since August 2026. */
const program = (name: string, cves: unknown, code = 'Unhealthy') => ({
  id: `${assessments}/${name}`,
  type: 'microsoft.security/assessments',
  properties: {
    displayName: `Update ${name}`,
    status: { code, firstEvaluationDate: '2026-08-20T10:00:00Z' },
    metadata: { severity: 'Low', recommendationCategory: 'SoftwareUpdate' },
    additionalData: { SoftwareName: name, CvesDetails: typeof cves === 'string' ? cves : JSON.stringify(cves) },
  },
});
const cve = (id: string, severity: string, base: number | null = null, fixed = '') => ({
  CveId: id,
  Severity: severity,
  Cvss: [{ Key: '3.1', Value: { Base: base } }],
  FixStatus: fixed === '' ? 'NoFixAvailable' : 'FixAvailable',
  FixedVersion: fixed,
  Description: 'This hole is not CVE-1999-0001.',
});
const wholeScan = (code: string, cause = '') => ({
  id: grouped,
  type: 'microsoft.security/assessments',
  properties: { status: { code, cause } },
});
const oneFinding = (id: string, timeGenerated: string) => ({
  id: `${grouped}/subassessments/${id}`,
  type: 'microsoft.security/assessments/subassessments',
  properties: { id, displayName: id, status: { code: 'Unhealthy', severity: 'High' }, timeGenerated },
});

describe('what scans found', () => {
  it('is read of a program with its worst severity, its score, its fix, and no CVE that only a text mentions', () => {
    const read = readScans(
      [
        program('curl', [
          cve('CVE-2026-1', 'Low'),
          cve('CVE-2026-0002', 'High', 8.1, '8.6'),
          cve('CVE-2026-0003', 'Low', 3),
        ]),
      ],
      now,
    );
    expect(read.scan.state).toBe('scanned');
    expect(read.vulnerabilities).toMatchObject([
      {
        title: 'Update curl',
        severity: 'High',
        cvss: 8.1,
        cves: ['CVE-2026-0002', 'CVE-2026-0003'],
        remediation: 'update curl: fixed in 8.6; 2 CVEs without a fix',
        foundAt: '2026-08-20T10:00:00.000Z',
      },
    ]);
  });

  it('that Defender rates unknown is unknown, neither low nor left out, and stands before what is medium', () => {
    const read = readScans(
      [program('a', [cve('CVE-2026-0001', 'Medium')]), program('b', [cve('CVE-2026-0002', 'Unknown')])],
      now,
    );
    expect(read.vulnerabilities.map(({ severity, cves }) => [severity, cves[0]])).toEqual([
      ['', 'CVE-2026-0002'],
      ['Medium', 'CVE-2026-0001'],
    ]);
    expect(read.notSeen.join()).toMatch(/how severe 1 finding/);
    // A score rates where the word does not.
    expect(
      programVulnerabilities('x', program('c', [cve('CVE-2026-0003', 'Unknown', 9.8)]).properties).found.severity,
    ).toBe('Critical');
  });

  it('is told as not read where the text of the CVEs is none', () => {
    for (const text of ['[{"CveId": "CVE-2026-0001"', '{"CveId":"CVE-2026-0001"}', 'null']) {
      const read = readScans([program('a', text)], now);
      expect(read.vulnerabilities).toHaveLength(1);
      expect(read.notSeen.join()).toMatch(/the CVEs of 1 finding/);
    }
    expect(readScans([program('a', '')], now).notSeen.join()).not.toMatch(/the CVEs of/);
  });

  it('of a program that was mended is nothing, and yet the VM was scanned; of no program at all it is not known', () => {
    expect(readScans([program('a', [cve('CVE-2026-0001', 'High')], 'Healthy')], now)).toMatchObject({
      scan: { state: 'scanned', at: null },
      vulnerabilities: [],
    });
    for (const rows of [[], [program('a', [], 'NotApplicable')]]) {
      expect(readScans(rows, now).scan).toMatchObject({
        state: 'not-scanned',
        because: expect.stringMatching(/no source reports/),
      });
    }
  });

  it('is read in the way of before 2026-07-31 too, with its day, and is stale after seven', () => {
    const fresh = readScans([wholeScan('Unhealthy'), oneFinding('CVE-2025-0001', '2026-11-22T17:20:00Z')], now);
    expect(fresh).toMatchObject({
      scan: { at: '2026-11-22T17:20:00.000Z' },
      stale: '',
      coverage: 'the scan of 2026-11-22 17:20Z',
    });
    const stale = readScans([wholeScan('Unhealthy'), oneFinding('CVE-2025-0001', '2026-10-30T02:20:00Z')], now);
    expect(stale.stale).toBe('the last vulnerability scan was 24 days ago (it found 1 then)');
    expect(readScans([wholeScan('NotApplicable', 'VmNotScanned')], now).scan).toMatchObject({
      state: 'not-scanned',
      because: expect.stringMatching(/VmNotScanned/),
    });
  });

  it('in both ways at once counts each hole once, and an old list of weeks ago not at all', () => {
    const anew = program('a', [cve('CVE-2026-0001', 'High')]);
    const at = (time: string) => [
      anew,
      wholeScan('Unhealthy'),
      oneFinding('CVE-2026-0001', time),
      oneFinding('CVE-2026-0009', time),
    ];
    const cves = (time: string) => readScans(at(time), now).vulnerabilities.flatMap((one) => one.cves);
    expect(cves('2026-11-22T00:00:00Z').toSorted()).toEqual(['CVE-2026-0001', 'CVE-2026-0009']);
    expect(cves('2026-07-30T00:00:00Z')).toEqual(['CVE-2026-0001']);
  });
});

describe('hundreds of programs to update', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const machine =
        world.resources.find((one) => one.name === 'app03' && /virtualMachines$/i.test(one.type))?.id ?? '';
      const rows = Array.from({ length: 300 }, (_, at) => {
        const row = program(`program-${at}`, [cve(`CVE-2026-${1000 + at}`, 'High', 7.5, '2')]);
        const id = `${machine}/providers/Microsoft.Security/assessments/p${at}`;
        return { ...row, id, name: `p${at}`, subscriptionId: machine.split('/')[2] };
      });
      world.tables.securityresources?.push(...rows);
    });
  });
  afterAll(() => bench.close());

  it('are one recommendation among the others', async () => {
    const machine = await resolveVm(bench.connection, 'app03');
    const fact = await readRecommendations(bench.connection, machine, Promise.resolve({ servers: 'P2', text: 'P2' }));
    const names = fact.state === 'known' ? fact.value.unhealthy.map(({ name }) => name) : [];
    expect(names.filter((name) => /program/i.test(name))).toEqual(['Vulnerable programs should be updated (300)']);
  });

  it('are all found in a fleet, by the CVEs’ own names and not by what texts mention', async () => {
    const machine = await resolveVm(bench.connection, 'app03');
    const { found } = await readFleetVulnerabilities(bench.connection, [machine.subscriptionId]);
    expect(new Set(found.get(machine.id.toLowerCase())).size).toBe(300);
    expect(found.get(machine.id.toLowerCase())).not.toContain('CVE-1999-0001');
    // A Resource Graph without that function gives the texts, which are read here.
    const details = [{ code: 'InvalidQuery', message: 'Query is invalid.' }];
    await bench.faults([
      {
        match: { path: 'Microsoft.ResourceGraph/resources' },
        times: 1,
        effect: {
          status: 400,
          code: 'BadRequest',
          message: 'Please provide below info when asking for support',
          details,
        },
      },
    ]);
    expect((await readFleetVulnerabilities(bench.connection, [machine.subscriptionId])).found).toEqual(found);
  });
});

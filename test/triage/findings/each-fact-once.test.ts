import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../../../src/documents/triage.ts';
import { eachFactOnce } from '../../../src/triage/findings/each-fact-once.ts';

const texts = fc.subarray(['a', 'b', 'c', 'd']);
const findings = fc
  .array(fc.record({ evidence: texts, attack: texts, unknown: texts, closed: fc.boolean() }), { maxLength: 7 })
  .map((all) =>
    all.map(
      ({ closed, ...one }, at): Finding => ({
        id: String(at),
        severity: 'high',
        title: `finding ${at}`,
        practice: 1,
        playbook: '',
        ...one,
        ...(closed ? { closed: { at: '2026-11-23T02:20:11Z', by: '' } } : {}),
      }),
    ),
  );

test('nothing is lost: each finding stays, or the one that covers it has its evidence, techniques and gaps', () => {
  fc.assert(
    fc.property(findings, (all) => {
      const kept = eachFactOnce(all);
      for (const finding of all) {
        const by = kept.filter(({ id, covers }) => id === finding.id || covers?.includes(finding.id));
        expect(by).toHaveLength(1);
        expect(by[0]?.evidence).toEqual(expect.arrayContaining(finding.evidence));
        expect(by[0]?.attack).toEqual(expect.arrayContaining(finding.attack));
        expect(by[0]?.unknown).toEqual(expect.arrayContaining(finding.unknown));
        expect(by[0]?.closed).toEqual(finding.closed);
        expect(Number(by[0]?.id)).toBeLessThanOrEqual(Number(finding.id));
      }
      expect(eachFactOnce(kept)).toEqual(kept);
    }),
  );
});

test('what differs in evidence or technique is told apart', () => {
  const one: Finding = {
    ...{ id: 'both', severity: 'critical', title: 'both', practice: 1, playbook: '', unknown: [] },
    evidence: ['exposure.ports[0]', 'logons.bursts[0].success'],
    attack: ['T1110', 'T1133'],
  };
  const covered = { ...one, id: 'open', evidence: ['exposure.ports[0]'] };
  expect(eachFactOnce([one, covered])).toMatchObject([{ id: 'both', covers: ['open'] }]);
  expect(eachFactOnce([one, { ...covered, evidence: ['exposure.ports[1]'] }])).toHaveLength(2);
  expect(eachFactOnce([one, { ...covered, attack: ['T1190'] }])).toHaveLength(2);
  expect(eachFactOnce([one, { ...one, id: 'the same evidence' }])).toHaveLength(2);
});

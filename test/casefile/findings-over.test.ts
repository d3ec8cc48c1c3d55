import { expect, test } from 'vitest';
import { findingsOver } from '../../src/casefile/case-story.ts';
import type { Finding } from '../../src/documents/triage.ts';

const finding = (id: string, evidence: string[], covers?: string[]): Finding => ({
  ...{ id, severity: 'critical', title: id, attack: [], practice: 7, playbook: '', unknown: [] },
  evidence,
  ...(covers ? { covers } : {}),
});
const open = finding('rdp-open-to-internet', ['exposure.ports[0]']);
const guessed = finding('brute-force-succeeded', ['logons.bursts[0].success']);
const both = finding('both', [...open.evidence, ...guessed.evidence], [open.id, guessed.id]);

type Subjects = Parameters<typeof findingsOver>[0];
/** A case whose readings of one VM, an hour apart, made these findings and knew all evidence. */
const told = (...readings: Finding[][]) =>
  findingsOver(
    [
      {
        name: 'web01',
        readings: readings.map((findings, hour) => ({
          conclusion: { findings },
          where: () => 'E1',
          knew: () => true,
          at: `2026-11-23T0${hour}:00:00Z`,
        })),
      },
    ] as unknown as Subjects,
    [],
  ).map(({ id, state, since }) => ({ id, state, since: since.slice(11, 13) }));

test('what a worse finding reports by now is in it, and is not closed', () => {
  expect(told([open], [both])).toEqual([{ id: 'both', state: 'open', since: '01' }]);
});

test('what is left of a finding that was closed began when that was first seen', () => {
  expect(told([both], [guessed])).toEqual([
    { id: 'both', state: 'closed', since: '00' },
    { id: 'brute-force-succeeded', state: 'open', since: '00' },
  ]);
});

import { expect, test } from 'vitest';
import { unknown } from '../../../src/documents/fact.ts';
import { closedFindings } from '../../../src/session/readings/closed-findings.ts';
import type { SessionState } from '../../../src/session/state.ts';
import type { TriageInProgress } from '../../../src/triage/in-progress.ts';
import { incident, machine } from '../../views/fixtures/incident.ts';
import { lockView } from '../../views/fixtures/ports.ts';

const vmId = machine('web01').id;
const run = {
  id: 1,
  vmId,
  view: { ...lockView(), outcome: 'done' as const },
  since: '',
  undoing: false,
  earlier: false,
  openBefore: null,
};
const stateAt = (instant: string, runs: SessionState['runs'] = []) =>
  ({ now: new Date(instant), runs }) as unknown as SessionState;
const { schema: _, asOf: __, ...told } = incident();
// A rule's own id: what it follows from decides whether its absence says anything.
const id = 'brute-force-succeeded';
const read = { ...told, findings: told.findings.map((one, at) => (at === 0 ? { ...one, id } : one)) };
const [first] = read.findings;
const without = (id: string): TriageInProgress => ({ ...read, findings: read.findings.filter((one) => one.id !== id) });

test('what a later reading no longer finds stays as closed, with when and by which playbook', () => {
  let state = stateAt('2026-11-23T02:20:11Z');
  const closed = closedFindings(() => state);
  expect(closed.beside(read, true)).toBe(read);
  state = stateAt('2026-11-23T02:25:47Z', [run]);
  const after = closed.beside(without(id), true).findings.find((one) => one.id === id);
  expect(after).toMatchObject({
    severity: 'info',
    evidence: [],
    closed: { at: '2026-11-23T02:25:47.000Z', by: 'cordon (lock-nsg)' },
    title: `closed 2026-11-23 02:25:47Z by cordon (lock-nsg): ${first?.title}`,
  });
  // The first time stays, and what comes back is open again.
  state = stateAt('2026-11-23T03:00:00Z', [run]);
  expect(closed.beside(without(id), true).findings.find((one) => one.id === id)?.closed).toEqual(after?.closed);
  expect(closed.beside(read, true).findings.find((one) => one.id === id)?.closed).toBeUndefined();
});

test('nothing is closed while answers are awaited, nor what can no longer be known', () => {
  const closed = closedFindings(() => stateAt('2026-11-23T02:20:11Z'));
  closed.beside(read, true);
  expect(closed.beside(without(id), false).findings.some((one) => one.id === id)).toBe(false);
  const blind = {
    ...without(id),
    exposure: unknown('denied', 'no permission', '', ''),
    logons: unknown('denied', '', '', ''),
  };
  expect(closed.beside(blind, true).findings.some((one) => one.id === id)).toBe(false);
});

test('what a worse finding reports now is not closed', () => {
  const closed = closedFindings(() => stateAt('2026-11-23T02:20:11Z'));
  closed.beside(read, true);
  const [one, ...others] = without(id).findings;
  if (!one) throw new Error('the fixture has no other finding');
  const covered = { ...read, findings: [{ ...one, covers: [id] }, ...others] };
  expect(closed.beside(covered, true).findings.some((finding) => finding.id === id)).toBe(false);
});

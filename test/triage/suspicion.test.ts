import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScanRow } from '../../src/documents/triage.ts';
import { bands, type Reach, suspicionOf, weights, weightsTable } from '../../src/triage/suspicion.ts';
import { known, suspect, unknown } from '../views/fixtures/incident.ts';

const closed: Reach = { exposedPorts: [], score: 0, because: '' };
const row = (changes: Partial<ScanRow> = {}, reach: Reach | null = closed) =>
  suspicionOf(suspect('x', 0, changes), reach ?? undefined);
const open: Reach = {
  exposedPorts: ['3389'],
  score: weights.management.points,
  because: 'RDP from the Internet (3389) by web-nsg/allow-rdp (300)',
};
const burst = (succeeded: boolean | null) =>
  known({ kind: 'guess' as const, failures: 1204, totalFailures: 1204, accounts: 1, succeeded });

describe('suspicion', () => {
  it('gives its reasons, the weightiest first', () => {
    const { score, severity, because } = row({ worstBurst: burst(true), alerts: 2, criticalPatches: 3 }, open);
    expect(because).toEqual([
      '1,204 failed logons, then a success',
      'RDP from the Internet (3389) by web-nsg/allow-rdp (300)',
      '2 Defender alerts',
      '3 critical updates missing',
      'last backup 2026-11-23',
    ]);
    expect(score).toBe(100 + 40 + 12 + 8);
    expect(severity).toBe('critical');
  });

  it('holds an open door without an attack below an attack on one, and one of a VM that is off lower still', () => {
    expect(weights.managementOff.points).toBeLessThan(weights.management.points);
    expect(row({ worstBurst: burst(false) }, open).score).toBeGreaterThan(row({}, open).score);
    expect(row({ worstBurst: burst(null) }).score).toBeGreaterThan(row({ worstBurst: burst(false) }).score);
  });

  it('names what is not known instead of calling the VM fine', () => {
    const { severity, because } = row(
      { worstBurst: unknown('no agent'), criticalPatches: null, patchAssessment: 'stale', lastBackup: null },
      null,
    );
    expect(severity).toBe('unknown');
    expect(because).toEqual([
      'how the Internet reaches it is not known',
      'failed logons not known: no agent',
      'patches not known: assessed more than 7 days ago',
    ]);
  });

  it('says "never assessed" of no VM: a scan cannot tell that from old, running, refused or not answered yet', () => {
    const why = (patchAssessment: ScanRow['patchAssessment']) =>
      row({ criticalPatches: null, patchAssessment }).because.find((text) => text.startsWith('patches'));
    const told = ([undefined, 'none', 'stale', 'unfinished', 'failed', 'unread', 'fresh'] as const).map(why);
    expect(new Set(told).size).toBe(7);
    expect(told[0]).toBe('patches not known: not answered yet');
    expect(told[1]).toMatch(/none made, older than 7 days, or not permitted/);
    expect(told.join()).not.toMatch(/never/);
  });

  it('puts a break-in above all else together, and has a reason for every point', () => {
    const most = weights.management.points + weights.attackedPerhaps.points + weights.alerts.points + 10 + 15 + 20;
    expect(weights.brokenInto.points + weights.management.points).toBeGreaterThan(most);
    expect(weights.brokenInto.points).toBeGreaterThanOrEqual(bands.critical);
    fc.assert(
      fc.property(
        fc.record({
          worstBurst: fc.constantFrom(unknown('x'), known(null), burst(true), burst(false), burst(null)),
          alerts: fc.constantFrom(null, 0, 1, 50),
          criticalPatches: fc.constantFrom(null, 0, 1, 50),
          lastBackup: fc.constant(null),
        }),
        fc.constantFrom(null, closed, open),
        (changes, reach) => {
          const { score, because } = row(changes, reach);
          expect(score > 0).toBe(because.length > 0);
        },
      ),
    );
  });

  it('is written down for review', async () => {
    const { critical, high, medium } = bands;
    const page = [
      '# Score of the suspects list',
      '',
      'What adds to a VM’s score, made from the table in `src/triage/suspicion.ts` (`npx vitest run test/triage/suspicion.test.ts -u` writes it).',
      `Critical from ${critical}, high from ${high}, medium from ${medium}. What is not known is named, and never makes a VM look fine.`,
      '',
      weightsTable(),
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot('../../docs/suspicion.md');
  });
});

import { describe, expect, it } from 'vitest';
import { scanExit, triageExit } from '../../src/commands/fail-on.ts';
import type { ScanRow } from '../../src/documents/triage.ts';
import { incident, known, suspect, unknown } from '../views/fixtures/incident.ts';

const fine: Partial<ScanRow> = { worstBurst: known(null), criticalPatches: 0, exposedPorts: [], severity: 'low' };

function exitOf(rows: ScanRow[], failOn: 'critical' | 'high' | 'medium' = 'critical') {
  const said: string[] = [];
  const stderr = { write: (text: string) => said.push(text) > 0 } as unknown as NodeJS.WriteStream;
  return { code: scanExit(rows, failOn, { stderr }), said: said.join('') };
}

describe('scan --fail-on', () => {
  it('exits 0 only where every VM is below the severity and known to be', () => {
    expect(exitOf([suspect('app03', 0, fine)])).toEqual({ code: 0, said: '' });
    expect(exitOf([suspect('web01', 140, { ...fine, severity: 'critical' })])).toEqual({ code: 1, said: '' });
  });

  it('exits 1 where failed logons that are not known could hide a break-in, and names the VM', () => {
    const row = suspect('web01', 3, { ...fine, worstBurst: unknown('429'), severity: 'unknown' });
    expect(exitOf([row])).toEqual({
      code: 1,
      said: 'cordon: 1 VM could be critical for what is not known: web01 (failed logons)\n',
    });
  });

  it('exits 1 where failures were seen and whether a logon succeeded is not known', () => {
    const burst = known({ kind: 'guess' as const, failures: 300, totalFailures: 300, accounts: 1, succeeded: null });
    const { code, said } = exitOf([suspect('web01', 35, { ...fine, worstBurst: burst, severity: 'high' })]);
    expect(code).toBe(1);
    expect(said).toContain('web01 (whether a logon succeeded)');
  });

  it('does not count an unknown that could not lift the VM so far', () => {
    const row = suspect('app03', 3, { ...fine, criticalPatches: null, severity: 'unknown' });
    expect(exitOf([row], 'high').code).toBe(0);
    expect(exitOf([row], 'medium')).toMatchObject({ code: 1, said: expect.stringContaining('medium or worse') });
  });
});

describe('triage --fail-on', () => {
  it('exits 1 without a finding where one of the three questions has no answer, and says which', () => {
    const said: string[] = [];
    const stderr = { write: (text: string) => said.push(text) > 0 } as unknown as NodeJS.WriteStream;
    const quiet = { ...incident(), findings: [], logons: unknown('429') };
    expect(triageExit(quiet, 'critical', { stderr })).toBe(1);
    expect(said.join('')).toContain('failed logons');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScan } from '../../src/azure/scan.ts';
import { type Lesser, openLesser, readerOnly } from './lesser-roles.ts';

let lesser: Lesser;
beforeAll(async () => {
  lesser = await openLesser(() => readerOnly);
});
afterAll(() => lesser.simulator.close());

describe('for a caller with Reader alone', () => {
  it('a triage answers the three questions, and says what it could not ask', async () => {
    const { exposure, logons, patches, posture, findings } = await lesser.triage('web01');
    expect([exposure.state, logons.state, patches.state]).toEqual(['known', 'known', 'known']);
    if (exposure.state !== 'known') return;
    expect(exposure.value.ports.map(({ from, agrees }) => [from, agrees])).toEqual([
      [3389, 'not-checked'],
      [4389, 'not-checked'],
      [443, 'not-checked'],
    ]);
    expect(exposure.value.secondOpinion[0]?.result).toContain('effectiveNetworkSecurityGroups/action');
    expect(exposure.notSeen.join()).toContain('listNetworkManagerEffectiveSecurityAdminRules/action');
    expect(posture.backup).toMatchObject({ state: 'unknown', cure: expect.stringContaining('Backup Reader') });
    expect([posture.alerts, posture.jit, posture.identity, posture.activity].map(({ state }) => state)).toEqual([
      'known',
      'known',
      'known',
      'known',
    ]);
    expect(findings[0]?.id).toBe('exposed-brute-forced-compromised');
    expect(findings[0]?.unknown.join()).toContain('security admin rules');
    expect(findings.map(({ id }) => id)).not.toContain('no-backup');
  });

  it('a scan ranks every VM, and names what is missing once', async () => {
    const { vms, notSeen } = await readScan(lesser.connection, () => undefined);
    expect(vms).toHaveLength(25);
    expect(vms[0]?.name).toBe('web01');
    expect(notSeen.join()).toContain('security admin rules');
  });

  it('doctor names each ask, with the line to paste, and which playbooks lack what', async () => {
    const { document, text, code } = await lesser.doctor({ vm: 'web01' });
    expect(code).toBe(0);
    const check = (name: string) => document.checks.find((one) => one.name === name);
    expect(check('backup')).toMatchObject({
      state: 'does not work',
      reachable: true,
      permitted: false,
      populated: null,
    });
    expect(check('backup')?.command).toMatch(
      /^az role assignment create --assignee-object-id [0-9a-f-]{36} --assignee-principal-type User --role 'Backup Reader' --scope \/subscriptions\/[0-9a-f-]{36}$/,
    );
    expect(check('effective rules')).toMatchObject({ permitted: false, ask: expect.stringContaining('rg-web') });
    expect(check('security admin rules')?.permitted).toBe(false);
    expect(check('patch assessment')).toMatchObject({
      state: 'works',
      newestAt: expect.stringContaining('2026-11-21'),
    });
    expect(check('logs: SecurityEvent')).toMatchObject({ state: 'works', populated: true });
    expect(check('logs: Syslog')).toBeUndefined();
    expect(check('clock')?.state).toBe('works');
    expect(Math.abs(document.clockAheadSeconds ?? 99)).toBeLessThan(5);
    const lock = document.playbooks.find(({ name }) => name === 'lock-nsg');
    expect(lock?.permissions.length).toBeGreaterThan(2);
    expect(lock?.permissions.every(({ held }) => held === false)).toBe(true);
    expect(lock?.ask).toContain('Microsoft.Network/networkInterfaces/write');
    expect(text).toContain('✗ lock-nsg');
    expect(text).toContain('for the customer to decide and to paste');
    expect(lesser.simulator.mutations()).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureReader } from '../../src/azure/reader.ts';
import { readScan } from '../../src/azure/scan.ts';
import { createSession } from '../../src/session/session.ts';
import { runWorkbench } from '../../views/workbench.tsx';
import { World as Ports } from '../views/fixtures/ports.ts';
import { FakeTerminal } from '../views/fixtures/screen.ts';
import { type Lesser, openLesser, readerOf } from './lesser-roles.ts';

let lesser: Lesser;
beforeAll(async () => {
  lesser = await openLesser((world) => readerOf(world, 'rg-web'));
});
afterAll(() => lesser.simulator.close());

describe('for a caller with Reader on a single resource group', () => {
  it('a triage answers what the group holds, and names the rest', async () => {
    const { exposure, logons, patches, posture, timeLine, findings } = await lesser.triage('web01');
    expect([exposure.state, logons.state, patches.state]).toEqual(['known', 'known', 'known']);
    expect(posture.secureScore.state).toBe('unknown');
    expect(posture.backup.state).toBe('unknown');
    expect(posture.jit).toMatchObject({
      state: 'known',
      coverage: 'policies of rg-web',
      value: { policy: '', available: null },
      notSeen: [expect.stringContaining('other resource groups')],
    });
    expect(posture.identity).toMatchObject({
      state: 'known',
      value: {
        managedIdentities: [
          { rolesKnown: true, assignments: [{ role: 'Contributor', can: expect.arrayContaining(['download disks']) }] },
        ],
      },
    });
    expect(posture.identity.state === 'known' && posture.identity.notSeen.join()).toContain('AuthorizationFailed');
    expect(posture.activity.state === 'known' && posture.activity.value.entries).toHaveLength(5);
    expect(posture.activity.state === 'known' && posture.activity.notSeen.join()).toContain(
      'changes of Microsoft.Authorization in the subscription',
    );
    expect(timeLine.unknown.join()).toContain('backup: no permission');
    const missing = findings.find(({ id }) => id === 'no-jit');
    expect(missing?.unknown.join()).toContain('whether the plan for just-in-time access is on');
  });

  it('a scan sees the VMs of the group with their logons, which the subscription would refuse', async () => {
    const { vms } = await readScan(lesser.connection, () => undefined);
    expect(vms.map(({ name }) => name)).toEqual(['web01', 'web02', 'web03']);
    expect(vms[0]?.worstBurst).toMatchObject({ state: 'known', value: { succeeded: true } });
    expect(vms.every(({ lastBackup }) => lastBackup === null)).toBe(true);
    expect(vms[0]?.because.join()).toContain('then a success');
  });

  it('doctor asks for what is missing, and counts what is there', async () => {
    const { document, code } = await lesser.doctor();
    expect(code).toBe(0);
    const check = (name: string) => document.checks.find((one) => one.name === name);
    expect(check('machines')?.text).toBe('3 in contoso-prod');
    expect(check('machine')?.state).toBe('works');
    expect(check('Secure Score')).toMatchObject({
      permitted: false,
      command: expect.stringContaining("'Security Reader'"),
    });
    expect(check('resource providers')?.permitted).toBe(false);
    expect(check('activity log')).toMatchObject({ state: 'partly', permitted: false, populated: true });
    expect(check('logs: SecurityEvent')).toMatchObject({ state: 'partly', populated: true });
    expect(check('roles of managed identities')?.command).toContain("'Reader'");
  });

  it('the workbench draws it all, with what it could not see', { timeout: 60_000 }, async () => {
    const ports = new Ports();
    const terminal = new FakeTerminal(140, 44);
    const session = createSession(
      { ...ports.ports, reader: azureReader(lesser.connection) },
      { readOnly: true, scope: 'contoso-prod' },
    );
    const ended = runWorkbench({ session, stdin: terminal.stdin, stdout: terminal.stdout, stderr: terminal.stdout });
    try {
      await terminal.until('THEN SUCCESS', 20_000);
      terminal.type('\r');
      const screen = await terminal.until(
        (text) =>
          /△ Activity +\d serious of 5 changes/.test(text) && text.includes('THEN LOGON') && !text.includes('awaiting'),
        20_000,
      );
      expect(screen).toContain('▲ COMPROMISED  as svc-backup from 203.0.113.77');
      expect(screen).toContain('? Backup     not known');
      expect(screen).toMatch(/\? \d+ not known/);
      terminal.type('l');
      const line = await terminal.until('not seen: changes in Azure');
      expect(line).toContain('security rule written: web-nsg/allow-rdp');
    } finally {
      session.dispatch({ type: 'leave' });
      await ended;
    }
  });
});

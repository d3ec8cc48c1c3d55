import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../src/azure/client/connection.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readScan } from '../../src/azure/scan.ts';
import { readTriage } from '../../src/azure/triage.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import type { TriageInProgress } from '../../src/triage/in-progress.ts';

let simulator: Simulator;
let connection: Connection;

beforeAll(async () => {
  const world = builtInWorld();
  const dev = world.subscriptions.find(({ displayName }) => displayName === 'contoso-dev')?.subscriptionId ?? '';
  const prod = world.subscriptions.find(({ displayName }) => displayName === 'contoso-prod')?.subscriptionId ?? '';
  world.denied.push(
    {
      action: 'Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action',
      scope: `/subscriptions/${dev}`,
    },
    { action: 'Microsoft.Network/networkInterfaces/read', scope: `/subscriptions/${dev}/resourceGroups/rg-dev` },
    { action: 'Microsoft.Insights/logs/SecurityEvent/read', scope: `/subscriptions/${prod}/resourceGroups/rg-mail` },
    { action: 'Microsoft.RecoveryServices/*', scope: `/subscriptions/${dev}` },
  );
  simulator = await startSimulator({ world, limits: 'none' });
  connection = connect({
    simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
  });
});
afterAll(() => simulator.close());

async function triage(name: string) {
  const parts: TriageInProgress[] = [];
  const vm = await resolveVm(connection, name);
  const { document } = await readTriage(connection, vm, (part) => parts.push(part));
  return { document, parts };
}

describe('triage', () => {
  it('answers the three questions for the broken-into server, and fills as answers come', async () => {
    const { document, parts } = await triage('web01');
    expect(document.exposure).toMatchObject({ state: 'known', notSeen: [] });
    expect(document.exposure.state === 'known' && document.exposure.value.ports.map((port) => port.from)).toEqual([
      3389, 4389, 443,
    ]);
    const [rdp, alternative] = document.exposure.state === 'known' ? document.exposure.value.ports : [];
    expect(rdp?.listening).toMatchObject({
      state: 'known',
      value: [{ port: 3389, process: 'TermService', since: '2026-11-01T04:12:09.000Z', now: true }],
    });
    expect(rdp?.usedBy?.state === 'known' && rdp.usedBy.value).toMatchObject({ addresses: 15 });
    expect(rdp?.usedBy?.state === 'known' && rdp.usedBy.value.top[0]).toMatchObject({
      address: '203.0.113.77',
      links: 1206,
    });
    expect(alternative?.listening).toMatchObject({ state: 'known', value: [] });
    expect(document.posture.backup).toMatchObject({
      state: 'known',
      value: { vaultName: 'vault-eus', protected: true },
    });
    expect(document.posture.identity).toMatchObject({ value: { managedIdentities: [{ roles: ['Contributor'] }] } });
    expect(document.posture.alerts.state === 'known' && document.posture.alerts.value.alerts).toHaveLength(2);
    expect(document.posture.secureScore).toMatchObject({ value: { percentage: 54 } });
    expect(document.findings[0]).toMatchObject({
      id: 'exposed-brute-forced-compromised',
      covers: ['brute-force-succeeded', 'rdp-open-to-internet'],
    });
    expect(parts.length).toBeGreaterThan(8);
    expect(parts[0] && Object.values(parts[0].posture).filter((fact) => fact !== null).length).toBeLessThan(3);
    expect(parts.at(-1)?.findings).toEqual(document.findings);
  });

  it('names the admin rules that it may not read, and still evaluates the rest', async () => {
    const { document } = await triage('legacy7');
    expect(document.exposure).toMatchObject({ state: 'known' });
    const { exposure } = document;
    expect(exposure.state === 'known' && exposure.value.ports.some((port) => port.from === 3389)).toBe(true);
    expect(exposure.state === 'known' && exposure.notSeen.join()).toMatch(/security admin rules.*no permission/i);
  });

  it('does not call a VM closed whose interface it may not read', async () => {
    const { document } = await triage('dev-api');
    expect(document.exposure).toMatchObject({ state: 'unknown' });
    expect(document.exposure.state === 'unknown' && `${document.exposure.because} ${document.exposure.cure}`).toMatch(
      /no permission|Reader/,
    );
    expect(document.posture.backup.state).toBe('unknown');
  });

  it('says of a VM without agent that its logons are not known, and never assessed is not patched', async () => {
    const { document } = await triage('legacy7');
    expect(document.logons).toMatchObject({ state: 'unknown' });
    expect(document.patches).toMatchObject({ state: 'unknown' });
    expect(document.findings.map((finding) => finding.id)).not.toContain('brute-force-running');
  });

  it('does not say that nobody guesses where the table of the logons may not be read', async () => {
    const { document } = await triage('mail01');
    expect(document.logons).toMatchObject({ state: 'unknown', because: expect.stringMatching(/no permission/i) });
  });

  it('tells what stands between the Internet and a VM', async () => {
    expect((await triage('fwd01')).document.posture.firewall).toMatchObject({
      state: 'known',
      value: { name: 'hub-firewall', inbound: 'firewall', outbound: 'firewall', dnatRules: [expect.any(String)] },
    });
    expect((await triage('web01')).document.posture.firewall).toMatchObject({
      state: 'known',
      value: { name: '', inPath: false, inbound: 'no-firewall', outbound: 'direct' },
    });
  });

  it('joins what several answers say: why an update is missing, and the point from before the attack', async () => {
    const { document } = await triage('web01');
    const { patches, posture } = document;
    expect(patches).toMatchObject({ value: { rebootPendingSince: '2026-11-19T04:20:10.210Z' } });
    const of = (kb: string) =>
      patches.state === 'known' ? patches.value.missing.find((one) => one.kb === kb) : undefined;
    expect(of('5034127')?.lastAttempt?.state).toBe('Failed');
    expect(of('5035849')).toMatchObject({ cves: ['CVE-2026-31337'], lastAttempt: { state: 'Pending' } });
    expect(of('5033371')?.lastAttempt).toBeNull();
    expect(posture.backup).toMatchObject({
      value: { lastGood: { state: 'known', value: { point: { at: expect.stringMatching(/^2026-11-14T00:35:12/) } } } },
    });
  });

  it('holds an assessment older than seven days to be unknown', async () => {
    const { document } = await triage('kiosk01');
    expect(document.patches).toMatchObject({ state: 'unknown', because: expect.stringMatching(/days/) });
  });

  it('evaluates a VM that is off, without asking Azure for a second opinion', async () => {
    const { document } = await triage('jump01');
    const { exposure } = document;
    expect(exposure.state === 'known' && exposure.value.ports.map((port) => [port.from, port.agrees])).toEqual([
      [3389, 'not-checked'],
    ]);
    expect(exposure.state === 'known' && exposure.value.secondOpinion[0]?.result).toMatch(/not asked.*deallocated/);
  });
});

describe('scan', () => {
  it('asks each network for its admin rules, and says for how many VMs they are not known', async () => {
    const asked: string[] = [];
    const stop = connection.observe(({ url }) => {
      if (/listNetworkManagerEffectiveSecurityAdminRules/i.test(url)) asked.push(new URL(url).pathname);
    });
    const document = await readScan(connection, () => {}, { full: true });
    stop();
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked).size).toBe(asked.length);
    expect(document.notSeen.filter((what) => /security admin rules.*no permission/.test(what)).join()).toMatch(
      /^exposure of (?:one VM|\d+ VMs): /,
    );
    const web = document.vms.find((row) => row.name === 'web01');
    expect(web?.exposure).toMatchObject({ state: 'known', notSeen: [] });
    expect(web?.exposure?.state === 'known' && web.exposure.value.ports.map((port) => port.from)).toEqual([
      3389, 4389, 443,
    ]);
  });

  it('ranks all VMs without a call a VM', async () => {
    const asked: string[] = [];
    const stop = connection.observe(({ url }) => {
      asked.push(new URL(url).pathname);
    });
    const document = await readScan(connection, () => {});
    stop();
    expect(document.vms).toHaveLength(25);
    expect(document.vms.slice(0, 2).map((row) => row.name)).toEqual(['web01', 'sql02']);
    expect(asked.filter((path) => /virtualMachines\/./i.test(path))).toEqual([]);
    // A set of queries for each of two subscriptions, and as many pages of Resource Graph as there are.
    expect(asked.length).toBeLessThan(36);
    const dev = document.vms.find((row) => row.name === 'dev-api');
    expect(dev).toMatchObject({ exposedPorts: null, alerts: null, lastBackup: null });
    expect(document.vms.find((row) => row.name === 'kiosk01')).toMatchObject({
      criticalPatches: null,
      patchAssessment: 'stale',
    });
    expect(document.vms.find((row) => row.name === 'file01')?.worstBurst).toMatchObject({ value: { succeeded: null } });
  });

  it('holds no VM to be without what an answer that was cut did not tell', async () => {
    const faults = (list: object[]) =>
      fetch(new URL('/simulator/faults', simulator.url), { method: 'POST', body: JSON.stringify(list) });
    const whole = await readScan(connection, () => {});
    const cut = { totalRecords: 40, count: 0, resultTruncated: 'true', data: [] };
    const replace = { status: 200, contentType: 'application/json', azures: true, body: JSON.stringify(cut) };
    const match = { method: 'POST', path: '^/providers/Microsoft.ResourceGraph' };
    // The first lists the VMs themselves.
    await faults([{ match, after: 1, effect: { replace } }]);
    const { vms, notSeen } = await readScan(connection, () => {}).finally(() => faults([]));
    const none = (rows: typeof vms) =>
      rows.flatMap(({ name, alerts, criticalPatches, lastBackup, patchAssessment, exposedPorts, worstBurst }) => [
        ...(alerts === 0 ? [`${name}: no alert`] : []),
        ...(criticalPatches === 0 ? [`${name}: no patch`] : []),
        ...(lastBackup === '' ? [`${name}: no backup`] : []),
        ...(patchAssessment === 'none' ? [`${name}: no assessment`] : []),
        ...(exposedPorts?.length === 0 ? [`${name}: no port`] : []),
        ...(worstBurst.state === 'known' && worstBurst.value === null ? [`${name}: no burst`] : []),
      ]);
    const truth = new Set(none(whole.vms));
    expect(vms).toHaveLength(25);
    expect(none(vms).filter((what) => !truth.has(what))).toEqual([]);
    expect(notSeen).toContain('patches: Resource Graph gave 0 of 40 rows');
  });
});

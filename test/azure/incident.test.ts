import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../src/azure/client/connection.ts';
import { readIncident } from '../../src/azure/incident.ts';
import { azureReader } from '../../src/azure/reader.ts';
import { readDoneElsewhere } from '../../src/azure/readers/activity-log.ts';
import { readLogonLeads } from '../../src/azure/readers/incident-logons.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readSubscriptions } from '../../src/azure/readers/subscriptions.ts';
import { incidentText } from '../../src/commands/incident-report.ts';
import { type IncidentDocument, incidentDocument, type Lead } from '../../src/documents/incident.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';

const world = builtInWorld();
let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ world, limits: 'none' });
});
afterAll(() => simulator.close());

async function incident(): Promise<IncidentDocument> {
  const { url, identityHeader } = simulator;
  const connection: Connection = connect({ simulator: { url, identityHeader, clock: simulator } });
  try {
    const document = await readIncident(connection, [{ vm: await resolveVm(connection, 'web01'), because: '' }]);
    return incidentDocument.parse(JSON.parse(JSON.stringify(document)));
  } finally {
    connection.close();
  }
}

const told = (leads: readonly Lead[]) =>
  leads.map(({ kind, to, reached }) => `${kind} ${to.name}${reached ? '' : ' (attempt)'}`);

describe('an incident', () => {
  it('leads from the first VM to the next and to its data, each lead with its evidence', async () => {
    const document = await incident();
    const [web01, web02] = document.vms;
    expect(document.vms.map(({ vm, hop }) => `${vm.name} ${hop}`)).toEqual(['web01 0', 'web02 1']);
    if (web01?.operations.state !== 'known' || web01.logons.state !== 'known') throw new Error('not known');
    expect(told(web01.operations.value)).toEqual(['run-command web02', 'disk-link web01-data-1']);
    expect(web01.operations).toMatchObject({
      source: 'Azure Monitor · activity log',
      coverage: '8 days: Compute, Authorization, Storage, Network in contoso-prod',
    });
    expect(web01.operations.value[0]).toMatchObject({ first: '2026-11-23T02:16:20.000Z', from: '20.51.7.14' });
    expect(told(web01.logons.value)).toEqual(['internal-logon file01 (attempt)', 'address lin-build (attempt)']);
    expect(web01.logons.value[0]).toMatchObject({ failures: 23, successes: 0, from: '10.1.4.7', who: 'svc-backup' });
    expect(web01.logons.value[1]).toMatchObject({ failures: 1280, from: '203.0.113.140' });
    expect(web01.followed).toMatchObject({ accounts: ['svc-backup', 'helpdesk2'], privateAddresses: ['10.1.4.7'] });
    // Entered by the command, it is followed from then on.
    expect(web02?.followed.since).toBe('2026-11-23T02:16:20.000Z');
    expect(web02?.because).toContain('command run inside the VM by the identity of web01');
    const text = incidentText(document);
    expect(text).toMatch(/▲ → web02 {2}2026-11-23 02:16:20Z/);
    expect(text).toMatch(/△ ⇢ file01 .*23 failed logons as svc-backup from web01 \(10\.1\.4\.7\)/);
  });

  it('ends with the error of a triage that fails without being stopped, and does not begin it again', async () => {
    const { url, identityHeader } = simulator;
    const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
    const stop = new AbortController();
    let failed = 0;
    const broken = {
      get entries(): never {
        failed += 1;
        // A reading that goes on and on is stopped here.
        if (failed > 40) stop.abort();
        throw new Error('the catalogue is broken');
      },
    };
    const exploited = Object.defineProperties(
      { version: '', releasedAt: '', count: 0, entries: new Map() },
      Object.getOwnPropertyDescriptors(broken),
    );
    const vm = await resolveVm(connection, 'web01');
    const told = { again: false, onTriage: () => {}, onProgress: () => {} };
    try {
      const reading = azureReader(connection, { exploited }).incident(vm, told, stop.signal);
      await expect(reading).rejects.toThrow('the catalogue is broken');
    } finally {
      connection.close();
    }
  });

  it('calls what may not be read not known, with who can cure it, and never nothing', async () => {
    const { url, identityHeader } = simulator;
    const refuse = (path: string) => ({ match: { path }, effect: { status: 403, code: 'AuthorizationFailed' } });
    const faults = [refuse('/eventtypes/management/values'), refuse('^/v1/.*query')];
    await fetch(`${url}/simulator/faults`, { method: 'POST', body: JSON.stringify(faults) });
    const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
    const vm = await resolveVm(connection, 'web01');
    const followed = { addresses: ['203.0.113.77'], accounts: [], privateAddresses: null, since: null };
    const window = { from: new Date('2026-11-20T00:00:00Z'), until: new Date('2026-11-23T02:20:00Z') };
    const subscriptions = await readSubscriptions(connection);
    const operations = await readDoneElsewhere(connection, vm, { identities: [], addresses: [] }, window);
    const logons = await readLogonLeads(connection, { vm, followed, vms: [vm], subscriptions });
    connection.close();
    expect(operations).toMatchObject({ state: 'unknown', why: 'denied', cure: expect.stringContaining('Reader') });
    expect(logons).toMatchObject({ state: 'unknown', why: 'denied' });
    const asOf = '2026-11-23T02:20:00.000Z';
    const about = { id: vm.id, name: vm.name };
    if (operations.state === 'known') throw new Error('it is known');
    const vms = [{ vm: about, hop: 0, because: '', followed, logons, operations }];
    const text = incidentText({ schema: 'cordon.incident/1', asOf, vms, notFollowed: [] });
    expect(text).toMatch(/\? Logons on other VMs: not known: .*\n {4}to fix: /);
    expect(text).toMatch(/\? Done in Azure: not known: .*\n {4}to fix: /);
    expect(text).toContain('its own addresses ? not read');
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { fateOf } from '../../src/actions/fate.ts';
import type { SentChange } from '../../src/actions/fates/sent-change.ts';
import { type Answering, answering } from '../azure/client/answering.ts';

let azure: Answering | undefined;
afterEach(async () => {
  await azure?.close();
  azure = undefined;
});

const group = '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg';
const compute = `${group}/providers/Microsoft.Compute`;
const network = `${group}/providers/Microsoft.Network`;
const vm = `${compute}/virtualMachines/vm1`;
const item = `${group}/providers/Microsoft.RecoveryServices/vaults/v1/backupFabrics/Azure/protectionContainers/iaasvmcontainer;iaasvmcontainerv2;rg;vm1/protectedItems/vm;iaasvmcontainerv2;rg;vm1`;
const minute = 60_000;
/** By the clock of `answering`. */
const ago = (ms: number): string => new Date(Date.parse('2026-11-23T02:20:11Z') - ms).toISOString();

/** At Azure: the resource that is asked for, the jobs of the vault, and the events of the request. */
interface There {
  resource?: unknown;
  jobs?: unknown[];
  events?: unknown[];
}

/** The fate of a request of a minute ago, or of the given age, where Azure shows this. */
async function fate(change: Pick<SentChange, 'method' | 'url'> & Partial<SentChange>, there: There, age = minute) {
  azure = await answering(({ url }) => {
    if (/eventtypes/.test(url))
      return {
        body: {
          value: (there.events ?? []).map((event) => ({ httpRequest: { clientRequestId: 'mine' }, ...Object(event) })),
        },
      };
    if (/backupJobs/.test(url)) return { body: { value: there.jobs ?? [] } };
    if (there.resource === undefined)
      return { status: 404, body: { error: { code: 'ResourceNotFound', message: 'not found' } } };
    return { body: there.resource };
  });
  const sent = { at: ago(age), body: null, clientRequestId: 'mine', ...change };
  return fateOf(azure.connection, { ...sent, url: `https://management.azure.com${change.url}?api-version=1` });
}

const provisioned = (provisioningState: string, more: Record<string, unknown> = {}) => ({
  properties: { provisioningState, ...more },
});
const power = (now: string, provisioning: string) => ({
  statuses: [{ code: `ProvisioningState/${provisioning}` }, { code: `PowerState/${now}` }],
});
const assessed = (status: string) => ({ patchStatus: { availablePatchSummary: { status, startTime: ago(minute) } } });
const installed = (status: string) => ({
  patchStatus: { lastPatchInstallationSummary: { status, startTime: ago(minute) } },
});
const job = (operation: string, status: string) => ({
  name: 'job1',
  properties: {
    jobType: 'AzureIaaSVMJob',
    entityFriendlyName: 'vm1',
    operation,
    status,
    startTime: ago(minute),
  },
});
const undelete = {
  method: 'PUT',
  url: item,
  body: { properties: { isRehydrate: true, sourceResourceId: vm, protectionState: 'ProtectionStopped' } },
};
const deleted = (is: boolean) => ({ properties: { isScheduledForDeferredDelete: is } });
const snapshot = { method: 'PUT', url: `${compute}/snapshots/s1`, body: { properties: { incremental: true } } };
const asSent = { incremental: true };

describe('a state in transition settles no fate', () => {
  it.each([
    ['snapshot', snapshot, provisioned('Updating', asSent)],
    ['snapshot in a state that is new to us', snapshot, provisioned('Replicating', asSent)],
    ['snapshot that is being deleted', snapshot, provisioned('Deleting', asSent)],
    ['snapshot that does not read as sent yet', snapshot, provisioned('Accepted')],
    [
      'restore point',
      { method: 'PUT', url: `${compute}/restorePointCollections/c/restorePoints/p` },
      provisioned('Creating'),
    ],
    ['run command', { method: 'PUT', url: `${vm}/runCommands/r1` }, provisioned('Running')],
    ['security group', { method: 'PUT', url: `${network}/networkSecurityGroups/g` }, provisioned('Updating')],
    ['interface, in whatever case', { method: 'PUT', url: `${network}/networkInterfaces/n` }, provisioned('updating')],
    ['network of a snapshot', { method: 'PATCH', url: `${compute}/snapshots/s1` }, provisioned('Updating')],
    ['removal', { method: 'DELETE', url: `${network}/networkSecurityGroups/g` }, provisioned('Deleting')],
    ['removal that shows as a change', { method: 'DELETE', url: `${vm}/runCommands/r1` }, provisioned('Updating')],
    [
      'end of access',
      { method: 'POST', url: `${compute}/snapshots/s1/endGetAccess` },
      provisioned('Updating', { diskState: 'Unattached' }),
    ],
    [
      'access',
      { method: 'POST', url: `${compute}/snapshots/s1/beginGetAccess` },
      provisioned('Updating', { diskState: 'ActiveSAS' }),
    ],
    ['deallocation that ends', { method: 'POST', url: `${vm}/deallocate` }, power('deallocated', 'updating')],
    ['deallocation that begins', { method: 'POST', url: `${vm}/deallocate` }, power('running', 'updating')],
    ['start', { method: 'POST', url: `${vm}/start` }, power('running', 'creating')],
    ['start while it goes off', { method: 'POST', url: `${vm}/start` }, power('deallocating', 'succeeded')],
    ['assessment', { method: 'POST', url: `${vm}/assessPatches` }, assessed('InProgress')],
    ['assessment without a status', { method: 'POST', url: `${vm}/assessPatches` }, assessed('')],
    ['installation', { method: 'POST', url: `${vm}/installPatches` }, installed('InProgress')],
  ])('%s', async (_name, change, resource) => {
    expect(await fate(change, { resource })).toMatchObject({ ok: null, running: true });
  });

  it.each([
    ['as sent', snapshot, provisioned('Succeeded', asSent), true],
    ['as sent, and failed', snapshot, provisioned('Failed', asSent), false],
    ['cancelled', snapshot, provisioned('Canceled', asSent), false],
    ['deallocated', { method: 'POST', url: `${vm}/deallocate` }, power('deallocated', 'succeeded'), true],
    [
      'closed',
      { method: 'POST', url: `${compute}/snapshots/s1/endGetAccess` },
      provisioned('Succeeded', { diskState: 'Unattached' }),
      true,
    ],
    ['assessed', { method: 'POST', url: `${vm}/assessPatches` }, assessed('CompletedWithWarnings'), true],
    [
      'a type without states',
      { method: 'PUT', url: `${vm}/providers/Microsoft.Authorization/locks/l` },
      { properties: {} },
      true,
    ],
  ])('the end of it does: %s', async (_name, change, resource, ok) => {
    expect(await fate(change, { resource })).toMatchObject({ ok, running: false });
  });

  describe('access to a snapshot', () => {
    const begin = { method: 'POST', url: `${compute}/snapshots/s1/beginGetAccess` };
    const open = provisioned('Succeeded', { diskState: 'ActiveSAS' });
    it.each([
      ['nothing yet', [], { ok: null, running: false }],
      [
        'that it was begun',
        [{ status: { value: 'Started' } }, { status: { value: 'Accepted' } }],
        { ok: null, running: true },
      ],
      ['that it failed', [{ status: { value: 'Accepted' } }, { status: { value: 'Failed' } }], { ok: false }],
      ['that it was done', [{ status: { value: 'Accepted' } }, { status: { value: 'Succeeded' } }], { ok: true }],
      [
        'that a policy was evaluated',
        [{ status: { value: 'Succeeded' }, operationName: { value: 'Microsoft.Authorization/policies/audit/action' } }],
        { ok: null },
      ],
    ])(
      'is not settled by the state that shows meanwhile; the activity log says %s',
      async (_name, events, expected) => {
        expect(await fate(begin, { resource: open, events })).toMatchObject(expected);
      },
    );
  });

  it.each([
    ['none yet', minute, [], { ok: null, running: false }],
    ['none after the time that it takes', 20 * minute, [], { ok: false }],
    ['one that is not of this request', minute, [job('Restore', 'Completed')], { ok: null }],
    ['one', minute, [job('Backup', 'InProgress')], { ok: true, job: 'job1' }],
  ])('a backup was asked for, and the vault has a job: %s', async (_name, age, jobs, expected) => {
    expect(await fate({ method: 'POST', url: `${item}/backup` }, { jobs }, age)).toMatchObject(expected);
  });

  it.each([
    ['runs', true, [job('Undelete', 'InProgress')], { ok: null, running: true }],
    ['is being cancelled', true, [job('Undelete', 'Cancelling')], { ok: null, running: true }],
    ['runs, and the item shows its end', false, [job('Undelete', 'InProgress')], { ok: null, running: true }],
    ['is complete, and the item does not show it', true, [job('Undelete', 'Completed')], { ok: null, running: true }],
    ['failed', true, [job('Undelete', 'Failed')], { ok: false }],
    ['is not there yet', true, [], { ok: null, running: false }],
    ['is complete', false, [job('Undelete', 'Completed')], { ok: true }],
  ])('a backup is undeleted: its job %s', async (_name, still, jobs, expected) => {
    expect(await fate(undelete, { resource: deleted(still), jobs })).toMatchObject(expected);
  });

  it('a log that could not be asked about a request does not deny it', async () => {
    const tenant = '/providers/Microsoft.Management/managementGroups/g/providers/Microsoft.Other/things/t/act';
    expect(await fate({ method: 'POST', url: tenant }, {}, 60 * minute)).toMatchObject({ ok: null });
  });
});

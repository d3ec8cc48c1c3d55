import { ComputeManagementClient } from '@azure/arm-compute';
import { beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../src/simulator/json.ts';
import { type Bench, openBench } from './sdk.ts';
import { group, ids, smallWorld, subscription } from './small-world.ts';

let bench: Bench;
let client: ComputeManagementClient;
const quick = { updateIntervalInMs: 5 };
const version = 'api-version=2026-03-02';

beforeEach(async () => {
  bench = await openBench({ world: smallWorld() });
  client = new ComputeManagementClient(bench.credential, subscription, bench.options);
  return () => bench.simulator.close();
});

const snapshot = (sourceResourceId: string, incremental: boolean) => ({
  location: 'westeurope',
  incremental,
  creationData: { createOption: 'Copy', sourceResourceId },
});

describe('virtual machines', () => {
  it('show their instance view only when asked for it', async () => {
    const plain = await client.virtualMachines.get('rg-web', 'web01');
    expect(plain.instanceView).toBeUndefined();
    const expanded = await client.virtualMachines.get('rg-web', 'web01', { expand: 'instanceView' });
    expect(expanded.instanceView?.statuses?.map((each) => each.code)).toContain('PowerState/running');
    const view = await client.virtualMachines.instanceView('rg-web', 'db01');
    expect(view.statuses?.map((each) => each.code)).toContain('PowerState/deallocated');
  });

  it('are deallocated and started by operations that take time', async () => {
    const { status, headers } = await bench.ask('POST', `${ids.vm}/deallocate?${version}`);
    expect(status).toBe(202);
    const poll = new URL(headers.get('azure-asyncoperation') ?? '');
    expect(poll.host).toBe('management.azure.com');
    await bench.control('POST', '/simulator/clock', { skipSeconds: 60 });
    const done = await bench.ask('GET', `${poll.pathname}${poll.search}`);
    expect(done.body).toMatchObject({ status: 'Succeeded', name: expect.any(String), startTime: expect.any(String) });
    const view = await client.virtualMachines.instanceView('rg-web', 'web01');
    expect(view.statuses?.at(-1)?.code).toBe('PowerState/deallocated');
    await expect(client.virtualMachines.restart('rg-web', 'web01', quick)).rejects.toMatchObject({
      code: 'OperationNotAllowed',
    });
    await client.virtualMachines.start('rg-web', 'web01', quick);
    expect((await client.virtualMachines.instanceView('rg-web', 'web01')).statuses?.at(-1)?.code).toBe(
      'PowerState/running',
    );
  });

  it('assess their patches, which is seen in Resource Graph, and refuse to when they are off', async () => {
    const found = await client.virtualMachines.assessPatches('rg-web', 'web01', quick);
    expect(found).toMatchObject({ status: 'Succeeded', criticalAndSecurityPatchCount: 1, rebootPending: true });
    expect(found.availablePatches?.[0]).toMatchObject({ name: 'Cumulative update', kbId: '5034439' });
    const query =
      "patchassessmentresources | where name == 'latest' | project at = tostring(properties.lastModifiedDateTime)";
    const graph = await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
      query,
    });
    expect(String(at((graph.body.data as unknown[])[0], 'at'))).toMatch(/^2026-11-23T02:3/);
    await expect(client.virtualMachines.assessPatches('rg-web', 'db01', quick)).rejects.toMatchObject({
      code: 'OperationNotAllowed',
    });
  });

  it('with an ephemeral disk refuse to be deallocated', async () => {
    await bench.simulator.close();
    bench = await openBench({
      world: smallWorld((world) => {
        const [vm] = world.resources as { properties: { storageProfile: { osDisk: Record<string, unknown> } } }[];
        if (vm !== undefined) vm.properties.storageProfile.osDisk.diffDiskSettings = { option: 'Local' };
      }),
    });
    const answer = await bench.ask('POST', `${ids.vm}/deallocate?${version}`);
    expect(answer).toMatchObject({ status: 409, code: 'OperationNotAllowed' });
  });
});

describe('snapshots', () => {
  it('are made in 202, and say in the end what they are', async () => {
    const made = await client.snapshots
      .createOrUpdate(
        'rg-web',
        'evidence',
        { ...snapshot(ids.osDisk, false), networkAccessPolicy: 'DenyAll', tags: { case: '1' } },
        quick,
      )
      .pollUntilDone();
    expect(made).toMatchObject({
      provisioningState: 'Succeeded',
      diskSizeGB: 127,
      osType: 'Windows',
      networkAccessPolicy: 'DenyAll',
      tags: { case: '1' },
    });
    expect(made.creationData?.sourceResourceId).toBe(ids.osDisk);
    const denied = client.snapshots.grantAccess('rg-web', 'evidence', { access: 'Read', durationInSeconds: 60 }, quick);
    await expect(denied).rejects.toThrow();
  });

  it('of fast disks must be incremental, and are complete only when their copy is', async () => {
    await expect(
      client.snapshots.createOrUpdate('rg-web', 'full', snapshot(ids.fastDisk, false), quick).pollUntilDone(),
    ).rejects.toMatchObject({ code: 'OperationNotAllowed' });
    const path = `${group}/providers/Microsoft.Compute/snapshots/fast?${version}`;
    await bench.simulator.close();
    bench = await openBench({ world: smallWorld(), latency: 'realistic' });
    const body = {
      location: 'westeurope',
      properties: { incremental: true, creationData: { createOption: 'Copy', sourceResourceId: ids.fastDisk } },
    };
    expect((await bench.ask('PUT', path, body)).status).toBe(202);
    await bench.control('POST', '/simulator/clock', { skipSeconds: 9 });
    const halfway = (await bench.ask('GET', path)).body.properties;
    expect(halfway).toMatchObject({ provisioningState: 'Succeeded' });
    expect(at(halfway, 'completionPercent')).toBeLessThan(100);
    await bench.control('POST', '/simulator/clock', { skipSeconds: 30 });
    expect(at((await bench.ask('GET', path)).body, 'properties', 'completionPercent')).toBe(100);
  });

  // AzureStorageExplorer issues 5994 and 6654: "Access not permitted because disk … is currently attached to running VM …".
  it('give a link where their disk gives none, while its VM runs', async () => {
    const link = { access: 'Read', durationInSeconds: 60 };
    const refused = await bench.ask('POST', `${ids.osDisk}/beginGetAccess?${version}`, link);
    expect(refused).toMatchObject({ status: 409, code: 'Conflict' });
    expect(refused.message).toMatch(/currently attached to running VM .*\/virtualMachines\/web01/i);
    await client.snapshots.createOrUpdate('rg-web', 's', snapshot(ids.osDisk, false), quick);
    const given = await client.snapshots.grantAccess('rg-web', 's', { access: 'Read', durationInSeconds: 60 }, quick);
    expect(given.accessSAS).toMatch(/^https:/);
  });

  it('refuse a name that another source has, a source that is not there and a wrong region', async () => {
    await client.snapshots.createOrUpdate('rg-web', 'one', snapshot(ids.osDisk, false), quick).pollUntilDone();
    const again = (source: string, change = {}) =>
      client.snapshots.createOrUpdate('rg-web', 'one', { ...snapshot(source, true), ...change }, quick).pollUntilDone();
    await expect(again(ids.fastDisk)).rejects.toMatchObject({ code: 'PropertyChangeNotAllowed' });
    await expect(again(`${ids.osDisk}-gone`)).rejects.toMatchObject({ statusCode: 404 });
    await expect(again(ids.osDisk, { location: 'eastus' })).rejects.toMatchObject({ code: 'InvalidResourceLocation' });
  });

  it('are limited to seven incremental ones of a disk in five minutes', async () => {
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) {
      const body = {
        location: 'westeurope',
        properties: { incremental: true, creationData: { createOption: 'Copy', sourceResourceId: ids.osDisk } },
      };
      const path = `${group}/providers/Microsoft.Compute/snapshots/s${name}?${version}`;
      expect((await bench.ask('PUT', path, body)).status).toBe(202);
    }
    const body = {
      location: 'westeurope',
      properties: { incremental: true, creationData: { createOption: 'Copy', sourceResourceId: ids.osDisk } },
    };
    const path = `${group}/providers/Microsoft.Compute/snapshots/s8?${version}`;
    expect((await bench.ask('PUT', path, body)).status).toBe(429);
    await bench.control('POST', '/simulator/clock', { skipSeconds: 301 });
    expect((await bench.ask('PUT', path, body)).status).toBe(202);
  });

  it('are deleted, and deleting what is gone is no error', async () => {
    await client.snapshots.createOrUpdate('rg-web', 'one', snapshot(ids.osDisk, false), quick).pollUntilDone();
    await client.snapshots.delete('rg-web', 'one', quick);
    await expect(client.snapshots.get('rg-web', 'one')).rejects.toMatchObject({ code: 'ResourceNotFound' });
    await client.snapshots.delete('rg-web', 'one', quick);
  });

  it('end in state Failed when their operation fails', async () => {
    await bench.control('POST', '/simulator/faults', [
      { match: { path: '/snapshots/' }, effect: { failOperation: { code: 'InternalError', message: 'no space' } } },
    ]);
    const work = client.snapshots.createOrUpdate('rg-web', 'one', snapshot(ids.osDisk, false), quick).pollUntilDone();
    await expect(work).rejects.toThrow(/no space/);
    expect((await client.snapshots.get('rg-web', 'one')).provisioningState).toBe('Failed');
  });
});

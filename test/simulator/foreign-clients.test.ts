import { LogsQueryClient } from '@azure/monitor-query';
import { beforeEach, describe, expect, it } from 'vitest';
import { at, records } from '../../src/simulator/json.ts';
import { type Bench, openBench } from './sdk.ts';
import { backupNames, customerId, group, ids, itemId, smallWorld, subscription } from './small-world.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench({ world: smallWorld() });
  return () => bench.simulator.close();
});
const get = async (path: string) => bench.ask('GET', path);
const values = (answer: { body: Record<string, unknown> }) => records(answer.body.value);

describe('a path that begins with two slashes', () => {
  it('is the path without the first', async () => {
    const answer = await get(`/${ids.nsg}?api-version=2024-03-01`);
    expect(answer.body.name).toBe('web01-nsg');
    expect((await get('//[?api-version=2024-03-01')).status).toBe(404);
  });
});

describe('the activity log', () => {
  const log = (filter: string, more = '') =>
    get(
      `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(filter)}${more}`,
    );

  it('takes times without quotes and without a zone, levels, a status and selected fields', async () => {
    await bench.ask('PATCH', `${ids.nsg}?api-version=2024-03-01`, { tags: { seen: 'yes' } });
    const since = 'eventTimestamp ge 2026-11-23T00:00:00 and eventTimestamp le 2026-11-24T00:00:00';
    const all = values(await log(since));
    expect(all.length).toBeGreaterThan(0);
    expect(values(await log(`${since} and status eq 'Succeeded'`)).map((one) => at(one.status, 'value'))).toEqual(
      all.map((one) => at(one.status, 'value')).filter((status) => status === 'Succeeded'),
    );
    expect(values(await log(`${since} and levels eq 'Critical, Error'`))).toEqual([]);
    expect(Object.keys(values(await log(since, '&$select=caller,eventTimestamp'))[0] ?? {}).sort()).toEqual([
      'caller',
      'eventTimestamp',
    ]);
    expect((await log('eventTimestamp ge yesterday')).status).toBe(400);
  });
});

describe('a vault', () => {
  const version = 'api-version=2023-06-01';
  const trigger = async () => {
    const started = await bench.ask('POST', `${itemId}/backup?${version}`, {
      properties: { objectType: 'IaasVMBackupRequest' },
    });
    const operation = /operationsStatus\/([^?]+)/.exec(started.headers.get('azure-asyncoperation') ?? '')?.[1];
    return operation ?? '';
  };

  it('tells of an operation at its own path too', async () => {
    const operation = await trigger();
    await bench.control('POST', '/simulator/clock', { skipSeconds: 3 });
    const status = await get(`${ids.vault}/backupOperations/${operation}?${version}`);
    expect(status.body).toMatchObject({
      name: operation,
      status: 'Succeeded',
      properties: { jobId: expect.any(String) },
    });
    expect((await get(`${ids.vault}/backupOperationResults/${operation}?${version}`)).status).toBe(204);
    expect((await get(`${ids.vault}/backupOperations/nothing?${version}`)).status).toBe(404);
  });

  it('lists the container of each protected machine', async () => {
    const filter = encodeURIComponent("backupManagementType eq 'AzureIaasVM'");
    const found = values(await get(`${ids.vault}/backupProtectionContainers?${version}&$filter=${filter}`));
    expect(found.map((one) => one.name)).toEqual([backupNames.container]);
    expect(found[0]?.properties).toMatchObject({ friendlyName: 'web01', registrationStatus: 'Registered' });
    expect((await get(`${String(found[0]?.id)}?${version}`)).body.name).toBe(backupNames.container);
  });

  it('cancels a job that goes on, and no other', async () => {
    await bench.simulator.close();
    bench = await openBench({ world: smallWorld(), latency: 'realistic' });
    const operation = await trigger();
    await bench.control('POST', '/simulator/clock', { skipSeconds: 3 });
    const { body } = await get(`${ids.vault}/backupOperations/${operation}?${version}`);
    const job = `${ids.vault}/backupJobs/${String(at(body, 'properties', 'jobId'))}`;
    expect((await bench.ask('POST', `${job}/cancel?${version}`)).status).toBe(202);
    expect((await get(`${job}?${version}`)).body.properties).toMatchObject({ status: 'Cancelled' });
    expect((await bench.ask('POST', `${job}/cancel?${version}`)).status).toBe(400);
  });
});

describe('what a world does not keep', () => {
  it('is not answered as none', async () => {
    const root = `/subscriptions/${subscription}/providers`;
    for (const path of [
      `${root}/Microsoft.Compute/skus`,
      `${root}/Microsoft.Compute/locations/westeurope/vmSizes`,
      `${root}/Microsoft.Network/networkWatchers`,
      `${root}/Microsoft.Security/locations`,
      `${root}/Microsoft.Insights/metricDefinitions`,
      `${root}/Microsoft.Advisor/recommendations`,
      `${ids.vault}/backupconfig/vaultconfig`,
      `${ids.vm}/vmSizes`,
      `${ids.vnet}/usages`,
      `${ids.nsg}/providers/Microsoft.Insights/diagnosticSettings`,
    ]) {
      const answer = await get(`${path}?api-version=2024-03-01`);
      expect({ path, status: answer.status, code: answer.code }).toEqual({ path, status: 501, code: 'NotSimulated' });
    }
    const kept = await get(`${root}/Microsoft.Network/azureFirewalls?api-version=2024-03-01`);
    expect(kept.body.value).toEqual([]);
    expect((await get(`${ids.vm}/extensions?api-version=2024-07-01`)).body.value).toBeInstanceOf(Array);
    expect((await get(`${ids.nsg}?api-version=1999-01-01`)).code).toBe('InvalidApiVersionParameter');
  });

  it('is not answered as missing, nor as a table without rows', async () => {
    const group = ids.vm.slice(0, ids.vm.indexOf('/providers/'));
    const status = async (path: string) =>
      (await get(`${path}${path.includes('?') ? '&' : '?'}api-version=2024-03-01`)).status;
    for (const path of [
      `${group}/providers/Microsoft.Web/sites/shop`,
      `${group}/providers/Microsoft.Compute/galleries/images1`,
      `${ids.vm}/patchAssessmentResults/latest`,
      `${ids.vm}/providers/Microsoft.ResourceHealth/availabilityStatuses/current`,
      `${group}/providers/Microsoft.Storage/storageAccounts/a/managementPolicies/default`,
      `/subscriptions/${subscription}/resources?$filter=${encodeURIComponent("resourceType eq 'Microsoft.Web/sites'")}`,
    ])
      expect({ path, status: await status(path) }).toEqual({ path, status: 501 });
    for (const path of [
      `${group}/providers/Microsoft.Compute/virtualMachines/nope`,
      `${group}/providers/Microsoft.Network/bastionHosts/nope`,
      `${ids.vm}/extensions/nope`,
      `${group}/providers/Microsoft.Compute/virtualMachines/nope/unknown/x`,
    ])
      expect({ path, status: await status(path) }).toEqual({ path, status: 404 });
    const graph = async (query: string) =>
      (await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01', { query }))
        .status;
    expect(await graph('advisorresources | count')).toBe(501);
    expect(await graph('ResourceChanges | take 1')).toBe(501);
    expect(await graph('patchassessmentresources | count')).toBe(200);
    expect(await graph('nonsense | count')).toBe(400);
  });

  it('names the types of a provider, with a version to ask with', async () => {
    const { body } = await get(`/subscriptions/${subscription}/providers/Microsoft.Network?api-version=2024-07-01`);
    const type = records(body.resourceTypes).find((one) => one.resourceType === 'networkInterfaces');
    expect(type?.apiVersions).toEqual(['2024-03-01']);
  });
});

describe('tags', () => {
  const place = `${ids.nsg}/providers/Microsoft.Resources/tags/default?api-version=2024-07-01`;
  const change = (operation: string, tags: Record<string, string>) =>
    bench.ask('PATCH', place, { operation, properties: { tags } });

  it('are merged, deleted by name or by value, and replaced', async () => {
    await bench.ask('PUT', place, { properties: { tags: { Owner: 'web', stage: 'prod' } } });
    expect(at((await change('Merge', { owner: 'soc', case: '7' })).body, 'properties', 'tags')).toEqual({
      owner: 'soc',
      stage: 'prod',
      case: '7',
    });
    await change('Delete', { owner: 'someone else', case: '' });
    expect(at((await get(place)).body, 'properties', 'tags')).toEqual({ owner: 'soc', stage: 'prod' });
    await change('Replace', { only: 'this' });
    expect((await get(`${ids.nsg}?api-version=2024-03-01`)).body.tags).toEqual({ only: 'this' });
    expect((await change('Append', {})).status).toBe(400);
    const names = values(await get(`/subscriptions/${subscription}/tagNames?api-version=2024-07-01`));
    expect(names.find((one) => one.tagName === 'only')).toMatchObject({ count: { value: 1 } });
  });

  it('and parts of names find resources', async () => {
    const find = async (filter: string) =>
      values(await get(`${group}/resources?api-version=2024-07-01&$filter=${encodeURIComponent(filter)}`)).map(
        (one) => one.name,
      );
    await bench.ask('PUT', place, { properties: { tags: { Owner: 'soc' } } });
    expect(await find("tagName eq 'owner' and tagValue eq 'soc'")).toEqual(['web01-nsg']);
    expect(await find("substringof('01-NS', name)")).toEqual(['web01-nsg']);
    expect(await find("resourceType eq 'Microsoft.Compute/virtualMachines' and substringof('web', name)")).toEqual([
      'web01',
    ]);
  });

  it('of a group, which can be made', async () => {
    const made = `/subscriptions/${subscription}/resourceGroups/rg-evidence?api-version=2024-07-01`;
    expect((await bench.ask('PUT', made, { location: 'westeurope', tags: { for: 'case' } })).status).toBe(201);
    expect((await bench.ask('PUT', made, { location: 'northeurope' })).status).toBe(409);
    expect((await bench.ask('PATCH', made, { tags: { for: 'nothing' } })).body.tags).toEqual({ for: 'nothing' });
    expect((await bench.ask('PUT', made, {})).status).toBe(400);
  });

  it('of a machine, whose other changes are refused by name', async () => {
    const machine = `${ids.vm}?api-version=2024-07-01`;
    expect((await bench.ask('PATCH', machine, { tags: { a: 'b' } })).body.tags).toEqual({ a: 'b' });
    expect((await bench.ask('PATCH', machine, { properties: {} })).message).toContain('properties');
    expect((await bench.ask('PUT', machine, { location: 'westeurope' })).status).toBe(501);
  });
});

describe('logs', () => {
  it('answer the queries of a batch each by itself', async () => {
    const client = new LogsQueryClient(bench.credential, { ...bench.options, endpoint: 'https://api.loganalytics.io' });
    const timespan = { duration: 'P30D' };
    const [good, bad] = await client.queryBatch([
      { workspaceId: customerId, query: 'SecurityEvent | count', timespan },
      { workspaceId: customerId, query: 'Nothing | count', timespan },
    ]);
    expect(good).toMatchObject({ status: 'Success', tables: [{ rows: [[expect.any(Number)]] }] });
    expect(bad).toMatchObject({ status: 'Failure' });
  });

  it('describe the tables of a workspace', async () => {
    const { body } = await get(`/v1/workspaces/${customerId}/metadata`);
    const table = records(body.tables).find((one) => one.name === 'SecurityEvent');
    expect(records(table?.columns)).toContainEqual({ name: 'EventID', type: 'int' });
    const listed = values(await get(`${ids.workspace}/tables?api-version=2022-10-27`));
    expect(listed.map((one) => one.name)).toContain('SecurityEvent');
    expect((await get(`${ids.workspace}/tables/Nothing?api-version=2022-10-27`)).status).toBe(404);
  });
});

describe('Resource Graph', () => {
  it('counts by facets over the whole result', async () => {
    const { body } = await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
      query: 'resources | project type, name | order by name asc',
      options: { $top: 1 },
      facets: [
        { expression: 'type', options: { $top: 1, filter: "type contains 'disks'" } },
        { expression: 'nothing' },
      ],
    });
    expect(body.facets).toMatchObject([
      { expression: 'type', resultType: 'FacetResult', totalRecords: 1, count: 1, data: [{ count: 2 }] },
      { expression: 'nothing', resultType: 'FacetError' },
    ]);
  });
});

describe('the older Run Command', () => {
  it('gives the output as the result of its operation', async () => {
    const started = await bench.ask('POST', `${ids.vm}/runCommand?api-version=2024-07-01`, {
      commandId: 'RunPowerShellScript',
      script: ['quser'],
    });
    expect(started.status).toBe(202);
    await bench.control('POST', '/simulator/clock', { skipSeconds: 60 });
    const poll = new URL(started.headers.get('location') ?? '');
    const { body } = await get(`${poll.pathname}${poll.search}`);
    expect(records(body.value).map((one) => one.code)).toEqual([
      'ComponentStatus/StdOut/succeeded',
      'ComponentStatus/StdErr/succeeded',
    ]);
    expect(String(records(body.value)[0]?.message)).toContain('USERNAME');
    const stopped = await bench.ask('POST', `${ids.stopped}/runCommand?api-version=2024-07-01`, {
      commandId: 'RunPowerShellScript',
    });
    expect(stopped.status).toBe(409);
  });
});

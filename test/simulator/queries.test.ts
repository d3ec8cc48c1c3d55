import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import { LogsQueryClient } from '@azure/monitor-query';
import { afterEach, describe, expect, it } from 'vitest';
import { at } from '../../src/simulator/json.ts';
import type { SimulatorOptions } from '../../src/simulator/server.ts';
import { type Bench, openBench } from './sdk.ts';
import { customerId, ids, smallWorld, subscription } from './small-world.ts';

let bench: Bench;
afterEach(() => bench.simulator.close());

async function graph(query: string, options = {}, world = smallWorld(), more: Partial<SimulatorOptions> = {}) {
  bench = await openBench({ world, ...more });
  const client = new ResourceGraphClient(bench.credential, bench.options);
  return client.resources({ subscriptions: [subscription], query, options });
}

describe('Resource Graph', () => {
  it('prints machines with their power state and types in lower case', async () => {
    const { data, totalRecords, resultTruncated } = await graph(
      "Resources | where type =~ 'Microsoft.Compute/virtualMachines' | project name, type, resourceGroup, power = tostring(properties.extended.instanceView.powerState.code) | order by name asc",
    );
    expect(totalRecords).toBe(2);
    expect(resultTruncated).toBe('false');
    expect(data).toEqual([
      {
        name: 'db01',
        type: 'microsoft.compute/virtualmachines',
        resourceGroup: 'rg-web',
        power: 'PowerState/deallocated',
      },
      {
        name: 'web01',
        type: 'microsoft.compute/virtualmachines',
        resourceGroup: 'rg-web',
        power: 'PowerState/running',
      },
    ]);
  });

  it('pages by skip token, without a row twice or missing', async () => {
    bench = await openBench({ world: smallWorld() });
    const client = new ResourceGraphClient(bench.credential, bench.options);
    const query = 'resources | project id | order by id asc';
    const seen: unknown[] = [];
    let skipToken: string | undefined;
    let pages = 0;
    do {
      const page = await client.resources({
        query,
        options: { top: 3, ...(skipToken !== undefined && { skipToken }) },
      });
      seen.push(...page.data);
      skipToken = page.skipToken;
      pages += 1;
    } while (skipToken !== undefined);
    const whole = await client.resources({ query, options: { top: 1000 } });
    expect(seen).toEqual(whole.data);
    expect(pages).toBe(Math.ceil(seen.length / 3));
  });

  it('sees a change at once', async () => {
    bench = await openBench({ world: smallWorld() });
    const query = { query: "resources | where type endswith 'networksecuritygroups' | summarize count()" };
    const path = '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01';
    const count = async () => at((await bench.ask('POST', path, query)).body, 'data');
    expect(await count()).toEqual([{ count_: 3 }]);
    await bench.ask('PUT', `${ids.nsg}-new?api-version=2026-01-01`, { location: 'westeurope', properties: {} });
    expect(await count()).toEqual([{ count_: 4 }]);
  });

  it('leaves out what the caller cannot read', async () => {
    const world = smallWorld((each) => {
      each.denied = [{ action: 'Microsoft.Network/networkSecurityGroups/read', scope: ids.nsg }];
    });
    const { data } = await graph("resources | where type endswith 'networksecuritygroups' | project name", {}, world);
    expect(data.map((row: unknown) => at(row, 'name'))).toEqual(['subnet-nsg', 'far-nsg']);
  });

  it('knows groups, subscriptions and the tables of others, and gives a table when asked', async () => {
    const { data } = await graph(
      "ResourceContainers | where type == 'microsoft.resources/subscriptions/resourcegroups' | project name",
      { resultFormat: 'table' },
    );
    expect(data).toEqual({ columns: [{ name: 'name', type: 'string' }], rows: [['rg-web']] });
  });

  it('says where a query is wrong', async () => {
    await expect(graph('where where')).rejects.toMatchObject({ statusCode: 400, code: 'BadRequest' });
    const { body } = await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
      query: 'resources\n| where',
    });
    expect(at(body, 'error', 'details')).toMatchObject([
      { code: 'InvalidQuery' },
      { code: 'ParserFailure', line: 2, characterPositionInLine: expect.any(Number) },
    ]);
  });

  it('gives no next page to a query that does not ask for the id', async () => {
    bench = await openBench({ world: smallWorld() });
    const ask = async (query: string) =>
      (
        await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
          query,
          options: { $top: 1 },
        })
      ).body;
    expect(await ask('resources | project name')).toMatchObject({ count: 1, resultTruncated: 'true' });
    expect(await ask('resources | project name')).not.toHaveProperty('$skipToken');
    expect(await ask('resources | project id, name')).toHaveProperty('$skipToken');
  });

  it('knows no let statement, as Resource Graph does not', async () => {
    bench = await openBench({ world: smallWorld() });
    const ask = (query: string) =>
      bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', { query });
    const refused = await ask("// machines\nlet kind = 'a';\nresources | where type == kind");
    expect(refused).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(JSON.stringify(refused.body)).toMatch(/"line":2,"characterPositionInLine":0,"token":"let"/);
    expect((await ask("resources | where name != '; let x'")).status).toBe(200);
  });

  it('tells what is left of the quota', async () => {
    bench = await openBench({ world: smallWorld() });
    const answer = await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
      query: 'resources | take 1',
    });
    expect(answer.headers.get('x-ms-user-quota-remaining')).toMatch(/^\d+$/);
    expect(answer.headers.get('x-ms-user-quota-resets-after')).toMatch(/^00:00:0\d$/);
  });
});

describe('Log Analytics', () => {
  const rows = (result: unknown) => at(at(result, 'tables', '0') ?? (at(result, 'tables') as unknown[])[0], 'rows');

  async function logs(world = smallWorld()) {
    bench = await openBench({ world });
    return new LogsQueryClient(bench.credential, { ...bench.options, endpoint: 'https://api.loganalytics.io' });
  }

  it('runs a query over a workspace within a timespan', async () => {
    const client = await logs();
    const query = 'SecurityEvent | where EventID == 4625 | summarize n = count() by IpAddress';
    expect(rows(await client.queryWorkspace(customerId, query, { duration: 'P1D' }))).toEqual([['203.0.113.77', 3]]);
    const narrow = { startTime: new Date('2026-11-23T02:01:30Z'), endTime: new Date('2026-11-23T02:03:30Z') };
    expect(rows(await client.queryWorkspace(customerId, query, narrow))).toEqual([['203.0.113.77', 1]]);
    expect(rows(await client.queryWorkspace(customerId, query, { duration: 'PT10M' }))).toEqual([]);
  });

  it('shows a resource its own rows only, whatever the case of its id', async () => {
    const client = await logs();
    const query = 'SecurityEvent | count';
    expect(rows(await client.queryResource(ids.vm.toUpperCase(), query, { duration: 'P1D' }))).toEqual([[3]]);
    expect(rows(await client.queryResource(ids.stopped, query, { duration: 'P1D' }))).toEqual([[1]]);
    const group = ids.vm.split('/').slice(0, 5).join('/');
    expect(rows(await client.queryResource(group, query, { duration: 'P1D' }))).toEqual([[4]]);
  });

  it('tells an empty table from one that is not there, and what is wrong with a query', async () => {
    const client = await logs();
    expect(rows(await client.queryWorkspace(customerId, 'Heartbeat | take 1', { duration: 'P1D' }))).toEqual([]);
    const ask = async (query: string) =>
      (await bench.ask('POST', `/v1/workspaces/${customerId}/query`, { query })).body;
    expect(await ask('Syslog | take 1')).toMatchObject({
      error: {
        code: 'BadArgumentError',
        innererror: {
          code: 'SemanticError',
          innererror: { code: 'SEM0100', message: expect.stringContaining("'Syslog'") },
        },
      },
    });
    expect(await ask('SecurityEvent | where NoColumn == 1')).toMatchObject({
      error: { innererror: { code: 'SemanticError', innererror: { message: expect.stringContaining('NoColumn') } } },
    });
    expect(await ask('SecurityEvent | | take')).toMatchObject({ error: { innererror: { code: 'SyntaxError' } } });
    expect(await ask('')).toMatchObject({ error: { code: 'BadArgumentError' } });
  });

  it('refuses without permission, and hides a table that may not be read', async () => {
    const denied = (action: string) =>
      smallWorld((world) => {
        world.denied = [action];
      });
    await logs(denied('Microsoft.OperationalInsights/workspaces/query/read'));
    const query = { query: 'SecurityEvent | count' };
    expect(await bench.ask('POST', `/v1/workspaces/${customerId}/query`, query)).toMatchObject({
      status: 403,
      code: 'InsufficientAccessError',
    });
    expect((await bench.ask('POST', `/v1${ids.vm}/query`, query)).status).toBe(200);
    await bench.simulator.close();
    await logs(denied('Microsoft.OperationalInsights/workspaces/query/SecurityEvent/read'));
    expect((await bench.ask('POST', `/v1/workspaces/${customerId}/query`, query)).status).toBe(400);
  });

  it('filters a table that may not be read without a word when it is asked about a resource, and says so when asked to', async () => {
    await logs(
      smallWorld((world) => {
        world.denied = ['Microsoft.Insights/logs/SecurityEvent/read'];
      }),
    );
    const ask = (headers = {}) => bench.ask('POST', `/v1${ids.vm}/query`, { query: 'SecurityEvent | count' }, headers);
    expect(rows((await ask()).body)).toEqual([[0]]);
    const told = await ask({ prefer: 'include-permissions=true' });
    expect(told.body.permissions).toMatchObject({ resources: [{ denyTables: ['SecurityEvent'] }] });
  });

  it('has no table for a machine that no workspace collects from, and knows no machine that is not there', async () => {
    await logs(
      smallWorld((world) => {
        world.workspaces = { [customerId]: [ids.vm] };
      }),
    );
    const ask = (id: string) => bench.ask('POST', `/v1${id}/query`, { query: 'SecurityEvent | count' });
    expect(rows((await ask(ids.vm)).body)).toEqual([[3]]);
    expect(at((await ask(ids.stopped)).body, 'error', 'innererror', 'innererror', 'code')).toBe('SEM0100');
    expect(await ask(`${ids.vm}2`)).toMatchObject({ status: 404, code: 'ResourceNotFoundError' });
  });

  it('knows no workspace of another id when the world names them', async () => {
    await logs(
      smallWorld((world) => {
        world.workspaces = { [customerId]: [ids.vm] };
      }),
    );
    const ask = (id: string) => bench.ask('POST', `/v1/workspaces/${id}/query`, { query: 'SecurityEvent | count' });
    expect(rows((await ask(customerId)).body)).toEqual([[3]]);
    expect((await ask('99999999-2222-3333-4444-555555555555')).code).toBe('PathNotFoundError');
  });
});

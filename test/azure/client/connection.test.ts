import { afterEach, describe, expect, it } from 'vitest';
import { gapOf } from '../../../src/azure/client/failure.ts';
import { askLogs, queryLogs } from '../../../src/azure/client/log-query.ts';
import { queryGraph } from '../../../src/azure/client/resource-graph.ts';
import { resolveVm } from '../../../src/azure/readers/inventory.ts';
import { readSubscriptions } from '../../../src/azure/readers/subscriptions.ts';
import { type Answering, answering } from './answering.ts';

let azure: Answering | undefined;
afterEach(async () => {
  await azure?.close();
  azure = undefined;
});

const limits = { read: 0.3, logs: 0.3, change: 0.3 };
const vm = '/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v';

describe('a request that is never answered', () => {
  it('ends, and says how long was waited', async () => {
    azure = await answering(() => undefined, { limits });
    const gap = await azure.connection.get('/subscriptions?api-version=1').catch(gapOf);
    expect(gap).toMatchObject({ why: 'no-answer', because: 'management.azure.com did not answer in 0.3 s' });
    expect(azure.asked).toHaveLength(1);
  });

  it('ends a query of Log Analytics too, which is told to give up before', async () => {
    azure = await answering(() => undefined, { limits });
    const between = { from: new Date(0), until: new Date(1) };
    const answer = await askLogs(azure.connection, vm, 'T', 'T', between);
    expect(answer).toMatchObject({ state: 'failed', error: { name: 'TimeLimitExceeded' } });
  });

  it('does not keep what is closed', async () => {
    azure = await answering(() => undefined);
    const waiting = azure.connection.get('/subscriptions?api-version=1').catch(gapOf);
    azure.connection.close();
    expect(await waiting).toMatchObject({ because: 'the request was given up' });
  });
});

describe('a token that Azure refuses before its time', () => {
  it('is replaced by a newer one, once, also for clients that still hold it', async () => {
    azure = await answering(({ token }) =>
      token === '1'
        ? { status: 401, body: { error: { code: 'ExpiredAuthenticationToken', message: 'expired' } } }
        : { body: { value: [] } },
    );
    const { connection, asked } = azure;
    await connection.get('/subscriptions?api-version=1');
    await connection.get('/tenants?api-version=1');
    expect(asked.map(({ url, token }) => [url.split('?')[0], token])).toEqual([
      ['/subscriptions', '1'],
      ['/subscriptions', '2'],
      ['/tenants', '2'],
    ]);
  });

  it('is told when the next is refused as well', async () => {
    azure = await answering(() => ({
      status: 401,
      body: { error: { code: 'ExpiredAuthenticationToken', message: 'x' } },
    }));
    expect(await azure.connection.get('/subscriptions?api-version=1').catch(gapOf)).toMatchObject({
      why: 'not-signed-in',
      because: 'the sign-in has ended',
    });
    expect(azure.asked).toHaveLength(2);
  });
});

it('the pages of a list are refused with the cause that Azure tells, as everything else', async () => {
  const message = 'The subscription s1 was moved.';
  azure = await answering(() => ({ status: 409, body: { error: { code: 'Moved', message } } }));
  expect(await readSubscriptions(azure.connection).catch(gapOf)).toMatchObject({
    because: `Azure answered 409 Moved: ${message}`,
  });
});

it('an api-version that the cloud does not have is replaced by the newest that it offers', async () => {
  const message =
    "No registered resource provider found for API version '2099-01-01'. The supported api-versions are '2019-01-01, 2021-04-01'.";
  azure = await answering(({ url }) =>
    url.endsWith('2099-01-01')
      ? { status: 400, body: { error: { code: 'NoRegisteredProviderFound', message } } }
      : { body: { value: [] } },
  );
  const path = '/subscriptions/s/providers/Microsoft.Network/networkInterfaces?api-version=2099-01-01';
  await azure.connection.get(path);
  await azure.connection.get(path);
  expect(azure.asked.map(({ url }) => url.split('=')[1])).toEqual(['2099-01-01', '2021-04-01', '2021-04-01']);
});

it('Resource Graph is asked about a thousand subscriptions at a time', async () => {
  azure = await answering(({ body }) => {
    const { subscriptions } = JSON.parse(body) as { subscriptions: string[] };
    return { body: { totalRecords: 1, count: 1, data: [{ id: subscriptions[0] }], resultTruncated: 'false' } };
  });
  const ids = [...Array(2101).keys()].map((index) => `s${index}`);
  const { rows } = await queryGraph(azure.connection, 'resources', ids);
  expect(azure.asked.map(({ body }) => JSON.parse(body).subscriptions.length)).toEqual([1000, 1000, 101]);
  expect(rows.map(({ id }) => id)).toEqual(['s0', 's1000', 's2000']);
});

describe('cells of Log Analytics', () => {
  const columns = ['datetime', 'long', 'real', 'dynamic', 'timespan', 'bool', 'string'].map((type) => ({
    name: type,
    type,
  }));
  const ask = (body: string) => {
    const between = { from: new Date(0), until: new Date(1) };
    return answering(() => ({ body })).then((one) => {
      azure = one;
      return queryLogs(one.connection, vm, 'T', between);
    });
  };

  it('are printed as they came: null, every digit, ticks', async () => {
    const rows = `[["2026-11-23T02:00:00.1234567Z",9007199254740993,0.1,"{\\"a\\":1}","1.02:03:04.0000005",true,"x"],[null,null,"NaN",null,null,null,""],["0001-01-01T00:00:00Z",-1,1e308,"not json","00:00:00",false,"h\\u00e9"]]`;
    const table = await ask(
      `{"tables":[{"name":"PrimaryResult","columns":${JSON.stringify(columns)},"rows":${rows}}]}`,
    );
    expect(table.rows).toEqual([
      ['2026-11-23T02:00:00.1234567Z', '9007199254740993', 0.1, '{"a":1}', '1.02:03:04.0000005', true, 'x'],
      [null, null, 'NaN', null, null, null, ''],
      ['0001-01-01T00:00:00Z', -1, 1e308, 'not json', '00:00:00', false, 'hé'],
    ]);
    expect(table.columns).toEqual(columns);
    expect(table.partial).toBe('');
  });
});

describe('an answer of Log Analytics that is not whole', () => {
  const partial = {
    code: 'PartialError',
    message: 'There were some errors when processing your query.',
    details: [
      {
        code: 'EngineError',
        message: 'Something went wrong processing your query on the server.',
        innererror: { code: '-2133196797', message: 'The results of this query exceed the set limit.' },
      },
    ],
  };
  const ask = async (rows: unknown[][]) => {
    const tables = [{ name: 'PrimaryResult', columns: [{ name: 'N', type: 'long' }], rows }];
    azure = await answering(() => ({ body: { tables, error: partial } }));
    return askLogs(azure.connection, vm, 'T', 'T', { from: new Date(0), until: new Date(1) });
  };

  it('is not "none" where it has no rows', async () => {
    const answer = await ask([]);
    expect(answer.state).toBe('failed');
    const gap = answer.state === 'failed' ? gapOf(answer.error) : undefined;
    expect(gap).toMatchObject({ why: 'damaged', because: expect.stringContaining('exceed the set limit') });
  });

  it('is its rows, and what they lack in the words of the innermost error', async () => {
    expect(await ask([[1]])).toEqual({
      state: 'rows',
      rows: [{ N: 1 }],
      partial: 'Log Analytics gave a part of the answer (The results of this query exceed the set limit.)',
    });
  });
});

describe('what is named', () => {
  const subscriptions = {
    body: {
      value: [
        { subscriptionId: 's1', displayName: 'Azure subscription 1', tenantId: 't1' },
        { subscriptionId: 's2', displayName: 'Azure subscription 1', tenantId: 't2' },
      ],
    },
  };

  it('a subscription that two have is refused with both ids, before anything is done', async () => {
    azure = await answering(() => subscriptions, { subscriptions: ['azure subscription 1'] });
    const refused = readSubscriptions(azure.connection);
    await expect(refused).rejects.toMatchObject({ name: 'Failure', exitCode: 2 });
    await expect(refused).rejects.toThrow(/names 2 subscriptions; nothing was done[\s\S]*s1[\s\S]*s2/);
  });

  it('a VM by its id is asked for alone, and brings the tenant of its subscription', async () => {
    azure = await answering(({ method }) =>
      method === 'GET'
        ? subscriptions
        : { body: { totalRecords: 1, count: 1, data: [{ id: vm, name: 'v' }], resultTruncated: 'false' } },
    );
    expect(
      await resolveVm(azure.connection, vm.toUpperCase().replace('/SUBSCRIPTIONS/S1', '/subscriptions/s1')),
    ).toMatchObject({
      id: vm,
      tenantId: 't1',
    });
    const queries = azure.asked.filter(({ method }) => method === 'POST');
    expect(queries).toHaveLength(1);
    expect(JSON.parse(queries[0]?.body ?? '{}')).toMatchObject({
      subscriptions: ['s1'],
      query: expect.stringContaining('where id =~'),
    });
  });
});

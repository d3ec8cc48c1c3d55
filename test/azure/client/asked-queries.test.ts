import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { askedQuery } from '../../../src/azure/client/asked-queries.ts';
import type { Exchange } from '../../../src/documents/exchange.ts';

const graph = 'https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01';
const logs = 'https://api.loganalytics.io/v1/subscriptions/s/resourceGroups/g/providers/p/virtualMachines/web01/query';

function exchange(change: Partial<Exchange>): Exchange {
  return {
    method: 'POST',
    url: graph,
    apiVersion: '2024-04-01',
    clientRequestId: 'client',
    requestBody: { query: 'resources | take 2' },
    requestHeaders: {},
    sentAt: '2026-11-23T02:20:11Z',
    durationSeconds: 0.5,
    status: 200,
    responseHeaders: {},
    responseBody: { data: [{}, {}], count: 2 },
    requestId: 'request',
    correlationId: 'correlation',
    error: '',
    ...change,
  };
}

describe('a query as the case file tells it', () => {
  it('is what was asked of Resource Graph, with the digest of the answer as it came', () => {
    const answer = '{"data":[{},{}],  "count":2}';
    expect(askedQuery(exchange({}), answer)).toEqual({
      service: 'Resource Graph',
      text: 'resources | take 2',
      rows: 2,
      sha256: createHash('sha256').update(answer).digest('hex'),
      durationSeconds: 0.5,
      error: '',
      clientRequestId: 'client',
      requestId: 'request',
      correlationId: 'correlation',
    });
  });

  it('counts the rows of Log Analytics’ first table, and none is not a failure', () => {
    const of = (rows: unknown[]) =>
      exchange({
        url: logs,
        requestBody: { query: 'T' },
        responseBody: { tables: [{ name: 'P', columns: [], rows }] },
      });
    expect(askedQuery(of([[1], [2], [3]]), '{}')).toMatchObject({ service: 'Log Analytics', rows: 3, error: '' });
    expect(askedQuery(of([]), '{}')).toMatchObject({ rows: 0, error: '' });
  });

  it('failed when Azure refused it, and when no answer came', () => {
    const responseBody = { error: { code: 'InsufficientAccessError', message: 'not permitted' } };
    expect(askedQuery(exchange({ url: logs, status: 403, responseBody }), '{}')).toMatchObject({
      rows: null,
      error: '403 InsufficientAccessError not permitted',
    });
    const innererror = { code: 'SemanticError', message: 'A semantic error occurred.' };
    const inmost = { code: 'SEM0100', message: "Failed to resolve table 'X'" };
    const semantic = { error: { code: 'BadArgumentError', message: 'The request had some invalid properties' } };
    Object.assign(semantic.error, { innererror: { ...innererror, innererror: inmost } });
    expect(askedQuery(exchange({ url: logs, status: 400, responseBody: semantic }), '{}')?.error).toBe(
      "400 BadArgumentError Failed to resolve table 'X'",
    );
    const gone = exchange({ status: 0, responseBody: undefined, error: 'connect ECONNREFUSED' });
    expect(askedQuery(gone, '')).toMatchObject({ rows: null, sha256: '', error: 'connect ECONNREFUSED' });
    // An answer of a shape that is not known has an unknown number of rows, not none.
    expect(askedQuery(exchange({ responseBody: 'a proxy’s page' }), 'a proxy’s page')).toMatchObject({ rows: null });
  });

  it('did not give no rows where they may not be read, and says what it leaves out', () => {
    const of = (rows: unknown[], more: object) => {
      const body = { tables: [{ name: 'P', columns: [], rows }], ...more };
      const requestBody = { query: 'SecurityEvent | count' };
      return askedQuery(exchange({ url: logs, requestBody, responseBody: body }), JSON.stringify(body));
    };
    const denied = { permissions: { resources: [{ resourceId: 'w', denyTables: ['SecurityEvent'] }] } };
    expect(of([], denied)).toMatchObject({ rows: null, error: 'not permitted to read securityevent' });
    expect(of([[1]], denied)).toMatchObject({ rows: 1, error: 'not permitted to read securityevent' });
    const another = { permissions: { resources: [{ resourceId: 'w', denyTables: ['Syslog'] }] } };
    expect(of([], another)).toMatchObject({ rows: 0, error: '' });
    const partial = { error: { code: 'PartialError', message: 'There were some errors' } };
    expect(of([[1]], partial)).toMatchObject({ rows: 1, error: 'PartialError There were some errors' });
    const cut = { data: [{}], resultTruncated: 'true' };
    expect(askedQuery(exchange({ responseBody: cut }), '{}')?.error).toBe('Azure gave fewer rows than there are');
    expect(askedQuery(exchange({ responseBody: { ...cut, $skipToken: 't' } }), '{}')?.error).toBe('');
  });

  it('is nothing else that is sent', () => {
    expect(askedQuery(exchange({ method: 'GET', requestBody: undefined }), '{}')).toBeNull();
    expect(askedQuery(exchange({ url: logs.replace('/query', '/metadata') }), '{}')).toBeNull();
    expect(askedQuery(exchange({ requestBody: 'not JSON' }), '{}')).toBeNull();
  });
});

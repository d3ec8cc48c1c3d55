import { createServer, type Server } from 'node:http';
import { createPipelineRequest } from '@azure/core-rest-pipeline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTransport, isChange } from '../../../src/azure/client/transport.ts';
import type { ChangeGate, Exchange } from '../../../src/documents/exchange.ts';

const seen: { method: string; url: string; host: string; id: string }[] = [];
let server: Server;
let simulator = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      host: String(request.headers['x-forwarded-host']),
      id: String(request.headers['x-ms-client-request-id']),
    });
    response.setHeader('x-ms-request-id', 'r1').setHeader('x-ms-correlation-request-id', 'c1');
    response.setHeader('content-type', 'application/json');
    response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  simulator = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => {
  server.close();
});

const arm = 'https://management.azure.com';
const nic = `${arm}/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n?api-version=2026-01-01`;
const make = () =>
  createTransport({
    hosts: ['management.azure.com', 'api.loganalytics.io'],
    simulator,
    now: () => new Date('2026-11-23T02:20:11Z'),
  });
const put = (url = nic) => {
  const request = createPipelineRequest({ url, method: 'PUT', body: '{"location":"eastus"}' });
  request.headers.set('authorization', 'Bearer secret-token');
  return request;
};

describe('blobs', () => {
  const blob = 'https://a.blob.core.windows.net/c/b';
  const gate: ChangeGate = { before: async () => undefined, after: async () => undefined };
  const asked = (url: string, method: 'GET' | 'PUT' = 'PUT') => {
    const request = createPipelineRequest({ url: `${url}?comp=block&sig=x`, method });
    request.headers.set('authorization', 'Bearer secret-token');
    return request;
  };
  const withStorage = () =>
    createTransport({ hosts: [], storage: ['blob.core.windows.net'], simulator, now: () => new Date() });

  it('are written for an upload whose intent has passed a gate, and for no other', async () => {
    const { blobs, changing, uploading } = withStorage();
    const end = { status: 201, requestId: 'r', code: '' };
    const upload = (url: string) =>
      uploading({ url: blob, apiVersion: '1', requestBody: undefined }, async () => {
        await blobs.sendRequest(asked(url));
        return end;
      });
    await expect(blobs.sendRequest(asked(blob))).rejects.toThrow(/nothing is uploaded/);
    await expect(upload(blob)).rejects.toThrow(/nothing may be changed/);
    const passed: string[] = [];
    const watched: ChangeGate = {
      before: async ({ url }) => void passed.push(`before ${url}`) as undefined,
      after: async (_, { status, error }) => void passed.push(`after ${status}${error}`),
    };
    await expect(changing(watched, () => upload(`${blob}2`))).rejects.toThrow(/nothing is uploaded/);
    await expect(changing(watched, () => upload('https://evil.example/c/b'))).rejects.toThrow(/not a storage host/);
    expect(await changing(watched, () => upload(blob))).toEqual(end);
    expect(passed.filter((one) => one.startsWith('before'))).toHaveLength(3);
    expect(passed.at(-1)).toBe('after 201');
    // A gate that refuses, as on a full disk, keeps the first byte here.
    const sent = seen.length;
    const refusing = { ...gate, before: () => Promise.reject(new Error('the disk is full')) };
    await expect(changing(refusing, () => upload(blob))).rejects.toThrow('the disk is full');
    expect(seen.length).toBe(sent);
  });
});

describe('isChange', () => {
  it.each([
    ['GET', nic, false],
    ['PUT', nic, true],
    ['POST', `${arm}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01`, false],
    ['POST', 'https://api.loganalytics.io/v1/workspaces/w/query', false],
    ['POST', nic.replace('?', '/effectiveNetworkSecurityGroups?'), false],
    [
      'POST',
      `${arm}/subscriptions/s/providers/Microsoft.RecoveryServices/locations/eastus/backupStatus?api-version=1`,
      false,
    ],
    ['POST', `${arm}/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/deallocate`, true],
    [
      'POST',
      `${arm}/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/assessPatches`,
      true,
    ],
    ['DELETE', nic, true],
    ['POST', `${arm}/anything/unknown`, true],
  ])('%s %s: %s', (method, url, expected) => {
    expect(isChange(method, url)).toBe(expected);
  });
});

describe('transport', () => {
  it('sends no token to a host that is not one of the cloud’s, wherever a nextLink points', async () => {
    const before = seen.length;
    const foreign = createPipelineRequest({ url: 'https://evil.example/next', method: 'GET' });
    await expect(make().httpClient.sendRequest(foreign)).rejects.toThrow(/evil\.example/);
    const plain = createPipelineRequest({ url: 'http://management.azure.com/x', method: 'GET' });
    await expect(make().httpClient.sendRequest(plain)).rejects.toThrow(/refused/);
    expect(seen.length).toBe(before);
  });

  it('lets nothing change outside of a gate', async () => {
    const before = seen.length;
    await expect(make().httpClient.sendRequest(put())).rejects.toThrow(/nothing may be changed/);
    expect(seen.length).toBe(before);
  });

  it('keeps the order: intent, request, outcome; and the intent can refuse', async () => {
    const transport = make();
    const order: string[] = [];
    const gate: ChangeGate = {
      async before(change) {
        await Promise.resolve();
        order.push(`before ${change.method} ${seen.length}`);
        return 'made-by-its-place';
      },
      async after(_change, exchange) {
        order.push(
          `after ${exchange.status} ${exchange.requestId} ${exchange.correlationId} ${exchange.clientRequestId}`,
        );
      },
    };
    const before = seen.length;
    await transport.changing(gate, () => transport.httpClient.sendRequest(put()));
    expect(order).toEqual([`before PUT ${before}`, 'after 200 r1 c1 made-by-its-place']);
    expect(seen.at(-1)).toMatchObject({ method: 'PUT', host: 'management.azure.com', id: 'made-by-its-place' });
    const refusing: ChangeGate = {
      before: () => Promise.reject(new Error('disk full')),
      after: () => Promise.resolve(),
    };
    const count = seen.length;
    await expect(transport.changing(refusing, () => transport.httpClient.sendRequest(put()))).rejects.toThrow(
      'disk full',
    );
    expect(seen.length).toBe(count);
  });

  it('tells the exchanges of one piece of work alone, with the text of the answers', async () => {
    const transport = make();
    const get = (name: string) =>
      transport.httpClient.sendRequest(createPipelineRequest({ url: nic.replace('/n?', `/${name}?`), method: 'GET' }));
    const told: Record<string, string[]> = { one: [], other: [] };
    const work = (name: string) =>
      transport.observing(
        ({ url, responseBody }, answer) => {
          expect(responseBody).toEqual(JSON.parse(answer));
          told[name]?.push(new URL(url).pathname.split('/').at(-1) ?? '');
        },
        async () => {
          await get(`${name}1`);
          await get(`${name}2`);
        },
      );
    await Promise.all([work('one'), get('nobody'), work('other')]);
    expect(told).toEqual({ one: ['one1', 'one2'], other: ['other1', 'other2'] });
  });

  it('tells each exchange without credentials, also when no answer came', async () => {
    const transport = createTransport({
      hosts: ['management.azure.com'],
      simulator: 'http://127.0.0.1:1',
      now: () => new Date(0),
    });
    const told: Exchange[] = [];
    transport.observe((exchange) => told.push(exchange));
    const request = createPipelineRequest({ url: nic, method: 'GET' });
    request.headers.set('authorization', 'Bearer secret-token');
    await expect(transport.httpClient.sendRequest(request)).rejects.toThrow();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ status: 0, method: 'GET', apiVersion: '2026-01-01' });
    expect(told[0]?.error).not.toBe('');
    expect(JSON.stringify(told)).not.toContain('secret-token');
  });
});

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ThreadedParts } from '../../../src/azure/client/blob-parts.ts';

const blob = 'https://md-abc.z1.blob.storage.azure.net/abc/abcd?sr=b&sig=c2VjcmV0';

describe('parts of a blob that a thread reads', () => {
  let answer: (range: string, response: ServerResponse) => void;
  let asked: Record<string, unknown>[];
  let closing: AbortController;
  let parts: ThreadedParts;
  const server = createServer((request, response) => {
    asked.push({ url: request.url, ...request.headers });
    answer(String(request.headers['x-ms-range']), response);
  });
  beforeEach(async () => {
    asked = [];
    closing = new AbortController();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    parts = new ThreadedParts(
      {
        storage: ['blob.storage.azure.net'],
        simulator: `http://127.0.0.1:${port}`,
        pipeline: { retryOptions: { maxRetries: 0 } },
      },
      closing.signal,
    );
  });
  afterEach(async () => {
    parts.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const memory = Buffer.from(new SharedArrayBuffer(8));
  const read = (url = blob, signal = new AbortController().signal, into = memory.subarray(2, 6)) =>
    parts.read({ url, first: 512, etag: '"0x1"', into, signal });
  const shown = async (work: Promise<unknown>) =>
    work.then(
      (value) => JSON.stringify(value),
      (error: unknown) => `${String(error)} ${JSON.stringify(error)}`,
    );

  it('come into their memory and nowhere else, asked for one version and without a token', async () => {
    memory.fill(9);
    answer = (_, response) => {
      response.writeHead(206, { etag: '"0x1"', 'content-range': 'bytes 512-515/1024' });
      response.end(Buffer.from([1, 2, 3, 4]));
    };
    const { status, header, bytes, failure } = await read();
    expect([status, header('ETag'), header('content-range')]).toEqual([206, '"0x1"', 'bytes 512-515/1024']);
    expect({ bytes, failure }).toEqual({ bytes: 4, failure: null });
    expect([...memory]).toEqual([9, 9, 1, 2, 3, 4, 9, 9]);
    expect(asked[0]).toMatchObject({ 'x-ms-range': 'bytes=512-515', 'if-match': '"0x1"' });
    expect(asked[0]).not.toHaveProperty('authorization');
  });

  it('tell how far they came when the connection breaks', async () => {
    answer = (_, response) => {
      response.writeHead(206, { etag: '"0x1"', 'content-length': '4' });
      response.write(Buffer.from([1, 2]), () => response.destroy());
    };
    const { bytes, failure } = await read();
    expect(bytes).toBe(2);
    expect(failure).toBeInstanceOf(Error);
  });

  it('take no more than was asked for', async () => {
    memory.fill(9);
    answer = (_, response) => {
      response.writeHead(206, { etag: '"0x1"' });
      response.end(Buffer.alloc(5));
    };
    expect((await read()).failure).toMatchObject({ code: 'ERR_TOO_LONG' });
    expect([...memory.subarray(6)]).toEqual([9, 9]);
  });

  it("give the storage's refusal as it is", async () => {
    answer = (_, response) => {
      response.writeHead(403, { 'x-ms-error-code': 'AuthenticationFailed' });
      response.end('<Error/>');
    };
    const { status, header, bytes } = await read();
    expect([status, header('x-ms-error-code'), bytes]).toEqual([403, 'AuthenticationFailed', 0]);
  });

  it.each(['https://evilblob.storage.azure.net/a?sig=c2VjcmV0', 'https://management.azure.com/a?sig=c2VjcmV0'])(
    'are not read from %s',
    async (url) => {
      const told = await shown(read(url));
      expect(told).toContain('not a storage host');
      expect(told).not.toContain('c2VjcmV0');
      expect(asked).toEqual([]);
    },
  );

  it('end when they are given up, and when the connection to Azure is closed', async () => {
    const arrived = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const stop = new AbortController();
    const first = shown(read(blob, stop.signal));
    await arrived;
    stop.abort();
    expect(await first).toContain('abort');
    const second = shown(read());
    closing.abort();
    expect(await second).toContain('ended');
    expect(await shown(read())).toContain('ended');
  });
});

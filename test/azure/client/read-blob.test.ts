import { createHttpHeaders, type PipelineRequest } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { blobReader } from '../../../src/azure/client/read-blob.ts';
import { createTransport } from '../../../src/azure/client/transport.ts';
import { redact } from '../../../src/casefile/redaction.ts';

const signed = 'https://md-abc.z1.blob.storage.azure.net/abc/abcd?sv=2018-03-28&sr=b&sig=c2VjcmV0c2VjcmV0';

function opened() {
  const sent: PipelineRequest[] = [];
  const seen: string[] = [];
  const transport = createTransport({
    hosts: ['management.azure.com'],
    storage: ['blob.storage.azure.net'],
    now: () => new Date(0),
    carrier: {
      async sendRequest(request) {
        sent.push(request);
        return { request, status: 206, headers: createHttpHeaders({ etag: '"0x1"' }), bodyAsText: '' };
      },
    },
  });
  transport.observe(({ url }) => seen.push(url));
  const read = blobReader(transport.blobs, {});
  const ask = (url: string, method: 'GET' | 'HEAD' = 'GET') =>
    read({ url, method, range: { first: 512, last: 1023 }, etag: '"0x1"', signal: new AbortController().signal });
  return { sent, seen, ask, transport };
}

describe('reading a blob by its signed address', () => {
  it('asks for the range of one version, without a token, and is reported to nobody', async () => {
    const { sent, seen, ask } = opened();
    const answer = await ask(signed);
    expect([answer.status, answer.header('ETag')]).toEqual([206, '"0x1"']);
    expect(sent[0]?.headers.get('x-ms-range')).toBe('bytes=512-1023');
    expect(sent[0]?.headers.get('if-match')).toBe('"0x1"');
    expect(sent[0]?.headers.has('authorization')).toBe(false);
    expect(seen).toEqual([]);
  });

  it.each([
    'https://md-abc.z1.blob.storage.azure.net.example.com/a?sig=x',
    'https://evilblob.storage.azure.net/a?sig=x',
    'https://blob.storage.azure.net/a?sig=x',
    'http://md-abc.z1.blob.storage.azure.net/a?sig=x',
    'https://management.azure.com/subscriptions?sig=x',
    'https://md-abc.z1.blob.storage.azure.net@example.com/a?sig=x',
  ])('reads nothing from %s', async (url) => {
    const { sent, ask } = opened();
    const refused = await ask(url).catch((error: unknown) => String(error));
    expect(refused).toContain('not a storage host');
    expect(refused).not.toContain('sig=');
    expect(sent).toEqual([]);
  });

  it('lets no token through, and no write', async () => {
    const { sent, transport } = opened();
    const request = (method: 'GET' | 'PUT') => ({
      url: signed,
      method,
      headers: createHttpHeaders({ authorization: 'Bearer x' }),
      timeout: 0,
      withCredentials: false,
      requestId: 'r',
    });
    await transport.blobs.sendRequest(request('GET'));
    expect(sent[0]?.headers.has('authorization')).toBe(false);
    await expect(transport.blobs.sendRequest(request('PUT'))).rejects.toThrow('nothing is uploaded from here');
    expect(sent).toHaveLength(1);
  });

  it('is hidden where the answer that brings the address is written down', () => {
    const answer = { status: 'Succeeded', properties: { output: { accessSAS: signed } }, accessSAS: signed };
    expect(JSON.stringify(redact(answer))).not.toContain('c2VjcmV0');
  });
});

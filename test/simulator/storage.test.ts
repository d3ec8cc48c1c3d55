import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';

/**
 * Microsoft Learn, "Put Block", "Put Block List", "Get Block List", "Create a service SAS", "Time-based retention policies for immutable
 * blob data" (read 2026-11-30). The shared folder of specifications has none of Azure Storage. Statuses, error codes and names of headers
 * are also those of Azurite 3.37.0, Microsoft's own emulator, for the same requests (compared on 2026-11-30), but where it lacks what the
 * documentation says: it takes a list of blocks with another MD5, and names no code for XML or parameters that are wrong.
 */
describe('blobs of a storage account', () => {
  let simulator: Simulator;
  let sas = '';
  const signature = async (query: string) => {
    const { sas: given } = JSON.parse(
      await (await fetch(`${simulator.url}/simulator/sas?account=contosoevidence&${query}`)).text(),
    );
    return String(given);
  };
  beforeAll(async () => {
    simulator = await startSimulator({ world: builtInWorld(), limits: 'none' });
    sas = await signature('container=disks');
  });
  afterAll(() => simulator.close());

  const ask = async (
    method: string,
    path: string,
    more: { body?: string; headers?: Record<string, string>; sas?: string } = {},
  ) => {
    const url = `${simulator.url}${path}${path.includes('?') ? '&' : '?'}${more.sas ?? sas}`;
    const headers = {
      'x-forwarded-host': 'contosoevidence.blob.core.windows.net',
      'x-forwarded-proto': 'https',
      ...more.headers,
    };
    const answer = await fetch(url, { method, headers, ...(more.body === undefined ? {} : { body: more.body }) });
    return {
      status: answer.status,
      code: answer.headers.get('x-ms-error-code'),
      headers: answer.headers,
      text: await answer.text(),
    };
  };
  const id = (text: string) => encodeURIComponent(Buffer.from(text).toString('base64'));
  const md5 = (text: string) => createHash('md5').update(text).digest('base64');
  const list = (...names: string[]) =>
    `<BlockList>${names.map((one) => `<Latest>${Buffer.from(one).toString('base64')}</Latest>`).join('')}</BlockList>`;

  it('are made of blocks in the order of their list, and are none before', async () => {
    expect((await ask('GET', '/disks/a?comp=blocklist&blocklisttype=all')).code).toBe('BlobNotFound');
    for (const part of ['b1', 'b2']) {
      const body = `part ${part};`;
      const put = await ask('PUT', `/disks/a?comp=block&blockid=${id(part)}`, {
        body,
        headers: { 'content-md5': md5(body) },
      });
      expect([put.status, put.headers.get('content-md5')]).toEqual([201, md5(body)]);
    }
    expect((await ask('HEAD', '/disks/a')).status).toBe(404);
    const blocks = await ask('GET', '/disks/a?comp=blocklist&blocklisttype=all');
    expect(blocks.text).toContain('<CommittedBlocks></CommittedBlocks><UncommittedBlocks><Block>');
    expect((await ask('PUT', '/disks/a?comp=blocklist', { body: list('b2', 'b9') })).code).toBe('InvalidBlockList');
    const headers = { 'x-ms-meta-sha256': 'abc', 'x-ms-blob-content-md5': 'bWQ1', 'if-none-match': '*' };
    expect((await ask('PUT', '/disks/a?comp=blocklist', { body: list('b2', 'b1'), headers })).status).toBe(201);
    const whole = await ask('GET', '/disks/a');
    expect(whole.text).toBe('part b2;part b1;');
    expect([whole.headers.get('x-ms-meta-sha256'), whole.headers.get('content-md5')]).toEqual(['abc', 'bWQ1']);
    const part = await ask('GET', '/disks/a', { headers: { 'x-ms-range': 'bytes=5-6' } });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'b2', 'bytes 5-6/16']);
  });

  it('are not replaced: by If-None-Match, nor while a policy keeps them', async () => {
    await ask('PUT', `/disks/k?comp=block&blockid=${id('1')}`, { body: 'x' });
    await ask('PUT', '/disks/k?comp=blocklist', { body: list('1') });
    await ask('PUT', `/disks/k?comp=block&blockid=${id('2')}`, { body: 'y' });
    const again = (headers: Record<string, string>) =>
      ask('PUT', '/disks/k?comp=blocklist', { body: list('2'), headers });
    expect(await again({ 'if-none-match': '*' })).toMatchObject({ status: 409, code: 'BlobAlreadyExists' });
    expect(await again({})).toMatchObject({ status: 409, code: 'BlobImmutableDueToPolicy' });
  });

  it('refuse a block whose MD5 is another, and ids that are too long or of another length', async () => {
    const put = (block: string, headers: Record<string, string> = {}) =>
      ask('PUT', `/disks/m?comp=block&blockid=${id(block)}`, { body: 'x', headers });
    expect(await put('one', { 'content-md5': md5('y') })).toMatchObject({ status: 400, code: 'Md5Mismatch' });
    expect((await put('one')).status).toBe(201);
    expect((await put('four')).code).toBe('InvalidBlobOrBlock');
    expect((await put('x'.repeat(65))).code).toBe('InvalidBlobOrBlock');
  });

  it('are read in parts and by conditions: 206, 304, 400, 412 and 416', async () => {
    await ask('PUT', '/disks/r', {
      body: 'hello world',
      headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-meta-a': 'v', 'x-ms-version': '2021-12-02' },
    });
    const read = (headers: Record<string, string>) => ask('GET', '/disks/r', { headers });
    const whole = await read({
      'x-ms-version': '2021-12-02',
      'x-ms-client-request-id': '0f8fad5b-d9cb-469f-a165-70867728950e',
    });
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"0x[0-9A-F]+"$/);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-md5': md5('hello world'),
      'content-type': 'application/octet-stream',
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-client-request-id': '0f8fad5b-d9cb-469f-a165-70867728950e',
      'x-ms-lease-state': 'available',
      'x-ms-meta-a': 'v',
      'x-ms-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-ms-server-encrypted': 'true',
      'x-ms-version': '2021-12-02',
    });
    const part = await read({ 'x-ms-range': 'bytes=6-500' });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'world', 'bytes 6-10/11']);
    // "Get Blob": the MD5 that was stored is the whole's, and is no MD5 of a range.
    expect([part.headers.get('content-md5'), part.headers.get('x-ms-blob-content-md5')]).toEqual([
      null,
      md5('hello world'),
    ]);
    const beyond = await read({ 'x-ms-range': 'bytes=11-' });
    expect([beyond.status, beyond.code, beyond.headers.get('content-range')]).toEqual([
      416,
      'InvalidRange',
      'bytes */11',
    ]);
    // Of a range up to 4 MiB the service makes the MD5 where it is asked to; without a range that is a 400.
    const digested = { 'x-ms-range-get-content-md5': 'true' };
    const ofRange = await read({ 'x-ms-range': 'bytes=6-10', ...digested });
    expect([ofRange.status, ofRange.headers.get('content-md5')]).toEqual([206, md5('world')]);
    expect((await read(digested)).status).toBe(400);
    const { headers: properties } = await ask('HEAD', '/disks/r');
    expect([properties.get('x-ms-access-tier'), properties.get('x-ms-access-tier-inferred')]).toEqual(['Hot', 'true']);
    expect((await read({ 'x-ms-range': 'bytes=zz' })).code).toBe('InvalidHeaderValue');
    expect(await read({ 'if-match': '"0x1"' })).toMatchObject({ status: 412, code: 'ConditionNotMet' });
    expect((await read({ 'if-none-match': etag })).status).toBe(304);
  });

  it('are of one type: an append blob grows at its end, where its condition says so', async () => {
    const put = (path: string, body = '', headers: Record<string, string> = {}) => ask('PUT', path, { body, headers });
    expect((await put('/disks/g?comp=appendblock', 'a')).code).toBe('BlobNotFound');
    expect((await put('/disks/g')).code).toBe('MissingRequiredHeader');
    expect((await put('/disks/g', '', { 'x-ms-blob-type': 'AppendBlob' })).status).toBe(201);
    expect((await put('/disks/g?comp=appendblock', 'abc')).headers.get('x-ms-blob-append-offset')).toBe('0');
    const second = await put('/disks/g?comp=appendblock', 'de', { 'x-ms-blob-condition-appendpos': '3' });
    expect([second.status, second.headers.get('x-ms-blob-committed-block-count')]).toEqual([201, '2']);
    const wrong = await put('/disks/g?comp=appendblock', 'x', { 'x-ms-blob-condition-appendpos': '1' });
    expect(wrong).toMatchObject({ status: 412, code: 'AppendPositionConditionNotMet' });
    expect((await ask('GET', '/disks/g')).text).toBe('abcde');
    expect((await put(`/disks/g?comp=block&blockid=${id('1')}`, 'x')).code).toBe('InvalidBlobType');
    expect((await ask('GET', '/disks/g?comp=pagelist')).code).toBe('InvalidBlobType');
  });

  it('refuse a list of blocks that is none, and parameters and digests of no form', async () => {
    const put = (path: string, body: string, headers = {}) => ask('PUT', path, { body, headers });
    expect((await put('/disks/w?comp=blocklist', '<BlockList')).code).toBe('InvalidXmlDocument');
    expect((await put('/disks/w?comp=blocklist', list(), { 'content-md5': md5('x') })).code).toBe('Md5Mismatch');
    expect((await put('/disks/w?comp=block&blockid=!!', 'x')).code).toBe('InvalidQueryParameterValue');
    expect((await put(`/disks/w?comp=block&blockid=${id('1')}`, 'x', { 'content-md5': 'zzz' })).code).toBe(
      'InvalidMd5',
    );
    expect((await put(`/disks/w?comp=block&blockid=${id('1')}`, 'x')).headers.get('content-md5')).toBeNull();
    expect((await ask('GET', '/disks/w?comp=blocklist&blocklisttype=zz')).code).toBe('InvalidQueryParameterValue');
    expect((await ask('GET', '/disks/w')).status).toBe(404);
  });

  it('are shown to nobody without a signature of theirs, and none takes a token', async () => {
    const read = (more: Parameters<typeof ask>[2]) => ask('GET', '/disks/a', more);
    expect((await read({ sas: sas.replace(/sig=../, 'sig=00') })).code).toBe('AuthenticationFailed');
    expect((await read({ sas: await signature('container=scratch') })).code).toBe('AuthenticationFailed');
    expect((await read({ sas: sas.replace('sp=racwl', 'sp=racwdl') })).code).toBe('AuthenticationFailed');
    expect((await read({ sas: await signature('container=disks&sp=w') })).code).toBe('AuthorizationPermissionMismatch');
    expect((await read({ headers: { authorization: 'Bearer x' } })).status).toBe(403);
    const none = await signature('container=none');
    expect((await ask('GET', '/none/a', { sas: none })).code).toBe('ContainerNotFound');
  });
});

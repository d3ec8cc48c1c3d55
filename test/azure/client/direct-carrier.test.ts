import { createServer as createSecure } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createDefaultHttpClient, createPipelineRequest, type HttpClient } from '@azure/core-rest-pipeline';
import { afterEach, describe, expect, it } from 'vitest';
import { directCarrier, headOf, lengthOf } from '../../../src/azure/client/direct-carrier.ts';
import { destinationOf } from '../../../src/azure/client/read-blob.ts';
import { certificateFor } from '../../e2e/signed-in/certificate.ts';

const into = (length: number) => destinationOf(Buffer.from(new SharedArrayBuffer(length)));

/** The usual client, which says that it was asked. */
function usual() {
  const asked: string[] = [];
  const inner = createDefaultHttpClient();
  const client: HttpClient = {
    sendRequest(request) {
      asked.push(request.url);
      return inner.sendRequest(request);
    },
  };
  return { asked, client };
}

describe('headOf', () => {
  it.each<[string, string, number | null | undefined, number | undefined]>([
    ['is whole at its empty line', 'HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\nabcd', 206, 4],
    ['is not whole before', 'HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n', undefined, undefined],
    ['is none of another version', 'HTTP/1.0 200 OK\r\n\r\n', null, undefined],
    ['is none with a line that is no header', 'HTTP/1.1 206 x\r\n folded: 1\r\n\r\n', null, undefined],
    [
      'tells no length that comes twice',
      'HTTP/1.1 206 x\r\nContent-Length: 4\r\ncontent-length: 5\r\n\r\n',
      206,
      undefined,
    ],
    [
      'tells none of pieces',
      'HTTP/1.1 206 x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n',
      206,
      undefined,
    ],
    [
      'tells none of what is packed',
      'HTTP/1.1 206 x\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\n',
      206,
      undefined,
    ],
  ])('%s', (_, text, status, length) => {
    const head = headOf(Buffer.from(text));
    expect(head === null ? null : head?.status).toBe(status);
    expect(head ? lengthOf(head) : undefined).toBe(length);
  });
});

describe('a read of a blob into its memory', () => {
  let server: Server | ReturnType<typeof createSecure>;
  const sockets = new Set<Duplex>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Answers each request with the next of these texts, in pieces as they are; null closes the connection. */
  async function answering(answers: (string[] | null)[]): Promise<string> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => {
        const pieces = answers.shift();
        if (!pieces) socket.destroy();
        else for (const piece of pieces) socket.write(piece);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/blob?sig=x`;
  }
  const ask = (carrier: HttpClient, url: string) =>
    carrier.sendRequest(createPipelineRequest({ url, allowInsecureConnection: true }));
  const head = (length: number, more = '') =>
    `HTTP/1.1 206 Partial Content\r\nContent-Length: ${length}\r\n${more}\r\n`;

  it('fills it, whatever pieces come, one answer after another over one connection', async () => {
    const url = await answering([
      [head(8), 'abcd', 'efgh'],
      [`${head(8)}ijk`, 'lmnop'],
    ]);
    const { asked, client } = usual();
    const seen: string[] = [];
    let to = into(8);
    const carrier = directCarrier(client, () => to);
    for (let turn = 0; turn < 2; turn += 1) {
      to = into(8);
      const { status, headers } = await ask(carrier, url);
      await to.whole;
      expect([status, headers.get('content-length'), to.taken, to.failure]).toEqual([206, '8', true, null]);
      seen.push(to.into.toString());
    }
    expect(seen).toEqual(['abcdefgh', 'ijklmnop']);
    expect([sockets.size, asked]).toEqual([1, []]);
  });

  it('asks again by another connection where the one that waited was closed meanwhile', async () => {
    const url = await answering([[`${head(2)}ab`], null, [`${head(2)}cd`]]);
    let to = into(2);
    const carrier = directCarrier(usual().client, () => to);
    await ask(carrier, url);
    await to.whole;
    to = into(2);
    await ask(carrier, url);
    await to.whole;
    expect([to.into.toString(), sockets.size]).toEqual(['cd', 2]);
  });

  it.each<[string, string[], RegExp]>([
    ['is longer than what was asked for', [head(9), 'abcdefghi'], /more than was asked for/],
    ['has more bytes than its length', [`${head(4)}abcdef`], /more than was asked for/],
    ['is shorter than what was asked for', [`${head(4)}abcd`], /ended early/],
  ])('tells that an answer %s', async (_, pieces, told) => {
    const url = await answering([pieces]);
    const to = into(8);
    await ask(
      directCarrier(usual().client, () => to),
      url,
    );
    expect(to.failure?.message).toMatch(told);
  });

  it('tells how far it came when the connection breaks, and rejects where no answer begins', async () => {
    const url = await answering([[`${head(8)}abc`], null]);
    let to = into(8);
    const carrier = directCarrier(usual().client, () => to);
    // Its head is enough for the request to be answered: how long the rest takes is no limit of it.
    await ask(carrier, url);
    while (to.bytes < 3) await new Promise(setImmediate);
    for (const socket of sockets) socket.destroy();
    await to.whole;
    expect([to.bytes, to.failure?.message]).toEqual([3, 'read ECONNRESET']);
    to = into(8);
    await expect(ask(carrier, url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('gives up what is still to come', async () => {
    const url = await answering([[`${head(8)}abc`]]);
    const to = into(8);
    await ask(
      directCarrier(usual().client, () => to),
      url,
    );
    to.give();
    await to.whole;
    expect(to.failure?.message).toBe('it was given up');
  });

  it('leaves an answer in pieces to the usual client, and asks it alone from then on', async () => {
    const chunked = 'HTTP/1.1 206 x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n';
    const url = await answering([[chunked], [chunked], [chunked]]);
    const { asked, client } = usual();
    const to = into(4);
    const carrier = directCarrier(client, () => to);
    expect((await ask(carrier, url)).bodyAsText).toBe('abcd');
    await ask(carrier, url);
    expect([to.taken, asked.length]).toEqual([false, 2]);
  });

  it('gives the code of a refusal, without its body', async () => {
    const url = await answering([
      ['HTTP/1.1 412 x\r\nx-ms-error-code: ConditionNotMet\r\nContent-Length: 2\r\n\r\nno'],
    ]);
    const to = into(4);
    const { status, headers } = await ask(
      directCarrier(usual().client, () => to),
      url,
    );
    expect([status, headers.get('x-ms-error-code'), to.bytes]).toEqual([412, 'ConditionNotMet', 0]);
  });

  it('goes over TLS where the certificate is believed, and nowhere else', async () => {
    const { cert, key } = certificateFor(['127.0.0.1']);
    const secure = createSecure({ cert, key }, (_, response) => {
      response.writeHead(206, { 'content-length': 100_000 });
      response.end(Buffer.alloc(100_000, 7));
    });
    server = secure;
    secure.on('connection', (socket) => sockets.add(socket));
    secure.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/blob`;
    const to = into(100_000);
    await ask(
      directCarrier(usual().client, () => to, { ca: cert }),
      url,
    );
    await to.whole;
    expect([to.failure, to.into.equals(Buffer.alloc(100_000, 7))]).toEqual([null, true]);
    await expect(
      ask(
        directCarrier(usual().client, () => into(4)),
        url,
      ),
    ).rejects.toMatchObject({ code: expect.stringMatching(/CERT/) });
  });
});

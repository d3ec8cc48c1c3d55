import { createServer } from 'node:http';
import { type Connection, type ConnectionOptions, connect } from '../../../src/azure/client/connection.ts';

export interface Asked {
  method: string;
  /** Path and query. */
  url: string;
  token: string;
  body: string;
}

/** An answer; `undefined` for none, ever. */
export type Answer = { status?: number; headers?: Record<string, string>; body: unknown } | undefined;

export interface Answering {
  connection: Connection;
  /** All that was asked. */
  asked: Asked[];
  close(): Promise<void>;
}

/** A connection to an Azure on the loopback that answers as the test says. Each sign-in gets a token of its own. */
export async function answering(
  answer: (asked: Asked) => Answer,
  options: Omit<ConnectionOptions, 'simulator'> = {},
): Promise<Answering> {
  const asked: Asked[] = [];
  let tokens = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const token = (request.headers.authorization ?? '').split('.').at(-1) ?? '';
    const one = { method: request.method ?? '', url: request.url ?? '', token, body };
    asked.push(one);
    const given = answer(one);
    if (!given) return;
    response.writeHead(given.status ?? 200, {
      'content-type': 'application/json',
      'x-ms-request-id': 'r',
      ...given.headers,
    });
    response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const clock = { now: () => new Date('2026-11-23T02:20:11Z') };
  const signIn = async () => ({
    through: () => 'the test',
    async getToken() {
      tokens += 1;
      return { token: `h.e30.${tokens}`, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  });
  const connection = connect({ ...options, signIn, simulator: { url, identityHeader: 'h', clock } });
  return {
    connection,
    asked,
    async close() {
      connection.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

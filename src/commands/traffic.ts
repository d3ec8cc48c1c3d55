import { createWriteStream } from 'node:fs';
import type { Connection } from '../azure/client/connection.ts';
import { redact } from '../casefile/redaction.ts';

/**
 * Writes every exchange with Azure to a file, one JSON object a line, without credentials: for support, and to hold
 * against Azure's specifications. Returns the function that finishes the file.
 */
export function recordTraffic(connection: Connection, path: string): () => Promise<void> {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  const stop = connection.observe((exchange) => {
    const line = {
      request: {
        method: exchange.method,
        url: exchange.url,
        headers: exchange.requestHeaders,
        ...(exchange.requestBody === undefined ? {} : { body: redact(exchange.requestBody) }),
      },
      response: {
        statusCode: String(exchange.status),
        headers: exchange.responseHeaders,
        ...(exchange.responseBody === undefined ? {} : { body: redact(exchange.responseBody) }),
      },
    };
    if (exchange.status !== 0) file.write(`${JSON.stringify(line)}\n`);
  });
  return () =>
    new Promise((resolve, reject) => {
      stop();
      file.on('error', reject);
      file.end(resolve);
    });
}

import { createWriteStream } from 'node:fs';
import type { Connection } from '../azure/client/connection.ts';
import { redact, redactText } from '../casefile/redaction.ts';
import { whyNotWritten } from '../text/error-code.ts';
import { printable } from '../text/printable.ts';

/**
 * Writes every exchange with Azure to a file, one JSON object a line, without secrets: for support, and to hold against
 * Azure's specifications. A file that cannot be written is reported once, and the work goes on without it: it is not
 * the record. Returns the function that finishes the file.
 */
export function recordTraffic(connection: Connection, path: string, tell: (sentence: string) => void) {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  let failed = false;
  const stop = connection.observe((exchange) => {
    if (exchange.status === 0 || failed) return;
    const line = {
      request: {
        method: exchange.method,
        url: redactText(exchange.url),
        headers: redact(exchange.requestHeaders),
        ...(exchange.requestBody === undefined ? {} : { body: redact(exchange.requestBody) }),
      },
      response: {
        statusCode: String(exchange.status),
        headers: redact(exchange.responseHeaders),
        ...(exchange.responseBody === undefined ? {} : { body: redact(exchange.responseBody) }),
      },
    };
    file.write(`${JSON.stringify(line)}\n`);
  });
  file.on('error', (error) => {
    if (failed) return;
    failed = true;
    stop();
    tell(`--traffic ${printable(path, 256)} cannot be written: ${whyNotWritten(error)}. The work goes on without it.`);
  });
  return (): Promise<void> =>
    new Promise((resolve) => {
      stop();
      if (failed || file.destroyed) return resolve();
      file.on('close', () => resolve());
      file.end();
    });
}

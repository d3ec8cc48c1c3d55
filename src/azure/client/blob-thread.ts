import { AsyncLocalStorage } from 'node:async_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { createDefaultHttpClient } from '@azure/core-rest-pipeline';
import { errorCode } from '../../text/error-code.ts';
import type { BlobThreadData, FromBlobThread, ToBlobThread } from './blob-thread-protocol.ts';
import { directCarrier } from './direct-carrier.ts';
import { blobReader, type Destination, partReader } from './read-blob.ts';
import { createTransport } from './transport.ts';

const { storage, simulator, pipeline } = workerData as BlobThreadData;
const destinations = new AsyncLocalStorage<Destination>();
// The program's own transport, with its checks, and no host that a token may go to.
const transport = createTransport({
  hosts: [],
  storage,
  now: () => new Date(),
  carrier: directCarrier(createDefaultHttpClient(), () => destinations.getStore()),
  ...(simulator === undefined ? {} : { simulator }),
});
const readPart = partReader(blobReader(transport.blobs, pipeline), (to, read) => destinations.run(to, read));
const underWay = new Map<number, AbortController>();
const post = (message: FromBlobThread): void => parentPort?.postMessage(message);

const failureOf = (error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
  code: errorCode(error),
});

async function read({ id, memory, at, length, ...asked }: Extract<ToBlobThread, { kind: 'read' }>): Promise<void> {
  const stop = new AbortController();
  underWay.set(id, stop);
  try {
    const into = Buffer.from(memory, at, length);
    const { status, header, bytes, failure } = await readPart({ ...asked, into, signal: stop.signal });
    const headers = { etag: header('etag'), range: header('content-range'), code: header('x-ms-error-code') };
    post({ kind: 'answered', id, status, headers, bytes, failure: failure && failureOf(failure) });
  } catch (error) {
    post({ kind: 'failed', id, failure: failureOf(error) });
  } finally {
    underWay.delete(id);
  }
}

parentPort?.on('message', (message: ToBlobThread) => {
  if (message.kind === 'read') void read(message);
  else underWay.get(message.id)?.abort();
});

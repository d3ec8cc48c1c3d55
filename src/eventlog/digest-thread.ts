import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** To the thread: bytes to go on with, or null for the end. From it: "" when they were taken, at the end the digest. */
export type ToDigest = { memory: SharedArrayBuffer; from: number; to: number } | null;

const hash = createHash('sha256');
parentPort?.on('message', (message: ToDigest) => {
  if (message === null) parentPort?.postMessage(hash.digest('hex'));
  else {
    hash.update(new Uint8Array(message.memory, message.from, message.to - message.from));
    parentPort?.postMessage('');
  }
});

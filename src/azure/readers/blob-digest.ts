import { createHash } from 'node:crypto';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';

/** Bytes that are asked for at a time. */
const pieceBytes = 8 * 1024 * 1024;

/**
 * Why a blob is not the one that was uploaded, as the end of a sentence; "" when its bytes have this SHA-256. Reads all of it, a
 * piece at a time, of one version.
 */
export async function againstDigest(
  connection: Connection,
  { file, bytes, sha256 }: { file: string; bytes: number; sha256: string },
  signal: AbortSignal,
): Promise<string> {
  const ask = (method: 'GET' | 'HEAD', headers: Record<string, string>) =>
    connection.storage.ask({ method, url: file, headers, signal });
  try {
    const head = await ask('HEAD', {});
    if (head.status === 404) return 'is missing';
    if (head.status !== 200) return `cannot be read (${head.status} ${printable(head.header('x-ms-error-code'), 80)})`;
    const size = Number(head.header('content-length') || Number.NaN);
    if (size !== bytes) return `has ${size} bytes, not ${bytes}`;
    const etag = head.header('etag');
    const hash = createHash('sha256');
    for (let first = 0; first < bytes; first += pieceBytes) {
      const last = Math.min(first + pieceBytes, bytes) - 1;
      const part = await ask('GET', {
        'x-ms-range': `bytes=${first}-${last}`,
        ...(etag === '' ? {} : { 'if-match': etag }),
      });
      if (part.status !== 206 || part.bytes.length !== last - first + 1) {
        return `cannot be read (${part.status} ${printable(part.header('x-ms-error-code'), 80)})`;
      }
      hash.update(part.bytes);
    }
    return hash.digest('hex') === sha256 ? '' : 'has been changed: its SHA-256 does not match';
  } catch (error) {
    signal.throwIfAborted();
    return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

import { createHash } from 'node:crypto';
import type { Connection } from '../../azure/client/connection.ts';
import type { StorageAnswered } from '../../azure/client/storage.ts';
import type { UploadEnd } from '../../azure/client/transport.ts';
import { type Digest, digestOf } from '../../digest/digest.ts';
import { printable } from '../../text/printable.ts';
import { pieceBytes, piecesOf, type Span } from './in-order.ts';
import { passing, patience, untilNextTry } from './patience.ts';

/** A block is so long, or longer where a blob would have too many ("Put Block List": 50,000 blocks at most). */
const leastBlock = 8 * 1024 * 1024;
const mostBlocks = 50_000;
/** Blocks of so many bytes together are on their way at once, one at least. */
const bytesAtOnce = 24 * 1024 * 1024;
const longestBlock = 64 * 1024 * 1024;

/** The largest image that is put into a blob with so much memory. */
export const largestBlob = longestBlock * mostBlocks;

/** Is an image's place a blob? */
export const isBlob = (place: string): boolean => /^https:\/\//i.test(place);

/** How many bytes a block of a blob of so many has. */
export function blockSize(bytes: number): number {
  const needed = Math.ceil(bytes / mostBlocks);
  return Math.max(leastBlock, Math.ceil(needed / pieceBytes) * pieceBytes);
}

/** An image that is in a blob, as its own properties tell. */
export interface StoredImage {
  bytes: number;
  /** Made while it was uploaded. */
  sha256: string;
  /** Lower-case id of the snapshot. */
  snapshot: string;
  /** The id of the request that made it. */
  request: string;
  /** MD5 of the whole, in Base64. */
  md5: string;
  etag: string;
}

/** An image in a blob, as the case keeps it. */
export interface BlobManifest {
  schema: 'cordon.blob/1';
  /** Its address, without a signature. */
  file: string;
  bytes: number;
  sha256: string;
  md5: string;
  etag: string;
  snapshot: string;
  disk: string;
  taken: string;
  /** ISO 8601 UTC */
  finished: string;
}

/** The storage refuses for good. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly statusCode: number;
  constructor(what: string, { status, header }: StorageAnswered) {
    const code = printable(header('x-ms-error-code'), 80);
    super(`${what}: the storage answered ${[status, code].filter(Boolean).join(' ')}`);
    this.statusCode = status;
  }
}

/** How an upload ended; `refused` where the storage does not make a blob of the blocks. */
export interface Uploaded {
  end: UploadEnd;
  sha256: string;
  md5: string;
  refused: Error | null;
}

/** Asks until the answer is no refusal that passes by itself. */
async function patiently(
  connection: Connection,
  signal: AbortSignal,
  ask: () => Promise<StorageAnswered>,
): Promise<StorageAnswered> {
  for (let tries = 1; ; tries += 1) {
    let failure: { error: unknown } | null = null;
    try {
      const answer = await ask();
      if (!passing(answer.status) || tries >= patience) return answer;
    } catch (error) {
      signal.throwIfAborted();
      failure = { error };
    }
    if (failure && tries >= patience) throw failure.error;
    await untilNextTry(connection, tries, signal);
  }
}

function plain(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** The image of a blob; null when there is no blob. Throws when the storage does not say. */
export async function storedImage(
  connection: Connection,
  url: string,
  signal: AbortSignal,
): Promise<StoredImage | null> {
  const answer = await patiently(connection, signal, () => connection.storage.ask({ method: 'HEAD', url, signal }));
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw new Refused(`reading ${url}`, answer);
  const { header } = answer;
  return {
    bytes: Number(header('content-length') || Number.NaN),
    sha256: header('x-ms-meta-sha256').toLowerCase(),
    snapshot: plain(header('x-ms-meta-snapshot')).toLowerCase(),
    request: header('x-ms-meta-request').toLowerCase(),
    md5: header('content-md5'),
    etag: header('etag'),
  };
}

/** The blocks that an earlier upload left, which no list names: id and size ("Get Block List"). */
async function looseBlocks(connection: Connection, url: string, signal: AbortSignal): Promise<Map<string, number>> {
  const query = 'comp=blocklist&blocklisttype=uncommitted';
  const answer = await patiently(connection, signal, () =>
    connection.storage.ask({ method: 'GET', url, query, signal }),
  );
  if (answer.status === 404) return new Map();
  if (answer.status !== 200) throw new Refused(`reading the blocks of ${url}`, answer);
  const found = new Map<string, number>();
  const form = /<Block>\s{0,20}<Name>([A-Za-z0-9+/=]{1,128})<\/Name>\s{0,20}<Size>(\d{1,12})<\/Size>/g;
  for (const [, id = '', size = ''] of Buffer.from(answer.bytes).toString('utf8').matchAll(form)) {
    found.set(id, Number(size));
  }
  return found;
}

/** A block's id: its place and what it holds, so that one of another content is never taken for it. */
export const blockId = (index: number, md5: Buffer): string =>
  Buffer.from(`cordon-${String(index).padStart(6, '0')}-${md5.toString('hex')}`).toString('base64');

/**
 * An image that goes into a block blob. Its bytes come in order; its SHA-256 is made on the way. Nothing of it can be read before its
 * last block is there and the list of blocks makes it a blob; a blob that is there is never replaced.
 */
export class BlobImage {
  /** Nothing of it is here: what an earlier upload sent is known when it comes again from the snapshot. */
  readonly kept = 0;
  readonly pieces: Span;
  readonly #connection: Connection;
  readonly #url: string;
  readonly #bytes: number;
  readonly #signal: AbortSignal;
  readonly #id: string;
  readonly #loose: Map<string, number>;
  readonly #digest: Digest;
  readonly #whole = createHash('md5');
  readonly #ids: string[] = [];
  readonly #sending = new Set<Promise<void>>();
  #block: Buffer;
  /** Memory of blocks that were sent. New memory for each would pile up until it is collected. */
  readonly #free: Buffer[] = [];
  #filled = 0;
  #done = 0;
  #resent = 0;
  #failure: { error: unknown } | null = null;

  private constructor(
    connection: Connection,
    about: { url: string; bytes: number; request: string; signal: AbortSignal },
    loose: Map<string, number>,
  ) {
    this.#connection = connection;
    this.#url = about.url;
    this.#bytes = about.bytes;
    this.#signal = about.signal;
    this.#id = about.request;
    this.#loose = loose;
    this.pieces = piecesOf(about.bytes);
    this.#digest = digestOf(about.bytes, this.pieces.blocks);
    this.#block = Buffer.allocUnsafe(blockSize(about.bytes));
  }

  /** Begins an upload, or goes on with one that was broken off. `request` is the id that its requests carry. */
  static async open(
    connection: Connection,
    about: { url: string; bytes: number; request: string; signal: AbortSignal },
  ): Promise<BlobImage> {
    return new BlobImage(connection, about, await looseBlocks(connection, about.url, about.signal));
  }

  get done(): number {
    return this.#done;
  }

  /** Bytes of blocks that were there already and were not sent again. */
  get resent(): number {
    return this.#resent;
  }

  reread(): Promise<void> {
    return Promise.reject(new Error('nothing of a blob is here'));
  }

  /** Takes the next piece, which lies in the next block of memory. Resolves when the pieces under way may be one more. */
  async append(piece: Buffer): Promise<void> {
    this.#digest.give(0, piece.length);
    for (let taken = 0; taken < piece.length; ) {
      const copied = piece.copy(this.#block, this.#filled, taken);
      taken += copied;
      this.#filled += copied;
      this.#done += copied;
      if (this.#filled === this.#block.length || this.#done === this.#bytes) await this.#endBlock();
    }
    await this.#digest.room(this.pieces.atOnce);
  }

  /** Sends the block in hand, beside those that are on their way. */
  async #endBlock(): Promise<void> {
    const memory = this.#block;
    const block = memory.subarray(0, this.#filled);
    this.#whole.update(block);
    const md5 = createHash('md5').update(block).digest();
    const id = blockId(this.#ids.length, md5);
    this.#ids.push(id);
    this.#filled = 0;
    if (this.#loose.get(id) === block.length) {
      this.#resent += block.length;
      return;
    }
    const sent: Promise<void> = this.#send(id, block, md5)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#sending.delete(sent);
        this.#free.push(memory);
      });
    this.#sending.add(sent);
    const atOnce = Math.max(1, Math.floor(bytesAtOnce / memory.length));
    while (this.#sending.size >= atOnce) await Promise.race(this.#sending);
    this.#block = this.#free.pop() ?? Buffer.allocUnsafe(memory.length);
    if (this.#failure) throw this.#failure.error;
  }

  /** "Put Block": the storage compares the MD5 with what came. */
  async #send(id: string, body: Buffer, md5: Buffer): Promise<void> {
    const headers = { 'content-md5': md5.toString('base64'), 'x-ms-client-request-id': this.#id };
    const query = `comp=block&blockid=${encodeURIComponent(id)}`;
    const answer = await patiently(this.#connection, this.#signal, () =>
      this.#connection.storage.ask({
        method: 'PUT',
        url: this.#url,
        query,
        headers,
        body,
        signal: this.#signal,
      }),
    );
    if (answer.status !== 201) throw new Refused(`block ${this.#ids.indexOf(id) + 1} of ${this.#url}`, answer);
  }

  /** Makes the blob of its blocks ("Put Block List"), with its digest and its snapshot among its properties. */
  async finish(about: { snapshot: string; caseId: string }): Promise<Uploaded> {
    await Promise.all(this.#sending);
    if (this.#failure) throw this.#failure.error;
    if (this.#done !== this.#bytes) throw new Error(`${this.#done} of ${this.#bytes} bytes came`);
    const sha256 = await this.#digest.hex();
    const md5 = this.#whole.digest('base64');
    const blocks = this.#ids.map((id) => `<Latest>${id}</Latest>`).join('');
    const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks}</BlockList>`);
    const headers = {
      'content-md5': createHash('md5').update(body).digest('base64'),
      'if-none-match': '*',
      'x-ms-blob-content-type': 'application/octet-stream',
      'x-ms-blob-content-md5': md5,
      'x-ms-client-request-id': this.#id,
      'x-ms-meta-sha256': sha256,
      'x-ms-meta-snapshot': encodeURI(about.snapshot),
      'x-ms-meta-cordoncase': encodeURI(about.caseId),
      'x-ms-meta-request': this.#id,
    };
    // Once: what became of it when no clear answer comes is asked of the blob.
    const answer = await this.#connection.storage.ask({
      method: 'PUT',
      url: this.#url,
      query: 'comp=blocklist',
      headers,
      body,
      signal: this.#signal,
    });
    const { status, header } = answer;
    const code = status === 201 ? '' : printable(header('x-ms-error-code'), 80);
    const refused = status === 201 ? null : new Refused(`making ${this.#url} of its blocks`, answer);
    // A success of another kind is not the storage's: what came of it is asked of the blob.
    const requestId = status === 201 || status >= 400 ? header('x-ms-request-id') : '';
    return { end: { status, requestId, code }, sha256, md5, refused };
  }

  close(): void {
    this.#digest.drop();
  }
}

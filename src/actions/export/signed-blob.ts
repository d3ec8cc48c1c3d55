import { azureError } from '../../azure/client/azure-error.ts';
import type { BlobParts } from '../../azure/client/blob-parts.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type PartAnswered, tooLong } from '../../azure/client/read-blob.ts';
import { collected } from '../../azure/client/storage.ts';
import { redactText } from '../../casefile/redaction.ts';
import { passing, patience, untilNextTry } from './patience.ts';

/** Leave to read a blob: an address that is renewed when it has ended. It is shown to nobody. */
export interface Access {
  url(): string;
  /** Asks for another address, once for all who were refused with this one. */
  renew(refused: string): Promise<void>;
}

/** The blob is another one than the export began with. */
export class BlobChanged extends Error {
  override readonly name = 'BlobChanged';
}

/** The storage refuses for good. */
export class BlobRefused extends Error {
  override readonly name = 'BlobRefused';
  readonly statusCode: number;

  constructor(status: number, text: string) {
    super(text);
    this.statusCode = status;
  }
}

/** The size and the version of a blob. */
export interface BlobHead {
  bytes: number;
  etag: string;
}

/** The first and the last byte of a part of a blob. */
export interface BlobRange {
  first: number;
  last: number;
}

/** A row of a list of pages; rows of pages that were cleared have another name. */
const pageRange = /<PageRange>\s{0,20}<Start>(\d{1,16})<\/Start>\s{0,20}<End>(\d{1,16})<\/End>\s{0,20}<\/PageRange>/g;
/** The answer about one part has no more rows than this: a page of 512 bytes in 4 GiB, every other one. */
const mostRanges = 4 * 1024 ** 2;
/** Continuations of one answer: the service gives 10,000 rows at once from version 2020-10-02 on. */
const mostPages = 1000;
const longestMarker = 2000;
/** A list that the storage takes too long for is not asked for more often: its part is transferred. */
const listPatience = 2;

/** A page blob behind a signed address, of one version. */
export class SignedBlob {
  readonly #connection: Connection;
  readonly #access: Access;
  #parts: BlobParts | null = null;

  constructor(connection: Connection, access: Access) {
    this.#connection = connection;
    this.#access = access;
  }

  /** Throws when it cannot be read, or does not tell its size and version. */
  async head(signal: AbortSignal): Promise<BlobHead> {
    return this.#patiently(signal, async () => {
      const url = this.#access.url();
      const answer = await this.#connection.readBlob({ url, method: 'HEAD', signal });
      answer.body?.destroy();
      if (answer.status !== 200) throw new Answered(answer.status, url, answer.header('x-ms-error-code'));
      const bytes = Number(answer.header('content-length') || Number.NaN);
      const etag = answer.header('etag');
      if (!Number.isSafeInteger(bytes) || bytes <= 0 || etag === '') {
        throw new BlobRefused(0, 'the storage does not report the size and the version of the blob');
      }
      return { bytes, etag };
    });
  }

  /**
   * The pages within a part that were ever written and not cleared ("Get Page Ranges"), of this version of the blob alone. Throws
   * `BlobChanged` where there is another, and any other error where the storage does not tell.
   */
  async written(head: BlobHead, within: BlobRange, signal: AbortSignal): Promise<BlobRange[]> {
    const found: BlobRange[] = [];
    let marker = '';
    for (let page = 0; page < mostPages; page += 1) {
      const text = await this.#patiently(signal, () => this.#pageList(head, within, marker, signal), listPatience);
      const before = found.length;
      for (const [, start = '', end = ''] of text.matchAll(pageRange)) {
        const [first, last] = [Number(start), Number(end)];
        if (first > last || last >= head.bytes || found.length >= mostRanges) {
          throw new BlobRefused(0, 'the list of its pages does not fit the blob');
        }
        found.push({ first, last });
      }
      marker = /<NextMarker>([^<]*)<\/NextMarker>/.exec(text)?.[1] ?? '';
      // A row that is not understood, or a marker that cannot be sent, would let data pass for zeros as well.
      if (found.length - before !== text.split('<PageRange').length - 1 || marker.length > longestMarker) {
        throw new BlobRefused(0, 'the list of its pages cannot be read');
      }
      if (marker === '') return found;
    }
    throw new BlobRefused(0, 'the list of its pages has no end');
  }

  async #pageList(head: BlobHead, range: BlobRange, marker: string, signal: AbortSignal): Promise<string> {
    const url = this.#access.url();
    const asked = new URL(url);
    // Added to the signature as it is, whose writing is not to change.
    asked.search += `&comp=pagelist${marker === '' ? '' : `&marker=${encodeURIComponent(marker)}`}`;
    const { status, header, body } = await this.#connection.readBlob({
      url: asked.href,
      method: 'GET',
      range,
      etag: head.etag,
      signal,
    });
    const bytes = body === null ? null : await collected(body);
    if (status !== 200 || bytes === null) throw new Answered(status, url, header('x-ms-error-code'));
    const text = Buffer.from(bytes).toString('utf8');
    // A list that is none, or is not whole, would let data pass for zeros.
    if (header('etag') === '' || !/<PageList(?:\/>|>[\s\S]*<\/PageList>\s*$)/.test(text)) {
      throw new BlobRefused(0, 'the storage sent no list of pages');
    }
    if (header('etag') !== head.etag) {
      throw new BlobChanged('the blob is not the one any more that the export began with: begin anew');
    }
    return text;
  }

  /** Fills the buffer from `first` on, of this version of the blob alone; goes on where a transfer broke. */
  async fill(head: BlobHead, first: number, into: Buffer, signal: AbortSignal): Promise<void> {
    this.#parts ??= this.#connection.blobParts(head.bytes);
    const { read } = this.#parts;
    for (let got = 0; got < into.length; ) {
      await this.#patiently(signal, async () => {
        const [url, rest] = [this.#access.url(), into.subarray(got)];
        const from = first + got;
        const answer = await read({ url, first: from, etag: head.etag, into: rest, signal });
        if (answer.status !== 206) throw new Answered(answer.status, url, answer.header('x-ms-error-code'));
        demandRange(answer, head, { first: from, last: first + into.length - 1 });
        const { bytes, failure } = answer;
        if (failure && 'code' in failure && failure.code === tooLong) throw new BlobRefused(0, failure.message);
        got += bytes;
        // The rest is asked for anew, with new patience, where some of it came.
        if (failure && (bytes === 0 || signal.aborted)) throw failure;
      });
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#parts?.close();
  }

  /** Tries again what passes by itself, with a new address where the present one has ended. */
  async #patiently<T>(signal: AbortSignal, work: () => Promise<T>, most = patience): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      let failure: unknown;
      try {
        return await work();
      } catch (error) {
        failure = error;
      }
      signal.throwIfAborted();
      if (failure instanceof BlobRefused || failure instanceof BlobChanged) throw failure;
      const { status, url, code } = failure instanceof Answered ? failure : { status: 0, url: '', code: '' };
      if (status === 412) {
        throw new BlobChanged('the blob is not the one any more that the export began with: begin anew');
      }
      if (status === 403 && tries < most && code !== 'AuthorizationFailure') {
        await this.#access.renew(url);
        continue;
      }
      if ((status !== 0 && !passing(status)) || tries >= most) throw lastWord(failure);
      await untilNextTry(this.#connection, tries, signal);
    }
  }
}

/** What the storage answered in place of the bytes. */
class Answered extends Error {
  readonly status: number;
  readonly url: string;
  readonly code: string;

  constructor(status: number, url: string, code: string) {
    super(`the storage answered ${[status, code].filter(Boolean).join(' ')}`);
    this.status = status;
    // Not enumerable: an error is printed, an address with a signature never is.
    this.url = '';
    Object.defineProperty(this, 'url', { value: url, enumerable: false });
    this.code = code;
  }
}

/** An error without the address that led to it. */
function lastWord(failure: unknown): Error {
  if (failure instanceof Answered) {
    const closed = failure.code === 'AuthorizationFailure' ? ': it is closed to this network' : '';
    return new BlobRefused(failure.status, `${failure.message}${closed}`);
  }
  return new Error(`the disk cannot be read: ${redactText(azureError(failure).message)}`);
}

/** Throws when the answer is not the range that was asked for. */
function demandRange(answer: PartAnswered, head: BlobHead, { first, last }: { first: number; last: number }): void {
  const wanted = `bytes ${first}-${last}/${head.bytes}`;
  if (answer.header('content-range') !== wanted) {
    throw new BlobRefused(0, `the storage sent ${answer.header('content-range') || 'no range'}, not ${wanted}`);
  }
  if (answer.header('etag') !== head.etag) {
    throw new BlobChanged('the blob is not the one any more that the export began with: begin anew');
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** Larger than any token with its certificates. */
const largestToken = 256 * 1024;
const seconds = 60;

/** SHA-256 (RFC 5754). */
export const sha256Oid = '2.16.840.1.101.3.4.2.1';

/** A query (RFC 3161, section 2.4.1) for a text: its SHA-256, a random nonce, and the request for the certificate. DER. */
export async function timeStampQuery(text: string): Promise<Uint8Array> {
  const [{ AlgorithmIdentifier, MessageImprint, TimeStampReq }, { Integer, OctetString }] = await Promise.all([
    import('pkijs'),
    import('asn1js'),
  ]);
  const nonce = randomBytes(16);
  // A positive integer without a leading zero: DER has one form for it.
  nonce.writeUInt8((nonce.readUInt8(0) & 0x3f) | 0x40, 0);
  const hash = createHash('sha256').update(text, 'utf8').digest();
  const query = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: sha256Oid }),
      hashedMessage: new OctetString({ valueHex: new Uint8Array(hash) }),
    }),
    nonce: new Integer({ valueHex: new Uint8Array(nonce) }),
    certReq: true,
  });
  return new Uint8Array(query.toSchema().toBER(false));
}

/** A TSA's address: http, as most are, or https; the token is signed. Throws a Failure for any other. */
export function tsaUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Failure(
      `--tsa takes the http or https address of a time-stamping authority, not ${printable(text, 200)}`,
    );
  }
  return url;
}

async function bounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > largestToken) throw new Error(`its answer has more than ${largestToken} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Sends a query to a TSA over HTTP (RFC 3161, section 3.4); the answer as it came. Throws a Failure where none comes. */
export async function askTsa(url: URL, query: Uint8Array): Promise<Uint8Array> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: Buffer.from(query),
      signal: AbortSignal.timeout(seconds * 1000),
    });
    const answer = await bounded(response);
    const type = response.headers.get('content-type') ?? '';
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    if (!/^application\/timestamp-reply\b/i.test(type)) {
      throw new Error(`it answered ${printable(type, 60) || 'without a type'}, not application/timestamp-reply`);
    }
    return answer;
  } catch (error) {
    const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`${printable(url.host, 200)} gave no time stamp: ${printable(said, 300)}`, 5, { cause: error });
  }
}

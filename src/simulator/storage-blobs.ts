import { createHash } from 'node:crypto';
import type { Azure } from './azure.ts';
import { type BlobAnswer, type BlobAsked, refuseBlob, refuseRange } from './disk-blobs.ts';
import { at } from './json.ts';
import { permitted } from './storage-signature.ts';
import type { ArmResource } from './world.ts';

/** A blob of a storage account. */
interface Blob {
  kind: 'BlockBlob' | 'AppendBlob';
  parts: { id: string; bytes: Buffer }[];
  headers: Record<string, string>;
  etag: string;
  created: string;
}

interface Kept {
  /** By "/account/container/name". */
  blobs: Map<string, Blob>;
  /** Blocks that no list names yet, by blob, then by id. */
  uncommitted: Map<string, Map<string, Buffer>>;
  writes: number;
}

const stores = new WeakMap<Azure, Kept>();

function keptOf(azure: Azure): Kept {
  const known = stores.get(azure) ?? { blobs: new Map(), uncommitted: new Map(), writes: 0 };
  stores.set(azure, known);
  return known;
}

const host = /^([a-z0-9]{3,24})\.blob\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/i;

/** The account that a host is of; undefined for other hosts. */
export const storageAccountOf = (name: string | undefined): string | undefined =>
  host.exec(name ?? '')?.[1]?.toLowerCase();

const containerType = 'Microsoft.Storage/storageAccounts/blobServices/containers';

function containerAt(azure: Azure, account: string, container: string): ArmResource | undefined {
  const end = `/storageaccounts/${account}/blobservices/default/containers/${container}`.toLowerCase();
  return azure.store.ofType(containerType).find(({ id }) => id.toLowerCase().endsWith(end));
}

/** Days that blobs of a container are kept since they were made ("Time-based retention policies"); 0 without a policy. */
function retentionDays(container: ArmResource): number {
  const days = at(container.properties, 'immutabilityPolicy', 'properties', 'immutabilityPeriodSinceCreationInDays');
  return typeof days === 'number' ? days : 0;
}

const sizeOf = ({ parts }: Blob): number => parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');
const empty = Buffer.alloc(0);

function made(azure: Azure, kept: Kept, blob: Omit<Blob, 'etag' | 'created'>): Blob {
  kept.writes += 1;
  const etag = `"0x8D${String(kept.writes).padStart(13, '0')}"`;
  return { ...blob, etag, created: azure.clock.now().toUTCString() };
}

const done = (status: number, headers: Record<string, string> = {}, body: Buffer = empty): BlobAnswer => ({
  status,
  headers: { 'content-length': String(body.length), ...headers },
  body,
});

/** A request, and the blob that it concerns. */
interface Question extends BlobAsked {
  azure: Azure;
  kept: Kept;
  key: string;
  container: ArmResource;
  body: Buffer;
}

const notFound = (): BlobAnswer => refuseBlob(404, 'BlobNotFound', 'The specified blob does not exist.');
const wrongType = (): BlobAnswer => refuseBlob(409, 'InvalidBlobType', 'The blob type is invalid for this operation.');

/** Bytes of a blob from the first to the last, without its other parts. */
function bytesOf({ parts }: Blob, first: number, last: number): Buffer {
  const found: Buffer[] = [];
  let start = 0;
  for (const { bytes } of parts) {
    if (start <= last && start + bytes.length > first) {
      found.push(bytes.subarray(Math.max(0, first - start), last + 1 - start));
    }
    start += bytes.length;
  }
  return found.length === 1 ? (found[0] ?? empty) : Buffer.concat(found);
}

/** Why a condition on the version refuses a read ("Specifying conditional headers for Blob service operations"). */
function unmet(blob: Blob, headers: Record<string, string>): BlobAnswer | undefined {
  const [match, none] = [headers['if-match'], headers['if-none-match']];
  const said = 'The condition specified using HTTP conditional header(s) is not met.';
  if (match !== undefined && match !== '*' && match !== blob.etag) return refuseBlob(412, 'ConditionNotMet', said);
  if (none === blob.etag) return { status: 304, headers: { etag: blob.etag }, body: empty };
  return undefined;
}

/** Bytes of a range of which the service makes the MD5 ("Get Blob", x-ms-range-get-content-md5); more, or no range, is a 400. */
const longestDigested = 4 * 1024 * 1024;

const wrongHeader = (): BlobAnswer =>
  refuseBlob(400, 'InvalidHeaderValue', 'The value for one of the HTTP headers is not in the correct format.');

/** "Get Blob" and "Get Blob Properties" of a whole blob, or of a range. */
function read({ kept, key, method, headers }: Question): BlobAnswer {
  const blob = kept.blobs.get(key);
  if (blob === undefined) return notFound();
  const against = unmet(blob, headers);
  if (against) return against;
  const total = sizeOf(blob);
  const { 'content-md5': md5, ...properties } = blob.headers;
  const common = {
    'content-type': 'application/octet-stream',
    ...properties,
    etag: blob.etag,
    'x-ms-blob-type': blob.kind,
    'x-ms-creation-time': blob.created,
    'x-ms-lease-state': 'available',
    'x-ms-lease-status': 'unlocked',
    'x-ms-server-encrypted': 'true',
    ...(blob.kind === 'AppendBlob' ? { 'x-ms-blob-committed-block-count': String(blob.parts.length) } : {}),
    'last-modified': blob.created,
    'accept-ranges': 'bytes',
  };
  // The MD5 that was stored is the whole's: a range has it under another name.
  const ofWhole = md5 === undefined ? {} : { 'content-md5': md5 };
  // The account's tier is that of its block blobs where none was set ("Get Blob Properties": x-ms-access-tier-inferred).
  const tier =
    blob.kind === 'BlockBlob' ? { 'x-ms-access-tier': 'Hot', 'x-ms-access-tier-inferred': 'true' } : undefined;
  if (method === 'HEAD') return done(200, { ...common, ...ofWhole, ...tier, 'content-length': String(total) });
  const range = headers['x-ms-range'] ?? headers.range;
  const ofRange = /^true$/i.test(headers['x-ms-range-get-content-md5'] ?? '');
  if (ofRange && range === undefined) return wrongHeader();
  if (range === undefined) return done(200, { ...common, ...ofWhole }, bytesOf(blob, 0, total - 1));
  const asked = /^bytes=(\d+)-(\d*)$/.exec(range);
  if (asked === null) return wrongHeader();
  const [first, last] = [Number(asked[1]), asked[2] === '' ? total - 1 : Math.min(Number(asked[2]), total - 1)];
  if (first > last) return refuseRange(total);
  if (ofRange && last - first + 1 > longestDigested) return wrongHeader();
  const bytes = bytesOf(blob, first, last);
  const named = {
    'content-range': `bytes ${first}-${last}/${total}`,
    ...(md5 === undefined ? {} : { 'x-ms-blob-content-md5': md5 }),
    ...(ofRange ? { 'content-md5': md5Of(bytes) } : {}),
  };
  return done(206, { ...common, ...named }, bytes);
}

/** "Get Block List": both lists, or the one that is asked for. */
function listBlocks({ kept, key, url }: Question): BlobAnswer {
  const blob = kept.blobs.get(key);
  const loose = kept.uncommitted.get(key);
  if (blob === undefined && loose === undefined) return notFound();
  if (blob?.kind === 'AppendBlob') return wrongType();
  const which = url.searchParams.get('blocklisttype') ?? 'committed';
  if (!['committed', 'uncommitted', 'all'].includes(which)) return wrongParameter();
  const rows = (blocks: Iterable<[string, number]>) =>
    [...blocks].map(([id, size]) => `<Block><Name>${id}</Name><Size>${size}</Size></Block>`).join('');
  const committed = rows((blob?.parts ?? []).map(({ id, bytes }) => [id, bytes.length]));
  const uncommitted = rows([...(loose ?? [])].map(([id, bytes]) => [id, bytes.length]));
  const body = Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><BlockList>${which === 'uncommitted' ? '' : `<CommittedBlocks>${committed}</CommittedBlocks>`}${which === 'committed' ? '' : `<UncommittedBlocks>${uncommitted}</UncommittedBlocks>`}</BlockList>`,
  );
  const about = blob ? { etag: blob.etag, 'last-modified': blob.created } : {};
  const size = { 'x-ms-blob-content-length': String(blob ? sizeOf(blob) : 0) };
  return done(200, { 'content-type': 'application/xml', ...about, ...size }, body);
}

/** Why the MD5 that came with a body refuses it ("Specifying the Content-MD5 header"): 128 bits in Base64, of these bytes. */
function wrongMd5(headers: Record<string, string>, body: Buffer): BlobAnswer | undefined {
  const given = headers['content-md5'];
  if (given === undefined || given === md5Of(body)) return undefined;
  return Buffer.from(given, 'base64').length === 16
    ? refuseBlob(400, 'Md5Mismatch', 'The MD5 value specified in the request did not match with the server’s.')
    : refuseBlob(400, 'InvalidMd5', 'The MD5 value specified in the request is invalid.');
}

const wrongParameter = (): BlobAnswer =>
  refuseBlob(
    400,
    'InvalidQueryParameterValue',
    'Value for one of the query parameters specified in the request URI is invalid.',
  );

/** "Put Block": ids are Base64 of at most 64 bytes, of one length for a blob; the MD5 is compared where one came. */
function putBlock({ kept, key, url, headers, body }: Question): BlobAnswer {
  if (kept.blobs.get(key)?.kind === 'AppendBlob') return wrongType();
  const id = url.searchParams.get('blockid') ?? '';
  const decoded = Buffer.from(id, 'base64');
  if (decoded.length === 0 || decoded.toString('base64') !== id) return wrongParameter();
  const others = [...(kept.uncommitted.get(key)?.keys() ?? [])];
  if (decoded.length > 64 || others.some((other) => other.length !== id.length)) {
    return refuseBlob(400, 'InvalidBlobOrBlock', 'The specified blob or block content is invalid.');
  }
  const against = wrongMd5(headers, body);
  if (against) return against;
  const blocks = kept.uncommitted.get(key) ?? new Map<string, Buffer>();
  kept.uncommitted.set(key, blocks.set(id, Buffer.from(body)));
  // The MD5 comes back where one was sent.
  const md5 = headers['content-md5'];
  return done(201, { ...(md5 === undefined ? {} : { 'content-md5': md5 }), 'x-ms-request-server-encrypted': 'true' });
}

const stored = /^x-ms-(meta-[\w]+|blob-content-(type|md5|encoding|language|disposition))$/;

/** Properties and metadata as a blob answers with them later. */
function headersOf(headers: Record<string, string>): Record<string, string> {
  const found = Object.entries(headers).filter(([name]) => stored.test(name));
  return Object.fromEntries(found.map(([name, value]) => [name.replace(/^x-ms-blob-/, ''), value]));
}

/** Why a blob that is there is not replaced; undefined where it is, or is none. */
function notReplaced(
  before: Blob | undefined,
  headers: Record<string, string>,
  container: ArmResource,
): BlobAnswer | undefined {
  if (before === undefined) return undefined;
  if (headers['if-none-match'] === '*') {
    return refuseBlob(409, 'BlobAlreadyExists', 'The specified blob already exists.');
  }
  return retentionDays(container) > 0 ? immutable() : undefined;
}

const immutable = (): BlobAnswer =>
  refuseBlob(
    409,
    'BlobImmutableDueToPolicy',
    'This operation is not permitted as the blob is immutable due to a policy.',
  );

/** What a write answers with ("Put Blob", "Put Block List", "Append Block"). */
function written({ azure, kept, key, headers }: Question, blob: Omit<Blob, 'etag' | 'created'>): BlobAnswer {
  const now = made(azure, kept, blob);
  kept.blobs.set(key, now);
  kept.uncommitted.delete(key);
  azure.dataVersion += 1;
  const md5 = headers['content-md5'];
  return done(201, {
    etag: now.etag,
    'last-modified': now.created,
    'x-ms-request-server-encrypted': 'true',
    ...(md5 === undefined ? {} : { 'content-md5': md5 }),
  });
}

/** "Put Blob": a block blob of one body, or an append blob without any. */
function putBlob(question: Question): BlobAnswer {
  const { kept, key, headers, body, container } = question;
  const kind = (['BlockBlob', 'AppendBlob'] as const).find((one) => one === headers['x-ms-blob-type']);
  if (headers['x-ms-blob-type'] === undefined) {
    return refuseBlob(
      400,
      'MissingRequiredHeader',
      'An HTTP header that is mandatory for this request is not specified.',
    );
  }
  if (kind === undefined || (kind === 'AppendBlob' && body.length > 0)) return wrongHeader();
  const against = wrongMd5(headers, body) ?? notReplaced(kept.blobs.get(key), headers, container);
  const parts = kind === 'AppendBlob' ? [] : [{ id: '', bytes: Buffer.from(body) }];
  return against ?? written(question, { kind, parts, headers: { 'content-md5': md5Of(body), ...headersOf(headers) } });
}

/** "Append Block": at the end, which the condition may name; where a policy keeps the blobs only if it lets them grow. */
function appendBlock(question: Question): BlobAnswer {
  const { kept, key, headers, body, container } = question;
  const blob = kept.blobs.get(key);
  if (blob === undefined) return notFound();
  if (blob.kind !== 'AppendBlob') return wrongType();
  const offset = sizeOf(blob);
  const position = headers['x-ms-blob-condition-appendpos'];
  if (position !== undefined && Number(position) !== offset) {
    return refuseBlob(412, 'AppendPositionConditionNotMet', 'The append position condition specified was not met.');
  }
  const against = unmet(blob, headers) ?? wrongMd5(headers, body);
  if (against) return against;
  const grows = at(container.properties, 'immutabilityPolicy', 'properties', 'allowProtectedAppendWrites') === true;
  if (retentionDays(container) > 0 && !grows) return immutable();
  const { 'content-md5': _, ...properties } = blob.headers;
  const parts = [...blob.parts, { id: '', bytes: Buffer.from(body) }];
  const answer = written(question, { kind: 'AppendBlob', parts, headers: properties });
  const count = { 'x-ms-blob-append-offset': String(offset), 'x-ms-blob-committed-block-count': String(parts.length) };
  return { ...answer, headers: { ...answer.headers, ...count } };
}

/** "Put Block List": makes the blob of the blocks that are named, in this order. */
function commit(question: Question): BlobAnswer {
  const { kept, key, headers, body, container } = question;
  const before = kept.blobs.get(key);
  const against = wrongMd5(headers, body) ?? notReplaced(before, headers, container);
  if (against) return against;
  if (before?.kind === 'AppendBlob') return wrongType();
  if (!/<BlockList(?:\/>|>[\s\S]*<\/BlockList>\s*$)/.test(body.toString('utf8'))) {
    return refuseBlob(400, 'InvalidXmlDocument', 'The specified XML is not syntactically valid.');
  }
  const loose = kept.uncommitted.get(key);
  const parts: Blob['parts'] = [];
  for (const [, list = '', id = ''] of body.toString('utf8').matchAll(/<(Uncommitted|Committed|Latest)>([^<]*)</g)) {
    const old = before?.parts.find((part) => part.id === id)?.bytes;
    const bytes = list === 'Committed' ? old : (loose?.get(id) ?? (list === 'Latest' ? old : undefined));
    if (bytes === undefined) return refuseBlob(400, 'InvalidBlockList', 'The specified block list is invalid.');
    parts.push({ id, bytes });
  }
  return written(question, { kind: 'BlockBlob', parts, headers: headersOf(headers) });
}

/** Which letters of a signature permit a request ("Create a service SAS", permissions for a container). */
function permits(letters: string, method: string, comp: string): boolean {
  if (method === 'GET' || method === 'HEAD') return letters.includes('r');
  if (comp === 'appendblock') return /[aw]/.test(letters);
  return method === 'PUT' && ['', 'block', 'blocklist'].includes(comp) && /[cw]/.test(letters);
}

/** By the parameter `comp`. */
const reads = new Map<string, (question: Question) => BlobAnswer>([
  ['', read],
  ['blocklist', listBlocks],
  ['pagelist', ({ kept, key }) => (kept.blobs.has(key) ? wrongType() : notFound())],
]);
const writes = new Map<string, (question: Question) => BlobAnswer>([
  ['', putBlob],
  ['block', putBlock],
  ['blocklist', commit],
  ['appendblock', appendBlock],
]);

/** Answers what is asked of the blobs of a storage account by a shared access signature; no token is taken. */
export function answerStorage(azure: Azure, account: string, asked: BlobAsked, body: Buffer): BlobAnswer {
  if (asked.headers.authorization !== undefined) {
    return refuseBlob(403, 'AuthenticationFailed', 'A token was sent to where it does not belong.');
  }
  const [, name = '', blob = ''] = /^\/([^/]+)\/(.+)$/.exec(decodeURIComponent(asked.url.pathname)) ?? [];
  const letters = permitted(azure, account, name, asked.url.searchParams);
  if (letters === null) {
    return refuseBlob(403, 'AuthenticationFailed', 'Server failed to authenticate the request.');
  }
  const container = containerAt(azure, account, name);
  if (container === undefined) return refuseBlob(404, 'ContainerNotFound', 'The specified container does not exist.');
  const comp = asked.url.searchParams.get('comp') ?? '';
  if (!permits(letters, asked.method, comp)) {
    return refuseBlob(403, 'AuthorizationPermissionMismatch', 'This request is not authorized by this permission.');
  }
  const question = { ...asked, azure, kept: keptOf(azure), key: `/${account}/${name}/${blob}`, container, body };
  const answers = asked.method === 'PUT' ? writes : reads;
  return answers.get(comp)?.(question) ?? wrongParameter();
}

/** The blobs that there are: "/account/container/name". */
export const blobPaths = (azure: Azure): string[] => [...keptOf(azure).blobs.keys()];

/**
 * Puts what a script printed into an append blob, as the agent of a managed Run Command does by the address that it was given
 * ("Use a SAS URI with read, append, create, write access"); says why where it cannot.
 */
export function appendPrinted(azure: Azure, address: string, printed: string): string {
  const url = URL.parse(address);
  const account = storageAccountOf(url?.host);
  const [, name = '', blob = ''] = /^\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url?.pathname ?? '')) ?? [];
  if (!url || account === undefined || blob === '') return `${url?.host ?? 'the address'} is no storage account.`;
  const letters = permitted(azure, account, name, url.searchParams);
  if (letters === null || !['a', 'c', 'w'].every((letter) => letters.includes(letter))) {
    return 'Server failed to authenticate the request.';
  }
  if (containerAt(azure, account, name) === undefined) return 'The specified container does not exist.';
  const kept = keptOf(azure);
  const key = `/${account}/${name}/${blob}`;
  const parts = [...(kept.blobs.get(key)?.parts ?? []), { id: '', bytes: Buffer.from(printed) }];
  kept.blobs.set(key, made(azure, kept, { kind: 'AppendBlob', parts, headers: { 'content-type': 'text/plain' } }));
  return '';
}

import { createHash } from 'node:crypto';
import type { Azure } from './azure.ts';
import { type BlobAnswer, type BlobAsked, refuseBlob } from './disk-blobs.ts';
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

/** "Get Blob" and "Get Blob Properties" of a whole blob, or of a range. */
function read({ kept, key, method, headers }: Question): BlobAnswer {
  const blob = kept.blobs.get(key);
  if (blob === undefined) return refuseBlob(404, 'BlobNotFound', 'The specified blob does not exist.');
  const total = sizeOf(blob);
  const common = {
    ...blob.headers,
    etag: blob.etag,
    'x-ms-blob-type': blob.kind,
    'x-ms-creation-time': blob.created,
    'last-modified': blob.created,
    'accept-ranges': 'bytes',
  };
  if (method === 'HEAD') return done(200, { ...common, 'content-length': String(total) });
  const whole = Buffer.concat(blob.parts.map(({ bytes }) => bytes));
  const asked = /^bytes=(\d+)-(\d*)$/.exec(headers['x-ms-range'] ?? headers.range ?? '');
  if (asked === null) return done(200, common, whole);
  const [first, last] = [Number(asked[1]), asked[2] === '' ? total - 1 : Math.min(Number(asked[2]), total - 1)];
  if (first > last) return refuseBlob(416, 'InvalidRange', 'The range specified is invalid for the current size.');
  return done(206, { ...common, 'content-range': `bytes ${first}-${last}/${total}` }, whole.subarray(first, last + 1));
}

/** "Get Block List": both lists, or the one that is asked for. */
function listBlocks({ kept, key, url }: Question): BlobAnswer {
  const blob = kept.blobs.get(key);
  const loose = kept.uncommitted.get(key);
  if (blob === undefined && loose === undefined) {
    return refuseBlob(404, 'BlobNotFound', 'The specified blob does not exist.');
  }
  const which = url.searchParams.get('blocklisttype') ?? 'committed';
  const rows = (blocks: Iterable<[string, number]>) =>
    [...blocks].map(([id, size]) => `<Block><Name>${id}</Name><Size>${size}</Size></Block>`).join('');
  const committed = rows((blob?.parts ?? []).map(({ id, bytes }) => [id, bytes.length]));
  const uncommitted = rows([...(loose ?? [])].map(([id, bytes]) => [id, bytes.length]));
  const body = Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><BlockList>${which === 'uncommitted' ? '' : `<CommittedBlocks>${committed}</CommittedBlocks>`}${which === 'committed' ? '' : `<UncommittedBlocks>${uncommitted}</UncommittedBlocks>`}</BlockList>`,
  );
  return done(200, { 'content-type': 'application/xml' }, body);
}

/** "Put Block": ids are Base64 of at most 64 bytes, of one length for a blob; the MD5 is compared where one came. */
function putBlock({ kept, key, url, headers, body }: Question): BlobAnswer {
  const id = url.searchParams.get('blockid') ?? '';
  const decoded = Buffer.from(id, 'base64');
  const others = [...(kept.uncommitted.get(key)?.keys() ?? [])];
  const fits = decoded.length > 0 && decoded.length <= 64 && decoded.toString('base64') === id;
  if (!fits || others.some((other) => other.length !== id.length)) {
    return refuseBlob(400, 'InvalidBlobOrBlock', 'The specified blob or block content is invalid.');
  }
  const md5 = md5Of(body);
  if (headers['content-md5'] !== undefined && headers['content-md5'] !== md5) {
    return refuseBlob(400, 'Md5Mismatch', 'The MD5 value specified in the request did not match with the server’s.');
  }
  const blocks = kept.uncommitted.get(key) ?? new Map<string, Buffer>();
  kept.uncommitted.set(key, blocks.set(id, Buffer.from(body)));
  return done(201, { 'content-md5': md5, 'x-ms-request-server-encrypted': 'true' });
}

const stored = /^x-ms-(meta-[\w]+|blob-content-(type|md5|encoding|language|disposition))$/;

/** Properties and metadata as a blob answers with them later. */
function headersOf(headers: Record<string, string>): Record<string, string> {
  const found = Object.entries(headers).filter(([name]) => stored.test(name));
  return Object.fromEntries(found.map(([name, value]) => [name.replace(/^x-ms-blob-/, ''), value]));
}

/** "Put Block List": makes the blob of the blocks that are named, in this order. */
function commit(question: Question): BlobAnswer {
  const { azure, kept, key, headers, body, container } = question;
  const before = kept.blobs.get(key);
  if (before !== undefined && headers['if-none-match'] === '*') {
    return refuseBlob(409, 'BlobAlreadyExists', 'The specified blob already exists.');
  }
  if (before !== undefined && retentionDays(container) > 0) {
    return refuseBlob(
      409,
      'BlobImmutableDueToPolicy',
      'This operation is not permitted as the blob is immutable due to a policy.',
    );
  }
  const loose = kept.uncommitted.get(key);
  const parts: Blob['parts'] = [];
  for (const [, list = '', id = ''] of body.toString('utf8').matchAll(/<(Uncommitted|Committed|Latest)>([^<]*)</g)) {
    const old = before?.parts.find((part) => part.id === id)?.bytes;
    const bytes = list === 'Committed' ? old : (loose?.get(id) ?? (list === 'Latest' ? old : undefined));
    if (bytes === undefined) return refuseBlob(400, 'InvalidBlockList', 'The specified block list is invalid.');
    parts.push({ id, bytes });
  }
  kept.blobs.set(key, made(azure, kept, { kind: 'BlockBlob', parts, headers: headersOf(headers) }));
  kept.uncommitted.delete(key);
  azure.dataVersion += 1;
  return done(201, { etag: kept.blobs.get(key)?.etag ?? '', 'x-ms-request-server-encrypted': 'true' });
}

/** Which letters of a signature permit a request ("Create a service SAS", permissions for a container). */
function permits(letters: string, method: string, comp: string): boolean {
  if (method === 'GET' || method === 'HEAD') return letters.includes('r');
  return comp === 'block' || comp === 'blocklist' ? /[cw]/.test(letters) : false;
}

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
  if (asked.method === 'PUT') return comp === 'block' ? putBlock(question) : commit(question);
  return comp === 'blocklist' ? listBlocks(question) : read(question);
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

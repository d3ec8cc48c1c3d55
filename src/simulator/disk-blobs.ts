import { createHash, randomBytes } from 'node:crypto';
import type { Azure } from './azure.ts';
import { at, text } from './json.ts';
import type { ArmResource } from './world.ts';
import { guidOf } from './world-settlement.ts';

/** A range of a page blob, as a request over the wire asks for it. */
export interface BlobAsked {
  method: string;
  /** Path and query. */
  url: URL;
  headers: Record<string, string>;
}

export interface BlobAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** To be called once the body is sent: its memory is used again. */
  release?: () => void;
}

interface Grant {
  resourceId: string;
  /** `/account/abcd` */
  path: string;
  signature: string;
  /** The world's time in ms since 1970. */
  until: number;
}

const grants = new WeakMap<Azure, Map<string, Grant>>();

function grantsOf(azure: Azure): Map<string, Grant> {
  const known = grants.get(azure) ?? new Map<string, Grant>();
  grants.set(azure, known);
  return known;
}

/** A fixed VHD is the disk and a footer of 512 bytes. */
const footerBytes = 512;
/** What a request may ask for at once, so that no answer takes much memory. */
const longestRange = 64 * 1024 * 1024;

const storageHost = /^[\w-]+\.z\d+\.blob\.storage\.azure\.net$/i;

/** Is a request to this host one for a page blob of a managed disk? */
export const isBlobHost = (host: string | undefined): boolean => storageHost.test(host ?? '');

/** Makes an address with a signature for a disk or snapshot; earlier ones end. */
export function grantAccess(azure: Azure, id: string, seconds: number): string {
  const account = guidOf(id).replaceAll('-', '').slice(0, 12);
  const signature = randomBytes(32).toString('base64');
  const path = `/${account}/abcd`;
  const until = azure.clock.ms() + seconds * 1000;
  grantsOf(azure).set(id.toLowerCase(), { resourceId: id, path, signature, until });
  const query = `sv=2018-03-28&sr=b&si=${guidOf(`${id}${until}`)}&sig=${encodeURIComponent(signature)}`;
  return `https://md-${account}.z1.blob.storage.azure.net${path}?${query}`;
}

export function endAccess(azure: Azure, id: string): void {
  grantsOf(azure).delete(id.toLowerCase());
}

/** All contents repeat so many random bytes, and each page of them begins with its offset. */
const unit = 1024 * 1024;
const page = 4096;
const noise = new Map<string, Buffer>();

function noiseOf(seed: string): Buffer {
  const known = noise.get(seed);
  if (known) return known;
  const parts: Buffer[] = [];
  for (let part = 0; part * 32 < unit; part += 1) {
    parts.push(createHash('sha256').update(`${seed}:${part}`).digest());
  }
  const made = Buffer.concat(parts, unit);
  if (noise.size > 8) noise.clear();
  noise.set(seed, made);
  return made;
}

/**
 * The bytes of a disk's blob: the same for a seed wherever they are read, and different in each page, so that ranges that
 * change places do not go unseen. Made for the range alone: a large disk takes no memory.
 */
export function contentsOf(
  seed: string,
  offset: number,
  length: number,
  total: number,
  bytes: Buffer = Buffer.allocUnsafe(length),
  share = 1,
): Buffer {
  const source = noiseOf(seed);
  for (let done = 0; done < length; ) {
    const from = (offset + done) % unit;
    done += source.copy(bytes, done, from, Math.min(unit, from + length - done));
  }
  for (let start = Math.ceil(offset / page) * page; start + 8 <= offset + length; start += page) {
    bytes.writeDoubleLE(start, start - offset);
  }
  if (share < 1) {
    let blank = offset;
    for (const [start, end] of [...writtenOf(share, offset, length, total), [offset + length, 0] as const]) {
      bytes.fill(0, blank - offset, start - offset);
      blank = end;
    }
  }
  const footer = total - footerBytes;
  if (offset <= footer && offset + length >= footer + 8) bytes.write('conectix', footer - offset, 'latin1');
  return bytes;
}

/** Pages are written or not in runs of so many bytes. */
const extent = 4 * 1024 * 1024;

/** Is the run of pages at its number one that was ever written? The first is, and of the others so many as the share says. */
const isWritten = (share: number, run: number): boolean =>
  run === 0 || Math.floor((run + 1) * share) > Math.floor(run * share);

/**
 * The pages of a part of a disk's blob that were ever written, as first byte and the one behind the last: a share of the
 * disk, and the footer. The others are zeros.
 */
function writtenOf(share: number, offset: number, length: number, total: number): [number, number][] {
  const found: [number, number][] = [];
  const end = offset + length;
  const disk = total - footerBytes;
  const add = (from: number, to: number) => {
    const last = found.at(-1);
    if (last?.[1] === from) last[1] = to;
    else if (from < to) found.push([from, to]);
  };
  for (let run = Math.floor(offset / extent); run * extent < Math.min(end, disk); run += 1) {
    if (isWritten(share, run)) add(Math.max(offset, run * extent), Math.min(end, disk, (run + 1) * extent));
  }
  if (end > disk) add(Math.max(offset, disk), end);
  return found;
}

/** Memory of ranges that were sent. New memory for each costs more than what is put into it. */
const sent: Buffer[] = [];
const mostKept = 16;

/** The bytes of a range in memory that is used again. */
function lentContents(
  seed: string,
  offset: number,
  length: number,
  total: number,
  share: number,
): Pick<BlobAnswer, 'body' | 'release'> {
  const found = sent.findIndex((one) => one.length === length);
  const [memory] = found < 0 ? [] : sent.splice(found, 1);
  const body = contentsOf(seed, offset, length, total, memory, share);
  return {
    body,
    release: () => {
      sent.push(body);
      if (sent.length > mostKept) sent.shift();
    },
  };
}

/** Of what the contents of a disk or snapshot are made. A snapshot has those of its disk. */
const seedOf = (resource: ArmResource): string =>
  (text(at(resource.properties, 'creationData', 'sourceResourceId')) ?? resource.id).toLowerCase();

/** The share of a disk that was ever written: the tag `simulator-written` of the disk, from 0 to 1; all of it without one. */
function writtenShare(azure: Azure, resource: ArmResource): number {
  const disk = azure.store.get(text(at(resource.properties, 'creationData', 'sourceResourceId')) ?? resource.id);
  const share = Number(text(at(disk?.tags, 'simulator-written')) ?? 1);
  return share >= 0 && share < 1 ? share : 1;
}

function blobLength(resource: ArmResource): number {
  const bytes = at(resource.properties, 'diskSizeBytes');
  return (typeof bytes === 'number' ? bytes : 0) + footerBytes;
}

/** An error of Azure Storage ("Common REST API error codes"). */
export function refuseBlob(status: number, code: string, message: string): BlobAnswer {
  const body = Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code, 'content-length': String(body.length) },
    body,
  };
}

/** Refuses a range that the blob does not have, with the size of the blob in `Content-Range` (RFC 9110, 15.5.17; Azurite 3.37.0). */
export function refuseRange(
  total: number,
  because = 'The range specified is invalid for the current size.',
): BlobAnswer {
  const refused = refuseBlob(416, 'InvalidRange', because);
  return { ...refused, headers: { ...refused.headers, 'content-range': `bytes */${total}` } };
}

/** First and last byte of `bytes=a-b`, within the blob; null when it asks for none. */
function rangeOf(header: string | undefined, total: number): { first: number; last: number } | null {
  if (header === undefined) return { first: 0, last: total - 1 };
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(header) ?? [];
  const first = Number(from);
  const last = to === '' ? total - 1 : Math.min(Number(to), total - 1);
  return from === '' || first >= total || last < first ? null : { first, last };
}

/** Answers as "Get Blob", "Get Blob Properties" and "Get Page Ranges" do for a page blob that a signature opens. */
export function answerBlob(azure: Azure, { method, url, headers }: BlobAsked): BlobAnswer {
  if (headers.authorization !== undefined) {
    return refuseBlob(403, 'AuthenticationFailed', 'A token was sent to where it does not belong.');
  }
  if (method !== 'GET' && method !== 'HEAD') return refuseBlob(405, 'UnsupportedHttpVerb', 'Only reads are simulated.');
  const signature = url.searchParams.get('sig');
  const grant = [...grantsOf(azure).values()].find((one) => one.path === url.pathname && one.signature === signature);
  const resource = grant && azure.store.get(grant.resourceId);
  if (grant === undefined || resource === undefined || azure.clock.ms() > grant.until) {
    return refuseBlob(
      403,
      'AuthenticationFailed',
      'Server failed to authenticate the request: signature not valid now.',
    );
  }
  if (text(at(resource.properties, 'publicNetworkAccess')) === 'Disabled') {
    return refuseBlob(403, 'AuthorizationFailure', 'This request is not authorized to perform this operation.');
  }
  const total = blobLength(resource);
  const etag = `"0x8D${createHash('sha256')
    .update(`${resource.id.toLowerCase()}:${text(at(resource.properties, 'uniqueId')) ?? ''}:${azure.blobRevision}`)
    .digest('hex')
    .slice(0, 13)
    .toUpperCase()}"`;
  const wanted = headers['if-match'];
  if (wanted !== undefined && wanted !== etag) {
    return refuseBlob(412, 'ConditionNotMet', 'The condition specified using HTTP conditional header(s) is not met.');
  }
  const asked = headers['x-ms-range'] ?? headers.range;
  const range = rangeOf(asked, total);
  if (range === null) return refuseRange(total);
  const { first, last } = range;
  const length = last - first + 1;
  const share = writtenShare(azure, resource);
  const common = {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    etag,
    'last-modified': new Date(Date.parse(text(at(resource.properties, 'timeCreated')) ?? '') || 0).toUTCString(),
    'x-ms-blob-type': 'PageBlob',
  };
  if (method === 'HEAD') {
    return { status: 200, headers: { ...common, 'content-length': String(total) }, body: Buffer.alloc(0) };
  }
  if (url.searchParams.get('comp') === 'pagelist') {
    const written = writtenOf(share, first, length, total);
    const rows = written.map(([from, to]) => `<PageRange><Start>${from}</Start><End>${to - 1}</End></PageRange>`);
    const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><PageList>${rows.join('')}</PageList>`);
    const { 'accept-ranges': _, ...rest } = common;
    const size = { 'content-length': String(body.length), 'x-ms-blob-content-length': String(total) };
    return { status: 200, headers: { ...rest, 'content-type': 'application/xml', ...size }, body };
  }
  if (length > longestRange) return refuseRange(total, 'The simulator answers with 64 MiB at most.');
  return {
    status: asked === undefined ? 200 : 206,
    headers: {
      ...common,
      'content-length': String(length),
      ...(asked === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${total}` }),
    },
    ...lentContents(seedOf(resource), first, length, total, share),
  };
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Azure } from './azure.ts';

/** The version of the service by which addresses are signed here. */
const version = '2021-12-02';

/** The key of a storage account of the world. */
const keyOf = (account: string): Buffer => createHash('sha256').update(`storage account:${account}`).digest();

/**
 * The signature of a service SAS of a container ("Create a service SAS", version 2020-12-06 and later: the fields in this
 * order, a line each).
 */
function signatureOf(account: string, container: string, query: URLSearchParams): string {
  const field = (name: string) => query.get(name) ?? '';
  const text = [
    ...['sp', 'st', 'se'].map(field),
    `/blob/${account}/${container}`,
    ...['si', 'sip', 'spr', 'sv', 'sr'].map(field),
    '', // signedSnapshotTime
    ...['ses', 'rscc', 'rscd', 'rsce', 'rscl', 'rsct'].map(field),
  ].join('\n');
  return createHmac('sha256', keyOf(account)).update(text, 'utf8').digest('base64');
}

/** A shared access signature for a container, as the owner of its account makes it; eight hours when not said otherwise. */
export function signContainer(
  azure: Azure,
  account: string,
  container: string,
  permissions = 'racwl',
  seconds = 8 * 3600,
): string {
  const query = new URLSearchParams({
    sp: permissions,
    se: new Date(azure.clock.ms() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
    spr: 'https',
    sv: version,
    sr: 'c',
  });
  query.set('sig', signatureOf(account, container, query));
  return query.toString();
}

/** What a signature permits on a container: the letters of "sp"; null when it is none of this container, or is over. */
export function permitted(azure: Azure, account: string, container: string, query: URLSearchParams): string | null {
  const given = Buffer.from(query.get('sig') ?? '', 'base64');
  const wanted = Buffer.from(signatureOf(account, container, query), 'base64');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const [from, until] = [query.get('st'), query.get('se')].map((time) =>
    time === null ? Number.NaN : Date.parse(time),
  );
  const now = azure.clock.ms();
  if (query.get('sr') !== 'c' || Number.isNaN(until) || now > (until ?? 0) || now < (from || 0)) return null;
  return query.get('sp') ?? '';
}

import { X509Certificate } from 'node:crypto';
import type { CaseReader } from '../casefile/case-store.ts';
import { type KeptStamp, stampedText, stampsOf } from '../casefile/time-stamps.ts';
import { exitCode, Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';
import { readNamedFile } from './named-file.ts';

/** The worth of a time stamp beside a case. */
export interface CheckedStamp {
  file: string;
  /** The line whose head was stamped. */
  entries: number;
  /** The authority's time, ISO 8601 UTC; "" where the stamp does not hold. */
  at: string;
  signer: string;
  /** Does the authority's certificate lead to one that was given? null where none was. */
  trusted: boolean | null;
  /** Why it does not hold, as the end of a sentence; "" when it does. */
  because: string;
}

const pem = /-----BEGIN CERTIFICATE-----[\s\S]{1,20000}?-----END CERTIFICATE-----/g;

/** The certificates (DER) of a PEM file. Throws a Failure that names it. */
export async function certificatesIn(path: string): Promise<Uint8Array[]> {
  const text = await readNamedFile(path, '--tsa-ca');
  try {
    const found = (text.match(pem) ?? []).slice(0, 500).map((one) => new Uint8Array(new X509Certificate(one).raw));
    if (found.length > 0) return found;
  } catch (error) {
    throw new Failure(`--tsa-ca ${printable(path, 256)}: not a certificate`, exitCode.usage, { cause: error });
  }
  throw new Failure(`--tsa-ca ${printable(path, 256)}: holds no certificate (PEM)`, exitCode.usage);
}

async function checked(stamp: KeptStamp, trusted: readonly Uint8Array[]): Promise<CheckedStamp> {
  const { file, anchor, query, answer, misfit } = stamp;
  const bad = (because: string): CheckedStamp => {
    return { file, entries: anchor.entries, at: '', signer: '', trusted: null, because };
  };
  if (misfit !== '') return bad(misfit);
  if (query === null) return bad('has no query beside it (.tsq): its nonce cannot be checked');
  const { verifyTimeStamp } = await import('../timestamp/time-stamp-token.ts');
  const verdict = await verifyTimeStamp({ text: stampedText(anchor), query, answer }, trusted);
  if (!verdict.ok) return bad(verdict.because);
  const { at, signer } = verdict;
  return { file, entries: anchor.entries, at, signer, trusted: verdict.trusted, because: '' };
}

/** Checks the time stamps beside a case; the library that reads them is loaded where there is one. */
export async function checkStamps(found: CaseReader, trusted: readonly Uint8Array[]): Promise<CheckedStamp[]> {
  const results: CheckedStamp[] = [];
  for await (const stamp of stampsOf(found)) results.push(await checked(stamp, trusted));
  return results;
}

/** Whether the issuer of an authority's certificate is one that was given. */
export const issuerText = (trusted: boolean | null): string =>
  trusted === true ? 'its issuer is trusted' : 'issuer not checked: give --tsa-ca FILE';

/** A stamp as a sentence for people. */
export function stampLine({ file, entries, at, signer, trusted, because }: CheckedStamp): string {
  if (because !== '') return printable(`✗ ${file} ${because}`, 400);
  return printable(
    `line ${entries} was there at ${at}, by the time stamp of ${signer}; ${issuerText(trusted)}, revocation not`,
    400,
  );
}

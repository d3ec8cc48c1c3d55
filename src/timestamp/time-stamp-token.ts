import { createHash } from 'node:crypto';
import type { BaseBlock } from 'asn1js';
import type { Certificate, SignedData, TSTInfo } from 'pkijs';
import { printable } from '../text/printable.ts';
import { sha256Oid } from './time-stamp-query.ts';

/** A query to a TSA, its answer, and the text that both are about. */
export interface TimeStamped {
  /** The text that was stamped. */
  text: string;
  /** DER of the query, and of the answer. */
  query: Uint8Array;
  answer: Uint8Array;
}

export type TimeStampVerdict =
  | {
      ok: true;
      /** The TSA's time, ISO 8601 UTC. */
      at: string;
      /** The name in the certificate that signed it. */
      signer: string;
      /** Does its certificate lead to one of those that were given? null where none was. */
      trusted: true | null;
    }
  | { ok: false; because: string };

const oids = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
};

/** A token is not what it should be; the message is the end of a sentence about it. */
class Unfit extends Error {}

const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(new Uint8Array(bytes)).toString('hex');

/**
 * Is this a time stamp of the text (RFC 3161, with RFC 5816)? Checked are the imprint, the nonce, the signature over the
 * token, that the signing certificate is the one that the token names and is for time stamping alone, that it was valid
 * then, and with `trusted` (DER) that it leads to one of those. Not checked: whether it was revoked. Offline.
 */
export async function verifyTimeStamp(
  stamped: TimeStamped,
  trusted: readonly Uint8Array[] = [],
): Promise<TimeStampVerdict> {
  try {
    return await verified(stamped, trusted);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { ok: false, because: error instanceof Unfit ? said : `cannot be read: ${printable(said, 200)}` };
  }
}

async function verified(
  { text, query, answer }: TimeStamped,
  trusted: readonly Uint8Array[],
): Promise<TimeStampVerdict> {
  const { Certificate, TimeStampReq } = await import('pkijs');
  const { signed, info } = await tokenIn(answer);
  const asked = TimeStampReq.fromBER(new Uint8Array(query));
  const imprint = createHash('sha256').update(text, 'utf8').digest('hex');
  for (const { messageImprint } of [asked, info]) {
    const { hashAlgorithm, hashedMessage } = messageImprint;
    if (hashAlgorithm.algorithmId !== sha256Oid || hex(hashedMessage.valueBlock.valueHexView) !== imprint) {
      throw new Unfit('is of something else than this head');
    }
  }
  const nonces = [asked.nonce, info.nonce].map((one) => (one ? hex(one.valueBlock.valueHexView) : ''));
  if (nonces[0] === '' || nonces[0] !== nonces[1])
    throw new Unfit('answers another query: its nonce is not the one sent');
  const signer = await signerOf(signed, text);
  await demandNamed(signed, signer);
  demandForTimeStamping(signer);
  const at = info.genTime;
  if (at < signer.notBefore.value || at > signer.notAfter.value) {
    throw new Unfit('is signed by a certificate that was not valid then');
  }
  if (trusted.length > 0) {
    const anchors = trusted.map((one) => Certificate.fromBER(new Uint8Array(one)));
    await demandChain(signed, text, anchors);
  }
  return { ok: true, at: at.toISOString(), signer: nameIn(signer), trusted: trusted.length > 0 ? true : null };
}

async function tokenIn(answer: Uint8Array): Promise<{ signed: SignedData; info: TSTInfo }> {
  const [{ SignedData, TimeStampResp, TSTInfo }, { fromBER }] = await Promise.all([import('pkijs'), import('asn1js')]);
  // The reader passes over lengths that do not add up; written again they come out otherwise.
  const again = fromBER(new Uint8Array(answer)).result.toBER();
  if (hex(again) !== hex(answer)) throw new Unfit('is not whole: its lengths do not add up');
  const { status, timeStampToken } = TimeStampResp.fromBER(new Uint8Array(answer));
  // granted, and grantedWithMods (RFC 3161, section 2.4.2)
  if (status.status !== 0 && status.status !== 1) {
    const said = (status.statusStrings ?? []).map((one) => one.valueBlock.value).join('; ');
    throw new Unfit(
      `was refused by the authority (status ${status.status}${said === '' ? '' : `: ${printable(said, 200)}`})`,
    );
  }
  if (timeStampToken?.contentType !== oids.signedData) throw new Unfit('holds no token');
  const signed = new SignedData({ schema: timeStampToken.content });
  const { eContent, eContentType } = signed.encapContentInfo;
  if (eContentType !== oids.tstInfo || !eContent) throw new Unfit('holds no TSTInfo');
  const [signature, ...more] = signed.signerInfos;
  if (!signature || more.length > 0) throw new Unfit('has not exactly one signature');
  const digests = signed.digestAlgorithms.map(({ algorithmId }) => algorithmId);
  if (!digests.includes(signature.digestAlgorithm.algorithmId))
    throw new Unfit('does not name the digest of its signature');
  return { signed, info: TSTInfo.fromBER(eContent.getValue()) };
}

const attributesOf = (signed: SignedData) => signed.signerInfos[0]?.signedAttrs?.attributes ?? [];

/** The certificate whose key signed the token. */
async function signerOf(signed: SignedData, text: string): Promise<Certificate> {
  const type = attributesOf(signed).find((one) => one.type === oids.contentType)?.values[0];
  if (type?.valueBlock.toString() !== oids.tstInfo) throw new Unfit('has a signature over something else');
  const data = new Uint8Array(Buffer.from(text, 'utf8')).buffer;
  const result = await signed.verify({ signer: 0, data, extendedMode: true }).catch((error: unknown) => {
    throw new Unfit(`has a signature that does not hold: ${printable(messageOf(error), 200)}`);
  });
  if (result.signatureVerified !== true || !result.signerCertificate) {
    throw new Unfit('has a signature that does not hold');
  }
  return result.signerCertificate;
}

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null ? String(Reflect.get(error, 'message')) : String(error);

const childrenOf = (block: BaseBlock | undefined): BaseBlock[] => {
  const value: unknown = block === undefined ? undefined : Reflect.get(block.valueBlock, 'value');
  return Array.isArray(value) ? value : [];
};

/** The signed attribute ESSCertID (RFC 2634) or ESSCertIDv2 (RFC 5035) names the very certificate. */
async function demandNamed(signed: SignedData, signer: Certificate): Promise<void> {
  const { getCrypto, AlgorithmIdentifier } = await import('pkijs');
  const attribute = attributesOf(signed).find(
    ({ type }) => type === oids.signingCertificate || type === oids.signingCertificateV2,
  );
  const [certificates] = childrenOf(attribute?.values[0]);
  const [named] = childrenOf(certificates);
  const parts = childrenOf(named);
  const hash = parts.find((one) => one.idBlock.tagNumber === 4 && one.idBlock.tagClass === 1);
  if (!attribute || !hash) throw new Unfit('does not name the certificate that signed it');
  const algorithm = parts[0] === hash ? null : new AlgorithmIdentifier({ schema: parts[0] });
  const byDefault = attribute.type === oids.signingCertificate ? 'SHA-1' : 'SHA-256';
  const name: unknown = algorithm
    ? Reflect.get(getCrypto(true).getAlgorithmByOID(algorithm.algorithmId), 'name')
    : byDefault;
  const digest = createHash(String(name).toLowerCase().replace('-', ''))
    .update(new Uint8Array(signer.toSchema().toBER(false)))
    .digest();
  const given: unknown = Reflect.get(hash.valueBlock, 'valueHexView');
  if (!(given instanceof Uint8Array) || hex(given) !== hex(digest)) {
    throw new Unfit('names another certificate than the one that signed it');
  }
}

/** The extended key usage is critical, and time stamping alone (RFC 3161, section 2.3). */
function demandForTimeStamping(signer: Certificate): void {
  const extension = signer.extensions?.find(({ extnID }) => extnID === oids.extendedKeyUsage);
  const uses: unknown = Reflect.get(Object(extension?.parsedValue), 'keyPurposes');
  const alone = Array.isArray(uses) && uses.length === 1 && uses[0] === oids.timeStamping;
  if (!alone || extension?.critical !== true) {
    throw new Unfit('is signed by a certificate that is not for time stamping alone');
  }
}

/** The signing certificate leads to one of these. */
async function demandChain(signed: SignedData, text: string, trustedCerts: Certificate[]): Promise<void> {
  const data = new Uint8Array(Buffer.from(text, 'utf8')).buffer;
  const how = { signer: 0, data, checkChain: true, trustedCerts, passedWhenNotRevValues: true };
  const holds = await signed.verify(how).catch((error: unknown) => {
    throw new Unfit(
      `is signed by a certificate that does not lead to those given: ${printable(messageOf(error), 200)}`,
    );
  });
  if (!holds) throw new Unfit('has a signature that does not hold');
}

/** The common name of a certificate, or all of its name. */
function nameIn({ subject }: Certificate): string {
  const values = subject.typesAndValues.map(({ type, value }) => ({ type, text: String(value.valueBlock.value) }));
  const common = values.find(({ type }) => type === '2.5.4.3')?.text;
  return printable(common ?? values.map(({ text }) => text).join(', '), 120);
}

import { createHash } from 'node:crypto';

/** How far a transcript was at some moment: how many entries, and the hash of the last. */
export interface Anchor {
  entries: number;
  head: string;
}

/**
 * An anchor from text: head and count as an export prints them ("9f86…:214"), or count and head as a tag has them; null for
 * any other text.
 */
export function anchorOf(text: string): Anchor | null {
  const [first = '', second = '', ...rest] = text.trim().split(':');
  const [head, count] = first.length === 64 ? [first, second] : [second, first];
  if (rest.length > 0 || !/^[0-9a-fA-F]{64}$/.test(head) || !/^[1-9]\d{0,14}$/.test(count)) return null;
  return { head: head.toLowerCase(), entries: Number(count) };
}

/** The namespace of the request ids of cases, published in docs/case-format. */
const requestNamespace = Buffer.from('5b2aacf5de80488fab24c9f269fc0640', 'hex');

/** A name-based UUID of version 8: SHA-256 over the namespace and the name (RFC 9562, section 5.8 and appendix B.2). */
export function uuidOf(namespace: Uint8Array, name: string): string {
  const bytes = createHash('sha256').update(namespace).update(name, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The id (`x-ms-client-request-id`) of the change whose intent is the entry that follows. It is a plain GUID, as Azure takes
 * it, and Azure's activity log keeps it where no host can write: since it is made of the hash of all entries before it, it
 * fits no other beginning of the record. No two intents of a case follow the same entry, so no id comes twice.
 */
export const requestIdAt = ({ head, entries }: Anchor): string => uuidOf(requestNamespace, `${head}:${entries}`);

/** Is this an id that an entry's place in a chain made? Others, of records before there were such ids, are random. */
export const isPlacedId = (id: unknown): id is string =>
  typeof id === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id);

import { nameUuid, uuidBytes } from '../text/name-uuid.ts';

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
const requestNamespace = uuidBytes('5b2aacf5-de80-488f-ab24-c9f269fc0640');

/**
 * The id (`x-ms-client-request-id`) of the change whose intent is the entry that follows. It is a plain GUID, as Azure takes
 * it, and Azure's activity log keeps it where no host can write: since it is made of the hash of all entries before it, it
 * fits no other beginning of the record. No two intents of a case follow the same entry, so no id comes twice.
 */
export const requestIdAt = ({ head, entries }: Anchor): string => nameUuid(requestNamespace, `${head}:${entries}`, 8);

/** Is this an id that an entry's place in a chain made? Others, of records before there were such ids, are random. */
export const isPlacedId = (id: unknown): id is string =>
  typeof id === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id);

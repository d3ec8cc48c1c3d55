import { hash as digest } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Entry, entry as entrySchema } from '../documents/transcript.ts';
import { isTextAt, LineScanner } from './canonical-line.ts';

/** `prev` of the first entry. */
export const genesis = '0'.repeat(64);

/** The longest line in bytes, its newline included. */
export const longestLine = 65_536;

/** Milliseconds by which a time may lie before the one of the line before without a word: clocks are no more exact. */
export const clockPlay = 1000;

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return digest('sha256', data, 'hex');
}

function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('an entry must be an object');
  return text;
}

/** The entry with its hash, and its line without the newline: RFC 8785 JSON. Throws on what JSON cannot hold. */
export function seal(fields: Omit<Entry, 'hash'>): { entry: Entry; line: string } {
  const { actor, at, body, kind, prev, seq } = fields;
  // The names of an entry are in this order; what is between the hash's place and the rest is written once.
  const front = `{"actor":${canonical(actor)},"at":${canonical(at)},"body":${canonical(body)},`;
  const rest = `"kind":${canonical(kind)},"prev":${canonical(prev)},"seq":${canonical(seq)}}`;
  const hash = sha256(front + rest);
  return { entry: { ...fields, hash }, line: `${front}"hash":"${hash}",${rest}` };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type ReadLine = { ok: true; entry: Entry } | { ok: false; because: string };

/** Reads a line (without its newline) and checks all that the line alone can show: form, canonical writing, own hash. */
export function readLine(bytes: Uint8Array): ReadLine {
  if (bytes.length + 1 > longestLine) return bad(`is longer than ${longestLine} bytes`);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return bad('is not UTF-8');
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return bad('is not JSON');
  }
  const read = entrySchema.safeParse(raw);
  if (!read.success) return bad(`is not an entry: ${read.error.issues[0]?.path.join('.') ?? ''}`);
  // The schema's own output is not used for the hash: unknown properties are part of the line.
  let unhashed: string;
  try {
    if (!isCanonical(raw, text)) return bad('is not written as canonical JSON');
    unhashed = withoutHash(text, read.data) ?? canonicalWithoutHash(raw);
  } catch {
    return bad('holds what canonical JSON cannot');
  }
  if (sha256(unhashed) !== read.data.hash) return bad('has been changed: its hash does not match its content');
  return { ok: true, entry: read.data };
}

function canonicalWithoutHash(raw: unknown): string {
  return canonical(Object.fromEntries(Object.entries(Object(raw)).filter(([name]) => name !== 'hash')));
}

/**
 * Is the text the canonical JSON of its value? RFC 8785 writes strings and numbers as `JSON.stringify` does; what it adds
 * is the order of the names. What does not come out so (names like numbers, which JavaScript orders itself) is written
 * again to be compared.
 */
function isCanonical(raw: unknown, text: string): boolean {
  return (JSON.stringify(raw) === text && isSorted(raw)) || canonical(raw) === text;
}

function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let before = '';
  for (const [name, item] of Object.entries(value)) {
    // Compared by UTF-16 code units, as RFC 8785 does; the empty name comes first.
    if (name < before || !isSorted(item)) return false;
    before = name;
  }
  return true;
}

/** The canonical line without its hash, where it ends as entries do; null where it holds more. */
function withoutHash(text: string, { hash, kind, prev, seq }: Entry): string | null {
  const rest = `"kind":"${kind}","prev":${JSON.stringify(prev)},"seq":${seq}}`;
  const tail = `"hash":${JSON.stringify(hash)},${rest}`;
  return text.endsWith(tail) ? text.slice(0, -tail.length) + rest : null;
}

/** What of an entry decides whether it continues another. */
type Link = Pick<Entry, 'seq' | 'prev' | 'hash' | 'kind'>;

/** Why the entry cannot follow `previous` (null for the first), or null when it does. */
export function breaks(entry: Link, previous: Pick<Entry, 'seq' | 'hash'> | null): string | null {
  const seq = previous === null ? 1 : previous.seq + 1;
  if (entry.seq !== seq) return `has number ${entry.seq} where ${seq} belongs`;
  if (entry.prev !== (previous?.hash ?? genesis)) return 'does not continue the line before it';
  if ((entry.kind === 'case') !== (previous === null)) {
    return previous === null ? 'is not the case header' : 'is a second case header';
  }
  return null;
}

/** Compares lines with a chain that goes on from one to the next; its own state is that of the last one that held. */
export class ChainReader {
  readonly #scanner = new LineScanner();
  readonly #unhashed = Buffer.allocUnsafe(longestLine);

  /**
   * As `readLine` and then `breaks`, without a parser where the line is plain and continues `previous`: of such a line
   * only its places are known, and its body is parsed when it is wanted.
   */
  read(bytes: Uint8Array, previous: Pick<Entry, 'seq' | 'hash'> | null): ChainLine {
    if (previous !== null) {
      const line = this.#plain(bytes, previous);
      if (line !== null) return { ok: true, line };
    }
    const read = readLine(bytes);
    if (!read.ok) return read;
    const { entry } = read;
    const because = breaks(entry, previous);
    return because === null
      ? { ok: true, line: { ...entry, body: () => entry.body, namesEvidence: true } }
      : bad(because);
  }

  #plain(bytes: Uint8Array, previous: Pick<Entry, 'seq' | 'hash'>): LineInChain | null {
    const scanner = this.#scanner;
    if (bytes.length + 1 > longestLine || !scanner.scan(bytes, 0, bytes.length)) return null;
    const { seq, kind, prevFrom, hashFrom, unhashedFrom, unhashedTo, namesEvidence } = scanner;
    if (seq !== previous.seq + 1 || kind === 'case' || !isTextAt(bytes, prevFrom, previous.hash)) return null;
    const rest = this.#unhashed;
    rest.set(bytes.subarray(0, unhashedFrom));
    rest.set(bytes.subarray(unhashedTo), unhashedFrom);
    const hash = sha256(rest.subarray(0, bytes.length - (unhashedTo - unhashedFrom)));
    if (!isTextAt(bytes, hashFrom, hash)) return null;
    const { atFrom, atTo, bodyFrom, bodyTo } = scanner;
    return {
      seq,
      kind,
      hash,
      at: ascii(bytes, atFrom, atTo),
      body: () => JSON.parse(ascii(bytes, bodyFrom, bodyTo)),
      namesEvidence,
    };
  }
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

/** A line that was read and continues the one before it. */
export interface LineInChain {
  seq: number;
  kind: Entry['kind'];
  hash: string;
  /** ISO 8601 UTC. */
  at: string;
  body(): Record<string, unknown>;
  /** Can its body name evidence? */
  namesEvidence: boolean;
}

type ChainLine = { ok: true; line: LineInChain } | { ok: false; because: string };

function bad(because: string): { ok: false; because: string } {
  return { ok: false, because };
}

import type { Json } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ifThere } from '../../azure/client/failure.ts';

/** A request that may have changed Azure, as it left or as the record has it. */
export interface SentChange {
  /** When its intent was written, ISO 8601 UTC. */
  at: string;
  method: string;
  url: string;
  body: unknown;
  clientRequestId: string;
  /** Azure took it and began an operation: what its resource does not show yet may still come. */
  accepted?: boolean;
}

/** What became of a request, as Azure shows it. */
export interface Fate {
  /** null when Azure does not report it, or is still working on it. */
  ok: boolean | null;
  /** Azure is still working on it: asking again later will show the result. */
  running: boolean;
  /** The resource has what was sent already, though Azure is still at it. */
  asSent?: true;
  /** It was not done, and yet what it made before it failed is there. */
  leaves?: true;
  /** The resource is as the request would make it, which another request may have done. */
  byState?: true;
  /** One sentence: what was found. */
  text: string;
  /** The id of the backup job that the request began. */
  job?: string;
}

/**
 * What a resource shows of a request. `sure` is false where the same shows of a request that had another fate: then the activity
 * log decides, and where that is silent too, this stands.
 */
export type Shown = Fate & { sure?: false };

/** Reads what a resource shows of a request; rejects when Azure cannot be asked. */
export type Ask = (connection: Connection, sent: SentChange, signal: AbortSignal | undefined) => Promise<Shown>;

export const done = (text: string): Fate => ({ ok: true, running: false, text });
export const shown = (text: string): Fate => ({ ...done(text), byState: true });
export const notDone = (text: string): Fate => ({ ok: false, running: false, text });
export const unclear = (text: string): Fate => ({ ok: null, running: false, text });
export const atIt = (text: string): Fate => ({ ok: null, running: true, text });

/** The clocks of Azure and of this host may differ by a little. */
export const skewMilliseconds = 60_000;
/** What a request begins, begins within this time; what began later is another's: a nightly backup, a next assessment. */
const beginMilliseconds = 15 * 60_000;

/** Can what began at this time (ms since 1970) be what the request began? */
export function isBegunBy({ at: sentAt }: SentChange, began: number): boolean {
  const sent = Date.parse(sentAt);
  return began >= sent - skewMilliseconds && began <= sent + beginMilliseconds;
}

/** How long ago it was sent, in ms. */
export const ageOf = ({ clock }: Connection, { at: sentAt }: SentChange): number =>
  clock.now().getTime() - Date.parse(sentAt);

/** Is the time over within which what it begins would show? */
export const hadTime = (connection: Connection, sent: SentChange): boolean =>
  ageOf(connection, sent) > beginMilliseconds;

export function pathOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** The resource at the address of the request, by the version that the request was of; null when there is none. */
export async function readAt(
  connection: Connection,
  url: string,
  signal: AbortSignal | undefined,
): Promise<Json | null> {
  const { pathname, searchParams } = new URL(url);
  const version = searchParams.get('api-version') ?? '';
  const found = await ifThere(connection.get(`${pathname}?api-version=${encodeURIComponent(version)}`, signal));
  return found?.body ?? null;
}

/** The address of what a POST was about: its own with another end. */
export function withEnd(sent: SentChange, end: RegExp, other: string): string {
  const url = new URL(sent.url);
  url.pathname = url.pathname.replace(end, other);
  return url.href;
}

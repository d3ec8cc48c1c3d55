import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { briefly } from '../azure/client/failure.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import { fateOf } from './fate.ts';
import type { Fate } from './fates/sent-change.ts';

/** An intent whose outcome is not known, as the transcript holds it. */
export interface UnansweredIntent {
  /** When it was written, ISO 8601 UTC, and its place in the record. */
  at: string;
  seq: number;
  id: string;
  clientRequestId: string;
  /** Azure took it and began an operation, of whose end nothing is known. */
  accepted: boolean;
  request: { method: string; url: string; body: unknown };
}

/** A change that the record says was done. */
export interface DoneChange {
  /** When its intent was written, ISO 8601 UTC, and its place in the record. */
  at: string;
  seq: number;
  method: string;
  url: string;
  /** The status of its answer; null when none came. */
  status: number | null;
}

export interface Resolution {
  intent: string;
  /** null when Azure does not report it, or is still working on it. */
  ok: boolean | null;
  /** The resource was changed after it: whether it was done shows no more, and does not matter any more. */
  superseded: boolean;
  /** One sentence: what was found. */
  text: string;
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.toLowerCase() : '';
}

/** Two entries may have one time: then their order in the record decides. */
function isLater(one: { at: string; seq: number }, than: { at: string; seq: number }): boolean {
  return one.at > than.at || (one.at === than.at && one.seq > than.seq);
}

/**
 * What the record itself reports, where the resource does not: a later change of cordon's own to the same resource.
 * Azure deletes only what was there (200 or 202; 204 says that nothing was).
 */
function fromRecord(
  intent: UnansweredIntent,
  found: Fate,
  open: readonly UnansweredIntent[],
  done: readonly DoneChange[],
): Omit<Resolution, 'intent'> {
  const path = pathOf(intent.request.url);
  const { method } = intent.request;
  // A state is what the last of equal requests left, also where nothing is known of that one either.
  const sentAgain = open.some(
    ({ request, ...one }) => request.method === method && pathOf(request.url) === path && isLater(one, intent),
  );
  const later = done.findLast((one) => pathOf(one.url) === path && isLater(one, intent));
  const same = { ok: found.ok, superseded: false, text: found.text };
  if (found.ok === true && found.byState === true && sentAgain)
    return { ok: null, superseded: true, text: `sent again since, done or not: ${method} ${shortName(path)}` };
  if (found.running || !later || path === '') return same;
  const when = `${later.method} ${shortName(path)} of ${later.at}`;
  if (found.ok === true) {
    const again = found.byState === true && later.method === method;
    return again ? { ok: null, superseded: true, text: `sent again since, done or not: ${when}` } : same;
  }
  if (later.method === 'DELETE' && method !== 'DELETE') {
    return later.status === 200 || later.status === 202
      ? { ok: true, superseded: false, text: `it was done, and taken back since: ${when}` }
      : { ok: null, superseded: true, text: `taken back since, done or not: ${when}` };
  }
  return { ok: null, superseded: true, text: `the resource was changed again since, done or not: ${when}` };
}

async function resolve(
  connection: Connection,
  intent: UnansweredIntent,
  open: readonly UnansweredIntent[],
  done: readonly DoneChange[],
): Promise<Omit<Resolution, 'intent'>> {
  try {
    const { at, clientRequestId, accepted, request } = intent;
    const { method, url, body } = request;
    const sent = { at, method, url, body, clientRequestId, accepted };
    return fromRecord(intent, await fateOf(connection, sent), open, done);
  } catch (error) {
    return { ok: null, superseded: false, text: `Azure could not be asked: ${briefly(error)}` };
  }
}

/**
 * Asks Azure what became of requests that a crash or a lost answer left open, and writes their outcomes. Changes
 * nothing in Azure. An intent that cannot be resolved stays open and is returned with `ok` null. `done` are the changes
 * that the same record says were done.
 */
export async function resolveOpenIntents(
  open: readonly UnansweredIntent[],
  done: readonly DoneChange[],
  log: CaseLog,
  connection: Connection,
): Promise<Resolution[]> {
  const resolutions: Resolution[] = [];
  for (const intent of open.slice(0, 500)) {
    const found = await resolve(connection, intent, open, done);
    await log.append('outcome', {
      intent: intent.id,
      status: null,
      ok: found.ok,
      result: found.text,
      clientRequestId: intent.clientRequestId,
      requestId: '',
      correlationId: '',
      durationSeconds: 0,
      askedLater: true,
      ...(found.superseded ? { superseded: true } : {}),
    });
    resolutions.push({ intent: intent.id, ...found });
  }
  return resolutions;
}

import { at, textAt } from '../../arm/json.ts';
import { listOfArm } from '../../azure/client/arm-pages.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ageOf, atIt, done, type Fate, notDone, pathOf, type SentChange, skewMilliseconds } from './sent-change.ts';

/** The activity log shows an event within 3 to 20 minutes (Microsoft Learn, "Azure Monitor activity log", retention). */
const logLagMilliseconds = 30 * 60_000;
const logVersion = '2015-04-01';
const logPages = 20;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : textAt(value, 'value'));

/** The states of the request's events in the activity log, by the id that it was sent with; null where none can be looked for. */
async function logged(
  connection: Connection,
  sent: SentChange,
  signal: AbortSignal | undefined,
): Promise<string[] | null> {
  const path = pathOf(sent.url);
  const [, subscription = '', group = ''] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)/i.exec(path) ?? [];
  if (subscription === '' || sent.clientRequestId === '') return null;
  const since = new Date(Date.parse(sent.at) - 5 * skewMilliseconds).toISOString();
  const filter = `eventTimestamp ge '${since}' and resourceGroupName eq '${group.replaceAll("'", "''")}'`;
  const url = `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=${logVersion}&$filter=${encodeURIComponent(filter)}`;
  const statuses: string[] = [];
  const { entries, cut } = await listOfArm(connection, url, logPages, signal);
  for (const event of entries) {
    const id = textAt(event, 'httpRequest', 'clientRequestId');
    if (id.toLowerCase() !== sent.clientRequestId.toLowerCase()) continue;
    // That a policy was evaluated is an event of its own, which succeeds whatever becomes of the request.
    if (/^microsoft\.authorization\/policies\//i.test(textOf(at(event, 'operationName')))) continue;
    statuses.push(textOf(at(event, 'status')).toLowerCase());
  }
  // The event may be in the part of the log that was not read.
  if (statuses.length === 0 && cut !== '') throw new Error(cut);
  return statuses;
}

/** What the activity log says where the resource does not report it; `otherwise` when it does not either. */
export async function askLog(
  connection: Connection,
  sent: SentChange,
  otherwise: Fate,
  signal: AbortSignal | undefined,
): Promise<Fate> {
  let statuses: string[] | null;
  try {
    statuses = await logged(connection, sent, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    return otherwise;
  }
  const has = (begin: string) => statuses?.some((status) => status.startsWith(begin)) === true;
  if (has('succe')) return done('the activity log says that it was done');
  if (has('fail')) return notDone('the activity log says that it failed');
  if (has('cancel')) return notDone('the activity log says that it was cancelled');
  if (statuses !== null && statuses.length > 0) return atIt('the activity log says that it was begun');
  if (sent.accepted === true) return atIt(`${otherwise.text}; Azure took the request`);
  const old = ageOf(connection, sent) > logLagMilliseconds;
  if (statuses !== null && otherwise.ok === null && !otherwise.running && old) {
    return notDone('the activity log of the time knows no such request: it was not done');
  }
  return otherwise;
}

import { headTag } from '../actions/case-tags.ts';
import { taggedInAzure } from '../actions/tagged-in-azure.ts';
import type { Connection } from '../azure/client/connection.ts';
import { readLoggedRequests } from '../azure/readers/activity-log.ts';
import { type Anchor, anchorOf, isPlacedId } from '../casefile/anchor.ts';
import { vmOf } from '../casefile/bodies.ts';
import type { CaseReader } from '../casefile/case-store.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { targetOfId } from './target-of-id.ts';

/** The record of a case as Azure noted it, out of reach of the host that has it. */
export interface AnchorsInAzure {
  /** The heads in the tags of what the case made; `because` says why one does not fit the record, "" where it does. */
  tags: { what: string; anchor: Anchor | null; because: string }[];
  /** Changes of the case, how many of them the activity log has by an id that the record makes, and the last such line. */
  logged: { found: number; of: number; line: number };
  /** Changes in the log with ids of this form that the record does not make: of other cases, or of lines that are gone. */
  others: number;
  notSeen: string[];
}

interface PlacedIntent {
  line: number;
  id: string;
  at: number;
  subscriptionId: string;
  resourceGroup: string;
}

interface Recorded {
  /** The hash of each line. */
  heads: string[];
  intents: PlacedIntent[];
  machines: { id: string; name: string }[];
}

/** How long the activity log is kept, and how late it may show an event (Microsoft Learn, "Azure Monitor activity log"). */
const keptMilliseconds = 90 * 86_400_000;
const lagMilliseconds = 3_600_000;

/** The subscription and the resource group that a request was about; "" where its address does not name them. */
function placeOf(url: unknown): { subscriptionId: string; resourceGroup: string } {
  const { pathname = '' } = URL.parse(String(url)) ?? {};
  const [, subscriptionId = '', group = ''] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)/i.exec(pathname) ?? [];
  try {
    return { subscriptionId, resourceGroup: decodeURIComponent(group) };
  } catch {
    return { subscriptionId, resourceGroup: '' };
  }
}

async function recorded(found: CaseReader): Promise<Recorded> {
  const heads: string[] = [];
  const intents: PlacedIntent[] = [];
  const machines = new Map([[found.header.vm.id.toLowerCase(), found.header.vm]]);
  for await (const entry of found.entries()) {
    heads.push(entry.hash);
    const vm = vmOf(entry);
    if (vm) machines.set(vm.id.toLowerCase(), vm);
    const { clientRequestId: id, request } = entry.body;
    if (entry.kind !== 'intent' || !isPlacedId(id)) continue;
    intents.push({ line: entry.seq, id, at: Date.parse(entry.at), ...placeOf(Reflect.get(Object(request), 'url')) });
  }
  return { heads, intents, machines: [...machines.values()] };
}

/** Why a noted head does not fit the record, "" when it does. */
function misfit(text: string, heads: readonly string[]): { anchor: Anchor | null; because: string } {
  const anchor = anchorOf(text);
  if (anchor === null) return { anchor, because: text === '' ? '' : `notes no head: ${printable(text, 100)}` };
  const { entries, head } = anchor;
  if (entries > heads.length) return { anchor, because: `notes ${entries} entries, there are ${heads.length}` };
  const fits = heads[entries - 1] === head;
  return { anchor, because: fits ? '' : `notes for line ${entries} the head ${head}, which that line has not` };
}

/** Asks the activity log for each change of the record, a resource group at a time. */
async function inTheLog(connection: Connection, intents: readonly PlacedIntent[]) {
  const now = connection.clock.now().getTime();
  const notSeen: string[] = [];
  const groups = Map.groupBy(intents, ({ subscriptionId, resourceGroup }) =>
    `${subscriptionId}/${resourceGroup}`.toLowerCase(),
  );
  const own = new Set(intents.map(({ id }) => id));
  const seen = new Set<string>();
  let others = 0;
  for (const [name, group] of groups) {
    const [{ subscriptionId, resourceGroup } = { subscriptionId: '', resourceGroup: '' }] = group;
    if (resourceGroup === '') {
      notSeen.push(`${counted(group.length, 'change')} outside of resource groups: the log was not asked`);
      continue;
    }
    const from = Math.max(Math.min(...group.map(({ at }) => at)) - lagMilliseconds, now - keptMilliseconds);
    const until = new Date(Math.max(...group.map(({ at }) => at)) + lagMilliseconds);
    if (until.getTime() < from) {
      notSeen.push(`${name}: the activity log keeps 90 days, the changes are older`);
      continue;
    }
    const read = await readLoggedRequests(
      connection,
      { subscriptionId, resourceGroup },
      { from: new Date(from), until },
    );
    if (read.notSeen !== '') notSeen.push(read.notSeen);
    for (const id of read.ids) {
      if (own.has(id)) seen.add(id);
      else if (isPlacedId(id)) others += 1;
    }
  }
  const found = intents.filter(({ id }) => seen.has(id));
  const line = found.reduce((last, one) => Math.max(last, one.line), 0);
  return { logged: { found: found.length, of: intents.length, line }, others, notSeen };
}

/** Asks Azure for what it keeps of a case that verifies by itself: tags, and the requests in its activity log. */
export async function anchorsInAzure(connection: Connection, found: CaseReader): Promise<AnchorsInAzure> {
  const { heads, intents, machines } = await recorded(found);
  const placed = machines.flatMap((machine) => targetOfId(machine) ?? []);
  const subscriptions = [...placed, ...intents].map(({ subscriptionId }) => subscriptionId).filter((id) => id !== '');
  const tagged = await taggedInAzure(connection, found.id, { subscriptions, machines: placed });
  const log = await inTheLog(connection, intents);
  return {
    tags: tagged.found.map(({ what, tags }) => ({ what, ...misfit(tags[headTag] ?? '', heads) })),
    logged: log.logged,
    others: log.others,
    notSeen: [...tagged.notSeen, ...log.notSeen],
  };
}

/** Does anything in Azure vouch for a part of the record? */
export const vouches = ({ tags, logged }: AnchorsInAzure): boolean =>
  logged.found > 0 || tags.some(({ anchor, because }) => anchor !== null && because === '');

/** What Azure says of the record, a line each; what does not fit comes first. */
export function anchorLines({ tags, logged, others, notSeen }: AnchorsInAzure): string[] {
  const fitting = tags.flatMap(({ anchor, because }) => (anchor !== null && because === '' ? [anchor.entries] : []));
  const silent = tags.filter(({ anchor, because }) => anchor === null && because === '');
  return [
    ...tags.filter(({ because }) => because !== '').map(({ what, because }) => `✗ ${what} ${because}`),
    fitting.length === 0
      ? 'Azure: no resource has a head of this case in its tags'
      : `Azure: heads of this case that fit: in the tags of ${counted(fitting.length, 'resource')}; the last is of line ${Math.max(...fitting)}`,
    ...(silent.length === 0 ? [] : [`Azure: ${counted(silent.length, 'resource')} of this case without a head`]),
    logged.of === 0
      ? 'Azure: the case has no changes with ids that the activity log could vouch for'
      : `Azure: the activity log has ${logged.found} of ${counted(logged.of, 'change')} by ids that the lines before them make${logged.found === 0 ? '' : `: it vouches for the lines before ${logged.line}`}`,
    ...(others === 0
      ? []
      : [
          `Azure: ${counted(others, 'change')} there with ids that this record does not make: of other cases, or of lines that are gone`,
        ]),
    ...notSeen.map((one) => `Azure: not seen: ${one}`),
  ].map((line) => printable(line, 600));
}

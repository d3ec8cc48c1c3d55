import { at, instantAt, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import type { Activity, ActivityEntry, VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { operationOf } from '../../triage/activity/operations.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, isForbidden, unknownFrom, whyOf } from '../client/failure.ts';
import { kqlDatetime, withParameters } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { askLogs } from '../client/log-query.ts';
import { type Asked, observed } from './asked.ts';
import { disksOf, type MachineIdentity, managedIdentitiesOf } from './machine.ts';

const source = 'Azure Monitor · activity log';
const version = '2015-04-01';
/** Azure keeps the activity log for 90 days. */
const keptDays = 90;
/** Days before the look-back of the failed logons that are asked for too: what prepared an attack comes before it. */
const daysBefore = 7;
const pageLimit = 20;
const entryLimit = 1000;

/**
 * What must be known of the VM to find its part of the log; what never arrives narrows the search and is reported.
 */
export interface ActivityParts {
  /** Ids of disks, security groups, addresses and whatever else belongs to it. */
  related: Promise<readonly string[]>[];
  identities: Promise<readonly MachineIdentity[]>;
}

export interface ActivityWindow {
  from: Date;
  until: Date;
}

/** The changes around a VM in triage: its network, its disks and its vault are parts of it. */
export function readActivityAround({
  connection,
  vm,
  options,
  machine,
  networkParts,
  fact,
}: Asked): Promise<Fact<Activity>> {
  const vault = fact('backup').then((backup) =>
    backup.state === 'known' && backup.value.vault !== '' ? [backup.value.vault] : [],
  );
  const parts = {
    related: [networkParts, observed(machine.then(disksOf)), vault],
    identities: observed(machine.then((body) => managedIdentitiesOf(body, vm))),
  };
  const window = activityWindow(connection.clock.now(), options.lookbackHours);
  return readActivity(connection, vm, parts, window, options.signal);
}

/** The look-back of the failed logons and the week before it, at most what Azure keeps. */
export function activityWindow(now: Date, lookbackHours = 24): ActivityWindow {
  const hours = Math.min(keptDays * 24 - 1, lookbackHours + daysBefore * 24);
  return { from: new Date(now.getTime() - hours * 3_600_000), until: now };
}

const daysOf = ({ from, until }: ActivityWindow): number => Math.round((until.getTime() - from.getTime()) / 86_400_000);

const schema = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

interface Event {
  at: string;
  operation: string;
  resource: string;
  status: ActivityEntry['status'];
  caller: string;
  /** Ids that the caller is known by, in lower case. */
  callerIds: string[];
  person: boolean | null;
  address: string;
  correlationId: string;
  clientRequestId: string;
  /** Name and type of an extension. */
  about: string;
  rule: ActivityEntry['rule'];
}

function statusOf(text: string): ActivityEntry['status'] {
  if (/^(succe)/i.test(text)) return 'succeeded';
  if (/^fail/i.test(text)) return 'failed';
  return /^(start|accept|in ?progress)/i.test(text) ? 'started' : 'unknown';
}

/** The JSON inside a text, or the value itself; undefined when it is neither. */
function inside(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const texts = (value: unknown, single: string, plural: string): string[] =>
  [textAt(value, single), ...listAt(value, plural).map((one) => (typeof one === 'string' ? one : ''))]
    .filter((text) => text !== '')
    .slice(0, 20)
    .map((text) => printable(text, 60));

/** The rule that a request wrote. Nothing else of a request's body is kept: it may hold secrets. */
function ruleOf(body: unknown): ActivityEntry['rule'] {
  const properties = at(body, 'properties');
  const access = printable(textAt(properties, 'access'), 10);
  if (access === '' || textAt(properties, 'direction') === '') return null;
  return {
    access,
    direction: printable(textAt(properties, 'direction'), 10),
    protocol: printable(textAt(properties, 'protocol'), 10),
    ports: texts(properties, 'destinationPortRange', 'destinationPortRanges'),
    sources: texts(properties, 'sourceAddressPrefix', 'sourceAddressPrefixes'),
  };
}

/** One event as Resource Manager or Log Analytics prints it; undefined for what says neither what nor when. */
function eventOf(raw: Json): Event | undefined {
  const time = instantAt(raw, 'eventTimestamp');
  const operation = textAt(raw, 'operationName', 'value') || textAt(raw, 'operationName');
  const category = textAt(raw, 'category', 'value');
  if (time === null || operation === '' || (category !== '' && !/^administrative$/i.test(category))) return undefined;
  const claims = inside(at(raw, 'claims'));
  const properties = inside(at(raw, 'properties'));
  const http = inside(at(raw, 'httpRequest'));
  const body = inside(at(properties, 'requestbody'));
  const resource = textAt(properties, 'entity') || textAt(raw, 'resourceId');
  const caller = printable(textAt(raw, 'caller') || textAt(claims, 'appid'), 128);
  const idType = textAt(claims, 'idtyp').toLowerCase();
  return {
    at: time,
    operation: printable(operation, 160),
    resource: printable(resource, 400),
    status: statusOf(textAt(raw, 'status', 'value') || textAt(raw, 'status')),
    caller,
    callerIds: [caller, textAt(claims, schema), textAt(claims, 'appid')].filter(Boolean).map((id) => id.toLowerCase()),
    person: caller.includes('@') || idType === 'user' ? true : caller === '' ? null : false,
    address: printable(textAt(http, 'clientIpAddress') || textAt(raw, 'address') || textAt(claims, 'ipaddr'), 45),
    correlationId: printable(textAt(raw, 'correlationId'), 64),
    clientRequestId: textAt(http, 'clientRequestId').toLowerCase(),
    about: [shortName(resource), textAt(body, 'properties', 'type')].join(' '),
    rule: ruleOf(body),
  };
}

/** Start and end of one operation share its correlation id, its name and its resource. */
function merged(events: Event[]): { first: Event; endedAt: string | null; status: ActivityEntry['status'] }[] {
  const groups = Map.groupBy(
    [...events].sort((a, b) => a.at.localeCompare(b.at)),
    (event) => `${event.correlationId || event.at} ${event.operation} ${event.resource}`.toLowerCase(),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const end = group.findLast(({ status }) => status === 'failed' || status === 'succeeded');
    const rule = group.find((event) => event.rule)?.rule ?? null;
    const about = group.map((event) => event.about).join(' ');
    return [{ first: { ...first, rule, about }, endedAt: end?.at ?? null, status: end?.status ?? first.status }];
  });
}

const under = (id: string, scope: string): boolean => id === scope || id.startsWith(`${scope}/`);

/** Is it the instance's scale set, or a part of it that all instances share? Ids in lower case. */
function ofScaleSet(id: string, vmId: string): boolean {
  const set = scaleSetInstanceOf(vmId)?.scaleSet;
  return set !== undefined && under(id, set) && !under(id, `${set}/virtualmachines`);
}

/** The scope that an operation of a provider at a scope is done to: what comes before its last `/providers/`. */
const scopeOf = (id: string): string => id.replace(/\/providers\/(?!.*\/providers\/).*$/, '');

interface Belonging {
  vm: VirtualMachine;
  /** Ids of the VM and its parts, in lower case. */
  parts: ReadonlySet<string>;
  identities: readonly MachineIdentity[];
  ownChanges: ReadonlySet<string>;
  /** Addresses whose doings are entries too, whatever they were done to. */
  addresses?: ReadonlySet<string>;
}

/** The events as entries, without those that do not concern the VM. Oldest first. */
export function activityEntries(raw: readonly Json[], to: Belonging): ActivityEntry[] {
  const events = raw.map(eventOf).filter((event) => event !== undefined);
  const vmId = to.vm.id.toLowerCase();
  const entries: ActivityEntry[] = [];
  for (const { first, endedAt, status } of merged(events)) {
    const id = first.resource.toLowerCase();
    const listed = operationOf(first.operation, first.about);
    const identity = to.identities.find(({ ids }) => ids.some((one) => first.callerIds.includes(one)));
    const cordon = first.clientRequestId !== '' && to.ownChanges.has(first.clientRequestId);
    const mine = [...to.parts].some((part) => under(id, part)) || ofScaleSet(id, vmId);
    const scoped = listed?.scope === true && under(vmId, scopeOf(id));
    if (!mine && !scoped && !identity && to.addresses?.has(first.address) !== true) continue;
    entries.push({
      at: first.at,
      endedAt,
      operation: listed?.operation ?? first.operation,
      kind: listed?.kind ?? 'other',
      what: listed?.what ?? 'other operation',
      resource: first.resource,
      status,
      caller: first.caller,
      callerKind: cordon
        ? 'cordon'
        : identity
          ? 'identity-of-this-machine'
          : first.person === null
            ? 'unknown'
            : first.person
              ? 'person'
              : 'application',
      address: first.address,
      correlationId: first.correlationId,
      // Cordon's own changes are in its case file.
      severity: cordon ? 'info' : (listed?.severity ?? 'info'),
      attack: listed?.attack ?? [],
      about: mine ? 'machine' : scoped ? 'scope' : 'identity',
      rule: first.rule,
    });
  }
  return entries.sort((a, b) => a.at.localeCompare(b.at));
}

/** "subscriptions/s/resourcegroups/g" of a resource's id, in lower case. */
function groupOf(id: string): string {
  const parsed = parseResourceId(id);
  return parsed ? `/subscriptions/${parsed.subscriptionId}/resourcegroups/${parsed.resourceGroup}`.toLowerCase() : '';
}

const quoted = (text: string) => text.replaceAll("'", "''");

interface LogPart {
  rows: Json[];
  /** What of it could not be read. */
  notSeen: string;
  error: unknown;
}

/** Events that fit a filter, newest first, page by page. Azure allows few forms of filter (API reference, "Activity Logs - List"). */
async function pagesOf(
  connection: Connection,
  subscriptionId: string,
  filter: string,
  window: ActivityWindow,
  what: string,
  signal: AbortSignal | undefined,
): Promise<LogPart> {
  const bounds = `eventTimestamp ge '${window.from.toISOString()}' and eventTimestamp le '${window.until.toISOString()}'`;
  const query = new URLSearchParams({ 'api-version': version, $filter: `${bounds} and ${filter}` });
  let url = `/subscriptions/${subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values?${query}`;
  const rows: Json[] = [];
  try {
    for (let page = 0; page < pageLimit; page++) {
      const { body } = await connection.get(url, signal);
      rows.push(...listAt(body, 'value').filter(isObject));
      url = textAt(body, 'nextLink');
      if (url === '') return { rows, notSeen: '', error: null };
    }
    const oldest = instantAt(rows.at(-1), 'eventTimestamp') ?? 'an unknown time';
    return { rows, notSeen: `changes of ${what} before ${oldest}: there are more than were read`, error: null };
  } catch (error) {
    return { rows, notSeen: `changes of ${what} (${azureError(error).code || 'no answer'})`, error };
  }
}

/** The ids (`x-ms-client-request-id`, in lower case) of the requests that the log has of a resource group. */
export async function readLoggedRequests(
  connection: Connection,
  { subscriptionId, resourceGroup }: { subscriptionId: string; resourceGroup: string },
  window: ActivityWindow,
  signal?: AbortSignal,
): Promise<{ ids: Set<string>; notSeen: string }> {
  const what = `resource group ${printable(resourceGroup, 90)}`;
  const filter = `resourceGroupName eq '${quoted(resourceGroup)}'`;
  const { rows, notSeen } = await pagesOf(connection, subscriptionId, filter, window, what, signal);
  const ids = rows.map((row) => textAt(inside(at(row, 'httpRequest')), 'clientRequestId').toLowerCase());
  return { ids: new Set(ids.filter((id) => id !== '')), notSeen };
}

/** The events of a provider's operations in a whole subscription. */
function ofProvider(
  connection: Connection,
  { subscriptionId }: VirtualMachine,
  provider: string,
  window: ActivityWindow,
  signal: AbortSignal | undefined,
): Promise<LogPart> {
  const filter = `resourceProvider eq '${provider}'`;
  return pagesOf(connection, subscriptionId, filter, window, `${provider} in the subscription`, signal);
}

const rowLimit = 5000;

/** The same from a workspace, where the customer exports the activity log to one. */
async function fromWorkspace(
  connection: Connection,
  vm: VirtualMachine,
  window: ActivityWindow,
  signal: AbortSignal | undefined,
): Promise<Json[] | null> {
  const text = withParameters(await loadQuery('activity-log'), {
    from: kqlDatetime(window.from),
    until: kqlDatetime(window.until),
    rowLimit: String(rowLimit),
  });
  const group = `/subscriptions/${vm.subscriptionId}/resourceGroups/${vm.resourceGroup}`;
  const answer = await askLogs(connection, group, 'AzureActivity', text, window, signal);
  return answer.state === 'rows' && answer.rows.length > 0 ? answer.rows : null;
}

/**
 * Who changed what at the VM, its parts, and the scopes that it is in. The log is asked by resource group, because
 * what was deleted since has no id to ask by, and by the providers whose operations are done to a subscription.
 */
export async function readActivity(
  connection: Connection,
  vm: VirtualMachine,
  parts: ActivityParts,
  window: ActivityWindow,
  signal?: AbortSignal,
): Promise<Fact<Activity>> {
  const groups = new Map<string, Promise<LogPart>>();
  const own = groupOf(vm.id);
  const ids = new Set<string>([vm.id.toLowerCase()]);
  const ask = (given: readonly string[]) => {
    for (const id of given) {
      ids.add(id.toLowerCase());
      const group = groupOf(id);
      const [, , subscription = '', , name = ''] = group.split('/');
      if (group === '' || groups.has(group)) continue;
      const filter = `resourceGroupName eq '${quoted(name)}'`;
      groups.set(group, pagesOf(connection, subscription, filter, window, `resource group ${name}`, signal));
    }
  };
  ask([vm.id, ...vm.networkInterfaces]);
  const providers = ['Microsoft.Authorization', 'Microsoft.Security'].map((provider) =>
    ofProvider(connection, vm, provider, window, signal),
  );
  const notSeen: string[] = [];
  await Promise.all(parts.related.map(async (ids) => ask(await ids.catch(() => []))));
  const identities = await parts.identities.catch((): MachineIdentity[] => {
    notSeen.push('what the identities of the VM did: they could not be read');
    return [];
  });
  const read = await Promise.all([...groups.values(), ...providers]);
  const first = await groups.get(own);
  let rows = read.flatMap((part) => part.rows);
  let from = source;
  if (first?.error && first.rows.length === 0) {
    const exported = isForbidden(first.error) ? await fromWorkspace(connection, vm, window, signal) : null;
    if (!exported) {
      return unknownFrom(first.error, source, {
        permission: 'Microsoft.Insights/eventtypes/values/read',
        role: 'Reader',
        scope: vm.resourceGroup,
      });
    }
    rows = [...rows, ...exported];
    from = 'Log Analytics · AzureActivity';
  }
  notSeen.push(...read.map((part) => part.notSeen).filter((text) => text !== ''));
  const notSeenWhy = read.flatMap(({ error }) => (error === null ? [] : [whyOf(error)]));
  const entries = activityEntries(rows, { vm, parts: ids, identities, ownChanges: connection.ownChanges });
  if (entries.length > entryLimit) {
    notSeen.push(`the oldest ${entries.length - entryLimit} of ${entries.length} changes`);
  }
  if (identities.length > 0) {
    notSeen.push(`what ${identities.map(({ name }) => name).join(', ')} did in other resource groups`);
  }
  return known(
    { from: window.from.toISOString(), until: window.until.toISOString(), entries: entries.slice(-entryLimit) },
    {
      source: from,
      asOf: connection.clock.now().toISOString(),
      coverage: `${daysOf(window)} days: the VM, its parts, and what is done to their groups and the subscription`,
      notSeen: [...new Set(notSeen)].map((text) => printable(text, 300)),
      notSeenWhy,
    },
  );
}

/** What an intruder with an identity does: commands and disks, roles, keys of storage accounts, rules. */
const providersElsewhere = ['Microsoft.Compute', 'Microsoft.Authorization', 'Microsoft.Storage', 'Microsoft.Network'];

/**
 * What the identities of a VM, and the callers at some addresses, did anywhere in its subscription: the log of four
 * providers, because Azure takes no filter by caller ("Activity Logs - List" names those that it takes). Oldest first.
 */
export async function readDoneElsewhere(
  connection: Connection,
  vm: VirtualMachine,
  by: { identities: readonly MachineIdentity[]; addresses: readonly string[] },
  window: ActivityWindow,
  signal?: AbortSignal,
): Promise<Fact<ActivityEntry[]>> {
  const parts = await Promise.all(
    providersElsewhere.map((provider) => ofProvider(connection, vm, provider, window, signal)),
  );
  const refused = parts.filter(({ error }) => error !== null);
  if (refused.length === parts.length) {
    return unknownFrom(refused[0]?.error, source, {
      permission: 'Microsoft.Insights/eventtypes/values/read',
      role: 'Reader',
      scope: vm.subscriptionName,
    });
  }
  const entries = activityEntries(
    parts.flatMap(({ rows }) => rows),
    {
      vm,
      parts: new Set(),
      identities: by.identities,
      ownChanges: connection.ownChanges,
      addresses: new Set(by.addresses),
    },
  );
  const theirs = entries.filter(
    ({ callerKind, address }) => callerKind === 'identity-of-this-machine' || by.addresses.includes(address),
  );
  return known(theirs.slice(-entryLimit), {
    source,
    asOf: connection.clock.now().toISOString(),
    coverage: `${daysOf(window)} days: ${providersElsewhere.map((one) => one.replace('Microsoft.', '')).join(', ')} in ${vm.subscriptionName}`,
    notSeen: [
      ...parts.map(({ notSeen }) => notSeen).filter((text) => text !== ''),
      'what was done in other subscriptions, and inside storage accounts and key vaults',
    ],
    notSeenWhy: refused.map(({ error }) => whyOf(error)),
  });
}

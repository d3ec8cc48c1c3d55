import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { Fact, Unknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { ScanRow, VirtualMachine } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import { defaultThresholds, type Thresholds } from '../../triage/logons/bursts.ts';
import { FailureColumns } from '../../triage/logons/events.ts';
import { burstsByPieces, type FoundBurst, type LogonEvidence, worstFirst } from '../../triage/logons/logons.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { inTurns, theirTurn } from '../client/in-turns.ts';
import { loadQuery } from '../client/load-query.ts';
import type { LogAnswer } from '../client/log-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import { curedByEligibility } from './eligible-roles.ts';
import { followUp, onceEach } from './fleet-follow-up.ts';
import type { Listing } from './listing.ts';
import {
  type Ask,
  asker,
  instantIn,
  type LogonOptions,
  type LogSource,
  lack,
  limits,
  lookback,
  needOf,
  rowsIn,
  type Span,
  securityEvent,
  sourceName,
  spanOf,
  sshdGuesses,
  syslog,
} from './logon-queries.ts';
import { addExplicitRows, addFailureRows, addSshdRows, type ComputerOf, successesOf } from './logon-rows.ts';
import { arrivalOf, noLogonsAmong, silence, unlistedNote, unreadNote } from './logons.ts';

type WorstBurst = ScanRow['worstBurst'];

/** Resource groups that are asked one by one where a subscription may not be. */
const groupLimit = 20;

type System = VirtualMachine['os'];

const systemsOf = (machines: readonly VirtualMachine[]): Set<System> => new Set(machines.map(({ os }) => os));
const bySubscription = (machines: readonly VirtualMachine[]): Map<string, VirtualMachine[]> =>
  Map.groupBy(machines, (vm) => vm.subscriptionId.toLowerCase());

/** Reads the VMs at a scope: a workspace, a subscription or a resource group. */
type ReadAt = (scope: string, machines: readonly VirtualMachine[]) => Promise<FleetReading>;

/**
 * The worst burst of each VM of `listing` in the subscriptions `ids`: one set of queries a workspace, or a subscription, never one a VM. A VM without logs, and
 * one of which an answer that failed or was cut may have reported more, gets an unknown of its own. The map's keys are
 * resource ids in lower case.
 */
export async function readFleetLogons(
  connection: Connection,
  ids: readonly string[],
  listing: Listing,
  options: LogonOptions = {},
): Promise<Fact<Map<string, WorstBurst>>> {
  const { signal } = options;
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  const span = spanOf(connection, options.lookbackHours);
  const askAt = (scope: string) => asker(connection, scope, span, thresholds, signal);
  const askedAt = (scope: string, systems: ReadonlySet<System>) =>
    askFleet(scope, askAt(scope), systems, thresholds.failures);
  const read = (machines: readonly VirtualMachine[], asked: Asked) =>
    readFleet(connection, machines, span, thresholds, asked);
  const readAt: ReadAt = async (scope, there) => read(there, await askedAt(scope, systemsOf(there)));
  // The client and its token are there when the VMs are listed.
  connection.logs().catch(() => {});
  const inReach = ids.length > 1 ? await workspacesInReach(connection, signal) : [];
  // A fleet of many subscriptions reports into few workspaces. Otherwise each subscription is asked, which reaches them all.
  const isShorter = (machines: readonly VirtualMachine[]) => inReach.length < bySubscription(machines).size;
  const some = await listing.until((machines) => isShorter(machines) && systemsOf(machines).size === 2);
  const workspaces = isShorter(some) ? inReach : [];
  const asked = await Promise.all(workspaces.map((scope) => askedAt(scope, systemsOf(some))));
  const vms = await listing.whole;
  const subscriptions = [...bySubscription(vms)];
  const first = await Promise.all(asked.map((one) => read(vms, one)));
  const seen = new Set(first.flatMap((reading) => [...reading.seen]));
  const rest = await Promise.all(
    subscriptions.map(async ([subscription, machines]): Promise<FleetReading> => {
      const left = machines.filter((vm) => !seen.has(vm.id.toLowerCase()));
      if (left.length === 0) return nothingLeft;
      if (workspaces.length > 0) {
        const quiet = await readQuiet(left, await askAt(`/subscriptions/${subscription}`)('last-heartbeat'));
        if (quiet) return quiet;
      }
      return readSubscription(subscription, left, readAt);
    }),
  );
  const refused = rest.flatMap((reading) => reading.refused ?? []);
  const [refusal] = refused;
  if (refusal && refused.length === subscriptions.length) return refusal;
  const answered = first.filter((reading) => !reading.refused);
  return known(await worstOfAll(vms, [...answered, ...rest]), {
    source: 'Log Analytics',
    asOf: connection.clock.now().toISOString(),
    coverage: lookback(span.hours),
    notSeen: [
      ...[...answered, ...rest].flatMap((reading) => reading.notSeen),
      ...refused.map(({ because, cure }) => `failed logons: ${because}; ${cure}`),
    ],
  });
}

/** Ids of the workspaces in reach; none where they cannot be listed. */
async function workspacesInReach(connection: Connection, signal?: AbortSignal): Promise<string[]> {
  try {
    // A workspace need not lie in a subscription that is scanned.
    const { rows } = await queryGraph(connection, await loadQuery('workspaces'), [], signal);
    return rows.map((row) => textAt(row, 'id')).filter((id) => id !== '');
  } catch {
    // It is a shorter way only.
    return [];
  }
}

/**
 * VMs of which no workspace knows: their subscription knows of workspaces that cannot be listed. When its agents are
 * silent as well, there is nothing more to ask. Null when there is, or when it cannot be determined.
 */
async function readQuiet(machines: readonly VirtualMachine[], heartbeat: LogAnswer): Promise<FleetReading | null> {
  if (heartbeat.state === 'failed') return null;
  if (heartbeat.state === 'rows' && heartbeat.partial !== '') return null;
  const computerOf = computersOf(machines);
  const ids = new Set(machines.map((vm) => vm.id.toLowerCase()));
  if (rowsIn(heartbeat).some((row) => ids.has(computerOf(textAt(row, 'Machine'))))) return null;
  const silent = (vm: VirtualMachine) => silence(vm, sourceOf(vm).table, none, noBeat);
  return { ...nothingLeft, worst: new Map(machines.map((vm) => [vm.id.toLowerCase(), silent(vm)])) };
}

/** Of several readings of a VM, what must not be overlooked: a success, a burst, what is not known; then "none". */
async function worstOfAll(
  vms: readonly VirtualMachine[],
  readings: readonly FleetReading[],
): Promise<Map<string, WorstBurst>> {
  const worst = new Map<string, WorstBurst>();
  const seenBy = (id: string) => readings.filter((reading) => reading.seen.has(id));
  await inTurns(vms, ({ id }) => {
    const key = id.toLowerCase();
    const seen = seenBy(key);
    const [one, ...others] = (seen.length > 0 ? seen : readings).flatMap((reading) => reading.worst.get(key) ?? []);
    if (one) worst.set(key, others.reduce(worseOf, one));
  });
  return worst;
}

function worseOf(one: WorstBurst, other: WorstBurst): WorstBurst {
  const rank = (fact: WorstBurst): number => {
    if (fact.state === 'unknown') return 1;
    return fact.value === null ? 0 : fact.value.succeeded === true ? 3 : 2;
  };
  const [worse, less] = rank(one) >= rank(other) ? [one, other] : [other, one];
  const doubted = worse.state === 'known' && worse.value?.succeeded === false && less.state === 'unknown';
  return doubted && worse.value ? { ...worse, value: { ...worse.value, succeeded: null } } : worse;
}

interface FleetReading {
  worst: ReadonlyMap<string, WorstBurst>;
  /** The VMs of which the scope's logs have any row. */
  seen: ReadonlySet<string>;
  notSeen: string[];
  /** Set when the scope's logs could not be read at all. */
  refused?: Unknown;
}

const nothingLeft: FleetReading = { worst: new Map(), seen: new Set(), notSeen: [] };

/** A caller that may read only single resource groups is refused at the subscription, and answered at the group. */
async function readSubscription(
  subscription: string,
  machines: readonly VirtualMachine[],
  readAt: ReadAt,
): Promise<FleetReading> {
  const read = await readAt(`/subscriptions/${subscription}`, machines);
  const groups = [...Map.groupBy(machines, (vm) => vm.resourceGroup.toLowerCase())];
  if (!read.refused || groups.length > groupLimit) return read;
  const parts = await Promise.all(
    groups.map(([group, there]) => readAt(`/subscriptions/${subscription}/resourceGroups/${group}`, there)),
  );
  if (parts.every((part) => part.refused)) return read;
  const left = groups.filter((_, at) => parts[at]?.refused).map(([group]) => `failed logons in ${group}`);
  return {
    worst: new Map(parts.flatMap((part) => [...part.worst])),
    seen: new Set(parts.flatMap((part) => [...part.seen])),
    notSeen: [...parts.flatMap((part) => part.notSeen), ...left],
  };
}

/** What Log Analytics answered about the VMs of one system. */
interface Answers {
  source: LogSource;
  /** Rows of `fleet-bursts.kql` or `fleet-sshd.kql`. */
  failures: LogAnswer;
  /** Why successes may be missing; "" when they are all there. */
  successLack: string;
  /** When events last arrived, a row a VM, and how many failures they can have been at most. */
  arrival: LogAnswer;
  arrivals: ReadonlyMap<string, Json>;
  lastEvent: 'LastLogon' | 'LastLogonLine';
  atMost: 'Failures' | 'Attempts';
}

/** Everything that was answered about VMs at one scope. */
interface Heard {
  heartbeat: LogAnswer;
  beats: ReadonlyMap<string, Json>;
  windows: Answers;
  linux: Answers;
  worst: ReadonlyMap<string, FoundBurst['burst']>;
  /** Of each VM with a logon that followed failures of its account: a row of `fleet-after-failures.kql`. */
  led: ReadonlyMap<string, Json>;
  /** Failures of each VM that were listed. */
  totals: ReadonlyMap<string, number>;
  /** VMs whose rows list fewer failures than they count. */
  cut: ReadonlySet<string>;
  unlisted: number;
  /** Lines about logons that no form is known for, in words; "". */
  unread: string;
  /** VMs of which a logon may have been missed, and what the second questions could not give. */
  doubted: ReadonlySet<string>;
  followUpLacks: string[];
}

const none: LogAnswer = { state: 'no-table' };
const noBeat: LogAnswer = { state: 'rows', rows: [], partial: '' };
const sourceOf = (vm: VirtualMachine): LogSource => (vm.os === 'windows' ? securityEvent : syslog);

type Question =
  | 'heartbeat'
  | 'failures'
  | 'successes'
  | 'events'
  | 'explicit'
  | 'afterFailures'
  | 'lines'
  | 'lastLines'
  | 'afterGuesses';

/** A scope that was asked about VMs of some systems. */
interface Asked {
  scope: string;
  ask: Ask;
  systems: ReadonlySet<System>;
  answers: Record<Question, LogAnswer>;
}

async function askFleet(scope: string, ask: Ask, systems: ReadonlySet<System>, minimum: number): Promise<Asked> {
  const windows = systems.has('windows');
  const linux = systems.has('linux');
  const [heartbeat, failures, successes, events, explicit, afterFailures, lines, lastLines, afterGuesses] =
    await Promise.all([
      ask('last-heartbeat'),
      windows ? ask('fleet-bursts', securityEvent, { minimum }) : none,
      windows ? ask('logon-successes', securityEvent, { minimum, parameters: onceEach }) : none,
      windows ? ask('last-event', securityEvent) : none,
      windows ? ask('explicit-credentials', securityEvent) : none,
      windows ? ask('fleet-after-failures', securityEvent) : none,
      linux ? ask('fleet-sshd', syslog, { minimum }) : none,
      linux ? ask('last-syslog') : none,
      linux ? ask('fleet-after-failures', sshdGuesses) : none,
    ]);
  const answers = {
    heartbeat,
    failures,
    successes,
    events,
    explicit,
    afterFailures,
    lines,
    lastLines,
    afterGuesses,
  };
  return { scope, ask, systems, answers };
}

async function readFleet(
  connection: Connection,
  machines: readonly VirtualMachine[],
  span: Span,
  thresholds: Thresholds,
  { scope, ask, systems, answers }: Asked,
): Promise<FleetReading> {
  const minimum = thresholds.failures;
  const windows = systems.has('windows');
  const linux = systems.has('linux');
  const { heartbeat, failures, successes, events, explicit, afterFailures, lines, lastLines, afterGuesses } = answers;
  const asked = [...(windows ? [failures, events] : []), ...(linux ? [lines, lastLines] : [])];
  const refusals = asked.flatMap((answer) => (answer.state === 'failed' ? [answer.error] : []));
  if (refusals.length === asked.length) {
    const gap = unknownFrom(refusals[0], 'Log Analytics', needOf(scopeName(scope)));
    const refused = await curedByEligibility(connection, scope, gap);
    return { ...nothingLeft, worst: new Map(machines.map((vm) => [vm.id.toLowerCase(), refused])), refused };
  }
  const computerOf = computersOf(machines);
  const rowOf = async (answer: LogAnswer): Promise<Map<string, Json>> => {
    const rows = new Map<string, Json>();
    await inTurns(rowsIn(answer), (row) => rows.set(computerOf(textAt(row, 'Machine')), row));
    return rows;
  };
  const successLack = lack('successful logons', successes, limits.successes, securityEvent.table);
  const heard: Heard = {
    heartbeat,
    beats: await rowOf(heartbeat),
    windows: {
      source: securityEvent,
      failures,
      successLack,
      arrival: events,
      arrivals: await rowOf(events),
      lastEvent: 'LastLogon',
      atMost: 'Failures',
    },
    linux: {
      source: syslog,
      failures: lines,
      successLack: lack('logons', lines, limits.rows, syslog.table),
      arrival: lastLines,
      arrivals: await rowOf(lastLines),
      lastEvent: 'LastLogonLine',
      atMost: 'Attempts',
    },
    led: new Map([...(await rowOf(afterGuesses)), ...(await rowOf(afterFailures))]),
    ...(await burstsIn({ failures, successes, explicit, lines }, machines, computerOf, thresholds, ask)),
  };
  const worst = new Map<string, WorstBurst>();
  const now = connection.clock.now();
  await inTurns(machines, (vm) => worst.set(vm.id.toLowerCase(), worstBurstOf(vm, heard, span, minimum, now)));
  const lacks = [
    windows ? lack('failed logons (Windows)', failures, limits.rows, securityEvent.table) : '',
    windows ? successLack : '',
    windows ? lack('attempts with explicit credentials (4648)', explicit, limits.rows, securityEvent.table) : '',
    windows ? lack('logons after failures', afterFailures, limits.rows, securityEvent.table) : '',
    windows ? lack('whether security events arrive', events, Number.POSITIVE_INFINITY, securityEvent.table) : '',
    linux ? lack('failed logons (Linux)', lines, limits.rows, syslog.table) : '',
    linux ? lack('logons after failures', afterGuesses, limits.rows, syslog.table) : '',
    linux ? lack('whether syslog arrives', lastLines, Number.POSITIVE_INFINITY, syslog.table) : '',
    unlistedNote(heard.unlisted),
    heard.unread,
    ...heard.followUpLacks,
  ];
  const { beats, windows: ofWindows, linux: ofLinux } = heard;
  const seen = new Set([
    ...beats.keys(),
    ...ofWindows.arrivals.keys(),
    ...ofLinux.arrivals.keys(),
    ...heard.worst.keys(),
  ]);
  const notSeen = lacks.filter((text) => text !== '').map((text) => `${text} (${scopeName(scope)})`);
  return { worst, seen, notSeen };
}

/** "subscription 3d9b…", "workspace law-eus" */
function scopeName(scope: string): string {
  const [, , subscription = '', , group, ...resource] = scope.split('/');
  if (resource.length > 0) return `workspace ${nameOf(scope)}`;
  return group ? `resource group ${group}` : `subscription ${subscription}`;
}

/**
 * A VM's logs name it by resource id or, where the agent is not Azure's, by its computer name; a name that several VMs
 * have is attributed to none.
 */
function computersOf(machines: readonly VirtualMachine[]): ComputerOf {
  const byName = new Map<string, string>();
  for (const vm of machines) {
    const name = vm.computerName.toLowerCase();
    byName.set(name, byName.has(name) ? name : vm.id.toLowerCase());
  }
  return (machine) => {
    const key = machine.toLowerCase();
    return key.startsWith('/') ? key : (byName.get(key) ?? byName.get(key.split('.')[0] ?? key) ?? key);
  };
}

/** All bursts of a fleet, worst first, found in turns with keys and answers. */
async function burstsOf(evidence: LogonEvidence): Promise<FoundBurst[]> {
  const found: (FoundBurst | null)[] = [];
  await inTurns(burstsByPieces(evidence), (piece) => found.push(piece));
  return worstFirst(found);
}

async function burstsIn(
  { failures, successes, explicit, lines }: Record<'failures' | 'successes' | 'explicit' | 'lines', LogAnswer>,
  machines: readonly VirtualMachine[],
  known: ComputerOf,
  thresholds: Thresholds,
  ask: Ask,
): Promise<Pick<Heard, 'worst' | 'totals' | 'cut' | 'unlisted' | 'unread' | 'doubted' | 'followUpLacks'>> {
  const names = new Map<string, Set<string>>();
  const computerOf: ComputerOf = (machine) => {
    const computer = known(machine);
    const own = names.get(computer) ?? new Set();
    names.set(computer, own.add(machine));
    return computer;
  };
  const columns = new FailureColumns();
  await theirTurn();
  const reduction = addFailureRows(rowsIn(failures), computerOf, thresholds, columns);
  addExplicitRows(rowsIn(explicit), computerOf, thresholds, columns);
  await theirTurn();
  const said = addSshdRows(rowsIn(lines), computerOf, thresholds, columns);
  await theirTurn();
  const evidence: LogonEvidence = {
    failures: columns,
    successes: {
      collected: true,
      complete: true,
      because: '',
      cure: '',
      rows: [...successesOf(rowsIn(successes), computerOf), ...said.successes],
    },
    later: [],
    lastEventAt: null,
    thresholds,
    existing: said.existing,
  };
  const first = await burstsOf(evidence);
  const more = await followUp(ask, first, machines, (computer) => [...(names.get(computer) ?? [])], known);
  await theirTurn();
  const found =
    more.successes.length + more.witnesses.length === 0
      ? first
      : await burstsOf({
          ...evidence,
          successes: { ...evidence.successes, rows: [...evidence.successes.rows, ...more.successes] },
          witnesses: more.witnesses,
        });
  const worst = new Map<string, FoundBurst['burst']>();
  for (const { computer, burst } of found) if (!worst.has(computer)) worst.set(computer, burst);
  const totals = new Map<string, number>();
  for (let row = 0; row < columns.length; row++) {
    const computer = columns.computers.text(columns.computer[row] ?? 0);
    totals.set(computer, (totals.get(computer) ?? 0) + (columns.weight[row] ?? 0));
  }
  const unlisted = reduction.unlisted + said.unlisted;
  const cut = new Set([...reduction.cut, ...said.cut]);
  const { doubted, lacks } = more;
  return { worst, totals, cut, unlisted, unread: unreadNote(said), doubted, followUpLacks: lacks };
}

const alone = 'open its triage, which asks for this VM alone; or refresh';

/** Why an answer may say less of this VM than there is; null when it says all. */
function shortOf(vm: VirtualMachine, what: string, answer: LogAnswer, table: string, limit: number): Unknown | null {
  const source = sourceName(table);
  if (answer.state === 'no-table') return null;
  if (answer.state === 'failed') {
    const { why, because, cure } = unknownFrom(answer.error, source, needOf(vm.name));
    return unknown(why, `${what}: ${because}`, cure, source);
  }
  if (answer.partial !== '') return unknown('damaged', `${what}: ${answer.partial}`, alone, source);
  if (answer.rows.length >= limit) {
    return unknown('damaged', `${what}: only the first ${count(limit)} rows came`, alone, source);
  }
  return null;
}

/** Why the answers about a VM do not go together; null when they do. */
function contradicted(heard: Heard, id: string, arrives: boolean): Unknown | null {
  const { source, failures } = heard.windows.arrivals.has(id) ? heard.windows : heard.linux;
  const name = sourceName(source.table);
  if (heard.cut.has(id)) return unknown('damaged', 'its failed logons: more than one answer lists', alone, name);
  if (!arrives || failures.state !== 'no-table') return null;
  return unknown(
    'damaged',
    `its failed logons: its events arrive, and yet no table ${source.table} was found`,
    alone,
    name,
  );
}

/**
 * One VM's worst burst. "No burst" is said only where the answer about failures covers the VM, or where fewer failures
 * than a burst needs are all that it has; "no success" only where nothing is missing that could be one.
 */
function worstBurstOf(vm: VirtualMachine, heard: Heard, span: Span, minimum: number, now: Date): WorstBurst {
  const id = vm.id.toLowerCase();
  const { source, failures, successLack, arrival, arrivals, lastEvent, atMost } = heard[vm.os];
  const burst = heard.worst.get(id);
  const row = arrivals.get(id);
  const lastEventAt = instantIn(row, lastEvent);
  const unseen = shortOf(vm, 'whether its events arrive', arrival, source.table, Number.POSITIVE_INFINITY);
  const most = unseen === null ? numberAt(row, atMost) : undefined;
  const short =
    most !== undefined && most < minimum
      ? null
      : (shortOf(vm, 'its failed logons', failures, source.table, limits.rows) ??
        contradicted(heard, id, lastEventAt !== null));
  const beat = heard.beats.get(id);
  if (!burst && !heard.led.has(id)) {
    if (lastEventAt === null) {
      if (unseen !== null) return unseen;
      const missed = shortOf(vm, 'whether its agent reports', heard.heartbeat, 'Heartbeat', Number.POSITIVE_INFINITY);
      if (beat === undefined && missed !== null) return missed;
      const other = vm.os === 'windows' ? instantIn(row, 'LastEvent') : null;
      if (other !== null) return noLogonsAmong(other, instantIn(row, 'LastCleared'), sourceName(source.table));
      return silence(vm, source.table, arrival, { state: 'rows', rows: beat ? [beat] : [], partial: '' });
    }
    if (short !== null) return short;
  }
  const beatAt = vm.os === 'linux' ? instantIn(beat, 'LastHeartbeat') : null;
  const alive =
    beatAt !== null && lastEventAt !== null && Date.parse(beatAt) > Date.parse(lastEventAt) ? beatAt : lastEventAt;
  const arriving = alive === null ? { note: '' } : arrivalOf(vm, alive, span, now, source.table);
  if ('state' in arriving && !burst && !heard.led.has(id)) return arriving;
  const collected = vm.os === 'linux' || (numberAt(row, 'Successes') ?? 0) > 0;
  const followed = burst?.success.state === 'known' && burst.success.value !== null;
  const led = heard.led.get(id);
  const ledTo = numberAt(led, 'Failures') ?? 0;
  const total = Math.max(heard.totals.get(id) ?? 0, numberAt(row, 'Failures') ?? 0, ledTo);
  const doubted = burst?.session !== undefined || burst?.elsewhere !== undefined || heard.doubted.has(id);
  const succeeded = followed ? true : !doubted && collected && successLack === '' && short === null ? false : null;
  const worst = burst && {
    kind: burst.kind,
    failures: burst.failures,
    totalFailures: total,
    accounts: burst.distinctAccounts ?? burst.accounts.length,
    succeeded,
    ...(burst.witnesses === undefined ? {} : { witnesses: burst.witnesses }),
  };
  return known(
    led && !followed
      ? // A logon after failures is worse than a burst without one.
        { kind: 'guess', failures: ledTo, totalFailures: total, accounts: 1, succeeded: true }
      : (worst ?? null),
    {
      source: sourceName(source.table),
      asOf: now.toISOString(),
      coverage: lookback(span.hours),
      notSeen: [
        ...('note' in arriving && arriving.note !== '' ? [arriving.note] : []),
        ...(burst && short !== null ? [short.because] : []),
      ],
    },
  );
}

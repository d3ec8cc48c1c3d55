import type { Burst, Logons } from '../../documents/triage.ts';
import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { AccountExistence } from './account-existence.ts';
import { accountName } from './account-names.ts';
import { BurstScanner, rowsOfBursts, type Thresholds } from './bursts.ts';
import { isDistributed, isDistributedSpray, kindOfSource } from './classify.ts';
import type { FailureColumns } from './events.ts';
import { failureMeaning } from './failure-codes.ts';
import {
  accountKeys,
  type Keys,
  type Networks,
  networkKeys,
  networksOf,
  processKeys,
  remainingKeys,
  rowsPerKey,
  sourceKeys,
  unattributedKeys,
} from './keys.ts';
import { logonsAfterFailures } from './logons-after-failures.ts';
import { rightButRefused } from './right-but-refused.ts';
import { aftermath, type FollowedBy, howOf, type LaterEvent, type Success, Successes } from './success.ts';
import { isoOf, type Ticks, ticksPerMinute } from './ticks.ts';
import { timeOrder } from './time-order.ts';
import { type Witness, witnessesOf } from './witnesses.ts';

/** From the first to the last. */
interface Span {
  start: Ticks;
  end: Ticks;
}

/** Successful logons, or why they are not known. */
export interface SuccessEvidence {
  /** null: that was not asked. */
  collected: boolean | null;
  /** Is `rows` all that could follow a burst? When not, "none followed" is not known. */
  complete: boolean;
  /** Why they are not collected or not complete, and what would cure it. */
  because: string;
  cure: string;
  /** The same of a burst on one computer, in lower case, where several were read and their logs hold different things. */
  on?: (computer: string, burst: Span) => Pick<SuccessEvidence, 'collected' | 'complete' | 'because' | 'cure'>;
  rows: readonly Success[];
}

/** What logs say about the logons of one computer, or of several. */
export interface LogonEvidence {
  failures: FailureColumns;
  successes: SuccessEvidence;
  later: readonly LaterEvent[];
  /** When any security event last arrived, ISO 8601; null when that was not asked. */
  lastEventAt: string | null;
  thresholds: Thresholds;
  /** Keys of accounts that are known to exist whatever the codes say. */
  existing?: ReadonlySet<string>;
  /** Clients that other logs name. */
  witnesses?: readonly Witness[];
}

/** The lists of a document end somewhere; what they leave out is counted. */
const most = { bursts: 1000, accounts: 200, sources: 200, codes: 32, next: 50, elsewhere: 20 };
const slices = 28;

/** A burst and what identifies it among the rows. */
export interface FoundBurst {
  /** Lower case, as the logs name it. */
  computer: string;
  burst: Burst;
}

/**
 * The logons of a triage from the evidence of logs: bursts, worst first (a success first of all, then by failures), and
 * what had to be left out. Every failure is counted once in `failures`; bursts of different keys may share some.
 */
export function assembleLogons(evidence: LogonEvidence): { logons: Logons; notSeen: string[] } {
  const found = findBursts(evidence);
  const notSeen: string[] = [];
  if (found.length > most.bursts) notSeen.push(`${found.length - most.bursts} smaller bursts are not listed`);
  let failures = 0;
  for (let row = 0; row < evidence.failures.length; row++) failures += evidence.failures.weight[row] ?? 0;
  const bursts = found.slice(0, most.bursts).map(({ burst }) => burst);
  const afterFailures = logonsAfterFailures(evidence.failures, evidence.successes.rows, bursts);
  const refused = rightButRefused(evidence.failures);
  return {
    logons: {
      failures,
      bursts,
      ...(afterFailures.length > 0 ? { afterFailures } : {}),
      ...(refused.length > 0 ? { rightButRefused: refused } : {}),
      lastEventAt: evidence.lastEventAt,
      successesCollected: evidence.successes.collected,
      thresholds: { failures: evidence.thresholds.failures, windowSeconds: evidence.thresholds.windowSeconds },
    },
    notSeen,
  };
}

/** One kind of key over the failures, with the scanner that finds its bursts. */
interface Scanned {
  keys: Keys;
  scan: BurstScanner;
}

/** All bursts of the evidence with their computers, worst first. */
export const findBursts = (evidence: LogonEvidence): FoundBurst[] => worstFirst(burstsByPieces(evidence));

/** What `burstsByPieces` gave, worst first. */
export const worstFirst = (pieces: Iterable<FoundBurst | null>): FoundBurst[] =>
  [...pieces].filter((found) => found !== null).sort((a, b) => worse(a.burst, b.burst));

/** So many rows are looked at before the next pause. */
const rowsAtOnce = 1 << 14;

function* piecesOf(length: number, look: (from: number, to: number) => void): Generator<null> {
  for (let from = 0; from < length; from += rowsAtOnce) {
    look(from, Math.min(length, from + rowsAtOnce));
    yield null;
  }
}

/** The bursts of the evidence as they are found; null where there is none, and the work can pause. The evidence stays as it is until the end. */
export function* burstsByPieces(evidence: LogonEvidence): Generator<FoundBurst | null> {
  const { failures: columns, thresholds } = evidence;
  const networks = networksOf(columns);
  const scanned = (keys: Keys): Scanned => ({ keys, scan: new BurstScanner(rowsPerKey(keys), thresholds) });
  const maybe = (keys: Keys | null): Scanned | null => keys && scanned(keys);
  yield null;
  const bySource = scanned(sourceKeys(columns));
  yield null;
  const byAccount = scanned(accountKeys(columns));
  yield null;
  const unattributed = scanned(unattributedKeys(columns));
  const byNetwork = maybe(networkKeys(columns, networks));
  yield null;
  const byProcess = maybe(processKeys(columns));
  yield null;
  const order = timeOrder(columns);
  yield* piecesOf(columns.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const row = order === null ? i : (order[i] ?? 0);
      const at = columns.time[row] ?? 0;
      bySource.scan.push(bySource.keys.of[row] ?? 0, at);
      byAccount.scan.push(byAccount.keys.of[row] ?? 0, at);
      unattributed.scan.push(unattributed.keys.of[row] ?? 0, at);
      byNetwork?.scan.push(byNetwork.keys.of[row] ?? 0, at);
      byProcess?.scan.push(byProcess.keys.of[row] ?? 0, at);
    }
  });

  const successes = new Successes(evidence.successes.rows);
  yield null;
  const teller = new Teller(evidence, successes);
  const inBurst = new Uint8Array(columns.length);
  type Use = (rows: Uint32Array, tally: Tally, explained: boolean) => FoundBurst | null;
  function* eachOf(one: Scanned | null, use: Use): Generator<FoundBurst | null> {
    if (one === null) return;
    const told: Uint32Array[] = [];
    const { from, rows: all } = rowsOfBursts(
      one.scan.spans(),
      one.keys.count,
      columns.length,
      columns.time,
      one.keys.of,
      order,
    );
    yield null;
    for (let b = 0; b + 1 < from.length; b++) {
      const rows = all.subarray(from[b], from[b + 1]);
      const tally = teller.tally(rows);
      let explained = 0;
      for (const row of rows) if (inBurst[row] === 1) explained += columns.weight[row] ?? 0;
      // What bursts of a better key have half of, they say better.
      const found = use(rows, tally, explained * 2 >= tally.failures);
      if (found !== null) told.push(rows);
      yield found;
    }
    for (const rows of told) for (const row of rows) inBurst[row] = 1;
  }
  const kindOf = (rows: Uint32Array, tally: Tally): Burst['kind'] => {
    const attributed = (columns.address[rows[0] ?? 0] ?? 0) !== 0;
    return kindOfSource({ attributed, failures: tally.failures, perAccount: tally.accounts.counts() }, thresholds);
  };

  yield* eachOf(bySource, (rows, tally) => teller.tell(kindOf(rows, tally), rows, tally));
  yield* eachOf(byNetwork, (rows, tally, explained) =>
    explained ? null : teller.tell(kindOf(rows, tally), rows, tally),
  );
  yield* eachOf(byAccount, (rows, tally, explained) => {
    if (isDistributed(perOrigin(tally.addresses, networks), tally.failures, thresholds))
      return teller.tell('distributed', rows, tally);
    return explained ? null : teller.tell('guess', rows, tally);
  });
  yield* eachOf(byProcess, (rows, tally, explained) => (explained ? null : teller.tell('unattributed', rows, tally)));
  // A spray without a source is a burst of no single account.
  yield* eachOf(unattributed, (rows, tally, explained) =>
    !explained && tally.accounts.numbers.length >= thresholds.manyAccounts
      ? teller.tell('unattributed', rows, tally)
      : null,
  );
  // The rest is thin on both sides: a burst of the machine as a whole, if of anything.
  if (columns.addresses.size <= thresholds.manySources) return;
  const remaining = scanned(remainingKeys(columns, inBurst));
  yield* piecesOf(columns.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const row = order === null ? i : (order[i] ?? 0);
      remaining.scan.push(remaining.keys.of[row] ?? 0, columns.time[row] ?? 0);
    }
  });
  yield* eachOf(remaining, (rows, tally) => {
    const { failures, accounts, addresses } = tally;
    if (!isDistributedSpray(perOrigin(addresses, networks), accounts.counts(), failures, thresholds)) return null;
    // People mistype their passwords everywhere, and log on from where they did.
    return teller.ofOwners(rows) * 2 < failures ? teller.tell('distributed-spray', rows, tally) : null;
  });
}

/** Failures of each source, where the addresses of one IPv6 subscriber are one source, and none is known is none. */
function perOrigin(addresses: Counts, { of, count }: Networks): number[] {
  const sums = new Float64Array(count);
  const single: number[] = [];
  for (const address of addresses.numbers) {
    if (address === 0) continue;
    const network = of[address] ?? -1;
    if (network < 0) single.push(addresses.of(address));
    else sums[network] = (sums[network] ?? 0) + addresses.of(address);
  }
  return [...single, ...sums.filter((failures) => failures > 0)];
}

function worse(a: Burst, b: Burst): number {
  const succeeded = (burst: Burst): number => (burst.success.state === 'known' && burst.success.value !== null ? 1 : 0);
  return (
    succeeded(b) - succeeded(a) ||
    b.failures - a.failures ||
    (a.start < b.start ? -1 : a.start > b.start ? 1 : 0) ||
    a.kind.localeCompare(b.kind)
  );
}

/** Counts by number, with scratch space that is used again for every burst. */
class Counts {
  readonly #scratch: Float64Array;
  numbers: number[] = [];

  constructor(size: number) {
    this.#scratch = new Float64Array(size);
  }

  clear(): void {
    for (const number of this.numbers) this.#scratch[number] = 0;
    this.numbers = [];
  }

  add(number: number, weight: number): void {
    const before = this.#scratch[number] ?? 0;
    if (before === 0) this.numbers.push(number);
    this.#scratch[number] = before + weight;
  }

  of(number: number): number {
    return this.#scratch[number] ?? 0;
  }

  counts(): number[] {
    return this.numbers.map((number) => this.of(number));
  }

  /** Numbers by their counts, greatest first, at most `limit`. */
  top(limit: number): number[] {
    return [...this.numbers].sort((a, b) => this.of(b) - this.of(a) || a - b).slice(0, limit);
  }
}

/** The logons that may have come of a burst. */
interface Followed {
  followedBy: FollowedBy | null;
  fromSource: FollowedBy | null;
  session: FollowedBy | null;
  elsewhere: readonly FollowedBy[];
}

interface Tally {
  failures: number;
  /** Of them, those in damaged parts of an event log. */
  unverified: number;
  accounts: Counts;
  addresses: Counts;
  codes: Counts;
  logonTypes: Set<number>;
}

/** Describes a burst by its rows. */
class Teller {
  readonly #evidence: LogonEvidence;
  readonly #successes: Successes;
  readonly #tally: Tally;
  readonly #existence: AccountExistence;

  constructor(evidence: LogonEvidence, successes: Successes) {
    const columns = evidence.failures;
    this.#evidence = evidence;
    this.#successes = successes;
    this.#tally = {
      failures: 0,
      unverified: 0,
      accounts: new Counts(columns.accounts.size),
      addresses: new Counts(columns.addresses.size),
      codes: new Counts(columns.codes.size),
      logonTypes: new Set(),
    };
    this.#existence = new AccountExistence(columns, evidence.existing ?? []);
  }

  /** Counts the rows of one burst. Valid until the next call. */
  tally(rows: Uint32Array): Tally {
    const columns = this.#evidence.failures;
    const tally = this.#tally;
    tally.failures = 0;
    tally.unverified = 0;
    tally.accounts.clear();
    tally.addresses.clear();
    tally.codes.clear();
    tally.logonTypes.clear();
    for (const row of rows) {
      const weight = columns.weight[row] ?? 0;
      tally.failures += weight;
      if (columns.unverified[row] === 1) tally.unverified += weight;
      tally.accounts.add(columns.account[row] ?? 0, weight);
      tally.addresses.add(columns.address[row] ?? 0, weight);
      tally.codes.add(columns.code[row] ?? 0, weight);
      const type = columns.logonType[row] ?? -1;
      if (type >= 0) tally.logonTypes.add(type);
    }
    return tally;
  }

  /** Failures of an account from an address from which it also logged on, before or after. */
  ofOwners(rows: Uint32Array): number {
    const columns = this.#evidence.failures;
    let failures = 0;
    for (const row of rows) {
      const [address, account] = [columns.address[row] ?? 0, columns.account[row] ?? 0];
      if (address === 0 || account === 0) continue;
      const computer = columns.computers.text(columns.computer[row] ?? 0);
      const source = columns.addresses.text(address);
      if (this.#successes.firstOfPair(computer, source, columns.accounts.text(account)) !== undefined)
        failures += columns.weight[row] ?? 0;
    }
    return failures;
  }

  tell(kind: Burst['kind'], rows: Uint32Array, tally: Tally): FoundBurst {
    const columns = this.#evidence.failures;
    const firstRow = rows[0] ?? 0;
    const start = columns.time[firstRow] ?? 0;
    const end = columns.time[rows[rows.length - 1] ?? 0] ?? 0;
    const computer = columns.computers.text(columns.computer[firstRow] ?? 0);
    const attack = {
      computer,
      start,
      startRecordId: columns.recordId[firstRow] ?? 0,
      addresses: tally.addresses.numbers.map((number) => columns.addresses.text(number)),
      accounts: tally.accounts.numbers.map((number) => columns.accounts.text(number)),
      logonTypes: tally.logonTypes,
      thin: kind === 'distributed-spray',
    };
    const followedBy = this.#successes.first(attack);
    const fromSource = followedBy?.by === 'account' ? this.#successes.firstFromSource(attack) : null;
    const session = followedBy === null ? this.#successes.firstSession(attack) : null;
    const elsewhere = attack.thin && followedBy === null ? this.#successes.fromElsewhere(attack, end) : [];
    const burst: Burst = {
      kind,
      start: isoOf(start),
      end: isoOf(end),
      failures: tally.failures,
      ...(tally.unverified > 0 ? { unverified: tally.unverified } : {}),
      peakPerMinute: peakPerMinute(rows, columns),
      sources: tally.addresses.top(most.sources).map((number) => ({
        address: printable(columns.addresses.text(number), 256) || '-',
        failures: tally.addresses.of(number),
      })),
      distinctSources: tally.addresses.numbers.length,
      ...this.#accounts(rows, tally),
      codes: tally.codes.top(most.codes).map((number) => {
        const code = columns.codes.text(number);
        return {
          code: printable(code, 64),
          meaning: failureMeaning(code).meaning,
          failures: tally.codes.of(number),
        };
      }),
      logonTypes: [...tally.logonTypes].sort((a, b) => a - b),
      histogram: histogram(rows, columns, start, end),
      success: this.#success(computer, { start, end }, { followedBy, fromSource, session, elsewhere }),
      ...(session === null ? {} : { session: successOf(session) }),
      ...(elsewhere.length === 0 ? {} : { elsewhere: elsewhere.slice(0, most.elsewhere).map(successOf) }),
      ...this.#witnesses(computer, start, end, tally),
      next: this.#next(fromSource ?? followedBy, followedBy, session, elsewhere[0] ?? null),
    };
    return { computer, burst };
  }

  /** The accounts of a burst, most failures first, and how many they are. */
  #accounts(rows: Uint32Array, tally: Tally): Pick<Burst, 'accounts' | 'distinctAccounts'> {
    const { accounts } = tally;
    const parts = new Map(
      accounts.numbers
        .filter((number) => this.#existence.isParted(number))
        .map((number) => [number, this.#existence.partsOf(number, rows)]),
    );
    const listed = accounts.top(most.accounts).flatMap(
      (number) =>
        parts.get(number) ?? {
          name: this.#evidence.failures.displays[number] ?? '',
          failures: accounts.of(number),
          exists: this.#existence.of(number),
        },
    );
    if (parts.size > 0) listed.sort((a, b) => b.failures - a.failures);
    let distinctAccounts = accounts.numbers.length;
    for (const names of parts.values()) distinctAccounts += names.length - 1;
    return {
      accounts: listed
        .slice(0, most.accounts)
        .map((account) => ({ ...account, name: printable(account.name, 256) || '-' })),
      distinctAccounts,
    };
  }

  #witnesses(computer: string, start: number, end: number, tally: Tally): Pick<Burst, 'witnesses'> {
    const all = this.#evidence.witnesses ?? [];
    if (all.length === 0 || tally.addresses.of(0) === 0) return {};
    const witnesses = witnessesOf(all, computer, start, end);
    return witnesses.length > 0 ? { witnesses } : {};
  }

  #success(computer: string, burst: Span, { followedBy, fromSource, session, elsewhere }: Followed): Burst['success'] {
    const { successes } = this.#evidence;
    const { collected, complete, because, cure } = successes.on?.(computer, burst) ?? successes;
    if (followedBy !== null) {
      const known: Burst['success'] = { state: 'known', value: successOf(followedBy) };
      return fromSource === null ? known : { ...known, fromSource: successOf(fromSource) };
    }
    if (session !== null)
      return {
        state: 'unknown',
        because: `sshd opened a session of ${printable(accountName(session.success.account).display, 60)} at ${isoOf(session.at)}, and no line says whether a password or a key let it in`,
        cure: 'collect auth at level info beside authpriv, or read /var/log/auth.log on the VM',
      };
    const [first] = elsewhere;
    if (first !== undefined) {
      const { account, address } = successOf(first);
      const others =
        elsewhere.length === 1
          ? ''
          : `, and ${counted(elsewhere.length - 1, 'other of its accounts', 'others of its accounts')} too`;
      return {
        state: 'unknown',
        because: `${printable(account, 60)} logged on from ${printable(address, 45)} at ${isoOf(first.at)}, an address that it had not come from before${others}; such a spray guesses an account once or twice, so this may be its owner`,
        cure: 'ask the owner of the account whether that was theirs',
      };
    }
    if (collected === true && complete) return { state: 'known', value: null };
    return { state: 'unknown', because, cure };
  }

  #next(...followed: (FollowedBy | null)[]): Burst['next'] {
    const later = new Set<LaterEvent>();
    for (const followedBy of followed)
      if (followedBy !== null)
        for (const event of aftermath(followedBy, this.#evidence.later, most.next)) later.add(event);
    return [...later]
      .sort((a, b) => a.at - b.at)
      .slice(0, most.next)
      .map(({ at, eventId, what, made }) => ({
        at: isoOf(at),
        eventId,
        what: printable(what, 256),
        ...(made ? { made } : {}),
      }));
  }
}

function successOf({
  at,
  success,
  by,
}: FollowedBy): NonNullable<Extract<Burst['success'], { state: 'known' }>['value']> {
  return {
    at: isoOf(at),
    account: printable(accountName(success.account).display, 256),
    address: printable(success.address.trim(), 256) || '-',
    logonType: success.logonType,
    by,
    ...howOf(success),
  };
}

/** The most failures in any sixty seconds; not by the clock's minutes, which may part a peak in two. */
function peakPerMinute(rows: Uint32Array, columns: FailureColumns): number {
  let peak = 0;
  let sum = 0;
  let oldest = 0;
  for (const row of rows) {
    const at = columns.time[row] ?? 0;
    sum += columns.weight[row] ?? 0;
    while (at - (columns.time[rows[oldest] ?? 0] ?? 0) >= ticksPerMinute)
      sum -= columns.weight[rows[oldest++] ?? 0] ?? 0;
    if (sum > peak) peak = sum;
  }
  return peak;
}

function histogram(rows: Uint32Array, columns: FailureColumns, start: number, end: number): number[] {
  const counts = new Array<number>(slices).fill(0);
  const span = Math.max(1, end - start);
  for (const row of rows) {
    const slice = Math.min(slices - 1, Math.floor((((columns.time[row] ?? 0) - start) / span) * slices));
    counts[slice] = (counts[slice] ?? 0) + (columns.weight[row] ?? 0);
  }
  return counts;
}

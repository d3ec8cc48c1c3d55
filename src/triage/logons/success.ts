import type { Made } from '../../documents/triage.ts';
import { accountName, isAnonymous } from './account-names.ts';
import { isLoopback, sourceAddress } from './addresses.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';

/** Successful logons of one computer, address, account and logon type: one, or those between `first` and `last`. */
export interface Success {
  first: Ticks;
  last: Ticks;
  /** EventRecordID of a single event; 0 where the source has none. */
  recordId: number;
  computer: string;
  account: string;
  address: string;
  logonType: number | null;
  /** TargetLogonId; "" where it is not known. */
  logonId: string;
  /** How sshd let it in; "" on Windows. */
  method: string;
}

/** A logon, or those up to `last`, of which no event of Windows' Security log is known. */
export function eventlessSuccess(logon: {
  at: Ticks;
  last?: Ticks | undefined;
  computer: string;
  account: string;
  address: string;
  logonType?: number | null;
  method: string;
}): Success {
  const { at, last = at, computer, account, address, logonType = null, method } = logon;
  return { first: at, last, recordId: 0, computer, account, address, logonType, logonId: '', method };
}

/** A success that followed a burst. `by` says what it shares with the failures. */
export interface FollowedBy {
  at: Ticks;
  success: Success;
  by: 'address' | 'account' | 'both';
}

/** The parts of a burst that decide whether a success belongs to it. */
export interface Attack {
  computer: string;
  start: Ticks;
  /** EventRecordID of the first failure, or 0. */
  startRecordId: number;
  /** As `sourceAddress` writes them. */
  addresses: Iterable<string>;
  /** Keys of the accounts. */
  accounts: Iterable<string>;
  logonTypes: ReadonlySet<number>;
  /**
   * Does it have a guess or two of each account and source, so that an account's logon from elsewhere, or of one who came
   * from there before, is no proof?
   */
  thin?: boolean;
}

/** Logon types by which someone comes from outside: network (RDP with NLA too), unlock or reconnect, RDP. */
const remoteTypes = new Set([3, 7, 10]);
/** For so long is what comes after an attack joined to it. */
const aftermathSeconds = 24 * 3600;
/** Ways into sshd that a guessed password cannot open. */
export const keyMethods: ReadonlySet<string> = new Set(['publickey', 'hostbased', 'gssapi-with-mic', 'gssapi-keyex']);

/** PAM opened a session of sshd, and no line says how it was let in: with a password, or with a key. */
export const sessionMethod = 'session';

/** Words for a logon whose method no line has. */
export const howOf = ({ method }: Success): { how?: string } =>
  method === sessionMethod ? { how: 'sshd session opened, method not known' } : {};

/** How a domain controller's ticket came about. */
export const kerberos = 'kerberos';

interface Indexed {
  success: Success;
  account: string;
  address: string;
}

/** Successful logons, ready to be asked which of them followed a burst. */
export class Successes {
  readonly #byAddress = new Map<string, Indexed[]>();
  readonly #byAccount = new Map<string, Indexed[]>();
  #widest = 0;
  #pairs: Map<string, Ticks> | undefined;

  constructor(successes: Iterable<Success>) {
    const sorted = [...successes].sort((a, b) => a.last - b.last || a.recordId - b.recordId);
    // Many logons come from few addresses.
    const addresses = new Map<string, string>();
    const addressOf = (text: string): string => {
      let address = addresses.get(text);
      if (address === undefined) {
        address = sourceAddress(text);
        addresses.set(text, address);
      }
      return address;
    };
    for (const success of sorted) {
      const account = accountName(success.account).key;
      // A null session is logged as a logon, from scanners above all; no password was accepted.
      if (isAnonymous(account)) continue;
      const indexed = { success, account, address: addressOf(success.address) };
      const computer = success.computer.trim().toLowerCase();
      this.#widest = Math.max(this.#widest, success.last - success.first);
      if (indexed.address !== '') push(this.#byAddress, `${computer}\n${indexed.address}`, indexed);
      if (account !== '') push(this.#byAccount, `${computer}\n${account}`, indexed);
    }
  }

  /**
   * The first success at or after the first failure of the burst, by the same address or by the same account under
   * any of its names. It counts when its type is network, unlock or RDP, or one that the burst itself failed with
   * (8 for OpenSSH on Windows). A loopback address says nothing about who came, and a key is not guessed: these need
   * the account, and the address, to agree.
   */
  first(attack: Attack): FollowedBy | null {
    const addresses = new Set(attack.addresses);
    const accounts = new Set(attack.accounts);
    let best: FollowedBy | null = null;
    for (const address of addresses) {
      if (address === '' || isLoopback(address)) continue;
      best = this.#earliest(this.#byAddress.get(`${attack.computer}\n${address}`), attack, addresses, accounts, best);
    }
    for (const account of attack.thin ? [] : accounts) {
      if (account === '') continue;
      best = this.#earliest(this.#byAccount.get(`${attack.computer}\n${account}`), attack, addresses, accounts, best);
    }
    return best;
  }

  /** When an account first logged on from an address; undefined where no such logon was read. */
  firstOfPair(computer: string, address: string, account: string): Ticks | undefined {
    if (this.#pairs === undefined) {
      this.#pairs = new Map();
      for (const [source, list] of this.#byAddress)
        for (const { account: name, success } of list) {
          const pair = `${source}\n${name}`;
          this.#pairs.set(pair, Math.min(success.first, this.#pairs.get(pair) ?? success.first));
        }
    }
    return this.#pairs.get(`${computer}\n${address}\n${account}`);
  }

  /** The first success at or after the burst's first failure from its own address. */
  firstFromSource(attack: Attack): FollowedBy | null {
    const addresses = [...attack.addresses].filter((address) => !isLoopback(address));
    return this.first({ ...attack, addresses, accounts: [] });
  }

  /** The first session of one of the accounts, from whom it is not known and by which method it is not known. */
  firstSession({ computer, start, accounts }: Attack): FollowedBy | null {
    let best: FollowedBy | null = null;
    for (const account of accounts) {
      const candidates = account === '' ? [] : (this.#byAccount.get(`${computer}\n${account}`) ?? []);
      for (let i = firstNotBefore(candidates, start); i < candidates.length; i++) {
        const success = candidates[i]?.success;
        if (success?.method !== sessionMethod) continue;
        const at = success.first >= start ? success.first : success.last;
        if (best === null || at < best.at) best = { at, success, by: 'account' };
        break;
      }
    }
    return best;
  }

  /**
   * Logons by password of the accounts of a thin burst, from where neither the burst nor, before it, the account came: the first
   * of each account, the earliest first, up to a day after the burst. Its owner may have come, or the intruder from elsewhere.
   */
  fromElsewhere(attack: Attack, end: Ticks): FollowedBy[] {
    const addresses = new Set(attack.addresses);
    const until = end + aftermathSeconds * ticksPerSecond;
    const found: FollowedBy[] = [];
    for (const account of attack.accounts) {
      const candidates = account === '' ? [] : (this.#byAccount.get(`${attack.computer}\n${account}`) ?? []);
      let first: FollowedBy | null = null;
      for (let i = firstNotBefore(candidates, attack.start); i < candidates.length; i++) {
        const candidate = candidates[i];
        if (candidate === undefined || candidate.success.first > until) continue;
        const { success, address } = candidate;
        if (address === '' || isLoopback(address) || addresses.has(address)) continue;
        if (!isRemote(success, attack) || keyMethods.has(success.method)) continue;
        if (success.method === sessionMethod || success.method === kerberos) continue;
        if (this.#cameBefore(candidate, attack) || (first !== null && success.first >= first.at)) continue;
        first = { at: success.first, success, by: 'account' };
      }
      if (first !== null) found.push(first);
    }
    return found.sort((one, other) => one.at - other.at);
  }

  #cameBefore({ account, address }: Indexed, { computer, start }: Attack): boolean {
    const first = this.firstOfPair(computer, address, account);
    return first !== undefined && first < start;
  }

  #earliest(
    candidates: readonly Indexed[] | undefined,
    attack: Attack,
    addresses: ReadonlySet<string>,
    accounts: ReadonlySet<string>,
    best: FollowedBy | null,
  ): FollowedBy | null {
    if (candidates === undefined) return best;
    let found = best;
    for (let i = firstNotBefore(candidates, attack.start); i < candidates.length; i++) {
      const candidate = candidates[i];
      if (candidate === undefined || (found !== null && candidate.success.last > found.at + this.#widest)) break;
      const { success } = candidate;
      if (!isRemote(success, attack)) continue;
      const sameAddress = candidate.address !== '' && addresses.has(candidate.address);
      const sameAccount = accounts.has(candidate.account);
      if (!sameAddress && (keyMethods.has(success.method) || success.method === sessionMethod)) continue;
      // A domain controller grants tickets all day to those whose accounts are sprayed.
      if (success.method === kerberos && !(sameAddress && sameAccount)) continue;
      if (attack.thin && this.#cameBefore(candidate, attack)) continue;
      const at = success.first >= attack.start ? success.first : success.last;
      const earlierRecord = success.recordId > 0 && success.recordId < attack.startRecordId;
      if (at === attack.start && earlierRecord) continue;
      if (found !== null && at >= found.at) continue;
      found = { at, success, by: sameAddress && sameAccount ? 'both' : sameAddress ? 'address' : 'account' };
    }
    return found;
  }
}

/** Did it come from outside, so far as its type says, or in the way of the burst itself? */
const isRemote = ({ logonType }: Success, { logonTypes }: Attack): boolean =>
  logonType === null || remoteTypes.has(logonType) || logonTypes.has(logonType);

function push(lists: Map<string, Indexed[]>, key: string, value: Indexed): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function firstNotBefore(candidates: readonly Indexed[], start: Ticks): number {
  let low = 0;
  let high = candidates.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((candidates[middle]?.success.last ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Something that an intruder does after a logon: an account made, a task planted, the log cleared. */
export interface LaterEvent {
  at: Ticks;
  /** 4672, 4720, 4732, 4698, 4697, 7045, 1102 and others; 0 on Linux. */
  eventId: number;
  computer: string;
  /** SubjectLogonId: the session that did it. */
  logonId: string;
  what: string;
  /** The account that it was done to; "" or absent where it was done to none. */
  target?: string;
  /** What it made, where it made something. */
  made?: Made | undefined;
}

const specialPrivileges = 4672;
const accountCreated = 4720;

/** One form of a logon id: Windows prints 0x47a203c where others print 0x00000000047a203c. */
export function normalLogonId(id: string): string {
  const hex = /^(?:0x)?0*([0-9a-f]*)$/i.exec(id.trim());
  return hex ? (hex[1] ?? '').toLowerCase() : id.trim().toLowerCase();
}

/** A new account is enabled and gets its password as it is made: that is no second event. */
const partOfMaking = new Set([4722, 4724]);
const makingTakes = 5 * ticksPerSecond;

/** Is the event one of those by which Windows makes an account (4720)? */
function isPartOfMaking({ eventId, at, computer, target = '' }: LaterEvent, made: readonly LaterEvent[]): boolean {
  if (!partOfMaking.has(eventId)) return false;
  const name = target.toLowerCase();
  return made.some(
    (one) => one.computer === computer && one.target?.toLowerCase() === name && Math.abs(one.at - at) <= makingTakes,
  );
}

/**
 * What came within 24 hours of a success on the same computer, in time order, at most `limit`. Special privileges
 * (4672) count only for the session of that success: the system logs them for itself all day.
 */
export function aftermath(followedBy: FollowedBy, later: readonly LaterEvent[], limit: number): LaterEvent[] {
  const session = normalLogonId(followedBy.success.logonId);
  const computer = followedBy.success.computer.trim().toLowerCase();
  const until = followedBy.at + aftermathSeconds * ticksPerSecond;
  // A log has many events of every day, and few near a logon: only those are compared with one another.
  const near = later.filter(
    ({ at, computer: where }) =>
      at >= followedBy.at - makingTakes && at <= until && where.trim().toLowerCase() === computer,
  );
  const made = near.filter(({ eventId }) => eventId === accountCreated);
  return near
    .filter(
      (event) =>
        event.at >= followedBy.at &&
        (event.eventId !== specialPrivileges || (session !== '' && normalLogonId(event.logonId) === session)) &&
        !isPartOfMaking(event, made),
    )
    .sort((a, b) => a.at - b.at)
    .slice(0, limit);
}

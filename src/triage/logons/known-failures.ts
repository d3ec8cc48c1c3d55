import { sourceAddress } from './addresses.ts';
import type { FailureColumns, LogonEvent } from './events.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';

/** OpenSSH for Windows logs its line when the logon was refused. */
const sshNear = 5 * ticksPerSecond;
/** As 4625 calls the logon that OpenSSH for Windows asks for: network, clear text. */
const sshLogonType = 8;

/** More addresses than a file can hold. */
const sourceShift = 2 ** 32;

/** The failures that 4625 reported, by account, each to be matched once with another report of it. */
export class KnownFailures {
  readonly #failures: FailureColumns;
  readonly #rows = new Map<number, number[]>();
  readonly #spent = new Set<number>();
  readonly #length: number;
  /** By computer and address, for reports that hide the account. */
  readonly #sources = new Map<number, number[]>();
  #indexed = false;
  #sourcesIndexed = false;
  /** How many accounts there were when the index was made. */
  #accounts = 0;

  constructor(failures: FailureColumns) {
    this.#failures = failures;
    this.#length = failures.length;
  }

  /** Made when it is asked for: most logs hold nothing that repeats a 4625. */
  #index(): void {
    const { computer, account, time, accounts } = this.#failures;
    for (let row = 0; row < this.#length; row++) {
      const key = (computer[row] ?? 0) * accounts.size + (account[row] ?? 0);
      const rows = this.#rows.get(key);
      if (rows) rows.push(row);
      else this.#rows.set(key, [row]);
    }
    this.#accounts = accounts.size;
    for (const rows of this.#rows.values()) rows.sort((a, b) => (time[a] ?? 0) - (time[b] ?? 0));
  }

  #rowsOf(computer: string, account: string): readonly number[] {
    if (!this.#indexed) this.#index();
    this.#indexed = true;
    const { computers, accounts } = this.#failures;
    const [target, source] = [
      accounts.find(this.#failures.keyOf(account)),
      computers.find(computer.trim().toLowerCase()),
    ];
    // A failure that was added since has a number of its own, and no row here.
    if (target < 0 || source < 0 || target >= this.#accounts) return [];
    return this.#rows.get(source * this.#accounts + target) ?? [];
  }

  /** The row of an unspent failure of the same account near that time, or -1. */
  spend(
    { computer, account, at }: { computer: string; account: string; at: Ticks },
    near: Ticks,
    fits: (row: number) => boolean,
  ): number {
    return this.#spendOf(this.#rowsOf(computer, account), at, near, fits)[0] ?? -1;
  }

  /** How many unspent failures of the same account and source near that time are spent, at most so many. */
  spendSeveral(
    { computer, account, address, at }: { computer: string; account: string; address: string; at: Ticks },
    near: Ticks,
    most: number,
  ): number {
    const columns = this.#failures;
    const [target, source] = [
      columns.accounts.find(columns.keyOf(account)),
      columns.addresses.find(sourceAddress(address)),
    ];
    if (source < 0) return 0;
    const [ofAccount, ofSource] = [this.#rowsOf(computer, account), this.#rowsOfSource(computer, address)];
    // Of one account from a thousand sources, or of a thousand accounts from one, the other list is short.
    const rows = source > 0 && ofSource.length < ofAccount.length ? ofSource : ofAccount;
    const fits = (row: number): boolean => columns.account[row] === target && columns.address[row] === source;
    return this.#spendOf(rows, at, near, fits, most).length;
  }

  /** The same of any account, by the source that both name. */
  spendOfSource(
    { computer, address, at }: { computer: string; address: string; at: Ticks },
    near: Ticks,
    fits: (row: number) => boolean,
  ): number {
    return this.#spendOf(this.#rowsOfSource(computer, address), at, near, fits)[0] ?? -1;
  }

  #rowsOfSource(computer: string, address: string): readonly number[] {
    const columns = this.#failures;
    if (!this.#sourcesIndexed) {
      for (let row = 0; row < this.#length; row++) {
        const key = (columns.computer[row] ?? 0) * sourceShift + (columns.address[row] ?? 0);
        const rows = this.#sources.get(key);
        if (rows) rows.push(row);
        else this.#sources.set(key, [row]);
      }
      for (const rows of this.#sources.values()) rows.sort((a, b) => (columns.time[a] ?? 0) - (columns.time[b] ?? 0));
    }
    this.#sourcesIndexed = true;
    const target = columns.computers.find(computer.trim().toLowerCase());
    const source = columns.addresses.find(sourceAddress(address));
    if (target < 0 || source <= 0) return [];
    return this.#sources.get(target * sourceShift + source) ?? [];
  }

  #spendOf(rows: readonly number[], at: Ticks, near: Ticks, fits: (row: number) => boolean, most = 1): number[] {
    const found: number[] = [];
    let low = 0;
    for (let high = rows.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#failures.time[rows[middle] ?? 0] ?? 0) < at - near) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < rows.length && found.length < most; i++) {
      const row = rows[i] ?? 0;
      if ((this.#failures.time[row] ?? 0) > at + near) break;
      if (this.#spent.has(row) || !fits(row)) continue;
      this.#spent.add(row);
      found.push(row);
    }
    return found;
  }
}

/**
 * Adds attempts that OpenSSH for Windows logged. Where a 4625 reports the same one, without its address, as it does,
 * that failure gets the address and nothing is added.
 */
export function addSshAttempts(
  failures: FailureColumns,
  known: KnownFailures,
  attempts: readonly LogonEvent[],
  unverified: boolean,
): void {
  const fits = (row: number): boolean => failures.address[row] === 0 && failures.logonType[row] === sshLogonType;
  for (const attempt of attempts) {
    const row = known.spend(attempt, sshNear, fits);
    if (row >= 0) failures.setAddress(row, attempt.address);
    else failures.addEvent(attempt, unverified);
  }
}

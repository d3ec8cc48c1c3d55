import { BurstScanner, type Thresholds } from '../triage/logons/bursts.ts';
import type { Ticks } from '../triage/logons/ticks.ts';
import { float64s, uint32s } from './growing-column.ts';
import { explicitFields } from './read-fields.ts';
import type { TakenRecord } from './record.ts';

/** Who tried which account, from where and by which program. */
export interface Use {
  computer: string;
  subject: string;
  account: string;
  address: string;
  program: string;
}

/** One attempt with explicit credentials. */
export interface Attempt {
  at: Ticks;
  recordId: number;
  verified: boolean;
  use: Use;
}

/** Uses of one account that are looked through one by one; past these they are found by all their texts. */
const fewUses = 8;

/**
 * Attempts with explicit credentials (4648), each the number of what it shares with others: services and tasks make the
 * same ones all day.
 */
export class ExplicitCredentials {
  readonly #at = float64s();
  readonly #recordId = float64s();
  /** Twice the number of its use, and one more where it is verified. */
  readonly #use = uint32s();
  readonly #uses: Use[] = [];
  readonly #ofAccount = new Map<string, number[]>();
  readonly #others = new Map<string, number>();

  get length(): number {
    return this.#at.length;
  }

  take(record: TakenRecord): void {
    record.choose(explicitFields);
    const address = record.text(1);
    // The program identifies the client only where no address is recorded.
    const program = address.length > 1 ? '' : record.text(3);
    const number = this.#numberOf(record.system('computer'), record.text(2), record.text(0), address, program);
    this.#at.push(record.time);
    this.#recordId.push(record.recordId);
    this.#use.push(number * 2 + (record.verified ? 1 : 0));
  }

  *attempts(): Generator<Attempt> {
    for (let row = 0; row < this.length; row++) yield this.#attempt(row);
  }

  #attempt(row: number): Attempt {
    const use = this.#uses[this.#numberAt(row)] as Use;
    return { at: this.#at.at(row), recordId: this.#recordId.at(row), verified: this.#use.at(row) % 2 === 1, use };
  }

  #numberAt(row: number): number {
    return this.#use.at(row) >>> 1;
  }

  #numberOf(computer: string, subject: string, account: string, address: string, program: string): number {
    let own = this.#ofAccount.get(account);
    if (own === undefined) {
      own = [];
      this.#ofAccount.set(account, own);
    }
    for (const number of own) {
      const use = this.#uses[number];
      if (
        use !== undefined &&
        use.computer === computer &&
        use.subject === subject &&
        use.address === address &&
        use.program === program
      )
        return number;
    }
    const add = (): number => this.#uses.push({ computer, subject, account, address, program }) - 1;
    if (own.length < fewUses) {
      own.push(add());
      return own.at(-1) ?? 0;
    }
    const key = [computer, subject, account, address, program].join('\n');
    let number = this.#others.get(key);
    if (number === undefined) {
      number = add();
      this.#others.set(key, number);
    }
    return number;
  }

  /**
   * Attempts of subjects that try many accounts within a burst, in time order of each subject: one that uses a single
   * other account is doing ordinary work.
   */
  floods(thresholds: Thresholds): Attempt[] {
    const suspects = this.#suspects(thresholds);
    if (suspects.size === 0) return [];
    const rowsOf = new Map<string, number[]>([...new Set(suspects.values())].map((key) => [key, []]));
    for (let row = 0; row < this.length; row++) {
      const key = suspects.get(this.#numberAt(row));
      if (key !== undefined) rowsOf.get(key)?.push(row);
    }
    const floods: Attempt[] = [];
    for (const rows of rowsOf.values()) {
      rows.sort((a, b) => this.#at.at(a) - this.#at.at(b));
      for (const row of this.#sprayed(rows, thresholds)) floods.push(this.#attempt(row));
    }
    return floods;
  }

  /** Of each use by a subject that tries many accounts: the subject. Told from the uses alone, which are few. */
  #suspects(thresholds: Thresholds): Map<number, string> {
    const bySubject = new Map<string, { uses: number[]; accounts: Set<string> }>();
    for (const [number, { computer, subject, account }] of this.#uses.entries()) {
      const key = `${computer}\n${subject}`;
      let own = bySubject.get(key);
      if (own === undefined) {
        own = { uses: [], accounts: new Set() };
        bySubject.set(key, own);
      }
      own.uses.push(number);
      own.accounts.add(account);
    }
    const suspects = new Map<number, string>();
    for (const [key, { uses, accounts }] of bySubject)
      if (accounts.size >= thresholds.manyAccounts) for (const number of uses) suspects.set(number, key);
    return suspects;
  }

  /** Of one subject's attempts, in time order, those of bursts that try many accounts. */
  #sprayed(rows: readonly number[], thresholds: Thresholds): number[] {
    const time = (place: number): Ticks => this.#at.at(rows[place] ?? 0);
    const scanner = new BurstScanner(new Uint32Array([rows.length]), thresholds);
    for (const row of rows) scanner.push(0, this.#at.at(row));
    const { count, start, end } = scanner.spans();
    const sprayed: number[] = [];
    // Bursts lie in time order too, and apart: one walk over the attempts meets those of each.
    for (let burst = 0, place = 0; burst < count; burst++) {
      while (place < rows.length && time(place) < (start[burst] ?? 0)) place += 1;
      const first = place;
      while (place < rows.length && time(place) <= (end[burst] ?? 0)) place += 1;
      const own = rows.slice(first, place);
      if (new Set(own.map((row) => this.#uses[this.#numberAt(row)]?.account)).size < thresholds.manyAccounts) continue;
      for (const row of own) sprayed.push(row);
    }
    return sprayed;
  }
}

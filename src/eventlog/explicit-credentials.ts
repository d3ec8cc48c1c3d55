import type { Thresholds } from '../triage/logons/bursts.ts';
import { type ExplicitUse, explicitFloods, keyOfSubject } from '../triage/logons/explicit-floods.ts';
import type { Ticks } from '../triage/logons/ticks.ts';
import { float64s, uint32s } from './growing-column.ts';
import { explicitFields } from './read-fields.ts';
import type { TakenRecord } from './record.ts';

/** Who tried which account, from where and by which program. */
type Use = Pick<ExplicitUse, 'computer' | 'subject' | 'account' | 'address' | 'program'>;

/** One attempt with explicit credentials. */
interface Attempt {
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

  /** What the attempts have in common, each once. */
  get uses(): readonly Use[] {
    return this.#uses;
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

  /** Attempts of bursts in which one subject tries many accounts. */
  floods(thresholds: Thresholds): (ExplicitUse & { recordId: number; verified: boolean })[] {
    const suspects = this.#suspects(thresholds);
    if (suspects.size === 0) return [];
    const attempts: ReturnType<ExplicitCredentials['floods']> = [];
    for (let row = 0; row < this.length; row++) {
      if (!suspects.has(this.#numberAt(row))) continue;
      const { at, recordId, verified, use } = this.#attempt(row);
      attempts.push({ ...use, recordId, verified, first: at, last: at, attempts: 1 });
    }
    return explicitFloods(attempts, thresholds);
  }

  /** The uses by subjects that try many accounts, seen from the uses alone, which are few. */
  #suspects(thresholds: Thresholds): Set<number> {
    const bySubject = new Map<string, { uses: number[]; accounts: Set<string> }>();
    for (const [number, use] of this.#uses.entries()) {
      const key = keyOfSubject(use);
      let own = bySubject.get(key);
      if (own === undefined) {
        own = { uses: [], accounts: new Set() };
        bySubject.set(key, own);
      }
      own.uses.push(number);
      own.accounts.add(use.account.toLowerCase());
    }
    const suspects = new Set<number>();
    for (const { uses, accounts } of bySubject.values())
      if (accounts.size >= thresholds.manyAccounts) for (const number of uses) suspects.add(number);
    return suspects;
  }
}

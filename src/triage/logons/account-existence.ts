import { domainName } from './account-names.ts';
import type { FailureColumns } from './events.ts';
import { failureMeaning } from './failure-codes.ts';

/** What codes say of an account: bit 1, that it is there; bit 2, that it is not. */
const there = 1;
const absent = 2;

/** The accounts of one name in several domains, and how many failures each has. */
export interface NamedAccount {
  name: string;
  failures: number;
  exists: boolean | null;
}

const verdict = (says: number): boolean | null => ((says & there) !== 0 ? true : (says & absent) !== 0 ? false : null);

/**
 * Does an account exist? All failures answer, for a code may say it in one burst and nothing in another; and a name that
 * is there was there, whatever was said before it was made. A name in two domains is two accounts. Windows looks a name up
 * in the domain that the client gave where it trusts it, and else in its own (Microsoft, KB 103390, "Network access validation
 * algorithms"), so what a code says, it says of (domain, name): where those of one name contradict each other, its domains are accounts of their own, and the name without a known domain is one more. Everywhere else the
 * forms of a name are one account.
 */
export class AccountExistence {
  readonly #columns: FailureColumns;
  readonly #says: Uint8Array;
  /** By account, whatever its domain. */
  readonly #all: Uint8Array;
  /** Of the accounts whose domains contradict each other: what is said by domain. */
  readonly #parted = new Map<number, Map<string, number>>();

  /** Of each computer, the domain that is its own. */
  readonly #own: string[] = [];

  /** `existing`: keys of accounts that are known to be there. */
  constructor(columns: FailureColumns, existing: Iterable<string>) {
    this.#columns = columns;
    this.#says = Uint8Array.from(columns.codes.texts, (code) => {
      const { accountExists } = failureMeaning(code);
      return accountExists === null ? 0 : accountExists ? there : absent;
    });
    this.#all = new Uint8Array(columns.accounts.size);
    for (let row = 0; row < columns.length; row++) {
      const says = this.#says[columns.code[row] ?? 0] ?? 0;
      if (says !== 0) {
        const account = columns.account[row] ?? 0;
        this.#all[account] = (this.#all[account] ?? 0) | says;
      }
    }
    for (const name of existing) {
      const account = columns.accounts.find(name);
      if (account >= 0) this.#all[account] = there;
    }
    if (columns.domains.size > 1 && this.#all.includes(there | absent)) this.#part();
  }

  /** Is it one name of several accounts? */
  isParted(account: number): boolean {
    return this.#parted.has(account);
  }

  /** Of an account that is not parted; null where nothing says it. */
  of(account: number): boolean | null {
    return account === 0 ? null : verdict(this.#all[account] ?? 0);
  }

  /** The accounts of that name among the rows, with their domains, most failures first. */
  partsOf(account: number, rows: Uint32Array): NamedAccount[] {
    const { account: accounts, weight, displays } = this.#columns;
    const failures = new Map<string, number>();
    for (const row of rows) {
      if (accounts[row] !== account) continue;
      const domain = this.#domainOf(row);
      failures.set(domain, (failures.get(domain) ?? 0) + (weight[row] ?? 0));
    }
    const bare = this.#columns.accounts.text(account);
    const shown = displays[account] ?? bare;
    return [...failures]
      .map(([domain, count]) => ({
        name: domain === '' ? (/[\\@]/.test(shown) ? bare : shown) : `${domain}\\${bare}`,
        failures: count,
        exists: verdict(this.#parted.get(account)?.get(domain) ?? 0),
      }))
      .sort((a, b) => b.failures - a.failures || (a.name < b.name ? -1 : 1));
  }

  #part(): void {
    const columns = this.#columns;
    const byAccount = new Map<number, Map<string, number>>();
    for (let row = 0; row < columns.length; row++) {
      const account = columns.account[row] ?? 0;
      const says = this.#says[columns.code[row] ?? 0] ?? 0;
      if (account === 0 || says === 0 || this.#all[account] !== (there | absent)) continue;
      const domain = this.#domainOf(row);
      let domains = byAccount.get(account);
      if (domains === undefined) {
        domains = new Map();
        byAccount.set(account, domains);
      }
      domains.set(domain, (domains.get(domain) ?? 0) | says);
    }
    for (const [account, domains] of byAccount)
      if (new Set([...domains.values()].map(verdict)).size > 1) this.#parted.set(account, domains);
  }

  /** The domain of a row's account, "." where it is the computer's own. */
  #domainOf(row: number): string {
    const { domains, domain, computers, computer } = this.#columns;
    const name = domains.text(domain[row] ?? 0);
    if (name === '' || name === '.') return name;
    const number = computer[row] ?? 0;
    // A computer may be known by the id of its resource.
    this.#own[number] ??= domainName(computers.text(number).split('/').at(-1) ?? '');
    return name === this.#own[number] ? '.' : name;
  }
}

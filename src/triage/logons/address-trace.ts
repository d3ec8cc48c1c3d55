import { nameOf } from '../../arm/resource-id.ts';
import type { MachineTrace } from '../../documents/traces.ts';
import { printable } from '../../text/printable.ts';
import { accountName } from './account-names.ts';
import { isoOf, type Ticks } from './ticks.ts';

/** Logons of one account on one VM by the address that is followed. */
export interface TraceRow {
  /** Resource id, or the name that the VM has in its logs. */
  machine: string;
  account: string;
  failures: number;
  successes: number;
  first: Ticks;
  last: Ticks;
  firstSuccess: Ticks | null;
}

interface Machine {
  id: string;
  failures: number;
  successes: number;
  first: Ticks;
  last: Ticks;
  firstSuccess: Ticks | null;
  accounts: Map<string, { name: string; failures: number; successes: number }>;
}

const mostAccounts = 50;

/** Adds up what an address did, VM by VM. One VM is one whatever the case of its id. */
export class TraceTally {
  readonly #machines = new Map<string, Machine>();

  add(row: TraceRow): void {
    const key = row.machine.toLowerCase();
    let machine = this.#machines.get(key);
    if (machine === undefined) {
      machine = {
        id: row.machine,
        failures: 0,
        successes: 0,
        first: row.first,
        last: row.last,
        firstSuccess: null,
        accounts: new Map(),
      };
      this.#machines.set(key, machine);
    }
    machine.failures += row.failures;
    machine.successes += row.successes;
    machine.first = Math.min(machine.first, row.first);
    machine.last = Math.max(machine.last, row.last);
    if (row.firstSuccess !== null)
      machine.firstSuccess = Math.min(machine.firstSuccess ?? row.firstSuccess, row.firstSuccess);
    const name = accountName(row.account);
    const account = machine.accounts.get(name.key) ?? { name: name.display, failures: 0, successes: 0 };
    account.failures += row.failures;
    account.successes += row.successes;
    machine.accounts.set(name.key, account);
  }

  /** Where it got in first, in the order in which it did, then by failures. */
  machines(): MachineTrace[] {
    return [...this.#machines.values()]
      .sort(
        (a, b) =>
          (a.firstSuccess ?? Number.POSITIVE_INFINITY) - (b.firstSuccess ?? Number.POSITIVE_INFINITY) ||
          b.failures - a.failures ||
          a.first - b.first,
      )
      .map((machine) => ({
        id: machine.id.startsWith('/') ? machine.id : '',
        name: nameOf(machine.id, 64),
        failures: machine.failures,
        successes: machine.successes,
        first: isoOf(machine.first),
        last: isoOf(machine.last),
        firstSuccess: machine.firstSuccess === null ? null : isoOf(machine.firstSuccess),
        accounts: [...machine.accounts.values()]
          .sort((a, b) => b.successes - a.successes || b.failures - a.failures)
          .slice(0, mostAccounts)
          .map(({ name, failures, successes }) => ({ name: printable(name, 256), failures, successes })),
        distinctAccounts: machine.accounts.size,
      }));
  }
}

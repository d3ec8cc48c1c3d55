import { type Json, numberAt, textAt } from '../../arm/json.ts';
import type { Fact, Unknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { AddressTrace } from '../../documents/traces.ts';
import { printable } from '../../text/printable.ts';
import { accountName } from '../../triage/logons/account-names.ts';
import { TraceTally } from '../../triage/logons/address-trace.ts';
import { sourceAddress } from '../../triage/logons/addresses.ts';
import { defaultThresholds } from '../../triage/logons/bursts.ts';
import { FailureColumns } from '../../triage/logons/events.ts';
import { type Ticks, ticksOf } from '../../triage/logons/ticks.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString } from '../client/kql-literal.ts';
import type { LogAnswer } from '../client/log-query.ts';
import {
  type Ask,
  asker,
  type LogonOptions,
  limits,
  lookback,
  needOf,
  rowsIn,
  securityEvent,
  spanOf,
  syslog,
  windowsSources,
} from './logon-queries.ts';
import { addSshdRows } from './logon-rows.ts';
import { readSubscriptions } from './subscriptions.ts';

const source = 'Log Analytics';

/** The forms in which logs may hold an address: IPv4 is in IPv6's clothes where the socket was IPv6. */
export function formsOf(address: string): string[] {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? [address, `::ffff:${address}`] : [address];
}

const instantAt = (row: Json, name: string): Ticks | null => ticksOf(textAt(row, name));

function addWindowsRow(row: Json, tally: TraceTally): void {
  const [first, last] = [instantAt(row, 'First'), instantAt(row, 'Last')];
  if (first === null || last === null) return;
  tally.add({
    machine: textAt(row, 'Machine'),
    account: textAt(row, 'Account'),
    failures: numberAt(row, 'Failures') ?? 0,
    successes: numberAt(row, 'Successes') ?? 0,
    first,
    last,
    firstSuccess: instantAt(row, 'FirstSuccess'),
  });
}

/** sshd's lines are reduced by the query of the logons, asked about one address; the rows still name others. */
function addLinuxRows(rows: Json[], address: string, tally: TraceTally): void {
  const columns = new FailureColumns();
  const said = addSshdRows(rows, (machine) => machine, defaultThresholds, columns);
  const number = columns.addresses.find(address);
  for (let row = 0; row < columns.length; row++) {
    if (columns.address[row] !== number) continue;
    const at = columns.time[row] ?? 0;
    tally.add({
      machine: columns.computers.text(columns.computer[row] ?? 0),
      account: columns.displays[columns.account[row] ?? 0] ?? '-',
      failures: columns.weight[row] ?? 0,
      successes: 0,
      first: at,
      last: at,
      firstSuccess: null,
    });
  }
  for (const success of said.successes) {
    if (sourceAddress(success.address) !== address) continue;
    tally.add({
      machine: success.computer,
      account: accountName(success.account).display,
      failures: 0,
      successes: 1,
      first: success.first,
      last: success.last,
      firstSuccess: success.first,
    });
  }
}

/** What an answer could not give; "" when it gave all, or when no workspace has such a table. */
export function lackOf(answer: LogAnswer, table: string, scope: string): string {
  if (answer.state === 'no-table') return '';
  if (answer.state === 'failed') {
    const { because, cure } = unknownFrom(answer.error, source, needOf(scope));
    return `${table} of ${scope}: ${because}; ${cure}`;
  }
  if (answer.partial !== '') return `${table} of ${scope}: ${answer.partial}`;
  return answer.rows.length >= limits.rows ? `${table} of ${scope}: only ${limits.rows} rows` : '';
}

async function traceSubscription(ask: Ask, address: string, scope: string, tally: TraceTally) {
  const forms = formsOf(address).map(kqlString);
  const parameters = { followed: `dynamic([${forms.join(', ')}])` };
  const tables = [...windowsSources, syslog];
  const answers = await Promise.all(
    tables.map((one) =>
      one === syslog
        ? ask('linux-logons', one, { only: `Message has ${kqlString(address)}` })
        : ask('address-windows', one, { parameters }),
    ),
  );
  const lacks: string[] = [];
  const refused: unknown[] = [];
  for (const [at, answer] of answers.entries()) {
    const table = tables[at] ?? securityEvent;
    const lack = lackOf(answer, table.table, scope);
    if (lack !== '') lacks.push(lack);
    if (answer.state === 'failed') refused.push(answer.error);
    if (table === syslog) addLinuxRows(rowsIn(answer), address, tally);
    else for (const row of rowsIn(answer)) addWindowsRow(row, tally);
  }
  return { lacks, refused: refused.length === answers.length ? refused[0] : undefined };
}

/**
 * What one source address did, in the logs of every VM of the subscriptions in reach: failures and logons by VM
 * and account. VMs whose logs reach no workspace cannot be in it, which is always said.
 */
export async function readAddressTrace(
  connection: Connection,
  address: string,
  options: LogonOptions = {},
): Promise<Fact<AddressTrace>> {
  const wanted = sourceAddress(address);
  if (wanted === '')
    return unknown('absent', 'the logs recorded no address', 'nothing can be followed without one', source);
  const span = spanOf(connection, options.lookbackHours);
  try {
    const subscriptions = await readSubscriptions(connection);
    const tally = new TraceTally();
    const told = await Promise.all(
      subscriptions.map(({ id, name }) => {
        const ask = asker(connection, `/subscriptions/${id}`, span, defaultThresholds, options.signal);
        return traceSubscription(ask, wanted, name, tally);
      }),
    );
    const refused: (Unknown | undefined)[] = told.map(({ refused: error }) =>
      error === undefined ? undefined : unknownFrom(error, source, needOf('the subscription')),
    );
    const [first] = refused;
    if (first && refused.every((one) => one !== undefined)) return first;
    return known(
      { address: printable(wanted, 64), machines: tally.machines() },
      {
        source,
        asOf: connection.clock.now().toISOString(),
        coverage: `${lookback(span.hours)}, the logs of ${subscriptions.map(({ name }) => name).join(', ')}`,
        notSeen: [...told.flatMap(({ lacks }) => lacks), 'VMs that send their logs nowhere that you can read'],
      },
    );
  } catch (error) {
    return unknownFrom(error, source, needOf('the subscriptions'));
  }
}

import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { accountName } from '../../triage/logons/account-names.ts';
import type { TraceRow } from '../../triage/logons/address-trace.ts';
import { sourceAddress } from '../../triage/logons/addresses.ts';
import { defaultThresholds } from '../../triage/logons/bursts.ts';
import { FailureColumns } from '../../triage/logons/events.ts';
import { type Ticks, ticksOf } from '../../triage/logons/ticks.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString } from '../client/kql-literal.ts';
import type { LogAnswer } from '../client/log-query.ts';
import { type Ask, limits, needOf, rowsIn, syslog, windowsSources } from './logon-queries.ts';
import { addSshdRows } from './logon-rows.ts';

export const source = 'Log Analytics';

/** Logons of one account from one address on one VM. */
export interface LogonCount extends TraceRow {
  /** "" where the log recorded none, or where the query asked about a single one. */
  address: string;
}

/** The same of sshd's lines, with the account as names are compared. */
interface SshdCount extends LogonCount {
  key: string;
}

/** The answers of every table of a scope that may hold logons. */
export interface LogonTables {
  answers: LogAnswer[];
  /** What they could not give, in sentences. */
  lacks: string[];
  windows: LogonCount[];
  /** sshd's lines name other addresses and accounts beside those that were asked about. */
  sshd: SshdCount[];
}

/** The forms in which logs may hold an address: IPv4 is in IPv6's clothes where the socket was IPv6. */
function formsOf(address: string): string[] {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? [address, `::ffff:${address}`] : [address];
}

/** A list of texts as a KQL literal. */
export const textsLiteral = (values: readonly string[]): string => `dynamic([${values.map(kqlString).join(', ')}])`;

/** A list of addresses as a KQL literal, each in every form in which logs may hold it. */
export const addressesLiteral = (addresses: readonly string[]): string => textsLiteral(addresses.flatMap(formsOf));

const instantAt = (row: Json, name: string): Ticks | null => ticksOf(textAt(row, name));

/** A row of `address-windows.kql` or `incident-logons.kql`. */
function windowsCount(row: Json): LogonCount[] {
  const [first, last] = [instantAt(row, 'First'), instantAt(row, 'Last')];
  if (first === null || last === null) return [];
  return [
    {
      machine: textAt(row, 'Machine'),
      account: textAt(row, 'Account'),
      address: sourceAddress(textAt(row, 'Address')),
      failures: numberAt(row, 'Failures') ?? 0,
      successes: numberAt(row, 'Successes') ?? 0,
      first,
      last,
      firstSuccess: instantAt(row, 'FirstSuccess'),
    },
  ];
}

/** The rows of `linux-logons.kql`. */
function sshdCounts(rows: Json[]): SshdCount[] {
  const columns = new FailureColumns();
  const said = addSshdRows(rows, (machine) => machine, defaultThresholds, columns);
  const counts: SshdCount[] = [];
  for (let row = 0; row < columns.length; row++) {
    const account = columns.account[row] ?? 0;
    const at = columns.time[row] ?? 0;
    counts.push({
      machine: columns.computers.text(columns.computer[row] ?? 0),
      account: columns.displays[account] ?? '-',
      key: columns.accounts.text(account),
      address: columns.addresses.text(columns.address[row] ?? 0),
      failures: columns.weight[row] ?? 0,
      successes: 0,
      first: at,
      last: at,
      firstSuccess: null,
    });
  }
  for (const { computer, account, address, first, last } of said.successes) {
    const { key, display } = accountName(account);
    counts.push({
      machine: computer,
      account: display,
      key,
      address: sourceAddress(address),
      failures: 0,
      successes: 1,
      first,
      last,
      firstSuccess: first,
    });
  }
  return counts;
}

/** What an answer could not give; "" when it gave all, or when no workspace has such a table. */
function lackOf(answer: LogAnswer, table: string, scope: string): string {
  if (answer.state === 'no-table') return '';
  if (answer.state === 'failed') {
    const { because, cure } = unknownFrom(answer.error, source, needOf(scope));
    return `${table} of ${scope}: ${because}; ${cure}`;
  }
  if (answer.partial !== '') return `${table} of ${scope}: ${answer.partial}`;
  return answer.rows.length >= limits.rows ? `${table} of ${scope}: only ${limits.rows} rows` : '';
}

/**
 * Asks every table of a scope that may hold logons, once: those of Windows by a query, sshd's lines by a condition on
 * them, because these are reduced by the query of the logons.
 *
 * @param scope its name, for the sentences
 */
export async function askLogonTables(
  ask: Ask,
  scope: string,
  windows: { query: 'address-windows' | 'incident-logons'; parameters: Record<string, string> },
  sshd: { only: string },
): Promise<LogonTables> {
  const { query, parameters } = windows;
  const answers = await Promise.all([
    ...windowsSources.map((table) => ask(query, table, { parameters })),
    ask('linux-logons', syslog, sshd),
  ]);
  const tables = [...windowsSources, syslog];
  return {
    answers,
    lacks: answers.map((answer, at) => lackOf(answer, tables[at]?.table ?? '', scope)).filter((lack) => lack !== ''),
    windows: answers.slice(0, windowsSources.length).flatMap((answer) => rowsIn(answer).flatMap(windowsCount)),
    sshd: sshdCounts(rowsIn(answers[windowsSources.length])),
  };
}

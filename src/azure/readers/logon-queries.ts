import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { count } from '../../text/counts.ts';
import { xmlTextFunction } from '../../text/xml-text.ts';
import type { Thresholds } from '../../triage/logons/bursts.ts';
import { stockRule } from '../../triage/logons/logons-after-failures.ts';
import { isoOf, ticksOf } from '../../triage/logons/ticks.ts';
import type { Connection } from '../client/connection.ts';
import { type Need, unknownFrom } from '../client/failure.ts';
import { kqlDatetime, kqlSeconds, withParameters } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { askLogs, type LogAnswer } from '../client/log-query.ts';

export interface LogonOptions {
  /** 24 by default. */
  lookbackHours?: number;
  thresholds?: Partial<Thresholds>;
  signal?: AbortSignal;
}

/** Up to so many failures travel with every time; past it they are counted per minute. */
const exactLimit = 5000;
export const limits = { tuples: 2000, rows: 20_000, successes: 20_000, later: 500 };
/** How far back it is asked whether events arrive at all. */
export const arrivalDays = 14;
/** A VM that runs writes a security event at least this often. */
export const quietMinutes = 60;
/** Clocks of VMs run ahead of ours. */
const skewMinutes = 5;

export interface Span {
  from: Date;
  until: Date;
  since: Date;
  hours: number;
}

export function spanOf(connection: Connection, lookbackHours: number | undefined): Span {
  const now = connection.clock.now().getTime();
  const hours = Math.min(24 * 90, Math.max(1 / 60, lookbackHours ?? 24));
  return {
    from: new Date(now - hours * 3_600_000),
    until: new Date(now + skewMinutes * 60_000),
    since: new Date(now - Math.max(hours, arrivalDays * 24) * 3_600_000),
    hours,
  };
}

/** Parameters of a query beside the window of time. */
export interface Asking {
  /** For the fleet's queries and `logon-successes`: how many failures make an address or an account worth telling. */
  minimum?: number;
  /** A condition on the source's rows, in KQL: `Message has "…"`. */
  only?: string;
  /** Parameters of the query's own, as KQL literals. */
  parameters?: Record<string, string>;
}

/** Sends one query file with its parameters; the window of the request is wider only where arrival is asked. */
export function asker(connection: Connection, scope: string, span: Span, thresholds: Thresholds, signal?: AbortSignal) {
  const seconds = Math.max(1, Math.min(60, Math.floor(thresholds.windowSeconds / 2)));
  const grain = kqlSeconds(seconds);
  const bounds = { from: kqlDatetime(span.from), until: kqlDatetime(span.until) };
  const merging = { grain, exactLimit: String(exactLimit) };
  const packing = { tupleLimit: String(limits.tuples), rowLimit: String(limits.rows) };
  const parameters = (name: string, minimum: number): Record<string, string> => {
    switch (name) {
      case 'logon-failures':
      case 'linux-logons':
        return { ...bounds, ...merging, ...packing };
      case 'fleet-bursts':
      case 'fleet-sshd': {
        const stretch = kqlSeconds(thresholds.windowSeconds + seconds);
        return { ...bounds, grain, exactLimit: '0', span: stretch, minimum: String(minimum), ...packing };
      }
      case 'logon-successes':
        return { ...bounds, ...merging, minimum: String(minimum), rowLimit: String(limits.successes) };
      case 'fleet-after-failures': {
        const { fewest, gapSeconds, longestSeconds } = stockRule;
        const rule = { fewest: String(fewest), gap: kqlSeconds(gapSeconds), longest: kqlSeconds(longestSeconds) };
        return { ...bounds, ...rule, rowLimit: String(limits.rows) };
      }
      case 'explicit-credentials': {
        const least = { minimum: String(thresholds.failures), accountMinimum: String(thresholds.manyAccounts) };
        return { ...bounds, ...merging, ...least, rowLimit: String(limits.rows) };
      }
      case 'last-event':
      case 'last-syslog':
        return { from: bounds.from, since: kqlDatetime(span.since) };
      case 'other-logs':
      case 'address-windows':
      case 'incident-logons':
        return { ...bounds, rowLimit: String(limits.rows) };
      case 'last-heartbeat':
        return { since: kqlDatetime(span.since) };
      default:
        return { ...bounds, rowLimit: String(limits.later) };
    }
  };
  return async (name: string, source?: LogSource, asking: Asking = {}): Promise<LogAnswer> => {
    const [query, events] = await Promise.all([
      Promise.all([...(beginsWith[name] ?? []), name].map(loadQuery)).then((parts) => parts.join('\n')),
      source ? loadQuery(source.query) : undefined,
    ]);
    const rows = [events?.trim() ?? '', ...(asking.only === undefined ? [] : [`| where ${asking.only}`])].join('\n');
    const text = withParameters(query, {
      ...(`${rows}${query}`.includes('xmlText(') ? { xmlText: xmlTextFunction } : {}),
      ...(source ? { [source.as]: rows } : {}),
      ...parameters(name, asking.minimum ?? 1),
      ...asking.parameters,
    });
    return askLogs(
      connection,
      scope,
      source?.table ?? tableOf[name] ?? '',
      text,
      { from: span.since, until: span.until },
      signal,
    );
  };
}

/** The queries whose text comes before that of another. */
const beginsWith: Record<string, readonly string[]> = {
  'linux-logons': ['sshd-attempts'],
  'fleet-sshd': ['sshd-attempts'],
};

/** The tables of the queries that read one of their own. */
const tableOf: Record<string, string> = {
  'last-heartbeat': 'Heartbeat',
  'last-syslog': 'Syslog',
  'linux-aftermath': 'Syslog',
  'service-installs': 'Event',
};

/** Tables that may hold logon events. */
export interface LogSource {
  table: string;
  query: string;
  as: 'events' | 'lines';
}

export const securityEvent: LogSource = { table: 'SecurityEvent', query: 'events-security-event', as: 'events' };
/** Tables that may hold Windows' logon events when they are not in SecurityEvent. */
export const otherSources: LogSource[] = [
  { table: 'WindowsEvent', query: 'events-windows-event', as: 'events' },
  { table: 'Event', query: 'events-event', as: 'events' },
];
/**
 * Logs beside Security that report logons. They are asked of every VM: OpenSSH refuses keys and unknown methods without
 * a 4625, and no answer but theirs shows that there is nothing.
 */
export const otherLogs: LogSource[] = [
  { table: 'Event', query: 'others-event', as: 'events' },
  { table: 'WindowsEvent', query: 'others-windows-event', as: 'events' },
];
export const windowsSources: LogSource[] = [securityEvent, ...otherSources];
export const syslog: LogSource = { table: 'Syslog', query: 'lines-syslog', as: 'lines' };

/** The same table, as guesses and logons alone. */
export const sshdGuesses: LogSource = { table: 'Syslog', query: 'guesses-syslog', as: 'events' };

export function needOf(scope: string): Need {
  return { permission: 'Microsoft.Insights/logs/read', role: 'Log Analytics Reader', scope };
}

export const sourceName = (table: string): string => `Log Analytics · ${table}`;

/** An instant that Kusto printed, as documents carry it; null for anything else. */
export function instantIn(row: Json | undefined, name: string): string | null {
  const ticks = row ? ticksOf(textAt(row, name)) : null;
  return ticks === null ? null : isoOf(ticks);
}

export function rowsIn(answer: LogAnswer | undefined): Json[] {
  return answer?.state === 'rows' ? answer.rows : [];
}

/** The latest of one column over an answer's rows. */
export function latest(answer: LogAnswer | undefined, name: string): string | null {
  const instants = rowsIn(answer).flatMap((row) => instantIn(row, name) ?? []);
  return instants.length === 0 ? null : instants.reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}

export function sumOf(answer: LogAnswer | undefined, name: string): number {
  return rowsIn(answer).reduce((sum, row) => sum + (numberAt(row, name) ?? 0), 0);
}

/** What an answer could not give, in words; "" when it gave all. */
export function lack(what: string, answer: LogAnswer, limit: number, table: string): string {
  if (answer.state === 'no-table') return `${what}: no table ${table} in the workspaces of this VM that you can read`;
  if (answer.state === 'failed') {
    const { because, cure } = unknownFrom(answer.error, sourceName(table), needOf('this VM'));
    return `${what}: ${because}; ${cure}`;
  }
  if (answer.partial !== '') return `${what}: ${answer.partial}`;
  return answer.rows.length >= limit ? `${what}: only the first ${count(limit)} rows` : '';
}

export function lookback(hours: number): string {
  return hours >= 48 && hours % 24 === 0 ? `last ${hours / 24} days` : `last ${Math.round(hours * 100) / 100} h`;
}

export type Ask = ReturnType<typeof asker>;

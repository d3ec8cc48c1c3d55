import { at, type Json, numberAt, textAt } from '../../arm/json.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { BoundPort, InboundUse, Sockets } from '../../network/listening.ts';
import { count } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlDatetime, withParameters } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { askLogs, type LogAnswer } from '../client/log-query.ts';
import { needOf } from './logon-queries.ts';

// VM insights keeps its tables for 30 days unless the workspace keeps them longer.
const listeningDays = 30;
const rowLimit = 10_000;
const tables = { bound: 'VMBoundPort', inbound: 'VMConnection' } as const;
// VM insights' Dependency agent, which fills these tables, takes no new VMs (since 2025-09-30; it ends 2028-06-30).
const cure =
  'look in Defender’s DeviceNetworkEvents or in VNet flow logs, or in the VM itself (netstat -abno, ss -tlnp)';

/** An instant as Log Analytics prints it, cut to milliseconds; "" when it is none. */
const instantOf = (text: string): string => (Number.isNaN(Date.parse(text)) ? '' : new Date(text).toISOString());

function boundOf(row: Json): BoundPort[] {
  const port = numberAt(row, 'Port');
  const first = instantOf(textAt(row, 'First'));
  const last = instantOf(textAt(row, 'Last'));
  if (port === undefined || first === '' || last === '') return [];
  return [
    {
      port,
      protocol: textAt(row, 'Protocol'),
      process: printable(textAt(row, 'ProcessName'), 120),
      loopback: at(row, 'Loopback') === true || at(row, 'Loopback') === 1,
      first,
      last,
    },
  ];
}

function inboundOf(row: Json): InboundUse[] {
  const port = numberAt(row, 'Port');
  const last = instantOf(textAt(row, 'Last'));
  if (port === undefined || last === '') return [];
  return [
    {
      port,
      protocol: textAt(row, 'Protocol'),
      address: printable(textAt(row, 'Remote'), 64),
      links: numberAt(row, 'Links') ?? 0,
      last,
    },
  ];
}

const sourceOf = (table: string): string => `Log Analytics · ${table}`;

/**
 * What listens on a VM and who connected to it, by VM insights. That there is no table, that it may not be read, and
 * that this VM sends nothing to it are distinguished; only where the agent reports is a silent port known to be
 * silent.
 */
export async function readSockets(
  connection: Connection,
  vm: VirtualMachine,
  options: { lookbackHours?: number; signal?: AbortSignal } = {},
): Promise<Sockets> {
  const until = connection.clock.now();
  const hours = options.lookbackHours ?? 24;
  const ask = async (name: string, table: string, from: Date): Promise<LogAnswer> =>
    askLogs(
      connection,
      vm.id,
      table,
      withParameters(await loadQuery(name), {
        from: kqlDatetime(from),
        until: kqlDatetime(until),
        rowLimit: String(rowLimit),
      }),
      { from, until },
      options.signal,
    );
  const before = (time: number) => new Date(until.getTime() - time * 3_600_000);
  const [bound, inbound] = await Promise.all([
    ask('listening-ports', tables.bound, before(listeningDays * 24)),
    ask('inbound-connections', tables.inbound, before(hours)),
  ]);
  const asOf = until.toISOString();
  const read = <T>(
    answer: LogAnswer,
    table: string,
    coverage: string,
    take: (row: Json) => T[],
    silent: () => string,
  ): Fact<T[]> => {
    const source = sourceOf(table);
    if (answer.state === 'failed') return unknownFrom(answer.error, source, needOf(vm.id));
    if (answer.state === 'no-table')
      return unknown('absent', `no table ${table} in any workspace of this VM`, cure, source);
    const because = answer.rows.length === 0 ? silent() : '';
    if (because !== '') return unknown('silent', because, cure, source);
    const cut = answer.rows.length >= rowLimit ? [`more than the ${count(rowLimit)} busiest rows`] : [];
    const notSeen = answer.partial === '' ? cut : [answer.partial, ...cut];
    return known(answer.rows.flatMap(take), { source, asOf, coverage, notSeen });
  };
  const agent = `this VM sends nothing to VMBoundPort (last ${listeningDays} d)`;
  const listening = read(bound, tables.bound, `last ${listeningDays} d`, boundOf, () => agent);
  const used = read(inbound, tables.inbound, `last ${hours} h`, inboundOf, () =>
    // No connections, or no agent that reports them: the agent's other table shows which.
    listening.state === 'known' ? '' : 'this VM sends nothing to VMConnection',
  );
  return { bound: listening, inbound: used };
}

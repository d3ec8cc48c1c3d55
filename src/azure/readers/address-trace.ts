import type { Fact, Unknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { AddressTrace } from '../../documents/traces.ts';
import { printable } from '../../text/printable.ts';
import { TraceTally } from '../../triage/logons/address-trace.ts';
import { sourceAddress } from '../../triage/logons/addresses.ts';
import { defaultThresholds } from '../../triage/logons/bursts.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString } from '../client/kql-literal.ts';
import { type Ask, asker, type LogonOptions, lookback, needOf, spanOf } from './logon-queries.ts';
import { addressesLiteral, askLogonTables, source } from './logons-in-tables.ts';
import { readSubscriptions } from './subscriptions.ts';

async function traceSubscription(ask: Ask, address: string, scope: string, tally: TraceTally) {
  const { answers, lacks, windows, sshd } = await askLogonTables(
    ask,
    scope,
    { query: 'address-windows', parameters: { followed: addressesLiteral([address]) } },
    { only: `Message has ${kqlString(address)}` },
  );
  for (const one of windows) tally.add(one);
  for (const one of sshd) if (one.address === address) tally.add(one);
  const refused = answers.flatMap((answer) => (answer.state === 'failed' ? [answer.error] : []));
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

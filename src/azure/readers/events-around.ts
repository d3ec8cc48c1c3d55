import { type Json, textAt } from '../../arm/json.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { EventsAround, TracedEvent } from '../../documents/traces.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { defaultThresholds } from '../../triage/logons/bursts.ts';
import { eventWords } from '../../triage/logons/event-words.ts';
import type { SidNames } from '../../triage/logons/sid-names.ts';
import { isoOf, ticksOf } from '../../triage/logons/ticks.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { asker, needOf, rowsIn, sourceName, syslog, windowsSources } from './logon-queries.ts';
import { partsOf, sidNamesIn } from './logon-rows.ts';

const minutesBefore = 5;
const minutesAfter = 15;
const mostEvents = 200;

function windowsEvent(row: Json, sids: SidNames): TracedEvent[] {
  const at = ticksOf(textAt(row, 'At'));
  if (at === null) return [];
  const parts = partsOf(row);
  return [
    {
      at: isoOf(at),
      eventId: parts.eventId,
      account: printable(parts.account, 256),
      address: printable(parts.address, 64),
      by: printable(parts.subject, 256),
      what: printable(sids.told(eventWords(parts)), 300),
    },
  ];
}

function linuxEvent(row: Json): TracedEvent[] {
  const at = ticksOf(textAt(row, 'At'));
  const what = printable(textAt(row, 'Message'), 300);
  return at === null ? [] : [{ at: isoOf(at), eventId: 0, account: '', address: '', by: '', what }];
}

/**
 * The events of one VM's security log (of sshd, on Linux) from five minutes before an instant to fifteen after it, at
 * most the 200 that are nearest. `instant` is ISO 8601 UTC.
 */
export async function readEventsAround(
  connection: Connection,
  vm: VirtualMachine,
  instant: string,
  signal?: AbortSignal,
): Promise<Fact<EventsAround>> {
  const middle = Date.parse(instant);
  const bounds = {
    from: new Date(middle - minutesBefore * 60_000),
    until: new Date(middle + minutesAfter * 60_000),
  };
  const span = { ...bounds, since: bounds.from, hours: (minutesBefore + minutesAfter) / 60 };
  const ask = asker(connection, vm.id, span, defaultThresholds, signal);
  const parameters = { instant: `datetime(${isoOf(ticksOf(instant) ?? 0)})`, rowLimit: String(mostEvents) };
  const sources = vm.os === 'linux' ? [syslog] : windowsSources;
  const answers = await Promise.all(
    sources.map((one) => ask(one === syslog ? 'lines-around' : 'events-around', one, { parameters })),
  );
  const failed = answers.flatMap((answer) => (answer.state === 'failed' ? [answer.error] : []));
  const events = answers
    .flatMap((answer, at) => {
      const rows = rowsIn(answer);
      const sids = sidNamesIn(rows);
      return rows.flatMap((row) => (sources[at] === syslog ? linuxEvent(row) : windowsEvent(row, sids)));
    })
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const source = sourceName(sources.filter((_, at) => rowsIn(answers[at]).length > 0).map((s) => s.table)[0] ?? 'logs');
  if (events.length === 0) {
    return failed.length > 0
      ? unknownFrom(failed[0], source, needOf(vm.id))
      : unknown('hidden', 'no workspace that you can read holds events of that time', 'refresh', source);
  }
  return known(
    { around: instant, events },
    {
      source,
      asOf: connection.clock.now().toISOString(),
      coverage: `${minutesBefore} min before to ${minutesAfter} min after`,
      notSeen: [
        ...failed.map((error) => unknownFrom(error, source, needOf(vm.id)).because),
        ...(answers.some((answer) => rowsIn(answer).length >= mostEvents)
          ? [`events further away than the nearest ${mostEvents}`]
          : []),
      ],
    },
  );
}

import type { AskedQuery } from '../../documents/asked-query.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { EventsAround } from '../../documents/traces.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { OpenedLogs } from '../event-logs/event-logs.ts';
import type { Reader } from '../session-readers.ts';
import { aroundKey, type SessionState } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';

/** The events of Log Analytics and of opened logs next to an instant, each once, in the order of time. */
async function allAround(
  instant: string,
  live: Promise<Fact<EventsAround>>,
  opened: readonly OpenedLogs[],
  signal: AbortSignal,
): Promise<Fact<EventsAround>> {
  const [first, ...more] = await Promise.all([
    live,
    ...opened.map(async (log) =>
      log
        .around(instant, signal)
        .catch((error: unknown) => unknown('failed', sentence(error), 'open it again', log.name)),
    ),
  ]);
  if (more.length === 0) return first;
  const all = [first, ...more];
  const facts = all.flatMap((fact) => (fact.state === 'known' ? [fact] : []));
  const [one] = facts;
  if (!one) return first;
  const events = new Map(
    facts.flatMap(({ value }) => value.events).map((event) => [`${event.at} ${event.eventId} ${event.what}`, event]),
  );
  return known(
    { around: instant, events: [...events.values()].sort((a, b) => a.at.localeCompare(b.at)) },
    {
      source: facts.map(({ source }) => source).join('; '),
      asOf: one.asOf,
      coverage: one.coverage,
      notSeen: all.flatMap((fact) => (fact.state === 'known' ? fact.notSeen : [`${fact.source}: ${fact.because}`])),
    },
  );
}

/** Looked up in the logs on request: what an address did elsewhere, the events next to a logon. */
export function logReading(
  holder: Holder,
  reader: Reader,
  record: (vmId: string, name: string, summary: string, fact: Fact<unknown>) => void,
  keep: (vmId: string, query: AskedQuery) => void,
) {
  const asked = new AbortController();

  /** Puts null, then the fact, into one of the session's maps; what is there already stays until the new one comes. */
  async function look<T>(
    read: Promise<Fact<T>>,
    put: (fact: Fact<T> | null) => Partial<SessionState>,
    before: Fact<T> | null | undefined,
  ): Promise<Fact<T>> {
    if (!before) holder.set(put(null));
    const fact = await read.catch((error: unknown) => unknown('failed', sentence(error), 'refresh', 'Log Analytics'));
    if (!asked.signal.aborted) holder.set(put(fact));
    return fact;
  }

  return {
    /** What an address did on every VM; kept in the case of the VM where it was asked. */
    async trace(vmId: string, address: string, again = false): Promise<void> {
      const before = holder.get().traces.get(address);
      if (before !== undefined && !again) return;
      const fact = await look(
        reader.askedBy(
          (query) => keep(vmId, query),
          () => reader.traceAddress(address, asked.signal),
        ),
        (found) => ({ traces: new Map(holder.get().traces).set(address, found) }),
        before,
      );
      if (asked.signal.aborted) return;
      const told =
        fact.state === 'unknown'
          ? `not known: ${fact.because}`
          : fact.value.machines
              .slice(0, 10)
              .map(({ name, failures, successes }) => `${name} ${failures} failures, ${successes} logons`)
              .join('; ') || 'no logon, no failure';
      record(vmId, `address ${address}`, `what ${address} did: ${told}`, fact);
    },

    /** The events next to an instant on one VM. */
    async around(vm: VirtualMachine, instant: string, again = false): Promise<void> {
      const key = aroundKey(vm.id, instant);
      const opened = holder.get().logs.get(vm.id)?.opened;
      const sameLogs = () => holder.get().logs.get(vm.id)?.opened === opened;
      const before = holder.get().around.get(key);
      if (before !== undefined && !again) return;
      const live = reader.askedBy(
        (query) => keep(vm.id, query),
        () => reader.eventsAround(vm, instant, asked.signal),
      );
      const fact = await look(
        allAround(instant, live, opened ?? [], asked.signal),
        // Once another log was opened or closed, these events are not those beside the bursts on screen.
        (found) => (sameLogs() ? { around: new Map(holder.get().around).set(key, found) } : {}),
        before,
      );
      if (asked.signal.aborted || !sameLogs()) return;
      const told = fact.state === 'unknown' ? `not known: ${fact.because}` : `${fact.value.events.length} events`;
      record(vm.id, `events ${instant}`, `events around ${instant} on ${vm.name}: ${told}`, fact);
    },

    stop(): void {
      asked.abort();
    },
  };
}

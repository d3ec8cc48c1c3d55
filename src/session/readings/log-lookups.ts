import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { AddressTrace, EventsAround } from '../../documents/traces.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { CaseWriting } from '../cases/case-writing.ts';
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
export class LogLookups {
  readonly #holder: Holder;
  readonly #reader: Reader;
  readonly #cases: Pick<CaseWriting, 'keepFact' | 'recordQuery'>;
  readonly #asked = new AbortController();

  constructor(holder: Holder, reader: Reader, cases: Pick<CaseWriting, 'keepFact' | 'recordQuery'>) {
    this.#holder = holder;
    this.#reader = reader;
    this.#cases = cases;
  }

  /** What an address did on every VM; kept in the case of the VM where it was asked. */
  async trace(vmId: string, address: string, again = false): Promise<void> {
    const before = this.#holder.get().traces.get(address);
    if (before !== undefined && !again) return;
    const fact = await this.#look(
      this.#reader.askedBy(
        (query) => this.#cases.recordQuery(vmId, query),
        () => this.#reader.traceAddress(address, this.#asked.signal),
      ),
      (found) => ({ traces: new Map(this.#holder.get().traces).set(address, found) }),
      before,
    );
    if (this.#asked.signal.aborted) return;
    this.#cases.keepFact(vmId, `address ${address}`, `what ${address} did: ${traceText(fact)}`, fact);
  }

  /** The events next to an instant on one VM. */
  async around(vm: VirtualMachine, instant: string, again = false): Promise<void> {
    const key = aroundKey(vm.id, instant);
    const opened = this.#holder.get().logs.get(vm.id)?.opened;
    const sameLogs = () => this.#holder.get().logs.get(vm.id)?.opened === opened;
    const before = this.#holder.get().around.get(key);
    if (before !== undefined && !again) return;
    const { signal } = this.#asked;
    const live = this.#reader.askedBy(
      (query) => this.#cases.recordQuery(vm.id, query),
      () => this.#reader.eventsAround(vm, instant, signal),
    );
    const fact = await this.#look(
      allAround(instant, live, opened ?? [], signal),
      // Once another log was opened or closed, these events are not those beside the bursts on screen.
      (found) => (sameLogs() ? { around: new Map(this.#holder.get().around).set(key, found) } : {}),
      before,
    );
    if (signal.aborted || !sameLogs()) return;
    const text = fact.state === 'unknown' ? `not known: ${fact.because}` : `${fact.value.events.length} events`;
    this.#cases.keepFact(vm.id, `events ${instant}`, `events around ${instant} on ${vm.name}: ${text}`, fact);
  }

  stop(): void {
    this.#asked.abort();
  }

  /** Puts null, then the fact, into one of the session's maps; what is there already stays until the new one comes. */
  async #look<T>(
    read: Promise<Fact<T>>,
    put: (fact: Fact<T> | null) => Partial<SessionState>,
    before: Fact<T> | null | undefined,
  ): Promise<Fact<T>> {
    if (!before) this.#holder.set(put(null));
    const fact = await read.catch((error: unknown) => unknown('failed', sentence(error), 'refresh', 'Log Analytics'));
    if (!this.#asked.signal.aborted) this.#holder.set(put(fact));
    return fact;
  }
}

function traceText(fact: Fact<AddressTrace>): string {
  if (fact.state === 'unknown') return `not known: ${fact.because}`;
  const machines = fact.value.machines.slice(0, 10);
  const texts = machines.map(({ name, failures, successes }) => `${name} ${failures} failures, ${successes} logons`);
  return texts.join('; ') || 'no logon, no failure';
}

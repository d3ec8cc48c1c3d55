import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import type { HalfDone } from '../casefile/half-done.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { SessionPorts } from '../session/session.ts';
import type { Reader } from '../session/session-readers.ts';
import { concluded } from '../triage/in-progress.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import type { KeptPorts } from './azure-ports.ts';
import type { AzureReading } from './azure-reading.ts';

/** What of the session reaches Azure, the cases and the playbooks. */
export interface AzurePorts extends AzureReading {
  /** Loads the cases and the playbooks; called once. */
  kept(): Promise<KeptPorts>;
}

/** The session's ports before Azure is there. */
export interface LatePorts extends Pick<SessionPorts, 'reader' | 'cases' | 'playbooks' | 'contexts'> {
  scope(): Promise<string>;
  halfDone(): Promise<HalfDone[]>;
  /** Defects of the user's own playbooks, a sentence each. */
  problems(): readonly string[];
  /** Closes every way to Azure that was opened. */
  close(): Promise<void>;
  now(): Date;
}

/** When the VMs are listed, what is asked about them leaves first: so long it takes at most, on a computer that is busy. */
const otherQuestionsMs = 50;

/** The tenant and the subscription that are looked at; what is absent is as the command line has it. */
export interface Place {
  tenant?: string;
  /** null: all that are in reach. */
  subscription?: string | null;
}

/**
 * Ports that a session can begin with: what they are asked waits until `open` has answered, which is called when the
 * first thing is asked. Until then the clock is this computer's, and there is no playbook and nothing to explain.
 * What is asked of a VM goes the way on which that was listed, whatever is looked at now.
 */
export function latePorts(
  open: (place: Place) => Promise<AzurePorts>,
  about: { simulated: boolean; exploited?: ExploitedCatalog },
): LatePorts {
  let ports: AzurePorts | null = null;
  const loaded = new Map<AzurePorts, KeptPorts>();
  // Settles when cases are loaded for another reason: the list comes before what earlier sessions left.
  const firstLoaded = Promise.withResolvers<void>();
  let place: Place = {};
  let tenantName = '';
  const all: AzurePorts[] = [];
  const listedBy = new Map<string, AzurePorts>();
  let opening: Promise<AzurePorts> | undefined;
  const ready = (): Promise<AzurePorts> => {
    opening ??= open(place).then((made) => {
      ports = made;
      all.push(made);
      return made;
    });
    return opening;
  };
  const wayTo = async (vm: { id: string }): Promise<AzurePorts> => listedBy.get(vm.id) ?? ready();
  const loading = new Map<AzurePorts, Promise<KeptPorts>>();
  const keptOf = (way: AzurePorts): Promise<KeptPorts> => {
    const begun =
      loading.get(way) ??
      way.kept().then((kept) => {
        loaded.set(way, kept);
        return kept;
      });
    loading.set(way, begun);
    firstLoaded.resolve();
    return begun;
  };
  const keptNow = () => (ports ? loaded.get(ports) : undefined);
  const called = (scope: string) => (tenantName === '' ? scope : `${tenantName} › ${scope}`);
  // A listener for queries may register before the connection to Azure, which reports them, exists.
  const asking = new AsyncLocalStorage<(query: AskedQuery) => void>();
  const ask = async <T>(work: (reader: Reader) => Promise<T>, way = ready()): Promise<T> => {
    const { reader } = await way;
    const listener = asking.getStore();
    return listener ? reader.askedBy(listener, () => work(reader)) : work(reader);
  };
  const now = () => ports?.reader.now() ?? new Date();
  return {
    now,
    problems: () => keptNow()?.problems ?? [],
    async close() {
      for (const one of all) await one.close();
    },
    scope: async () => called(await (await ready()).scope()),
    async halfDone() {
      const way = await ready();
      await firstLoaded.promise;
      return (await keptOf(way)).halfDone();
    },
    reader: {
      now,
      simulated: about.simulated,
      identity: () => ask((reader) => reader.identity()),
      async scan(onProgress, signal) {
        const way = await ready();
        let known = 0;
        // The VMs of one reading only grow in number: most reports have the same ones.
        const listed = (rows: readonly { id: string }[]) => {
          if (rows.length !== known) for (const { id } of rows) listedBy.set(id, way);
          known = rows.length;
        };
        let kept: Promise<void> | undefined;
        let last: Parameters<typeof onProgress> | undefined;
        const load = async (waitMs: number) => {
          if (waitMs > 0) await setTimeout(waitMs);
          await keptOf(way);
          if (last) onProgress(...last);
        };
        const document = await ask(
          (reader) =>
            reader.scan((rows, notSeen) => {
              listed(rows);
              last = [rows, notSeen];
              if (rows.length === 0 || loaded.has(way)) {
                onProgress(...last);
                return;
              }
              kept ??= load(otherQuestionsMs);
              // A failure is that of the reading, below.
              kept.catch(() => {});
            }, signal),
          Promise.resolve(way),
        ).finally(() => (loaded.has(way) ? undefined : (kept ?? load(0))));
        listed(document.vms);
        return document;
      },
      triage: (vm, onProgress, signal) => ask((reader) => reader.triage(vm, onProgress, signal), wayTo(vm)),
      incident: (vm, told, signal) => ask((reader) => reader.incident(vm, told, signal), wayTo(vm)),
      traceAddress: (address, signal) => ask((reader) => reader.traceAddress(address, signal)),
      eventsAround: (vm, instant, signal) => ask((reader) => reader.eventsAround(vm, instant, signal), wayTo(vm)),
      askedBy: (listener, work) => asking.run(listener, work),
      conclude: (facts) => ports?.reader.conclude(facts) ?? concluded(facts, about.exploited, now()),
      explain: (part, portIndex) => ports?.reader.explain(part, portIndex) ?? [],
    },
    contexts: {
      list: async () => (await keptOf(await ready())).choices(),
      async change(to) {
        await ready();
        const next: Place =
          to.kind === 'tenant' ? { tenant: to.id, subscription: null } : { ...place, subscription: to.id };
        const made = await open(next);
        try {
          await made.check();
        } catch (error) {
          await made.close();
          throw error;
        }
        place = next;
        if (to.kind === 'tenant') tenantName = to.name;
        all.push(made);
        ports = made;
        opening = Promise.resolve(made);
        return called(await made.scope());
      },
    },
    cases: { open: async (vm, caseId) => (await keptOf(await wayTo(vm))).cases.open(vm, caseId) },
    playbooks: {
      list: (vm, findings) => keptNow()?.playbooks.list(vm, findings) ?? [],
      earlierLocks: async (vm, openCase) => (await keptOf(await wayTo(vm))).playbooks.earlierLocks(vm, openCase),
      post: async (incident, vm, openCase) => (await keptOf(await wayTo(vm))).playbooks.post(incident, vm, openCase),
      start: async (name, vm, ...rest) => (await keptOf(await wayTo(vm))).playbooks.start(name, vm, ...rest),
    },
  };
}

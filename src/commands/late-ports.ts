import { AsyncLocalStorage } from 'node:async_hooks';
import type { HalfDone } from '../casefile/half-done.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { SessionPorts } from '../session/session.ts';
import type { Reader } from '../session/session-readers.ts';
import { concluded } from '../triage/in-progress.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import type { AzurePorts } from './azure-ports.ts';

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
    problems: () => ports?.problems ?? [],
    async close() {
      for (const one of all) await one.close();
    },
    scope: async () => called(await (await ready()).scope()),
    halfDone: async () => (await ready()).halfDone(),
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
        const document = await ask(
          (reader) =>
            reader.scan((rows, notSeen) => {
              listed(rows);
              onProgress(rows, notSeen);
            }, signal),
          Promise.resolve(way),
        );
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
      list: async () => (await ready()).choices(),
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
    cases: { open: async (vm, caseId) => (await wayTo(vm)).cases.open(vm, caseId) },
    playbooks: {
      list: (vm, findings) => ports?.playbooks.list(vm, findings) ?? [],
      earlierLocks: async (vm, openCase) => (await wayTo(vm)).playbooks.earlierLocks(vm, openCase),
      post: async (incident, vm, openCase) => (await wayTo(vm)).playbooks.post(incident, vm, openCase),
      start: async (name, vm, ...rest) => (await wayTo(vm)).playbooks.start(name, vm, ...rest),
    },
  };
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { HalfDone } from '../casefile/half-done.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { SessionPorts } from '../session/session.ts';
import type { Reader } from '../session/session-readers.ts';
import { concluded } from '../triage/in-progress.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import type { AzurePorts } from './azure-ports.ts';

/** The session's ports before Azure is there. */
export interface LatePorts extends Pick<SessionPorts, 'reader' | 'cases' | 'playbooks'> {
  scope(): Promise<string>;
  halfDone(): Promise<HalfDone[]>;
  /** The opened connection; null while it is awaited. */
  opened(): AzurePorts | null;
  now(): Date;
}

/**
 * Ports that a session can begin with: what they are asked waits until `open` has answered, which is called when the
 * first thing is asked. Until then the clock is this computer's, and there is no playbook and nothing to explain.
 */
export function latePorts(
  open: () => Promise<AzurePorts>,
  about: { simulated: boolean; exploited?: ExploitedCatalog },
): LatePorts {
  let ports: AzurePorts | null = null;
  let opening: Promise<AzurePorts> | undefined;
  const ready = (): Promise<AzurePorts> => {
    opening ??= open().then((made) => {
      ports = made;
      return made;
    });
    return opening;
  };
  // A listener for queries may register before the connection to Azure, which reports them, exists.
  const asking = new AsyncLocalStorage<(query: AskedQuery) => void>();
  const ask = async <T>(work: (reader: Reader) => Promise<T>): Promise<T> => {
    const { reader } = await ready();
    const listener = asking.getStore();
    return listener ? reader.askedBy(listener, () => work(reader)) : work(reader);
  };
  const now = () => ports?.reader.now() ?? new Date();
  return {
    now,
    opened: () => ports,
    scope: async () => (await ready()).scope(),
    halfDone: async () => (await ready()).halfDone(),
    reader: {
      now,
      simulated: about.simulated,
      identity: () => ask((reader) => reader.identity()),
      scan: (onProgress, signal) => ask((reader) => reader.scan(onProgress, signal)),
      triage: (vm, onProgress, signal) => ask((reader) => reader.triage(vm, onProgress, signal)),
      traceAddress: (address, signal) => ask((reader) => reader.traceAddress(address, signal)),
      eventsAround: (vm, instant, signal) => ask((reader) => reader.eventsAround(vm, instant, signal)),
      askedBy: (listener, work) => asking.run(listener, work),
      conclude: (facts) => ports?.reader.conclude(facts) ?? concluded(facts, about.exploited, now()),
      explain: (part, portIndex) => ports?.reader.explain(part, portIndex) ?? [],
    },
    cases: { open: async (vm) => (await ready()).cases.open(vm) },
    playbooks: {
      list: (vm, findings) => ports?.playbooks.list(vm, findings) ?? [],
      earlierLocks: async (vm, openCase) => (await ready()).playbooks.earlierLocks(vm, openCase),
      start: async (name, vm, openCase) => (await ready()).playbooks.start(name, vm, openCase),
    },
  };
}

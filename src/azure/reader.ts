import { withoutSecrets } from '../casefile/redaction.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { explainPort } from '../network/explain.ts';
import type { Reader } from '../session/session-readers.ts';
import { concluded } from '../triage/in-progress.ts';
import type { Connection } from './client/connection.ts';
import { readIncident } from './incident.ts';
import { readAddressTrace } from './readers/address-trace.ts';
import type { TriageOptions } from './readers/asked.ts';
import { readEventsAround } from './readers/events-around.ts';
import type { NetworkReading } from './readers/network.ts';
import { readScan } from './scan.ts';
import { readTriage, type Triage } from './triage.ts';

/** What the workbench reads, from Azure. */
export function azureReader(connection: Connection, options: TriageOptions = {}): Reader {
  const networks = new Map<string, NetworkReading>();
  /** The latest triage of each VM, also while it is read, and the signal that stops it. */
  const triages = new Map<string, { read: Promise<Triage>; signal: AbortSignal }>();

  function triage(...[vm, onProgress, signal]: Parameters<Reader['triage']>): Promise<Triage> {
    const key = vm.id.toLowerCase();
    const read = readTriage(connection, vm, onProgress, { ...options, signal });
    triages.set(key, { read, signal });
    read.then(
      ({ network }) => network && networks.set(key, network),
      () => triages.get(key)?.read === read && triages.delete(key),
    );
    return read;
  }

  /**
   * The triage that is there, or a new one. One that is replaced while it is awaited was stopped half-way; one that fails
   * without being stopped would fail again, so its error is the answer.
   */
  async function latest(vm: VirtualMachine, signal: AbortSignal): Promise<Triage> {
    const key = vm.id.toLowerCase();
    for (;;) {
      const awaited = triages.get(key) ?? { read: triage(vm, () => {}, signal), signal };
      try {
        const read = await awaited.read;
        if (triages.get(key)?.read === awaited.read) return read;
      } catch (error) {
        if (!awaited.signal.aborted && !triages.has(key)) throw error;
      }
      signal.throwIfAborted();
    }
  }

  return {
    now: () => connection.clock.now(),
    simulated: connection.simulated,
    identity: () => connection.signedIn(),
    scan: (onProgress, signal) => readScan(connection, onProgress, { ...options, signal }),
    triage: async (vm, onProgress, signal) => (await triage(vm, onProgress, signal)).document,
    async incident(vm, { again, ...told }, signal) {
      const triageOf = (one: VirtualMachine) => (again ? triage(one, () => {}, signal) : latest(one, signal));
      const onProgress: typeof told.onProgress = (part) => told.onProgress(withoutSecrets(part));
      return withoutSecrets(
        await readIncident(
          connection,
          [{ vm, because: '' }],
          { ...options, signal },
          { ...told, triageOf, onProgress },
        ),
      );
    },
    traceAddress: async (address, signal) =>
      withoutSecrets(await readAddressTrace(connection, address, { ...options, signal })),
    eventsAround: async (vm, instant, signal) =>
      withoutSecrets(await readEventsAround(connection, vm, instant, signal)),
    askedBy: (listener, work) => connection.askedBy(listener, work),
    conclude: (facts) => concluded(facts, options.exploited, connection.clock.now()),
    explain(part, portIndex) {
      const network = networks.get(part.vm.id.toLowerCase());
      const port = part.exposure?.state === 'known' ? part.exposure.value.ports[portIndex] : undefined;
      if (!network || !port) return [];
      const { serviceTags } = options;
      const lines = explainPort(port, part.vm, network.resources, {
        adminRules: network.adminRules,
        ...(serviceTags ? { serviceTags } : {}),
      });
      return withoutSecrets(lines);
    },
  };
}

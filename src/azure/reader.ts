import { withoutSecrets } from '../casefile/redaction.ts';
import { explainPort } from '../network/explain.ts';
import type { Reader } from '../session/session-readers.ts';
import { concluded } from '../triage/in-progress.ts';
import type { Connection } from './client/connection.ts';
import { readAddressTrace } from './readers/address-trace.ts';
import type { TriageOptions } from './readers/asked.ts';
import { readEventsAround } from './readers/events-around.ts';
import type { NetworkReading } from './readers/network.ts';
import { readScan } from './scan.ts';
import { readTriage } from './triage.ts';

/** What the workbench reads, from Azure. */
export function azureReader(connection: Connection, options: TriageOptions = {}): Reader {
  const networks = new Map<string, NetworkReading>();
  return {
    now: () => connection.clock.now(),
    simulated: connection.simulated,
    identity: () => connection.signedIn(),
    scan: (onProgress, signal) => readScan(connection, onProgress, { ...options, signal }),
    async triage(vm, onProgress, signal) {
      const { document, network } = await readTriage(connection, vm, onProgress, { ...options, signal });
      if (network) networks.set(vm.id.toLowerCase(), network);
      return document;
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

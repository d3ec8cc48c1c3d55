import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '../../../src/simulator/faults.ts';
import { builtInWorld } from '../../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/server.ts';
import type { World } from '../../../src/simulator/world.ts';
import { certificateFor } from './certificate.ts';
import { startsOf, writeStandInAz } from './stand-in-az.ts';

/** Azure's own host names, as a signed-in cordon addresses them. */
const hosts = [
  'management.azure.com',
  'api.loganalytics.io',
  'management.usgovcloudapi.net',
  'api.loganalytics.us',
  'management.chinacloudapi.cn',
  'api.loganalytics.azure.cn',
];

/** Azure's host names over TLS on the loopback, with a person signed in to the Azure CLI. */
export interface LoopbackAzure {
  simulator: Simulator;
  /** The environment in which cordon, without `--simulator`, meets it. `says`: az refuses with this text. */
  env(options?: { says?: string; costMs?: number; trusted?: boolean }): Record<string, string>;
  /** What az was asked for since the last call, one entry a start. */
  azStarts(): { resource: string; tenant: string }[];
  close(): Promise<void>;
}

/** A CONNECT proxy that leads every host name to one port of the loopback. */
async function proxyTo(port: number): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => response.writeHead(405).end());
  const sockets = new Set<{ destroy(): void }>();
  server.on('connect', (_request, client, head) => {
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    for (const one of [client, target]) {
      sockets.add(one);
      one.on('error', () => {
        client.destroy();
        target.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Starts it; everything stays on the loopback, and nothing that stands in PATH or is signed in outside is used. */
export async function openLoopbackAzure(options: { world?: World; faults?: Fault[] } = {}): Promise<LoopbackAzure> {
  const folder = mkdtempSync(join(tmpdir(), 'loopback-azure-'));
  const tls = certificateFor(hosts);
  const authority = join(folder, 'authority.pem');
  const log = join(folder, 'az.log');
  writeFileSync(authority, tls.cert);
  writeStandInAz(folder);
  const simulator = await startSimulator({
    world: options.world ?? builtInWorld(),
    faults: options.faults ?? [],
    tls,
  });
  const proxy = await proxyTo(simulator.port);
  let told = 0;
  return {
    simulator,
    env: ({ says = '', costMs = 0, trusted = true } = {}) => ({
      PATH: folder,
      HTTPS_PROXY: proxy.url,
      NO_PROXY: '',
      NODE_EXTRA_CA_CERTS: trusted ? authority : '',
      // az has its own store of certificates.
      AZ_AUTHORITY: authority,
      CORDON_CASES: join(folder, 'cases'),
      AZ_TOKENS: simulator.url,
      AZ_HEADER: simulator.identityHeader,
      AZ_LOG: log,
      AZ_SAYS: says,
      AZ_COST_MS: String(costMs),
    }),
    azStarts() {
      const starts = startsOf(log).slice(told);
      told += starts.length;
      return starts;
    },
    async close() {
      await proxy.close();
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

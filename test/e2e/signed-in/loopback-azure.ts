import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '../../../src/simulator/faults.ts';
import { builtInWorld } from '../../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/server.ts';
import type { World } from '../../../src/simulator/world.ts';
import { certificateFor } from './certificate.ts';
import { startsOf, writeStandInAz, writeStandInBrowser } from './stand-in-az.ts';
import { type EntraOptions, openStandInEntra, openStandInImds, type StandInEntra } from './stand-in-entra.ts';

const authorities = [
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.chinacloudapi.cn',
  'login.example',
];

/** Azure's own host names, as a signed-in cordon addresses them. */
const hosts = [
  'management.azure.com',
  'api.loganalytics.io',
  'management.usgovcloudapi.net',
  'api.loganalytics.us',
  'management.chinacloudapi.cn',
  'api.loganalytics.azure.cn',
];

/** How cordon is run there. */
export interface EnvOptions {
  /** az refuses with this text. */
  says?: string;
  costMs?: number;
  trusted?: boolean;
  /** Is there an az at all? */
  az?: boolean;
}

/** Azure's host names over TLS on the loopback, with a person signed in to the Azure CLI. */
export interface LoopbackAzure {
  simulator: Simulator;
  entra: StandInEntra;
  /** The metadata service of the VM that cordon may run on: its address, and what it was asked for since the last call. */
  imds: { url: string; asked(): string[] };
  /** The environment in which cordon, without `--simulator`, meets it. */
  env(options?: EnvOptions): Record<string, string>;
  /** Calls of az since the last look, one entry a start. */
  azStarts(): { resource: string; tenant: string }[];
  close(): Promise<void>;
}

/** A CONNECT proxy that leads every host name to a port of the loopback. */
async function proxyTo(portOf: (host: string) => number): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => response.writeHead(405).end());
  const sockets = new Set<{ destroy(): void }>();
  server.on('connect', (request, client, head) => {
    const target = connect(portOf((request.url ?? '').split(':')[0] ?? ''), '127.0.0.1', () => {
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

/** A token of the simulator's, by its own identity endpoint. */
function tokenOf(simulator: Simulator, ca: string, resource: string): Promise<string> {
  const url = new URL('/msi/token', simulator.url);
  url.searchParams.set('api-version', '2019-08-01');
  url.searchParams.set('resource', resource);
  return new Promise((resolve, reject) => {
    get(url, { ca, headers: { 'x-identity-header': simulator.identityHeader } }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve(String(JSON.parse(text).access_token ?? '')));
    }).on('error', reject);
  });
}

/** Starts it; everything stays on the loopback, and neither PATH nor a sign-in of the machine is used. */
export async function openLoopbackAzure(
  options: { world?: World; faults?: Fault[]; entra?: Partial<EntraOptions> } = {},
): Promise<LoopbackAzure> {
  const folder = mkdtempSync(join(tmpdir(), 'loopback-azure-'));
  const tls = certificateFor([...hosts, ...authorities]);
  const authority = join(folder, 'authority.pem');
  const log = join(folder, 'az.log');
  writeFileSync(authority, tls.cert);
  writeStandInAz(join(folder, 'az'));
  writeStandInBrowser(join(folder, 'bin'));
  const simulator = await startSimulator({
    world: options.world ?? builtInWorld(),
    faults: options.faults ?? [],
    tls,
  });
  const tokenFor = async (resource: string): Promise<string> => tokenOf(simulator, tls.cert, resource);
  const entra = await openStandInEntra({ tls, tokenFor, ...options.entra });
  const imds = await openStandInImds(tokenFor);
  const proxy = await proxyTo((host) => (authorities.includes(host) ? entra.port : simulator.port));
  let told = 0;
  return {
    simulator,
    entra,
    imds: { url: `http://127.0.0.1:${imds.port}`, asked: imds.asked },
    env: ({ says = '', costMs = 0, trusted = true, az = true } = {}) => ({
      PATH: `${join(folder, 'bin')}${az ? `:${join(folder, 'az')}` : ''}`,
      HTTPS_PROXY: proxy.url,
      // Nothing else on the loopback is reached by it.
      NO_PROXY: '127.0.0.1',
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
      await entra.close();
      await imds.close();
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

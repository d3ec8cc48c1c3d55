/**
 * Prints the requests that the workbench sends to the simulator for the list of VMs and for the VM that it opens first, as
 * JSON, for the simulator's snapshot that the build makes.
 */
import { connect } from '../src/azure/client/connection.ts';
import { readScan } from '../src/azure/scan.ts';
import { readTriage } from '../src/azure/triage.ts';
import { Gateway } from '../src/simulator/gateway.ts';
import type { RecordedRequest } from '../src/simulator/recorded-request.ts';
import { builtInWorld } from '../src/simulator/scenario/built-in-world.ts';
import { startSimulator } from '../src/simulator/server.ts';

const recorded: RecordedRequest[] = [];
const { answer } = Gateway.prototype;
Gateway.prototype.answer = function (incoming) {
  const { authorization = '', ...headers } = incoming.headers;
  const { aud } = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString() || '{}');
  recorded.push({ incoming: { ...incoming, headers }, audience: String(aud ?? '') });
  return answer.call(this, incoming);
};
const simulator = await startSimulator({ world: builtInWorld() });
const { url, identityHeader } = simulator;
const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
const { vms } = await readScan(connection, () => {});
const [first] = vms;
if (first) await readTriage(connection, first.vm, () => {});
connection.close();
await simulator.close();
process.stdout.write(JSON.stringify(recorded));

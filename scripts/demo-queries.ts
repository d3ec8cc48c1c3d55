/**
 * Prints the queries that the workbench sends to the simulator for the list of VMs and for the VM that it opens first, each
 * with the tables it was analysed over: as JSON, for the snapshot that the build makes.
 */
import { connect } from '../src/azure/client/connection.ts';
import { readScan } from '../src/azure/scan.ts';
import { readTriage } from '../src/azure/triage.ts';
import { analysedQueries } from '../src/kql/language.ts';
import { builtInWorld } from '../src/simulator/scenario/built-in-world.ts';
import { startSimulator } from '../src/simulator/server.ts';

const simulator = await startSimulator({ world: builtInWorld() });
const { url, identityHeader } = simulator;
const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
const { vms } = await readScan(connection, () => {});
const [first] = vms;
if (first) await readTriage(connection, first.vm, () => {});
connection.close();
await simulator.close();
process.stdout.write(JSON.stringify(analysedQueries()));

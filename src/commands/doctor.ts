import { readBackup } from '../azure/backup.ts';
import { readAlerts } from '../azure/defender-alerts.ts';
import { readServersPlan } from '../azure/defender-plan.ts';
import { azureError, isNotSignedIn } from '../azure/failure.ts';
import { readInventory } from '../azure/inventory.ts';
import { readJit } from '../azure/jit.ts';
import { readFleetLogons } from '../azure/logons.ts';
import { readNetwork } from '../azure/network.ts';
import { readPatches } from '../azure/patches.ts';
import { readSecureScore } from '../azure/secure-score.ts';
import { exitCode } from '../failure.ts';
import { printable } from '../text/printable.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';

interface Check {
  name: string;
  state: 'works' | 'partly' | 'does not work';
  text: string;
  /** The ask to the customer; "" when nothing is missing. */
  ask: string;
}

/** `cordon doctor`: sign-in, permissions and data sources; what works and what to ask the customer for. */
export async function doctor(flags: ConnectionFlags & { json?: boolean }, streams: Streams): Promise<number> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  const checks: Check[] = [];
  try {
    try {
      const who = await connection.signedIn();
      checks.push({
        name: 'sign-in',
        state: 'works',
        text: `${who.name} in tenant ${who.tenantId}, ${connection.cloud.name} cloud`,
        ask: '',
      });
    } catch (error) {
      const ask = isNotSignedIn(error) ? 'run az login (add --tenant for a customer’s tenant)' : 'check the network';
      checks.push({ name: 'sign-in', state: 'does not work', text: azureError(error).message, ask });
    }
    const inventory = checks[0]?.state === 'works' ? await readInventory(connection) : null;
    if (inventory?.state === 'unknown') {
      checks.push({ name: 'machines', state: 'does not work', text: inventory.because, ask: inventory.cure });
    } else if (inventory) {
      const { machines, subscriptions } = inventory.value;
      checks.push({
        name: 'machines',
        state: 'works',
        text: `${machines.length} in ${subscriptions.map((s) => s.name).join(', ')}`,
        ask: '',
      });
      const vm = machines.find((machine) => machine.power === 'running') ?? machines[0];
      if (vm) {
        const plan = readServersPlan(connection, vm);
        // Those that need it report its failure.
        plan.catch(() => {});
        const facts = await Promise.all([
          readPatches(connection, vm).then((fact) => ({ name: 'patch assessment', fact })),
          readAlerts(connection, vm, plan).then((fact) => ({ name: 'Defender alerts', fact })),
          readSecureScore(connection, vm, plan).then((fact) => ({ name: 'Secure Score', fact })),
          readJit(connection, vm, plan).then((fact) => ({ name: 'just-in-time access', fact })),
          readBackup(connection, vm).then((fact) => ({ name: 'backup', fact })),
          readFleetLogons(connection, machines).then((fact) => ({ name: 'failed logons', fact })),
        ]);
        const network = await readNetwork(connection, vm);
        checks.push({
          name: 'network',
          state: network.unreadable.length === 0 ? 'works' : 'partly',
          text:
            network.unreadable.map(({ what, because }) => `${what.split('/').at(-1)}: ${because}`).join('; ') ||
            `asked of ${vm.name}`,
          ask: network.unreadable[0]?.cure ?? '',
        });
        for (const { name, fact } of facts) {
          checks.push(
            fact.state === 'known'
              ? {
                  name,
                  state: fact.notSeen.length === 0 ? 'works' : 'partly',
                  text: [`asked of ${vm.name}`, ...fact.notSeen].join('; '),
                  ask: '',
                }
              : { name, state: 'does not work', text: fact.because, ask: fact.cure },
          );
        }
      }
    }
    const clean = checks.map((check) => ({
      ...check,
      text: printable(check.text, 600),
      ask: printable(check.ask, 300),
    }));
    if (flags.json) {
      streams.stdout.write(
        `${JSON.stringify({ schema: 'cordon.doctor/1', asOf: connection.clock.now().toISOString(), checks: clean }, null, 2)}\n`,
      );
    } else {
      const marks = { works: '✓', partly: '●', 'does not work': '✗' };
      for (const { name, state, text, ask } of clean) {
        streams.stdout.write(`${marks[state]} ${name.padEnd(20)} ${text}\n`);
        if (ask) streams.stdout.write(`${' '.repeat(23)}ask: ${ask}\n`);
      }
    }
    return checks[0]?.state === 'works' && checks[1]?.state === 'works' ? exitCode.done : exitCode.notPermitted;
  } finally {
    await opened.close();
  }
}

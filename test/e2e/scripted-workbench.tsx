import { wallStopwatch } from '../../src/session/prompts/reading-time.ts';
import { createSession } from '../../src/session/session.ts';
import { runWorkbench } from '../../views/workbench.tsx';
import { incident, suspects } from '../views/fixtures/incident.ts';
import { lockView, ScriptedRun, typedPrompt, World } from '../views/fixtures/ports.ts';

// The workbench on scripted answers, as a program of its own: what it does to a real terminal can be looked at.
const world = new World();
world.run = new ScriptedRun(lockView(typedPrompt));
const ports = { ...world.ports, stopwatch: wallStopwatch };
const session = createSession(ports, { readOnly: process.argv.includes('--read-only'), scope: 'contoso-prod' });
let read = 0;
session.subscribe(() => {
  const { scan, triages } = session.state();
  if (scan.state === 'loading' && scan.rows.length === 0) setImmediate(() => world.endScan(suspects()));
  if (triages.size > read) {
    read = triages.size;
    setImmediate(() => world.endTriage(incident()));
  }
});
try {
  await runWorkbench({ session, stdin: process.stdin, stdout: process.stdout });
  process.stderr.write(`closed: ${world.cases.map((one) => `${one.id} ${one.closed}`).join(', ')}\n`);
  process.exit(0);
} catch {
  process.exit(5);
}

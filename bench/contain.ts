/**
 * Ten VMs locked in one act against one, on the simulator at Azure's latency and cordon's own pace: plan, confirmation, lock, verification
 * and the check of the way in, each VM into a case in memory. At most 1.5 of one; each round undoes what it did.
 * `npm run bench -- contain [VMs] [rounds]`
 */
import { createActions } from '../src/actions/actions.ts';
import { connect } from '../src/azure/client/connection.ts';
import { readInventory } from '../src/azure/readers/inventory.ts';
import { runSeveral } from '../src/commands/run-several.ts';
import { runsDocument } from '../src/documents/run.ts';
import type { CaseHistory, CaseLog } from '../src/playbook/case-log.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../src/playbook/playbook-file.ts';
import { undoableSteps } from '../src/playbook/step-record.ts';
import { undoRecorded } from '../src/playbook/undo.ts';
import { targetOf } from '../src/session/playbooks/playbook-shelf.ts';
import { startSimulatorThread } from '../src/simulator/host.ts';
import { median } from './parts/figures.ts';

const [manyText = '10', roundsText = '3'] = process.argv.slice(3);
const many = Math.max(2, Number(manyText) || 10);
const rounds = Math.max(1, Number(roundsText) || 3);

// Its limits are none of this bench's: a round follows the other at once.
const simulator = await startSimulatorThread({ latency: 'realistic', limits: 'none' });
const connection = connect({
  simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
});
const actions = createActions(connection);
const playbook = findPlaybook(await loadPlaybooks(await playbookFolders(), actions), 'lock-nsg');
const listing = await readInventory(connection);
if (listing.state === 'unknown') throw new Error(listing.because);
/** VMs of one subscription that can be locked, the one of the incident first. */
const names = [
  'web01',
  'web02',
  'web03',
  'sql01',
  'file01',
  'mail01',
  'print01',
  'kiosk01',
  'sql02',
  'batch01',
  'shop01',
];
const vms = names.flatMap((name) => listing.value.machines.find((vm) => vm.name === name) ?? []).map(targetOf);

/** A case in memory, from which its changes are undone. */
function memoryCase(name: string) {
  const entries: unknown[] = [];
  const kept = new Map<string, unknown>();
  const log: CaseLog = {
    caseId: `2026-11-23-${name}`,
    async append(kind, body) {
      entries.push({ kind, body, at: new Date().toISOString() });
    },
    async keep(what, document) {
      const file = `evidence/${kept.size}-${what}.json`;
      kept.set(file, structuredClone(document));
      return { file, sha256: '', bytes: 0 };
    },
  };
  const history = { entries, read: async ({ file }: { file: string }) => kept.get(file) } as CaseHistory;
  return { log, history };
}

/** Locks them in one act, and undoes it; the wall of the act alone, in ms, and how many requests it sent. */
async function contain(count: number, name: string): Promise<{ wall: number; sent: number }> {
  const targets = vms.slice(0, count);
  const { log, history } = memoryCase(name);
  let text = '';
  let sent = 0;
  const stop = connection.observe(() => {
    sent += 1;
  });
  const begun = performance.now();
  const code = await runSeveral(
    { confirm: String(count), json: true },
    {
      playbook,
      actions,
      targets,
      responderAddress: '198.51.100.20',
      now: () => connection.clock.now(),
      openCase: async () => ({ caseId: log.caseId, logFor: () => log, close: async () => {} }),
      onInterrupt: () => () => {},
    },
    { stdout: { write: (part) => (text += part) }, stderr: { write: () => true } },
  );
  const wall = performance.now() - begun;
  stop();
  const failed = runsDocument.parse(JSON.parse(text)).runs.filter(({ steps }) => steps[0]?.outcome !== 'done');
  for (const { vm, summary } of failed) console.log(`  ${name}: ${vm.name} not locked (exit ${code}): ${summary}`);
  // Each VM has one step.
  const { steps } = await undoableSteps(history);
  const { signal } = new AbortController();
  await Promise.all(
    steps.map((step) => undoRecorded(step, { actions, log, typed: 'y', reason: '', progress: () => {}, signal })),
  );
  return { wall, sent };
}

// The clients are loaded and signed in before anything is measured.
await contain(1, 'warm');
const ratios: number[] = [];
for (let round = 1; round <= rounds; round++) {
  const one = await contain(1, `one-${round}`);
  const all = await contain(many, `all-${round}`);
  ratios.push(all.wall / one.wall);
  const told = ({ wall, sent }: typeof one) => `${Math.round(wall)} ms (${sent} requests)`;
  console.log(`round ${round}: one VM ${told(one)}, ${many} VMs ${told(all)}`);
}
console.log(`${many} VMs / one VM   ${median(ratios).toFixed(2)}   (at most 1.50)`);
connection.close();
await simulator.close();

import { type LeftInAzure, leftInAzure } from '../actions/left-in-azure.ts';
import { textAt } from '../arm/json.ts';
import type { Connection } from '../azure/client/connection.ts';
import { vmOf } from '../casefile/bodies.ts';
import { type CaseReader, type CaseStore, defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Target } from '../playbook/action.ts';
import { caseLogOf } from '../session/playbooks/playbook-shelf.ts';
import { listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { openConnection, type Streams } from './options.ts';
import { type UndoFlags, undoCase } from './run-headless.ts';
import { targetOfId } from './target-of-id.ts';

export type ReleaseFlags = Omit<UndoFlags, 'vm' | 'step' | 'yes' | 'keep' | 'due' | 'wait' | 'json'>;

/** Sentences about the rest of a case in Azure: in force yet, evidence that stays, not seen. */
function linesOf(caseId: string, vms: readonly string[], { inForce, evidence, notSeen }: LeftInAzure): string[] {
  const [vm = ''] = vms;
  return [
    inForce.length === 0
      ? `case ${caseId}: nothing of it is in force any more at ${listed(vms)}, as far as was seen`
      : `case ${caseId}: STILL in force: ${inForce.join(', ')}`,
    ...(evidence.length === 0
      ? []
      : [
          `evidence that stays: ${evidence.join(', ')}. Delete it when it is not needed any more: cordon undo ${caseId} --step STEP --confirm ${vm}`,
        ]),
    ...notSeen.map((one) => `Not seen: ${one}`),
  ];
}

/** Where the case may have left something: at its VMs, the first one first, and in each subscription that it changed. */
async function placesOf(reader: CaseReader): Promise<{ vms: Target[]; subscriptions: Set<string> }> {
  const vms = new Map([[reader.header.vm.id.toLowerCase(), reader.header.vm]]);
  const subscriptions = new Set<string>();
  for await (const entry of reader.entries()) {
    if (entry.kind !== 'intent') continue;
    const vm = vmOf(entry);
    if (vm && !vms.has(vm.id.toLowerCase())) vms.set(vm.id.toLowerCase(), vm);
    const [, subscription] = /\/subscriptions\/([^/?]+)/i.exec(textAt(entry.body, 'request', 'url')) ?? [];
    if (subscription !== undefined) subscriptions.add(subscription.toLowerCase());
  }
  return { vms: [...vms.values()].flatMap((vm) => targetOfId(vm) ?? []), subscriptions };
}

/** Looks at what is left in Azure and writes it to the case; the lines that say it. */
async function conclude(
  connection: Connection,
  store: CaseStore,
  reader: CaseReader,
): Promise<{ left: LeftInAzure; lines: string[] }> {
  const now = () => connection.clock.now();
  const { vms, subscriptions } = await placesOf(reader);
  const left = await leftInAzure(connection, reader.id, vms, subscriptions);
  const lines = linesOf(
    reader.id,
    vms.map(({ name }) => printable(name, 80)),
    left,
  );
  const file = await store.open(reader.id);
  const { name } = await connection.signedIn();
  try {
    const log = caseLogOf({ id: file.id, file, actor: name }, now);
    await log.append('note', { text: `released: ${lines.join('; ')}`, ...left });
  } finally {
    await file.close(name);
  }
  return { left, lines };
}

/**
 * The end of a release: after its undo has ended with `code`, looks at each VM of the case in Azure for what is left, enters and says
 * it. Returns `code`, or 5 where something is in force or could not be seen.
 */
export async function concludeRelease(
  connection: Connection,
  store: CaseStore,
  reader: CaseReader,
  code: number,
  stdout: { write(text: string): unknown },
): Promise<number> {
  const { left, lines } = await conclude(connection, store, reader);
  for (const line of lines) stdout.write(`${printable(line, 2000)}\n`);
  return left.inForce.length > 0 || left.notSeen.length > 0 ? exitCode.needsAttention : code;
}

/**
 * `cordon release CASE`: lists what the case has in force; with the name of its first VM it undoes all of it, last step
 * first, each verified, what was kept too, and then looks at each of its VMs in Azure for what is left. Evidence stays. Returns 0 when nothing is in force
 * any more, 5 when something is, or could not be seen.
 */
export async function releaseCase(id: string, flags: ReleaseFlags, streams: Streams): Promise<number> {
  const reader = await openCaseStore(flags.cases ?? defaultCaseRoot()).read(id);
  // The id may have been given short.
  const caseId = reader.id;
  const { vm } = reader.header;
  if (flags.confirm === undefined) {
    const code = await undoCase(caseId, flags, streams);
    streams.stderr.write(
      `Nothing was changed. To release it: cordon release ${caseId} --confirm ${printable(vm.name, 80)}\n`,
    );
    return code;
  }
  if (flags.confirm !== vm.name) {
    throw new Failure(`--confirm ${printable(flags.confirm, 80)} is not the VM's name: ${printable(vm.name, 80)}`);
  }
  const { confirm: _, ...rest } = flags;
  const reason = flags.reason ?? `release, confirmed by the name ${vm.name}`;
  const code = await undoCase(caseId, { ...rest, yes: true, reason }, streams);
  const opened = await openConnection(flags);
  try {
    const { connection } = opened;
    const store = openCaseStore(flags.cases ?? defaultCaseRoot(), { now: () => connection.clock.now() });
    return await concludeRelease(connection, store, reader, code, streams.stdout);
  } finally {
    await opened.close();
  }
}

import { type LeftInAzure, leftInAzure } from '../actions/left-in-azure.ts';
import { parseResourceId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { defaultCaseRoot, openCaseStore } from '../casefile/case-store.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Target } from '../playbook/action.ts';
import { caseLogOf } from '../session/playbooks/playbook-shelf.ts';
import { printable } from '../text/printable.ts';
import { openConnection, type Streams } from './options.ts';
import { type UndoFlags, undoCase } from './run-headless.ts';

export type ReleaseFlags = Omit<UndoFlags, 'vm' | 'step' | 'yes' | 'keep' | 'due' | 'wait' | 'json'>;

/** Sentences about the rest of a case in Azure: in force yet, evidence that stays, not seen. */
function linesOf(caseId: string, vm: string, { inForce, evidence, notSeen }: LeftInAzure): string[] {
  return [
    inForce.length === 0
      ? `case ${caseId}: nothing of it is in force any more, as far as was seen`
      : `case ${caseId}: STILL in force: ${inForce.join(', ')}`,
    ...(evidence.length === 0
      ? []
      : [
          `evidence that stays: ${evidence.join(', ')}. Delete it when it is not needed any more: cordon undo ${caseId} --step STEP --confirm ${vm}`,
        ]),
    ...notSeen.map((one) => `Not seen: ${one}`),
  ];
}

/** Looks at what is left in Azure and writes it to the case. */
async function conclude(connection: Connection, id: string, flags: ReleaseFlags, vm: Target): Promise<LeftInAzure> {
  const now = () => connection.clock.now();
  const left = await leftInAzure(connection, id, [vm]);
  const file = await openCaseStore(flags.cases ?? defaultCaseRoot(), { now }).open(id);
  const { name } = await connection.signedIn();
  try {
    const log = caseLogOf({ id: file.id, file, actor: name }, now);
    await log.append('note', { text: `released: ${linesOf(id, vm.name, left).join('; ')}`, ...left });
  } finally {
    await file.close(name);
  }
  return left;
}

/**
 * `cordon release CASE`: lists what the case has in force; with the VM's name it undoes all of it, last step first, each
 * verified, what was kept too, and then looks in Azure for what is left. Evidence stays. Returns 0 when nothing is in force
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
  const parsed = parseResourceId(vm.id);
  if (!parsed) return code;
  const opened = await openConnection(flags);
  try {
    const { subscriptionId, resourceGroup } = parsed;
    const left = await conclude(opened.connection, caseId, flags, {
      ...vm,
      subscriptionId,
      resourceGroup,
      location: '',
    });
    for (const line of linesOf(caseId, vm.name, left)) streams.stdout.write(`${printable(line, 2000)}\n`);
    return left.inForce.length > 0 || left.notSeen.length > 0 ? exitCode.needsAttention : code;
  } finally {
    await opened.close();
  }
}

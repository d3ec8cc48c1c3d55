import { createHash } from 'node:crypto';
import { at, type Json, numberAt, textAt } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ifThere } from '../../azure/client/failure.ts';
import { rawBody } from '../../azure/client/raw-body.ts';
import type { ActionContext, Target } from '../../playbook/action.ts';
import { caseTags, isOfCase } from '../case-tags.ts';
import { follow, pause } from '../operation.ts';
import { preflight } from '../preflight/preflight.ts';
import { stampOf } from '../resource-name.ts';

/** A script that is to run in the guest by a managed Run Command. */
export interface GuestRun {
  /** Name of the run command's resource, below the VM. */
  name: string;
  script: string;
  /** Handed over as parameters, never in the script's text: Windows as -name value, Linux in the environment. */
  parameters: Readonly<Record<string, string>>;
  timeoutSeconds: number;
  /** Addresses of the append blobs that the agent puts all output into, without a signature; absent for none. */
  blobs?: { output: string; error: string };
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What Azure shows of a run: "Running", "Succeeded", …; the last 4 KB of what was printed. */
export interface GuestResult {
  state: string;
  exitCode: number | null;
  output: string;
  error: string;
  message: string;
  startedAt: string;
  endedAt: string;
}

export const runCommandId = (target: Target, name: string): string => `${target.id}/runCommands/${name}`;

/** The names of a case's runs of a part begin so, at whatever time they were made. */
const nameBegins = (caseId: string, part: string): string =>
  `cordon-${caseId.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 40)}-${part}-`;

/** A name that the case, the part and the time make: letters, digits and hyphens, 80 at most. */
export function runName(caseId: string, part: string, when: Date): string {
  return `${nameBegins(caseId, part)}${stampOf(when)}`.slice(0, 80);
}

/** The tags by which a run is known as cordon's and as the one of a script. */
export const runTags = (caseId: string, script: string, head = ''): Record<string, string> => ({
  ...caseTags(caseId, head),
  'cordon-script-sha256': digestOf(script),
});

const action = 'Microsoft.Compute/virtualMachines/runCommands';

/** What making the runs, reading them, and deleting them again, needs. */
export function lookAhead(connection: Connection, context: ActionContext, names: readonly string[]) {
  const { target } = context;
  return preflight(connection, context, {
    needed: [
      { action: `${action}/write`, scope: target.id },
      { action: `${action}/read`, scope: target.id },
      { action: `${action}/delete`, scope: target.id, forUndo: true },
    ],
    intended: names.flatMap((name) => {
      const resourceId = runCommandId(target, name);
      return [
        { method: 'PUT' as const, resourceId },
        { method: 'DELETE' as const, resourceId, forUndo: true },
      ];
    }),
  });
}

/** Has Azure begin the script in the guest; it ends on its own (asyncExecution). */
export async function beginRun(connection: Connection, context: ActionContext, run: GuestRun): Promise<void> {
  const { target, caseId } = context;
  const { virtualMachineRunCommands } = await connection.compute(target.subscriptionId);
  const { blobs } = run;
  const uris = blobs && {
    outputBlobUri: await connection.storage.signedFor(blobs.output),
    errorBlobUri: await connection.storage.signedFor(blobs.error),
  };
  await follow(connection, context, `run ${run.name}`, (options) =>
    virtualMachineRunCommands.createOrUpdate(
      target.resourceGroup,
      target.name,
      run.name,
      {
        location: target.location,
        tags: runTags(caseId, run.script, context.caseHead?.()),
        source: { script: run.script },
        parameters: Object.entries(run.parameters).map(([name, value]) => ({ name, value })),
        asyncExecution: true,
        timeoutInSeconds: run.timeoutSeconds,
        ...uris,
      },
      options,
    ),
  );
}

/** The run command as Azure prints it, with its instance view; null when there is none. */
export async function readRun(connection: Connection, target: Target, name: string): Promise<Json | null> {
  const { virtualMachineRunCommands } = await connection.compute(target.subscriptionId);
  return ifThere(
    rawBody((options) =>
      virtualMachineRunCommands.getByVirtualMachine(target.resourceGroup, target.name, name, {
        ...options,
        expand: 'instanceView',
      }),
    ),
  );
}

export function resultIn(body: Json | null): GuestResult {
  const view = at(body, 'properties', 'instanceView');
  return {
    state: textAt(view, 'executionState') || 'Unknown',
    exitCode: numberAt(view, 'exitCode') ?? null,
    output: textAt(view, 'output'),
    error: textAt(view, 'error'),
    message: textAt(view, 'executionMessage'),
    startedAt: textAt(view, 'startTime'),
    endedAt: textAt(view, 'endTime'),
  };
}

/** The states in which a script has come to its end: Compute specification, ExecutionState. */
export const hasEnded = ({ state }: GuestResult): boolean => /^(Failed|Succeeded|TimedOut|Canceled)$/i.test(state);

/** Asks until the script has ended, at most as long as it may take and two minutes; then what Azure shows by then. */
export async function awaitRun(connection: Connection, context: ActionContext, run: GuestRun): Promise<GuestResult> {
  const until = performance.now() + (run.timeoutSeconds + 120) * 1000;
  for (;;) {
    const result = resultIn(await readRun(connection, context.target, run.name));
    if (hasEnded(result) || performance.now() > until) return result;
    context.progress({ fraction: null, text: `${run.name} is ${result.state.toLowerCase()} in the guest` });
    await pause(connection, context);
  }
}

/** Names of the case's run commands at the VM for a part, those of earlier attempts too. */
export async function runsOf(connection: Connection, context: ActionContext, part: string): Promise<string[]> {
  const { target, caseId } = context;
  const { virtualMachineRunCommands } = await connection.compute(target.subscriptionId);
  const begins = nameBegins(caseId, part).toLowerCase();
  const names: string[] = [];
  for await (const one of virtualMachineRunCommands.listByVirtualMachine(target.resourceGroup, target.name, {
    abortSignal: context.signal,
  })) {
    const { name = '' } = one;
    if (name.toLowerCase().startsWith(begins) && isOfCase(one, caseId)) names.push(name);
  }
  return names;
}

/** Deletes the run command's resource, which ends its script where it still runs. Returns what was found. */
export async function deleteRun(
  connection: Connection,
  context: ActionContext,
  name: string,
): Promise<'deleted' | 'gone' | 'foreign'> {
  const { target, caseId } = context;
  const now = await readRun(connection, target, name);
  if (now === null) return 'gone';
  if (!isOfCase(now, caseId)) return 'foreign';
  const { virtualMachineRunCommands } = await connection.compute(target.subscriptionId);
  await follow(connection, context, `DELETE run command ${name}`, (options) =>
    virtualMachineRunCommands.delete(target.resourceGroup, target.name, name, options),
  );
  return 'deleted';
}

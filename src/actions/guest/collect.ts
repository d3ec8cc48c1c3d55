import * as z from 'zod';
import type { Connection } from '../../azure/client/connection.ts';
import { readMachine, systemOf } from '../../azure/readers/machine.ts';
import { redactText } from '../../casefile/redaction.ts';
import type { ActionContext, ActionPlan, Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { demandNoObstacle, obstacleIn } from '../patches-assess.ts';
import { refusedPlan } from '../refused-plan.ts';
import { footprintOf } from './footprint.ts';
import {
  awaitRun,
  beginRun,
  deleteRun,
  digestOf,
  type GuestResult,
  type GuestRun,
  lookAhead,
  readRun,
  resultIn,
  runCommandId,
  runName,
  runTags,
} from './run-command.ts';
import { volatileScripts } from './scripts.ts';

const parts = volatileScripts.map(({ part }) => part);
/** The work in the guest, for sentences about it. */
const collecting = 'scripts run';

export const collectSettings = z.strictObject({
  parts: z.array(z.enum(parts)).min(1).default(parts).describe('What is collected, in this order.'),
  minutes: z.int().min(1).max(60).default(5).describe('The longest that each script may run in the guest.'),
});

const collected = z.object({
  part: z.string(),
  name: z.string(),
  scriptSha256: z.string(),
  state: z.string(),
  exitCode: z.number().nullable(),
  /** SHA-256 and size of all that the script printed, by the script; "" and null where its end did not come. */
  outputSha256: z.string(),
  outputBytes: z.number().nullable(),
  /** Whether the kept text is the whole of it. */
  whole: z.boolean(),
  file: z.string(),
});

const collectState = z.looseObject({
  os: z.enum(['windows', 'linux']),
  minutes: z.number(),
  runs: z.array(collected),
});
type CollectState = z.infer<typeof collectState>;
type Collected = CollectState['runs'][number];

const scriptOf = (os: 'windows' | 'linux', part: string): string =>
  volatileScripts.find((one) => one.part === part)?.[os] ?? '';

/** Plans with reads alone: which scripts run, by their digest, and what they leave in the guest. */
export async function planCollect(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = collectSettings.parse(input);
  const { target, caseId } = context;
  const title = `Collect what vanishes from ${target.name}`;
  const machine = await readMachine(connection, target);
  const because = obstacleIn(machine, target.name, collecting);
  if (because !== '') return refusedPlan(title, 'impossible', because);
  const os = systemOf(machine);
  const now = connection.clock.now();
  const runs = settings.parts.map((part) => ({
    part,
    name: runName(caseId, part, now),
    scriptSha256: digestOf(scriptOf(os, part)),
    state: '',
    exitCode: null,
    outputSha256: '',
    outputBytes: null,
    whole: false,
    file: '',
  }));
  const ahead = await lookAhead(
    connection,
    context,
    runs.map(({ name }) => name),
  );
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  return {
    title,
    changes: runs.map(({ part, name, scriptSha256 }) => ({
      method: 'PUT',
      resourceId: runCommandId(target, name),
      diff: [
        { property: `script for ${part}`, before: '(none)', after: `SHA-256 ${scriptSha256.slice(0, 16)}…, ${os}` },
      ],
      before: null,
      after: { script: scriptOf(os, part), tags: runTags(caseId, scriptOf(os, part)) },
    })),
    touches: [],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: 'deletes the run commands in Azure; what they left in the guest stays',
    made: runs.map(({ name }) => name),
    warnings: ahead.warnings,
    consequences: [
      `Scripts run in the guest as SYSTEM or root, and leave traces there: ${footprintOf(os)}.`,
      'An intruder on the VM can see them run, and can falsify what they print. A snapshot taken before holds the disk without them.',
      'Azure keeps the last 4 KB of each output; each says its whole size and SHA-256, so that a cut shows.',
      'Memory itself is not collected: managed Run Command has no way to carry it out of the VM. Use a memory tool with a disk of its own before the VM is switched off.',
      'It needs the VM agent and the way out to Azure: do it before the network is locked.',
    ],
    state: { os, minutes: settings.minutes, runs } satisfies CollectState,
  };
}

const ending = /cordon-end sha256=([0-9a-f]{64}) bytes=(\d{1,12})\s*$/;

/** What a script says of all that it printed, and whether the text that came is that. */
export function readEnding(output: string): { text: string; sha256: string; bytes: number | null; whole: boolean } {
  const found = ending.exec(output);
  if (found === null) return { text: output, sha256: '', bytes: null, whole: false };
  const text = output.slice(0, found.index);
  const [, sha256 = '', bytes = ''] = found;
  return { text, sha256, bytes: Number(bytes), whole: digestOf(text) === sha256 };
}

async function keepOutput(context: ActionContext, os: string, one: Collected, result: GuestResult): Promise<Collected> {
  const end = readEnding(result.output);
  const file = await context.keep(`volatile-${one.part}`, {
    part: one.part,
    os,
    runCommand: one.name,
    scriptSha256: one.scriptSha256,
    state: result.state,
    exitCode: result.exitCode,
    startedAt: result.startedAt,
    endedAt: result.endedAt,
    // The case file holds no secrets: they are replaced, and the digests are of what the guest printed.
    output: redactText(end.text),
    error: redactText(result.error),
    outputSha256: end.sha256,
    outputBytes: end.bytes,
    keptSha256: digestOf(end.text),
    keptIsWhole: end.whole,
  });
  return {
    ...one,
    state: result.state,
    exitCode: result.exitCode,
    outputSha256: end.sha256,
    outputBytes: end.bytes,
    whole: end.whole,
    file,
  };
}

/** Runs the scripts one after another, and keeps each output as it comes. */
export async function applyCollect(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<CollectState> {
  const state = collectState.parse(planned.state);
  await demandNoObstacle(connection, context.target, collecting);
  const runs: Collected[] = [];
  for (const one of state.runs) {
    const run: GuestRun = {
      name: one.name,
      script: scriptOf(state.os, one.part),
      parameters: {},
      timeoutSeconds: state.minutes * 60,
    };
    await beginRun(connection, context, run);
    runs.push(await keepOutput(context, state.os, one, await awaitRun(connection, context, run)));
  }
  return { ...state, runs };
}

/** Did each script end well, and is its output whole? Asked of Azure again. */
export async function verifyCollect(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = collectState.parse(given);
  const found = await Promise.all(
    state.runs.map(async (one) => ({ one, now: resultIn(await readRun(connection, context.target, one.name)) })),
  );
  const bad = found.filter(({ now }) => !/^Succeeded$/i.test(now.state) || (now.exitCode ?? 0) !== 0);
  if (bad.length > 0) {
    const told = bad.map(({ one, now }) => {
      const said = printable(redactText(now.error || now.message), 200);
      return `${one.part} (${printable(now.state, 40)}, exit ${now.exitCode ?? '?'}${said === '' ? '' : `: ${said}`})`;
    });
    return { ok: false, text: `NOT collected: ${told.join('; ')}.` };
  }
  const told = state.runs.map(({ part, outputBytes, whole }) =>
    whole
      ? `${part} (${outputBytes} bytes)`
      : (outputBytes ?? 4096) < 4096
        ? `${part} (NOT as the script printed it: its digest differs)`
        : `${part} (CUT: the last 4 KB of ${outputBytes ?? 'an unknown number of'} bytes)`,
  );
  return { ok: true, text: `Collected: ${told.join(', ')}. Footprint: ${footprintOf(state.os)}.` };
}

/** Deletes the run commands; outputs that the case holds stay. */
export async function undoCollect(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = collectState.parse(given);
  const left: string[] = [];
  for (const { name } of state.runs) {
    const what = await deleteRun(connection, context, name);
    if (what === 'foreign') left.push(`${name} does not carry this case’s tag: it is not deleted.`);
    else if (what === 'deleted' && (await readRun(connection, context.target, name)) !== null)
      left.push(`${name} is still there.`);
  }
  if (left.length > 0) return { ok: false, text: left.join(' ') };
  return {
    ok: true,
    text: `The run commands are deleted in Azure. What they left in the guest stays: ${footprintOf(state.os)}.`,
  };
}

import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Connection } from '../../azure/client/connection.ts';
import { readMachine, systemOf } from '../../azure/readers/machine.ts';
import { redactText } from '../../casefile/redaction.ts';
import type { ActionContext, ActionPlan, Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { containerSetting, type EvidenceContainer, lookAtContainer } from '../evidence-container.ts';
import { demandNoObstacle, obstacleIn } from '../patches-assess.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
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
  container: containerSetting
    .optional()
    .describe(
      'A container of Azure Storage that all output goes to, as append blobs; without one Azure keeps the last 4 KB of each. Its shared access signature is in the environment: CORDON_BLOB_SAS.',
    ),
  immutable: z
    .boolean()
    .default(false)
    .describe('Refuses a container whose blobs no time-based policy or legal hold keeps from being changed.'),
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
  /** The address of the blob with all that was printed, and the SHA-256 of its bytes; absent without one. */
  blob: z.object({ url: z.string(), sha256: z.string(), bytes: z.number() }).optional(),
});

const collectState = z.looseObject({
  os: z.enum(['windows', 'linux']),
  minutes: z.number(),
  /** Where the output blobs go; absent without a container. */
  base: z.string().optional(),
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
  const to = await outputContainer(connection, context, settings);
  if (to && 'because' in to) return refusedPlan(title, to.kind, to.because);
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
        ...(to ? [{ property: 'all output to', before: '', after: blobsOf(to.base, name).output }] : []),
      ],
      before: null,
      after: { script: scriptOf(os, part), tags: runTags(caseId, scriptOf(os, part)) },
    })),
    touches: [],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: 'deletes the run commands in Azure; what they left in the guest stays',
    made: runs.map(({ name }) => name),
    warnings: [...ahead.warnings, ...(to?.warnings ?? [])],
    consequences: [
      `Scripts run in the guest as SYSTEM or root, and leave traces there: ${footprintOf(os)}.`,
      'An intruder on the VM can see them run, and can falsify what they print. A snapshot taken before holds the disk without them.',
      ...(to
        ? [
            'All output goes to append blobs too; each says its whole size and SHA-256, so that a cut shows.',
            ...to.consequences,
            `The agent in the guest gets the signature: an intruder with ${os === 'windows' ? 'SYSTEM' : 'root'} may read it, and read, add and write blobs of ${to.name} until it ends. Give one for this container alone, and a short one.`,
          ]
        : ['Azure keeps the last 4 KB of each output; each says its whole size and SHA-256, so that a cut shows.']),
      'Memory itself is not collected: managed Run Command has no way to carry it out of the VM. Use a memory tool with a disk of its own before the VM is switched off.',
      'It needs the VM agent and the way out to Azure: do it before the network is locked.',
    ],
    state: { os, minutes: settings.minutes, ...(to ? { base: to.base } : {}), runs } satisfies CollectState,
  };
}

/** The container for the output, if there is to be one; why it cannot be had. */
async function outputContainer(
  connection: Connection,
  { signal }: ActionContext,
  { container, immutable }: z.infer<typeof collectSettings>,
): Promise<EvidenceContainer | Refusal | null> {
  if (container === undefined) {
    return immutable ? impossible('No policy keeps what Azure shows: give a container with --to https://….') : null;
  }
  // Compute specification: "a SAS URI with read, append, create, write access".
  const needed = ['read (r)', 'append (a)', 'create (c)', 'write (w)'].map((called) => {
    return { letters: called.slice(-2, -1), called };
  });
  const found = await lookAtContainer(connection, signal, container, { immutable, needed });
  if ('because' in found) return found;
  const closed = found.policy !== null && (found.policy.days > 0 || found.policy.legalHold) && !found.policy.appends;
  return closed
    ? impossible(
        `The policy of ${found.name} does not let append blobs grow, which the output is: its owner allows protected append writes (--allow-protected-append-writes true), or give another container.`,
      )
    : found;
}

const blobsOf = (base: string, run: string) => ({ output: `${base}/${run}.out.txt`, error: `${base}/${run}.err.txt` });

/** So much of an output goes into the case; all of it is in its blob. */
const mostKept = 4 * 1024 * 1024;

/** The bytes of an append blob, in UTF-8; null where there is none. */
async function readOutput(connection: Connection, url: string, signal: AbortSignal): Promise<Uint8Array | null> {
  const { status, bytes, header } = await connection.storage.ask({ method: 'GET', url, signal });
  if (status === 404) return null;
  if (status === 200) return bytes;
  throw new Error(`reading ${url}: the storage answered ${status} ${printable(header('x-ms-error-code'), 80)}`);
}

/** The result with all that the blobs hold in place of the ends that Azure shows; why the blobs do not tell, "" when they do. */
async function withBlobs(
  connection: Connection,
  { signal }: ActionContext,
  result: GuestResult,
  blobs: ReturnType<typeof blobsOf>,
): Promise<{ result: GuestResult; blob?: Collected['blob']; because: string }> {
  try {
    const [output, error] = await Promise.all(
      [blobs.output, blobs.error].map((url) => readOutput(connection, url, signal)),
    );
    if (!output) return { result, because: printable(result.message, 200) || 'the agent made no blob' };
    const text = (bytes: Uint8Array) => Buffer.from(bytes.subarray(-mostKept)).toString('utf8');
    const sha256 = createHash('sha256').update(output).digest('hex');
    return {
      result: { ...result, output: text(output), error: error ? text(error) : result.error },
      blob: { url: blobs.output, sha256, bytes: output.length },
      because: '',
    };
  } catch (error) {
    signal.throwIfAborted();
    return { result, because: error instanceof Error ? error.message : String(error) };
  }
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

async function keepOutput(
  context: ActionContext,
  os: string,
  one: Collected,
  { result, blob, because }: { result: GuestResult; blob?: Collected['blob']; because?: string },
): Promise<Collected> {
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
    ...(blob ? { blob } : {}),
    ...(because ? { notInBlob: redactText(because) } : {}),
  });
  return {
    ...one,
    state: result.state,
    exitCode: result.exitCode,
    outputSha256: end.sha256,
    outputBytes: end.bytes,
    whole: end.whole,
    file,
    ...(blob ? { blob } : {}),
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
      ...(state.base === undefined ? {} : { blobs: blobsOf(state.base, one.name) }),
    };
    await beginRun(connection, context, run);
    const result = await awaitRun(connection, context, run);
    const seen = run.blobs ? await withBlobs(connection, context, result, run.blobs) : { result };
    runs.push(await keepOutput(context, state.os, one, seen));
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
  const told = state.runs.map(({ part, outputBytes, whole, blob }) =>
    whole
      ? `${part} (${outputBytes} bytes${blob ? `, blob SHA-256 ${blob.sha256.slice(0, 16)}…` : ''})`
      : (outputBytes ?? 4096) < 4096
        ? `${part} (NOT as the script printed it: its digest differs)`
        : `${part} (CUT: the last 4 KB of ${outputBytes ?? 'an unknown number of'} bytes)`,
  );
  const missing = state.base === undefined ? [] : state.runs.filter(({ blob }) => !blob).map(({ part }) => part);
  const not = missing.length === 0 ? '' : ` NOT in the container: ${missing.join(', ')}.`;
  const text = `Collected: ${told.join(', ')}.${not} Footprint: ${footprintOf(state.os)}.`;
  return { ok: missing.length === 0 ? true : null, text };
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
    text: `The run commands are deleted in Azure. What they left in the guest stays: ${footprintOf(state.os)}.${state.base === undefined ? '' : ' So do the blobs of their output.'}`,
  };
}

import { createActions } from '../../src/actions/actions.ts';
import { parseResourceId } from '../../src/arm/resource-id.ts';
import { type Connection, type ConnectionOptions, connect } from '../../src/azure/client/connection.ts';
import type { ChangeGate } from '../../src/documents/exchange.ts';
import type { EntryKind } from '../../src/documents/transcript.ts';
import type { Target } from '../../src/playbook/action.ts';
import type { CaseLog } from '../../src/playbook/case-log.ts';
import { type Playbook, playbook as playbookSchema } from '../../src/playbook/playbook.ts';
import { createRun, type RunOptions, type StartedRun } from '../../src/playbook/runner.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import type { Mutation } from '../../src/simulator/gateway.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import type { World } from '../../src/simulator/world.ts';

export interface LoggedEntry {
  kind: EntryKind;
  body: Record<string, unknown>;
}

/** A case file in memory. */
export interface MemoryLog extends CaseLog {
  entries: LoggedEntry[];
  evidence: Map<string, unknown>;
  of(kind: EntryKind): Record<string, unknown>[];
}

export function memoryLog(caseId = '2026-11-23-web01'): MemoryLog {
  const entries: LoggedEntry[] = [];
  const evidence = new Map<string, unknown>();
  return {
    caseId,
    entries,
    evidence,
    of: (kind) => entries.filter((entry) => entry.kind === kind).map((entry) => entry.body),
    async append(kind, body) {
      entries.push({ kind, body: structuredClone(body) });
    },
    async keep(name, document) {
      const file = `evidence/${String(evidence.size + 1).padStart(4, '0')}-${name}.json`;
      evidence.set(file, structuredClone(document));
      return { file, sha256: '', bytes: 0 };
    },
  };
}

export const responder = '198.51.100.20';

export interface Bench {
  simulator: Simulator;
  connection: Connection;
  /** The rights of the signatures for containers, as "rw"; all that the simulator gives when absent. */
  permissions?: string | undefined;
  /** The case of the present test. */
  log: MemoryLog;
  /** Begins another case, without faults; what Azure changed before is forgotten. */
  begin(): Promise<void>;
  /** What Azure changed since `begin`. */
  mutations(): Mutation[];
  target(name: string): Target;
  run(steps: unknown[], vm: string, options?: Partial<RunOptions>): StartedRun;
  world(): Promise<{ resources: Record<string, unknown>[] }>;
  resource(type: string, name: string): Promise<Record<string, unknown> | undefined>;
  /** Adds faults; an empty list clears them. */
  faults(faults: Fault[]): Promise<void>;
  /** Lets time pass in Azure at once. */
  skip(seconds: number): Promise<void>;
  /** Resolves when the condition holds, looked at after each turn of the event loop. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** A shared access signature that the simulator makes for a container; `sp` are its permissions. */
async function containerSignature(url: string, asked: { account: string; container: string; sp?: string }) {
  const answer = await fetch(new URL(`/simulator/sas?${new URLSearchParams(asked)}`, url));
  const { sas } = JSON.parse(await answer.text());
  return String(sas);
}

/**
 * The built-in simulator, the real clients, and a case file in memory. One a test file: the identity client keeps
 * tokens for the whole process, and another simulator does not accept them.
 */
export async function openBench(
  change: (world: World) => void = () => undefined,
  options: Pick<ConnectionOptions, 'operationLimitMs' | 'limits'> = {},
): Promise<Bench> {
  const world = builtInWorld();
  change(world);
  const simulator = await startSimulator({ world, limits: 'none' });
  const connection = connect({
    simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
    pollIntervalMs: 10,
    signatureFor: (account, container) => {
      const { permissions: sp } = bench;
      return containerSignature(simulator.url, { account, container, ...(sp ? { sp } : {}) });
    },
    ...options,
  });
  const actions = createActions(connection);
  let cases = 1;
  let seen = 0;
  const machines = world.resources.filter((one) =>
    /^microsoft\.compute\/(virtualmachinescalesets\/)?virtualmachines$/i.test(one.type),
  );
  const target = (name: string): Target => {
    const found = machines.find((one) => one.name === name);
    const parsed = parseResourceId(found?.id ?? '');
    if (!found || !parsed) throw new Error(`no VM ${name}`);
    const { resourceGroup, subscriptionId } = parsed;
    return { id: found.id, name, resourceGroup, subscriptionId, location: found.location ?? '' };
  };
  const post = (faults: Fault[]) =>
    fetch(new URL('/simulator/faults', simulator.url), { method: 'POST', body: JSON.stringify(faults) });
  const look = async (): Promise<{ resources: Record<string, unknown>[] }> => {
    const answer = await fetch(new URL('/simulator/world', simulator.url));
    return JSON.parse(await answer.text());
  };
  const bench: Bench = {
    simulator,
    connection,
    log: memoryLog(),
    target,
    run(steps, vm, options = {}) {
      const playbook: Playbook = playbookSchema.parse({ name: 'test', title: 'Test', summary: 'Test', steps });
      return createRun({
        playbook,
        actions,
        target: target(vm),
        log: bench.log,
        responderAddress: responder,
        reason: 'a test',
        readOnly: false,
        interactive: false,
        now: () => simulator.now(),
        ...options,
      });
    },
    async begin() {
      cases += 1;
      bench.log = memoryLog(`2026-11-23-case-${cases}`);
      bench.permissions = undefined;
      seen = simulator.mutations().length;
      await post([]);
    },
    mutations: () => simulator.mutations().slice(seen),
    world: look,
    async resource(type, name) {
      const { resources } = await look();
      return resources.find(
        (one) =>
          String(one.type).toLowerCase() === type.toLowerCase() &&
          String(one.name).toLowerCase() === name.toLowerCase(),
      );
    },
    async faults(faults) {
      await post(faults);
    },
    async skip(seconds) {
      await fetch(new URL('/simulator/clock', simulator.url), {
        method: 'POST',
        body: JSON.stringify({ skipSeconds: seconds }),
      });
    },
    async until(condition) {
      const given = AbortSignal.timeout(20_000);
      while (!(await Promise.resolve(condition()).catch(() => false))) {
        given.throwIfAborted();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    close: () => simulator.close(),
  };
  return bench;
}

/** A world in which an action is refused in the resource group of file01, where it is allowed elsewhere. */
export const deniedInFiles =
  (action: string) =>
  (world: World): void => {
    const scope = `/subscriptions/${world.subscriptions[0]?.subscriptionId}/resourceGroups/rg-files`;
    world.denied.push({ action, scope });
  };

export const runCommandType = 'Microsoft.Compute/virtualMachines/runCommands';

/** The run commands that are in Azure. */
export const runCommandsIn = async (bench: Bench): Promise<Record<string, unknown>[]> =>
  (await bench.world()).resources.filter((one) => String(one.type).toLowerCase() === runCommandType.toLowerCase());

/** Lets through whatever is to be changed: for what somebody else does. */
export const openGate: ChangeGate = { before: async () => undefined, after: async () => undefined };

/** Answers every prompt as it comes: what must be typed, or the given text to questions. */
export function agreeing(run: StartedRun, answer = 'nothing was collected'): StartedRun {
  run.subscribe(() => {
    const { prompt } = run.view();
    if (prompt) queueMicrotask(() => run.answer(prompt.expects === '' ? answer : prompt.expects));
  });
  return run;
}

/** Answers every prompt with what must be typed, when somebody else has done something first. */
export function agreeingAfter(run: StartedRun, somebodyElse: () => Promise<unknown>): StartedRun {
  run.subscribe(() => {
    const { prompt } = run.view();
    if (prompt) queueMicrotask(() => void somebodyElse().then(() => run.answer(prompt.expects)));
  });
  return run;
}

/** What the simulator changed against what the transcript says: each mutation has its intent, before it, and an outcome. */
export function disagreements(mutations: Mutation[], log: MemoryLog): string[] {
  const wrong: string[] = [];
  const intents = log.of('intent');
  const outcomes = log.of('outcome');
  for (const mutation of mutations) {
    const intent = intents.find(
      (one) =>
        one.clientRequestId === mutation.clientRequestId &&
        decodeURIComponent(new URL(String(Reflect.get(Object(one.request), 'url'))).pathname).toLowerCase() ===
          mutation.path.toLowerCase(),
    );
    const name = `${mutation.method} ${mutation.path}`;
    if (!intent) wrong.push(`${name} has no intent`);
    else if (!outcomes.some((one) => one.intent === intent.id)) wrong.push(`${name} has no outcome`);
  }
  for (const intent of intents) {
    if (!outcomes.some((one) => one.intent === intent.id)) wrong.push(`intent ${String(intent.id)} has no outcome`);
  }
  return wrong;
}

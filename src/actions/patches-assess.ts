import * as z from 'zod';
import { at, booleanAt, instantAt, type Json, listAt, numberAt, textAt } from '../arm/json.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import { kqlString, withLiterals } from '../azure/client/kql-literal.ts';
import { loadQuery } from '../azure/client/load-query.ts';
import { rawBody } from '../azure/client/raw-body.ts';
import { queryGraph } from '../azure/client/resource-graph.ts';
import { powerIn, readMachine } from '../azure/readers/machine.ts';
import {
  type Action,
  type ActionContext,
  type ActionPlan,
  StalePlan,
  type Target,
  type Verification,
} from '../playbook/action.ts';
import { follow } from './operation.ts';
import { preflight } from './preflight/preflight.ts';
import { refusedPlan } from './refused-plan.ts';

const assessSettings = z.strictObject({});

const assessState = z.looseObject({
  /** When it was sent, ISO 8601; "" before. */
  startedAt: z.string(),
  /** What Azure calls this assessment. */
  activity: z.string(),
  status: z.string(),
  serious: z.number().nullable(),
  others: z.number().nullable(),
  rebootPending: z.boolean().nullable(),
  error: z.string(),
});
type AssessState = z.infer<typeof assessState>;

const notYet: AssessState = {
  startedAt: '',
  activity: '',
  status: '',
  serious: null,
  others: null,
  rebootPending: null,
  error: '',
};

/** What an assessment does from inside. */
const assessing = 'updates are looked for';

/**
 * Why Azure would refuse or fail: it assesses, installs updates and runs scripts by extensions, which run only in a VM that is
 * on, through its agent. "" when nothing prevents it. `done` says what is done from inside: "scripts run".
 * https://learn.microsoft.com/azure/update-manager/prerequisites
 */
export function obstacleTo(machine: unknown, view: unknown, name: string, done: string): string {
  const power = powerIn(view);
  if (power !== undefined && power.toLowerCase() !== 'running') {
    return `${name} is ${power}: ${done} from inside, so it must run. Starting it changes the disks; take snapshots before.`;
  }
  const profile = at(machine, 'properties', 'osProfile');
  const configuration = at(profile, 'windowsConfiguration') ?? at(profile, 'linuxConfiguration');
  if (booleanAt(configuration, 'provisionVMAgent') === false) {
    return `${name} was made without the VM agent, through which ${done}.`;
  }
  if (booleanAt(profile, 'allowExtensionOperations') === false) {
    return `${name} does not allow extensions, and by one ${done}.`;
  }
  const agent = listAt(view, 'vmAgent', 'statuses').map((status) => textAt(status, 'displayStatus'));
  if (agent.length > 0 && !agent.some((status) => /^ready$/i.test(status))) {
    return `the VM agent of ${name} does not answer (${agent[0]}).`;
  }
  return '';
}

/** As `obstacleTo`, of a VM that was read with its instance view. */
export const obstacleIn = (machine: Json, name: string, done: string): string =>
  obstacleTo(machine, at(machine, 'properties', 'instanceView'), name, done);

/** Reads the VM again before `done` is done from inside. Throws where an obstacle is there by now. */
export async function demandNoObstacle(connection: Connection, target: Target, done: string): Promise<void> {
  const because = obstacleIn(await readMachine(connection, target), target.name, done);
  if (because !== '') throw new StalePlan(because);
}

/** Has the VM Azure's own extension for updates already? Otherwise the assessment installs it. */
function hasPatchExtension(view: unknown): boolean {
  return listAt(view, 'vmAgent', 'extensionHandlers').some((handler) =>
    /PatchExtension$/i.test(textAt(handler, 'type')),
  );
}

/** The VM's resource and its instance view. */
async function readViews(connection: Connection, context: ActionContext) {
  const { resourceGroup, name, subscriptionId } = context.target;
  const compute = await connection.compute(subscriptionId);
  const [machine, view] = await Promise.all([
    rawBody((options) => compute.virtualMachines.get(resourceGroup, name, options)),
    rawBody((options) => compute.virtualMachines.instanceView(resourceGroup, name, options)),
  ]);
  return { machine, view };
}

async function planAssessment(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  assessSettings.parse(input);
  const { target } = context;
  const title = `Look for missing updates in ${target.name}`;
  const { machine, view } = await readViews(connection, context);
  const because = obstacleTo(machine, view, target.name, assessing);
  if (because !== '') return refusedPlan(title, 'impossible', because);
  const ahead = await preflight(connection, context, {
    needed: [{ action: 'Microsoft.Compute/virtualMachines/assessPatches/action', scope: target.id }],
    intended: [{ method: 'POST', resourceId: `${target.id}/assessPatches` }],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const before = instantAt(view, 'patchStatus', 'availablePatchSummary', 'lastModifiedTime');
  return {
    title,
    touches: [],
    danger: 'reversible',
    undo: '',
    changes: [
      {
        method: 'POST',
        resourceId: `${target.id}/assessPatches`,
        diff: [{ property: 'last assessment', before: before ?? '(none)', after: 'now' }],
        before: null,
        after: null,
      },
    ],
    permissions: ahead.permissions,
    warnings: [
      ...ahead.warnings,
      'It writes to the disk of the VM: an extension runs in it as SYSTEM or root, and leaves its logs there. Take the snapshots before.',
      ...(hasPatchExtension(view) ? [] : ['The extension for updates is not in the VM yet: Azure installs it.']),
    ],
    consequences: [
      'Updates are looked for; none is installed, and nothing is restarted.',
      'It needs the VM agent and the way out to where updates come from: do it before the network is locked.',
      'An intruder on the VM can see it run. It takes minutes.',
      'It cannot be undone: what the extension writes stays.',
    ],
    state: { ...notYet },
  };
}

async function assess(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const { target } = context;
  assessState.parse(planned.state);
  const { machine, view } = await readViews(connection, context);
  const because = obstacleTo(machine, view, target.name, assessing);
  if (because !== '') throw new StalePlan(because);
  const startedAt = connection.clock.now().toISOString();
  const compute = await connection.compute(target.subscriptionId);
  context.progress({ fraction: null, text: 'the extension looks for updates' });
  const answered = await follow(connection, context, `assess ${target.name}`, (options) =>
    compute.virtualMachines.assessPatches(target.resourceGroup, target.name, options),
  );
  // Where the answer was lost, the VM's own view has the same summary.
  const answer = answered ?? at((await readViews(connection, context)).view, 'patchStatus', 'availablePatchSummary');
  await context.keep('patch-assessment', answer);
  const code = textAt(answer, 'error', 'code');
  return {
    startedAt,
    activity: textAt(answer, 'assessmentActivityId'),
    status: textAt(answer, 'status'),
    serious: numberAt(answer, 'criticalAndSecurityPatchCount') ?? null,
    others: numberAt(answer, 'otherPatchCount') ?? null,
    rebootPending: booleanAt(answer, 'rebootPending') ?? null,
    // A result without an error carries the code "0".
    error: code === '' || code === '0' ? '' : `${code}: ${textAt(answer, 'error', 'message')}`,
  } satisfies AssessState;
}

/** When Resource Graph, which the triage reads, was assessed; null when it shows no assessment. */
async function listedAt(connection: Connection, context: ActionContext): Promise<string | null> {
  const query = withLiterals(await loadQuery('patch-assessment'), {
    _machine: kqlString(context.target.id.toLowerCase()),
  });
  const { rows } = await queryGraph(connection, query, [context.target.subscriptionId], context.signal);
  const summary = rows.find((row) => textAt(row, 'type').endsWith('patchassessmentresults'));
  return instantAt(summary?.properties, 'lastModifiedDateTime');
}

/** Did the assessment end well, and is it in Resource Graph? */
async function resultOf(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = assessState.parse(given);
  if (!/^(succeeded|completedwithwarnings)$/i.test(state.status)) {
    return {
      ok: false,
      text: `The assessment ended as ${state.status || '?'}: ${state.error || 'no reason given'}.`,
    };
  }
  const number = (count: number | null) => (count === null ? 'an unknown number of' : String(count));
  const told = [
    `Assessed: ${number(state.serious)} critical or security updates and ${number(state.others)} others are missing`,
    ...(state.rebootPending === null ? [] : [state.rebootPending ? 'a reboot is pending' : 'no reboot is pending']),
    ...(state.error === '' ? [] : [`with warnings: ${state.error}`]),
  ].join('; ');
  try {
    const listed = await listedAt(connection, context);
    if (listed !== null && Date.parse(listed) >= Date.parse(state.startedAt) - 60_000)
      return { ok: true, text: `${told}.` };
    return { ok: null, text: `${told}. Resource Graph does not list them yet: refresh in a few minutes.` };
  } catch (error) {
    return {
      ok: null,
      text: `${told}. Resource Graph could not be asked for the list: ${azureError(error).message}`,
    };
  }
}

/** Has Azure look for missing updates in the VM now. It installs none; it cannot be undone. */
export function patchesAssess(connection: Connection): Action {
  return {
    name: 'patches.assess',
    input: assessSettings,
    danger: 'reversible',
    plan: (context, input) => planAssessment(connection, context, input),
    apply: (context, planned) => assess(connection, context, planned),
    verify: (context, state) => resultOf(connection, context, state),
  };
}

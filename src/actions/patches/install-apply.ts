import { at, numberAt, textAt } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readMachine } from '../../azure/readers/machine.ts';
import type { ActionContext, ActionPlan, Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { follow } from '../operation.ts';
import { demandNoObstacle } from '../patches-assess.ts';
import { type InstallState, installing, installState } from './install-settings.ts';

/** Azure needs some time to begin and to report, beside what the installation itself may take. */
const extraMinutes = 15;

const summaryOf = (machine: unknown) =>
  at(machine, 'properties', 'instanceView', 'patchStatus', 'lastPatchInstallationSummary');

/** Sends the request once and follows it to its end, for as long as it may take. */
export async function applyInstall(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<InstallState> {
  const state = installState.parse(planned.state);
  const { target } = context;
  await demandNoObstacle(connection, target, installing);
  const startedAt = connection.clock.now().toISOString();
  const { virtualMachines } = await connection.compute(target.subscriptionId);
  const classificationsToInclude = state.classifications;
  const patient = { ...connection, operationLimitMs: (state.hours * 60 + extraMinutes) * 60_000 };
  context.progress({ fraction: null, text: `updates are installed, for up to ${state.hours} h` });
  const answered = await follow(patient, context, `install updates in ${target.name}`, (options) =>
    virtualMachines.installPatches(
      target.resourceGroup,
      target.name,
      {
        maximumDuration: `PT${state.hours}H`,
        rebootSetting: state.reboot,
        ...(state.os === 'windows'
          ? { windowsParameters: { classificationsToInclude } }
          : { linuxParameters: { classificationsToInclude } }),
      },
      options,
    ),
  );
  // Where the answer was lost, the VM's own view has the same summary.
  const answer = answered ?? summaryOf(await readMachine(connection, target));
  await context.keep('patch-installation', answer);
  const code = textAt(answer, 'error', 'code');
  return {
    ...state,
    startedAt,
    activity: textAt(answer, 'installationActivityId'),
    status: textAt(answer, 'status'),
    rebootStatus: textAt(answer, 'rebootStatus'),
    installed: numberAt(answer, 'installedPatchCount') ?? null,
    failed: numberAt(answer, 'failedPatchCount') ?? null,
    pending: numberAt(answer, 'pendingPatchCount') ?? null,
    // A result without an error carries the code "0".
    error: code === '' || code === '0' ? '' : printable(`${code}: ${textAt(answer, 'error', 'message')}`, 400),
  };
}

/** Did it end well, by its own result and by the VM's instance view? */
export async function verifyInstall(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = installState.parse(given);
  const many = (count: number | null) => (count === null ? 'an unknown number' : String(count));
  const counts = `${many(state.installed)} installed, ${many(state.failed)} failed, ${many(state.pending)} left over`;
  const error = state.error === '' ? '' : ` ${state.error}.`;
  const restart = /^required$/i.test(state.rebootStatus)
    ? ' A RESTART IS NEEDED before they are in force.'
    : ` Restart: ${printable(state.rebootStatus, 40) || 'unknown'}.`;
  const told = `${counts}.${restart}${error}`;
  if (!/^(succeeded|completedwithwarnings)$/i.test(state.status))
    return { ok: false, text: `The installation ended as ${printable(state.status, 40) || '?'}: ${told}` };
  const summary = summaryOf(await readMachine(connection, context.target));
  const seen = textAt(summary, 'installationActivityId');
  if (state.activity === '' || seen.toLowerCase() !== state.activity.toLowerCase())
    return { ok: null, text: `Installed: ${told} The VM’s own view does not show this installation yet.` };
  return {
    ok: state.failed === null ? null : state.failed === 0,
    text: `Installed: ${told} Assess again to see what is missing yet (assess-patches).`,
  };
}

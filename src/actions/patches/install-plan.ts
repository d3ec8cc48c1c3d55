import type { Connection } from '../../azure/client/connection.ts';
import { readMachine, systemOf } from '../../azure/readers/machine.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { obstacleIn } from '../patches-assess.ts';
import { preflight } from '../preflight/preflight.ts';
import { refusedPlan } from '../refused-plan.ts';
import { classificationsFor, type InstallState, installing, installSettings } from './install-settings.ts';
import { preservedDisks } from './preserved.ts';

/** Why the evidence is not safe from an installation yet; "" when it is. */
async function notPreserved(
  connection: Connection,
  context: ActionContext,
  machine: Record<string, unknown>,
): Promise<string> {
  const { missing, notSeen } = await preservedDisks(connection, context, machine);
  if (missing.length === 0) return '';
  const why = notSeen === '' ? '' : `; ${notSeen}`;
  return `The case has no whole snapshot of ${missing.join(', ')}${why}.`;
}

/** Plans with reads alone; refuses while the case has no snapshot of every disk, unless a reason is given. */
export async function planInstall(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = installSettings.parse(input);
  const { target } = context;
  const title = `Install updates in ${target.name}`;
  const machine = await readMachine(connection, target);
  const because = obstacleIn(machine, target.name, installing);
  if (because !== '') return refusedPlan(title, 'impossible', because);
  const os = systemOf(machine);
  const classifications = classificationsFor(os, settings.classifications);
  if (classifications.length === 0) {
    const none = `None of the classifications (${settings.classifications.join(', ')}) is one of ${os}.`;
    return refusedPlan(title, 'impossible', none);
  }
  const open = await notPreserved(connection, context, machine);
  if (open !== '' && settings.withoutSnapshot === undefined) {
    const cure = `Run snapshot-disks in this case first (--case ${context.caseId}), or say why not (with: withoutSnapshot).`;
    return refusedPlan(title, 'impossible', `${open} Updates overwrite evidence. ${cure}`);
  }
  const ahead = await preflight(connection, context, {
    needed: [{ action: 'Microsoft.Compute/virtualMachines/installPatches/action', scope: target.id }],
    intended: [{ method: 'POST', resourceId: `${target.id}/installPatches` }],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const restart =
    settings.reboot === 'Never'
      ? 'The VM is not restarted: what needs a restart is not in force until somebody does.'
      : 'The VM MAY BE RESTARTED: memory, sessions and processes are lost then.';
  return {
    title,
    changes: [
      {
        method: 'POST',
        resourceId: `${target.id}/installPatches`,
        diff: [
          { property: 'updates', before: '(as they are)', after: classifications.join(', ') },
          { property: 'restart', before: '', after: settings.reboot },
        ],
        before: null,
        after: { classifications, rebootSetting: settings.reboot, maximumDuration: `PT${settings.hours}H` },
      },
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: '',
    warnings: [
      ...(open === '' ? [] : [`${open} It goes on all the same: ${printable(settings.withoutSnapshot ?? '', 400)}`]),
      ...ahead.warnings,
    ],
    consequences: [
      restart,
      `It writes to the disks of the VM for up to ${settings.hours} h, and overwrites what is deleted there.`,
      'It closes the holes; it removes nothing that the intruder left. Rebuild a VM that was taken over.',
      'It needs the VM agent and the way out to where updates come from: a lock with denyOutbound stops it.',
      'There is no undo: uninstall single updates in the guest, or restore a backup.',
    ],
    state: {
      os,
      classifications,
      reboot: settings.reboot,
      hours: settings.hours,
      startedAt: '',
      activity: '',
      status: '',
      rebootStatus: '',
      installed: null,
      failed: null,
      pending: null,
      error: '',
    } satisfies InstallState,
  };
}

import * as z from 'zod';
import { at, type Json } from '../arm/json.ts';
import type { Connection } from '../azure/client/connection.ts';
import { interfacesOf, powerIn, readMachine } from '../azure/readers/machine.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { follow } from './operation.ts';
import { preflight } from './preflight/preflight.ts';
import { lookAtAddresses } from './public-address/remove-plan.ts';
import { refusedPlan } from './refused-plan.ts';
import { scaleSetOutlook } from './scale-set-outlook.ts';
import { disksOf } from './snapshot/disks.ts';

const deallocateSettings = z.strictObject({});

const deallocateState = z.looseObject({ before: z.string() });
type DeallocateState = z.infer<typeof deallocateState>;

/** "running", "deallocated", … in lower case; "" when Azure does not report it. */
const powerOf = (machine: Json): string => (powerIn(at(machine, 'properties', 'instanceView')) ?? '').toLowerCase();

async function addressWarnings(connection: Connection, machine: Record<string, unknown>): Promise<string[]> {
  const looked = await Promise.all(
    interfacesOf(machine).map((id) =>
      lookAtAddresses(connection, id).then(
        ({ warnings }) => warnings,
        () => ['Not seen: whether its public addresses are dynamic. Azure takes a dynamic one back.'],
      ),
    ),
  );
  return [...new Set(looked.flat())];
}

/**
 * An ephemeral OS disk lies on the host and cannot be deallocated: learn.microsoft.com/azure/virtual-machines/
 * ephemeral-os-disks.
 */
async function planDeallocate(connection: Connection, context: ActionContext): Promise<ActionPlan> {
  const { target } = context;
  const title = `Switch ${target.name} off and give its host back (deallocate)`;
  const machine = await readMachine(connection, target);
  const power = powerOf(machine);
  if (disksOf(machine).ephemeral) {
    const because = `${target.name} has an ephemeral OS disk, which lies on its host: Azure does not deallocate it, and what would stop it loses the disk. Lock its network instead (lock-nsg).`;
    return refusedPlan(title, 'impossible', because);
  }
  if (power === 'deallocated') return refusedPlan(title, 'nothing-to-do', `${target.name} is deallocated already.`);
  const action = (verb: string) => `Microsoft.Compute/virtualMachines/${verb}/action`;
  const ahead = await preflight(connection, context, {
    needed: [
      { action: action('deallocate'), scope: target.id },
      { action: action('start'), scope: target.id, forUndo: true },
    ],
    intended: [
      { method: 'POST', resourceId: `${target.id}/deallocate` },
      { method: 'POST', resourceId: `${target.id}/start`, forUndo: true },
    ],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  return {
    title,
    changes: [
      {
        method: 'POST',
        resourceId: `${target.id}/deallocate`,
        diff: [{ property: 'power', before: power || 'unknown', after: 'deallocated' }],
        before: { power },
        after: null,
      },
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: 'starts the VM, and with it whatever the intruder left to be started',
    warnings: [
      ...(await scaleSetOutlook(connection, context, machine)),
      ...(await addressWarnings(connection, machine)),
      ...ahead.warnings,
    ],
    consequences: [
      'MEMORY IS LOST: processes, connections, keys and malware that lives in memory alone. So is the temporary disk (D: or /mnt).',
      'What runs on it for the customer stops.',
      'To isolate the VM, lock-nsg is enough, and loses nothing.',
      'A later start may find no room in the region (AllocationFailed), and lands on another host.',
    ],
    state: { before: power } satisfies DeallocateState,
  };
}

async function deallocate(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<DeallocateState> {
  const state = deallocateState.parse(planned.state);
  const { target } = context;
  const machine = await readMachine(connection, target);
  if (powerOf(machine) !== state.before)
    throw new StalePlan(`${target.name} is ${powerOf(machine) || 'in no known state'} by now.`);
  await context.keep('before-deallocate', machine);
  const { virtualMachines } = await connection.compute(target.subscriptionId);
  context.progress({ fraction: null, text: 'Azure switches the VM off' });
  await follow(connection, context, `deallocate ${target.name}`, (options) =>
    virtualMachines.deallocate(target.resourceGroup, target.name, options),
  );
  return state;
}

async function verifyDeallocate(connection: Connection, { target }: ActionContext): Promise<Verification> {
  const power = powerOf(await readMachine(connection, target));
  if (power === 'deallocated') return { ok: true, text: `${target.name} is deallocated.` };
  if (power === 'deallocating') return { ok: null, text: `${target.name} is still being deallocated.` };
  if (power === '') return { ok: null, text: `Azure does not say whether ${target.name} is deallocated.` };
  return { ok: false, text: `${target.name} is ${power}, NOT deallocated.` };
}

async function start(connection: Connection, context: ActionContext): Promise<Verification> {
  const { target } = context;
  const before = powerOf(await readMachine(connection, target));
  if (before === 'running') return { ok: true, text: `${target.name} runs already.` };
  const { virtualMachines } = await connection.compute(target.subscriptionId);
  context.progress({ fraction: null, text: 'Azure starts the VM' });
  await follow(connection, context, `start ${target.name}`, (options) =>
    virtualMachines.start(target.resourceGroup, target.name, options),
  );
  const after = powerOf(await readMachine(connection, target));
  if (after === 'running') return { ok: true, text: `${target.name} runs again. Its memory is new.` };
  return {
    ok: after === 'starting' || after === '' ? null : false,
    text: `${target.name} is ${after || 'in no known state'} after the start.`,
  };
}

/** Switches the VM off and gives its host back. Never a default: memory is lost. Undo starts it. */
export function vmDeallocate(connection: Connection): Action {
  return {
    name: 'vm.deallocate',
    input: deallocateSettings,
    danger: 'disruptive',
    plan: (context) => planDeallocate(connection, context),
    apply: (context, planned) => deallocate(connection, context, planned),
    verify: (context) => verifyDeallocate(connection, context),
    undo: (context) => start(connection, context),
  };
}

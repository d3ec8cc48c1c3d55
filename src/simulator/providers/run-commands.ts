import { createHash } from 'node:crypto';
import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { guestOutput } from '../guest.ts';
import { at, type Json, record, text } from '../json.ts';
import { demandIdle, startCompute, startComputeDeletion } from '../long-running.ts';
import { powerState } from '../present.ts';
import { parentId, within } from '../resource-id.ts';
import { appendPrinted } from '../storage-blobs.ts';
import type { ArmResource } from '../world.ts';
import { demandGroup, ownerAt, resourceAt } from './resource-reads.ts';
import { demandRegion, tagsOf } from './writes.ts';

const type = 'Microsoft.Compute/virtualMachines/runCommands';

/** The instance view keeps so much of what a script printed, from its end. */
const keptBytes = 4096;

const lastOf = (printed: string): string => {
  const bytes = Buffer.from(printed);
  return bytes.subarray(Math.max(0, bytes.length - keptBytes)).toString();
};

/** A run command as it is printed: without what is protected, and its instance view where that is asked for. */
function shown(call: Call, resource: ArmResource): ArmResource {
  const { instanceView, protectedParameters: _, runAsPassword: __, ...properties } = record(resource.properties);
  const wantsView = /^instanceView$/i.test(call.query.get('$expand') ?? '');
  return { ...resource, properties: wantsView ? { ...properties, instanceView } : properties };
}

/** Refuses a script for a machine that does not run. */
export function demandRunning(machine: ArmResource): void {
  if (powerState(machine) === 'PowerState/running') return;
  throw new AzureError(409, 'OperationNotAllowed', `Cannot modify extensions in the VM when the VM is not running.`, {
    extra: { target: machine.name },
  });
}

function viewOf(startedAt: string, more: Json): Json {
  return { executionState: 'Running', executionMessage: '', output: '', error: '', startTime: startedAt, ...more };
}

/** What the guest printed, and how the script ended. */
function endedView(call: Call, machine: ArmResource, properties: Json, startedAt: string): Json {
  const script = text(at(properties.source, 'script')) ?? '';
  const { output, error, exitCode } = guestOutput(call.azure, machine, script, properties.parameters);
  const end = createHash('sha256').update(output).digest('hex');
  const whole =
    exitCode === 0 && script.includes('cordon-end')
      ? `${output}cordon-end sha256=${end} bytes=${Buffer.byteLength(output)}`
      : output;
  const uploads = [
    [properties.outputBlobUri, whole],
    [properties.errorBlobUri, error],
  ] as const;
  const failed = uploads.flatMap(([address, printed]) => {
    const because = text(address) === undefined ? '' : appendPrinted(call.azure, text(address) ?? '', printed);
    return because === '' ? [] : [because];
  });
  return viewOf(startedAt, {
    ...(failed.length === 0 ? {} : { executionMessage: `The output could not be uploaded: ${failed.join(' ')}` }),
    executionState: exitCode === 0 ? 'Succeeded' : 'Failed',
    exitCode,
    output: lastOf(whole),
    error: lastOf(error),
    endTime: call.azure.clock.now().toISOString(),
  });
}

const put: Handler = (call) => {
  demandGroup(call);
  const { store, pace, clock } = call.azure;
  const machine = resourceAt(call, parentId(call.path));
  const before = store.get(call.path);
  const body = bodyOf(call);
  const region = demandRegion(call, body, before);
  demandRunning(machine);
  const id = before?.id ?? call.path;
  demandIdle(call, id);
  const given = record(body.properties);
  const source = record(given.source);
  if (['script', 'scriptUri', 'commandId'].every((name) => source[name] === undefined)) {
    throw new AzureError(400, 'InvalidParameter', "Required parameter 'source' is missing (null).", {
      extra: { target: 'source' },
    });
  }
  const startedAt = clock.now().toISOString();
  const tags = tagsOf(body);
  const resource = (state: string, instanceView: Json): ArmResource => ({
    name: before?.name ?? param(call, 'command'),
    id,
    type,
    location: before?.location ?? region,
    ...(tags !== undefined && { tags }),
    properties: {
      timeoutInSeconds: 5400,
      asyncExecution: false,
      treatFailureAsDeploymentFailure: false,
      ...given,
      provisioningState: state,
      instanceView,
    },
  });
  store.put(resource('Creating', viewOf(startedAt, {})));
  const { headers } = startCompute(call, region, 'operations', {
    target: id,
    duration: pace.virtualMachine,
    finish: () => {
      if (store.get(id) !== undefined)
        store.put(resource('Succeeded', endedView(call, machine, given, startedAt)), { silent: true });
    },
    fail: () => {
      if (store.get(id) !== undefined)
        store.put(resource('Failed', viewOf(startedAt, { executionState: 'Failed', exitCode: -1 })), { silent: true });
    },
    result: () => {
      const now = store.get(id);
      return now === undefined ? undefined : shown(call, now);
    },
  });
  const accepted = shown(call, resource('Creating', {}));
  return { status: before === undefined ? 201 : 200, headers, body: accepted };
};

const get: Handler = (call) => ok(shown(call, resourceAt(call)));

const list: Handler = (call) => {
  const machine = ownerAt(call);
  const mine = call.azure.store.ofType(type).filter(({ id }) => within(id, machine.id));
  return page(
    call,
    mine.map((one) => shown(call, one)),
  );
};

const remove: Handler = (call) => {
  const { store, pace } = call.azure;
  const before = store.get(call.path);
  if (before === undefined) {
    demandGroup(call);
    return { status: 204 };
  }
  demandRunning(resourceAt(call, parentId(call.path)));
  return startComputeDeletion(call, before, 'operations', pace.virtualMachine / 2);
};

const root =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}/runCommands';

export const runCommandRoutes: Route[] = [
  { method: 'GET', template: root, handler: list },
  { method: 'GET', template: `${root}/{command}`, handler: get },
  { method: 'PUT', template: `${root}/{command}`, handler: put },
  { method: 'DELETE', template: `${root}/{command}`, handler: remove },
];

import { at, instantAt, listAt, numberAt, textAt } from '../../arm/json.ts';
import { provisioningFrom, provisioningOf } from '../../arm/provisioning.ts';
import { shortName } from '../../arm/resource-id.ts';
import { powerIn, provisioningIn } from '../../azure/readers/machine.ts';
import {
  type Ask,
  atIt,
  done,
  hadTime,
  isBegunBy,
  notDone,
  pathOf,
  readAt,
  type Shown,
  shown,
  unclear,
  withEnd,
} from './sent-change.ts';
import { backupFate } from './vault-jobs.ts';

function portsOf(request: unknown): string[] {
  return listAt(request, 'virtualMachines').flatMap((machine) =>
    listAt(machine, 'ports').map((port) =>
      [
        textAt(machine, 'id').toLowerCase(),
        numberAt(port, 'number') ?? '',
        Date.parse(textAt(port, 'endTimeUtc')),
      ].join(' '),
    ),
  );
}

/** A request for access is in its policy, with its ports, its end and the reason that was given. */
const accessFate: Ask = async (connection, sent, signal) => {
  const url = withEnd(sent, /\/initiate$/i, '');
  const policy = await readAt(connection, url, signal);
  if (policy === null) return notDone(`${shortName(pathOf(url))} does not exist: access was not requested`);
  const reason = textAt(sent.body, 'justification');
  const wanted = portsOf(sent.body);
  const found = listAt(policy, 'properties', 'requests').some((request) => {
    if (textAt(request, 'justification') !== reason) return false;
    const granted = portsOf(request);
    return wanted.length > 0 && wanted.every((port) => granted.includes(port));
  });
  return found
    ? done('the policy names the request: access was requested')
    : unclear('the policy does not name the request');
};

/**
 * Whether a disk or snapshot can be read by signed addresses shows in its state, of which request one is does not. The state
 * changes while Azure is still making the address, and again where that fails: so it settles no request for one, and the activity
 * log does. What ends addresses is settled by a state that is none of a change under way.
 */
const exportAccessFate: Ask = async (connection, sent, signal) => {
  const begins = /\/beginGetAccess$/i.test(new URL(sent.url).pathname);
  const url = withEnd(sent, /\/(begin|end)GetAccess$/i, '');
  const name = shortName(pathOf(url));
  const resource = await readAt(connection, url, signal);
  if (resource === null) return notDone(`${name} does not exist: nobody has access to it`);
  const { state, progress } = provisioningOf(resource);
  if (progress === 'under way') return atIt(`a change of ${name} is under way (${state})`);
  const diskState = textAt(resource, 'properties', 'diskState');
  if (diskState === '') return unclear(`whether ${name} can be read by a signed address Azure does not say`);
  const open = /^active/i.test(diskState);
  if (begins) {
    return unclear(
      open
        ? `${name} can be read by a signed address, of which request one is does not show`
        : `${name} can be read by no signed address now`,
    );
  }
  return open
    ? unclear(`${name} can still be read by a signed address`)
    : shown(`${name} can be read by no signed address: it was done`);
};

/**
 * Azure shows the last assessment of a VM, and the last installation, in its instance view. Its status stays "InProgress" until the
 * operation completes: Compute specification, AvailablePatchSummary.
 */
const patchFate =
  (what: string, summaryName: string): Ask =>
  async (connection, sent, signal) => {
    const view = await readAt(connection, withEnd(sent, /\/(assess|install)Patches$/i, '/instanceView'), signal);
    const summary = at(view, 'patchStatus', summaryName);
    const began = instantAt(summary, 'startTime') ?? '';
    if (began === '' || !isBegunBy(sent, Date.parse(began))) {
      return unclear(`the last ${what} of the VM is of another time`);
    }
    const status = textAt(summary, 'status');
    return /^(succeeded|completedwithwarnings|failed|unknown)$/i.test(status)
      ? done(`the ${what} began at ${began} and ended as ${status}: it was done`)
      : atIt(`the ${what} runs since ${began}${status === '' ? '' : ` (${status})`}`);
  };

const powers: ReadonlyMap<string, string> = new Map(Object.entries({ deallocate: 'deallocated', start: 'running' }));

/** Powers that a VM has on its way to another: "States and billing status of Azure Virtual Machines", as read 2026-11-30. */
const onTheWay = /^(creating|starting|stopping|deallocating)$/;

/** A VM's power is what the last such request made it; of an earlier one the activity log knows. */
const powerFate: Ask = async (connection, sent, signal) => {
  const [, verb = ''] = /\/(deallocate|start)$/i.exec(new URL(sent.url).pathname) ?? [];
  const view = await readAt(connection, withEnd(sent, /\/(deallocate|start)$/i, '/instanceView'), signal);
  const power = (powerIn(view) ?? '').toLowerCase();
  const { state, progress } = provisioningFrom(provisioningIn(view));
  if (onTheWay.test(power)) return atIt(`the VM is ${power}`);
  if (progress === 'under way') return atIt(`the VM is ${power || 'in no known state'}, and Azure is at it (${state})`);
  if (power === powers.get(verb.toLowerCase())) return shown(`the VM is ${power}: it was done`);
  const text = `the VM is ${power || 'in no known state'}`;
  return hadTime(connection, sent) ? unclear(text) : { ...notDone(`${text}: it was not done`), sure: false };
};

/** POSTs that show in the resource, or in what it lists. */
const posts: readonly (readonly [RegExp, Ask])[] = [
  [/\/protectedItems\/[^/]+\/backup$/i, backupFate],
  [/\/jitNetworkAccessPolicies\/[^/]+\/initiate$/i, accessFate],
  [/\/virtualMachines\/[^/]+\/assessPatches$/i, patchFate('assessment', 'availablePatchSummary')],
  [/\/virtualMachines\/[^/]+\/installPatches$/i, patchFate('installation', 'lastPatchInstallationSummary')],
  [/\/(disks|snapshots)\/[^/]+\/(begin|end)GetAccess$/i, exportAccessFate],
  [/\/virtualMachines\/[^/]+\/(deallocate|start)$/i, powerFate],
];

/** Shows in the resource of a POST; of what does not show, the activity log is asked. */
export const postFate: Ask = async (connection, sent, signal): Promise<Shown> => {
  const path = pathOf(sent.url);
  const ask = posts.find(([pattern]) => pattern.test(path))?.[1];
  const found = ask
    ? await ask(connection, sent, signal)
    : unclear(`what became of POST ${shortName(path)} does not show in its resource`);
  return found.ok === null && !found.running ? { ...found, sure: false } : found;
};

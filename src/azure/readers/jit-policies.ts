import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { sameId } from '../../arm/resource-id.ts';
import type { WhyUnknown } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { counted } from '../../text/counts.ts';
import { listOfArm } from '../client/arm-pages.ts';
import type { Connection } from '../client/connection.ts';
import { isForbidden } from '../client/failure.ts';

const version = '2020-01-01';
const pageLimit = 50;

/** Just-in-time policies as Azure prints them, and how much of the subscription they are. */
export interface JitPolicies {
  policies: Json[];
  coverage: string;
  /** What could not be seen, in sentences. */
  notSeen: string[];
  /** Why not, one each. */
  notSeenWhy: WhyUnknown[];
}

/** Has the policy what Azure prints of each, also where it names no VM? */
const isWhole = (policy: Json): boolean =>
  textAt(policy, 'id') !== '' && Array.isArray(at(policy, 'properties', 'virtualMachines'));

/**
 * The just-in-time policies that may name a VM, wherever they are kept: those of its subscription, or of its resource
 * group where no more may be read. Throws the SDK's error.
 */
export async function readJitPolicies(
  connection: Connection,
  vm: Pick<VirtualMachine, 'subscriptionId' | 'resourceGroup'>,
  signal?: AbortSignal,
): Promise<JitPolicies> {
  const collect = async (scope: string) => {
    const url = `${scope}/providers/Microsoft.Security/jitNetworkAccessPolicies?api-version=${version}`;
    const { entries, cut } = await listOfArm(connection, url, pageLimit, signal);
    const policies = entries.filter(isObject);
    const whole = policies.filter(isWhole);
    const damaged = policies.length - whole.length;
    return {
      policies: whole,
      cut: [
        ...(cut === '' ? [] : [`just-in-time policies: ${cut}`]),
        ...(damaged === 0
          ? []
          : [`${counted(damaged, 'just-in-time policy', 'just-in-time policies')} without an id or a list of VMs`]),
      ],
    };
  };
  const subscription = `/subscriptions/${vm.subscriptionId}`;
  try {
    const { policies, cut } = await collect(subscription);
    return { policies, coverage: 'policies of the subscription', notSeen: cut, notSeenWhy: cut.map(() => 'damaged') };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const { policies, cut } = await collect(`${subscription}/resourceGroups/${vm.resourceGroup}`);
    return {
      policies,
      coverage: `policies of ${vm.resourceGroup}`,
      notSeen: ['policies in other resource groups: ask for Security Reader on the subscription', ...cut],
      notSeenWhy: ['denied', ...cut.map((): WhyUnknown => 'damaged')],
    };
  }
}

/** What a policy says of one VM; undefined when it does not name it. */
export function jitEntryOf(policy: Json | undefined, machineId: string): Json | undefined {
  return listAt(policy, 'properties', 'virtualMachines')
    .filter(isObject)
    .find((machine) => sameId(textAt(machine, 'id'), machineId));
}

/** The addresses that a policy's port, or a request's, names; "*" for every one. */
export function jitSourcesOf(port: unknown): string[] {
  const named = [
    textAt(port, 'allowedSourceAddressPrefix'),
    ...listAt(port, 'allowedSourceAddressPrefixes').map(String),
  ];
  const sources = named.filter((text) => text !== '');
  return sources.length === 0 ? ['*'] : sources;
}

/** One port that a request opened, or was to open, on one VM. */
export interface JitGrant {
  port: number;
  sources: string[];
  requestor: string;
  justification: string;
  status: string;
  startedAt: string;
  endsAt: string;
  open: boolean;
}

/** The requests that a policy records for one VM. */
export function jitGrantsOf(policy: Json, machineId: string, now: Date): JitGrant[] {
  return listAt(policy, 'properties', 'requests').flatMap((request) =>
    listAt(request, 'virtualMachines')
      .filter((machine) => sameId(textAt(machine, 'id'), machineId))
      .flatMap((machine) => listAt(machine, 'ports'))
      .map((port) => ({
        port: Number(textAt(port, 'number')),
        sources: jitSourcesOf(port),
        requestor: textAt(request, 'requestor'),
        justification: textAt(request, 'justification'),
        status: [textAt(port, 'status'), textAt(port, 'statusReason') && `(${textAt(port, 'statusReason')})`]
          .filter(Boolean)
          .join(' '),
        startedAt: textAt(request, 'startTimeUtc'),
        endsAt: textAt(port, 'endTimeUtc'),
        open: /initiated/i.test(textAt(port, 'status')) && Date.parse(textAt(port, 'endTimeUtc')) > now.getTime(),
      })),
  );
}

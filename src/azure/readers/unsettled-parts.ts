import { listAt, textAt } from '../../arm/json.ts';
import { provisioningOf } from '../../arm/provisioning.ts';
import { nameOf, parentOf } from '../../arm/resource-id.ts';
import { retirement } from '../../azure-facts.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { NetworkResources } from '../../network/resources.ts';
import { printable } from '../../text/printable.ts';

/** "network security group web-nsg" */
function partName(id: string): string {
  const kind = id.split('/').at(-2) ?? '';
  const words = kind
    .replace(/IP(?=[A-Z])/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/ies$/, 'y')
    .replace(/(?<=ss)es$|(?<!s)s$/, '');
  return `${printable(words.toLowerCase(), 60)} ${nameOf(id)}`;
}

/** That a part's last change failed or is under way; "" for one that is as its configuration says. */
export function unsettledText(id: string, body: unknown): string {
  const { state, progress } = provisioningOf(body);
  if (progress === 'ended') return '';
  const why =
    progress === 'failed'
      ? `its last change ${/^failed$/i.test(state) ? 'failed' : 'was cancelled'}`
      : `a change of it is under way (${printable(state, 30)})`;
  return `whether ${partName(id)} does what it says: ${why}`;
}

const basicKinds: Record<string, string> = {
  publicIPAddresses: 'Basic public addresses',
  loadBalancers: 'Basic load balancers',
};

/** That a part is of a kind that Azure has retired by `today` (ISO 8601), and may carry nothing any more; "" for others. */
export function retiredText(id: string, body: unknown, today: string): string {
  const kind = Object.keys(basicKinds).find((one) => one.toLowerCase() === id.split('/').at(-2)?.toLowerCase());
  if (kind === undefined || textAt(body, 'sku', 'name').toLowerCase() !== 'basic') return '';
  const when = retirement('basic-addresses-and-balancers', today);
  return when.startsWith('retired')
    ? `whether ${partName(id)} still carries traffic: ${basicKinds[kind]} were ${when}`
    : '';
}

/**
 * What of a VM's network is not as its configuration says, or passes something that is not seen: parts whose last change
 * failed or is under way or that Azure has retired, and interfaces behind a gateway load balancer.
 *
 * @param parts ids of the VM's interfaces and of what decides who reaches them
 */
export function unsettledParts(
  resources: NetworkResources,
  parts: readonly string[],
  vm: VirtualMachine,
  today: string,
): string[] {
  const ids = [...new Map(parts.map((id) => [id.toLowerCase(), id])).values()];
  const unsettled = ids
    .flatMap((id) => [unsettledText(id, resources.get(id)), retiredText(id, resources.get(id), today)])
    .filter(Boolean);
  const gateways = vm.networkInterfaces.flatMap((id) =>
    listAt(resources.get(id), 'properties', 'ipConfigurations').flatMap((configuration) => {
      const frontend = textAt(configuration, 'properties', 'gatewayLoadBalancer', 'id');
      if (frontend === '') return [];
      return `network interface ${nameOf(id)} passes its traffic through gateway load balancer ${nameOf(parentOf(frontend) || frontend)}: what the appliances there stop is not seen`;
    }),
  );
  return [...new Set([...unsettled, ...gateways])];
}

import { at, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId } from '../../arm/resource-id.ts';
import type { Target } from '../../playbook/action.ts';
import type { Connection } from '../client/connection.ts';
import { azureError } from '../client/failure.ts';
import { rawBody } from '../client/raw-body.ts';

/** The resource at an id, as Azure writes it. Rejects with the SDK's error. */
export async function readNetworkResource(connection: Connection, id: string): Promise<Json> {
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error(`not a resource id: ${id}`);
  const client = await connection.network(parsed.subscriptionId);
  const { resourceGroup, names } = parsed;
  const [first = '', second = ''] = names;
  switch (parsed.type.toLowerCase()) {
    case 'microsoft.network/networkinterfaces':
      return rawBody((options) => client.networkInterfaces.get(resourceGroup, first, options));
    case 'microsoft.network/networksecuritygroups':
      return rawBody((options) => client.networkSecurityGroups.get(resourceGroup, first, options));
    case 'microsoft.network/virtualnetworks/subnets':
      return rawBody((options) => client.subnets.get(resourceGroup, first, second, options));
    default:
      throw new Error(`${parsed.type} is not read here`);
  }
}

/** As `readNetworkResource`, null when there is none. */
export async function readIfThere(connection: Connection, id: string): Promise<Json | null> {
  try {
    return await readNetworkResource(connection, id);
  } catch (error) {
    if (azureError(error).status === 404) return null;
    throw error;
  }
}

/** The machine as Azure writes it, with its instance view. */
export async function readMachine(connection: Connection, target: Target): Promise<Json> {
  const { virtualMachines } = await connection.compute(target.subscriptionId);
  return rawBody((options) =>
    virtualMachines.get(target.resourceGroup, target.name, { ...options, expand: 'instanceView' }),
  );
}

/** "running", "deallocated" …; "" when Azure does not tell. */
export function powerStateOf(machine: Json): string {
  for (const status of listAt(machine, 'properties', 'instanceView', 'statuses')) {
    const code = textAt(status, 'code');
    if (/^PowerState\//i.test(code)) return code.slice('PowerState/'.length).toLowerCase();
  }
  return '';
}

/** Ids of the machine's network interfaces, the primary first. */
export function interfacesOf(machine: Json): string[] {
  const references = listAt(machine, 'properties', 'networkProfile', 'networkInterfaces');
  const primary = references.filter((one) => at(one, 'properties', 'primary') === true);
  const others = references.filter((one) => at(one, 'properties', 'primary') !== true);
  return [...primary, ...others].map((one) => textAt(one, 'id')).filter((id) => id !== '');
}

/** Ids of the subnets of an interface's addresses, each once. */
export function subnetsOf(networkInterface: Json): string[] {
  const ids = listAt(networkInterface, 'properties', 'ipConfigurations').map((one) =>
    textAt(one, 'properties', 'subnet', 'id'),
  );
  return [...new Map(ids.filter((id) => id !== '').map((id) => [id.toLowerCase(), id])).values()];
}

/** Id of the security group at a network interface or a subnet, "" when there is none. */
export function groupOf(resource: Json): string {
  return textAt(resource, 'properties', 'networkSecurityGroup', 'id');
}

/** A security group in force at an interface, as Azure evaluates it. */
export interface EffectiveGroup {
  id: string;
  rules: unknown[];
}

export type Effective = { state: 'answered'; groups: EffectiveGroup[] } | { state: 'not-asked'; because: string };

/** The effective security rules of an interface. Azure tells them only for a running machine. */
export async function effectiveRules(
  connection: Connection,
  networkInterface: string,
  signal: AbortSignal,
): Promise<Effective> {
  const parsed = parseResourceId(networkInterface);
  if (!parsed) return { state: 'not-asked', because: 'not a network interface' };
  try {
    const { networkInterfaces } = await connection.network(parsed.subscriptionId);
    const answer = await networkInterfaces.listEffectiveNetworkSecurityGroups(parsed.resourceGroup, parsed.name, {
      updateIntervalInMs: connection.pollIntervalMs,
      abortSignal: signal,
    });
    const groups = (answer.value ?? []).slice(0, 50).map((group) => ({
      id: group.networkSecurityGroup?.id ?? '',
      rules: group.effectiveSecurityRules ?? [],
    }));
    return { state: 'answered', groups };
  } catch (error) {
    const { code, message, status } = azureError(error);
    const stopped = code === 'NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups';
    return { state: 'not-asked', because: stopped ? 'the VM is not running' : `${status} ${code}: ${message}` };
  }
}

/** Names of the security admin rules that let traffic in before any security group, or why they are not known. */
export async function alwaysAllowed(
  connection: Connection,
  network: string,
): Promise<{ names: string[] } | { because: string }> {
  const parsed = parseResourceId(network);
  if (!parsed) return { because: 'no virtual network' };
  try {
    const client = await connection.network(parsed.subscriptionId);
    const names: string[] = [];
    let skipToken: string | undefined;
    for (let page = 0; page < 20; page += 1) {
      const answer = await rawBody((options) =>
        client.listNetworkManagerEffectiveSecurityAdminRules(
          parsed.resourceGroup,
          parsed.name,
          skipToken === undefined ? {} : { skipToken },
          options,
        ),
      );
      for (const rule of listAt(answer, 'value')) {
        const always = textAt(rule, 'properties', 'access').toLowerCase() === 'alwaysallow';
        const inbound = textAt(rule, 'properties', 'direction').toLowerCase() === 'inbound';
        if (always && inbound) names.push(textAt(rule, 'id').split('/').at(-1) ?? 'unnamed');
      }
      skipToken = textAt(answer, 'skipToken') || undefined;
      if (skipToken === undefined) break;
    }
    return { names };
  } catch (error) {
    const { code, status, message } = azureError(error);
    return { because: `${status} ${code || message}` };
  }
}

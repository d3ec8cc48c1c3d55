import { parseResourceId } from '../../arm/resource-id.ts';
import type { SecondOpinion } from '../../network/rules/effective-rules.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, unknownFrom } from '../client/failure.ts';
import { curedByEligibility } from './eligible-roles.ts';

/**
 * Azure's effective security rules of a network interface, or why they could not be read: Azure reports them only for a
 * running VM, to callers that may do more than read.
 */
export async function readEffectiveRules(
  connection: Connection,
  networkInterface: string,
  signal?: AbortSignal,
): Promise<SecondOpinion> {
  const parsed = parseResourceId(networkInterface);
  if (!parsed) return { why: 'damaged', because: 'its id cannot be read', cure: '' };
  try {
    const { networkInterfaces } = await connection.network(parsed.subscriptionId);
    const body = await networkInterfaces.listEffectiveNetworkSecurityGroups(parsed.resourceGroup, parsed.name, {
      updateIntervalInMs: connection.pollIntervalMs,
      ...(signal ? { abortSignal: signal } : {}),
    });
    return { body };
  } catch (error) {
    if (azureError(error).code === 'NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups') {
      return { why: 'not-asked', because: 'Azure tells effective rules only while the VM runs', cure: '' };
    }
    const gap = unknownFrom(error, 'Azure Resource Manager · effective rules', {
      permission: 'Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action',
      role: 'Network Contributor (or a role with that action)',
      scope: parsed.name,
    });
    return curedByEligibility(connection, networkInterface, gap);
  }
}

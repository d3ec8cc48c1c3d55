import { textAt } from '../../arm/json.ts';
import type { Connection } from '../client/connection.ts';

/** Is the subscription registered for a resource provider? "Registered", "Registering", "NotRegistered", "Unregistered" … */
export async function readRegistration(
  connection: Connection,
  subscriptionId: string,
  namespace: string,
  signal?: AbortSignal,
): Promise<string> {
  const { body } = await connection.get(
    `/subscriptions/${subscriptionId}/providers/${namespace}?api-version=2021-04-01`,
    signal,
  );
  return textAt(body, 'registrationState');
}

/** Is a state one in which the provider can be used? "Registering" is not. */
export const isRegistered = (state: string): boolean => /^registered$/i.test(state);

/** The line that registers a subscription for a resource provider. */
export const registerLine = (subscriptionId: string, namespace: string): string =>
  `az provider register --namespace ${namespace} --subscription ${subscriptionId} --wait`;

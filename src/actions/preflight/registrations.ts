import type { Connection } from '../../azure/client/connection.ts';
import { isRegistered, readRegistration, registerLine } from '../../azure/readers/registrations.ts';
import { printable } from '../../text/printable.ts';
import { bounded, distinct, type Intended, type Outlook, subscriptionOf, why } from './intended.ts';

/** The namespace of the resource provider that answers for a resource. */
const namespaceOf = (resourceId: string): string => /^.*\/providers\/([^/]+)\//i.exec(resourceId)?.[1] ?? '';

/**
 * Is each subscription registered for the resource providers that are to be used? Azure refuses every change by another
 * (409 MissingSubscriptionRegistration; Microsoft Learn, "Azure resource providers and types").
 */
export async function lookAtRegistrations(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Outlook> {
  const outlook: Outlook = { blocked: [], warnings: [] };
  const places = distinct(
    intended
      .map(({ resourceId }) => ({ subscription: subscriptionOf(resourceId), namespace: namespaceOf(resourceId) }))
      .filter(({ namespace }) => namespace !== ''),
    ({ subscription, namespace }) => `${subscription} ${namespace}`,
  );
  await Promise.all(
    places.map(async ({ subscription, namespace }) => {
      try {
        const state = await bounded(connection, signal, (ending) =>
          readRegistration(connection, subscription, namespace, ending),
        );
        if (isRegistered(state)) return;
        const now = printable(state, 40) || 'not registered';
        outlook.blocked.push(
          `Subscription ${subscription} is not registered for ${namespace} (${now}). Register it with: ${registerLine(subscription, namespace)} (Contributor or Owner, ${namespace}/register/action), then run this again.`,
        );
      } catch (error) {
        if (signal.aborted) throw error;
        outlook.warnings.push(
          `Not seen: whether subscription ${subscription} is registered for ${namespace} (${why(error)}).`,
        );
      }
    }),
  );
  return outlook;
}

import type { Azure } from './azure.ts';
import { AzureError } from './azure-error.ts';
import { at, same, text } from './json.ts';
import { readPath, within } from './resource-id.ts';

/** Registered namespaces; the world can say otherwise with a resource of type Microsoft.Resources/providers. */
export function registrationState(azure: Azure, subscription: string, namespace: string): string {
  const said = azure.store
    .ofType('Microsoft.Resources/providers')
    .find((each) => same(each.name, namespace) && within(each.id, `/subscriptions/${subscription}`));
  return text(at(said?.properties, 'registrationState')) ?? text(said?.registrationState) ?? 'Registered';
}

/** Refuses a write to a namespace that the subscription is not registered for, as Resource Manager does. */
export function demandRegistered(azure: Azure, path: string): void {
  const { subscription, namespace } = readPath(path);
  if (subscription === undefined || namespace === undefined) return;
  if (same(registrationState(azure, subscription, namespace), 'Registered')) return;
  const message = `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`;
  throw new AzureError(409, 'MissingSubscriptionRegistration', message, {
    extra: { details: [{ code: 'MissingSubscriptionRegistration', target: namespace, message }] },
  });
}

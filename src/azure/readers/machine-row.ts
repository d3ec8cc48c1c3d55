import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId } from '../../arm/resource-id.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { Subscription } from './subscriptions.ts';

const powers = ['running', 'starting', 'stopping', 'stopped', 'deallocating', 'deallocated'] as const;

/** "PowerState/running" -> "running" */
export function powerOf(code: string): VirtualMachine['power'] {
  const state = code.toLowerCase().replace(/^powerstate\//, '');
  return powers.find((power) => power === state) ?? 'unknown';
}

/** "Windows Server 2019 Datacenter" -> "Windows Server 2019"; the image's offer and SKU where no agent reports. */
export function osNameOf(row: Json): string {
  const reported = textAt(row, 'osName');
  const version = textAt(row, 'osVersion');
  if (reported) {
    const windows = /windows server (?:version )?(\d{4})( r2)?/i.exec(reported);
    if (windows) return `Windows Server ${windows[1]}${windows[2] ? ' R2' : ''}`;
    const name = reported.charAt(0).toUpperCase() + reported.slice(1);
    return printable(/\d/.test(name) || !version ? name : `${name} ${version}`, 60);
  }
  const offer = textAt(row, 'offer');
  const sku = textAt(row, 'imageSku');
  const year = /(\d{4})(-r2)?/i.exec(sku);
  if (/windows/i.test(offer) && year) return `Windows Server ${year[1]}${year[2] ? ' R2' : ''}`;
  const release = /(\d\d)[._](\d\d)/.exec(sku) ?? /(\d\d)_(\d\d)/.exec(offer);
  if (/ubuntu/i.test(offer)) return release ? `Ubuntu ${release[1]}.${release[2]}` : 'Ubuntu';
  return printable([offer, sku].filter(Boolean).join(' '), 60);
}

/** Subscriptions by their ids in lower case. */
export type SubscriptionsById = ReadonlyMap<string, Subscription>;

export const subscriptionsById = (subscriptions: readonly Subscription[]): SubscriptionsById =>
  new Map(subscriptions.map((one) => [one.id.toLowerCase(), one]));

/** The machine of a row of `virtual-machines.kql` or `scale-set-instances.kql`; undefined without a resource id. */
export function machineOf(row: Json, subscriptions: SubscriptionsById): VirtualMachine | undefined {
  const id = textAt(row, 'id');
  const parsed = parseResourceId(id);
  if (!parsed) return undefined;
  const tags = at(row, 'tags');
  const osName = osNameOf(row);
  const osType = textAt(row, 'osType').toLowerCase();
  const subscription = subscriptions.get(parsed.subscriptionId.toLowerCase());
  return {
    id,
    name: textAt(row, 'name') || parsed.name,
    resourceGroup: textAt(row, 'resourceGroup') || parsed.resourceGroup,
    subscriptionId: parsed.subscriptionId,
    subscriptionName: subscription?.name ?? parsed.subscriptionId,
    ...(subscription?.tenantId ? { tenantId: subscription.tenantId } : {}),
    location: textAt(row, 'location'),
    os: osType === 'linux' || (osType === '' && !/windows/i.test(osName) && osName !== '') ? 'linux' : 'windows',
    osName,
    power: powerOf(textAt(row, 'power')),
    computerName: textAt(row, 'computerName'),
    publicAddresses: [],
    networkInterfaces: listAt(row, 'networkInterfaces')
      .map((entry) => textAt(entry, 'id'))
      .filter((text) => text !== ''),
    tags: isObject(tags)
      ? Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, typeof value === 'string' ? value : '']))
      : {},
  };
}

import { isEmpty, object, properties, referenced, text } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import { supportedUntil } from '../../azure-facts.ts';
import type { NetworkResources } from '../resources.ts';
import { type Family, parsePrefix } from '../sets/address-set.ts';

/** A public address as far as it could be read. */
export interface PublicAddress {
  id: string;
  /** "20.51.7.14"; "not assigned" while dynamic and the VM is off; "unknown" when the resource was not read. */
  address: string;
  family: Family;
  /** `unknown` is treated as Basic, which is open unless a group closes it. */
  sku: 'standard' | 'basic' | 'unknown';
  read: boolean;
}

/** Reads a reference to a public address, from the resource or from what the reference itself carries. */
export function publicAddressOf(
  reference: unknown,
  resources: NetworkResources,
  family: Family,
): PublicAddress | undefined {
  const id = referenced(reference);
  if (id === '') return undefined;
  const found = resources.get(id) ?? object(reference);
  const props = properties(found);
  const read = !isEmpty(props);
  const address = text(props.ipAddress);
  const parsed = parsePrefix(address);
  const version = parsed === undefined ? text(props.publicIPAddressVersion).toLowerCase() : '';
  const sku = text(object(found.sku).name).toLowerCase();
  return {
    id,
    address: parsed === undefined ? (read ? 'not assigned' : 'unknown') : address.trim(),
    family: parsed?.family ?? (version === 'ipv6' ? 6 : version === 'ipv4' ? 4 : family),
    sku: sku.startsWith('standard') ? 'standard' : sku === 'basic' ? 'basic' : 'unknown',
    read,
  };
}

/** "20.51.7.14 (public address web-ip, Standard)" */
export function describePublicAddress(address: PublicAddress): string {
  const skus = {
    unknown: 'SKU not known',
    standard: 'Standard',
    basic: `Basic, ${supportedUntil('basic-addresses-and-balancers')}`,
  };
  const sku = skus[address.sku];
  return `${address.address} (public address ${nameOf(address.id)}, ${sku})`;
}

import { isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { sameId } from '../../arm/resource-id.ts';
import { writableInterface } from '../writable-interface.ts';
import type { TakenAddress } from './address-settings.ts';

/** Id of the public address at an IP configuration of an interface, "" when there is none; null without the configuration. */
export function addressAt(networkInterface: Json, configuration: string): string | null {
  const found = listAt(networkInterface, 'properties', 'ipConfigurations').find(
    (one) => textAt(one, 'name').toLowerCase() === configuration.toLowerCase(),
  );
  return found === undefined ? null : textAt(found, 'properties', 'publicIPAddress', 'id');
}

/** The body that puts the interface back with one change for each of its IP configurations that are named. */
function withEach(
  networkInterface: Json,
  named: readonly TakenAddress[],
  change: (one: TakenAddress, now: Json) => Json,
) {
  const writable = writableInterface(networkInterface);
  const properties: Json = isObject(writable.properties) ? writable.properties : {};
  const ipConfigurations = listAt(properties, 'ipConfigurations').map((one) => {
    const mine = named.find(({ configuration }) => configuration.toLowerCase() === textAt(one, 'name').toLowerCase());
    if (mine === undefined || !isObject(one)) return one;
    return { ...one, properties: change(mine, isObject(one.properties) ? one.properties : {}) };
  });
  return { ...writable, properties: { ...properties, ipConfigurations } };
}

/** The interface's body without these public addresses; null where one of them is not there any more. */
export function withoutAddresses(networkInterface: Json, taken: readonly TakenAddress[]): Json | null {
  const there = taken.every(({ configuration, address }) =>
    sameId(addressAt(networkInterface, configuration) ?? '', address),
  );
  if (!there) return null;
  return withEach(networkInterface, taken, (_, now) => {
    const { publicIPAddress: _address, ...rest } = now;
    return rest;
  });
}

/** The interface's body with these public addresses again; null where another is at a place of theirs by now. */
export function withAddresses(networkInterface: Json, taken: readonly TakenAddress[]): Json | null {
  if (!taken.every(({ configuration }) => addressAt(networkInterface, configuration) === '')) return null;
  return withEach(networkInterface, taken, ({ address }, now) => ({ ...now, publicIPAddress: { id: address } }));
}

import { isObject } from '../arm/json.ts';

/** Properties that Azure writes itself, so that they never distinguish one request from another. */
const azuresOwn = new Set([
  'etag',
  'provisioningstate',
  'resourceguid',
  'systemdata',
  'requests',
  'timecreated',
  // A script may be shortened, or freed of secrets, in the record: a tag holds its digest.
  'script',
  // Addresses with a signature, which the record does not have.
  'outputbloburi',
  'errorbloburi',
]);

/** Properties that Azure may accept and not return; their absence proves nothing. */
const notShown = new Set(['flushconnection']);

/** What a PUT takes away by leaving it out. */
const takenAway = ['networkSecurityGroup'];

const deepest = 32;

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every(isEmpty);
}

function plain(value: unknown): string {
  const text = String(value);
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  // Azure prints times with more digits, and names, ids and words in another case than they were sent.
  return Number.isNaN(time) ? text.toLowerCase() : String(time);
}

function valueAt(found: unknown, name: string): unknown {
  if (!isObject(found)) return undefined;
  const key = name in found ? name : Object.keys(found).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : found[key];
}

function listDiffers(sent: readonly unknown[], found: unknown, depth: number): boolean {
  const left = Array.isArray(found) ? [...found] : [];
  if (left.length !== sent.length) return true;
  for (const item of sent) {
    const match = left.findIndex((one) => differencesFrom(item, one, '', depth + 1).length === 0);
    if (match === -1) return true;
    left.splice(match, 1);
  }
  return false;
}

function differencesFrom(sent: unknown, found: unknown, path: string, depth: number): string[] {
  if (depth > deepest || isEmpty(sent)) return [];
  // A secret is not in the record; the other properties sent are sufficient.
  if (sent === '[redacted]') return [];
  if (Array.isArray(sent)) return listDiffers(sent, found, depth) ? [path] : [];
  if (!isObject(sent)) return plain(sent) === plain(found) ? [] : [path];
  return Object.entries(sent).flatMap(([name, value]) => {
    const key = name.toLowerCase();
    if (azuresOwn.has(key)) return [];
    const there = valueAt(found, name);
    if (notShown.has(key) && there === undefined) return [];
    return differencesFrom(value, there, path === '' ? name : `${path}.${name}`, depth + 1);
  });
}

/** Public addresses that a PUT of an interface left out, and that are there all the same. */
function keptAddresses(sent: readonly unknown[], there: unknown): string[] {
  const present = valueAt(there, 'ipConfigurations');
  const found: readonly unknown[] = Array.isArray(present) ? present : [];
  return sent.flatMap((one) => {
    const name = plain(valueAt(one, 'name'));
    const same = found.find((other) => plain(valueAt(other, 'name')) === name);
    const address = (of: unknown) => valueAt(valueAt(of, 'properties'), 'publicIPAddress');
    return isEmpty(address(one)) && !isEmpty(address(same)) ? ['properties.ipConfigurations.publicIPAddress'] : [];
  });
}

/**
 * The properties of a body that was sent which the resource does not have as they were sent ("tags.cordon-case"); empty
 * when it has all of them. What Azure adds is no difference, nor are case, the order of a list, and digits of a time.
 * With `replaces` (PUT), what was left out counts too where leaving it out takes it away.
 */
export function differences(sent: unknown, resource: unknown, replaces: boolean): string[] {
  const found = differencesFrom(sent, resource, '', 0);
  const properties = valueAt(sent, 'properties');
  const there = valueAt(resource, 'properties');
  // Only where the whole resource was sent: a body of tags alone says nothing of its properties.
  const configurations = valueAt(properties, 'ipConfigurations');
  const left = Array.isArray(configurations) && replaces ? takenAway : [];
  return [
    ...found,
    ...(Array.isArray(configurations) && replaces ? keptAddresses(configurations, there) : []),
    ...left
      .filter((name) => isEmpty(valueAt(properties, name)) && !isEmpty(valueAt(there, name)))
      .map((name) => `properties.${name}`),
  ];
}

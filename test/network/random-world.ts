import fc from 'fast-check';
import { onInternet, type Surroundings, toNumber, toText } from './oracle.ts';
import { type Body, id, machine, rule } from './world.ts';

/** Random groups, tags, application security groups, routes and admin rules in front of one address. */
const PORTS = ['*', '0-65535', '22', '3389', '3389-3400', '80', '0-1023', '1024-65535', '4000-5000', '65535', '0'];
const PREFIXES = [
  '*',
  'Any',
  'Internet',
  'internet',
  'VirtualNetwork',
  'AzureLoadBalancer',
  '0.0.0.0/0',
  '0.0.0.0/1',
  '128.0.0.0/1',
  '20.0.0.0/8',
  '20.1.0.0/16',
  '20.1.2.3',
  '203.0.113.0/24',
  '203.0.113.7-203.0.113.20',
  '1.0.0.0/8',
  '10.0.0.0/8',
  'Storage',
  'storage',
  '100.63.255.255',
  '223.255.255.255',
  '172.15.255.0/24',
];
const DESTINATIONS = [
  '*',
  'VirtualNetwork',
  '10.1.4.7',
  '10.1.4.0/24',
  '10.1.4.8',
  '20.51.7.14',
  '0.0.0.0/0',
  '10.1.4.6-10.1.4.9',
];
export const STORAGE = ['20.60.0.0/16', '52.239.0.0/17'];

const either = (name: string, plural: string, values: string[]) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...values).map((value): Body => ({ [name]: value, [plural]: [] })) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.constantFrom(...values.filter((value) => !/^(\*|any)$/i.test(value))), { minLength: 1, maxLength: 3 })
        .map((chosen): Body => ({ [name]: undefined, [plural]: chosen })),
    },
  );

const someRule = fc
  .record({
    access: fc.constantFrom('Allow', 'Allow', 'Deny'),
    protocol: fc.constantFrom('Tcp', 'tcp', 'TCP', 'Udp', '*', '*', 'Icmp', 'Esp', 'Ah'),
    ports: either('destinationPortRange', 'destinationPortRanges', PORTS),
    source: either('sourceAddressPrefix', 'sourceAddressPrefixes', PREFIXES),
    destination: fc.oneof(
      either('destinationAddressPrefix', 'destinationAddressPrefixes', DESTINATIONS),
      fc.constantFrom('web', 'db').map(
        (name): Body => ({
          destinationAddressPrefix: undefined,
          destinationApplicationSecurityGroups: [{ id: id.asg(name).toUpperCase() }],
        }),
      ),
      fc.constant<Body>({}),
    ),
    sourcePorts: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Body>({}) },
      { weight: 1, arbitrary: either('sourcePortRange', 'sourcePortRanges', ['53', '80', '1024-65535', '0-1023']) },
    ),
    direction: fc.constantFrom('Inbound', 'Inbound', 'Inbound', 'Outbound'),
  })
  .map(({ access, protocol, ports, source, destination, sourcePorts, direction }) => ({
    access,
    fields: { protocol, direction, ...ports, ...source, ...destination, ...sourcePorts },
  }));

export const group = (prefix: string) =>
  fc
    .array(someRule, { maxLength: 6 })
    .chain((rules) =>
      fc
        .uniqueArray(fc.integer({ min: 100, max: 4096 }), { minLength: rules.length, maxLength: rules.length })
        .map((priorities) =>
          rules.map(({ access, fields }, i) => rule(`${prefix}${i}`, priorities[i] ?? 0, access, fields)),
        ),
    );

export const adminRule = fc.record({
  access: fc.constantFrom('Allow', 'Deny', 'AlwaysAllow'),
  protocol: fc.constantFrom('Tcp', 'Udp', 'Any', 'Icmp'),
  ports: fc.constantFrom(...PORTS.slice(1)),
  source: fc.constantFrom('*', '0.0.0.0/0', '20.0.0.0/8', '203.0.113.0/24', '10.0.0.0/8'),
  destination: fc.constantFrom('*', '10.1.4.0/24', '10.9.0.0/16'),
});

/** Every value at which some rule could change its mind, and its neighbours. */
function edges(bodies: Body[], pick: (properties: Body) => unknown[]): string[] {
  return bodies
    .flatMap((body) => pick(body.properties as Body))
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is string => typeof value === 'string');
}

/** Every port at which some rule could change its mind. */
export function portsToTry(bodies: Body[]): number[] {
  const found = new Set([0, 65535]);
  for (const text of edges(bodies, (p) => [p.destinationPortRange, p.destinationPortRanges])) {
    for (const part of text.split('-')) for (const near of [-1, 0, 1]) found.add(Number(part) + near);
  }
  return [...found].filter((port) => port >= 0 && port <= 65535);
}

/** Every address at which some rule could change its mind; those of the Internet. */
export function sourcesToTry(bodies: Body[]): string[] {
  const found = new Set(['8.8.8.8', '100.63.255.255', '223.255.255.255', '1.0.0.0']);
  const texts = edges(bodies, (p) => [
    p.sourceAddressPrefix,
    p.sourceAddressPrefixes,
    ...((p.sources as { addressPrefix: string }[]) ?? []).map((s) => s.addressPrefix),
  ]);
  if (texts.some((text) => /storage/i.test(text))) texts.push(...STORAGE);
  for (const text of texts) {
    if (!/^\d/.test(text)) continue;
    const [from = '', to] = text.split('-');
    const [base = '', bits = '32'] = from.split('/');
    const size = 2 ** (32 - Number(bits));
    const start = Math.floor(toNumber(base) / size) * size;
    const end = to === undefined ? start + size - 1 : toNumber(to);
    for (const n of [start - 1, start, end, end + 1]) if (n >= 0 && n < 2 ** 32) found.add(toText(n));
  }
  return [...found].filter(onInternet);
}

export const someGroups = fc.constantFrom<Body[]>(
  [],
  [id.asg('web')].map((asg) => ({ id: asg })),
);
export const someRoutes = fc.constantFrom<string[]>([], ['0.0.0.0/0'], ['20.1.0.0/16']);

type AdminRule = typeof adminRule extends fc.Arbitrary<infer R> ? R : never;

/** The bodies that Azure would print for it. */
export function worldOf(
  subnetRules: Body[] | undefined,
  nicRules: Body[] | undefined,
  admin: readonly AdminRule[],
  groups: Body[],
  routes: readonly string[],
  sku: string,
) {
  const adminRules = admin.map((one, i) => ({
    id: `${id.any('networkManagers', 'nm')}/securityAdminConfigurations/c/ruleCollections/rc/rules/a${i}`,
    properties: {
      access: one.access,
      protocol: one.protocol,
      priority: i + 1,
      direction: 'Inbound',
      sources: [{ addressPrefixType: 'IPPrefix', addressPrefix: one.source }],
      destinations: [{ addressPrefixType: 'IPPrefix', addressPrefix: one.destination }],
      sourcePortRanges: ['0-65535'],
      destinationPortRanges: [one.ports],
    },
  }));
  const bodies = machine({
    ...(subnetRules === undefined ? {} : { subnetRules }),
    ...(nicRules === undefined ? {} : { nicRules }),
    config: { applicationSecurityGroups: groups },
    subnet: routes.length > 0 ? { routeTable: { id: id.table() } } : {},
    sku,
    more: [
      {
        id: id.table(),
        type: 'Microsoft.Network/routeTables',
        properties: {
          routes: routes.map((prefix, i) => ({
            name: `r${i}`,
            properties: { addressPrefix: prefix, nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.1.0.4' },
          })),
        },
      },
    ],
  });
  return { adminRules, bodies };
}

export const surroundings = (groups: readonly Body[], routes: readonly string[]): Surroundings => ({
  virtualNetwork: ['10.1.0.0/16', ...routes],
  own: ['10.1.0.0/16'],
  groups: groups.map((one) => String(one.id)),
  tags: { storage: STORAGE },
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExposedPort } from '../../../src/documents/triage.ts';
import { evaluateExposure } from '../../../src/network/exposure.ts';
import {
  decide,
  decideAdmin,
  inPrefix,
  onInternet,
  type Packet,
  type Surroundings,
  toNumber,
  toText,
} from '../oracle.ts';
import { ask, type Body, id, machine, rule } from '../world.ts';

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
const STORAGE = ['20.60.0.0/16', '52.239.0.0/17'];

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

const group = (prefix: string) =>
  fc
    .array(someRule, { maxLength: 6 })
    .chain((rules) =>
      fc
        .uniqueArray(fc.integer({ min: 100, max: 4096 }), { minLength: rules.length, maxLength: rules.length })
        .map((priorities) =>
          rules.map(({ access, fields }, i) => rule(`${prefix}${i}`, priorities[i] ?? 0, access, fields)),
        ),
    );

const adminRule = fc.record({
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

function portsToTry(bodies: Body[]): number[] {
  const found = new Set([0, 65535]);
  for (const text of edges(bodies, (p) => [p.destinationPortRange, p.destinationPortRanges])) {
    for (const part of text.split('-')) for (const near of [-1, 0, 1]) found.add(Number(part) + near);
  }
  return [...found].filter((port) => port >= 0 && port <= 65535);
}

function sourcesToTry(bodies: Body[]): string[] {
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

function reported(ports: ExposedPort[], packet: Packet): ExposedPort | undefined {
  return ports.find((port) => {
    if (port.protocol !== packet.protocol) return false;
    const hasPorts = port.protocol === 'tcp' || port.protocol === 'udp';
    if (hasPorts && (packet.port < port.from || packet.port > port.to)) return false;
    return port.sources.prefixes.some((prefix) => inPrefix(packet.source, prefix));
  });
}

test('agrees with a per-packet oracle for random groups, tags, groups of VMs, routes and admin rules', () => {
  let open = 0;
  let closed = 0;
  fc.assert(
    fc.property(
      fc.option(group('s'), { nil: undefined }),
      fc.option(group('n'), { nil: undefined }),
      fc.array(adminRule, { maxLength: 3 }),
      fc.constantFrom<Body[]>(
        [],
        [id.asg('web')].map((asg) => ({ id: asg })),
      ),
      fc.constantFrom<string[]>([], ['0.0.0.0/0'], ['20.1.0.0/16']),
      fc.constantFrom('Standard', 'Basic'),
      (subnetRules, nicRules, admin, groups, routes, sku) => {
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
        const input = ask(bodies);
        const fact = evaluateExposure({
          ...input,
          serviceTags: { tags: new Map([['Storage', STORAGE]]), source: 'x', doubt: '' },
          adminRules: { state: 'known', byNetwork: new Map([[id.vnet(), adminRules]]) },
        });
        if (fact.state !== 'known') throw new Error('not known');
        const { ports } = fact.value;
        const around: Surroundings = {
          virtualNetwork: ['10.1.0.0/16', ...routes],
          own: ['10.1.0.0/16'],
          groups: groups.map((one) => String(one.id)),
          tags: { storage: STORAGE },
        };
        const all = [...(subnetRules ?? []), ...(nicRules ?? []), ...adminRules];
        const usesSourcePorts = all.some((body) => {
          const p = body.properties as Body;
          return p.sourcePortRange !== '*' || (p.sourcePortRanges as string[])?.length > 0;
        });
        const through = (packet: Packet): string[] | undefined => {
          const first = decideAdmin(adminRules, packet);
          if (first?.access === 'deny') return undefined;
          if (first?.access === 'alwaysallow') return [first.name];
          const by: string[] = [];
          if (subnetRules === undefined && nicRules === undefined && sku === 'Standard') return undefined;
          for (const rules of [subnetRules, nicRules]) {
            if (rules === undefined) continue;
            const verdict = decide(rules, packet, around);
            if (verdict.access === 'deny') return undefined;
            by.push(verdict.name);
          }
          return by;
        };
        for (const protocol of ['tcp', 'udp', 'icmp', 'esp', 'ah'] as const) {
          const hasPorts = protocol === 'tcp' || protocol === 'udp';
          for (const port of hasPorts ? portsToTry(all) : [0]) {
            for (const source of sourcesToTry(all)) {
              const sourcePorts = usesSourcePorts && hasPorts ? [0, 53, 80, 1023, 1024, 40000] : [40000];
              const ways = sourcePorts
                .map((sourcePort) => through({ protocol, source, sourcePort, destination: '10.1.4.7', port }))
                .filter((way) => way !== undefined);
              const shown = reported(ports, { protocol, source, sourcePort: 0, destination: '10.1.4.7', port });
              if (ways.length > 0) {
                open += 1;
                if (shown === undefined) throw new Error(`open but not reported: ${protocol} ${source} ${port}`);
                const rules = new Set(shown.decidedBy.map((one) => one.rule));
                if (!ways.every((way) => way.every((name) => rules.has(name))))
                  throw new Error(`other rules: ${protocol} ${source} ${port}: ${ways} ${[...rules]}`);
              } else {
                closed += 1;
                if (shown !== undefined)
                  throw new Error(`reported but closed: ${protocol} ${source} ${port} ${JSON.stringify(shown)}`);
              }
            }
          }
        }
        for (const port of ports) {
          if (port.sources.prefixes[0] === '0.0.0.0/0') continue;
          const size = port.sources.prefixes.reduce((sum, prefix) => sum + 2 ** (32 - Number(prefix.split('/')[1])), 0);
          if (size !== port.sources.publicAddresses) throw new Error('the count is not that of the prefixes');
        }
      },
    ),
    { numRuns: Number(process.env.CORDON_EXPOSURE_RUNS ?? 400) },
  );
  expect(open).toBeGreaterThan(1000);
  expect(closed).toBeGreaterThan(1000);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateExposure } from '../../src/network/exposure.ts';
import { reachByConfiguration, reachByEffectiveRules } from '../../src/network/reach.ts';
import { NetworkResources } from '../../src/network/resources.ts';
import { decide, decideAdmin, inPrefix, onInternet, type Packet } from './oracle.ts';
import {
  adminRule,
  group,
  portsToTry,
  STORAGE,
  someGroups,
  someRoutes,
  sourcesToTry,
  surroundings,
  worldOf,
} from './random-world.ts';
import { ask, type Body, config, id, ip, machine, nic, nsg, rule, subnet, vnet } from './world.ts';

const inside = ['10.1.4.9', '10.1.200.1', '10.9.0.1', '192.168.7.7'];

test('agrees with exposure and with a per-packet oracle, for every address and port that rules tell apart', () => {
  const seen = { open: 0, closed: 0, 'not-known': 0, partly: 0 };
  fc.assert(
    fc.property(
      fc.option(group('s'), { nil: undefined }),
      fc.option(group('n'), { nil: undefined }),
      fc.array(adminRule, { maxLength: 3 }),
      someGroups,
      someRoutes,
      fc.constantFrom('Standard', 'Basic'),
      (subnetRules, nicRules, admin, groups, routes, sku) => {
        const { adminRules, bodies } = worldOf(subnetRules, nicRules, admin, groups, routes, sku);
        const about = {
          ...ask(bodies),
          serviceTags: { tags: new Map([['Storage', STORAGE]]), source: 'x', doubt: '' },
          adminRules: { state: 'known' as const, byNetwork: new Map([[id.vnet(), adminRules]]) },
        };
        const fact = evaluateExposure(about);
        if (fact.state !== 'known') throw new Error('not known');
        const reach = reachByConfiguration({ ...about, networkInterface: id.nic() });
        const around = surroundings(groups, routes);
        const through = (packet: Packet): boolean => {
          const first = decideAdmin(adminRules, packet);
          if (first?.access === 'deny') return false;
          if (first?.access === 'alwaysallow') return true;
          const none = subnetRules === undefined && nicRules === undefined;
          if (none && sku === 'Standard' && onInternet(packet.source)) return false;
          return [subnetRules, nicRules].every(
            (rules) => rules === undefined || decide(rules, packet, around).access === 'allow',
          );
        };
        const all = [...(subnetRules ?? []), ...(nicRules ?? []), ...adminRules];
        const ports = portsToTry(all);
        for (const source of [...sourcesToTry(all), ...inside]) {
          for (const protocol of ['tcp', 'udp'] as const) {
            for (const answer of reach.ask([source], protocol, ports)) {
              const { port } = answer;
              const passes = (sourcePort: number) =>
                through({ protocol, source, sourcePort, destination: '10.1.4.7', port });
              // Programs of a person connect from 1024 on; the generator's rules name 53, 80 and both sides of 1024.
              const expected = passes(1024) ? 'open' : 'closed';
              if (answer.verdict !== expected) {
                throw new Error(`${protocol} ${source} ${port}: ${JSON.stringify(answer)}, by packet ${expected}`);
              }
              seen[answer.verdict] += 1;
              if (!onInternet(source)) continue;
              const shown = fact.value.ports.some(
                (one) =>
                  one.protocol === protocol &&
                  one.from <= port &&
                  port <= one.to &&
                  one.sources.prefixes.some((prefix) => inPrefix(source, prefix)),
              );
              const anyPort = [0, 53, 80, 1023, 1024].some(passes);
              if (shown !== anyPort) throw new Error(`exposure says ${shown} of ${protocol} ${source} ${port}`);
              if (answer.verdict === 'open' && !shown) throw new Error('open, and not in the exposure');
            }
          }
        }
      },
    ),
    { numRuns: Number(process.env.CORDON_REACH_RUNS ?? 60) },
  );
  expect(seen.open).toBeGreaterThan(1000);
  expect(seen.closed).toBeGreaterThan(1000);
});

const mine = '198.51.100.20';
const allow = (name: string, priority: number, fields: Body = {}) =>
  rule(name, priority, 'Allow', { destinationPortRange: '3389', ...fields });
const reachOf = (bodies: Body[], admin: Body[] = []) =>
  reachByConfiguration({
    ...ask(bodies),
    networkInterface: id.nic(),
    adminRules: { state: 'known', byNetwork: new Map([[id.vnet(), admin]]) },
  });
const admin = (name: string, access: string, fields: Body = {}): Body => ({
  id: `${id.any('networkManagers', 'nm')}/securityAdminConfigurations/c/ruleCollections/rc/rules/${name}`,
  properties: {
    access,
    protocol: 'Tcp',
    priority: 10,
    direction: 'Inbound',
    sources: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
    destinations: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
    sourcePortRanges: ['0-65535'],
    destinationPortRanges: ['3389'],
    ...fields,
  },
});

test('names the rule that decides, and none that is for another address or group', () => {
  const elsewhere = rule('deny-other', 100, 'Deny', { destinationAddressPrefix: '10.1.4.9' });
  const notOurs = rule('deny-asg', 110, 'Deny', {
    destinationAddressPrefix: undefined,
    destinationApplicationSecurityGroups: [{ id: id.asg('db') }],
  });
  const subnetRules = [elsewhere, notOurs, allow('allow-mgmt', 200)];
  const [open] = reachOf(machine({ subnetRules })).ask([mine], 'tcp', [3389]);
  expect(open).toMatchObject({ verdict: 'open', because: 'subnet-nsg/allow-mgmt (200)' });

  const allowsOther = [allow('allow-other', 100, { destinationAddressPrefix: '10.1.4.9' })];
  const [closed] = reachOf(machine({ subnetRules: allowsOther })).ask([mine], 'tcp', [3389]);
  expect(closed).toMatchObject({ verdict: 'closed', because: 'subnet-nsg/DenyAllInBound (65500)' });
});

test('admin rules come first: what matches nothing passes on, a deny ends, an always-allow ends for the groups', () => {
  const nicRules = [allow('mine', 100, { sourceAddressPrefix: mine }), rule('rest', 200, 'Deny', { protocol: '*' })];
  const verdict = (rules: Body[], ports = [3389]) => reachOf(machine({ nicRules }), rules).ask([mine], 'tcp', ports)[0];
  expect(verdict([admin('deny-telnet', 'Deny', { destinationPortRanges: ['23'] })])).toMatchObject({ verdict: 'open' });
  expect(verdict([admin('deny-rdp', 'Deny')])).toMatchObject({ verdict: 'closed', because: 'rc/deny-rdp (10)' });
  const always = admin('always', 'AlwaysAllow', { destinationPortRanges: ['22'] });
  expect(verdict([always], [22])).toMatchObject({ verdict: 'open', because: 'rc/always (10)' });
  const others = reachOf(machine({ nicRules }), [always]).besides({ prefixes: [mine], ports: [[3389, 3389]] });
  expect(others).toMatchObject([{ protocol: 'tcp', from: 22, to: 22, internet: true, rules: [{ rule: 'always' }] }]);
});

test('a tag whose addresses are not known neither lets in nor keeps out', () => {
  const nicRules = [rule('deny-tag', 100, 'Deny', { sourceAddressPrefix: 'AzureCloud' }), allow('all', 200)];
  const [answer] = reachOf(machine({ nicRules })).ask([mine], 'tcp', [3389]);
  expect(answer?.verdict).toBe('not-known');
  expect(answer?.because).toContain('web-nsg/deny-tag (100)');
});

test('a rule for some source ports is no way in for a program that connects from an ordinary port', () => {
  const only53 = [allow('from-53', 100, { sourcePortRange: '53' })];
  expect(reachOf(machine({ nicRules: only53 })).ask([mine], 'tcp', [3389])[0]?.verdict).toBe('closed');
  const high = [allow('from-high', 100, { sourcePortRange: '49152-65535' })];
  expect(reachOf(machine({ nicRules: high })).ask([mine], 'tcp', [3389])[0]).toMatchObject({
    verdict: 'not-known',
    because: 'it depends on web-nsg/from-high (100), which is for some source ports only',
  });
});

test('of a set of senders it says whether all, some or none come in', () => {
  const nicRules = [allow('half', 100, { sourceAddressPrefix: '198.51.100.0/25' })];
  const reach = reachOf(machine({ nicRules }));
  const verdict = (prefix: string) => reach.ask([prefix], 'tcp', [3389])[0]?.verdict;
  expect([verdict('198.51.100.0/26'), verdict('198.51.100.0/24'), verdict('198.51.101.0/24')]).toEqual([
    'open',
    'partly',
    'closed',
  ]);
});

test('a sender inside the network may be a member of an application security group, one on the Internet may not', () => {
  const nicRules = [
    rule('from-jump-hosts', 100, 'Allow', {
      destinationPortRange: '3389',
      sourceAddressPrefix: undefined,
      sourceApplicationSecurityGroups: [{ id: id.asg('jump') }],
    }),
    rule('rest', 200, 'Deny'),
  ];
  const reach = reachOf(machine({ nicRules }));
  expect(reach.ask(['10.1.4.20'], 'tcp', [3389])[0]?.verdict).toBe('not-known');
  expect(reach.ask([mine], 'tcp', [3389])[0]?.verdict).toBe('closed');
});

test('IPv6 senders meet the IPv6 address of the interface, and there is no way in without one', () => {
  const v6 = config({ privateIPAddress: 'fd00:1::7', privateIPAddressVersion: 'IPv6' }, 'v6');
  const nicRules = [allow('mine', 100, { sourceAddressPrefix: '2001:db8::7/128' })];
  const world = (configs: Body[]) => [
    vnet({ addressSpace: { addressPrefixes: ['10.1.0.0/16', 'fd00:1::/48'] } }, [subnet(undefined)]),
    nic('web-nsg', configs),
    nsg('web-nsg', nicRules),
  ];
  const ofBoth = reachOf(world([config(), v6]));
  expect(ofBoth.ask(['2001:db8::7'], 'tcp', [3389])[0]?.verdict).toBe('open');
  expect(ofBoth.ask(['2001:db8::8'], 'tcp', [3389])[0]).toMatchObject({
    verdict: 'closed',
    because: 'web-nsg/DenyAllInBound (65500)',
  });
  const ofOne = reachOf(world([config()])).ask(['2001:db8::7'], 'tcp', [3389])[0];
  expect(ofOne).toMatchObject({ verdict: 'closed', because: 'the interface has no IPv6 address' });
});

test('a group that was not read makes the answer unknown, unless another keeps the sender out', () => {
  const bodies = machine({ subnetRules: [], nicRules: [allow('all', 100)] });
  const without = (name: string) => bodies.filter((body) => body.id !== id.nsg(name));
  const asked = (name: string, port: number) =>
    reachByConfiguration({
      ...ask([]),
      resources: new NetworkResources(without(name)),
      networkInterface: id.nic(),
      unreadable: [{ what: id.nsg(name), why: 'denied', because: 'no permission', cure: 'ask for Reader' }],
    }).ask([mine], 'tcp', [port])[0];
  expect(asked('subnet-nsg', 3389)).toMatchObject({ verdict: 'not-known' });
  expect(asked('subnet-nsg', 3389)?.because).toContain('subnet-nsg');
  expect(asked('subnet-nsg', 22)?.verdict).toBe('closed');
});

test('Azure’s effective rules are read by the same evaluator: admin entries, destinations and IPv6 among them', () => {
  const bodies = machine({ nicRules: [], more: [ip('20.51.7.15', {}, 'other')] });
  const effective = (value: unknown[]) =>
    reachByEffectiveRules({ ...ask(bodies), networkInterface: id.nic() }, { body: { value } });
  const one = (name: string, priority: number, access: string, fields: Body = {}) => ({
    name,
    priority,
    access,
    direction: 'Inbound',
    protocol: 'Tcp',
    sourcePortRange: '0-65535',
    destinationPortRange: '3389-3389',
    sourceAddressPrefix: '0.0.0.0/0',
    sourceAddressPrefixes: ['0.0.0.0/0', '0.0.0.0/0'],
    destinationAddressPrefix: '0.0.0.0/0',
    destinationAddressPrefixes: ['0.0.0.0/0', '0.0.0.0/0'],
    ...fields,
  });
  const to = (address: string) => ({ destinationAddressPrefix: address, destinationAddressPrefixes: [address] });
  const ofNic = (rules: unknown[]) => ({
    networkSecurityGroup: { id: id.nsg() },
    association: { networkInterface: { id: id.nic() } },
    effectiveSecurityRules: rules,
  });
  const ofManager = (rules: unknown[]) => ({
    association: { networkManager: { id: id.any('networkManagers', 'nm') } },
    effectiveSecurityRules: rules,
  });
  const verdict = (value: unknown[]) => effective(value).ask([mine], 'tcp', [3389])[0];
  const allowed = one('UserRule_all', 200, 'Allow');
  expect(verdict([ofNic([one('UserRule_other', 100, 'Deny', to('10.1.4.9/32')), allowed])])).toMatchObject({
    verdict: 'open',
  });
  expect(verdict([ofNic([one('UserRule_other', 100, 'Allow', to('10.1.4.9/32'))])])).toMatchObject({
    verdict: 'closed',
  });
  const telnet = one('deny-telnet', 1, 'Deny', { destinationPortRange: '23-23' });
  expect(verdict([ofManager([telnet]), ofNic([allowed])])).toMatchObject({ verdict: 'open' });
  expect(verdict([ofManager([one('always', 1, 'AlwaysAllow')]), ofNic([])])).toMatchObject({
    verdict: 'open',
    because: 'nm/always (1)',
  });

  // Effective rules know Allow and Deny alone: only the network's own list shows that it always allows.
  const allowing = [ofManager([one('perhaps', 1, 'Allow')]), ofNic([one('UserRule_rest', 200, 'Deny')])];
  const asked = (state: 'read' | 'unread', access = 'AlwaysAllow') => {
    const rules = [
      { ...admin('perhaps', access), properties: { ...Object(admin('perhaps', access).properties), priority: 1 } },
    ];
    const adminRules =
      state === 'read'
        ? { state: 'known' as const, byNetwork: new Map([[id.vnet(), rules]]) }
        : { state: 'unknown' as const, why: 'denied' as const, because: 'no permission', cure: 'ask' };
    const about = { ...ask(bodies), adminRules, networkInterface: id.nic() };
    return reachByEffectiveRules(about, { body: { value: allowing } });
  };
  const verdictOf = (reach: ReturnType<typeof asked>) => reach.ask([mine], 'tcp', [3389])[0]?.verdict;
  expect([verdictOf(asked('read')), verdictOf(asked('read', 'Allow')), verdictOf(asked('unread'))]).toEqual([
    'open',
    'closed',
    'not-known',
  ]);
  const nobody = { prefixes: [], ports: [] };
  expect(
    asked('unread')
      .besides(nobody)
      .map(({ rules }) => rules.map(({ rule }) => rule)),
  ).toEqual([['perhaps']]);
});

test('effective rules print every address as 0.0.0.0/0: it is that for IPv6 too', () => {
  const v6 = config({ privateIPAddress: 'fd00:1::7', privateIPAddressVersion: 'IPv6' }, 'v6');
  const bodies = [
    vnet({ addressSpace: { addressPrefixes: ['10.1.0.0/16', 'fd00:1::/48'] } }, [subnet(undefined)]),
    nic('web-nsg', [config(), v6]),
    nsg('web-nsg', []),
  ];
  const printed = (name: string, priority: number, access: string, source: string, expanded: string[]) => ({
    name,
    priority,
    access,
    direction: 'Inbound',
    protocol: 'All',
    sourcePortRange: '0-65535',
    destinationPortRange: '0-65535',
    sourceAddressPrefix: source,
    sourceAddressPrefixes: [source],
    expandedSourceAddressPrefix: expanded,
    destinationAddressPrefix: '0.0.0.0/0',
    destinationAddressPrefixes: ['0.0.0.0/0', '0.0.0.0/0'],
  });
  const rules = [
    printed('UserRule_cordon-deny-inbound', 200, 'Deny', '0.0.0.0/0', []),
    printed('DefaultRule_AllowVnetInBound', 65000, 'Allow', 'VirtualNetwork', ['10.1.0.0/16', 'fd00:1::/48']),
  ];
  const value = [
    {
      networkSecurityGroup: { id: id.nsg() },
      association: { networkInterface: { id: id.nic() } },
      effectiveSecurityRules: rules,
    },
  ];
  const reach = reachByEffectiveRules({ ...ask(bodies), networkInterface: id.nic() }, { body: { value } });
  expect(reach.ask(['fd00:1::9'], 'tcp', [22])[0]?.verdict).toBe('closed');
  expect(reach.besides({ prefixes: [], ports: [] })).toEqual([]);
});

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ExposureInput, evaluateExposure } from '../../../src/network/exposure.ts';
import { compileSecurityGroup } from '../../../src/network/rules/compile-rules.ts';
import { readEffectiveRules } from '../../../src/network/rules/effective-rules.ts';
import { AddressReader } from '../../../src/network/sets/address-prefixes.ts';
import { ask, type Body, id, machine, rule } from '../world.ts';

const rdp = (name: string, priority: number, access: string, fields: Body = {}) =>
  rule(name, priority, access, { destinationPortRange: '3389', ...fields });

/** An effective rule as Azure prints it. */
const effective = (name: string, priority: number, access: string, fields: Body = {}): Body => ({
  name,
  protocol: 'Tcp',
  sourcePortRange: '0-65535',
  destinationPortRange: '3389-3389',
  sourcePortRanges: ['0-65535'],
  destinationPortRanges: ['3389-3389'],
  sourceAddressPrefix: '0.0.0.0/0',
  destinationAddressPrefix: '0.0.0.0/0',
  sourceAddressPrefixes: ['0.0.0.0/0'],
  destinationAddressPrefixes: ['0.0.0.0/0'],
  access,
  priority,
  direction: 'Inbound',
  ...fields,
});
const every = { protocol: 'All', destinationPortRange: '0-65535', destinationPortRanges: ['0-65535'] };
const defaults = (virtualNetwork: string[]): Body[] => [
  effective('defaultSecurityRules/AllowVnetInBound', 65000, 'Allow', {
    ...every,
    sourceAddressPrefix: 'VirtualNetwork',
    sourceAddressPrefixes: ['VirtualNetwork'],
    destinationAddressPrefix: 'VirtualNetwork',
    destinationAddressPrefixes: ['VirtualNetwork'],
    expandedSourceAddressPrefix: virtualNetwork,
    expandedDestinationAddressPrefix: virtualNetwork,
  }),
  effective('defaultSecurityRules/AllowAzureLoadBalancerInBound', 65001, 'Allow', {
    ...every,
    sourceAddressPrefix: 'AzureLoadBalancer',
    sourceAddressPrefixes: ['AzureLoadBalancer'],
    expandedSourceAddressPrefix: ['168.63.129.16/32'],
  }),
  effective('defaultSecurityRules/DenyAllInBound', 65500, 'Deny', every),
];
const answer = (
  rules: Body[],
  association: Body = { networkInterface: { id: id.nic() } },
  virtualNetwork = ['10.1.0.0/16', '168.63.129.16/32'],
): Body => ({
  networkSecurityGroup: { id: id.nsg() },
  association,
  effectiveSecurityRules: [...rules, ...defaults(virtualNetwork)],
  tagMap: { VirtualNetwork: virtualNetwork },
});

function opinion(bodies: Body[], body: unknown, more: Partial<ExposureInput> = {}) {
  const fact = evaluateExposure({
    ...ask(bodies),
    secondOpinions: new Map([[id.nic().toUpperCase(), { body }]]),
    ...more,
  });
  if (fact.state !== 'known') throw new Error(`unknown: ${fact.because}`);
  return { ...fact.value, notSeen: fact.notSeen };
}

describe('Azure’s effective rules beside ours', () => {
  const bodies = machine({ nicRules: [rdp('allow-rdp', 300, 'Allow')] });

  test('the same', () => {
    const result = opinion(bodies, { value: [answer([effective('securityRules/allow-rdp', 300, 'Allow')])] });
    expect(result.ports[0]?.agrees).toBe('effective-rules');
    expect(result.secondOpinion).toEqual([{ networkInterface: id.nic(), result: 'the same' }]);
    expect(result.disagreements).toEqual([]);
  });

  test('a rule that Azure has and we do not, and the other way round: both sides are told', () => {
    const result = opinion(bodies, {
      value: [
        answer([
          effective('securityRules/allow-ssh', 310, 'Allow', {
            destinationPortRange: '22-22',
            destinationPortRanges: ['22-22'],
          }),
        ]),
      ],
    });
    expect(result.ports[0]).toMatchObject({ from: 3389, agrees: 'disagrees' });
    expect(result.disagreements).toEqual([
      {
        networkInterface: id.nic(),
        protocol: 'tcp',
        ports: '22',
        cordon: 'closed',
        azure: 'open to 3,702,259,456 public addresses by web-nsg/allow-ssh 310',
      },
      {
        networkInterface: id.nic(),
        protocol: 'tcp',
        ports: '3389',
        cordon: 'open to 3,702,259,456 public addresses by web-nsg/allow-rdp 300',
        azure: 'closed',
      },
    ]);
    expect(result.secondOpinion[0]?.result).toBe('differs in 2 places');
  });

  test('a deny for one address that Azure does not have yet is a difference', () => {
    const blocked = machine({
      nicRules: [rdp('block', 100, 'Deny', { sourceAddressPrefix: '203.0.113.77' }), rdp('allow-rdp', 300, 'Allow')],
    });
    const result = opinion(blocked, { value: [answer([effective('securityRules/allow-rdp', 300, 'Allow')])] });
    expect(result.ports[0]?.agrees).toBe('disagrees');
    expect(result.disagreements[0]?.cordon).toContain('3,702,259,455');
  });

  test('Azure’s VirtualNetwork holds 0.0.0.0/0, which our reading does not show', () => {
    const result = opinion(bodies, {
      value: [answer([effective('securityRules/allow-rdp', 300, 'Allow')], undefined, ['0.0.0.0/0'])],
    });
    expect(result.disagreements.map((one) => [one.protocol, one.ports])).toContainEqual(['tcp', '0-3388']);
    expect(result.disagreements[0]?.azure).toContain('AllowVnetInBound');
  });

  test('an empty answer means that no group is associated, never that nothing is open', () => {
    const none = opinion(machine({ sku: 'Basic' }), { value: [] });
    expect(none.secondOpinion[0]?.result).toBe('the same (no network security group is associated)');
    expect(none.ports.every((port) => port.agrees === 'effective-rules')).toBe(true);
    const ours = opinion(bodies, { value: [] });
    expect(ours.secondOpinion[0]?.result).toContain('differs');
    expect(ours.disagreements[0]?.azure).toContain('no rule is there');
  });

  test('both levels must allow', () => {
    const two = machine({ subnetRules: [rdp('s', 100, 'Allow')], nicRules: [rdp('n', 100, 'Allow')] });
    const value = [
      answer([effective('securityRules/s', 100, 'Allow')], { subnet: { id: id.subnet() } }),
      answer([effective('securityRules/n', 100, 'Allow')]),
    ];
    expect(opinion(two, { value }).secondOpinion[0]?.result).toBe('the same');
    expect(opinion(two, { value: [value[0], answer([])] }).secondOpinion[0]?.result).toContain('differs');
  });

  test('a group that we may not read is replaced by Azure’s own word, and that is said', () => {
    const result = opinion(
      bodies.filter((body) => body.id !== id.nsg()),
      { value: [answer([effective('securityRules/allow-rdp', 300, 'Allow')])] },
    );
    expect(result.ports).toMatchObject([
      { from: 3389, decidedBy: [{ nsg: id.nsg(), rule: 'allow-rdp', priority: 300, level: 'nic' }] },
    ]);
    expect(result.notSeen.join()).toContain('effective rules are used in its place');
    expect(result.secondOpinion[0]?.result).toContain('speak alone');
  });

  test('admin rules that we could not read come from Azure’s answer', () => {
    const admin = {
      association: { networkManager: { id: id.any('networkManagers', 'nm') } },
      effectiveSecurityRules: [effective('no-rdp', 1, 'Deny')],
    };
    const result = opinion(
      bodies,
      { value: [admin, answer([effective('securityRules/allow-rdp', 300, 'Allow')])] },
      { adminRules: { state: 'unknown', why: 'denied', because: 'no permission', cure: 'ask' } },
    );
    expect(result.ports).toEqual([]);
  });

  test.each([
    ['AlwaysAllow', 'AlwaysAllow', 'the same'],
    ['AlwaysAllow', 'Allow', 'the same'],
    ['Allow', 'Allow', 'the same'],
    ['Allow', 'AlwaysAllow', 'differs'],
    ['AlwaysAllow', 'Deny', 'differs'],
    ['Deny', 'Deny', 'the same'],
    ['Deny', 'AlwaysAllow', 'differs'],
  ])('an admin rule that is %s here and %s there, behind a group that closes', (ours, azures, result) => {
    const rule = {
      id: `${id.any('networkManagers', 'nm')}/securityAdminConfigurations/c/ruleCollections/rc/rules/rdp`,
      kind: 'Custom',
      properties: {
        access: ours,
        priority: 1,
        direction: 'Inbound',
        protocol: 'Tcp',
        sources: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
        destinations: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
        sourcePortRanges: ['0-65535'],
        destinationPortRanges: ['3389'],
      },
    };
    const manager = {
      association: { networkManager: { id: id.any('networkManagers', 'nm') } },
      effectiveSecurityRules: [effective('rdp', 1, azures)],
    };
    const found = opinion(
      machine({ nicRules: [rdp('r', 300, 'Deny')] }),
      { value: [manager, answer([effective('securityRules/r', 300, 'Deny')])] },
      { adminRules: { state: 'known', byNetwork: new Map([[id.vnet().toUpperCase(), [rule]]]) } },
    );
    expect(found.secondOpinion[0]?.result).toContain(result);
  });

  test('where our list of admin rules was not read, an "Allow" of Azure’s may be one that always allows, and that is said', () => {
    const manager = {
      association: { networkManager: { id: id.any('networkManagers', 'nm') } },
      effectiveSecurityRules: [effective('perhaps', 1, 'Allow')],
    };
    const found = opinion(
      machine({ nicRules: [rdp('r', 300, 'Deny')] }),
      { value: [manager, answer([effective('securityRules/r', 300, 'Deny')])] },
      { adminRules: { state: 'unknown', why: 'denied', because: 'no permission', cure: 'ask' } },
    );
    expect(found.secondOpinion[0]?.result).not.toContain('differs');
    expect(found.notSeen.join()).toContain(
      "whether the security admin rules perhaps always allow: Azure's effective rules",
    );
  });

  test('where Azure could not be asked, the reason is shown and nothing counts as checked', () => {
    const fact = evaluateExposure({
      ...ask(bodies, { power: 'deallocated' }),
      secondOpinions: new Map([
        [
          id.nic(),
          {
            why: 'not-asked',
            because: 'not asked: Azure answers only for a VM that runs (deallocated)',
            cure: '',
          },
        ],
      ]),
    });
    if (fact.state !== 'known') throw new Error('unknown');
    expect(fact.value.secondOpinion[0]?.result).toContain('not asked');
    expect(fact.value.ports[0]?.agrees).toBe('not-checked');
  });

  test('an answer that is no answer is not taken for one', () => {
    for (const body of [null, {}, 'x', { error: { code: 'NicMustBeAttached' } }]) {
      const result = opinion(bodies, body);
      expect(result.ports[0]?.agrees).toBe('not-checked');
      expect(result.secondOpinion[0]?.result).toContain('not checked');
    }
  });
});

const shared = resolve(process.env.CORDON_SHARED ?? join(import.meta.dirname, '../../../../shared'));
const recordings = join(shared, 'contract/recordings');
const present = existsSync(recordings);
if (!present) console.warn(`SKIPPED: recordings of Azure are not at ${recordings}`);

describe.skipIf(!present)('recordings of Azure', () => {
  const bodyOf = (name: string): unknown => JSON.parse(readFileSync(join(recordings, name), 'utf8')).liveResponse.body;
  const reader = new AddressReader();

  test('every inbound rule of the security group view is placed, and RDP is open', () => {
    const body = bodyOf('01-securityGroupView-effectiveSecurityRules.json') as {
      networkInterfaces: {
        id: string;
        securityRuleAssociations: { effectiveSecurityRules: { direction: string; name: string }[] };
      }[];
    };
    const [entry] = body.networkInterfaces;
    if (entry === undefined) throw new Error('no interface');
    const { chain, because, defects } = readEffectiveRules(entry.id, body, reader);
    expect([because, defects]).toEqual(['', []]);
    const inbound = entry.securityRuleAssociations.effectiveSecurityRules.filter((one) => one.direction === 'Inbound');
    expect(inbound).toHaveLength(5);
    expect(chain.nic?.rules.map((one) => [one.name, one.priority])).toEqual([
      ['default-allow-rdp', 1000],
      ['AllowVnetInBound', 65000],
      ['AllowAzureLoadBalancerInBound', 65001],
      ['DefaultInboundDenyAll', 65500],
      ['DenyAllInBound', 65500],
    ]);
    expect(chain.nic?.rules.flatMap((one) => one.source.unresolved)).toEqual([]);
    const renamed = JSON.parse(JSON.stringify(body).replaceAll(entry.id, id.nic())) as unknown;
    const result = opinion(
      machine({
        nicRules: [rule('default-allow-rdp', 1000, 'Allow', { destinationPortRange: '3389', protocol: 'TCP' })],
      }),
      renamed,
    );
    expect(result.secondOpinion[0]?.result).toBe('the same');
  });

  test('the refusal for a VM that does not run is no answer', () => {
    expect(readEffectiveRules(id.nic(), bodyOf('02-effectiveNSG-nic-not-running-400.json'), reader).because).not.toBe(
      '',
    );
  });

  test('the empty answer means no group', () => {
    expect(readEffectiveRules(id.nic(), bodyOf('03-effectiveNSG-empty-200.json'), reader)).toMatchObject({
      empty: true,
      because: '',
      chain: { nic: undefined, subnet: undefined },
    });
  });

  for (const name of ['04-NSG-createOrUpdate-201.json', '05-NSG-get-200.json']) {
    test(`${name.slice(0, 2)}: the default rules of a group are placed`, () => {
      const rules = compileSecurityGroup(bodyOf(name) as Body, 'nic', reader);
      expect(rules.defects).toEqual([]);
      expect(rules.rules.map((one) => [one.name, one.priority, one.access])).toEqual([
        ['AllowVnetInBound', 65000, 'allow'],
        ['AllowAzureLoadBalancerInBound', 65001, 'allow'],
        ['DenyAllInBound', 65500, 'deny'],
      ]);
    });
  }
});

describe('what Azure’s effective rules cannot say', () => {
  test('ICMP without a protocol field is not compared, and the others are', () => {
    const ping = rule('ping', 200, 'Allow', { protocol: 'Icmp' });
    const bodies = machine({ nicRules: [ping, rdp('allow-rdp', 300, 'Allow')] });
    const unsaid = effective('securityRules/ping', 200, 'Allow', { ...every, protocol: undefined });
    const told = [unsaid, effective('securityRules/allow-rdp', 300, 'Allow')];
    const result = opinion(bodies, { value: [answer(told)] });
    expect(result.disagreements).toEqual([]);
    expect(result.ports.map(({ protocol, agrees }) => [protocol, agrees]).toSorted()).toEqual([
      ['icmp', 'not-checked'],
      ['tcp', 'effective-rules'],
    ]);
    expect(result.secondOpinion[0]?.result).toMatch(/^the same; ICMP, ESP, AH not compared/);
    // A difference that can be said is still one.
    const other = opinion(bodies, { value: [answer([unsaid])] });
    expect(other.disagreements).toMatchObject([{ protocol: 'tcp', ports: '3389', azure: 'closed' }]);
  });

  test('a rule without access or priority makes its own protocol uncertain, not the rest', () => {
    const broken = effective('securityRules/x', 100, 'Sometimes');
    const bodies = machine({
      nicRules: [
        rdp('allow-rdp', 300, 'Allow'),
        rdp('dns', 310, 'Allow', { protocol: 'Udp', destinationPortRange: '53' }),
      ],
    });
    const result = opinion(bodies, { value: [answer([broken])] });
    expect(result.ports.map(({ protocol, agrees }) => [protocol, agrees]).toSorted()).toEqual([
      ['tcp', 'not-checked'],
      ['udp', 'disagrees'],
    ]);
  });
});

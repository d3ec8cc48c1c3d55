import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateExposure } from '../../src/network/exposure.ts';
import { ask, type Body, config, id, ip, nic, nsg, rule, subnet, vnet } from './world.ts';

// A second reading of IPv6 that shares no code with the first: an address is the text of its 128 bits.
const bits = (address: string): string => {
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail);
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
};
const within = (address: string, prefix: string): boolean => {
  const [base = '', length = '128'] = prefix.split('/');
  return bits(address).slice(0, Number(length)) === bits(base).slice(0, Number(length));
};
const text = (all: string): string =>
  [...Array(8).keys()].map((i) => Number.parseInt(all.slice(i * 16, i * 16 + 16), 2).toString(16)).join(':');
const step = (all: string, by: 1n | -1n): string => {
  const value = BigInt(`0b${all}`) + by;
  return value < 0n || value >= 1n << 128n ? all : value.toString(2).padStart(128, '0');
};
/** The first and the last address of a prefix, and their neighbours outside. */
const edges = (prefix: string): string[] => {
  const [base = '', length = '128'] = prefix.split('/');
  const kept = bits(base).slice(0, Number(length));
  const [first, last] = [kept.padEnd(128, '0'), kept.padEnd(128, '1')];
  return [first, last, step(first, -1n), step(last, 1n)].map(text);
};

const PREFIXES = [
  '2001:db8::/32',
  '2001:db8:7::/48',
  '2603:1030:408::7',
  '::/0',
  '2000::/3',
  '8000::/1',
  'fd00:1::/48',
  '::/1',
];
const WORDS = ['*', 'Internet', 'VirtualNetwork', '0.0.0.0/0', '10.0.0.0/8'];
const OWN = 'fd00:1::/48';
const HERE = 'fd00:1:0:4::7';

const matches = (source: string, prefix: string): boolean => {
  if (prefix === '*') return true;
  if (prefix === 'Internet') return within(source, '2000::/3') && !within(source, OWN);
  if (prefix === 'VirtualNetwork') return within(source, OWN);
  return prefix.includes(':') && within(source, prefix);
};

const someRule = fc.record({
  access: fc.constantFrom('Allow', 'Allow', 'Deny'),
  port: fc.constantFrom('*', '22', '22-80', '3389'),
  sources: fc.array(fc.constantFrom(...PREFIXES, ...WORDS), { minLength: 1, maxLength: 3 }),
  destination: fc.constantFrom('*', 'fd00:1:0:4::/64', HERE, 'fd00:1:0:5::/64', '2603:1030:408::9'),
});
type SomeRule = typeof someRule extends fc.Arbitrary<infer R> ? R : never;

const allows = (rules: readonly SomeRule[], source: string, port: number): boolean => {
  for (const one of rules) {
    const [from = '', to = from] = one.port === '*' ? ['0', '65535'] : one.port.split('-');
    if (port < Number(from) || Number(to) < port) continue;
    if (!one.sources.some((prefix) => matches(source, prefix))) continue;
    if (one.destination !== '*' && !within(HERE, one.destination)) continue;
    return one.access === 'Allow';
  }
  return within(source, OWN);
};

test('IPv6: an answer agrees with addresses that are compared bit by bit', () => {
  const senders = [...new Set(PREFIXES.flatMap(edges))].filter((address) => within(address, '2000::/3'));
  const rules = fc.array(someRule, { maxLength: 6 });
  let open = 0;
  fc.assert(
    fc.property(fc.option(rules, { nil: undefined }), rules, (subnetRules, nicRules) => {
      const bodiesOf = (list: readonly SomeRule[]): Body[] =>
        list.map((one, i) =>
          rule(`r${i}`, 100 + i, one.access, {
            destinationPortRange: one.port,
            sourceAddressPrefix: undefined,
            sourceAddressPrefixes: one.sources,
            destinationAddressPrefix: one.destination,
          }),
        );
      const fact = evaluateExposure(
        ask([
          vnet({ addressSpace: { addressPrefixes: ['10.1.0.0/16', OWN] } }, [
            subnet(subnetRules === undefined ? undefined : 'subnet-nsg', {
              addressPrefix: undefined,
              addressPrefixes: ['10.1.4.0/24', 'fd00:1:0:4::/64'],
            }),
          ]),
          ...(subnetRules === undefined ? [] : [nsg('subnet-nsg', bodiesOf(subnetRules))]),
          nsg('web-nsg', bodiesOf(nicRules)),
          nic('web-nsg', [
            config({}),
            config({ privateIPAddress: HERE, privateIPAddressVersion: 'IPv6', publicIPAddress: { id: id.ip() } }, 'v6'),
          ]),
          ip('2603:1030:408::7', { publicIPAddressVersion: 'IPv6' }),
        ]),
      );
      if (fact.state !== 'known') throw new Error(fact.because);
      const tcp = fact.value.ports.filter((port) => port.protocol === 'tcp');
      for (const source of senders) {
        for (const port of [0, 21, 22, 23, 80, 81, 3389, 65535]) {
          const expected =
            (subnetRules === undefined || allows(subnetRules, source, port)) && allows(nicRules, source, port);
          const found = tcp.some(
            (one) =>
              one.from <= port &&
              port <= one.to &&
              one.sources.prefixes.some((prefix) => prefix === '::/0' || within(source, prefix)),
          );
          if (expected) open += 1;
          if (found !== expected) expect({ source, port, found }).toEqual({ source, port, found: expected });
        }
      }
    }),
    { numRuns: 500 },
  );
  expect(open).toBeGreaterThan(1000);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSecurityGroup, type InboundRule } from '../../../src/network/rules/compile-rules.ts';
import { ListAtPlace } from '../../../src/network/rules/evaluate-chain.ts';
import type { Pieces } from '../../../src/network/rules/outcome.ts';
import { AddressReader, IPV4 } from '../../../src/network/sets/address-prefixes.ts';
import { ALL_V4, INTERNET_V4 } from '../../../src/network/sets/address-set.ts';
import { contains } from '../../../src/network/sets/interval-set.ts';
import { nsg, rule } from '../world.ts';

interface Asked {
  from: number;
  to: number;
  block: number;
  length: number;
  access: string;
}

const place = {
  family: IPV4,
  destination: [0x0a010407, 0x0a010408],
  groups: new Set<string>(),
  tags: { virtualNetwork: [0x0a000000, 0x0b000000], internet: INTERNET_V4, everything: ALL_V4 },
};

/** Which rule of the list, if any, let a source through: by the decisions on a port. */
function decider(pieces: Pieces<number> | undefined, source: number): string | undefined {
  for (let one = pieces; one !== undefined; one = one.before) {
    if (contains(one.last.sources, source)) return one.last.rule.name;
  }
  return undefined;
}

/** The first rule that names a port and a source, packet by packet. */
const naive = (rules: readonly InboundRule[], port: number, source: number): InboundRule | undefined =>
  rules.find(
    ({ ports, source: spec }) =>
      contains(ports, port) && (spec.any || (spec.v4.length > 0 && contains(spec.v4, source))),
  );

/** Checks every edge of every rule; says whether the intervals of ports were decided one by one. */
function check(asked: Asked[]): boolean {
  const group = nsg(
    'g',
    asked.map(({ from, to, block, length, access }, i) =>
      rule(`r${i}`, 100 + i, access, {
        destinationPortRange: `${Math.min(from, to)}-${Math.max(from, to)}`,
        sourceAddressPrefix: length === 0 ? '*' : `20.${block}.0.0/${length}`,
      }),
    ),
  );
  const list = compileSecurityGroup(group, 'nic', new AddressReader());
  const { chain, starts, which, outcomes } = new ListAtPlace(list, place, INTERNET_V4, 'left-out').decisions(
    'tcp',
    undefined,
  );
  const sources = new Set(list.rules.flatMap(({ source }) => source.v4.flatMap((edge) => [edge - 1, edge])));
  const ports = new Set(list.rules.flatMap(({ ports: edges }) => edges.flatMap((edge) => [edge - 1, edge])));
  for (const port of ports) {
    if (port < 0 || port > 65535) continue;
    const at = which[starts.findLastIndex((start) => start <= port)] ?? -1;
    const outcome = outcomes[at];
    if (outcome === undefined) throw new Error(`no outcome for port ${port}`);
    for (const source of sources) {
      if (!contains(INTERNET_V4, source)) continue;
      const first = naive(list.rules, port, source);
      const own = contains(outcome.taken, source);
      expect(own ? contains(outcome.allowed, source) : contains(chain.allowed, source)).toBe(first?.access === 'allow');
      expect(decider(outcome.pieces, source)).toBe(own && first?.access === 'allow' ? first.name : undefined);
    }
  }
  return outcomes.some((outcome) => !Object.hasOwn(outcome, 'pieces'));
}

const port = fc.integer({ min: 0, max: 65_535 });
const access = fc.constantFrom('Allow', 'Deny');

test('rules that overlap in few and in many ports, for everyone and for blocks, are those of packets one by one', () => {
  const asked = fc.record({
    from: port,
    to: port,
    block: fc.nat(7),
    length: fc.constantFrom(0, 8, 14, 16, 16, 24),
    access,
  });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 12 }), (rules) => {
      check(rules);
    }),
    { numRuns: 150 },
  );
});

test('so are long ranges for many blocks, which are decided interval by interval', () => {
  const asked = fc.record({
    from: fc.integer({ min: 0, max: 20_000 }),
    to: fc.integer({ min: 40_000, max: 65_535 }),
    block: fc.nat(250),
    length: fc.constantFrom(12, 15, 16, 16, 16, 20),
    access,
  });
  let deep = 0;
  fc.assert(
    fc.property(fc.array(asked, { minLength: 24, maxLength: 32 }), (rules) => {
      if (check(rules)) deep += 1;
    }),
    { numRuns: 20 },
  );
  expect(deep).toBeGreaterThan(0);
});

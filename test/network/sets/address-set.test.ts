import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addressesOf,
  cidrsV4,
  cidrsV6,
  formatV4,
  formatV6,
  INTERNET_SIZE,
  INTERNET_V4,
  parsePrefix,
  parseV4,
  parseV6,
  sizeV4,
} from '../../../src/network/sets/address-set.ts';
import {
  contains,
  covers,
  equal,
  type Intervals,
  intersect,
  normalise,
  overlaps,
  subtract,
  union,
  unionAll,
} from '../../../src/network/sets/interval-set.ts';
import { formatPorts, parsePorts } from '../../../src/network/sets/port-set.ts';

test('the Internet is 3,702,259,456 IPv4 addresses', () => {
  expect(INTERNET_SIZE).toBe(3_702_259_456);
  expect(sizeV4(INTERNET_V4)).toBe(3_702_259_456);
  for (const address of [
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '203.0.113.1',
    '223.255.255.255',
    '1.0.0.0',
  ]) {
    expect(contains(INTERNET_V4, parseV4(address) ?? -1), address).toBe(true);
  }
  for (const address of [
    '0.0.0.0',
    '10.0.0.0',
    '100.64.0.0',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.0.0.8',
    '192.168.1.1',
    '198.19.255.255',
    '224.0.0.1',
    '255.255.255.255',
  ]) {
    expect(contains(INTERNET_V4, parseV4(address) ?? -1), address).toBe(false);
  }
});

const UNIVERSE = 40;
const set = fc
  .array(fc.tuple(fc.integer({ min: 0, max: UNIVERSE }), fc.integer({ min: 0, max: UNIVERSE })), { maxLength: 8 })
  .map((pairs) => normalise(pairs.flat()));
const members = (of: Intervals<number>) => {
  const found: number[] = [];
  for (let n = 0; n < UNIVERSE; n += 1) {
    let inside = false;
    for (let i = 0; i < of.length; i += 2) if ((of[i] ?? 0) <= n && n < (of[i + 1] ?? 0)) inside = true;
    if (inside) found.push(n);
  }
  return found;
};
const isNormal = (of: Intervals<number>) => of.every((value, i) => i === 0 || (of[i - 1] ?? 0) < value);

test('intervals in any order, overlapping, empty and inverted, few and many, are the set of their members', () => {
  const edge = fc.integer({ min: 0, max: UNIVERSE });
  fc.assert(
    fc.property(fc.array(fc.tuple(edge, edge), { maxLength: 40 }), (pairs) => {
      const made = normalise(pairs.flat());
      const all = [...Array(UNIVERSE).keys()];
      expect(members(made)).toEqual(all.filter((n) => pairs.some(([start, end]) => start <= n && n < end)));
      expect(isNormal(made)).toBe(true);
    }),
  );
});

test('the algebra is that of sets of numbers', () => {
  fc.assert(
    fc.property(set, set, set, (a, b, c) => {
      const inA = new Set(members(a));
      const inB = new Set(members(b));
      const all = [...Array(UNIVERSE).keys()];
      expect(members(union(a, b))).toEqual(all.filter((n) => inA.has(n) || inB.has(n)));
      expect(members(intersect(a, b))).toEqual(all.filter((n) => inA.has(n) && inB.has(n)));
      expect(members(subtract(a, b))).toEqual(all.filter((n) => inA.has(n) && !inB.has(n)));
      expect(unionAll([a, b, c])).toEqual(union(union(a, b), c));
      for (const made of [a, union(a, b), intersect(a, b), subtract(a, b)]) expect(isNormal(made)).toBe(true);
      expect(overlaps(a, b)).toBe(intersect(a, b).length > 0);
      expect(covers(a, b)).toBe(subtract(b, a).length === 0);
      expect(equal(a, b)).toBe(subtract(a, b).length === 0 && subtract(b, a).length === 0);
      for (const n of all) expect(contains(a, n)).toBe(inA.has(n));
    }),
    { numRuns: 2000 },
  );
});

test('blocks are exactly the set, sorted, and cannot be joined further', () => {
  const edge = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 }), fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 32 - 1));
  fc.assert(
    fc.property(fc.array(fc.tuple(edge, edge), { maxLength: 4 }), (pairs) => {
      const of = normalise(pairs.flat());
      const blocks = cidrsV4(of);
      expect(addressesOf(blocks).v4).toEqual([...of]);
      const sizes = blocks.map((block) => Number(block.split('/')[1]));
      for (let i = 1; i < blocks.length; i += 1) {
        if (sizes[i] !== sizes[i - 1]) continue;
        // Two neighbours of one size that form an aligned pair would be one block.
        const first = parsePrefix(blocks[i - 1] ?? '');
        const second = parsePrefix(blocks[i] ?? '');
        if (first?.family !== 4 || second?.family !== 4) throw new Error('no block');
        const size = first.end - first.start;
        expect(first.end === second.start && first.start % (size * 2) === 0).toBe(false);
      }
    }),
  );
});

test('IPv4 text: strict', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (n) => {
      expect(parseV4(formatV4(n))).toBe(n);
    }),
  );
  for (const bad of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.',
    ' 1.2.3.4',
    '1.2.3.4a',
    '0x1.2.3.4',
  ]) {
    expect(parseV4(bad), bad).toBeUndefined();
  }
});

test('IPv6 text after RFC 5952', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.bigInt({ min: 0n, max: 127n }), (n, shift) => {
      for (const value of [n, n >> shift, (n >> shift) << shift]) expect(parseV6(formatV6(value))).toBe(value);
    }),
  );
  expect(formatV6(parseV6('2001:DB8:0:0:1:0:0:1') ?? 0n)).toBe('2001:db8::1:0:0:1');
  expect(formatV6(0n)).toBe('::');
  expect(parseV6('::ffff:192.0.2.1')).toBe(0xffff_c000_0201n);
  for (const bad of [
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '12345::',
    'fe80::1%eth0',
    '::256.1.1.1',
  ]) {
    expect(parseV6(bad), bad).toBeUndefined();
  }
  expect(cidrsV6(addressesOf(['2001:db8::/33', '2001:db8:8000::/33']).v6)).toEqual(['2001:db8::/32']);
});

test('prefixes: blocks, single addresses, ranges; host bits are ignored', () => {
  expect(parsePrefix('10.1.2.3/8')).toEqual({ family: 4, start: parseV4('10.0.0.0'), end: parseV4('11.0.0.0') });
  expect(parsePrefix('0.0.0.0/0')).toEqual({ family: 4, start: 0, end: 2 ** 32 });
  expect(parsePrefix('1.1.1.1-1.1.1.3')).toEqual({
    family: 4,
    start: parseV4('1.1.1.1'),
    end: (parseV4('1.1.1.3') ?? 0) + 1,
  });
  expect(parsePrefix('::/0')).toEqual({ family: 6, start: 0n, end: 1n << 128n });
  for (const bad of [
    '10.0.0.0/33',
    '::/129',
    '1.1.1.3-1.1.1.1',
    '1.1.1.1-::1',
    'Internet',
    '*',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
  ]) {
    expect(parsePrefix(bad), bad).toBeUndefined();
  }
});

test('ports', () => {
  expect(formatPorts(parsePorts(['22', '80-81', '82', '3000 - 4000', '443,444']).ports)).toBe(
    '22, 80-82, 443-444, 3000-4000',
  );
  expect(parsePorts(['*']).ports).toEqual([0, 65536]);
  expect(parsePorts(['0-65535']).ports).toEqual([0, 65536]);
  for (const bad of ['65536', '-1', 'ssh', '20-10', '1-2-3', '', '22-'])
    expect(parsePorts([bad]).unread, bad).toEqual([bad]);
});

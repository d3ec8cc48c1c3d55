import { expect, test } from 'vitest';
import { INTERNET_V6, parsePrefix } from '../../src/network/sets/address-set.ts';
import { breadthOfV6, describeSourcesV6, sourcesText } from '../../src/network/source-breadth.ts';

const block = (text: string) => {
  const prefix = parsePrefix(text);
  if (prefix?.family !== 6) throw new Error(text);
  return [prefix.start, prefix.end];
};

test('the breadth of IPv6 is said in words, never as 0 public addresses', () => {
  expect(sourcesText(describeSourcesV6(INTERNET_V6))).toBe('the whole IPv6 Internet');
  expect(breadthOfV6(INTERNET_V6)).toBe('the whole IPv6 Internet');
  expect(sourcesText(describeSourcesV6(block('2603:1020::/32')))).toBe('2603:1020::/32');
  const blocks = ['2603:1020::/32', '2603:1030::/32', '2603:1040::/32', '2603:1050::/32', '2603:1060::/32'];
  expect(breadthOfV6(blocks.flatMap(block))).toBe(
    '2603:1020::/32, 2603:1030::/32, 2603:1040::/32 and 2 more IPv6 blocks',
  );
});

test('the breadth of IPv4 is counted', () => {
  expect(sourcesText({ publicAddresses: 1, breadth: 'narrow', prefixes: ['198.51.100.20/32'] })).toBe(
    '1 public address',
  );
  expect(sourcesText({ publicAddresses: 0, breadth: 'narrow', prefixes: [] })).toBe('0 public addresses');
});

import { describe, expect, it } from 'vitest';
import { notAllowable, prefixOf } from '../../../src/network/sets/given-prefix.ts';

describe('an address that somebody typed', () => {
  it('is read as an address or a prefix, and nothing else is', () => {
    expect(prefixOf(' 198.51.100.20 ')).toMatchObject({ prefix: '198.51.100.20/32', single: true, family: 4 });
    expect(prefixOf('::ffff:198.51.100.20')).toMatchObject({ prefix: '198.51.100.20/32', single: true });
    expect(prefixOf('10.1.0.0/26')).toMatchObject({ prefix: '10.1.0.0/26', single: false, length: 26 });
    for (const text of ['', '1', '1.2.3', 'web01', '10.0.0.0/33', '010.1.1.1']) expect(prefixOf(text)).toBeUndefined();
  });

  it('may stay allowed when a person can come from it, and it is no wider than a /24 or a /64', () => {
    for (const text of ['198.51.100.20', '203.0.113.0/24', '10.1.0.0/26', '100.64.0.7', '2001:db8::7', 'fd00:1::/64'])
      expect(notAllowable(text), text).toBe('');
  });

  it('may not when it is wider', () => {
    for (const text of ['0.0.0.0/0', '::/0', '128.0.0.0/1', '20.0.0.0/8', '203.0.112.0/23', '2001:db8::/63'])
      expect(notAllowable(text), text).toContain('is wider than');
  });

  it('may not when nobody sends from it: loopback, link-local, multicast, unspecified, reserved, Azure itself', () => {
    const nobody = ['127.0.0.1', '169.254.169.254', '168.63.129.16', '168.63.129.0/24', '224.0.0.5', '239.1.2.0/24'];
    const nobodyV6 = ['::', '::1', 'fe80::1', 'ff02::1', '100::7', '::ffff:127.0.0.1'];
    for (const text of [...nobody, '0.0.0.0', '0.1.2.3', '255.255.255.255', '240.0.0.1', ...nobodyV6])
      expect(notAllowable(text), text).toContain('is not the address of a person');
    for (const text of ['web01', 'fe80::1%eth0']) expect(notAllowable(text)).toContain('is not an address');
  });
});

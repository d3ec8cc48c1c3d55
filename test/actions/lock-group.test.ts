import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { snapshotName } from '../../src/actions/disks-snapshot.ts';
import { groupName, lockRules, lockSettings, ruleDrift } from '../../src/actions/lock-group.ts';
import { decideInbound, prefixOf } from '../../src/actions/way-in.ts';

const settings = (given: object = {}) => lockSettings.parse(given);

describe('the rules of the lock', () => {
  it('put the way in above the denial', () => {
    const rules = lockRules(['198.51.100.20/32'], settings({ ports: [3389] }));
    expect(rules.map((rule) => [rule.properties.priority, rule.properties.access, rule.properties.direction])).toEqual([
      [100, 'Allow', 'Inbound'],
      [200, 'Deny', 'Inbound'],
    ]);
    expect(decideInbound(rules, '198.51.100.20', 3389)).toEqual({ allowed: true, rule: 'cordon-allow-responder' });
    expect(decideInbound(rules, '198.51.100.21', 3389).allowed).toBe(false);
    expect(decideInbound(rules, '198.51.100.20', 445).allowed).toBe(false);
  });

  it('leave outbound alone unless it is asked for', () => {
    const outbound = (given: object) =>
      lockRules(['198.51.100.20/32'], settings(given)).filter((rule) => rule.properties.direction === 'Outbound')
        .length;
    expect([outbound({}), outbound({ denyOutbound: true })]).toEqual([0, 1]);
  });

  it('keep the two address families in rules of their own', () => {
    const rules = lockRules(['198.51.100.20/32', '2001:db8::7/128'], settings());
    const sources = rules.map((rule) => rule.properties.sourceAddressPrefixes).filter(Boolean);
    expect(sources).toEqual([['198.51.100.20/32'], ['2001:db8::7/128']]);
    expect(decideInbound(rules, '2001:db8::7', 22).allowed).toBe(true);
  });

  it('notice what somebody changed', () => {
    const rules = lockRules(['198.51.100.20/32'], settings());
    const group = (list: unknown[]) => ({ properties: { securityRules: list } });
    expect(ruleDrift(group(rules), rules)).toEqual([]);
    const opened = { name: 'jit', properties: { priority: 90, access: 'Allow', direction: 'Inbound', protocol: '*' } };
    expect(ruleDrift(group([...rules, opened]), rules)).toEqual(['jit']);
    expect(ruleDrift(group(rules.slice(1)), rules)).toEqual(['cordon-allow-responder']);
  });
});

describe('names', () => {
  const odd = fc.string({ unit: 'binary', maxLength: 120 });
  it('of groups are ones that Azure accepts', () => {
    fc.assert(
      fc.property(odd, odd, (id, machine) => {
        const first = groupName(id, machine, new Set());
        expect(first).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,78}[A-Za-z0-9_]$/);
        expect(groupName(id, machine, new Set([first.toLowerCase()]))).not.toBe(first);
      }),
    );
    expect(groupName('2026-11-23-web01', 'web01', new Set())).toBe('cordon-2026-11-23-web01');
  });

  it('of snapshots are ones that Azure accepts, and differ', () => {
    const when = new Date('2026-11-23T02:20:11.123Z');
    fc.assert(
      fc.property(odd, odd, (id, disk) => {
        const taken = new Set<string>();
        for (let count = 0; count < 3; count += 1) {
          const name = snapshotName(id, disk, when, taken);
          expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$/);
          expect(taken.has(name.toLowerCase())).toBe(false);
          taken.add(name.toLowerCase());
        }
      }),
    );
    expect(snapshotName('2026-11-23-web01', 'web01-os', when, new Set())).toBe(
      'cordon-2026-11-23-web01-web01-os-20261123T022011Z',
    );
  });
});

describe('decideInbound', () => {
  const rule = (name: string, priority: number, access: string, from: string, ports: string, protocol = 'Tcp') => ({
    name,
    properties: {
      priority,
      access,
      direction: 'Inbound',
      protocol,
      sourceAddressPrefix: from,
      destinationPortRange: ports,
    },
  });

  it('takes the first match by priority', () => {
    const rules = [rule('deny', 200, 'Deny', '*', '*', '*'), rule('allow', 150, 'Allow', 'Internet', '3000-4000')];
    expect(decideInbound(rules, '203.0.113.7', 3389)).toEqual({ allowed: true, rule: 'allow' });
    expect(decideInbound(rules, '203.0.113.7', 22)).toEqual({ allowed: false, rule: 'deny' });
  });

  it('does not guess at a tag', () => {
    const rules = [rule('corp', 100, 'Allow', 'AzureCloud', '22'), rule('deny', 200, 'Deny', '*', '*', '*')];
    expect(decideInbound(rules, '203.0.113.7', 22)).toEqual({ allowed: null, rule: 'corp' });
  });

  it('does not take UDP for TCP, nor the one family for the other', () => {
    expect(decideInbound([rule('udp', 100, 'Allow', '*', '*', 'Udp')], '203.0.113.7', 22).allowed).toBe(false);
    expect(decideInbound([rule('v4', 100, 'Allow', '0.0.0.0/0', '22')], '2001:db8::7', 22).allowed).toBe(false);
  });

  it('reads addresses and prefixes only', () => {
    expect(prefixOf(' 198.51.100.20 ')).toEqual({ prefix: '198.51.100.20/32', single: true });
    expect(prefixOf('::ffff:198.51.100.20')).toEqual({ prefix: '198.51.100.20/32', single: true });
    expect(prefixOf('10.1.0.0/26')).toEqual({ prefix: '10.1.0.0/26', single: false });
    for (const text of ['', '1', '1.2.3', 'web01', '10.0.0.0/33', '010.1.1.1']) expect(prefixOf(text)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupBody } from '../../../src/actions/lock/lock-outlook.ts';
import { groupName, guestRules, lockRules, ruleDrift, rulesBehind } from '../../../src/actions/lock/lock-rules.ts';
import { type LockRule, lockSettings } from '../../../src/actions/lock/lock-settings.ts';
import { snapshotName } from '../../../src/actions/snapshot/settings.ts';
import { reachByConfiguration } from '../../../src/network/reach.ts';
import { ask, config, id, nic, subnet, vnet } from '../../network/world.ts';

const settings = (given: object = {}) => lockSettings.parse(given);

/** Whether these rules at an interface with addresses of both families let a sender in. */
function letsIn(rules: readonly LockRule[], from: string, port: number) {
  const v6 = config({ privateIPAddress: 'fd00:1::7', privateIPAddressVersion: 'IPv6' }, 'v6');
  const bodies = [vnet({}, [subnet(undefined)]), nic(undefined, [config(), v6])];
  const input = { ...ask(bodies), networkInterface: id.nic(), instead: groupBody(rules) };
  const [answer] = reachByConfiguration(input).ask([from], 'tcp', [port]);
  return answer?.verdict;
}

describe('the rules of the lock', () => {
  it('put the way in above the denial', () => {
    const rules = lockRules(['198.51.100.20/32'], settings({ ports: [3389] }));
    expect(rules.map((rule) => [rule.properties.priority, rule.properties.access, rule.properties.direction])).toEqual([
      [100, 'Allow', 'Inbound'],
      [200, 'Deny', 'Inbound'],
    ]);
    expect(letsIn(rules, '198.51.100.20', 3389)).toBe('open');
    expect(letsIn(rules, '198.51.100.21', 3389)).toBe('closed');
    expect(letsIn(rules, '198.51.100.20', 445)).toBe('closed');
  });

  it('leave outbound alone unless it is asked for', () => {
    const outbound = (given: object) =>
      lockRules(['198.51.100.20/32'], settings(given)).filter((rule) => rule.properties.direction === 'Outbound')
        .length;
    expect([outbound({}), outbound({ denyOutbound: true, keepOutbound: [] })]).toEqual([0, 1]);
  });

  it('keep open outbound what is named, in front of the denial, and close the platform only when asked', () => {
    const named = (given: object) =>
      lockRules(['198.51.100.20/32'], settings({ denyOutbound: true, ...given }))
        .filter((rule) => rule.properties.direction === 'Outbound')
        .sort((a, b) => a.properties.priority - b.properties.priority)
        .map(({ properties }) => `${properties.access} ${properties.destinationAddressPrefix}`);
    expect(named({})).toEqual(['Allow AzureMonitor', 'Deny *']);
    expect(named({ keepOutbound: ['backup', 'dns'], closePlatform: true })).toEqual([
      'Deny AzurePlatformDNS',
      'Deny AzurePlatformIMDS',
      'Deny AzurePlatformLKM',
      'Allow AzureBackup',
      'Allow Storage',
      'Allow AzureActiveDirectory',
      'Allow VirtualNetwork',
      'Deny *',
    ]);
  });

  it('keep the two address families in rules of their own', () => {
    const rules = lockRules(['198.51.100.20/32', '2001:db8::7/128'], settings());
    const sources = rules.map((rule) => rule.properties.sourceAddressPrefixes).filter(Boolean);
    expect(sources).toEqual([['198.51.100.20/32'], ['2001:db8::7/128']]);
    expect([letsIn(rules, '2001:db8::7', 22), letsIn(rules, '2001:db8::8', 22)]).toEqual(['open', 'closed']);
  });

  it('notice what somebody changed', () => {
    const rules = lockRules(['198.51.100.20/32'], settings());
    const group = (list: unknown[]) => ({ properties: { securityRules: list } });
    expect(ruleDrift(group(rules), rules)).toEqual([]);
    const opened = { name: 'jit', properties: { priority: 90, access: 'Allow', direction: 'Inbound', protocol: '*' } };
    expect(ruleDrift(group([...rules, opened]), rules)).toEqual(['jit']);
    expect(ruleDrift(group(rules.slice(1)), rules)).toEqual(['cordon-allow-responder']);
    // Behind the denial a rule decides nothing; outbound there is none here.
    const behind = (direction: string) => ({
      name: 'by-policy',
      properties: { ...opened.properties, priority: 4096, direction },
    });
    expect(ruleDrift(group([...rules, behind('Inbound')]), rules)).toEqual([]);
    expect(rulesBehind(group([...rules, behind('Inbound')]), rules)).toEqual(['by-policy']);
    expect(ruleDrift(group([...rules, behind('Outbound')]), rules)).toEqual(['by-policy']);
    expect(ruleDrift(group([...rules.filter(({ name }) => !/deny/.test(name)), behind('Inbound')]), rules)).toContain(
      'cordon-deny-inbound',
    );
  });

  it('take the rules of Defender for Cloud and of responders who joined for no change by somebody', () => {
    const rules = lockRules(['198.51.100.20/32'], settings());
    const named = (name: string) => ({ name, properties: { priority: 101, access: 'Allow', direction: 'Inbound' } });
    // Names as Defender for Cloud wrote and writes them, for its denials and its grants.
    const defenders = [
      'SecurityCenter-JITRule_-1282941078_D94F68C391F84FFFB715F439EA7EBF4E',
      'MicrosoftDefenderForCloud-JITRule-1151891693_545C5DBC675443D3BF179EFD1EF8254D',
    ];
    const guests = [...defenders, 'cordon-join-2026-11-24-web01-1'].map(named);
    const group = { properties: { securityRules: [...rules, ...guests] } };
    expect(ruleDrift(group, rules)).toEqual([]);
    expect(guestRules(group)).toEqual({ defender: defenders, joined: ['cordon-join-2026-11-24-web01-1'] });
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

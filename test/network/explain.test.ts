import { expect, test } from 'vitest';
import { explainPort } from '../../src/network/explain.ts';
import { evaluateExposure } from '../../src/network/exposure.ts';
import { ask, type Body, machine, rule } from './world.ts';

function explained(bodies: Body[], index = 0): Record<string, string[]> {
  const input = ask(bodies);
  const fact = evaluateExposure(input);
  const port = fact.state === 'known' ? fact.value.ports[index] : undefined;
  if (port === undefined) throw new Error('no port');
  return Object.fromEntries(
    [...Map.groupBy(explainPort(port, input.vm, input.resources), (line) => line.label)].map(([label, lines]) => [
      label,
      lines.map((line) => line.text),
    ]),
  );
}

const rdp = (name: string, priority: number, access: string, fields: Body = {}) =>
  rule(name, priority, access, { destinationPortRange: '3389', ...fields });

test('the path, who, the rule and the rules that lost, with the reason', () => {
  const lines = explained(
    machine({
      nicRules: [
        rdp('names-public', 110, 'Deny', { destinationAddressPrefix: '20.51.7.14' }),
        rdp('other-machine', 120, 'Deny', { destinationAddressPrefix: '10.1.4.99' }),
        rdp('attacker', 130, 'Deny', { sourceAddressPrefix: '203.0.113.77' }),
        rdp('allow-rdp', 300, 'Allow'),
        rule('deny-all', 400, 'Deny', { protocol: '*' }),
        rule('ssh', 410, 'Allow', { destinationPortRange: '22' }),
      ],
    }),
  );
  expect(lines.Path).toEqual([
    'The Internet → 20.51.7.14:3389 (public address web-ip, Standard) → subnet vnet/web (no group) → web01-nic, group web-nsg → web01 3389/tcp',
  ]);
  expect(lines['Who can reach it']?.[0]).toMatch(/^3,702,259,455 public addresses: /);
  expect(lines['Decided by']).toEqual([
    'allow-rdp  priority 300  Allow  Tcp  source *  port 3389  (web-nsg, network interface)',
  ]);
  expect(lines['Rules that lost']).toEqual([
    expect.stringMatching(/^names-public .*never matches: it names the public address/),
    expect.stringMatching(/^other-machine .*\(other destination\)$/),
    expect.stringMatching(/^attacker .*\(earlier, but for other or only some sources\)$/),
    expect.stringMatching(/^deny-all .*\(later\)$/),
  ]);
  expect(lines['Azure says']).toEqual(['not checked']);
});

test('no rule stands in the way', () => {
  const lines = explained(machine({ sku: 'Basic' }));
  expect(lines['Decided by']).toEqual(['no rule: no network security group is in the way']);
  expect(lines.Path?.join(' ')).toContain('(public address web-ip, Basic, supported until 2025-09-30)');
});

test('names that attackers choose cannot drive the terminal', () => {
  const lines = explained(
    machine({ nicRules: [rdp('\u001b]0;owned\u0007rdp\u202e', 300, 'Allow', { description: '\u001b[2J' })] }),
  );
  expect(JSON.stringify(lines)).not.toMatch(/\\u001b|\\u202e|\u202e/);
  expect(lines['Decided by']?.[0]).toMatch(/^rdp {2}priority 300/);
});

test('any port may carry RDP on Windows and SSH on Linux, and is said so', () => {
  const remarks = (os: 'windows' | 'linux', destinationPortRange: string) => {
    const input = ask(machine({ nicRules: [rule('one', 100, 'Allow', { destinationPortRange })] }));
    const fact = evaluateExposure(input);
    const [port] = fact.state === 'known' ? fact.value.ports : [];
    if (port === undefined) throw new Error('no port');
    return explainPort(port, { ...input.vm, os }, input.resources)
      .filter((line) => line.label === 'Remark')
      .map((line) => line.text);
  };
  expect(remarks('windows', '4389')).toEqual(['may carry RDP: nothing else is known']);
  expect(remarks('linux', '2222')).toEqual([expect.stringMatching(/^may carry SSH/)]);
  expect(remarks('windows', '443')).toEqual(['may carry RDP too: a number is no proof of what answers']);
  expect(remarks('windows', '22')).toEqual(['may carry RDP too: a number is no proof of what answers']);
  expect(remarks('windows', '3389')).toEqual([]);
  expect(remarks('linux', '22')).toEqual([]);
});

test('what opens only by a service tag or an admin rule is explained with them', () => {
  const bodies = machine({ nicRules: [rdp('s', 100, 'Allow', { sourceAddressPrefix: 'Storage' })] });
  const input = ask(bodies);
  const serviceTags = { tags: new Map([['Storage', ['20.60.0.0/16']]]), source: 'x', doubt: '' };
  const fact = evaluateExposure({ ...input, serviceTags });
  const [port] = fact.state === 'known' ? fact.value.ports : [];
  if (port === undefined) throw new Error('no port');
  const [path] = explainPort(port, input.vm, input.resources, { serviceTags });
  expect(path?.text).toMatch(/subnet vnet\/web/);
});

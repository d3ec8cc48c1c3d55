import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExposedPort } from '../../../src/documents/triage.ts';
import { evaluateExposure } from '../../../src/network/exposure.ts';
import { decide, decideAdmin, inPrefix, type Packet } from '../oracle.ts';
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
} from '../random-world.ts';
import { ask, type Body, id } from '../world.ts';

function reported(ports: ExposedPort[], packet: Packet): ExposedPort | undefined {
  return ports.find((port) => {
    if (port.protocol !== packet.protocol) return false;
    const hasPorts = port.protocol === 'tcp' || port.protocol === 'udp';
    if (hasPorts && (packet.port < port.from || packet.port > port.to)) return false;
    return port.sources.prefixes.some((prefix) => inPrefix(packet.source, prefix));
  });
}

test('agrees with a per-packet oracle for random groups, tags, groups of VMs, routes and admin rules', () => {
  let open = 0;
  let closed = 0;
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
        const input = ask(bodies);
        const fact = evaluateExposure({
          ...input,
          serviceTags: { tags: new Map([['Storage', STORAGE]]), source: 'x', doubt: '' },
          adminRules: { state: 'known', byNetwork: new Map([[id.vnet(), adminRules]]) },
        });
        if (fact.state !== 'known') throw new Error('not known');
        const { ports } = fact.value;
        const around = surroundings(groups, routes);
        const all = [...(subnetRules ?? []), ...(nicRules ?? []), ...adminRules];
        const usesSourcePorts = all.some((body) => {
          const p = body.properties as Body;
          return p.sourcePortRange !== '*' || (p.sourcePortRanges as string[])?.length > 0;
        });
        const through = (packet: Packet): string[] | undefined => {
          const first = decideAdmin(adminRules, packet);
          if (first?.access === 'deny') return undefined;
          if (first?.access === 'alwaysallow') return [first.name];
          const by: string[] = [];
          if (subnetRules === undefined && nicRules === undefined && sku === 'Standard') return undefined;
          for (const rules of [subnetRules, nicRules]) {
            if (rules === undefined) continue;
            const verdict = decide(rules, packet, around);
            if (verdict.access === 'deny') return undefined;
            by.push(verdict.name);
          }
          return by;
        };
        for (const protocol of ['tcp', 'udp', 'icmp', 'esp', 'ah'] as const) {
          const hasPorts = protocol === 'tcp' || protocol === 'udp';
          for (const port of hasPorts ? portsToTry(all) : [0]) {
            for (const source of sourcesToTry(all)) {
              const sourcePorts = usesSourcePorts && hasPorts ? [0, 53, 80, 1023, 1024, 40000] : [40000];
              const ways = sourcePorts
                .map((sourcePort) => through({ protocol, source, sourcePort, destination: '10.1.4.7', port }))
                .filter((way) => way !== undefined);
              const shown = reported(ports, { protocol, source, sourcePort: 0, destination: '10.1.4.7', port });
              if (ways.length > 0) {
                open += 1;
                if (shown === undefined) throw new Error(`open but not reported: ${protocol} ${source} ${port}`);
                const rules = new Set(shown.decidedBy.map((one) => one.rule));
                if (!ways.every((way) => way.every((name) => rules.has(name))))
                  throw new Error(`other rules: ${protocol} ${source} ${port}: ${ways} ${[...rules]}`);
              } else {
                closed += 1;
                if (shown !== undefined)
                  throw new Error(`reported but closed: ${protocol} ${source} ${port} ${JSON.stringify(shown)}`);
              }
            }
          }
        }
        for (const port of ports) {
          if (port.sources.prefixes[0] === '0.0.0.0/0') continue;
          const size = port.sources.prefixes.reduce((sum, prefix) => sum + 2 ** (32 - Number(prefix.split('/')[1])), 0);
          if (size !== port.sources.publicAddresses) throw new Error('the count is not that of the prefixes');
        }
      },
    ),
    { numRuns: Number(process.env.CORDON_EXPOSURE_RUNS ?? 400) },
  );
  expect(open).toBeGreaterThan(1000);
  expect(closed).toBeGreaterThan(1000);
});

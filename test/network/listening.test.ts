import { expect, test } from 'vitest';
import { known, unknown } from '../../src/documents/fact.ts';
import type { ExposedPort } from '../../src/documents/triage.ts';
import { evaluateExposure } from '../../src/network/exposure.ts';
import {
  type BoundPort,
  type InboundUse,
  listeningInWords,
  usersInWords,
  withSockets,
} from '../../src/network/listening.ts';
import { ask, machine, rule } from './world.ts';

const about = { source: 'Log Analytics · x', asOf: '2026-11-23T02:20:11Z', coverage: 'last 24 h', notSeen: [] };
const bound = (port: number, process: string, last = '2026-11-23T02:19:00.000Z', more: Partial<BoundPort> = {}) => ({
  port,
  protocol: 'tcp',
  process,
  loopback: false,
  first: '2026-11-01T04:12:09.000Z',
  last,
  ...more,
});
const use = (port: number, address: string, links: number): InboundUse => ({
  port,
  protocol: 'tcp',
  address,
  links,
  last: '2026-11-23T02:00:00.000Z',
});

function joined(ports: string[], sockets: { bound?: BoundPort[]; inbound?: InboundUse[] }): ExposedPort[] {
  const fact = evaluateExposure(
    ask(machine({ nicRules: ports.map((port, i) => rule(`r${i}`, 100 + i, 'Allow', { destinationPortRange: port })) })),
  );
  const together = withSockets(fact, {
    bound: sockets.bound ? known(sockets.bound, about) : unknown('silent', 'no agent', 'enable it', 'x'),
    inbound: sockets.inbound ? known(sockets.inbound, about) : unknown('silent', 'no agent', 'enable it', 'x'),
  });
  return together.state === 'known' ? together.value.ports : [];
}

test('a port is joined with what listens there and who came', () => {
  const [rdp] = joined(['3389'], {
    bound: [bound(3389, 'TermService'), bound(443, 'System')],
    inbound: [use(3389, '203.0.113.77', 1204), use(3389, '198.51.100.9', 310), use(443, '203.0.113.5', 9)],
  });
  if (!rdp?.listening || !rdp.usedBy) throw new Error('not joined');
  expect(listeningInWords(rdp.listening)).toBe('yes: TermService, since 2026-11-01T04:12:09Z (VMBoundPort)');
  expect(rdp.usedBy).toMatchObject({ value: { addresses: 2, links: 1514 } });
  expect(usersInWords(rdp.usedBy)).toBe(
    '203.0.113.77 (1,204 connections), 198.51.100.9 (310) (VMConnection, last 24 h)',
  );
});

test('a range is joined with every port in it, and tells which', () => {
  const [range] = joined(['3000-4000'], { bound: [bound(3389, 'TermService'), bound(3306, 'mysqld')], inbound: [] });
  if (!range?.listening || !range.usedBy) throw new Error('not joined');
  expect(listeningInWords(range.listening)).toMatch(/^yes: mysqld at 3306, .*; TermService at 3389, /);
  expect(usersInWords(range.usedBy)).toBe('no connection (VMConnection, last 24 h)');
});

test('nothing listens, it listened once, it listens on the loopback alone: three answers', () => {
  const words = (all: BoundPort[]) => {
    const [port] = joined(['3389'], { bound: all, inbound: [] });
    return port?.listening ? listeningInWords(port.listening) : '';
  };
  expect(words([bound(443, 'System')])).toBe('no process was seen at it (VMBoundPort)');
  expect(words([bound(443, 'System'), bound(3389, 'nc', '2026-11-20T00:00:00.000Z')])).toMatch(
    /^no longer: nc, from 2026-11-01T04:12:09Z to 2026-11-20T00:00:00Z/,
  );
  expect(words([bound(3389, 'TermService', '2026-11-23T02:19:00.000Z', { loopback: true })])).toMatch(/^no process/);
});

test('unknown is not none: without the agent, and for what it does not report', () => {
  const [silent] = joined(['3389'], {});
  expect(silent?.listening).toMatchObject({ state: 'unknown', because: 'no agent' });
  expect(silent?.listening && listeningInWords(silent.listening)).toBe('not known: no agent; enable it');
  const fact = evaluateExposure(
    ask(machine({ nicRules: [rule('dns', 100, 'Allow', { protocol: 'Udp', destinationPortRange: '53' })] })),
  );
  const udp = withSockets(fact, { bound: known([bound(53, 'dns')], about), inbound: known([], about) });
  expect(udp.state === 'known' && udp.value.ports[0]?.listening).toMatchObject({
    state: 'unknown',
    because: 'VM insights reports TCP alone, not UDP',
  });
});

test('who came is bounded, and says how many more', () => {
  const [rdp] = joined(['3389'], {
    bound: [],
    inbound: [...Array(300).keys()].map((i) => use(3389, `20.0.${i >> 8}.${i & 255}`, i)),
  });
  expect(rdp?.usedBy && usersInWords(rdp.usedBy)).toMatch(/ and 295 others \(VMConnection/);
});

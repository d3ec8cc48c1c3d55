import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { withParameters } from '../../../src/azure/client/kql-literal.ts';
import { readSockets } from '../../../src/azure/readers/sockets.ts';
import type { Known } from '../../../src/documents/fact.ts';
import { analyse } from '../../../src/kql/evaluate.ts';
import { columnsOf } from '../../../src/kql/table-schemas.ts';
import { connectTo, logTables, machine, type Workspace } from '../log-workspace.ts';

const now = '2026-11-23T02:20:11.000Z';
const vm = machine();
const row = (time: string, given: Record<string, unknown>) => ({
  TimeGenerated: `2026-11-${time}Z`,
  Computer: 'web01',
  _ResourceId: vm.id.toLowerCase(),
  Protocol: 'tcp',
  ...given,
});
const bound = (time: string, Port: number, ProcessName: string, Ip = '0.0.0.0') => row(time, { Port, ProcessName, Ip });
const connection = (time: string, DestinationPort: number, RemoteIp: string, LinksEstablished: number, more = {}) =>
  row(time, { DestinationPort, RemoteIp, SourceIp: RemoteIp, LinksEstablished, Direction: 'inbound', ...more });

const read = (tables: Workspace['tables'], more: Partial<Workspace> = {}) =>
  readSockets(connectTo({ now, tables, ...more }), vm);
const known = <T>(fact: Known<T> | { state: 'unknown'; because: string }): Known<T> => {
  if (fact.state === 'unknown') throw new Error(fact.because);
  return fact;
};

describe('what listens and who came', () => {
  it('is told by port and process, with the first sighting and the last, loopback apart', async () => {
    const { bound: fact } = await read({
      VMBoundPort: [
        bound('01T04:00:00', 3389, 'TermService'),
        bound('23T02:19:00', 3389, 'TermService'),
        bound('23T02:19:00', 5432, 'postgres', '127.0.0.1'),
      ],
      VMConnection: [],
    });
    expect(known(fact).value).toEqual([
      {
        port: 3389,
        protocol: 'tcp',
        process: 'TermService',
        loopback: false,
        first: '2026-11-01T04:00:00.000Z',
        last: '2026-11-23T02:19:00.000Z',
      },
      expect.objectContaining({ port: 5432, loopback: true }),
    ]);
    expect(fact).toMatchObject({ source: 'Log Analytics · VMBoundPort', coverage: 'last 30 d', notSeen: [] });
  });

  it('counts inbound connections of the look-back alone, by remote address', async () => {
    const { inbound } = await read({
      VMBoundPort: [bound('23T02:19:00', 3389, 'TermService')],
      VMConnection: [
        connection('23T01:00:00', 3389, '203.0.113.77', 1000),
        connection('23T02:00:00', 3389, '203.0.113.77', 204),
        connection('20T02:00:00', 3389, '198.51.100.9', 7),
        connection('23T02:00:00', 443, '203.0.113.5', 3, { Direction: 'outbound' }),
        connection('23T02:00:00', 22, '', 3, { SourceIp: '10.1.4.9' }),
      ],
    });
    expect(known(inbound).value).toEqual([
      { port: 3389, protocol: 'tcp', address: '203.0.113.77', links: 1204, last: '2026-11-23T02:00:00.000Z' },
      { port: 22, protocol: 'tcp', address: '10.1.4.9', links: 3, last: '2026-11-23T02:00:00.000Z' },
    ]);
  });

  it('that nobody came is known where the agent reports, and only there', async () => {
    const reports = await read({ VMBoundPort: [bound('23T02:19:00', 3389, 'TermService')], VMConnection: [] });
    expect(reports.inbound).toMatchObject({ state: 'known', value: [] });
    const silent = await read({ VMBoundPort: [], VMConnection: [] });
    expect(silent.bound).toMatchObject({ state: 'unknown', because: expect.stringMatching(/sends nothing/) });
    expect(silent.inbound).toMatchObject({ state: 'unknown', because: expect.stringMatching(/sends nothing/) });
  });

  it('no table, no permission and no agent are told apart', async () => {
    const none = await read({});
    expect(none.bound).toMatchObject({ because: 'no table VMBoundPort in any workspace of this VM' });
    expect(none.inbound).toMatchObject({ because: 'no table VMConnection in any workspace of this VM' });
    const body = { error: { code: 'InsufficientAccessError', message: 'no' } };
    const refused = await read({}, { refuse: () => ({ status: 403, body }) });
    expect(refused.bound).toMatchObject({ because: expect.stringMatching(/^no permission/) });
    expect(refused.inbound).toMatchObject({ cure: expect.stringMatching(/Log Analytics Reader/) });
  });

  it('an answer that is a part of the whole says so', async () => {
    const { bound: fact } = await read(
      { VMBoundPort: [bound('23T02:19:00', 3389, 'TermService')], VMConnection: [] },
      { partialError: { code: 'PartialError', message: 'half' } },
    );
    expect(known(fact).notSeen.join()).toMatch(/part of the answer/);
  });

  it('names from the VM cannot drive a terminal', async () => {
    const { bound: fact } = await read({ VMBoundPort: [bound('23T02:19:00', 1, 'a\u001b[2Jb')], VMConnection: [] });
    expect(known(fact).value[0]?.process).toBe('ab');
  });
});

describe('the queries', () => {
  const parameters = { from: 'datetime(2026-11-22)', until: 'datetime(2026-11-23)', rowLimit: '10' };
  it.each(['listening-ports', 'inbound-connections'])('%s passes Microsoft’s analyser', async (name) => {
    const file = new URL(`../../../src/azure/queries/${name}.kql`, import.meta.url);
    const text = withParameters(await readFile(file, 'utf8'), parameters);
    const errors = (query: string, schemas: typeof logTables) =>
      analyse(query, schemas).diagnostics.filter(({ severity }) => severity === 'error');
    const schemas = Object.fromEntries(
      ['VMBoundPort', 'VMConnection'].map((table) => [
        table,
        { ...columnsOf(table), TimeGenerated: 'datetime' as const },
      ]),
    );
    expect(errors(text, logTables)).toEqual([]);
    expect(errors(text, schemas)).toEqual([]);
    expect(errors(text.replace('tolower(Protocol)', 'tolower(Protokoll)'), logTables)).not.toEqual([]);
  });
});

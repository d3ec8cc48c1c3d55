import { describe, expect, it } from 'vitest';
import { readLogons } from '../../src/azure/readers/logons.ts';
import type { Burst, Logons } from '../../src/documents/triage.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { isoOf, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { connectTo, machine } from '../azure/log-workspace.ts';
import { hex32, text, uint32, type Value, writeLog } from './log-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const now = '2026-11-23T02:20:11.000Z';
const vm = machine();
const start = ticksOf('2026-11-23T02:00:00Z') ?? 0;
const auditing = 'Microsoft-Windows-Security-Auditing';
type Row = Record<string, unknown>;
type Fields = Record<string, string>;

/** One event, by the names and texts of its data; `xml` where it writes elements of its own (UserData). */
interface Told {
  eventId: number;
  fields: Fields;
  provider?: string;
  channel?: string;
  xml?: boolean;
}

const refused = (fields: Fields): Told => ({
  eventId: 4625,
  fields: {
    SubjectUserName: '-',
    TargetUserName: 'x',
    TargetDomainName: 'WEB01',
    Status: '0xc000006d',
    FailureReason: '%%2313',
    SubStatus: '0xc000006a',
    LogonType: '3',
    WorkstationName: '-',
    ProcessName: '-',
    IpAddress: '203.0.113.9',
    ...fields,
  },
});
const other = (eventId: number, log: string, fields: Fields, xml = false): Told => ({
  eventId,
  fields,
  provider: `Microsoft-Windows-${log}`,
  channel: `Microsoft-Windows-${log}/Operational`,
  xml,
});
const core = 'RemoteDesktopServices-RdpCoreTS';
const sessions = 'TerminalServices-LocalSessionManager';
const manager = 'TerminalServices-RemoteConnectionManager';
const elsewhere = { eventId: 4624, fields: { TargetUserName: 'service', LogonType: '3', IpAddress: '10.0.0.4' } };

/** Twelve of them, a second apart, and what came a minute later. */
const timed = (told: readonly Told[], after: readonly Told[]): { at: number; told: Told }[] => [
  ...Array.from({ length: 12 }, (_, i) => told.map((one) => ({ at: start + i * ticksPerSecond, told: one }))).flat(),
  ...after.map((one) => ({ at: start + 90 * ticksPerSecond, told: one })),
];
const stamp = (at: number): Row => ({ TimeGenerated: isoOf(at), Computer: 'web01', _ResourceId: vm.id.toLowerCase() });
const sourceOf = ({ provider = auditing, channel = 'Security' }: Told) => ({ provider, channel });

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const oneOf: Record<string, (told: Told) => string> = {
  'as the agent sends it': ({ fields, xml }) => {
    const elements = Object.entries(fields).map(([name, value]) =>
      xml ? `<${name}>${escaped(value)}</${name}>` : `<Data Name="${name}">${escaped(value)}</Data>`,
    );
    const data = xml
      ? `<UserData><EventXML xmlns="Event_NS">${elements.join('')}</EventXML></UserData>`
      : `<EventData xmlns="http://schemas.microsoft.com/win/2004/08/events/event">${elements.join('')}</EventData>`;
    return `<DataItem type="System.XmlData" time="2026-11-23T02:00:00.0" sourceHealthServiceId="1">${data}</DataItem>`;
  },
  'with other quotes, spaces and prefixes': ({ fields, xml }) => {
    const elements = Object.entries(fields).map(([name, value]) =>
      xml
        ? `<e:${name} xmlns:e='Event_NS'>${escaped(value)}</e:${name}>`
        : value === ''
          ? `<Data Name='${name}' />`
          : `<Data  Name='${name}' >${escaped(value)}</Data>`,
    );
    return `<EventData xmlns='Event_NS'>\r\n  ${elements.join('\r\n  ')}\r\n</EventData>`;
  },
};

async function live(told: readonly Told[], after: readonly Told[], table: string): Promise<Logons> {
  const all = [...timed(told, after), { at: start + 300 * ticksPerSecond, told: elsewhere as Told }];
  const rows = all.map(({ at, told: one }): { table: string; row: Row } => {
    const { provider, channel } = sourceOf(one);
    const base = { ...stamp(at), EventID: one.eventId };
    if (table === 'SecurityEvent' && channel === 'Security')
      return {
        table,
        row: { ...base, EventSourceName: provider, ...one.fields, LogonType: Number(one.fields.LogonType) },
      };
    if (table === 'WindowsEvent' || (table === 'SecurityEvent' && !one.xml)) {
      const { LogonType, ...fields } = one.fields;
      const data = { ...fields, ...(LogonType ? { LogonType: Number(LogonType) } : {}) };
      const EventData = one.xml ? { EventXML: data } : data;
      return { table: 'WindowsEvent', row: { ...base, Provider: provider, Channel: channel, EventData } };
    }
    const EventData = (oneOf[table] ?? oneOf['as the agent sends it'])?.(one);
    return { table: 'Event', row: { ...base, Source: provider, EventLog: channel, EventData } };
  });
  const tables: Record<string, Row[]> = {
    Heartbeat: [{ TimeGenerated: '2026-11-23T02:19:50Z', Computer: 'web01', _ResourceId: vm.id }],
  };
  for (const { table: name, row } of rows) {
    tables[name] ??= [];
    tables[name].push(row);
  }
  const fact = await readLogons(connectTo({ now, tables }), vm);
  if (fact.state === 'unknown') throw new Error(fact.because);
  return fact.value;
}

let files = 0;
async function offline(told: readonly Told[], after: readonly Told[]): Promise<Logons> {
  const typed = (name: string, value: string): Value =>
    name === 'LogonType'
      ? uint32(Number(value))
      : /Status$/.test(name) && /^0x/i.test(value)
        ? hex32(Number(value))
        : text(value);
  const byChannel = new Map<string, Parameters<typeof writeLog>[0][number][]>();
  for (const { at, told: one } of [
    ...timed(told, after),
    { at: start + 300 * ticksPerSecond, told: elsewhere as Told },
  ]) {
    const { provider, channel } = sourceOf(one);
    const events = byChannel.get(channel) ?? [];
    byChannel.set(channel, events);
    events.push({
      // Each log counts its own records.
      recordId: [...byChannel.keys()].indexOf(channel) * 10_000 + events.length + 1,
      time: at,
      eventId: one.eventId,
      provider,
      channel,
      data: Object.entries(one.fields).map(([name, value]) => [name, typed(name, value)] as const),
    });
  }
  const paths = [...byChannel.values()].map((events) => {
    files += 1;
    return folder.write(`forms-${files}.evtx`, writeLog(events));
  });
  const { logons } = await readEventLogs(paths, { now: new Date(now) });
  if (logons.state === 'unknown') throw new Error(logons.because);
  return logons.value;
}

/** What of a burst has to come out: the same from each of the tables, and from the file. */
interface Expected {
  address?: string;
  accounts?: [name: string, exists: boolean | null][];
  meanings?: string[];
  types?: number[];
  success?: { account: string; address: string } | null;
  witnesses?: string[];
}

function outcome(bursts: readonly Burst[], expected: Expected): Expected {
  const [burst] = bursts;
  if (!burst) return {};
  const success = burst.success.state === 'known' ? burst.success.value : undefined;
  const all: Required<Expected> = {
    address: burst.sources.map(({ address }) => address).join(),
    accounts: burst.accounts.map(({ name, exists }) => [name, exists]),
    meanings: burst.codes.map(({ meaning }) => meaning),
    types: burst.logonTypes,
    success: success ? { account: success.account, address: success.address } : null,
    witnesses: (burst.witnesses ?? []).map(({ address, events }) => `${address} ${events}`).sort(),
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in expected));
}

const from203 = { IpAddress: '203.0.113.9' };
const forms: Record<string, { told: Told[]; after?: Told[]; expected: Expected }> = {
  'network level authentication (type 3)': {
    told: [refused(from203)],
    expected: { address: '203.0.113.9', accounts: [['x', true]], meanings: ['wrong password'], types: [3] },
  },
  'Remote Desktop without it (type 10)': {
    told: [refused({ LogonType: '10' })],
    after: [{ eventId: 4624, fields: { TargetUserName: 'x', LogonType: '10', ...from203 } }],
    expected: { types: [10], success: { account: 'x', address: '203.0.113.9' } },
  },
  'unlocking (type 7)': {
    told: [refused({ LogonType: '7', IpAddress: '127.0.0.1' })],
    after: [{ eventId: 4624, fields: { TargetUserName: 'x', LogonType: '7', IpAddress: '127.0.0.1' } }],
    expected: { address: '127.0.0.1', types: [7], success: { account: 'x', address: '127.0.0.1' } },
  },
  'basic authentication of IIS (type 8), and a logon in the same way': {
    told: [refused({ LogonType: '8', ProcessName: 'C:\\Windows\\System32\\inetsrv\\w3wp.exe' })],
    after: [{ eventId: 4624, fields: { TargetUserName: 'x', LogonType: '8', IpAddress: '203.0.113.9' } }],
    expected: { types: [8], success: { account: 'x', address: '203.0.113.9' } },
  },
  'the console (type 2), which is no way in from the network': {
    told: [refused(from203)],
    after: [{ eventId: 4624, fields: { TargetUserName: 'x', LogonType: '2', IpAddress: '127.0.0.1' } }],
    expected: { success: null },
  },
  'codes in capitals': {
    told: [refused({ Status: '0xC000006D', SubStatus: '0XC0000064' })],
    expected: { accounts: [['x', false]], meanings: ['no such account'] },
  },
  'codes in decimal': {
    told: [refused({ Status: '3221225581', SubStatus: '3221225572' })],
    expected: { accounts: [['x', false]], meanings: ['no such account'] },
  },
  'codes in signed decimal': {
    told: [refused({ Status: '-1073741715', SubStatus: '-1073741718' })],
    expected: { meanings: ['wrong password'] },
  },
  'no substatus: a lockout': {
    told: [refused({ Status: '0xc0000234', SubStatus: '0x0' })],
    expected: { meanings: ['account locked out'] },
  },
  'no substatus, in decimal': {
    told: [refused({ Status: '0xc000015b', SubStatus: '0' })],
    expected: { meanings: ['logon type not granted (the password was right)'] },
  },
  'the reason alone': {
    told: [refused({ Status: '0x0', SubStatus: '0x0', FailureReason: '%%2310' })],
    expected: { meanings: ['account disabled (the password was right)'] },
  },
  'names with a domain in them, and blanks behind': {
    told: [
      refused({ TargetUserName: 'admin@contoso.example', TargetDomainName: '' }),
      refused({ TargetUserName: 'ADMIN  ' }),
      refused({ TargetUserName: '.\\Admin', TargetDomainName: '-' }),
    ],
    expected: { accounts: [['ADMIN', true]] },
  },
  'names with letters that cannot be seen': {
    told: [
      refused({ TargetUserName: 'admin' }),
      refused({ TargetUserName: 'admin\u200f', SubStatus: '0xc0000064' }),
      refused({ TargetUserName: '\u202enimda', SubStatus: '0xc0000064' }),
    ],
    after: [{ eventId: 4624, fields: { TargetUserName: '\u202enimda', LogonType: '3', IpAddress: '203.0.113.9' } }],
    expected: {
      success: { account: '<U+202E>nimda', address: '203.0.113.9' },
      accounts: [
        ['admin', true],
        ['admin<U+200F>', false],
        ['<U+202E>nimda', false],
      ],
    },
  },
  'workstations of control letters, one for each attempt': {
    told: [
      refused({ WorkstationName: '\u0007\u009bkali', ...from203 }),
      refused({ WorkstationName: '\u202ek', ...from203 }),
    ],
    expected: { address: '203.0.113.9', accounts: [['x', true]] },
  },
  'IPv4 in IPv6': {
    told: [refused({ IpAddress: '::ffff:203.0.113.9' })],
    after: [{ eventId: 4624, fields: { TargetUserName: 'y', LogonType: '3', IpAddress: '203.0.113.9' } }],
    expected: { address: '203.0.113.9', success: { account: 'y', address: '203.0.113.9' } },
  },
  'the machine itself over IPv6, which says nothing of who came': {
    told: [refused({ IpAddress: '::1' })],
    after: [{ eventId: 4624, fields: { TargetUserName: 'y', LogonType: '3', IpAddress: '::1' } }],
    expected: { address: '::1', success: null },
  },
  'no address: LOCAL': { told: [refused({ IpAddress: 'LOCAL' })], expected: { address: '-' } },
  'no address: nothing': { told: [refused({ IpAddress: '' })], expected: { address: '-' } },
  'two domains': {
    told: [
      refused({ TargetDomainName: 'DOM1', SubStatus: '0xc0000064' }),
      refused({ TargetDomainName: 'DOM2' }),
      refused({ TargetDomainName: '' }),
    ],
    expected: {
      accounts: [
        ['dom1\\x', false],
        ['dom2\\x', true],
        ['x', true],
      ],
    },
  },
  'who was there: RdpCoreTS 139, and not 148, which has no address': {
    told: [
      refused({ IpAddress: '-' }),
      other(139, core, { ErrorCode: '0x80090304', IPString: '2001:db8::7' }),
      other(148, core, { ChannelName: '198.51.100.66', TunnelID: '1' }),
    ],
    expected: { witnesses: ['2001:db8::7 12'] },
  },
  'who was there: RdpCoreTS 131 and 140, whatever the form of the address': {
    told: [
      refused({ IpAddress: '-' }),
      other(131, core, { ConnType: 'TCP', ClientIP: '[::ffff:203.0.113.9]:50122' }),
      other(140, core, { IPString: '203.0.113.9' }),
      other(131, core, { ConnType: 'UDP', ClientIP: '[2001:db8::7]:3389' }),
    ],
    expected: { address: '-', witnesses: ['2001:db8::7 12', '203.0.113.9 12', '203.0.113.9 12'] },
  },
  'who was there: TerminalServices 1149': {
    told: [
      refused({ IpAddress: '-' }),
      other(1149, manager, { Param1: 'x', Param2: 'WEB01', Param3: '203.0.113.9' }, true),
    ],
    expected: { witnesses: ['203.0.113.9 12'] },
  },
  'a session that followed, and one at the console in another language': {
    told: [refused({ TargetUserName: 'x' })],
    after: [other(21, sessions, { User: 'WEB01\\x', SessionID: '2', Address: '203.0.113.9' }, true)],
    expected: { success: { account: 'WEB01\\x', address: '203.0.113.9' } },
  },
  'a session at the console of a German system': {
    told: [refused({ TargetUserName: 'x' })],
    after: [
      other(21, sessions, { User: 'WEB01\\x', SessionID: '1', Address: 'LOKAL' }, true),
      other(25, sessions, { User: 'WEB01\\x', SessionID: '1', Address: 'LOCAL' }, true),
    ],
    expected: { success: null, witnesses: [] },
  },
};

describe('what Windows writes of failed logons comes out alike', () => {
  const tables = ['SecurityEvent', 'WindowsEvent', ...Object.keys(oneOf)];
  for (const [name, { told, after = [], expected }] of Object.entries(forms)) {
    it(`${name}: live`, async () => {
      for (const table of tables)
        expect(outcome((await live(told, after, table)).bursts, expected), table).toEqual(expected);
    });
    it(`${name}: from files`, async () => {
      expect(outcome((await offline(told, after)).bursts, expected)).toEqual(expected);
    });
  }
});

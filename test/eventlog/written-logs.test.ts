import { describe, expect, it } from 'vitest';
import type { Damage } from '../../src/eventlog/damage.ts';
import { eventsOf } from '../../src/eventlog/events.ts';
import { fieldOf, type LogEvent, xmlText } from '../../src/eventlog/log-event.ts';
import { isoOf } from '../../src/triage/logons/ticks.ts';
import {
  ChunkWriter,
  failedLogon,
  fileHeader,
  filetime,
  filetimeOf,
  hex64,
  nothing,
  sign,
  text,
  uint16,
  uint32,
  type Value,
  value,
  type WrittenEvent,
  writeLog,
} from './log-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
let files = 0;

async function read(bytes: Buffer): Promise<{ events: LogEvent[]; damage: Damage[] }> {
  files += 1;
  const path = folder.write(`${files}.evtx`, bytes);
  const events: LogEvent[] = [];
  const damage: Damage[] = [];
  for await (const event of eventsOf(path, { onDamage: (one) => damage.push(one) })) events.push(event);
  return { events, damage };
}

const at = (second: number): string => `2026-11-23T01:58:${String(second).padStart(2, '0')}.1234567Z`;
const many = (count: number, from = 1): WrittenEvent[] =>
  Array.from({ length: count }, (_, i) => failedLogon(from + i, at((from + i) % 60)));

describe('a log that was written for the test', () => {
  it('gives its events back, with the time to 100 ns', async () => {
    const { events, damage } = await read(writeLog(many(90)));
    expect(damage).toEqual([]);
    expect(events.map(({ system }) => system.recordId)).toEqual(Array.from({ length: 90 }, (_, i) => i + 1));
    const [first] = events;
    expect(first?.system).toMatchObject({
      provider: 'Microsoft-Windows-Security-Auditing',
      eventId: 4625,
      channel: 'Security',
      computer: 'web01',
      version: 0,
    });
    expect(isoOf(first?.system.time ?? 0)).toBe('2026-11-23T01:58:01.1234567Z');
    expect(Object.fromEntries((first?.fields ?? []).map((field) => [field.name, field.value]))).toMatchObject({
      SubjectUserSid: 'S-1-5-18',
      TargetUserName: 'svc-backup',
      Status: '0xc000006d',
      LogonType: '3',
      LogonProcessName: 'NtLmSsp ',
      IpAddress: '203.0.113.77',
    });
    expect(events.every(({ verified }) => verified)).toBe(true);
  });

  it.each<[string, Value, string]>([
    ['null', nothing, ''],
    ['text with zeros at its end', text('admin\0\0'), 'admin'],
    ['trailing blanks', text('admin  '), 'admin  '],
    ['ANSI text', value(0x02, '61 64 6d ff 00'), 'admÿ'],
    ['int8', value(0x03, 'ff'), '-1'],
    ['uint8', value(0x04, 'ff'), '255'],
    ['int16', value(0x05, 'feff'), '-2'],
    ['uint16', uint16(65_535), '65535'],
    ['int32', value(0x07, 'ffffffff'), '-1'],
    ['uint32', uint32(0xffffffff), '4294967295'],
    ['int64', value(0x09, 'ffffffffffffffff'), '-1'],
    ['uint64', value(0x0a, 'ffffffffffffffff'), '18446744073709551615'],
    ['real32', value(0x0b, '0000c03f'), '1.5'],
    ['real64', value(0x0c, '000000000000f83f'), '1.5'],
    ['true', value(0x0d, '01000000'), 'true'],
    ['false', value(0x0d, '00000000'), 'false'],
    ['binary', value(0x0e, '01ab'), '01AB'],
    ['GUID', value(0x0f, '25968454 7854 9449 a5ba 3e3b0328c30d'), '{54849625-5478-4994-a5ba-3e3b0328c30d}'],
    ['size_t of 4 bytes', value(0x10, 'ec100000'), '0x10ec'],
    ['size_t of 8 bytes', value(0x10, 'ec10000000000000'), '0x10ec'],
    ['FILETIME', filetime(filetimeOf('2018-06-24T00:00:00.00000010Z')), '2018-06-24T00:00:00.0000001Z'],
    ['SYSTEMTIME', value(0x12, 'e007 0600 0300 1d00 0f00 1800 2200 5a01'), '2016-06-29T15:24:34.346Z'],
    ['SID', value(0x13, '01 02 00 00 00 00 00 05 20 00 00 00 20 02 00 00'), 'S-1-5-32-544'],
    ['hexadecimal zero', value(0x14, '00000000'), '0x0'],
    ['hexadecimal', value(0x14, '6d0000c0'), '0xc000006d'],
    ['hexadecimal of 8 bytes', hex64(0x8020000000000000n), '0x8020000000000000'],
  ])('renders %s as Windows does', async (_, one, expected) => {
    const { events, damage } = await read(writeLog([failedLogon(1, at(1), { Field: one })]));
    expect(damage).toEqual([]);
    expect(events.map((event) => fieldOf(event, 'Field'))).toEqual([expected]);
  });

  it.each<[string, Value, string[]]>([
    ['texts', value(0x81, '6100 0000 0000 6200 0000'), ['a', '', 'b']],
    ['numbers', value(0x88, '01000000 02000000'), ['1', '2']],
    [
      'SIDs',
      value(0x93, '01 01 00 00 00 00 00 05 12 00 00 00 01 01 00 00 00 00 00 05 13 00 00 00'),
      ['S-1-5-18', 'S-1-5-19'],
    ],
    ['nothing', value(0x81, ''), []],
  ])('an array of %s makes an element for each', async (_, one, expected) => {
    const { events } = await read(writeLog([failedLogon(1, at(1), { Field: one })]));
    expect(events[0]?.fields.filter(({ name }) => name === 'Field').map((field) => field.value)).toEqual(expected);
  });

  it('writes XML that no value can break out of', async () => {
    const { events } = await read(writeLog([failedLogon(1, at(1), { TargetUserName: text('</Data><x y="&"/>') })]));
    const xml = events[0] ? xmlText(events[0].xml) : '';
    expect(xml).toContain('<Data Name="TargetUserName">&lt;/Data&gt;&lt;x y=&quot;&amp;&quot;/&gt;</Data>');
  });

  it('reads records without a template', async () => {
    const { events, damage } = await read(
      writeLog([
        {
          recordId: 7,
          time: at(1),
          eventId: 131,
          withoutTemplate: true,
          channel: 'RdpCoreTS',
          data: [['ClientIP', text('10.23.123.11:36160')]],
        },
        failedLogon(8, at(2)),
      ]),
    );
    expect(damage).toEqual([]);
    expect(events.map(({ system }) => [system.eventId, system.recordId, system.channel])).toEqual([
      [131, 7, 'RdpCoreTS'],
      [4625, 8, 'Security'],
    ]);
    expect(events[0]?.fields).toEqual([{ name: 'ClientIP', value: '10.23.123.11:36160' }]);
  });

  it('without checksums is read, and nothing of it verified', async () => {
    const { events, damage } = await read(writeLog(many(3), { checksums: false }));
    expect(events.map(({ verified }) => verified)).toEqual([false, false, false]);
    expect(damage).toEqual([{ offset: 4096, because: 'the chunk was written without checksums' }]);
  });

  it('reads what a header that is stale does not count, and no chunk of zeros', async () => {
    const log = writeLog(many(60), { each: 20 });
    fileHeader(1, 21, 1).copy(log);
    const { events, damage } = await read(Buffer.concat([log, Buffer.alloc(2 * 65_536)]));
    expect(events.length).toBe(60);
    expect(damage).toEqual([]);
  });

  it('copied live: records after those that the chunk knows are read, unverified; older ones behind them are not', async () => {
    const whole = new ChunkWriter();
    for (const event of many(6)) whole.event(event);
    const stale = Buffer.from(whole.finish());
    // The header is that of an earlier moment, when there were three records.
    const early = new ChunkWriter();
    for (const event of many(3)) early.event(event);
    early.finish().copy(stale, 0, 0, 0x200);
    const { events, damage } = await read(Buffer.concat([fileHeader(1, 4, 1), stale]));
    expect(events.map(({ system, verified }) => [system.recordId, verified])).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, false],
      [6, false],
    ]);
    expect(damage).toEqual([
      { offset: 4096 + early.at, because: "records follow that the chunk's header does not know yet" },
    ]);

    const leftover = new ChunkWriter();
    for (const event of many(6, 101)) leftover.event(event);
    const chunk = Buffer.from(leftover.finish());
    const fresh = new ChunkWriter();
    for (const event of many(3, 301)) fresh.event(event);
    const used = fresh.finish();
    used.copy(chunk, 0, 0, fresh.at);
    const second = await read(Buffer.concat([fileHeader(1, 304), chunk]));
    expect(second.events.map(({ system }) => system.recordId)).toEqual([301, 302, 303]);
    expect(second.damage).toEqual([]);
  });

  it('goes on with the next record after damage, and says where it is', async () => {
    const writer = new ChunkWriter();
    const starts: number[] = [];
    for (const event of many(5)) {
      starts.push(writer.at);
      writer.event(event);
    }
    const chunk = writer.finish();
    const second = starts[1] ?? 0;
    const third = starts[2] ?? 0;
    chunk.fill(0xff, second, second + 40);
    const { events, damage } = await read(Buffer.concat([fileHeader(1, 6), chunk]));
    expect(events.map(({ system, verified }) => [system.recordId, verified])).toEqual(
      [1, 3, 4, 5].map((id) => [id, false]),
    );
    expect(damage).toEqual([
      {
        offset: 4096,
        because: `the checksum of the chunk's records does not match; at ${4096 + second}: no record begins here; ${third - second} bytes skipped`,
      },
    ]);
  });

  it('finds the next chunk when bytes are missing, and reads a chunk whose signature is gone', async () => {
    const log = writeLog(many(60), { each: 20 });
    const short = Buffer.concat([log.subarray(0, 4096 + 30_000), log.subarray(4096 + 65_536)]);
    const cut = await read(short);
    expect(cut.events.map(({ system, verified }) => [system.recordId, verified])).toEqual(
      Array.from({ length: 60 }, (_, i) => [1 + i, true]),
    );
    log.fill(0, 4096 + 65_536, 4096 + 65_536 + 8);
    const { events, damage } = await read(log);
    expect(events.length).toBe(60);
    expect(events.filter(({ verified }) => !verified).length).toBe(20);
    expect(damage).toEqual([{ offset: 4096 + 65_536, because: 'no chunk begins here; 512 bytes skipped' }]);
  });

  it('is read from its first chunk where the header of the file is gone, or is that of a second log', async () => {
    const log = writeLog(many(60), { each: 20 });
    const all = Array.from({ length: 60 }, (_, i) => [1 + i, true]);
    const headless = await read(log.subarray(4096));
    expect(headless.events.map(({ system, verified }) => [system.recordId, verified])).toEqual(all);
    expect(headless.damage).toEqual([]);
    const joined = await read(Buffer.concat([log, log]));
    expect(joined.events.map(({ system, verified }) => [system.recordId, verified])).toEqual([...all, ...all]);
    expect(joined.damage).toEqual([
      { offset: log.length, because: 'another event log begins here, and its chunks are read too' },
    ]);
  });

  it('names chunks of zeros between others once, whether its header counts or lags, and none at its end', async () => {
    const log = writeLog(many(80), { each: 20 });
    log.fill(0, 4096 + 65_536, 4096 + 3 * 65_536);
    for (const flags of [0, 1]) {
      const dirty = Buffer.concat([fileHeader(4, 81, flags), log.subarray(4096), Buffer.alloc(2 * 65_536)]);
      const { events, damage } = await read(dirty);
      expect(events.map(({ system }) => system.recordId)).toEqual(
        [1, 61].flatMap((from) => Array.from({ length: 20 }, (_, i) => from + i)),
      );
      expect(damage).toEqual([{ offset: 4096 + 65_536, because: 'zeros in the place of 2 chunks' }]);
    }
  });

  it('a damaged template does not speak for the same template of a sound chunk', async () => {
    const log = writeLog(many(40), { each: 20 });
    const name = Buffer.from('IpAddress', 'utf16le');
    log.write('X', log.indexOf(name), 'utf16le');
    const { events } = await read(log);
    expect(events.length).toBe(40);
    for (const event of events) {
      expect(event.verified).toBe(event.system.recordId > 20);
      expect(fieldOf(event, 'IpAddress')).toBe(event.verified ? '203.0.113.77' : '');
      expect(fieldOf(event, 'XpAddress')).toBe(event.verified ? '' : '203.0.113.77');
    }
  });
});

describe('what is made to exhaust its reader', () => {
  /** A record whose root element holds `count` times the same value, in `levels` fragments within each other. */
  function bomb(levels: number, count: number): Buffer {
    const writer = new ChunkWriter();
    const level = (depth: number): void => {
      writer.fragmentHeader();
      writer.instance(
        `level ${depth}`,
        { name: 'Event', parts: Array.from({ length: count }, () => ({ value: 0, type: 0x21 })) },
        [depth === 0 ? text('x'.repeat(100)) : () => level(depth - 1)],
      );
      writer.u8(0);
    };
    writer.record(1, 134_000_000_000_000_000n, () => level(levels));
    writer.event(failedLogon(2, at(2)));
    return Buffer.concat([fileHeader(1, 3), writer.finish()]);
  }

  it.each([
    [4, 200],
    [6, 1000],
    [40, 2],
  ])('a template bomb of %i levels is left behind, what follows is read', async (levels, count) => {
    const { events, damage } = await read(bomb(levels, count));
    expect(events.map(({ system }) => system.recordId)).toEqual([2]);
    expect(damage.map(({ offset }) => offset)).toEqual([4096 + 0x200]);
    expect(damage[0]?.because).toMatch(/without measure|nested too deep/);
  });

  it.each<[string, (chunk: Buffer, record: number) => void]>([
    ['a record that is larger than the chunk', (chunk, record) => chunk.writeUInt32LE(0xffffff00, record + 4)],
    ['a record of no size', (chunk, record) => chunk.writeUInt32LE(0, record + 4)],
    ['a template far away', (chunk, record) => chunk.writeUInt32LE(0xfffffff0, record + 34)],
    ['a template before the records', (chunk, record) => chunk.writeUInt32LE(0x10, record + 34)],
    ['a template of four gigabytes', (chunk, record) => chunk.writeUInt32LE(0xffffffff, record + 58)],
    ['records that end nowhere', (chunk) => chunk.writeUInt32LE(0xffffffff, 0x30)],
  ])('%s stays within its chunk', async (_, lie) => {
    const log = writeLog(many(20), { each: 10 });
    const chunk = log.subarray(4096, 4096 + 65_536);
    lie(chunk, 0x200);
    if (chunk.readUInt32LE(0x30) <= 65_536) sign(chunk);
    const { events, damage } = await read(log);
    expect(damage.length).toBeGreaterThan(0);
    expect(events.filter(({ system }) => system.recordId > 10).length).toBe(10);
  });

  it('definitions that overlap a thousand times are not each compiled', async () => {
    const writer = new ChunkWriter();
    const body = Buffer.alloc(50_000, 0x0f);
    writer.record(1, 134_000_000_000_000_000n, () => writer.raw(body));
    for (let i = 0; i < 300; i++)
      writer.record(2 + i, 134_000_000_000_000_000n, () => {
        writer.fragmentHeader();
        writer.u8(0x0c);
        writer.u8(1);
        writer.u32(0);
        writer.u32(0x300 + i);
      });
    const { events, damage } = await read(Buffer.concat([fileHeader(1, 400), writer.finish()]));
    expect(events).toEqual([]);
    expect(damage.length).toBe(301);
  });
});

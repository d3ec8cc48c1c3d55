import { describe, expect, it } from 'vitest';
import type { Damage } from '../../src/eventlog/damage.ts';
import { eventsOf } from '../../src/eventlog/events.ts';
import { fieldOf, type LogEvent, xmlText } from '../../src/eventlog/log-event.ts';
import { isoOf } from '../../src/triage/logons/ticks.ts';
import { haveRealLogs, realFile, realFiles, type TrueRecord, trueRecords, windowsExport } from './real-logs.ts';

async function readAll(name: string): Promise<{ events: LogEvent[]; damage: Damage[] }> {
  const events: LogEvent[] = [];
  const damage: Damage[] = [];
  for await (const event of eventsOf(realFile(name), { onDamage: (one) => damage.push(one) })) events.push(event);
  return { events, damage };
}

const timeOf = (event: LogEvent): string => (event.system.time === null ? '' : isoOf(event.system.time));
/** libevtx prints nanoseconds, with zeros at the end. */
const trueTime = (record: TrueRecord): string => record.t.replace(/(\.\d*?)0+Z$/, '$1Z').replace('.Z', 'Z');
/** libevtx pads hexadecimal numbers, writes GUIDs in its own case, breaks lines as Unix does and drops blank text. */
const plain = (text: string): string =>
  text
    .replace(/^0x0*(?=[0-9a-f])/i, '0x')
    .replace(/(\.\d{7})00Z$/, '$1Z')
    .replaceAll('\r\n', '\n')
    .replace(/^\s+$/, '')
    .toLowerCase();

describe.skipIf(!haveRealLogs)('real event logs', () => {
  it('read as Event Viewer exports them, character by character', async () => {
    const exported = windowsExport();
    const { events, damage } = await readAll('nick_Security.evtx');
    expect(damage).toEqual([]);
    expect(events.length).toBe(1715);
    const asWindows = (xml: string): string => xml.replaceAll('"', "'").replaceAll('\r\n', '\n');
    for (const event of events) {
      expect(event.verified).toBe(true);
      expect(asWindows(xmlText(event.xml))).toBe(asWindows(exported.get(event.system.recordId) ?? ''));
    }
  });

  it.each(realFiles())('%s: every record that libevtx finds, with the same values', async (name) => {
    const records = trueRecords(name);
    const { events } = await readAll(name);
    const key = (recordId: number, computer: string, time: string): string => `${recordId} ${computer} ${time}`;
    const found = new Map(
      events.map((event) => [key(event.system.recordId, event.system.computer, timeOf(event)), event]),
    );
    for (const record of records) {
      const event = found.get(key(record.rec, record.comp, trueTime(record)));
      if (!event) throw new Error(`record ${record.rec} of ${record.comp} is missing`);
      const { system } = event;
      expect([system.eventId, system.channel, system.provider]).toEqual([record.id, record.ch, record.prov]);
      for (const [field, value] of Object.entries(record.d)) {
        // Fields without a name are numbered there, over empty ones too.
        if (/^\d+$/.test(field)) expect(event.fields.map((one) => plain(one.value))).toContain(plain(value));
        else {
          const ours = plain(fieldOf(event, field));
          // A size_t is a pointer to Windows, and hexadecimal; libevtx prints it as a number.
          expect([ours, /^0x[0-9a-f]+$/.test(ours) ? String(Number(ours)) : ours]).toContain(plain(value));
        }
      }
    }
  });

  it.each([
    ['ID1149-RDP_success_logins_to_multiple_hosts.evtx', 11, 1149],
    ['ID131-RDP_brutforce_no_user_info_.evtx', 154, 131],
    ['MSExchange_Management_wec.evtx', 1, 1],
  ])('%s: records without a template', async (name, count, eventId) => {
    const { events, damage } = await readAll(name);
    expect(damage).toEqual([]);
    expect(events.map(({ system }) => system.eventId)).toEqual(Array.from({ length: count }, () => eventId));
    expect(events.every((event) => event.verified && event.system.time !== null)).toBe(true);
  });

  it('forwarded RDP logons tell who came, from where', async () => {
    const { events } = await readAll('ID1149-RDP_success_logins_to_multiple_hosts.evtx');
    const [first] = events;
    expect(first?.system).toMatchObject({
      recordId: 6433,
      computer: 'rootdc1.offsec.lan',
      processId: 952,
      userId: 'S-1-5-20',
    });
    expect(first?.fields).toEqual([
      { name: 'Param1', value: 'admmig' },
      { name: 'Param2', value: '' },
      { name: 'Param3', value: '10.23.123.11' },
    ]);
  });

  it('a log without checksums is read, and nothing of it verified', async () => {
    const { events, damage } = await readAll('Application_no_crc32.evtx');
    expect(events.length).toBe(17);
    expect(events.some(({ verified }) => verified)).toBe(false);
    expect(damage).toEqual([{ offset: 4096, because: 'the chunk was written without checksums' }]);
  });

  it('of a log that was copied live, what was left over in its chunks is not read again', async () => {
    const { events } = await readAll('2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS_4Operational.evtx');
    const keys = events.map((event) => `${event.system.recordId} ${timeOf(event)}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(events.filter(({ verified }) => verified).length).toBe(1719);
  });
});

import { describe, expect, it } from 'vitest';
import type { Damage } from '../../src/eventlog/damage.ts';
import { eventsOf } from '../../src/eventlog/events.ts';
import { xmlText } from '../../src/eventlog/log-event.ts';
import { failedLogon, nothing, sign, text, writeLog } from './log-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();

async function read(name: string, bytes: Buffer) {
  const damage: Damage[] = [];
  const xml: string[] = [];
  for await (const event of eventsOf(folder.write(name, bytes), { onDamage: (one) => damage.push(one) }))
    xml.push(xmlText(event.xml));
  return { xml, damage };
}

const classic = (data: Parameters<typeof writeLog>[0][number]['data']) => ({
  recordId: 1,
  time: '2026-11-23T02:00:00Z',
  eventId: 1000,
  provider: 'ESENT',
  channel: 'Application',
  data,
});

describe('the XML of an event', () => {
  it('leaves out elements whose optional value is not there, and keeps those whose value is empty', async () => {
    const { xml } = await read(
      'classic.evtx',
      writeLog([
        classic([
          ['', text('a')],
          ['', nothing],
          ['', text('')],
        ]),
      ]),
    );
    expect(xml[0]).toContain('<EventData><Data>a</Data><Data></Data></EventData>');
    const { xml: bare } = await read('bare.evtx', writeLog([classic([['', nothing]])]));
    expect(bare[0]).toContain('<EventData/>');
  });
});

describe('a record whose end is missing', () => {
  it('is told with its number and time', async () => {
    const log = writeLog([failedLogon(6, '2026-11-23T02:00:00Z'), failedLogon(7, '2026-11-23T02:00:05Z')]);
    const chunk = log.subarray(4096);
    const last = chunk.readUInt32LE(0x2c);
    chunk.fill(0, last + 200, chunk.readUInt32LE(0x30));
    sign(chunk);
    const { xml, damage } = await read('torn.evtx', log);
    expect(xml).toHaveLength(1);
    expect(damage[0]?.because).toMatch(/^record 7 of 2026-11-23T02:00:05Z is torn; \d+ bytes skipped$/);
  });
});

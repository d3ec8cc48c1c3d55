import { describe, expect, it } from 'vitest';
import { eventTables } from '../../src/evidence/event-rows.ts';
import type { EvidenceFile } from '../../src/evidence/evidence-files.ts';
import { ReadThreads } from '../../src/evidence/read-threads.ts';
import { reader } from '../../src/kql/frame.ts';
import { chunkSize, failedLogon, sign, text, writeLog } from '../eventlog/log-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
const needed = ['TimeGenerated', 'EventRecordId', 'IpAddress', '_Verified', '_EvidenceOffset'];
const header = 4096;

/** Chunks of three events each: three blocks of chunks, and a part of one. One event, in the third block, has no time. */
const chunks = 220;
const timeless = 139 * 3;
const beyondTime = 3e18;
const whole = writeLog(
  Array.from({ length: chunks * 3 }, (_, i) =>
    failedLogon(
      i + 1,
      i === timeless
        ? beyondTime
        : `2026-11-23T02:${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}Z`,
      {
        IpAddress: text(`203.0.113.${i % 250}`),
      },
    ),
  ),
  { each: 3 },
);

function changed(change: (bytes: Buffer) => Buffer | undefined): Buffer {
  const bytes = Buffer.from(whole);
  return change(bytes) ?? bytes;
}
const chunkAt = (bytes: Buffer, number: number): Buffer =>
  bytes.subarray(header + number * chunkSize, header + (number + 1) * chunkSize);

/** The rows and the remarks of a log, as so many threads read it together. */
function read(path: string, threads: number, eventIds?: ReadonlySet<number>) {
  const columns = [...(eventTables.get('SecurityEvent') ?? new Map())].map(([name, type]) => ({ name, type }));
  let bytes = 0;
  const pool = new ReadThreads({
    progress: (more) => {
      bytes += more;
    },
    ended: () => {},
    stripes: { threads, bytes: 1 },
  });
  const file: EvidenceFile = { path, format: 'evtx', table: undefined };
  const rows: unknown[][] = [];
  try {
    const pieces = pool.rows({ file, table: 'SecurityEvent', columns, needed: new Set(needed), eventIds });
    for (let next = pieces.next(); ; next = pieces.next()) {
      if (next.done) return { rows, notes: next.value, bytes };
      const { names, vectors, length } = next.value;
      const readers = needed.map((name) => {
        const vector = vectors[names.indexOf(name)];
        if (!vector) throw new Error(`no ${name}`);
        return reader(vector);
      });
      for (let row = 0; row < length; row++) rows.push(readers.map((cell) => cell(row)));
    }
  } finally {
    pool.close();
  }
}

describe('an event log that several threads read together', () => {
  it.each<[string, Buffer, RegExp | null]>([
    ['with room at its end', Buffer.concat([whole, Buffer.alloc(90 * chunkSize)]), null],
    [
      'with zeros in place of a block and more',
      changed((bytes) => void bytes.fill(0, header + 60 * chunkSize, header + 192 * chunkSize)),
      /zeros/,
    ],
    ['with a bad checksum', changed((bytes) => void chunkAt(bytes, 130).writeUInt8(7, 0x300)), /checksum/],
    [
      'with a record that lies, signed',
      changed((bytes) => {
        const chunk = chunkAt(bytes, 140);
        chunk.writeUInt32LE(0x7fffffff, 0x200 + 4);
        sign(chunk);
      }),
      /damage at.*1 event without a time/s,
    ],
    [
      'with bytes missing within',
      changed((bytes) => Buffer.concat([bytes.subarray(0, 9_000_000), bytes.subarray(9_001_000)])),
      null,
    ],
    [
      'with bytes missing before a block, whose first chunk begins within the last of the one before',
      changed((bytes) =>
        Buffer.concat([
          bytes.subarray(0, header + 128 * chunkSize - 9000),
          bytes.subarray(header + 128 * chunkSize - 1000),
        ]),
      ),
      null,
    ],
    [
      'that ends between two chunks',
      changed((bytes) => bytes.subarray(0, header + 192 * chunkSize)),
      /of the 220 chunks/,
    ],
  ])('%s, has the same rows, in their order, and the same remarks', (name, bytes, remark) => {
    const path = folder.write(`${name}.evtx`.replaceAll(/[ ,]/g, '-'), bytes);
    const one = read(path, 1);
    const together = read(path, 3);
    expect(together.rows).toEqual(one.rows);
    expect(together.notes).toEqual(one.notes);
    expect(one.rows.length).toBeGreaterThan(200);
    if (remark) expect(one.notes.join('\n')).toMatch(remark);
  });

  it('has only the events that are asked for', () => {
    const path = folder.write('asked.evtx', whole);
    expect(read(path, 2, new Set([4625])).rows).toHaveLength(chunks * 3);
    expect(read(path, 2, new Set([4624])).rows).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { lookup3, sipHash } from '../../src/syslog/journal-hashes.ts';
import { lz4Block } from '../../src/syslog/lz4-block.ts';
import type { SyslogEntry } from '../../src/syslog/syslog-entry.ts';
import { noGaps, syslogEntries } from '../../src/syslog/syslog-file.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

/** Five entries, written by systemd 252 (systemd-journal-remote): with either hash, in either layout, one packed by zstd. */
const recorded = (name: string): Buffer =>
  gunzipSync(readFileSync(`${import.meta.dirname}/journals/${name}.journal.gz`));
const journals = { lookup3: recorded('lookup3'), 'compact-siphash': recorded('compact-siphash') };

async function read(
  name: string,
  content: Buffer,
): Promise<{ entries: SyslogEntry[]; remarks: string[]; unread: number }> {
  const gaps = noGaps();
  const entries: SyslogEntry[] = [];
  const file = { path: folder.write(`${name}.journal`, content), format: 'journal-file' as const };
  for await (const portion of syslogEntries(file, gaps)) entries.push(...portion);
  return { entries, remarks: gaps.remarks, unread: gaps.unread };
}

/** The journal with its bytes from `at` on replaced; `at` is that of a text of the file, and `by` further on. */
function damaged(content: Buffer, text: string, by: number, bytes: Buffer): Buffer {
  const copy = Buffer.from(content);
  bytes.copy(copy, content.indexOf(text) + by);
  return copy;
}

const messages = [
  'Failed password for invalid user admin from 203.0.113.9 port 40001 ssh2',
  'Failed password for invalid user admin from 203.0.113.9 port 40002 ssh2',
  'line one\nline two',
  'long '.repeat(400),
  'Accepted password for admin from 203.0.113.9 port 40003 ssh2',
];

describe('a journal as systemd keeps it', () => {
  for (const [name, content] of Object.entries(journals)) {
    it(`is read as it was written: ${name}`, async () => {
      const { entries, remarks, unread } = await read(name, content);
      expect(entries.map(({ message }) => message)).toEqual(messages);
      expect(entries.map(({ processId }) => processId)).toEqual([1000, 1001, 1002, 1003, 1004]);
      expect(entries[2]).toMatchObject({ host: 'web01', program: 'sshd', facility: 'authpriv', severity: 'info' });
      expect([remarks, unread]).toEqual([[], 0]);
    });

    it(`says what is damaged, and reads on behind it: ${name}`, async () => {
      const wrong = await read('wrong', damaged(content, 'MESSAGE=line one', 8, Buffer.from('LINE')));
      expect(wrong.entries).toHaveLength(4);
      expect([wrong.unread, wrong.remarks]).toEqual([1, ['1 value left out whose hash does not match']]);

      const header = name === 'lookup3' ? -64 : -72;
      const lost = await read('lost', damaged(content, '_PID=1002', header, Buffer.alloc(16, 0xff)));
      expect(lost.entries.map(({ message }) => message)).toEqual(messages);
      expect(lost.entries[2]?.processId).toBeNull();
      expect(lost.remarks).toEqual([
        expect.stringMatching(/^no object begins at byte [\d,]+: \d\d bytes are not read$/),
      ]);

      const huge = await read(
        'huge',
        damaged(content, '_PID=1002', header + 8, Buffer.from('ffffffffffffff7f', 'hex')),
      );
      expect(huge.entries).toHaveLength(5);

      const cut = await read('cut', content.subarray(0, content.indexOf('MESSAGE=Accepted') + 20));
      expect(cut.entries).toHaveLength(4);
      expect(cut.remarks).toEqual([
        expect.stringMatching(/^it ends within an object, at byte [\d,]+$/),
        'its header counts 5 entries, and 4 are there',
      ]);
      const online = Buffer.from(content);
      online[16] = 1;
      expect((await read('online', online)).remarks).toEqual(['it was in use when it was copied']);
    });
  }

  it('is refused where its header says what is not known, or nothing', async () => {
    const newer = Buffer.from(journals.lookup3);
    newer.writeUInt32LE(64, 12);
    await expect(read('newer', newer)).rejects.toThrow('its form is newer than the known one: export it');
    const absurd = Buffer.from(journals.lookup3);
    absurd.writeBigUInt64LE(2n ** 60n, 88);
    await expect(read('absurd', absurd)).rejects.toThrow('its header is damaged');
    await expect(read('short', journals.lookup3.subarray(0, 100))).rejects.toThrow('its beginning is missing');
  });

  it('is evidence of logons, packed too, and its messages count once beside an export of them', async () => {
    const path = folder.write('system.journal.gz', readFileSync(`${import.meta.dirname}/journals/lookup3.journal.gz`));
    const text = messages.map(
      (message, i) => `2026-11-25T00:00:0${i}.000000+00:00 web01 sshd[${1000 + i}]: ${message}\n`,
    );
    const beside = folder.write('auth.log', text.join(''));
    const logs = logFiles(await gatherLogs([path, beside]));
    const { files, logons } = await readEventLogs(logs, { now: new Date('2026-11-26T00:00:00Z') });
    expect(files).toMatchObject([
      { channel: 'journal', records: 5, failures: 2, successes: 1, computers: ['web01'] },
      { channel: 'syslog', failures: 2 },
    ]);
    expect(logons).toMatchObject({ state: 'known', value: { failures: 2 } });
  });
});

describe('hashes and packing of journals', () => {
  it('are those of their authors', () => {
    const bytes = Buffer.from(Array.from({ length: 15 }, (_, i) => i));
    const key = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
    // Appendix A of "SipHash: a fast short-input PRF": a129ca6149be45e5.
    expect(sipHash(bytes, key)).toEqual([0x49be45e5, 0xa129ca61]);
    // driver5 of lookup3.c: 17770551 ce7226e6.
    expect(lookup3(Buffer.from('Four score and seven years ago'))).toEqual([0xce7226e6, 0x17770551]);
    expect(lookup3(Buffer.alloc(0))).toEqual([0xdeadbeef, 0xdeadbeef]);
  });

  it('unpack a block of LZ4 with a match over itself, and none that lies', () => {
    // Literals "ab", a match of 10 bytes from 2 back, literals "end..".
    const block = Buffer.from([0x26, 0x61, 0x62, 2, 0, 0x50, ...Buffer.from('end..')]);
    expect(lz4Block(block, 17)?.toString()).toBe('ababababababend..');
    for (const [bytes, size] of [
      [block, 16],
      [block, 18],
      [block.subarray(0, 8), 17],
      [Buffer.from([0x26, 0x61, 0x62, 3, 0, 0x50, ...Buffer.from('end..')]), 17],
      [Buffer.from([0x26, 0x61, 0x62, 0, 0]), 17],
      [Buffer.from([0xf0, 0xff, 0xff, 0xff]), 17],
    ] as const)
      expect(lz4Block(bytes, size)).toBeNull();
  });
});

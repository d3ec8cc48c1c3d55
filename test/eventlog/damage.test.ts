import { openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Damage } from '../../src/eventlog/damage.ts';
import { EventLogError, EventLogFile } from '../../src/eventlog/event-log-file.ts';
import { eventsOf } from '../../src/eventlog/events.ts';
import type { LogEvent } from '../../src/eventlog/log-event.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import {
  chunkSize,
  failedLogon,
  fileHeader,
  sign,
  successfulLogon,
  type WrittenEvent,
  writeLog,
} from './log-writer.ts';
import { haveRealLogs, realFile } from './real-logs.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const headerSize = 4096;

/** Numbers that look random and are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Damaging = (log: Buffer, random: (below: number) => number) => Buffer;

const chunksOf = (log: Buffer): number => Math.floor((log.length - headerSize) / chunkSize);
const chunkAt = (log: Buffer, i: number): Buffer =>
  log.subarray(headerSize + i * chunkSize, headerSize + (i + 1) * chunkSize);

const damages: Record<string, Damaging> = {
  'flipped bits': (log, random) => {
    for (let i = 1 + random(30); i > 0; i--) {
      const at = random(log.length);
      log.writeUInt8(log.readUInt8(at) ^ (1 << random(8)), at);
    }
    return log;
  },
  'a range of zeros': (log, random) => {
    const at = random(log.length);
    return log.fill(0, at, Math.min(log.length, at + 1 + random(5000)));
  },
  'a range of anything': (log, random) => {
    const at = random(log.length);
    for (let i = at; i < Math.min(log.length, at + 1 + random(600)); i++) log.writeUInt8(random(256), i);
    return log;
  },
  'a cut end': (log, random) => log.subarray(0, random(log.length)),
  'missing bytes': (log, random) => {
    const at = random(log.length);
    return Buffer.concat([log.subarray(0, at), log.subarray(at + 1 + random(9000))]);
  },
  'bytes between': (log, random) => {
    const at = random(log.length);
    return Buffer.concat([log.subarray(0, at), Buffer.alloc(1 + random(9000), random(256)), log.subarray(at)]);
  },
  'wrong signatures': (log, random) => {
    if (random(2) === 0) log.write('XXXX', 0);
    for (let i = 0; i < chunksOf(log); i++) if (random(2) === 0) chunkAt(log, i).write('Yyyy', 0);
    return log;
  },
  'chunks in another order': (log, random) => {
    const order = Array.from({ length: chunksOf(log) }, (_, i) => i).sort(() => random(3) - 1);
    return Buffer.concat([log.subarray(0, headerSize), ...order.map((i) => Buffer.from(chunkAt(log, i)))]);
  },
  'a lying header of a chunk': (log, random) => {
    const chunk = chunkAt(log, random(Math.max(1, chunksOf(log))));
    if (chunk.length < 128) return log;
    for (let i = 1 + random(4); i > 0; i--) chunk.writeUInt32LE(random(0x7fffffff), 4 * random(31));
    return log;
  },
  'parts of another chunk': (log, random) => {
    const from = random(log.length);
    const to = random(log.length);
    log.copy(log, to, from, from + random(20_000));
    return log;
  },
};

async function read(path: string): Promise<{ events: LogEvent[]; damage: Damage[] } | null> {
  const events: LogEvent[] = [];
  const damage: Damage[] = [];
  try {
    for await (const event of eventsOf(path, { onDamage: (one) => damage.push(one) })) events.push(event);
  } catch (error) {
    if (error instanceof EventLogError) return null;
    throw error;
  }
  return { events, damage };
}

const said = ({ system, fields, xml }: LogEvent): string => JSON.stringify([system, fields, xml]);

/** Damages a log many times; what is verified must be what the sound log says, and what is found can be no more. */
async function torture(log: Buffer, rounds: number, seed: number): Promise<{ verified: number; unverified: number }> {
  const path = join(folder.path, `torture-${seed}.evtx`);
  writeFileSync(path, log);
  const sound = await read(path);
  const truth = new Set(sound?.events.map(said));
  let [verified, unverified] = [0, 0];
  for (const [kind, damage] of Object.values(damages).entries()) {
    const random = seeded(seed * 100 + kind + 1);
    for (let round = 0; round < rounds; round++) {
      await writeFile(path, damage(Buffer.from(log), random));
      const found = await read(path);
      for (const event of found?.events ?? []) {
        if (event.verified && !truth.has(said(event))) {
          throw new Error(`${Object.keys(damages)[kind]}, round ${round}: verified, but never written: ${said(event)}`);
        }
        if (event.verified) verified += 1;
        else unverified += 1;
      }
      const { files } = await readEventLogs([path], { now: new Date(0) });
      expect(files.map(({ records }) => records)).toEqual(found ? [found.events.length + undecoded(found.damage)] : []);
    }
  }
  await rm(path);
  return { verified, unverified };
}

/** Records whose event id could be read, and the rest not: they count, and cannot be shown as a whole. */
const undecoded = (damage: readonly Damage[]): number =>
  damage.filter(({ because }) => because.includes('an event cannot be shown whole')).length;

const start = 3_600_000_000;
const written: WrittenEvent[] = Array.from({ length: 36 }, (_, i) =>
  i % 5 === 4 ? successfulLogon(1 + i, start + i * 10_000_000) : failedLogon(1 + i, start + i * 10_000_000),
);

describe('a log that is damaged at random', () => {
  it('never makes the reader fail, nor call verified what was not written', { timeout: 600_000 }, async () => {
    const { verified, unverified } = await torture(writeLog(written, { each: 12 }), 150, 1);
    expect(verified).toBeGreaterThan(10_000);
    expect(unverified).toBeGreaterThan(5000);
  });

  it
    .skipIf(!haveRealLogs)
    .each([
      'ID4625-OpenSSH_brutforce_with_non_existing_users.evtx',
      'ID1149-RDP_success_logins_to_multiple_hosts.evtx',
      'Security_short_selected.evtx',
      'Security_with_size_t.evtx',
    ])('nor does %s', { timeout: 600_000 }, async (name) => {
    const log = await readFile(realFile(name));
    const few = log.subarray(0, headerSize + 2 * chunkSize);
    const { verified, unverified } = await torture(Buffer.from(few), name.includes('size_t') ? 8 : 30, name.length);
    expect(verified).toBeGreaterThan(300);
    expect(unverified).toBeGreaterThan(100);
  });

  it('nor do lies that are signed', { timeout: 600_000 }, async () => {
    const log = writeLog(written, { each: 12 });
    const random = seeded(7);
    const path = join(folder.path, 'signed.evtx');
    for (let round = 0; round < 300; round++) {
      const lying = Buffer.from(log);
      for (let i = 0; i < chunksOf(lying); i++) {
        const chunk = chunkAt(lying, i);
        const end = chunk.readUInt32LE(0x30);
        for (let flips = 1 + random(20); flips > 0; flips--) chunk.writeUInt8(random(256), 0x200 + random(end - 0x200));
        sign(chunk);
      }
      await writeFile(path, lying);
      const found = await read(path);
      expect(found).not.toBeNull();
      expect(found?.events.length).toBeLessThan(written.length * 3);
      await readEventLogs([path], { now: new Date(0) });
    }
  });

  it('is told apart by place: every skipped byte lies where a byte was changed', async () => {
    const log = writeLog(written, { each: 12 });
    const at = headerSize + chunkSize + 0x200 + 1000;
    log.writeUInt8(log.readUInt8(at) ^ 1, at);
    const found = await read(folder.write('one.evtx', log));
    expect(found?.damage[0]).toEqual({
      offset: headerSize + chunkSize,
      because: expect.stringMatching(/^the checksum of the chunk's records does not match/),
    });
    expect(
      found?.damage.every(({ offset }) => offset >= headerSize + chunkSize && offset < headerSize + 2 * chunkSize),
    ).toBe(true);
    expect(found?.events.filter(({ verified }) => verified).length).toBe(24);
  });
});

describe('a file that changes while it is read', () => {
  it('is read to its end when it is deleted, and that is told', async () => {
    const path = folder.write('deleted.evtx', writeLog(written, { each: 12 }));
    const file = await EventLogFile.open(path);
    rmSync(path);
    let chunks = 0;
    for await (const _ of file.chunks({ digest: true })) chunks += 1;
    await file.close();
    expect(chunks).toBe(3);
    expect(file.changed).toBe('the file was deleted while it was read');
  });

  it('is told when it grows', async () => {
    const path = folder.write('growing.evtx', writeLog(written, { each: 12 }));
    const file = await EventLogFile.open(path);
    writeSync(openSync(path, 'a'), Buffer.alloc(chunkSize));
    for await (const _ of file.chunks());
    await file.close();
    expect(file.changed).toBe('the file changed while it was read');
  });

  it('stops when it is told to', async () => {
    const path = folder.write('stopped.evtx', Buffer.concat([fileHeader(1, 1), Buffer.alloc(100 * chunkSize)]));
    const stop = new AbortController();
    const reading = readEventLogs([path], { now: new Date(0), signal: stop.signal, onProgress: () => stop.abort() });
    stop.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

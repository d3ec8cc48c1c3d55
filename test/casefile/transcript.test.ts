import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../src/casefile/bodies.ts';
import { longestLine } from '../../src/casefile/chain.ts';
import { evidenceStore } from '../../src/casefile/evidence.ts';
import { openIntents } from '../../src/casefile/recovery.ts';
import { openTranscript, readEntries, type Transcript, TranscriptWriteError } from '../../src/casefile/transcript.ts';
import { openTranscriptFile, type TranscriptFile } from '../../src/casefile/transcript-file.ts';
import { verifyTranscript } from '../../src/casefile/verify.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { emptyFolder, eventfulCase, newStore, tickingClock } from './sample-case.ts';

const caseHeader = {
  schema: 'cordon.transcript/1' as const,
  caseId: 'c',
  toolVersion: '0',
  tenantId: '',
  subscriptionId: '',
  operator: { upn: 'anna', oid: '' },
  host: '',
  osUser: '',
  demo: true,
  cloud: 'public',
  vm: { id: '/x', name: 'web01' },
  timeZoneOffsetMinutes: 0,
};

interface FailingDisk {
  /** Cutting the file back fails too. */
  cannotTruncate?: boolean;
  /** Error code that the next writes end with, and how many bytes get through before. */
  broken: { code: string; after: number } | null;
  log: string[];
}

async function newTranscript(disk?: FailingDisk): Promise<{ transcript: Transcript; path: string }> {
  const folder = await emptyFolder();
  const path = join(folder, 'transcript.jsonl');
  const real = await openTranscriptFile(path);
  const file = disk === undefined ? real : failing(real, disk);
  const transcript = await openTranscript({
    path,
    file,
    evidence: evidenceStore(folder),
    now: tickingClock(),
    last: null,
  });
  await transcript.append('case', 'anna', caseHeader);
  return { transcript, path };
}

function failing(real: TranscriptFile, disk: FailingDisk): TranscriptFile {
  return {
    ...real,
    append: async (data) => {
      disk.log.push('append');
      if (disk.broken === null) return real.append(data);
      await real.append(data.subarray(0, disk.broken.after));
      throw Object.assign(new Error('failed'), { code: disk.broken.code });
    },
    truncate: async (size) => {
      if (disk.cannotTruncate === true) throw Object.assign(new Error('failed'), { code: 'EIO' });
      await real.truncate(size);
    },
    sync: async () => {
      disk.log.push('sync');
      await real.sync();
    },
  };
}

async function kindsIn(path: string): Promise<string[]> {
  const kinds: string[] = [];
  for await (const entry of readEntries(path)) kinds.push(entry.kind);
  return kinds;
}

async function lastOf(path: string): Promise<Entry | null> {
  let last: Entry | null = null;
  for await (const entry of readEntries(path)) last = entry;
  return last;
}

const confirm = { playbook: 'p', step: 's', level: 'none' as const, typed: '', reason: '' };

describe('append', () => {
  it('keeps the order of calls that nobody waits for', async () => {
    const { transcript, path } = await newTranscript();
    await Promise.all(
      Array.from({ length: 60 }, (_, number) =>
        number % 5 === 0
          ? transcript.append('confirm', 'anna', { ...confirm, step: String(number) })
          : transcript.append('note', 'anna', { text: String(number) }),
      ),
    );
    const numbers: number[] = [];
    for await (const entry of transcript.entries()) {
      if (entry.kind !== 'case') numbers.push(Number(entry.body.text ?? entry.body.step));
    }
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, number) => number));
    expect(await verifyTranscript(path)).toMatchObject({ ok: true, entries: 61 });
    await transcript.close();
  });

  it('flushes what must outlive a crash before it resolves', async () => {
    const disk: FailingDisk = { broken: null, log: [] };
    const { transcript } = await newTranscript(disk);
    disk.log = [];
    await transcript.append('note', 'anna', { text: 'x' });
    expect(disk.log).toEqual(['append']);
    await transcript.append('confirm', 'anna', confirm);
    expect(disk.log).toEqual(['append', 'append', 'sync']);
    await transcript.append('note', 'anna', { text: 'y' });
    await transcript.flush();
    await transcript.flush();
    expect(disk.log).toEqual(['append', 'append', 'sync', 'append', 'sync']);
    await transcript.close();
  });

  it('takes the body as it is at the call, without its secrets', async () => {
    const { transcript, path } = await newTranscript();
    const body = { text: 'before', adminPassword: 'hunter2', blob: 'https://x/y?sv=1&sig=abcdefghijk' };
    const written = transcript.append('note', 'anna', body);
    body.text = 'after';
    expect((await written).body).toEqual({
      text: 'before',
      adminPassword: '[redacted]',
      blob: 'https://x/y?sv=1&sig=[redacted]',
    });
    await transcript.close();
    expect(await readFile(path, 'utf8')).not.toMatch(/hunter2|abcdefghijk/);
  });

  it('writes whatever JSON can and cannot hold', async () => {
    const { transcript, path } = await newTranscript();
    await fc.assert(
      fc.asyncProperty(fc.anything({ withBigInt: true, withDate: true, withSparseArray: true }), async (value) => {
        await transcript.append('error', 'cordon', { text: 'x', value });
      }),
      { numRuns: 150 },
    );
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    await transcript.append('error', 'lone \ud800 surrogate', { text: '\udfff', circular, nan: Number.NaN });
    expect(await verifyTranscript(path)).toMatchObject({ ok: true, entries: 152 });
    await transcript.close();
  });

  it('keeps a body that is too large as evidence, and its shape in the line', async () => {
    const { transcript, path } = await newTranscript();
    const rules = Array.from({ length: 2000 }, (_, number) => ({ name: `rule-${number}`, text: 'ü'.repeat(40) }));
    const intent = {
      id: 'i1',
      action: 'nsg.lock',
      step: 's',
      request: { method: 'PUT', url: 'https://x/y', apiVersion: '1', body: { rules } },
      clientRequestId: 'r',
      before: { text: 'z'.repeat(100_000) },
    };
    const entry = await transcript.append('intent', 'anna', intent);
    for (const line of (await readFile(path, 'utf8')).split('\n')) {
      expect(Buffer.byteLength(line)).toBeLessThan(longestLine);
    }
    expect(readBody(entry, 'intent')).toMatchObject({ id: 'i1', request: { method: 'PUT' }, clientRequestId: 'r' });
    expect(await transcript.fullBody(entry)).toEqual(intent);
    expect(await verifyTranscript(path)).toMatchObject({ ok: true, evidence: 1 });
    expect(await openIntents(transcript.entries())).toHaveLength(1);
    await transcript.close();
  });

  it('never writes a line that is too long, whatever the body', async () => {
    const { transcript, path } = await newTranscript();
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, number) => [`key-${number}`, number]));
    const deep = JSON.parse(`${'[{"a":'.repeat(3000)}1${'}]'.repeat(3000)}`);
    await transcript.append('error', 'a'.repeat(100_000), { text: 'x', wide, deep });
    await transcript.append('error', 'cordon', { text: '\u0001'.repeat(200_000) });
    await transcript.append('error', 'cordon', { text: 'x', ...wide });
    expect(await verifyTranscript(path)).toMatchObject({ ok: true, entries: 4 });
    await transcript.close();
  });

  it('tells its listeners, and outlives those that throw', async () => {
    const { transcript } = await newTranscript();
    const seen: number[] = [];
    transcript.onAppend(() => {
      throw new Error('a mistake in a view');
    });
    const stop = transcript.onAppend((entry: Entry) => seen.push(entry.seq));
    await transcript.append('note', 'anna', { text: 'x' });
    stop();
    await transcript.append('note', 'anna', { text: 'y' });
    expect(seen).toEqual([2]);
    await transcript.close();
    await expect(transcript.append('note', 'anna', { text: 'z' })).rejects.toThrow(TranscriptWriteError);
  });
});

describe('a disk that fails', () => {
  it.each([
    ['ENOSPC', 0, 'the disk is full'],
    ['ENOSPC', 17, 'the disk is full'],
    ['EACCES', 0, 'permission denied'],
    ['EROFS', 3, 'the file system is read-only'],
  ])('%s after %i bytes blocks changes, and the gap is told when it works again', async (code, after, words) => {
    const disk: FailingDisk = { broken: null, log: [] };
    const { transcript, path } = await newTranscript(disk);
    const failures: (string | null)[] = [];
    transcript.onFailure((failure) => failures.push(failure?.message ?? null));
    disk.broken = { code, after };
    transcript.record('note', 'anna', { text: 'lost' });
    await expect(transcript.append('confirm', 'anna', confirm)).rejects.toThrow(words);
    expect(transcript.failure?.message).toContain(words);
    expect(failures).toHaveLength(2);
    expect(await kindsIn(path)).toEqual(['case']);

    disk.broken = null;
    await transcript.append('confirm', 'anna', confirm);
    expect(transcript.failure).toBeNull();
    expect(failures.at(-1)).toBeNull();
    expect(await kindsIn(path)).toEqual(['case', 'error', 'confirm']);
    for await (const entry of transcript.entries()) {
      if (entry.kind === 'error') expect(entry.body.text).toMatch(/1 note, 1 confirm could not be written since 2026-/);
    }
    expect(await verifyTranscript(path)).toMatchObject({ ok: true });
    await transcript.close();
  });

  it('cuts off half a line of its own as soon as it can', async () => {
    const disk: FailingDisk = { broken: { code: 'EIO', after: 20 }, log: [], cannotTruncate: true };
    const { path, transcript } = await newTranscript();
    await transcript.close();
    const last = await lastOf(path);
    const file = failing(await openTranscriptFile(path), disk);
    const again = await openTranscript({ path, file, evidence: evidenceStore(path), now: tickingClock(), last });
    const size = (await stat(path)).size;
    await expect(again.append('note', 'anna', { text: 'x' })).rejects.toThrow(TranscriptWriteError);
    await expect(again.append('note', 'anna', { text: 'x' })).rejects.toThrow(TranscriptWriteError);
    expect((await stat(path)).size).toBe(size + 20);
    disk.broken = null;
    disk.cannotTruncate = false;
    await again.append('note', 'anna', { text: 'y' });
    expect(await kindsIn(path)).toEqual(['case', 'error', 'note']);
    await again.close();
  });

  it('does not write after a line of somebody else', async () => {
    const { transcript, path } = await newTranscript();
    await appendFile(path, 'not ours\n');
    await expect(transcript.append('note', 'anna', { text: 'x' })).rejects.toThrow('another program');
    // Not ours to remove either: also a second try leaves it where it is.
    await expect(transcript.append('note', 'anna', { text: 'x' })).rejects.toThrow('another program');
    expect(await readFile(path, 'utf8')).toContain('not ours');
    await transcript.close();
  });
});

describe('openIntents', () => {
  it('finds the requests whose outcome is not known', async () => {
    const file = await eventfulCase(await newStore());
    expect(await file.openIntents()).toEqual([]);
    const request = { method: 'PUT', url: 'https://x/y', apiVersion: '1', body: null };
    const intent = { action: 'a', step: 's', request, clientRequestId: 'r' };
    const outcome = { status: null, requestId: '', correlationId: '', durationSeconds: 0 };
    await file.transcript.append('intent', 'x', { id: 'i2', ...intent });
    await file.transcript.append('intent', 'x', { id: 'i3', ...intent });
    await file.transcript.append('outcome', 'x', { intent: 'i2', ok: null, ...outcome });
    await file.transcript.append('outcome', 'x', { intent: 'i3', ok: false, ...outcome });
    expect((await file.openIntents()).map(({ intent: { id } }) => id)).toEqual(['i2']);
    await file.release();
  });
});

it('reads a long transcript one entry at a time', async () => {
  const { transcript, path } = await newTranscript();
  const text = 'x'.repeat(20_000);
  for (let number = 0; number < 200; number += 1) transcript.record('note', 'anna', { text });
  await transcript.flush();
  expect((await stat(path)).size).toBeGreaterThan(4_000_000);
  let count = 0;
  for await (const entry of transcript.entries()) {
    count += 1;
    if (count === 3) break;
    expect(entry.seq).toBe(count);
  }
  expect(count).toBe(3);
  await transcript.close();
});
